import Database
import Foundation
import Hummingbird
import Water

/// Whose body is read.
enum BodySender: Sendable {
    /// One who proved it before.
    case known
    /// One whom only the body can prove.
    case stranger
}

extension WebServices {
    /// Runs `use` with a body of readings, whole and unpacked, up to the limit as sent and as unpacked.
    ///
    /// 413 past it, 415 for a content coding that is not read, 400 where the coding is damaged, 503 where too many
    /// bodies are in memory at once: one stays counted until it is decoded and its readings are kept. Those of strangers
    /// are counted by themselves, and end after 10 seconds. Of a refused body `connection` ends the rest also where it
    /// stays away.
    func withReadings<Result>(
        _ request: Request, of sender: BodySender = .known, on connection: ClientConnection? = nil, limit: Int? = nil,
        _ use: ([UInt8]) async throws -> Result
    ) async throws -> Result {
        var taken = 0
        defer { limits.bodies(of: sender).give(taken) }
        return try await use(
            try await readReadings(
                request, of: sender, on: connection, limit: limit ?? settings.bodyBytes, taking: &taken))
    }

    private func readReadings(
        _ request: Request, of sender: BodySender, on connection: ClientConnection?, limit: Int,
        taking taken: inout Int
    ) async throws -> [UInt8] {
        guard request.announcedBytes <= limit else {
            if sender == .known { connection?.tell(.isRefused) }
            throw Problem.bodyTooLarge(limit: limit).closing
        }
        if sender == .stranger { connection?.tell(.isOfStranger) }
        let seconds = sender == .known ? Self.bodySeconds : Allowance.stranger.seconds
        let budget = limits.bodies(of: sender)
        var rest = request.body.makeAsyncIterator()
        let begun = now()
        do {
            let coding = try Decompression.asked(by: request.header("Content-Encoding"), limit: limit)
            var received = 0
            var bytes: [UInt8] = []
            bytes.reserveCapacity(request.announcedBytes)
            while let buffer = try await rest.next() {
                received += buffer.readableBytes
                guard received <= limit else { throw Problem.bodyTooLarge(limit: limit) }
                guard now() - begun <= seconds else { throw Problem.tooSlow }
                let before = bytes.count
                if let coding {
                    bytes.append(contentsOf: try coding.unpack(Array(buffer.readableBytesView)))
                } else {
                    bytes.append(contentsOf: buffer.readableBytesView)
                }
                let size = bytes.count - before
                guard budget.take(size) else { throw Problem.busy("Too many bodies are being read.", after: 1) }
                taken += size
            }
            try coding?.finish()
            return bytes
        } catch let fault as DecompressionFault {
            throw await discarding(&rest, fault.problem(limit: limit), isKnown: sender == .known, on: connection)
        } catch let refusal as Problem where refusal.name == Problem.tooSlow.name {
            throw refusal
        } catch let refusal as Problem {
            throw await discarding(&rest, refusal, isKnown: sender == .known, on: connection)
        } catch {
            throw Problem.ended(by: error)
        }
    }

    /// How long one body may take, seconds.
    private static let bodySeconds: Int64 = 300

    /// What is read of a refused body before the answer.
    private struct Allowance {
        var bytes: Int
        let seconds: Int64

        static let stranger = Allowance(bytes: 1_024 * 1_024, seconds: 10)
    }

    /// Refuses a request whose body was not begun. Who waits to be asked for it is not asked; of a sender that is not
    /// known little is read, and not for long.
    func refusing(
        _ request: Request, _ error: any Error, isKnown: Bool, on connection: ClientConnection? = nil
    ) async -> any Error {
        if request.waitsToBeAsked { return error }
        var rest = request.body.makeAsyncIterator()
        return await discarding(&rest, error, isKnown: isKnown, on: connection)
    }

    /// Reads on to the body's end, of a known sender at most four times the limit: a client that sends and closes would
    /// otherwise wait for room in the connection and never see the answer. What is not read by then is not waited for:
    /// the connection is closed after the answer. `connection` ends it also where nothing comes.
    private func discarding(
        _ rest: inout RequestBody.AsyncIterator, _ refusal: any Error, isKnown: Bool, on connection: ClientConnection?
    ) async -> any Error {
        connection?.tell(isKnown ? .isRefused : .isOfStranger)
        var left: Allowance =
            isKnown ? Allowance(bytes: settings.bodyBytes * 4, seconds: Self.bodySeconds) : .stranger
        let begun = now()
        do {
            while let buffer = try await rest.next() {
                left.bytes -= buffer.readableBytes
                guard left.bytes >= 0, now() - begun <= left.seconds else {
                    return ((refusal as? Problem) ?? (refusal as? DatabaseFailure)?.problem)?.closing ?? refusal
                }
            }
        } catch {
            // The body broke off, is none, or was ended for its sender's silence: what was refused before that stands.
            return refusal
        }
        return refusal
    }

