import Metering
import Testing
import Water

/// Registers that are left and come back from to where the meter goes on: another meter under its address, a bit that
/// stays flipped, a gateway's zeros.
@Suite struct ExcursionTests {
    static let hour: Int64 = 3_600
    static let day: Int64 = 86_400

    /// A home's register by the hour from `first` days before October on, 100 to 200 L a day, most of it by day.
    static func home(from first: Int64 = -8, days: Int64 = 48, start: Int64 = 500_000, seed: UInt64 = 1)
        -> [ReadingElement]
    {
        var random = SeededGenerator(seed: seed)
        var register = start
        return (0...(days * 24)).map { number in
            let at = Meters.start + first * day + number * hour
            defer {
                switch number % 24 {
                case 7, 8, 19...21: register += Int64.random(in: 0...40, using: &random)
                case 0...6: break
                default: register += Int64.random(in: 0...5, using: &random)
                }
            }
            return Meters.element(at, register)
        }
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// Every so many hours the home's own meter sends.
        let every: Int
        /// The other meter sends at half past, over so many hours of the month.
        let hours: ClosedRange<Int64>
        /// The other meter's register above the own one, litres.
        let above: Int64
        /// Hours of the month over which the own meter is silent.
        var silence: ClosedRange<Int64> = 0...0
    }

    static let others: [Case] = [
        Case(testDescription: "own every hour", every: 1, hours: 300...329, above: -494_000),
        Case(testDescription: "own every two hours, higher", every: 2, hours: 300...347, above: 18_500),
        Case(testDescription: "own every two hours, lower", every: 2, hours: 300...347, above: -494_000),
        Case(testDescription: "own every two hours, a little higher", every: 2, hours: 300...347, above: 1_600),
        Case(testDescription: "own every two hours, a little lower", every: 2, hours: 300...347, above: -1_400),
        Case(testDescription: "own once a day, for a day", every: 24, hours: 300...323, above: -494_000),
        Case(testDescription: "own once a day, for half a day", every: 24, hours: 300...311, above: 18_500),
        Case(testDescription: "own once a day, within what Q4 passes", every: 24, hours: 300...323, above: 4_000),
        Case(
            testDescription: "own once a day, below within what Q4 passes", every: 24, hours: 300...311, above: -6_000),
        Case(testDescription: "own once a day, for five days", every: 24, hours: 300...419, above: -494_000),
        Case(
            testDescription: "a day amid a silence of five", every: 1, hours: 300...323, above: -494_000,
            silence: 260...380),
        Case(
            testDescription: "a day amid a silence of nine, within what Q4 passes", every: 1, hours: 300...323,
            above: 18_500, silence: 200...415),
    ]

    @Test(arguments: others) func `a second meter is left out, however much more often it sends`(_ one: Case) throws {
        let hourly = Self.home()
        let own = hourly.enumerated().filter { number, element in
            let hour = (element.at.epochSeconds - Meters.start) / Self.hour
            return number % one.every == 0 && !(one.silence.count > 1 && one.silence.contains(hour))
        }.map(\.element)
        let other = Self.home(seed: 2).filter {
            one.hours.contains(($0.at.epochSeconds - Meters.start) / Self.hour)
        }.map { Meters.element($0.at.epochSeconds + 1_800, $0.register.flooredLitres + one.above) }
        let examined = examine(
            MeterReadings(installation: Meters.installation(), elements: (own + other).sorted()), rules: .standard)
        let alone = judge(MeterReadings(installation: Meters.installation(), elements: own), rules: .standard)
        #expect(examined.judged.believed == alone.believed)
        #expect(examined.anomalies.map(\.kind).filter { $0 != .silence } == [.interleaved])
        #expect(examined.anomalies.first { $0.kind == .interleaved }?.count == other.count)
        #expect(examined.judged.disbelieved.allSatisfy { $0.quality == .rejectedCertainly })
    }

