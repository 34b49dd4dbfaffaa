import Foundation
import Ingest
import Testing
import Water

/// Decodes telegrams heard at 2026-11-25 00:00 UTC, with the city's clock eight hours east.
func telegrams(
    _ text: String, keys: TelegramKeys = { _ in nil }, receivedAt: Instant? = Instant(epochSeconds: 1_795_564_800)
) throws(BodyRefusal) -> TelegramBatch {
    try decodeTelegrams(Array(text.utf8), receivedAt: receivedAt, keys: keys)
}

/// A telegram without checksums from the sender `maker number version type` and what follows from CI on.
func telegram(_ application: String, sender: String = "AE4C 44552233 68 07") -> String {
    let body = bytes(ofHex: "44" + sender.replacing(" ", with: "") + application.replacing(" ", with: ""))
    return hex([UInt8(body.count)] + body)
}

/// A telegram with a short header of no encryption, and these records.
func plainTelegram(_ records: String, status: String = "00") -> String { telegram("7A 55 \(status) 0000" + records) }

/// `at=register` of each reading, and `field: reason` of each rejection.
func readings(_ batch: DecodedBatch) -> [String] {
    zip(batch.instants, batch.registers).map { "\(Instant(epochSeconds: $0 + 28_800).utc.dropLast())=\($1)" }
        + faults(batch)
}

/// The standard's checksum bit by bit.
private func checksum(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var sum = 0
    for byte in bytes {
        sum ^= Int(byte) << 8
        for _ in 0..<8 { sum = sum & 0x8000 != 0 ? (sum << 1 ^ 0x3D65) & 0xFFFF : sum << 1 }
    }
    sum ^= 0xFFFF
    return [UInt8(sum >> 8), UInt8(sum & 0xFF)]
}

private func formatA(_ plain: [UInt8]) -> [UInt8] {
    var framed = Array(plain[..<10]) + checksum(plain[..<10])
    for start in stride(from: 10, to: plain.count, by: 16) {
        let block = plain[start..<min(start + 16, plain.count)]
        framed += block + checksum(block)
    }
    return framed
}

private func formatB(_ plain: [UInt8]) -> [UInt8] {
    let blocks = plain.count > 126 ? 2 : 1
    let whole = [UInt8(plain.count - 1 + 2 * blocks)] + plain.dropFirst()
    let first = Array(whole.prefix(126))
    let second = whole.dropFirst(126)
    return first + checksum(first) + (second.isEmpty ? [] : second + checksum(second))
}

@Suite struct WMBusFrameTests {
    /// An iPerl's telegram from the gateway program's tests.
    private let iperl = "1844AE4C4455223368077A55000000041389E20100023B0000"
    private let reading = ["2026-11-25T08:00:00=123529000"]

    @Test(arguments: [
        "%", "\n%\r\n\n", "# a comment\n  # another\n%", "18 44 AE4C 4455223368077A550000 00041389E20100023B0000",
    ])
    func `blank lines, comments, spaces and either case are read`(pattern: String) throws {
        for text in [iperl, iperl.lowercased()] {
            let result = try telegrams(pattern.replacing("%", with: text))
            #expect(readings(result.batch) == reading)
            #expect(result.batch.runs.map(\.address.text) == ["wmbus:33225544"])
            #expect(result.batch.itemCount == 1 && result.undecoded.isEmpty)
        }
    }

    @Test(arguments: [
        ("184", "telegram: an odd number of hex digits"), ("18xx", "telegram: not hex text"),
        ("18", "length: too short for a telegram"),
        (String(repeating: "00", count: 12), "length: too short for a telegram"),
        (String(repeating: "ab", count: 291), "telegram: longer than any telegram"),
        ("1944AE4C4455223368077A55000000041389E20100023B0000", "length: 24 bytes follow, the first byte says 25"),
        ("1844AE4C4455223368077A55000000041389E20100023B", "length: 22 bytes follow, the first byte says 24"),
    ])
    func `a line that is no telegram is rejected alone`(line: String, fault: String) throws {
        let result = try telegrams("\(iperl)\n\(line)\n\(iperl)")
        #expect(readings(result.batch) == reading + reading + [fault])
        #expect(result.batch.rejections.map(\.item) == [1])
    }

    /// Lengths on either side of every block's end.
    @Test(arguments: Array(0...200))
    func `both frame formats are opened at every length`(filler: Int) throws {
        let plain = bytes(ofHex: plainTelegram("0413 89E20100" + String(repeating: "2F", count: filler)))
        #expect(readings(try telegrams(hex(formatA(plain))).batch) == reading)
        guard plain.count <= 252 else { return }
        #expect(readings(try telegrams(hex(formatB(plain))).batch) == reading)
    }

    @Test func `any damaged bit of a format A frame is found`() throws {
        let plain = bytes(ofHex: plainTelegram("0413 89E20100 426C 2121"))
        let framed = formatA(plain)
        for bit in 8..<framed.count * 8 {
            var damaged = framed
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(
                faults(try telegrams(hex(damaged)).batch) == ["crc: the checksum of a block does not match"], "\(bit)")
        }
    }

