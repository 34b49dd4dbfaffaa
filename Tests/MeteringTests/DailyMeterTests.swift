import Metering
import Testing
import Water

/// Meters that are read once or a few times a day: what lies between two readings is long.
@Suite struct DailyMeterTests {
    /// One register a day, litres.
    private func daily(_ litres: [Int64], every hours: Int64 = 24) -> [ReadingElement] {
        litres.enumerated().map { Meters.element(Meters.start + 3_000 + Int64($0.offset) * hours * 3_600, $0.element) }
    }

    private func examined(_ elements: [ReadingElement], resolution: Int64 = 1_000) -> Examination {
        examine(
            MeterReadings(installation: Meters.installation(resolution: resolution), elements: elements),
            rules: .standard)
    }

    private func counted(_ judged: JudgedMeter) throws -> Int64 {
        let first = try #require(judged.believed.first)
        let last = try #require(judged.believed.last)
        return (last.counted - first.counted).millilitres / 1_000
    }

    @Test(arguments: [5, 6], [10_000, 30_000] as [Int64])
    func `registers too high for days that come back are no use`(days: Int, height: Int64) throws {
        let flipped = 12..<(12 + days)
        let registers = (0..<31).map { 98_001 + Int64($0) * 190 + (flipped.contains($0) ? height : 0) }
        let examined = examined(daily(registers))
        #expect(try counted(examined.judged) == 30 * 190)
        #expect(examined.judged.disbelieved.count == days)
        #expect(examined.judged.believed.count == 31 - days)
    }

    @Test func `a rise that stays counts, and is named`() throws {
        let registers = (0..<31).map { 98_001 + Int64($0) * 190 + ($0 >= 12 ? 10_000 : 0) }
        let examined = examined(daily(registers))
        #expect(try counted(examined.judged) == 30 * 190 + 10_000)
        #expect(examined.anomalies.map(\.kind) == [.improbableRise])
    }

    @Test(arguments: [4, 24] as [Int64]) func `a register that stood and made up for it is named`(hours: Int64) {
        let rises: [Int64] = .init(repeating: 150, count: 12) + [0, 0, 0, 0, 700] + .init(repeating: 160, count: 12)
        let registers = rises.reduce(into: [50_003]) { $0.append(($0.last ?? 0) + $1) }
        let kinds = examined(daily(registers, every: hours)).anomalies.map(\.kind)
        #expect(kinds == (hours == 24 ? [.caughtUp] : []))
        let longer: [Int64] = .init(repeating: 150, count: 12) + .init(repeating: 0, count: 8) + [1_300, 150, 160]
        let stood = longer.reduce(into: [50_003]) { $0.append(($0.last ?? 0) + $1) }
        #expect(examined(daily(stood, every: hours)).anomalies.map(\.kind) == [.caughtUp])
    }

    @Test(arguments: [100_000, 1_000_000] as [Int64])
    func `a register that turns back by one step is water flowing back`(step: Int64) throws {
        let litres = step / 1_000
        let steps: [Int64] = [1_130, 1_130, 1_129, 1_129, 1_129, 1_130, 1_130, 1_131, 1_132]
        let examined = examined(daily(steps.map { $0 * litres }), resolution: step)
        #expect(examined.judged.believed.count { $0.startsRun } == 1)
        #expect(try counted(examined.judged) == 2 * litres)
        #expect(examined.anomalies.map(\.kind) == [.reverseFlow])
    }
}