    /// The hour, of 48 days, from which on so many hours are altered.
    private func altered(_ hours: Range<Int>, _ alter: (Int64) -> Int64) -> Examination {
        let elements = Self.home().enumerated().map { number, element in
            hours.contains(number)
                ? ReadingElement(
                    at: element.at, register: Volume(millilitres: alter(element.register.millilitres)),
                    gateway: element.gateway) : element
        }
        return examine(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
    }

    @Test func `what stays wrong for hours and comes right is left out, each register by its name`() {
        let clean = judge(MeterReadings(installation: Meters.installation(), elements: Self.home()), rules: .standard)
        let flipped = altered(500..<506) { ($0 / 1_000 ^ 1 << 16) * 1_000 }
        let zero = altered(500..<508) { _ in 0 }
        let unit = altered(500..<505) { $0 / 1_000_000 * 1_000 }
        for (examined, kind, count) in [(flipped, .bitFlip, 6), (zero, .zeroRegister, 8), (unit, .wrongUnit, 5)]
            as [(Examination, AnomalyKind, Int)]
        {
            #expect(examined.anomalies.map(\.kind) == .init(repeating: kind, count: count))
            let believed = examined.judged.believed
            #expect(believed.count == clean.believed.count - count)
            #expect(believed.last?.counted == clean.believed.last?.counted)
        }
    }

    @Test func `a register that comes back after more than six days began anew twice`() {
        let examined = altered(500..<(500 + 7 * 24)) { $0 - 400_000_000 }
        #expect(examined.anomalies.map(\.kind) == [.suspectedExchange, .suspectedExchange])
        #expect(examined.judged.disbelieved.isEmpty)
        let brief = altered(500..<(500 + 5 * 24)) { $0 - 387_654_000 }
        #expect(brief.anomalies.map(\.kind) == [.silence, .interleaved])
    }

    /// From zero the register passes the one it had before within days: it was followed all the way.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a young meter that begins again from zero comes back to nothing`(seed: UInt64) throws {
        let elements = Self.home(start: 0, seed: seed)
        let reset = 30 + Int(seed) * 5
        let before = elements[reset - 1].register
        let readings = elements.enumerated().map { number, element in
            number < reset
                ? element
                : ReadingElement(at: element.at, register: element.register - before, gateway: element.gateway)
        }
        let examined = examine(
            MeterReadings(installation: Meters.installation(), elements: readings), rules: .standard)
        #expect(examined.anomalies.count == 1 && examined.judged.findings.map(\.kind) == [.reset], "seed \(seed)")
        #expect(examined.judged.disbelieved.isEmpty, "seed \(seed)")
    }

