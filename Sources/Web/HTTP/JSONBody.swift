import Foundation
import Hummingbird
import Ingest

/// The members of a small JSON body. Those that nobody asks for are passed over.
struct JSONBody: Sendable {
    private let node: JSONNode

    /// Throws 400 where the bytes are no JSON in UTF-8, or no object, or have a key twice.
    init(_ bytes: [UInt8]) throws {
        do throws(BodyRefusal) {
            node = try JSONNode.document(bytes)
        } catch {
            throw Problem(error, of: bytes)
        }
        guard case .object = node.value else { throw Problem.badRequest("body", "is no JSON object") }
    }

    func text(_ name: String) throws -> String {
        guard case .text(let text) = try required(name) else { throw Problem.badRequest(name, "is of another type") }
        return text
    }

    func whole(_ name: String) throws -> Int64 {
        // A number is read as it is written: 1.0 is none here.
        guard case .number(let text) = try required(name) else { throw Problem.badRequest(name, "is of another type") }
        guard let number = Int64(text) else { throw Problem.badRequest(name, "is no whole number in range") }
        return number
    }

    /// nil where it is absent or null.
    func wholeIfPresent(_ name: String) throws -> Int64? {
        if case .null = node[name]?.value ?? .null { return nil }
        return try whole(name)
    }

    private func required(_ name: String) throws -> JSONNode.Value {
        guard let value = node[name]?.value else { throw Problem.badRequest(name, "is required") }
        return value
    }
}

extension WebServices {
    /// A small JSON body, which comes unpacked.
    func readJSON(_ request: Request) async throws -> JSONBody {
        guard mediaType(request) == "application/json" else { throw Problem.unsupportedType("application/json") }
        let coding = (request.header("Content-Encoding") ?? "").trimmingCharacters(in: .whitespaces).lowercased()
        guard coding.isEmpty || coding == "identity" else { throw Problem.packedBody }
        return try JSONBody(try await readSmall(request))
    }
}

extension Problem {
    fileprivate static let packedBody = Problem(
        "unsupported-content-coding", 415, "The body's content coding is not read here.",
        detail: "The body is to come as it is.", errors: [Entry(field: "Content-Encoding", reason: "is not identity")],
        headers: [("Accept-Encoding", "identity")])

    /// A key that is given twice is named, all else by its place.
    fileprivate init(_ refusal: BodyRefusal, of bytes: [UInt8]) {
        guard case .malformed(let offset, let reason) = refusal else {
            self.init(refusal)
            return
        }
        var entry = Entry(field: "body", offset: offset, reason: "is no JSON: \(reason)")
        if reason == JSONNode.repeatedKey {
            let key = bytes[(offset + 1)...].prefix { $0 != UInt8(ascii: "\"") }.prefix(64)
            entry = Entry(field: String(decoding: key, as: UTF8.self), offset: offset, reason: "is given twice")
        }
        self.init("bad-request", 400, "The request cannot be understood.", errors: [entry])
    }
}
