public import ArgumentParser
import Foundation
public import Ingest
import Operations
import Water

/// `jieshui decode FORMAT [FILE]`: what the service reads from a body, a JSON line per item, without a database.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Print what the service reads from a body, one JSON line per item.",
        discussion: """
            Formats: \(formats). For cjt188 a line of input is one hex frame (or the input is raw bytes), for wmbus a \
            telegram. With --mapping the input is a table as the mapping says, and the format is csv.
            Exit status 0 when the input could be read, also where items are rejected; 1 when the body as a whole \
            is refused.
            """)

    @Argument(help: ArgumentHelp("\(formats).")) var format: WireFormat
    @Argument(help: "The file to read; standard input without one.", completion: .file()) var file: String?
    @Option(help: "When the gateway heard the frames, RFC 3339 (as header X-Received-At).") var receivedAt: String?
    @Option(help: "wmbus: a key of 32 hex digits, for every meter, or ID=KEY for one; may be repeated.")
    var key: [String] = []
    @Option(help: "csv: a mapping file of kind table, for a maker's own columns.", completion: .file())
    var mapping: String?
    @Option(help: "cjt188: strict, or lenient to take frames with a wrong checksum (as ?checksum=).")
    var checksum: CJT188Options.Checksum?
    @Option(help: "cjt188: the profile of every frame, by name.") var profile: String?
    @Option(help: "cjt188: a file of profiles besides those built in.", completion: .file()) var profiles: String?

    func validate() throws {
        if mapping != nil, format != .csv { throw CommandFailure("--mapping goes with csv") }
        if !key.isEmpty, format != .wmbus { throw CommandFailure("--key goes with wmbus") }
        let isOfFrames = checksum != nil || profile != nil || profiles != nil
        if isOfFrames, format != .cjt188 {
            throw CommandFailure("--checksum, --profile and --profiles go with cjt188")
        }
    }

    func run() throws {
        let received = try receivedAt.map { text in
            guard let instant = Instant(rfc3339: text) else { throw CommandFailure("--received-at: not RFC 3339") }
            return instant
        }
        do {
            for line in decodeLines(try batch(try readInput(), received)) { print(line.text) }
        } catch let refusal as BodyRefusal {
            FileHandle.standardError.write(Data("jieshui decode: \(refusal.message)\n".utf8))
            throw ExitCode(1)
        } catch let faults as MappingFaults {
            FileHandle.standardError.write(Data("\(faults)\n".utf8))
            throw ExitCode(1)
        }
    }

    private func batch(_ bytes: [UInt8], _ received: Instant?) throws -> DecodedBatch {
        if let mapping {
            guard case .table(let table) = try Mapping.read(try text(of: mapping), file: mapping) else {
                throw CommandFailure("--mapping: only a mapping of kind table reads a file")
            }
            return try decodeTable(bytes, by: table)
        }
        if format == .wmbus {
            let keys = try givenKeys()
            return try decodeTelegrams(bytes, receivedAt: received, allowsMissingTime: true) { meter in
                keys[meter.address] ?? keys[""]
            }.batch
        }
        return try decode(
            bytes, as: format, receivedAt: received, allowsMissingTime: true,
            cjt188: format == .cjt188 ? try cjt188Options() : nil)
    }

    /// By the meter's address; empty for every meter.
    private func givenKeys() throws -> [String: [UInt8]] {
        var keys: [String: [UInt8]] = [:]
        for text in key {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard let last = parts.last, let bytes = bytes(ofKey: String(last)) else {
                throw CommandFailure("--key: a key is 32 hex digits")
            }
            keys[parts.count == 2 ? parts[0].lowercased() : ""] = bytes
        }
        return keys
    }

    private func cjt188Options() throws -> CJT188Options {
        let known =
            if let profiles { try CJT188Profiles.read(try text(of: profiles), file: profiles) } else {
                try CJT188Profiles.builtIn()
            }
        var options = CJT188Options(profiles: known, checksum: checksum ?? .strict)
        if let profile {
            options.profile = known.named(profile)
            if options.profile == nil {
                throw CommandFailure("--profile: none of \(known.all.map(\.name).joined(separator: ", "))")
            }
        }
        return options
    }

    /// The whole input, at most one byte past the limit so that decoding can refuse it.
    private func readInput() throws -> [UInt8] {
        do {
            let handle =
                if let file {
                    try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
                } else { FileHandle.standardInput }
            var bytes: [UInt8] = []
            let limit = DecodeLimits().bytes
            while bytes.count <= limit, let part = try handle.read(upToCount: 65_536), !part.isEmpty {
                bytes.append(contentsOf: part)
            }
            return bytes
        } catch {
            throw CommandFailure("\(file ?? "standard input") cannot be read: \(error.localizedDescription)")
        }
    }
}

private let formats = WireFormat.allCases.map(\.rawValue).joined(separator: ", ")

extension WireFormat: ExpressibleByArgument {}
extension CJT188Options.Checksum: ExpressibleByArgument {}

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
