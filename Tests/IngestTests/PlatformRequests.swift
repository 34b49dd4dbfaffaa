import Crypto
import Foundation
import Ingest
import Testing
import Water

/// A POST with headers, received at a time.
func push(
    _ body: [UInt8], query: [(name: String, value: String)] = [("token", "s3cret")], headers: [String: String] = [:],
    at epochSeconds: Int64 = 1_600_400_070, certificate: String? = nil
) -> PushRequest {
    PushRequest(
        method: .post, query: query,
        header: { name in headers.first { $0.key.lowercased() == name.lowercased() }?.value }, body: body,
        receivedAt: Instant(epochSeconds: epochSeconds), clientCertificate: certificate)
}

/// The secret that `push` proves by default.
let addressToken = PushSecrets(proofs: [.query(name: "token", value: "s3cret")])

extension PushOutcome {
    var accepted: Push? { if case .push(let push) = self { push } else { nil } }
    var refusal: PushRefusal? { if case .refused(let refusal) = self { refusal } else { nil } }
    var handshakeAnswer: String? { if case .handshake(let answer) = self { answer } else { nil } }
}

/// What a platform would sign OneNET's message with, computed here on its own.
func oneNETSigned(token: String, nonce: String, message: String) -> String {
    Data(Insecure.MD5.hash(data: Data((token + nonce + message).utf8))).base64EncodedString()
}

/// Huawei's signature, computed here on its own.
func huaweiSigned(token: String, timestamp: String, nonce: String) -> String {
    SHA256.hash(data: Data([token, timestamp, nonce].sorted().joined().utf8)).map { hexPair($0) }.joined()
}

private func hexPair(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

/// The text of a JSON value between a key and what follows, as it stands in a sample.
func object(after key: String, in text: String) throws -> String {
    let start = try #require(text.firstRange(of: "\"\(key)\":")).upperBound
    let open = try #require(text[start...].firstIndex(of: "{"))
    var depth = 0
    for index in text[open...].indices {
        if text[index] == "{" { depth += 1 }
        if text[index] == "}" { depth -= 1 }
        if depth == 0 { return String(text[open...index]) }
    }
    throw BodyRefusal.malformed(offset: 0, reason: "no object after \(key)")
}

/// The readings of a push by a mapping.
func readings(_ push: Push, by mapping: String) throws -> PushReadings {
    try decodePush(push, by: try Mapping.read(mapping, file: "test"))
}
