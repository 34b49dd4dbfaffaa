import Metering
import Testing
import Water

@Suite struct EstimateTests {
    static let hour: Int64 = 3_600
    static let day: Int64 = 86_400

    private func october(_ elements: [ReadingElement], _ rules: MeteringRules = .byProfile) throws -> HomeMonth {
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let readings = MeterReadings(installation: Meters.installation(), elements: elements)
        return measure(Meters.home([readings]), month: month, calendar: calendar, rules: rules)
    }

    private let byTime = MeteringRules.standard

    /// October by the hour but for the hours that `isHidden`: 100 L from seven to eight each morning, and 300 L more
    /// on Saturdays, of which 3 October is the first.
    private func mornings(isHidden: (Int64) -> Bool) -> [ReadingElement] {
        var register: Int64 = 10_000
        return (-24...(32 * 24) as ClosedRange<Int64>).compactMap { number in
            let (day, time) = (floorDivide(number - 1, by: 24), (number - 1) - floorDivide(number - 1, by: 24) * 24)
            if time == 7 { register += (day % 7 == 2) ? 400 : 100 }
            return isHidden(number) ? nil : Meters.element(Meters.start + number * Self.hour, register)
        }
    }

    @Test func `a silence is split by the home's own hours of the week`() throws {
        // From Friday 16 October, noon, to Sunday the 18th, six.
        let elements = mornings { $0 > 15 * 24 + 12 && $0 < 17 * 24 + 6 }
        let home = try october(elements)
        #expect(home.days[15...17].map(\.litres) == [100, 400, 100])
        #expect(home.days[15...17].map(\.state) == [.estimated, .estimated, .estimated])
        let time = try october(elements, byTime)
        #expect(time.days[15...17].map(\.litres) == [214, 228, 158])
        #expect(home.litres == time.litres)
        #expect(home.measuredLitres == time.measuredLitres)
    }

    @Test func `up to three hours a split is by time`() throws {
        // The hours around midnight of the 10th.
        let elements = mornings { $0 == 9 * 24 || $0 == 9 * 24 + 1 }
        #expect(try october(elements) == october(elements, byTime))
        #expect(try october(elements).estimatedLitres == 0)
    }

    @Test func `the ends of the month lie by time, so that both months agree`() throws {
        let elements = mornings { $0 > 30 * 24 + 6 && $0 < 32 * 24 }
        let home = try october(elements)
        let time = try october(elements, byTime)
        #expect(home.litres == time.litres)
        #expect(home.days.last?.state == .estimated)
    }

