import Metering
import Testing
import Water

/// What is certain without a reading an hour, and what is not for all the readings there are.
@Suite struct FairnessTests {
    private static let hour: Int64 = 3_600
    private static let day: Int64 = 86_400

    private func october(_ home: HomeInput) throws -> HomeMonth {
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        return measure(home, month: month, calendar: calendar, rules: .standard)
    }

    /// 7 L each hour from hour 4 to 24 but for two weeks away; `isQuiet` sends once a day where nothing flows.
    private func away(isQuiet: Bool) -> MeterReadings {
        var register: Int64 = 50_000
        var elements: [ReadingElement] = []
        for hour in -48...(33 * 24) {
            let flows = (hour % 24 + 24) % 24 >= 4 && !(100...436).contains(hour)
            if flows { register += 7 }
            if flows || !isQuiet || hour % 24 == 14 {
                elements.append(Meters.element(Meters.start + Int64(hour) * Self.hour, register))
            }
        }
        return MeterReadings(installation: Meters.installation(), elements: elements)
    }

    @Test func `who is away is absent, whether the meter sends each hour or only when water flows`() throws {
        let often = try october(Meters.home([away(isQuiet: false)]))
        let seldom = try october(Meters.home([away(isQuiet: true)]))
        #expect(seldom.days.count { $0.state == .estimated && $0.litres == 0 } > 10)
        #expect(often.zeroDays == 14)
        // The evening before the water runs again lies in a pair that has some.
        #expect(seldom.zeroDays == 13)
    }

    @Test func `a day that a split leaves without a litre is no day without use`() throws {
        // 2 L in a week of silence: most days come to nothing, none is known to.
        let elements = ([-1] + Array(7...32)).map { day in
            Meters.element(Meters.start + Int64(day) * Self.day, day < 0 ? 1_000 : 1_002)
        }
        let home = try october(Meters.home([MeterReadings(installation: Meters.installation(), elements: elements)]))
        #expect(home.days.prefix(7).contains { $0.litres == 0 })
        #expect(home.zeroDays == 24)
    }

    private func steady(_ meter: Int64, point: Int64) -> MeterReadings {
        let hours = (-24...(33 * 24)).map { Int64($0) }
        return MeterReadings(
            installation: Meters.installation(meter: meter, point: point),
            elements: hours.map { Meters.element(Meters.start + $0 * Self.hour, 1_000 + 10 * ($0 + 24)) })
    }

    @Test func `a usage point that no meter hangs at is missing beside one that is measured`() throws {
        var home = Meters.home([steady(1, point: 1)])
        home.points = [UsagePointID(1): nil, UsagePointID(2): nil]
        let month = try october(home)
        #expect(month.isPartial && !month.isBracketed && month.missingSeconds == month.monthSeconds)
        #expect(month.days.allSatisfy { $0.state == .missing })
    }

    @Test func `a share is of what flows at its own usage point`() throws {
        var home = Meters.home([steady(1, point: 1), steady(2, point: 2)], share: 250_000)
        home.points = [UsagePointID(1): 500_000, UsagePointID(2): nil]
        let month = try october(home)
        #expect(month.litres == 7_440 / 2 + 7_440 && month.shareMillionths == 250_000)
        home.points = [UsagePointID(1): 500_000, UsagePointID(2): 250_000]
        #expect(try october(home).litres == 7_440 / 2 + 7_440 / 4)
    }

    @Test func `the litres of each home on a shared meter can be redone from the meter's registers and its share`()
        throws
    {
        let month = try #require(BillingMonth("2026-10"))
        let span = MonthSpan(month, calendar: try #require(CityCalendar(zone: "Asia/Shanghai")))
        // 7 L an hour, and none on the first five days.
        let elements = (120...(33 * 24)).map {
            Meters.element(Meters.start + Int64($0) * Self.hour, 50_001 + Int64($0) * 7)
        }
        let readings = MeterReadings(installation: Meters.installation(), elements: elements)
        for share in [333_333, 600_000, 400_000] as [Int64] {
            let home = Meters.home([readings], share: share)
            let found = sharedRegisters(of: home, span: span, rules: .standard)
            let one = try #require(found.first)
            #expect(found.count == 1 && one.serial == "14010500012345" && one.shareMillionths == share)
            #expect(one.from.epochSeconds == Meters.start + 5 * Self.day && one.to == span.end)
            #expect(one.first == Volume(litres: 50_841) && one.last == Volume(litres: 55_209))
            #expect(one.firstLitres == one.first.millilitres * share / 1_000_000_000)
            #expect(one.lastLitres == one.last.millilitres * share / 1_000_000_000)
            #expect(try october(home).litres == one.lastLitres - one.firstLitres)
        }
        // Of a home's own meter there is nothing to divide, and of one that sent nothing nothing to show.
        #expect(sharedRegisters(of: Meters.home([readings]), span: span, rules: .standard).isEmpty)
        let silent = MeterReadings(installation: Meters.installation(), elements: [])
        #expect(sharedRegisters(of: Meters.home([silent], share: 500_000), span: span, rules: .standard).isEmpty)
    }

    @Test func `a fall after a long silence is no round of the register unless a home could have used it`() throws {
        func month(_ before: Int64, _ after: Int64) throws -> HomeMonth {
            let elements = [(-150, before - 1), (-149, before), (20, after), (21, after + 1), (33, after + 2)].map {
                Meters.element(Meters.start + Int64($0.0) * Self.day, Int64($0.1))
            }
            let installation = Meters.installation(nominalFlow: 2_500, modulusLitres: 10_000_000)
            return try october(Meters.home([MeterReadings(installation: installation, elements: elements)]))
        }
        let exchanged = try month(1_200_000, 3_000)
        #expect(exchanged.litres < 10 && !exchanged.findings.contains { $0.kind == .rollover })
        let backflow = try month(1_200_000, 1_199_995)
        #expect(backflow.litres < 10 && backflow.findings.contains { $0.kind == .reverseFlow })
        let round = try month(9_990_000, 40_000)
        #expect(round.litres > 1_000 && round.findings.contains { $0.kind == .rollover })
    }

    @Test func `what ran at least is the lowest hour of all, whatever the last day shows`() throws {
        var register: Int64 = 1_000
        let elements = (-24...(33 * 24)).map { hour -> ReadingElement in
            switch hour {
            case 1...144: register += 6
            case 145...168: register += 60
            default: break
            }
            return Meters.element(Meters.start + Int64(hour) * Self.hour, register)
        }
        let home = try october(Meters.home([MeterReadings(installation: Meters.installation(), elements: elements)]))
        let flow = try #require(home.continuousFlows.first)
        #expect(flow.hours == 168 && flow.litresPerHour == 60 && flow.leastLitresPerHour == 6)
    }
}
