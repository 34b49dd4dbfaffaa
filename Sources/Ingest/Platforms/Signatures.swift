import Crypto
import Foundation
import Water

/// True where both texts are the same bytes; the time taken tells at most their lengths.
func isSame(_ a: String, _ b: String) -> Bool {
    let (first, second) = (Array(a.utf8), Array(b.utf8))
    guard first.count == second.count else { return false }
    var difference: UInt8 = 0
    for index in first.indices { difference |= first[index] ^ second[index] }
    return difference == 0
}

/// OneNET: base64 of MD5 over token, nonce and the message's text. Source: protocols.md, section 3.
func oneNETSignature(token: String, nonce: String, message: [UInt8]) -> String {
    base64(Insecure.MD5.hash(data: Array(token.utf8) + Array(nonce.utf8) + message))
}

/// Huawei IoTDA: SHA-256, hex, over token, timestamp and nonce in order of their bytes. Source: as above.
func huaweiSignature(token: String, timestamp: String, nonce: String) -> String {
    hex(SHA256.hash(data: joinedInOrder([token, timestamp, nonce])))
}

/// Tencent: SHA-1, hex, over the same three in order. Source: as above, with a known answer.
func tencentSignature(token: String, timestamp: String, nonce: String) -> String {
    hex(Insecure.SHA1.hash(data: joinedInOrder([token, timestamp, nonce])))
}

private func joinedInOrder(_ parts: [String]) -> [UInt8] {
    parts.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self)
}

func base64(_ text: String) -> String { base64(text.utf8) }

func base64(_ bytes: some Sequence<UInt8>) -> String { Data(bytes).base64EncodedString() }

/// The bytes of base64 text, in the standard or the URL alphabet, padded or not; nil for anything else.
func bytes(ofBase64 text: String) -> [UInt8]? {
    var plain = text.replacing("-", with: "+").replacing("_", with: "/")
    while plain.hasSuffix("=") { plain.removeLast() }
    plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    return Data(base64Encoded: plain).map(Array.init)
}

/// The bytes of hex text in any case; nil for anything else.
func bytes(ofHexText text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for at in stride(from: 0, to: digits.count, by: 2) {
        guard let high = digits[at].hexDigit, let low = digits[at + 1].hexDigit else { return nil }
        bytes.append(high << 4 | low)
    }
    return bytes
}

extension PushRequest {
    /// Checks the time that a platform signed: seconds or milliseconds since 1970, or `YYYYMMDDThhmmssZ`.
    func checkWindow(_ text: String, limits: PushLimits) throws(PushRefusal) {
        guard let signed = platformSeconds(text) else { throw .wrongProof(part: "timestamp") }
        let (age, overflow) = receivedAt.epochSeconds.subtractingReportingOverflow(signed)
        guard !overflow, age.magnitude <= limits.signedSeconds.magnitude else {
            throw .outsideWindow(seconds: overflow ? Int64.max : age)
        }
    }
}

/// Epoch seconds of a platform's time, fractions cut off; nil for what is none.
func platformSeconds(_ text: String) -> Int64? {
    if let number = Int64(text) { return number.magnitude >= 100_000_000_000 ? floorDivide(number, by: 1_000) : number }
    if let found = TimePattern("YYYYMMDDThhmmssZ")?.parts(of: text) { return found.epochSeconds }
    let bytes = Array(text.utf8)
    do throws(ValueFault) {
        return try bytes.span.epochSeconds(in: 0..<bytes.count, fraction: .floored)
    } catch {
        // The caller says what is wrong: only that it is no time matters here.
        return nil
    }
}

extension TimePattern.Found {
    /// Of a date with hour, minute, second and offset.
    fileprivate var epochSeconds: Int64? {
        guard let day, let hour, let minute, let second, let offset else { return nil }
        return Int64(day.number) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    }
}
