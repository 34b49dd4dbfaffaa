import Foundation
import Water

/// A city with meters in it, made through the command as an operator would.
struct BenchCity {
    let jieshui: String
    let address: String
    let folder: URL

    /// Returns the gateway's key.
    func make(meters: Int, communities: Int) throws -> String {
        try run(["init", "--city", "基准市", "--zone", "Asia/Shanghai", "--code", "140100"])
        var areas = "code,kind,name,parent\n140105,district,基准区,140100\n140105001,street,基准街道,140105\n"
        func code(_ community: Int) -> String { "140105001\(padded(community, 4))" }
        for community in 0..<communities { areas += "\(code(community)),community,社区\(community),140105001\n" }
        var households = "number,area,persons,persons_from,usage_point,share,moved_in,moved_out\n"
        var list = "serial,usage_point,installed_at\n"
        for meter in 0..<meters {
            let point = "P\(padded(meter, 7))"
            households += "H\(padded(meter, 7)),\(code(meter % communities)),3,2026-01-01,\(point),,2026-01-01,\n"
            list += "\(Load.serial(meter)),\(point),2026-01-01T00:00:00+08:00\n"
        }
        try importing("areas", areas)
        try importing("households", households)
        try importing("meters", list)
        let answer = try run(["gateway", "add", "bench", "--area", "140100"])
        guard let key = answer.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix("jsg_") }) else {
            throw BenchFailure(reason: "no gateway key in: \(answer)")
        }
        return String(key)
    }

    private func importing(_ kind: String, _ text: String) throws {
        let file = folder.appendingPathComponent("\(kind).csv")
        try Data(text.utf8).write(to: file)
        try run(["import", kind, file.path])
    }

    @discardableResult
    func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: jieshui)
        process.arguments = arguments + ["--database", address]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchFailure(reason: "jieshui \(arguments) failed") }
        return String(decoding: output, as: UTF8.self)
    }
}

struct BenchFailure: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}

/// The server under test, in its own process.
final class BenchServer {
    private let process = Process()
    private let port: UInt16

    init(jieshui: String, address: String, port: UInt16) throws {
        self.port = port
        process.executableURL = URL(fileURLWithPath: jieshui)
        process.arguments = [
            "serve", "--port", String(port), "--database", address, "--log-level", "error",
        ]
        try process.run()
    }

    func waitUntilReady() throws {
        for _ in 0..<200 {
            if let connection = try? Connection(port: port), (try? connection.get("/healthz")) == 200 { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw BenchFailure(reason: "the server did not answer on port \(port)")
    }

    var use: ProcessUse { ProcessUse(pid: process.processIdentifier) }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
