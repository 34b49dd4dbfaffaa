import Foundation
import Hummingbird

extension WebServices {
    /// A body of readings, whole, up to the limit; 413 past it, 503 where too many are being read at once.
    func readReadings(_ request: Request) async throws -> [UInt8] {
        let limit = settings.bodyBytes
        var rest = request.body.makeAsyncIterator()
        let announced = request.header("Content-Length").flatMap { Int($0) } ?? 0
        guard announced <= limit else { throw await discarding(&rest, .bodyTooLarge) }
        var taken = 0
        defer { limits.bodies.give(taken) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(max(announced, 0))
        while let buffer = try await rest.next() {
            let size = buffer.readableBytes
            guard bytes.count + size <= limit else { throw await discarding(&rest, .bodyTooLarge) }
            guard limits.bodies.take(size) else {
                throw await discarding(&rest, .busy("Too many bodies are being read.", after: 1))
            }
            taken += size
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    /// Refuses a request whose body was not begun.
    func refusing(_ request: Request, _ error: any Error) async -> any Error {
        var rest = request.body.makeAsyncIterator()
        return await discarding(&rest, error)
    }

    /// Reads on to the body's end, at most four times the limit: a client that sends and closes would otherwise
    /// wait for room in the connection and never see the answer.
    private func discarding(_ rest: inout RequestBody.AsyncIterator, _ refusal: Problem) async -> any Error {
        await discarding(&rest, refusal as any Error)
    }

    private func discarding(_ rest: inout RequestBody.AsyncIterator, _ refusal: any Error) async -> any Error {
        var left = settings.bodyBytes * 4
        do {
            while left > 0, let buffer = try await rest.next() { left -= buffer.readableBytes }
        } catch {
            // The connection is gone, and with it the one who would read the refusal.
            return error
        }
        return refusal
    }

    /// A small body, at most 64 KiB.
    func readSmall(_ request: Request) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= 64 * 1_024 else { throw Problem.bodyTooLarge }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    /// A small JSON body. Unknown keys are ignored; what is missing or of another type is named.
    func readJSON<Body: Decodable>(_ type: Body.Type, _ request: Request) async throws -> Body {
        guard mediaType(request) == "application/json" else { throw Problem.unsupportedType("application/json") }
        do {
            return try JSONDecoder().decode(type, from: Data(try await readSmall(request)))
        } catch DecodingError.keyNotFound(let key, _) {
            throw Problem.badRequest(key.stringValue, "is required")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw Problem.badRequest(context.codingPath.last?.stringValue ?? "body", "is of another type")
        } catch DecodingError.dataCorrupted {
            throw Problem.badRequest("body", "is no JSON")
        }
    }

    /// A form's fields.
    func readForm(_ request: Request) async throws -> Form {
        let expected = "application/x-www-form-urlencoded"
        guard mediaType(request) == expected else { throw Problem.unsupportedType(expected) }
        guard let form = Form(try await readSmall(request)) else { throw Problem.badRequest("body", "is no form") }
        return form
    }

    /// The body's type without parameters, small letters.
    func mediaType(_ request: Request) -> String {
        let type = request.header("Content-Type")?.split(separator: ";").first ?? ""
        return type.trimmingCharacters(in: .whitespaces).lowercased()
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
