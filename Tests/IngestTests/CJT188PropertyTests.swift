import Foundation
import Ingest
import Testing
import Water

/// SplitMix64: small, seeded, the same everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct CJT188PropertyTests {
    private let seed = ProcessInfo.processInfo.environment["JIESHUI_FUZZ_SEED"].flatMap { UInt64($0) } ?? 188

    /// A frame of some kind with a register, right in all.
    private func someFrame(_ random: inout SplitMix) -> [UInt8] {
        func digits(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in
                UInt8.random(in: 0...9, using: &random) << 4 | UInt8.random(in: 0...9, using: &random)
            }
        }
        let address = digits(7)
        let volume = digits(4)
        let clock = [0x00, 0x30, 0x12] + [0x15, 0x0A, 0x26, 0x20].map { UInt8($0 == 0x0A ? 0x10 : $0) } as [UInt8]
        let identifier: [UInt8] = Bool.random(using: &random) ? [0x90, 0x1F] : [0x1F, 0x90]
        let data: [UInt8] =
            switch Int.random(in: 0..<4, using: &random) {
            case 0: identifier + [0x00] + volume + [0x01, 0x00]
            case 1: [0xD1, UInt8.random(in: 0x20...0x2B, using: &random), 0x00] + volume + [0x2C]
            case 2: [0xD3, 0x00, 0x00] + clock + volume + [0x2C] + [UInt8](repeating: 0, count: 11)
            default: cjt188Reply(volume: volume, clock: clock, identifier: identifier)
            }
        return cjt188Frame(type: UInt8.random(in: 0x10...0x13, using: &random), address: address, data: data)
    }

    /// What stands between frames: wake-up bytes, text, noise, a frame cut off, a damaged frame.
    private func garbage(_ random: inout SplitMix) -> [UInt8] {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return [UInt8](repeating: 0xFE, count: Int.random(in: 0...4, using: &random))
        case 1: return Array("CTRL:&2017070000000921".utf8)
        case 2:
            return (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 3:
            let whole = someFrame(&random)
            // Two bytes short at least: a 16 from elsewhere would make it whole.
            return Array(whole.prefix(Int.random(in: 1..<whole.count - 1, using: &random)))
        case 4:
            var damaged = someFrame(&random)
            damaged[Int.random(in: 0..<damaged.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            return damaged
        default: return []
        }
    }

    /// The readings of a batch, in order, each as one text.
    private func readings(_ batch: DecodedBatch) -> [String] {
        batch.runs.flatMap { run in
            run.range.map { "\(run.address.text) \(batch.instants[$0]) \(batch.registers[$0])" }
        }
    }

    @Test func `any garbage between frames and any split of a stream between frames gives the same readings`() throws {
        var random = SplitMix(state: seed)
        for round in 0..<3_000 {
            let frames = (0..<Int.random(in: 1...6, using: &random)).map { _ in someFrame(&random) }
            let pieces = frames.map { garbage(&random) + $0 + garbage(&random) }
            let said = "seed \(seed) round \(round) \(pieces.map { hex($0) })"
            let expected = try frames.flatMap { frame in
                readings(try decode(frame, as: .cjt188, receivedAt: cjt188Heard))
            }
            #expect(expected.count == frames.count, "\(said)")
            let stream = try decode(Array(pieces.joined()), as: .cjt188, receivedAt: cjt188Heard)
            #expect(readings(stream) == expected, "\(said)")
            let cut = Int.random(in: 0...pieces.count, using: &random)
            let halves: [[UInt8]] = [Array(pieces[..<cut].joined()), Array(pieces[cut...].joined())]
            let parts = try halves.flatMap { half in
                readings(try decode(half, as: .cjt188, receivedAt: cjt188Heard))
            }
            #expect(parts == expected, "\(said)")
            let lines = pieces.map { hex($0) }.joined(separator: "\n")
            #expect(readings(try decoded(lines, as: .cjt188, receivedAt: cjt188Heard)) == expected, "\(said)")
        }
    }

    @Test func `a damaged frame between good ones is told once, with its place and reason`() throws {
        var random = SplitMix(state: seed &+ 1)
        for round in 0..<2_000 {
            let before = someFrame(&random)
            var damaged = someFrame(&random)
            damaged[Int.random(in: 11..<damaged.count - 2, using: &random)] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
            let prefix: [UInt8] = [0xFE, 0xFE]
            let body = before + prefix + damaged + someFrame(&random)
            let batch = try decode(body, as: .cjt188, receivedAt: cjt188Heard)
            let said = "seed \(seed) round \(round) \(hex(body))"
            #expect(batch.rejections.map(\.field) == ["checksum"], "\(said)")
            #expect(batch.rejections.first?.item == 1, "\(said)")
            let place = "byte \(before.count + 2): the checksum is "
            #expect(batch.rejections.first?.reason.hasPrefix(place) == true, "\(said)")
            #expect(batch.registers.count == 2, "\(said)")
        }
    }

    @Test func `the lenient mode takes a damaged frame only where no good frame lies inside it`() throws {
        let options = CJT188Options(profiles: try CJT188Profiles.builtIn(), checksum: .lenient)
        var damaged = cjt188Frame(data: cjt188Reply())
        damaged[damaged.count - 2] ^= 0x40
        let good = cjt188Frame(address: [1, 0, 0, 0, 0, 0, 0], data: cjt188Reply())
        let batch = try decode(good + damaged + good, as: .cjt188, receivedAt: nil, cjt188: options)
        #expect(batch.runs.map(\.address.address) == ["00000000000001", "11223344556677", "00000000000001"])
        #expect(batch.findings.map(\.item) == [1])
        #expect(batch.findings.first?.reason.hasPrefix("byte 35: the checksum is ") == true)
        // A beginning whose length reaches to the end of the good frame behind it.
        let cut: [UInt8] = [0x68, 0x10, 1, 2, 3, 4, 5, 6, 7, 0x81, UInt8(good.count - 2)]
        let inside = try decode(cut + good, as: .cjt188, receivedAt: nil, cjt188: options)
        #expect(inside.rejections.map(\.field) == ["checksum"])
        #expect(inside.runs.map(\.address.address) == ["00000000000001"])
    }

    @Test func `arbitrary bytes never trap`() throws {
        var random = SplitMix(state: seed &+ 2)
        let profiles = try CJT188Profiles.builtIn()
        let ways =
            [CJT188Options(profiles: profiles), CJT188Options(profiles: profiles, checksum: .lenient)]
            + profiles.all.map { CJT188Options(profiles: profiles, profile: $0, checksum: .lenient) }
        let seeds = (0..<64).map { _ in someFrame(&random) }
        var taken = 0
        for round in 0..<200_000 {
            var body: [UInt8]
            if round % 4 == 0 {
                body = (0..<Int(random.next() % 48)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                body = seeds[Int(random.next() % 64)]
                for _ in 0..<random.next() % 3 {
                    body[Int(random.next() % UInt64(body.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                if random.next() % 2 == 0, body.count > 13 {
                    // Mended, so that what stands inside is read.
                    body[body.count - 2] = body.dropLast(2).reduce(0, &+)
                }
                if random.next() % 8 == 0 { body.removeLast(Int(random.next() % UInt64(body.count))) }
            }
            let batch = try decode(
                body, as: .cjt188, receivedAt: round % 2 == 0 ? cjt188Heard : nil, cjt188: ways[round % ways.count])
            taken += batch.registers.count
            let isSound =
                batch.instants.count == batch.registers.count
                && batch.registers.allSatisfy { (0...1_000_000_000_000_000_000).contains($0) }
                && batch.instants.allSatisfy { (946_684_800...253_402_387_199).contains($0) }
                && (batch.itemCount > 0 || body.allSatisfy { [0x09, 0x0A, 0x0D, 0x20].contains($0) })
            if !isSound { Issue.record("seed \(seed) round \(round) \(hex(body))") }
        }
        #expect(taken > 20_000)
    }

    @Test func `every way of decoding takes the same bytes`() throws {
        let good = cjt188Frame(data: cjt188Reply())
        #expect(decodeCJT188EveryWay(good, receivedAt: cjt188Heard) == 2 * 9 * 2)
        #expect(decodeCJT188EveryWay([], receivedAt: cjt188Heard) == 0)
    }
}
