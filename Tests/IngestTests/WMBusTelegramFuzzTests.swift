import Foundation
import Ingest
import Testing
import Water

@Suite struct WMBusFuzzTests {
    private static let kept = [
        "1844AE4C4455223368077A55000000041389E20100023B0000",
        "434493157856341233078C2075900F002C25B30A00000493D47D182701F47A7500200710B0648420061BCE13DBB12C16165F78B4A9792D27FB7C4F8CDDE44EF58F0AB225",
        "23442D2C998734761B168D2087D19EAD217F1779EDA86AB6710008190000081900007F13",
        plainTelegram(
            "840413 09000000 82046C 412A 8D049313 06 72 FE 0100 0200 8104FD28 01 C40413 08000000 0D13C3563412"),
    ]

    /// Rounds and seed can be given in the environment.
    @Test func `no bytes trap or break what a batch promises`() throws {
        let given = ProcessInfo.processInfo.environment
        let seed = given["JIESHUI_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_261_125
        let rounds = given["JIESHUI_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 10_000
        var samples = WMBusFuzzTests.kept.map { bytes(ofHex: $0) }
        for line in try sharedLines("wmbus/telegrams.jsonl") ?? [] {
            if let text = line["telegram_hex"] as? String { samples.append(bytes(ofHex: text)) }
        }
        let key = bytes(ofHex: "000102030405060708090A0B0C0D0E0F")
        var random = Seeded(state: seed)
        var read = 0
        for round in 0..<rounds {
            var frame = samples[round % samples.count]
            for _ in 0..<Int.random(in: 1...5, using: &random) { mutate(&frame, &random) }
            // Mostly a length that fits, so that what lies behind it is reached.
            if !frame.isEmpty, frame.count <= 256, round % 8 != 0 { frame[0] = UInt8(frame.count - 1) }
            let said = "seed \(seed) round \(round) \(hex(frame))"
            do throws(BodyRefusal) {
                let result = try decodeTelegram(
                    frame, receivedAt: Instant(epochSeconds: 1_795_564_800), limits: DecodeLimits(readings: 100)
                ) { _ in round % 4 == 0 ? key : nil }
                check(result, said)
                read += result.batch.registers.count
            } catch {
                #expect(error == .tooManyReadings(limit: 100), "\(said)")
            }
        }
        print("\(rounds) mutated telegrams, \(read) readings")
    }

    private func mutate(_ frame: inout [UInt8], _ random: inout Seeded) {
        let at = frame.isEmpty ? 0 : Int.random(in: 0..<frame.count, using: &random)
        let bytes: [UInt8] = [
            0x00, 0x0D, 0x0F, 0x13, 0x2F, 0x72, 0x78, 0x79, 0x7A, 0x80, 0x8D, 0x90, 0xFB, 0xFD, 0xFE, 0xFF,
        ]
        let byte = bytes.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<7, using: &random) {
        case 0: if !frame.isEmpty { frame[at] = byte }
        case 1: frame.insert(byte, at: at)
        case 2: if !frame.isEmpty { frame.remove(at: at) }
        case 3: frame.removeSubrange(at...)
        case 4: frame.insert(contentsOf: frame[at...].prefix(40), at: at)
        case 5: if !frame.isEmpty { frame[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        default: if !frame.isEmpty { frame[at] = UInt8.random(in: 0...255, using: &random) }
        }
    }

    private func check(_ result: TelegramBatch, _ said: String) {
        let batch = result.batch
        #expect(batch.instants.count == batch.registers.count, "\(said)")
        #expect(batch.itemCount == 1, "\(said)")
        #expect(batch.rejections.count == (batch.registers.isEmpty ? 1 : 0), "\(said)")
        #expect(result.undecoded.count == batch.rejections.count, "\(said)")
        #expect(batch.registers.allSatisfy { (0...1_000_000_000_000_000_000).contains($0) }, "\(said)")
        #expect(batch.instants.allSatisfy { (946_684_800...4_102_444_800).contains($0) }, "\(said)")
        #expect(batch.alerts.allSatisfy { $0.raw.utf8.count <= 512 }, "\(said)")
        #expect(decodeLines(batch).count == batch.registers.count + batch.rejections.count, "\(said)")
    }
}
