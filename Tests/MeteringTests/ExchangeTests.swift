import Metering
import Testing
import Water

/// A meter exchanged in the field on 10 September at nine, found out in December.
@Suite struct ExchangeTests {
    static let day: Int64 = 86_400
    static let first: Int64 = Meters.start - 61 * day  // 1 August
    static let swap: Int64 = Meters.start - 21 * day + 9 * 3_600

    /// A register every hour over [from, to), 10 L each, so that a day is 240 L.
    private func hourly(from: Int64, to: Int64, start: Int64) -> [ReadingElement] {
        stride(from: from, to: to, by: 3_600).enumerated().map {
            Meters.element($0.element, start + Int64($0.offset) * 10)
        }
    }

    private var months: [BillingMonth] { ["2026-08", "2026-09", "2026-10"].compactMap { BillingMonth($0) } }

    private func figures(_ meters: [MeterReadings]) throws -> [HomeMonth] {
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        return months.map { measure(Meters.home(meters), month: $0, calendar: calendar, rules: .standard) }
    }

    private var old: [ReadingElement] { hourly(from: Self.first - Self.day, to: Self.swap, start: 20_007) }
    private var new: [ReadingElement] { hourly(from: Self.swap, to: Meters.start + 32 * Self.day, start: 4) }
    /// 10 L an hour on from the last one.
    private var finalRegister: Int64 { 20_007 + (Self.swap - Self.first + Self.day) / 3_600 * 10 }

    @Test func `one address for both registers is no consumption before and exact after the exchange is noted`() throws
    {
        let unaware = [MeterReadings(installation: Meters.installation(), elements: old + new)]
        let before = try figures(unaware)
        #expect(before.map(\.litres) == [7_440, 7_190, 7_440])
        #expect(before[1].findings.map(\.kind) == [.reset])
        let suspicion = examine(unaware[0], rules: .standard).anomalies
        #expect(suspicion.map(\.kind) == [.reset])
        #expect(suspicion.map(\.from.epochSeconds) == [Self.swap - 3_600])

        let aware = [
            MeterReadings(
                installation: Meters.installation(to: Self.swap, finalRegister: finalRegister), elements: old + new),
            MeterReadings(
                installation: Meters.installation(meter: 2, serial: "B", from: Self.swap, startRegister: 4),
                elements: new),
        ]
        let after = try figures(aware)
        #expect(after.map(\.litres) == [7_440, 7_200, 7_440])
        #expect(after.map(\.missingSeconds) == [0, 0, 0])
        #expect(after[1].findings.map(\.kind) == [.conflict, .conflict, .exchange])
        let span = try #require(dirtiedSpan(before: unaware, after: aware, rules: .standard))
        #expect(span.from.epochSeconds == Self.swap - 3_600)
        #expect(span.to.epochSeconds > Meters.start + 31 * Self.day)
    }

    @Test func `two addresses leave the months missing until the new meter is noted, then all are exact`() throws {
        let unaware = [MeterReadings(installation: Meters.installation(), elements: old)]
        let before = try figures(unaware)
        #expect(before.map(\.litres) == [7_440, 2_160, 0])
        #expect(before[2].days.allSatisfy { $0.state == .missing })

        let ended = MeterReadings(
            installation: Meters.installation(to: Self.swap, finalRegister: finalRegister), elements: old)
        let begun = MeterReadings(
            installation: Meters.installation(meter: 2, serial: "B", from: Self.swap, startRegister: 4), elements: new)
        let after = try figures([ended, begun])
        #expect(after.map(\.litres) == [7_440, 7_200, 7_440])
        #expect(after[1].findings.map(\.kind) == [.exchange])
        #expect(after == (try figures([begun, ended])))
        let span = try #require(dirtiedSpan(before: unaware, after: [ended, begun], rules: .standard))
        #expect(span.from.epochSeconds == Self.swap - 3_600)
        #expect(dirtiedSpan(before: [ended, begun], after: [begun, ended], rules: .standard) == nil)
    }

    @Test func `a final register put right later moves only the pair it ends`() throws {
        func meters(_ final: Int64) -> [MeterReadings] {
            [
                MeterReadings(
                    installation: Meters.installation(to: Self.swap + 1_800, finalRegister: final), elements: old),
                MeterReadings(
                    installation: Meters.installation(
                        meter: 2, serial: "B", from: Self.swap + 1_800, startRegister: 9),
                    elements: new),
            ]
        }
        let wrong = meters(finalRegister + 40)
        let right = meters(finalRegister - 5)
        #expect(try figures(wrong)[1].litres - figures(right)[1].litres == 45)
        let span = try #require(dirtiedSpan(before: wrong, after: right, rules: .standard))
        #expect(span.from.epochSeconds == Self.swap - 3_600)
        #expect(span.to.epochSeconds == Self.swap + 1_800)
    }
}
