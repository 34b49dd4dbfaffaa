import Metering
import Testing
import Water

/// Registers that go on in another unit, or at nought, for longer than an excursion may last.
@Suite struct DoubtedRunsTests {
    static let day: Int64 = 86_400

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var start: Int64 = 250_123
        /// Hours between readings.
        var every = 1
        var days = 1.0
        /// Hours without any reading, of the 48 days.
        var silence = 0..<0
        /// The register's, millilitres.
        var step: Int64 = 1_000
        /// The kind that the run is named by.
        var kind = AnomalyKind.wrongUnit
        let alter: @Sendable (Int64) -> Int64
    }

    static let cases: [Case] = [
        Case(testDescription: "ten times, a week", days: 7) { $0 * 10 },
        Case(testDescription: "ten times, a month", days: 30) { $0 * 10 },
        Case(testDescription: "a hundred times, a young meter", start: 31_234, days: 20) { $0 * 100 },
        Case(testDescription: "a thousand times, a month", days: 30) { $0 * 1_000 },
        Case(testDescription: "a tenth, a week", days: 8) { $0 / 10 },
        Case(testDescription: "cubic metres as litres, a month", days: 30) { $0 / 1_000_000 * 1_000 },
        Case(testDescription: "cubic metres as litres, by the day", every: 24, days: 12) { $0 / 1_000_000 * 1_000 },
        Case(testDescription: "ten times, every twelve hours", every: 12, days: 20) { $0 * 10 },
        Case(testDescription: "ten times after four days of silence", days: 25, silence: 400..<500) { $0 * 10 },
        Case(testDescription: "ten times around nine days of silence", days: 30, silence: 600..<820) { $0 * 10 },
        Case(testDescription: "cubic metres with decimals, of 10 L", every: 4, days: 20, step: 10_000) { $0 / 1_000 },
        Case(testDescription: "cubic metres with decimals, of 100 L", every: 24, days: 20, step: 100_000) {
            $0 / 1_000
        },
        Case(testDescription: "a hundredth with decimals, of 100 L", every: 12, days: 20, step: 100_000) { $0 / 100 },
        Case(testDescription: "cubic metres with decimals, a young meter", start: 3_125, days: 20) { $0 / 1_000 },
        Case(testDescription: "noughts for a week", days: 7, kind: .zeroRegister) { _ in 0 },
        Case(testDescription: "noughts for a month", days: 30, kind: .zeroRegister) { _ in 0 },
        Case(
            testDescription: "noughts of a young meter, by the day", start: 41_000, every: 24, days: 12,
            kind: .zeroRegister
        ) { _ in 0 },
    ]

    private static func readings(_ one: Case, isEnding: Bool = true, seed: UInt64 = 1) -> (
        all: [ReadingElement], own: [ReadingElement]
    ) {
        let from = 500
        let to = from + Int(one.days * 24)
        let sent = ExcursionTests.home(start: one.start, seed: seed).enumerated().filter { number, _ in
            number % one.every == 0 && !one.silence.contains(number)
        }.map { number, element in
            let register = element.register.millilitres / one.step * one.step
            return (
                offset: number,
                element: ReadingElement(
                    at: element.at, register: Volume(millilitres: register), gateway: element.gateway)
            )
        }
        let isAltered = { (number: Int) in number >= from && (number < to || !isEnding) }
        let all = sent.map { number, element in
            isAltered(number)
                ? ReadingElement(
                    at: element.at, register: Volume(millilitres: one.alter(element.register.millilitres)),
                    gateway: element.gateway) : element
        }
        return (all, sent.filter { !isAltered($0.offset) }.map(\.element))
    }

    @Test(arguments: cases) func `a run in another unit is left out however long it is, and named once`(_ one: Case) {
        for seed in 1...20 as ClosedRange<UInt64> {
            let (all, own) = Self.readings(one, seed: seed)
            let installation = Meters.installation(resolution: one.step)
            let alone = judge(MeterReadings(installation: installation, elements: own), rules: .standard)
            let examined = examine(MeterReadings(installation: installation, elements: all), rules: .standard)
            #expect(examined.judged.believed == alone.believed, "seed \(seed)")
            let named = examined.anomalies.filter { $0.kind != .silence && $0.kind != .caughtUp }
            #expect(named.map(\.kind) == [one.kind], "seed \(seed)")
            #expect(named.first?.count == all.count - own.count, "seed \(seed)")
            #expect(examined.judged.findings.count == 1, "seed \(seed)")
            #expect(examined.judged.doubtedStretches.count == 1, "seed \(seed)")
        }
    }

    @Test(arguments: cases) func `a run in another unit that goes on is no use, and its days are missing`(
        _ one: Case
    ) throws {
        let (all, own) = Self.readings(one, isEnding: false)
        let readings = MeterReadings(installation: Meters.installation(resolution: one.step), elements: all)
        let examined = examine(readings, rules: .standard)
        #expect(examined.judged.believed.map(\.at) == own.map(\.at))
        let rule: QualityRule = one.kind == .zeroRegister ? .nought : .otherUnit
        #expect(examined.judged.disbelieved.allSatisfy { $0.rule == rule && $0.quality == .rejectedProbably })
        #expect(examined.judged.doubtedStretches.map(\.to) == [nil])
        let month = measure(
            Meters.home([readings]), month: try #require(BillingMonth("2026-10")),
            calendar: try #require(CityCalendar(zone: "Asia/Shanghai")), rules: .standard)
        #expect(month.days.last?.state == .missing && !month.isBracketed)
    }

    @Test(arguments: [EditAction.accept, .enter])
    func `a run in another unit is believed on a person's word, and its step is no use`(_ action: EditAction) throws {
        let (all, own) = Self.readings(Self.cases[0], isEnding: false)
        let (first, later) = (all[own.count], all[own.count + 200])
        for one in [first, later] {
            let edit = ReadingEdit(
                at: one.at, register: one.register, action: action, by: StaffID(1), decidedAt: one.at, reason: "read")
            let examined = examine(
                MeterReadings(installation: Meters.installation(), elements: all, edits: [edit]), rules: .standard)
            #expect(examined.judged.disbelieved.isEmpty)
            let (before, start) = (examined.judged.believed[own.count - 1], examined.judged.believed[own.count])
            #expect(start.startsRun && (start.counted - before.counted).millilitres < 1_000)
            let last = try #require(examined.judged.believed.last)
            #expect(last.counted - start.counted == last.register - start.register)
            #expect(examined.anomalies.map(\.kind) == [.wrongUnit, .resolutionChange])
        }
    }

    /// In a thousand times the litres most hours rise faster than any meter: the run is in many pieces.
    @Test func `a register accepted late in a run lets all of it count`() throws {
        let one = Case(testDescription: "a thousand times", days: 30) { $0 * 1_000 }
        let (all, own) = Self.readings(one, isEnding: false)
        let last = try #require(all.last)
        let edit = ReadingEdit(
            at: last.at, register: last.register, action: .accept, by: StaffID(1), decidedAt: last.at, reason: "read")
        let judged = judge(
            MeterReadings(installation: Meters.installation(), elements: all, edits: [edit]), rules: .standard)
        #expect(judged.disbelieved.allSatisfy { $0.rule != .otherUnit })
        let start = judged.believed[own.count]
        #expect(start.startsRun && start.at - all[own.count].at < 86_400)
    }

    @Test func `noughts that move are a register that began again`() {
        let elements = ExcursionTests.home()
        let moved = elements.enumerated().map { number, element in
            number < 500
                ? element
                : ReadingElement(
                    at: element.at, register: number < 900 ? .zero : element.register - elements[899].register,
                    gateway: element.gateway)
        }
        let judged = judge(MeterReadings(installation: Meters.installation(), elements: moved), rules: .standard)
        #expect(judged.disbelieved.isEmpty && judged.findings.map(\.kind) == [.reset])
    }

    @Test func `a final register noted in the meter's own unit stands`() throws {
        let all = Self.readings(Self.cases[0], isEnding: false).all
        let last = try #require(ExcursionTests.home(start: 250_123).last)
        let installation = Meters.installation(
            to: last.at.epochSeconds + 60, finalRegister: last.register.flooredLitres)
        let judged = judge(MeterReadings(installation: installation, elements: all), rules: .standard)
        #expect(judged.believed.last?.isNoted == true)
        #expect(judged.believed.last?.counted == last.register)
    }
}
