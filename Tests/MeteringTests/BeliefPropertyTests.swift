import Metering
import Testing
import Water

@Suite struct BeliefPropertyTests {
    /// A month and a half of an hourly meter with every kind of dirt.
    static func dirty(_ random: inout SeededGenerator) -> [ReadingElement] {
        var elements: [ReadingElement] = []
        var register = Int64.random(in: 0...400_000, using: &random)
        var at = Meters.start - 8 * 86_400
        while at < Meters.start + 40 * 86_400 {
            register += Bool.random(using: &random) ? 0 : Int64.random(in: 0...120, using: &random)
            var shown = register
            switch Int.random(in: 0..<200, using: &random) {
            case 0: shown = max(0, register - 12_288)
            case 1: shown += 12_288
            case 2: register = max(0, register - Int64.random(in: 1...20, using: &random))
            case 3: register = Int64.random(in: 0...400_000, using: &random)
            case 4: elements.append(Meters.element(at, shown + Int64.random(in: 1...40_000, using: &random)))
            case 5: at += Int64.random(in: 0...200_000, using: &random)
            case 6: shown = max(0, shown - Int64.random(in: 21...400, using: &random))
            default: break
            }
            elements.append(Meters.element(at, shown))
            at += Int64.random(in: 0..<10, using: &random) == 0 ? 150 : 3_600
        }
        return elements.sorted()
    }

    static func month() throws -> (BillingMonth, CityCalendar) {
        (try #require(BillingMonth("2026-10")), try #require(CityCalendar(zone: "Asia/Shanghai")))
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `order and repeats change nothing`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (month, calendar) = try Self.month()
        let elements = Self.dirty(&random)
        let installation = Meters.installation(modulusLitres: 100_000_000)
        let shuffled = (elements + elements + elements).shuffled(using: &random)
        let once = measure(
            Meters.home([MeterReadings(installation: installation, elements: elements)]), month: month,
            calendar: calendar, rules: .standard)
        let thrice = measure(
            Meters.home([MeterReadings(installation: installation, elements: shuffled)]), month: month,
            calendar: calendar, rules: .standard)
        #expect(once == thrice, "seed \(seed)")
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `days add up to the month and no figure is negative`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (month, calendar) = try Self.month()
        let share: Int64? = Bool.random(using: &random) ? nil : Int64.random(in: 0...1_000_000, using: &random)
        let meters = (1...Int.random(in: 1...3, using: &random)).map { number in
            MeterReadings(
                installation: Meters.installation(
                    meter: Int64(number), serial: "M\(number)", resolution: number == 2 ? 1 : 1_000),
                elements: Self.dirty(&random))
        }
        let home = measure(Meters.home(meters, share: share), month: month, calendar: calendar, rules: .standard)
        #expect(home.days.count == 31)
        #expect(home.days.allSatisfy { ($0.litres ?? 0) >= 0 && ($0.litres == nil) == ($0.state == .missing) })
        #expect(home.days.reduce(0) { $0 + ($1.litres ?? 0) } == home.litres, "seed \(seed)")
        #expect((0...home.monthSeconds).contains(home.missingSeconds))
        #expect((0...home.monthSeconds - home.missingSeconds).contains(home.qualifyingSeconds), "seed \(seed)")
        for meter in meters {
            let counted = judge(meter, rules: .standard).believed.map(\.counted)
            #expect(counted == counted.sorted(), "seed \(seed)")
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `lone strange registers change no day`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (month, calendar) = try Self.month()
        var register: Int64 = 20_000
        var clean: [ReadingElement] = []
        var strange: [ReadingElement] = []
        for hour in -200...950 as ClosedRange<Int64> {
            register += Int64.random(in: 0...90, using: &random)
            clean.append(Meters.element(Meters.start + hour * 3_600, register))
            guard hour % 12 == 0 else { continue }
            let off = Int64.random(in: 4_000...20_000, using: &random) * (Bool.random(using: &random) ? 1 : -1)
            let at = Meters.start + hour * 3_600 + Int64.random(in: 1..<3_600, using: &random)
            strange.append(Meters.element(at, register + off))
        }
        let figures = [clean, (clean + strange).sorted()].map {
            measure(
                Meters.home([MeterReadings(installation: Meters.installation(), elements: $0)]), month: month,
                calendar: calendar, rules: .standard)
        }
        #expect(figures[0].days == figures[1].days, "seed \(seed)")
        #expect(figures[1].findings.count >= 62, "seed \(seed)")
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a reading changes belief within seven days of it alone`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let elements = Self.dirty(&random)
        let at = Meters.start + Int64.random(in: 0...(30 * 86_400), using: &random)
        let strange = Meters.element(at, Int64.random(in: 0...500_000, using: &random))
        let installation = Meters.installation()
        let before = judge(MeterReadings(installation: installation, elements: elements), rules: .standard)
        let after = judge(
            MeterReadings(installation: installation, elements: (elements + [strange]).sorted()), rules: .standard)
        func far(_ judged: JudgedMeter) -> [BelievedReading.Key] {
            judged.believed.filter { abs($0.at - strange.at) > 7 * 86_400 }.map(\.key)
        }
        #expect(far(before) == far(after), "seed \(seed)")
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `figures outside the dirtied span do not change, but for how an estimate is split in its month`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let (month, calendar) = try Self.month()
        let elements = Self.dirty(&random)
        let at = Meters.start + Int64.random(in: 0...(30 * 86_400), using: &random)
        let late = Meters.element(at, Int64.random(in: 0...500_000, using: &random))
        let old = MeterReadings(installation: Meters.installation(), elements: elements)
        let new = MeterReadings(installation: Meters.installation(), elements: (elements + [late]).sorted())
        let span = dirtiedSpan(before: judge(old, rules: .standard), after: judge(new, rules: .standard))
        let was = measure(Meters.home([old]), month: month, calendar: calendar, rules: .standard)
        let now = measure(Meters.home([new]), month: month, calendar: calendar, rules: .standard)
        for (a, b) in zip(was.days, now.days) where a.litres != b.litres {
            if span != nil, a.state == .estimated, b.state == .estimated { continue }
            let day = calendar.interval(of: a.day)
            let touched = try #require(span, "seed \(seed)")
            #expect(touched.from <= day.end && day.start <= touched.to, "seed \(seed), \(a.day)")
        }
        #expect(elements.contains(late) || span != nil, "seed \(seed)")
    }
}

extension BelievedReading {
    /// What was believed, without what was counted since the first reading.
    struct Key: Hashable {
        let at: Instant
        let register: Volume
    }

    var key: Key { Key(at: at, register: register) }
}
