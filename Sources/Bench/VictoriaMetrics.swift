import Foundation

/// VictoriaMetrics as Debian packages it, taking the same readings: what a store of time series made for speed can do.
/// It answers when the readings are in memory, not when they are on disk.
final class VictoriaMetrics {
    private let process = Process()
    private let folder: URL
    let port: UInt16

    /// nil where the program is not installed.
    init?(folder: URL, port: UInt16) throws {
        let program = "/usr/bin/victoria-metrics"
        guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
        self.folder = folder.appendingPathComponent("victoria")
        self.port = port
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "-storageDataPath=\(self.folder.path)", "-httpListenAddr=127.0.0.1:\(port)", "-retentionPeriod=100y",
            "-loggerLevel=ERROR",
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<200 {
            if let connection = try? Connection(port: port), (try? connection.get("/health")) == 200 { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        stop()
        throw BenchFailure(reason: "VictoriaMetrics did not answer on port \(port)")
    }

    var use: ProcessUse { ProcessUse(pid: process.processIdentifier) }

    /// Bytes under its folder once it has written everything and stopped.
    func bytesAfterStop() throws -> Int64 {
        stop()
        let keys: Set<URLResourceKey> = [.fileSizeKey]
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: Array(keys))
        var sum: Int64 = 0
        while let file = files?.nextObject() as? URL {
            sum += Int64(try file.resourceValues(forKeys: keys).fileSize ?? 0)
        }
        return sum
    }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}

/// What the requests of a load are sent as.
enum Taker: Sendable {
    /// This service, with a gateway's key.
    case service(key: String)
    /// VictoriaMetrics: a JSON array a series for daily uploads, a line of text a reading for the others.
    case victoria

    func path(of shape: Shape) -> String {
        switch self {
        case .service: "/v1/readings"
        case .victoria: shape == .daily ? "/api/v1/import" : "/api/v1/import/prometheus"
        }
    }

    func body(_ load: Load, _ request: Int) -> [UInt8] {
        switch self {
        case .service: load.body(of: request)
        case .victoria: load.shape == .daily ? load.seriesLines(of: request) : load.textLines(of: request)
        }
    }

    /// True where the answer says that everything was taken. A fast refusal is no reading taken; the discarding server
    /// answers `{}`.
    func isTaken(_ status: Int, _ body: String) -> Bool {
        switch self {
        case .service:
            status == 200 && !body.contains("\"held\":1")
                && (body == "{}" || body.hasSuffix("\"rejected\":0,\"undecoded\":0}"))
        case .victoria: status == 204
        }
    }
}
