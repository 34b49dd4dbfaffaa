public import ArgumentParser
import Foundation
public import Ingest
import Operations
import Water

/// `jieshui decode FORMAT [FILE]`: what the service reads from a body or a platform's push, a JSON line per item,
/// without a database.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Print what the service reads from a body, one JSON line per item.",
        discussion: """
            Formats: \(formats). For cjt188 a line of input is one hex frame (or the input is raw bytes), for wmbus a \
            telegram. With --mapping the input is a table as the mapping says, and the format is csv.

            push/PLATFORM reads the body that a platform posts, by the --mapping of its gateway (kind properties or \
            bytes): the readings, the items that are rejected with field and reason, and a last line with the counts. \
            The sender is not checked: no signature, token or certificate is asked for, and the window of OneNET's \
            times only with --received-at. Platforms: \(platforms).

            Exit status 0 when the input could be read, also where items are rejected; 1 when the body as a whole \
            is refused.
            """)

    @Argument(help: ArgumentHelp("\(formats), or push/PLATFORM.")) var format: DecodeFormat
    @Argument(help: "The file to read; standard input without one.", completion: .file()) var file: String?
    @Option(help: "When the gateway heard the frames, RFC 3339 (as header X-Received-At).") var receivedAt: String?
    @Option(
        help: ArgumentHelp(
            "wmbus, push: a key of 32 hex digits or @FILE, for every meter, or ID=KEY for one; may be repeated.",
            discussion: """
                In the place of a key @FILE names a file with it, which the list of processes and the shell's history \
                do not show.
                """))
    var key: [String] = []
    @Option(
        help: "csv: a mapping file of kind table, for a maker's own columns. push: the gateway's mapping, needed.",
        completion: .file())
    var mapping: String?
    @Option(help: "push/chirpstack: the event, as up (as ?event=); needed.") var event: String?
    @Option(
        help: "push/onenet: a file with the 16 characters or 32 hex digits of the key for the safe mode.",
        completion: .file())
    var encryptionKey: String?
    @Option(help: "cjt188: strict, or lenient to take frames with a wrong checksum (as ?checksum=).")
    var checksum: CJT188Options.Checksum?
    @Option(help: "cjt188: the profile of every frame, by name.") var profile: String?
    @Option(
        help: "cjt188, push: a file of profiles besides those built in (as the setting cjt188.profiles).",
        completion: .file())
    var profiles: String?

    func validate() throws {
        if mapping != nil, format != .body(.csv), format.platform == nil {
            throw CommandFailure("--mapping goes with csv and push")
        }
        if !key.isEmpty, format != .body(.wmbus), format.platform == nil {
            throw CommandFailure("--key goes with wmbus and push")
        }
        if checksum != nil || profile != nil, format != .body(.cjt188) {
            throw CommandFailure("--checksum and --profile go with cjt188: of a push its mapping says them")
        }
        if profiles != nil, format != .body(.cjt188), format.platform == nil {
            throw CommandFailure("--profiles goes with cjt188 and push")
        }
        if format.platform != nil, mapping == nil { throw DecodeCommand.noMapping }
        if (event != nil) != (format.platform == .chirpstack) {
            throw CommandFailure("--event goes with push/chirpstack, and is needed there: --event up")
        }
        if encryptionKey != nil, format.platform != .onenet {
            throw CommandFailure("--encryption-key goes with push/onenet")
        }
    }

    func run() throws {
        let received = try receivedAt.map { text in
            guard let instant = Instant(rfc3339: text) else { throw CommandFailure("--received-at: not RFC 3339") }
            return instant
        }
        do {
            for line in try lines(try readInput(), received) { print(line.text) }
        } catch let refusal as BodyRefusal {
            FileHandle.standardError.write(Data("jieshui decode: \(refusal.message)\n".utf8))
            throw ExitCode(1)
        } catch let refusal as PushRefusal {
            FileHandle.standardError.write(Data("jieshui decode: \(refusal.reason)\n".utf8))
            throw ExitCode(1)
        } catch let faults as MappingFaults {
            FileHandle.standardError.write(Data("\(faults)\n".utf8))
            throw ExitCode(1)
        }
    }

    /// What is printed.
    func lines(_ bytes: [UInt8], _ received: Instant?) throws -> [CanonicalJSON] {
        switch format {
        case .body(let format): return decodeLines(try batch(bytes, as: format, received))
        case .push(let platform): return try pushLines(bytes, from: platform, received)
        }
    }

    private static var noMapping: CommandFailure {
        CommandFailure("a push is read by its gateway's mapping: give --mapping FILE")
    }

    private func pushLines(
        _ bytes: [UInt8], from platform: Platform, _ received: Instant?
    ) throws -> [CanonicalJSON] {
        guard let mapping else { throw DecodeCommand.noMapping }
        let options = try cjt188Options()
        let rules = try Mapping.read(try text(of: mapping), file: mapping, profiles: options.profiles)
        let push = try openUnproved(
            bytes, from: platform, event: event, encryptionKey: try encryptionKey.map(loadEncryptionKey),
            receivedAt: received)
        let keys = try givenKeys()
        let found = try decodePush(push, by: rules, cjt188: options) { meter in keys[meter.address] ?? keys[""] }
        return decodeLines(push, found)
    }

    private func batch(_ bytes: [UInt8], as format: WireFormat, _ received: Instant?) throws -> DecodedBatch {
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
            let parts = text.hasPrefix("@") ? [text[...]] : text.split(separator: "=", maxSplits: 1)
            guard let last = parts.last, let bytes = try bytes(ofKey: secret(of: last)) else {
                throw CommandFailure("--key: a key is 32 hex digits")
            }
            keys[parts.count == 2 ? parts[0].lowercased() : ""] = bytes
        }
        return keys
    }

    private func cjt188Options() throws -> CJT188Options {
        let known = try loadProfiles(profiles)
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
        let handle = try openInput(file ?? "-")
        do {
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
private let platforms = Platform.allCases.map(\.rawValue).joined(separator: ", ")

/// What is read: a body as a gateway posts it, or as a platform pushes it.
enum DecodeFormat: ExpressibleByArgument, Hashable {
    case body(WireFormat)
    case push(Platform)

    init?(argument: String) {
        if let format = WireFormat(rawValue: argument) {
            self = .body(format)
        } else if argument.hasPrefix("push/"), let platform = Platform(rawValue: String(argument.dropFirst(5))) {
            self = .push(platform)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] {
        WireFormat.allCases.map(\.rawValue) + Platform.allCases.map { "push/\($0.rawValue)" }
    }

    /// nil for a gateway's body.
    var platform: Platform? { if case .push(let platform) = self { platform } else { nil } }
}

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
