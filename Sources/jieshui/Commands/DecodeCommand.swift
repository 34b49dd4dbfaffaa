public import ArgumentParser
import Foundation
public import Ingest
import Water

/// `jieshui decode FORMAT [FILE]`: what the service reads from a body, a JSON line per item, without a database.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Print what the service reads from a body, one JSON line per item.",
        discussion: """
            Formats: json ndjson csv cjt188 wmbusmeters. For cjt188 a line of input is one hex frame.
            Exit status 0 when the input could be read, also where items are rejected; 1 when the body as a whole \
            is refused.
            """)

    @Argument(help: "json, ndjson, csv, cjt188 or wmbusmeters.") var format: WireFormat
    @Argument(help: "The file to read; standard input without one.", completion: .file()) var file: String?
    @Option(help: "When the gateway heard the frames, RFC 3339 (as header X-Received-At).") var receivedAt: String?

    func run() throws {
        let bytes = try readInput()
        let received = try receivedAt.map { text in
            guard let instant = Instant(rfc3339: text) else { throw ValidationError("--received-at: not RFC 3339") }
            return instant
        }
        do {
            let batch = try decode(bytes, as: format, receivedAt: received, allowsMissingTime: true)
            for line in decodeLines(batch) { print(line.text) }
        } catch {
            FileHandle.standardError.write(Data("jieshui decode: \(error.message)\n".utf8))
            throw ExitCode(1)
        }
    }

    /// The whole input, at most one byte past the limit so that decoding can refuse it.
    private func readInput() throws -> [UInt8] {
        let handle =
            if let file { try FileHandle(forReadingFrom: URL(fileURLWithPath: file)) } else { FileHandle.standardInput }
        var bytes: [UInt8] = []
        let limit = DecodeLimits().bytes
        while bytes.count <= limit, let part = try handle.read(upToCount: 65_536), !part.isEmpty {
            bytes.append(contentsOf: part)
        }
        return bytes
    }
}

extension WireFormat: ExpressibleByArgument {}

extension BodyRefusal {
    /// A sentence for people.
    var message: String {
        switch self {
        case .malformed(let offset, let reason): "the body cannot be read at byte \(offset): \(reason)"
        case .tooManyReadings(let limit): "more than \(limit) readings in one body"
        case .tooLarge(let limit): "more than \(limit) bytes in one body"
        }
    }
}