    /// Such a frame has the length of one whose checksums were taken out, so its own checksum must make no record.
    @Test func `few damaged format B frames pass for frames without checksums`() throws {
        let framed = formatB(bytes(ofHex: plainTelegram("0413 89E20100")))
        var passed = 0
        for bit in 8..<framed.count * 8 {
            var damaged = framed
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            if try !telegrams(hex(damaged)).batch.registers.isEmpty { passed += 1 }
        }
        #expect(passed <= 1)
    }

    /// Also where the checksum looks like a record without a value.
    @Test func `a damaged value in a format B frame is found, whatever its checksum says`() throws {
        var dataless = 0
        for number in 0..<1_000 as Range<UInt32> {
            var framed = formatB(bytes(ofHex: plainTelegram("0413" + hex(lowFirst(number)))))
            framed[framed.count - 6] ^= 0x10
            if framed[framed.count - 2] & 0x87 == 0, framed[framed.count - 1] < 0x80 { dataless += 1 }
            let result = try telegrams(hex(framed))
            #expect(faults(result.batch) == ["crc: the checksum of a block does not match"], "\(number)")
        }
        #expect(dataless > 10)
        var long = formatB(bytes(ofHex: plainTelegram("0D13 C3 563412" + String(repeating: "2F", count: 160))))
        for at in [20, 140] {
            long[at] ^= 1
            #expect(faults(try telegrams(hex(long)).batch) == ["crc: the checksum of a block does not match"])
            long[at] ^= 1
        }
    }

    private func lowFirst(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 0xFF) } }

    @Test(arguments: ["0413 89E20100 2F2F", "0413 89E20100 1F", "0413 89E20100 2F", "0413 89E20100 0F 41 42"])
    func `a frame without checksums may end with fillers and a maker's block`(records: String) throws {
        #expect(readings(try telegrams(plainTelegram(records)).batch) == reading)
    }

    @Test(arguments: ["0074", "0813", "2F1F", "1F00", "0FFF", "0413", "2F04"])
    func `two bytes behind the records of a frame without checksums are a checksum that does not match`(
        rest: String
    ) throws {
        let text = plainTelegram("0413 89E20100" + rest)
        let result = try telegrams(text)
        #expect(faults(result.batch) == ["crc: the checksum of a block does not match"])
        #expect(result.undecoded.map(\.field) == ["crc"])
        // The same bytes in a frame whose own checksums match are what they are.
        let proven = try telegrams(hex(formatA(bytes(ofHex: text))))
        #expect(!faults(proven.batch).contains { $0.hasPrefix("crc") })
    }

    @Test func `a last block's checksum that the receiver left is passed over`() throws {
        let plain = bytes(ofHex: plainTelegram("0413 89E20100 426C 2121"))
        let left = [UInt8(plain.count + 1)] + plain.dropFirst() + checksum(plain[10...])
        let short = hex(left)
        #expect(readings(try telegrams(short).batch) == reading)
        let damaged = try telegrams(short.dropLast(4) + "fed0").batch
        #expect(readings(damaged) == ["crc: the checksum of a block does not match"])
    }

    /// A wired meter's frame from the gateway program's tests, shortened to its volume.
    @Test func `a long frame of the wired bus is read like a telegram`() throws {
        let body = bytes(ofHex: "0800 72 57513400 0106 15 07 2E 00 0000 0413 07590000".replacing(" ", with: ""))
        let sum = body.reduce(0, &+)
        let frame = [0x68, UInt8(body.count), UInt8(body.count), 0x68] + body + [sum, 0x16]
        let result = try telegrams(hex(frame))
        #expect(readings(result.batch) == ["2026-11-25T08:00:00=22791000"])
        #expect(result.batch.runs.map(\.address.text) == ["wmbus:00345157"])
        let damaged = frame.dropLast(2) + [sum &+ 1, 0x16]
        #expect(faults(try telegrams(hex(damaged)).batch) == ["crc: the checksum does not match"])
    }

    @Test func `the limits of a body hold`() throws {
        let two = Array("\(iperl)\n\(iperl)".utf8)
        #expect(throws: BodyRefusal.tooManyReadings(limit: 1)) {
            try decodeTelegrams(two, receivedAt: nil, limits: DecodeLimits(readings: 1)) { _ in nil }
        }
        #expect(throws: BodyRefusal.tooLarge(limit: 9)) {
            try decodeTelegrams(two, receivedAt: nil, limits: DecodeLimits(bytes: 9)) { _ in nil }
        }
        let past = plainTelegram("0413 89E20100 4413 00000000 426C 2121")
        #expect(throws: BodyRefusal.tooManyReadings(limit: 1)) {
            try decodeTelegrams(
                Array(past.utf8), receivedAt: Instant(epochSeconds: 1_795_564_800), limits: DecodeLimits(readings: 1)
            ) { _ in nil }
        }
    }
}
