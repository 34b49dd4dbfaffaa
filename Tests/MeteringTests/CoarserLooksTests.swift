import Metering
import Testing
import Water

/// Two senders of one meter, of which one cuts decimals off.
@Suite struct CoarserLooksTests {
    static let day: Int64 = 86_400
    static let first = Meters.start - 3 * day
    static let span = 36 * day

    /// A home's meter by the second, millilitres.
    struct Home {
        /// By five minutes.
        private let used: [Int64]

        init(litresADay: Int64, seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            var register = Int64.random(in: 1_000_000...400_000_000, using: &random)
            used = (0...Int(CoarserLooksTests.span / 300)).map { number in
                let hour = (number / 12 + 16) % 24
                let share: Int64 = (7...8).contains(hour) || (19...21).contains(hour) ? 12 : hour < 6 ? 0 : 3
                if Int64.random(in: 0..<4, using: &random) == 0 {
                    register += Int64.random(in: 0...litresADay * 1_000 * share * 8 / (12 * 93), using: &random)
                }
                return register
            }
        }

        /// One sender's readings, cut off to a step of so many litres.
        func sent(
            everyMinutes: Int64, from: Int64 = first, to: Int64 = first + span, litres: Int64 = 1, gateway: Int64 = 1
        ) -> [ReadingElement] {
            stride(from: from, to: to, by: Int64.Stride(everyMinutes * 60)).map { at in
                let seconds = at - CoarserLooksTests.first
                let place = min(Int(seconds / 300), used.count - 2)
                let register = used[place] + (used[place + 1] - used[place]) * (seconds % 300) / 300
                return Meters.element(at, register / (litres * 1_000) * litres, gateway: gateway)
            }
        }
    }

    private func examined(_ elements: [ReadingElement], resolution: Int64 = 1_000) -> Examination {
        examine(
            MeterReadings(installation: Meters.installation(resolution: resolution), elements: elements.sorted()),
            rules: .standard)
    }

    private func month(_ elements: [ReadingElement]) throws -> HomeMonth {
        let (month, calendar) = try BeliefPropertyTests.month()
        return measure(
            Meters.home([MeterReadings(installation: Meters.installation(), elements: elements.sorted())]),
            month: month, calendar: calendar, rules: .standard)
    }

    struct Case: CustomTestStringConvertible {
        let own: Int64
        let other: Int64
        let litresADay: Int64
        let litres: Int64
        let seed: UInt64

        var testDescription: String {
            "own \(own) min, other \(other) min by \(litres) L, \(litresADay) L a day, seed \(seed)"
        }

        /// The own readings, and the other sender's; both begin anywhere.
        func readings(
            from: Int64 = first, to: Int64 = first + span
        ) -> (own: [ReadingElement], other: [ReadingElement]) {
            var random = SeededGenerator(seed: seed &* 7_919 &+ UInt64(own * 31 + other * 7 + litresADay + litres))
            let home = Home(litresADay: litresADay, seed: random.next())
            let (early, late) = (
                Int64.random(in: 0..<own * 60, using: &random), Int64.random(in: 0..<other * 60, using: &random)
            )
            return (
                home.sent(everyMinutes: own, from: first + early),
                home.sent(everyMinutes: other, from: from + late, to: to, litres: litres, gateway: 2)
            )
        }
    }

    static func cases(litres: Int64) -> [Case] {
        var cases: [Case] = []
        for own in [60, 240, 720] as [Int64] {
            for other in [15, 60, 360, 1_440] as [Int64] {
                for litresADay in [0, 40, 150, 500] as [Int64] {
                    let seed = UInt64(own + other + litresADay)
                    cases.append(Case(own: own, other: other, litresADay: litresADay, litres: litres, seed: seed))
                }
            }
        }
        return cases
    }

    /// Whether days or names differ from those of the own readings alone, beyond one name for the run.
    private func isWrong(_ one: Case) throws -> Bool {
        let (own, other) = one.readings()
        if try month(own + other).days.map(\.litres) != month(own).days.map(\.litres) { return true }
        let (both, alone) = (examined(own + other), examined(own))
        let names = both.anomalies.map(\.kind)
        let left = names.filter { $0 != .resolutionChange && $0 != .conflictingStamps }
        return left != alone.anomalies.map(\.kind) || names.count { $0 == .resolutionChange } > 1
            || both.judged.disbelieved.contains { $0.rule != .coarser && $0.rule != .conflict }
    }

    /// Wrong stay own readings every four or twelve hours, of which one in ten or a hundred ends in noughts by chance,
    /// and a register that stands within 2 L above a round one: water that flows to and fro explains it as well.
    @Test(arguments: [(1_000, 0), (100, 7), (10, 17)] as [(Int64, Int)])
    func `beside whole cubic metres, or decimals lost, days and names are the own readings'`(
        litres: Int64, most: Int
    ) throws {
        let cases = Self.cases(litres: litres)
        let wrong = try cases.filter(isWrong)
        #expect(wrong.count <= most, "\(wrong.count) of \(cases.count): \(wrong.map(\.testDescription))")
    }