    @Test func `with less than a week of known hours a split is by time`() throws {
        let elements = mornings { $0 > 6 * 24 && $0 < 26 * 24 + 1 }.filter {
            $0.at.epochSeconds < Meters.start + 26 * Self.day + 3_601
        }
        #expect(try october(elements).days == october(elements, byTime).days)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `estimated days add up exactly, are never negative and move no month's total`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let elements = BeliefPropertyTests.dirty(&random).filter { _ in Int.random(in: 0..<10, using: &random) > 0 }
        let (home, time) = (try october(elements), try october(elements, byTime))
        #expect(home.days.reduce(0) { $0 + ($1.litres ?? 0) } == home.litres, "seed \(seed)")
        // Beside a missing day a boundary is an end of the figures, and lies by the week as any other.
        if home.days.allSatisfy({ $0.state != .missing }) { #expect(home.litres == time.litres, "seed \(seed)") }
        #expect(home.days.allSatisfy { ($0.litres ?? 0) >= 0 })
        #expect(home.days.map(\.state) == time.days.map(\.state), "seed \(seed)")
        #expect(home.continuousFlows == time.continuousFlows)
        #expect(home.qualifyingSeconds == time.qualifyingSeconds)
    }

    @Test func `the home's own week splits hidden hours of the real homes better than time does`() throws {
        guard let homes = try RealHomes.load() else { return }
        var random = SeededGenerator(seed: 4)
        var (time, profile, litres) = (Int64(0), Int64(0), Int64(0))
        for (_, readings) in homes.meters {
            let month = RealHomes.months[3]
            let known = homes.month(month, of: readings)
            guard known.isBracketed, known.days.allSatisfy({ $0.state == .measured }) else { continue }
            var hidden = readings
            let (start, end) = homes.calendar.interval(of: month)
            var silence = start
            while silence < end {
                let from = silence + Int64.random(in: Self.day...(4 * Self.day), using: &random)
                silence = from + Int64.random(in: 6 * Self.hour...(40 * Self.hour), using: &random)
                hidden.elements.removeAll { $0.at > from && $0.at < silence }
            }
            let shares = [byTime, .byProfile].map {
                measure(Meters.home([hidden]), month: month, calendar: homes.calendar, rules: $0)
            }
            for (index, day) in known.days.enumerated() where shares[1].days[index].state == .estimated {
                litres += day.litres ?? 0
                time += abs((shares[0].days[index].litres ?? 0) - (day.litres ?? 0))
                profile += abs((shares[1].days[index].litres ?? 0) - (day.litres ?? 0))
            }
        }
        print("hidden hours, \(litres) L: split by time \(time) L astray, by the home's week \(profile) L")
        #expect(profile * 4 < time * 3)
    }

    private func month(_ name: String, litres: Int64?) throws -> HomeMonth {
        let month = try #require(BillingMonth(name))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let (start, end) = calendar.interval(of: month)
        var elements: [ReadingElement] = []
        if let litres {
            elements = stride(from: start.epochSeconds, through: end.epochSeconds, by: Int64.Stride(Self.hour)).map {
                Meters.element($0, 5_000 + litres * ($0 - start.epochSeconds) / (end - start))
            }
        }
        return measure(
            Meters.home([MeterReadings(installation: Meters.installation(), elements: elements)]), month: month,
            calendar: calendar, rules: .byProfile)
    }

    /// What a statement says of a month, all of whose days are known but `unknown`.
    private func basis(_ name: String, litres: Int64, unknown: Int = 0) throws -> MonthBasis {
        let month = try #require(BillingMonth(name))
        return MonthBasis(
            month: month, litres: litres, missingHours: Int64(unknown) * 24, knownDays: month.dayCount - unknown,
            version: 1, hash: "ab")
    }

    @Test func `a month without any register takes the mean of the previous three`() throws {
        let previous = [
            try basis("2026-08", litres: 7_001), try basis("2026-06", litres: 9_000),
            try basis("2026-07", litres: 8_000), try basis("2026-05", litres: 90_000),
        ]
        let silent = try month("2026-09", litres: nil)
        let estimate = try #require(bylawEstimate(for: silent, from: previous))
        #expect(estimate.isBylawEstimate)
        #expect(estimate.estimatedLitres == 8_000)
        #expect(estimate.measuredLitres == 0)
        #expect(estimate.days.reduce(0) { $0 + ($1.litres ?? 0) } == 8_000)
        #expect(Set(estimate.days.map { $0.litres ?? -1 }) == [266, 267])
        #expect(estimate.days.allSatisfy { $0.state == .estimated })
        #expect(estimate.qualifyingSeconds == 0)
        #expect(estimate.missingSeconds == estimate.monthSeconds)
        #expect(!estimate.isBracketed)
        #expect(estimate.continuousFlows.isEmpty)
        #expect(estimate.zeroDays == 0)
        #expect(bylawEstimate(for: silent, from: previous.reversed()) == estimate)
        #expect(estimate.bylawMonths.map(\.month.description) == ["2026-06", "2026-07", "2026-08"])
    }

    /// The 13th month of an outage has nothing within twelve months.
    @Test func `a register at the month's first midnight, or of its first day alone, is none of the month's`() throws {
        for last in [0, 12] as [Int64] {
            let silent = try october(mornings { $0 > last })
            #expect(silent.lacksRegister, "\(last)")
            let estimate = bylawEstimate(for: silent, from: [try basis("2026-09", litres: 3_100)])
            #expect(estimate?.estimatedLitres == 3_100, "\(last)")
        }
        #expect(try !october(mornings { $0 > 24 }).lacksRegister)
    }

    @Test func `in a long outage each month takes the last three that were read, up to twelve months back`() throws {
        let read = try [
            basis("2026-06", litres: 9_000), basis("2026-07", litres: 8_000), basis("2026-08", litres: 7_001),
        ]
        for (name, litres) in [
            ("2026-09", 8_000), ("2026-12", 8_000), ("2027-06", 8_000), ("2027-07", 7_500), ("2027-08", 7_001),
        ] as [(String, Int64)] {
            #expect(bylawEstimate(for: try month(name, litres: nil), from: read)?.estimatedLitres == litres, "\(name)")
        }
        #expect(bylawEstimate(for: try month("2027-09", litres: nil), from: read) == nil)
    }

    @Test func `a month that lacks a few days counts by its mean day, one that lacks more does not`() throws {
        let silent = try month("2026-09", litres: nil)
        let whole = try [basis("2026-06", litres: 9_000), basis("2026-07", litres: 8_000)]
        // 28 of 31 days, 250 L each.
        let few = try #require(bylawEstimate(for: silent, from: whole + [basis("2026-08", litres: 7_000, unknown: 3)]))
        #expect(few.estimatedLitres == (9_000 + 8_000 + 7_750) / 3)
        #expect(few.bylawMonths.map(\.wholeLitres) == [9_000, 8_000, 7_750])
        let more = try #require(bylawEstimate(for: silent, from: whole + [basis("2026-08", litres: 6_750, unknown: 4)]))
        #expect(more.estimatedLitres == 8_500)
        let none = try MonthBasis(
            month: #require(BillingMonth("2026-08")), litres: 0, missingHours: 0, knownDays: 0, version: 1, hash: "ab")
        #expect(bylawEstimate(for: silent, from: [none]) == nil)
    }

    @Test func `a month with a figure, a home that moved in and a home without history take no mean`() throws {
        let previous = [try basis("2026-08", litres: 7_000)]
        #expect(bylawEstimate(for: try month("2026-09", litres: 3), from: previous) == nil)
        #expect(bylawEstimate(for: try month("2026-09", litres: nil), from: []) == nil)
        var partial = try month("2026-09", litres: nil)
        partial.isPartial = true
        #expect(bylawEstimate(for: partial, from: previous) == nil)
        #expect(!(try month("2026-09", litres: nil)).isBylawEstimate)
        #expect(!(try month("2026-09", litres: 300)).isBylawEstimate)
    }
}

extension MeteringRules {
    /// Splits hidden hours by the home's own week, given a week of known ones.
    fileprivate static var byProfile: MeteringRules {
        var rules = MeteringRules.standard
        rules.profileHours = 168
        return rules
    }
}