    @Test func `a register that staff accepted amid an excursion stands`() throws {
        let own = Self.home()
        let other = (300...323 as ClosedRange<Int64>).map {
            Meters.element(Meters.start + $0 * Self.hour + 1_800, 6_000 + $0)
        }
        let accepted = other[10]
        let edit = ReadingEdit(
            at: accepted.at, register: accepted.register, action: .accept, by: StaffID(1), decidedAt: accepted.at + 1,
            reason: "read at the meter")
        let judged = judge(
            MeterReadings(installation: Meters.installation(), elements: own + other, edits: [edit]), rules: .standard)
        #expect(judged.believed.contains { $0.at == accepted.at && $0.register == accepted.register })
        let counted = judged.believed.map(\.counted)
        #expect(counted == counted.sorted())
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `whatever order two meters' readings come in, the same are believed`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let every = [1, 2, 6, 24].randomElement(using: &random) ?? 1
        let own = Self.home(seed: seed).enumerated().filter { $0.offset % every == 0 }.map(\.element)
        let first = Int64.random(in: 0...400, using: &random)
        let above = Int64.random(in: -400_000...400_000, using: &random)
        let other = Self.home(seed: seed + 100).filter {
            (first...(first + 60)).contains(($0.at.epochSeconds - Meters.start) / Self.hour)
        }.map { Meters.element($0.at.epochSeconds + 900, $0.register.flooredLitres + above) }
        let once = judge(
            MeterReadings(installation: Meters.installation(), elements: (own + other).sorted()), rules: .standard)
        let shuffled = (own + other + other).shuffled(using: &random)
        #expect(
            judge(MeterReadings(installation: Meters.installation(), elements: shuffled), rules: .standard) == once,
            "seed \(seed)")
        let alone = judge(MeterReadings(installation: Meters.installation(), elements: own), rules: .standard)
        #expect(once.believed == alone.believed, "seed \(seed), every \(every) h, \(above) L above")
    }

    /// Own readings with trains of other meters, coarse stretches and restarts among them.
    private func dirty(_ random: inout SeededGenerator) -> [ReadingElement] {
        let every = [1, 1, 2, 6].randomElement(using: &random) ?? 1
        var elements = Self.home(seed: random.next()).enumerated().filter { $0.offset % every == 0 }.map(\.element)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let first = Int64.random(in: -100...800, using: &random)
            let above = Int64.random(in: -500_000...500_000, using: &random)
            let hours = Int64.random(in: 1...200, using: &random)
            elements += Self.home(seed: random.next()).filter {
                (first...first + hours).contains(($0.at.epochSeconds - Meters.start) / Self.hour)
            }.map { Meters.element($0.at.epochSeconds + 1_200, max(0, $0.register.flooredLitres + above)) }
        }
        let coarse = Int.random(in: 0...800, using: &random)
        let step = ([10, 100, 1_000] as [Int64]).randomElement(using: &random) ?? 10
        let restart = Int.random(in: 0...1_400, using: &random)
        return elements.sorted().enumerated().map { number, one in
            var litres = one.register.flooredLitres
            if (coarse..<coarse + 300).contains(number) { litres = litres / step * step }
            if number > restart { litres = max(0, litres - 300_000) }
            return Meters.element(one.at.epochSeconds, litres)
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `amid other meters too a reading changes belief within seven days of it alone`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let elements = dirty(&random)
        let at = Meters.start + Int64.random(in: 0...(30 * Self.day), using: &random)
        let like = elements.last { $0.at.epochSeconds < at }?.register.flooredLitres ?? 0
        let litres = Bool.random(using: &random) ? like : Int64.random(in: 0...1_000_000, using: &random)
        let strange = Meters.element(at, litres)
        func judged(_ elements: [ReadingElement]) -> JudgedMeter {
            judge(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        }
        func far(_ judged: JudgedMeter) -> [BelievedReading.Key] {
            judged.believed.filter { abs($0.at - strange.at) > 7 * Self.day }.map(\.key)
        }
        let (before, after) = (judged(elements), judged((elements + [strange]).sorted()))
        #expect(far(before) == far(after), "seed \(seed)")
        let counted = after.believed.map(\.counted)
        #expect(counted == counted.sorted(), "seed \(seed)")
        #expect(judged((elements + elements + [strange]).shuffled(using: &random)) == after, "seed \(seed)")
    }

    @Test func `a day of another meter amid the real homes' silences changes no day`() throws {
        guard let homes = try RealHomes.load(), let foreign = homes.meters.first?.readings.elements else { return }
        var silences = 0
        for (household, readings) in homes.meters {
            let pairs = zip(readings.elements, readings.elements.dropFirst())
            guard
                let (before, after) = pairs.filter({ (30 * Self.hour...9 * Self.day).contains($1.at - $0.at) })
                    .max(by: { $0.1.at - $0.0.at < $1.1.at - $1.0.at })
            else { continue }
            silences += 1
            let middle = before.at + (after.at - before.at) / 2 - Self.day / 2
            let train = foreign.prefix(24).enumerated().map { number, one in
                ReadingElement(
                    at: middle + Int64(number) * Self.hour,
                    register: Volume(litres: 5_900) + (one.register - foreign[0].register), gateway: GatewayID(9))
            }
            let month = homes.calendar.month(of: before.at)
            let both = homes.window(
                of: MeterReadings(
                    installation: readings.installation, elements: (readings.elements + train).sorted()), month: month)
            let (was, now) = (homes.month(month, of: readings), homes.month(month, of: both))
            #expect(was.days == now.days, "\(household.prefix(8)) \(homes.calendar.format(before.at))")
            let kinds = examine(both, rules: .standard).anomalies.map(\.kind)
            // Amid a silence registers one bit from the own ones may as well be those.
            #expect(
                kinds.contains(.interleaved) || kinds.count { $0 == .bitFlip } == train.count,
                "\(household.prefix(8)) \(homes.calendar.format(before.at)) \(kinds)")
        }
        #expect(silences >= 8)
    }
}
