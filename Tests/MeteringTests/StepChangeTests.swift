import Metering
import Testing
import Water

/// A meter that shows fewer decimals from one reading to the next, or more again.
@Suite struct StepChangeTests {
    enum Rounding: CaseIterable {
        case cutOff, up, nearest

        func round(_ litres: Int64, to step: Int64) -> Int64 {
            switch self {
            case .cutOff: litres / step * step
            case .up: (litres + step - 1) / step * step
            case .nearest: (litres + step / 2) / step * step
            }
        }
    }

    /// The hour of the series at which the step changes: the registers around it end in no nought.
    private static func change(of elements: [ReadingElement]) throws -> Int {
        try #require(
            (400...800).first { number in
                elements[number - 1...number].allSatisfy { $0.register.flooredLitres % 10 != 0 }
            })
    }

    private func examined(_ elements: [ReadingElement], resolution: Int64 = 1_000) -> Examination {
        examine(
            MeterReadings(installation: Meters.installation(resolution: resolution), elements: elements),
            rules: .standard)
    }

    private static func rounded(_ one: ReadingElement, _ rounding: Rounding, to step: Int64) -> ReadingElement {
        Meters.element(one.at.epochSeconds, rounding.round(one.register.flooredLitres, to: step))
    }

    @Test(arguments: Rounding.allCases, [10, 100, 1_000] as [Int64])
    func `a coarser step is named once, at the first coarse register, and moves no total`(
        rounding: Rounding, step: Int64
    ) throws {
        for seed in 1...8 as ClosedRange<UInt64> {
            let fine = ExcursionTests.home(seed: seed)
            let change = try Self.change(of: fine)
            let elements = fine.enumerated().map { $0 < change ? $1 : Self.rounded($1, rounding, to: step) }
            let found = examined(elements)
            #expect(found.anomalies.map(\.kind) == [.resolutionChange], "seed \(seed)")
            #expect(found.anomalies.map(\.from) == [elements[change].at], "seed \(seed)")
            #expect(found.anomalies.map(\.before) == [Volume(litres: 1)], "seed \(seed)")
            #expect(found.judged.findings.isEmpty && found.judged.disbelieved.isEmpty, "seed \(seed)")
            #expect(found.readings[change].rule == .resolutionChange && found.readings[change].quality.rawValue == 3)
            let counted = found.judged.believed.map(\.counted)
            #expect(counted == counted.sorted(), "seed \(seed)")
            let (first, last) = (try #require(elements.first), try #require(elements.last))
            #expect(counted[counted.count - 1] - counted[0] == last.register - first.register, "seed \(seed)")
        }
    }

    @Test(arguments: Rounding.allCases, [10, 100, 1_000] as [Int64])
    func `a finer step is named once, and moves no total`(rounding: Rounding, step: Int64) throws {
        for seed in 1...8 as ClosedRange<UInt64> {
            let fine = ExcursionTests.home(seed: seed)
            let change = try Self.change(of: fine)
            let elements = fine.enumerated().map { $0 >= change ? $1 : Self.rounded($1, rounding, to: step) }
            let found = examined(elements)
            #expect(found.anomalies.map(\.kind) == [.resolutionChange], "seed \(seed)")
            #expect(found.anomalies.map(\.from) == [elements[change].at], "seed \(seed)")
            #expect(found.anomalies.map(\.before) == [Volume(litres: step)], "seed \(seed)")
            #expect(found.judged.findings.isEmpty && found.judged.disbelieved.isEmpty, "seed \(seed)")
            let counted = found.judged.believed.map(\.counted)
            #expect(counted[counted.count - 1] - counted[0] == fine[fine.count - 1].register - elements[0].register)
        }
    }

    /// A cubic metre at once is more than Q4 passes in a quarter of an hour.
    @Test func `a cubic metre shown at once flowed before`() throws {
        let quarters = ExcursionTests.home(seed: 3).enumerated().flatMap { number, one in
            (0..<4).map { Meters.element(one.at.epochSeconds + Int64($0) * 900, one.register.flooredLitres) }
        }
        let elements = quarters.enumerated().map { number, one in
            (1_600..<3_600).contains(number) ? Self.rounded(one, .cutOff, to: 1_000) : one
        }
        let found = examined(elements)
        #expect(found.anomalies.map(\.kind) == [.resolutionChange, .resolutionChange])
        #expect(found.judged.findings.isEmpty && found.judged.disbelieved.isEmpty)
        let (first, last) = (try #require(found.judged.believed.first), try #require(found.judged.believed.last))
        #expect(last.counted - first.counted == last.register - first.register)
    }

    @Test func `days over registers coarser than a day's use add up, and are measured by their pairs`() throws {
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let fine = ExcursionTests.home()
        for rounding in Rounding.allCases {
            let coarse = fine.enumerated().map { $0 < 500 ? $1 : Self.rounded($1, rounding, to: 1_000) }
            let figures = [fine, coarse].map {
                measure(
                    Meters.home([MeterReadings(installation: Meters.installation(), elements: $0)]), month: month,
                    calendar: calendar, rules: .standard)
            }
            // The change is on the 13th: hour 500 of a series that begins eight days before the month.
            #expect(figures[1].days[..<12] == figures[0].days[..<12])
            #expect(figures[1].days.allSatisfy { $0.state == .measured })
            #expect(abs(figures[1].litres - figures[0].litres) < 1_000)
            #expect(figures[1].days.compactMap(\.litres).reduce(0, +) == figures[1].litres)
            // Two cubic metres and a half in eighteen days: most of them show none, too many to be taken for use.
            #expect(figures[1].zeroDays > 10)
            #expect(figures[1].missingSeconds == 0 && figures[1].qualifyingSeconds == figures[1].monthSeconds)
        }
    }

    @Test(arguments: [501_653, 653, 40] as [Int64]) func `nought is a reset and no rounding`(register: Int64) {
        let before = (0..<30).map { Int64?(register + $0) }
        let idle = [Int64?](repeating: 0, count: 12)
        let found = examined(Meters.hourly(before + idle + [3, 7, 12, 12, 31]))
        #expect(found.anomalies.map(\.kind) == [.reset])
    }

    @Test func `water that flowed back onto a round register is no rounding`() {
        let found = examined(Meters.hourly([500, 507, 512, 523, 534, 520, 520, 520, 520, 527, 533, 541, 549, 560]))
        #expect(found.anomalies.map(\.kind) == [.reverseFlow])
    }

    @Test func `an exchange for a meter that shows no less is an exchange`() {
        let before = (0..<30).map { Int64?(501_653 + $0 * 7) }
        let after = (0..<30).map { Int64?(501_000 + $0 * 9) }
        #expect(examined(Meters.hourly(before + after)).anomalies.map(\.kind) == [.suspectedExchange])
    }
}
