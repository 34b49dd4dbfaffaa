import Metering
import Testing
import Water

@Suite struct ContinuousFlowTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// Litres in each hour from the month's fifth day on; nil is an hour without a reading at its end.
        let hours: [Int64?]
        /// (first hour, hours, lowest litres an hour of the last 24).
        let found: [[Int64]]
        var resolution: Int64 = 1_000
    }

    static let cases: [Case] = [
        Case(testDescription: "24 h at 5 L", hours: .init(repeating: 5, count: 24), found: [[0, 24, 5]]),
        Case(testDescription: "23 h at 5 L", hours: .init(repeating: 5, count: 23), found: []),
        Case(testDescription: "30 h at 4 L", hours: .init(repeating: 4, count: 30), found: []),
        Case(
            testDescription: "the lowest of the last 24 h",
            hours: .init(repeating: 5, count: 10) + .init(repeating: 9, count: 24),
            found: [[0, 34, 9]]),
        Case(
            testDescription: "a dry hour between",
            hours: .init(repeating: 8, count: 20) + [0] + .init(repeating: 8, count: 20), found: []),
        Case(
            testDescription: "two hours unread are still read by the hour",
            hours: .init(repeating: 8, count: 10) + [nil, nil, 8] + .init(repeating: 8, count: 11), found: [[0, 24, 8]]),
        Case(
            testDescription: "four hours unread are no flowing hours",
            hours: .init(repeating: 8, count: 12) + [nil, nil, nil, nil, 8] + .init(repeating: 8, count: 12), found: []),
        Case(
            testDescription: "a 10 L register shows 10 L/h",
            hours: .init(repeating: 10, count: 26), found: [[0, 26, 10]], resolution: 10_000),
    ]

    @Test(arguments: cases) func `only 24 known hours at the rate are continuous flow`(_ one: Case) throws {
        let first = Meters.start + 4 * 86_400
        var register: Int64 = 1_000
        var elements = [0, 24, 48, 72, 95, 96].map { Meters.element(Meters.start + $0 * 3_600, register) }
        for (index, litres) in one.hours.enumerated() {
            register += litres ?? 8
            if litres != nil { elements.append(Meters.element(first + Int64(index + 1) * 3_600, register)) }
        }
        for hour in 1...100 {
            elements.append(Meters.element(first + Int64(one.hours.count + hour) * 3_600, register))
        }
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let readings = MeterReadings(
            installation: Meters.installation(resolution: one.resolution), elements: elements)
        let home = measure(Meters.home([readings]), month: month, calendar: calendar, rules: .standard)
        #expect(
            home.continuousFlows.map { [($0.from.epochSeconds - first) / 3_600, $0.hours, $0.litresPerHour] }
                == one.found)
    }

    @Test func `a stretch over the month's end is told in both months`() throws {
        let elements = (-60...60).map {
            Meters.element(Meters.start + Int64($0) * 3_600, 5_000 + max(-30, min(30, Int64($0))) * 6)
        }
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let readings = MeterReadings(installation: Meters.installation(), elements: elements)
        let spans = try ["2026-09", "2026-10"].map { name in
            let month = try #require(BillingMonth(name))
            return measure(Meters.home([readings]), month: month, calendar: calendar, rules: .standard)
                .continuousFlows.map { [($0.from.epochSeconds - Meters.start) / 3_600, $0.hours] }
        }
        #expect(spans == [[[-30, 30]], [[-30, 60]]])
    }

    /// 6 L in each of 40 hours, the meter exchanged within the twenty-first of them.
    private func exchanged(finalRegister: Int64?, share: Int64? = nil) throws -> [ContinuousFlow] {
        let swap = Meters.start + 20 * 3_600 + 1_800
        let old = (-30...20).map { Meters.element(Meters.start + Int64($0) * 3_600, 5_000 + max(0, Int64($0)) * 6) }
        let new = (21...70).map { Meters.element(Meters.start + Int64($0) * 3_600, 3 + min(Int64($0) - 21, 19) * 6) }
        let meters = [
            MeterReadings(
                installation: Meters.installation(to: swap, finalRegister: finalRegister), elements: old),
            MeterReadings(
                installation: Meters.installation(meter: 2, serial: "B", from: swap, startRegister: 0), elements: new),
        ]
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        return measure(Meters.home(meters, share: share), month: month, calendar: calendar, rules: .standard)
            .continuousFlows
    }

    @Test func `a stretch goes on over an exchange whose registers are known, in the same clock hour too`() throws {
        let flow = try #require(try exchanged(finalRegister: 5_123).first)
        #expect(flow.from.epochSeconds == Meters.start && flow.hours == 40 && flow.leastLitresPerHour == 6)
        #expect(try exchanged(finalRegister: nil).isEmpty)
    }

    @Test func `a flow of a shared meter is the meter's, with the home's share beside it`() throws {
        let flow = try #require(try exchanged(finalRegister: 5_123, share: 400_000).first)
        #expect(flow.litresPerHour == 6 && flow.shareMillionths == 400_000)
    }

    @Test func `flows of one time come in the order of their usage points, and a share of all is none`() throws {
        let points = (1...6).map { UsagePointID(Int64($0)) }
        let meters = points.map { point in
            MeterReadings(
                installation: Meters.installation(meter: point.value, point: point.value, serial: "M\(point.value)"),
                elements: (-2...50).map { Meters.element(Meters.start + Int64($0) * 3_600, 1_000 + Int64($0) * 6) })
        }
        var home = Meters.home(meters, share: 100_000)
        for (index, point) in points.enumerated() {
            home.points[point] = index == 5 ? 1_000_000 : Int64(600_000 - index * 100_000)
        }
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let flows = measure(home, month: month, calendar: calendar, rules: .standard).continuousFlows
        #expect(flows.map(\.shareMillionths) == [600_000, 500_000, 400_000, 300_000, 200_000, nil])
    }
}
