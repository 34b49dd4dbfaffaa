import Ingest
import Water

/// A frame with a right checksum around the given parts.
func cjt188Frame(
    type: UInt8 = 0x10, address: [UInt8] = [0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11], control: UInt8 = 0x81,
    data: [UInt8]
) -> [UInt8] {
    var body: [UInt8] = [0x68, type] + address
    body += [control, UInt8(data.count)]
    body += data
    return body + [body.reduce(0, &+), 0x16]
}

/// The data of a long reply.
func cjt188Reply(
    volume: [UInt8] = [0x45, 0x23, 0x01, 0x00], unit: UInt8 = 0x2C,
    clock: [UInt8] = [0x31, 0x01, 0x22, 0x11, 0x05, 0x15, 0x20], status: [UInt8] = [0, 0],
    identifier: [UInt8] = [0x90, 0x1F]
) -> [UInt8] {
    let settlement: [UInt8] = [0, 0, 0, 0, 0x2C]
    return identifier + [0x01] + volume + [unit] + settlement + clock + status
}

/// A body decoded under a profile of the given lines, its name `own`.
func cjt188Decoded(
    _ bytes: [UInt8], profile lines: String, receivedAt: Instant? = cjt188Heard
) throws -> DecodedBatch {
    let profiles = try CJT188Profiles.read("profile: own\n\(lines)", file: "own")
    let options = CJT188Options(profiles: profiles, profile: profiles.named("own"))
    return try decode(bytes, as: .cjt188, receivedAt: receivedAt, cjt188: options)
}

/// 2026-10-01 00:00:00 in the city.
let cjt188Heard = Instant(epochSeconds: 1_790_784_000)