    @Test func `a run is named once, leaves no finding and is not believed`() throws {
        let (from, to) = (Self.first + 9 * Self.day, Self.first + 19 * Self.day)
        let one = Case(own: 60, other: 15, litresADay: 150, litres: 1_000, seed: 4)
        let (own, other) = one.readings(from: from, to: to)
        let both = examined(own + other)
        let named = try #require(both.anomalies.first)
        #expect(both.anomalies.map(\.kind) == [.resolutionChange])
        #expect(named.from == other[0].at && named.to == other[other.count - 1].at && named.count == other.count)
        #expect(named.before == Volume(litres: 1))
        #expect(both.judged.findings.isEmpty)
        #expect(both.judged.believed == examined(own).judged.believed)
        #expect(both.readings.filter { $0.rule == .coarser }.map(\.at) == other.map(\.at))
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>) func `order and repeats change nothing`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let one = Self.cases(litres: [10, 100, 1_000][Int(seed % 3)])[Int(seed) * 5]
        let (own, other) = one.readings()
        let shuffled = (own + other + other + own).shuffled(using: &random)
        let installation = Meters.installation()
        #expect(
            judge(MeterReadings(installation: installation, elements: shuffled), rules: .standard)
                == judge(MeterReadings(installation: installation, elements: (own + other).sorted()), rules: .standard),
            "\(one.testDescription)")
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `beside another sender a reading changes belief within seven days of it alone`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let one = Self.cases(litres: [10, 100, 1_000][Int(seed % 3)])[Int(seed) * 3]
        let (own, other) = one.readings()
        let elements = (own + other).filter { _ in Int.random(in: 0..<20, using: &random) > 0 }
        let at = Meters.start + Int64.random(in: 0...30 * Self.day, using: &random)
        let base = own[own.count / 2].register.flooredLitres
        let strange = Meters.element(at, max(0, base + Int64.random(in: -3_000...3_000, using: &random)))
        func far(_ elements: [ReadingElement]) -> [BelievedReading.Key] {
            judge(MeterReadings(installation: Meters.installation(), elements: elements.sorted()), rules: .standard)
                .believed.filter { abs($0.at - strange.at) > 7 * Self.day }.map(\.key)
        }
        #expect(far(elements) == far(elements + [strange]), "seed \(seed), \(one.testDescription)")
    }

    @Test func `of two registers at one instant the finer is believed where it alone fits`() {
        let home = Home(litresADay: 150, seed: 3)
        let own = home.sent(everyMinutes: 60)
        let other = home.sent(everyMinutes: 15, litres: 1_000, gateway: 2)
        let both = examined(own + other)
        let believed = Set(both.judged.believed.map(\.at))
        // At a cubic metre that just filled both fit, and none is believed.
        let fuller = zip(own, own.dropFirst()).filter {
            $1.register.flooredLitres / 1_000 * 1_000 >= $0.register.flooredLitres
                && $1.register.flooredLitres % 1_000 != 0
        }
        #expect(own.filter { !believed.contains($0.at) }.map(\.at) == [own[0].at] + fuller.map(\.1.at))
        #expect(both.judged.believed.count == believed.count)
        #expect(both.anomalies.count { $0.kind == .resolutionChange } == 1)
        let kinds: Set<AnomalyKind> = [.resolutionChange, .conflictingStamps, .repeatedByGateways]
        #expect(Set(both.anomalies.map(\.kind)).isSubset(of: kinds))
    }

    @Test func `a meter that never shows less than cubic metres is believed`() {
        let coarse = Home(litresADay: 500, seed: 5).sent(everyMinutes: 60, litres: 1_000)
        for resolution in [1_000, 1_000_000] as [Int64] {
            let found = examined(coarse, resolution: resolution)
            #expect(found.judged.disbelieved.isEmpty && found.judged.believed.count == coarse.count)
        }
    }

    @Test func `a register that stays coarse once the other sender is gone is believed`() {
        let home = Home(litresADay: 300, seed: 6)
        let gone = Self.first + 20 * Self.day
        let own = home.sent(everyMinutes: 60, from: Self.first + 1_000, to: gone)
        let other = home.sent(everyMinutes: 30, from: Self.first + 10 * Self.day, litres: 1_000)
        let both = examined(own + other)
        let after = other.filter { $0.at.epochSeconds > gone }
        #expect(both.judged.believed.suffix(after.count).map(\.at) == after.map(\.at))
        #expect(both.judged.findings.isEmpty)
    }

    @Test func `another meter in cubic metres, and one that stands, are none of this one`() {
        let own = Home(litresADay: 300, seed: 7).sent(everyMinutes: 60)
        let (from, to) = (Self.first + 12 * Self.day, Self.first + 22 * Self.day)
        let moved = Home(litresADay: 300, seed: 7).sent(everyMinutes: 20, from: from + 77, to: to, litres: 1_000)
        for off in [-40_000, -3_000, 5_000] as [Int64] {
            let other = moved.map { Meters.element($0.at.epochSeconds, $0.register.flooredLitres + off) }
            let both = examined(own + other)
            #expect(both.anomalies.map(\.kind) == [.interleaved], "\(off)")
            #expect(both.judged.believed == examined(own).judged.believed, "\(off)")
        }
        let stuck = moved.map { Meters.element($0.at.epochSeconds, moved[0].register.flooredLitres) }
        let both = examined(own + stuck)
        #expect(both.judged.believed.last?.counted == examined(own).judged.believed.last?.counted)
    }
}