    /// A small body, at most 64 KiB. `stranger`: the connection of a sender that is not known, which ends the body also
    /// where it stays away.
    func readSmall(_ request: Request, of stranger: ClientConnection? = nil) async throws -> [UInt8] {
        let limit = 64 * 1_024
        guard request.announcedBytes <= limit else { throw Problem.bodyTooLarge(limit: limit) }
        stranger?.tell(.isOfStranger)
        var bytes: [UInt8] = []
        let begun = now()
        var rest = request.body.makeAsyncIterator()
        while let buffer = try await next(&rest) {
            guard now() - begun <= Self.bodySeconds else { throw Problem.tooSlow }
            guard bytes.count + buffer.readableBytes <= limit else { throw Problem.bodyTooLarge(limit: limit) }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    /// The next of a body; what breaks on its way is the sender's or the line's fault, not the server's.
    private func next(_ rest: inout RequestBody.AsyncIterator) async throws -> ByteBuffer? {
        do { return try await rest.next() } catch let refusal as Problem { throw refusal } catch {
            throw Problem.ended(by: error)
        }
    }

    /// A form's fields. `stranger`: the connection where nobody known sends it.
    func readForm(_ request: Request, of stranger: ClientConnection? = nil) async throws -> Form {
        let expected = "application/x-www-form-urlencoded"
        guard mediaType(request) == expected else { throw Problem.unsupportedType(expected) }
        guard let form = Form(try await readSmall(request, of: stranger)) else {
            throw Problem.badRequest("body", "is no form")
        }
        return form
    }

    /// The body's type without parameters, small letters.
    func mediaType(_ request: Request) -> String {
        let type = request.header("Content-Type")?.split(separator: ";").first ?? ""
        return type.trimmingCharacters(in: .whitespaces).lowercased()
    }
}

extension Request {
    /// Bytes that the body is said to have; 0 where that is not told.
    fileprivate var announcedBytes: Int { header("Content-Length").flatMap { Int($0) }.map { max($0, 0) } ?? 0 }
}

extension Problem {
    /// What is said of a body that did not come to its end.
    fileprivate static func ended(by error: any Error) -> Problem {
        switch error as? BodyCut {
        case .stopping: .stopping
        case .tooLate: .tooSlow
        case nil: .brokenBody
        }
    }
}

extension Decompression {
    /// What unpacks a body with this `Content-Encoding`; nil where it is sent as it is.
    fileprivate static func asked(by header: String?, limit: Int) throws -> Decompression? {
        let name = (header ?? "").trimmingCharacters(in: .whitespaces)
        if name.isEmpty || name.lowercased() == "identity" { return nil }
        guard let coding = ContentCoding(name) else {
            throw Problem(
                "unsupported-content-coding", 415, "The body's content coding is not read here.",
                detail: "Expected gzip or zstd.",
                errors: [.init(field: "Content-Encoding", reason: "is neither gzip nor zstd")],
                headers: [("Accept-Encoding", "gzip, zstd")])
        }
        return try Decompression(coding, limit: limit)
    }
}

extension DecompressionFault {
    fileprivate func problem(limit: Int) -> Problem {
        let reason: String
        switch self {
        case .tooLarge: return .bodyTooLarge(limit: limit)
        case .damaged: reason = "is damaged, or of another coding than Content-Encoding says"
        case .truncated: reason = "ends within what was packed"
        case .refused: reason = "needs more memory to unpack than is given, at most 8 MiB of window"
        }
        return Problem(
            "malformed-body", 400, "The body cannot be unpacked; nothing of it was kept.",
            errors: [.init(field: "Content-Encoding", reason: reason)])
    }
}

/// A form as posted: `name=value&…`, percent-encoded UTF-8. Of a repeated name the first value counts.
struct Form: Sendable {
    private let values: [String: String]

    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Form.decoded(parts[0]), let value = Form.decoded(parts.count > 1 ? parts[1] : "") else {
                return nil
            }
            if values[name] == nil { values[name] = value }
        }
        self.values = values
    }

    private static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    /// The field without blanks around it; empty where it is absent.
    func text(_ name: String) -> String {
        (values[name] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The field as typed, for passwords.
    func raw(_ name: String) -> String { values[name] ?? "" }
}
