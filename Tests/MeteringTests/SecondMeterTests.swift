import Metering
import Testing
import Water

/// A second meter that sends under the home's address for a week or two, more often than the home's own.
@Suite struct SecondMeterTests {
    static let hour: Int64 = 3_600
    static let day: Int64 = 86_400
    /// A midnight of UTC.
    static let midnight: Int64 = Meters.start + 8 * hour
    static let usedByOwn = use(seed: 1)
    static let usedByOther = use(seed: 2)

    /// What a home has used by every five minutes of 45 days from the tenth before `midnight` on, litres.
    private static func use(seed: UInt64) -> [Int64] {
        var random = SeededGenerator(seed: seed)
        var used: Int64 = 0
        return (0..<45 * 288).map { number in
            switch number / 12 % 24 {
            case 7, 8, 19...21: used += Int64.random(in: 0...4, using: &random)
            case 0...6: break
            default: used += Int64.random(in: 0...3, using: &random) / 3
            }
            return used
        }
    }

    /// Registers over [from, to), hours from `midnight`.
    private static func series(
        _ used: [Int64], start: Int64, from: Int64, to: Int64, everyMinutes: Int64, late: Int64 = 0
    ) -> [ReadingElement] {
        stride(from: from * hour + late * 60, to: to * hour, by: Int64.Stride(everyMinutes * 60)).map {
            Meters.element(midnight + $0, start + used[Int(($0 + 10 * day) / 300)])
        }
    }

    private static func own(everyHours: Int64, from: Int64 = -7 * 24, to: Int64) -> [ReadingElement] {
        series(usedByOwn, start: 250_000, from: from, to: to, everyMinutes: everyHours * 60)
    }

    private static func other(above: Int64, everyMinutes: Int64, from: Int64, to: Int64) -> [ReadingElement] {
        series(usedByOther, start: 250_000 + above, from: from, to: to, everyMinutes: everyMinutes, late: 7)
    }

    private func judged(_ elements: [ReadingElement]) -> JudgedMeter {
        judge(MeterReadings(installation: Meters.installation(), elements: elements.sorted()), rules: .standard)
    }

    struct Case: CustomTestStringConvertible {
        let ownHours: Int64
        let otherMinutes: Int64
        /// The other meter's register above the own one, litres.
        let above: Int64

        var testDescription: String { "own \(ownHours) h, other \(otherMinutes) min, \(above) L above" }
    }

    static let cases = [
        (1, 15, 650_000), (1, 20, -240_000), (1, 20, 3_000), (1, 60, -3_000), (4, 30, 650_000), (4, 60, -240_000),
        (4, 60, 3_000), (4, 60, -3_000), (12, 30, -3_000), (12, 60, 650_000), (12, 60, -240_000), (12, 60, 3_000),
    ].map { Case(ownHours: $0.0, otherMinutes: $0.1, above: $0.2) }

    @Test(arguments: cases) func `a second meter of a week to twelve days is left out, and nothing of it is counted`(
        _ one: Case
    ) throws {
        for (days, first) in [(7, 17), (10, 9), (12, 0)] as [(Int64, Int64)] {
            let own = Self.own(everyHours: one.ownHours, to: (days + 7) * 24)
            let other = Self.other(
                above: one.above, everyMinutes: one.otherMinutes, from: first, to: first + days * 24)
            let both = judged(own + other)
            #expect(both.believed == judged(own).believed, "\(days) days from hour \(first)")
            let (start, end) = (try #require(both.believed.first), try #require(both.believed.last))
            #expect(end.counted - start.counted == end.register - start.register)
        }
    }

    @Test(arguments: cases) func `where the readings end within six days of it, the home's own stay believed`(
        _ one: Case
    ) {
        let own = Self.own(everyHours: one.ownHours, to: 6 * 24)
        let other = Self.other(above: one.above, everyMinutes: one.otherMinutes, from: 5, to: 6 * 24)
        #expect(judged(own + other).believed == judged(own).believed)
    }

    @Test(arguments: cases) func `a meter that took the other's place is believed from its first reading on`(
        _ one: Case
    ) {
        for end in [2, 20, 150] as [Int64] {
            let own = Self.own(everyHours: one.ownHours, to: 12)
            let other = Self.other(above: one.above, everyMinutes: min(one.otherMinutes, 30), from: 12, to: 12 + end)
            #expect(judged(own + other).disbelieved.isEmpty, "\(end) h")
        }
    }

    @Test func `a step on the last day stands with its third reading`() {
        let own = Self.own(everyHours: 1, to: 24)
        for above in [650_000, -240_000] as [Int64] {
            let new = Self.series(
                Self.usedByOwn, start: 250_000 + above, from: 24, to: 27, everyMinutes: 60)
            #expect(judged(own + new).disbelieved.isEmpty)
            #expect(judged(own + new.dropLast()).disbelieved.count == 2)
        }
    }

    @Test func `an own register that stays away gives way to the one that goes on`() {
        let own = Self.own(everyHours: 1, to: 9 * 24)
        let last = own[own.count - 1].at
        for above in [650_000, -240_000] as [Int64] {
            let other = Self.other(above: above, everyMinutes: 15, from: 0, to: 20 * 24)
            let both = judged(own + other)
            let after = other.filter { $0.at > last }
            #expect(both.believed.suffix(after.count).map(\.at) == after.map(\.at))
            let restarts = zip(both.believed, both.believed.dropFirst()).count {
                abs($1.register.flooredLitres - $0.register.flooredLitres) > 100_000
            }
            #expect(restarts == 1)
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `amid a second meter a reading changes belief within seven days of it alone`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let one = Self.cases[Int(seed) % Self.cases.count]
        let days = Int64.random(in: 6...15, using: &random)
        let other = Self.other(above: one.above, everyMinutes: one.otherMinutes, from: 3, to: 3 + days * 24)
        let elements = (Self.own(everyHours: one.ownHours, to: 22 * 24) + other).filter { _ in
            Int.random(in: 0..<20, using: &random) > 0
        }
        let at = Self.midnight + Int64.random(in: -4 * Self.day...(20 * Self.day), using: &random)
        let strange = Meters.element(at, 250_000 + Int64.random(in: -1_000...5_000, using: &random))
        func far(_ judged: JudgedMeter) -> [BelievedReading.Key] {
            judged.believed.filter { abs($0.at - strange.at) > 7 * Self.day }.map(\.key)
        }
        let (before, after) = (judged(elements), judged(elements + [strange]))
        #expect(far(before) == far(after), "seed \(seed)")
        let shuffled = (elements + elements + [strange]).shuffled(using: &random)
        #expect(
            judge(MeterReadings(installation: Meters.installation(), elements: shuffled), rules: .standard) == after,
            "seed \(seed)")
    }
}
