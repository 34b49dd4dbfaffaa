import Testing
import Water

@Suite struct TimeTests {
    @Test func `a day of Shanghai starts at 16 h UTC`() throws {
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let day = try #require(LocalDay("2026-10-01"))
        #expect(calendar.start(of: day).utc == "2026-09-30T16:00:00Z")
        #expect(calendar.day(of: calendar.start(of: day)) == day)
        #expect(calendar.day(of: calendar.start(of: day) - 1) == day.advanced(by: -1))
        #expect(calendar.format(calendar.start(of: day)) == "2026-10-01T00:00:00+08:00")
    }

    @Test func `Madrid's clock-change days have 23 and 25 hours`() throws {
        let calendar = try #require(CityCalendar(zone: "Europe/Madrid"))
        let spring = calendar.interval(of: try #require(LocalDay("2016-03-27")))
        let autumn = calendar.interval(of: try #require(LocalDay("2016-10-30")))
        #expect(spring.end - spring.start == 23 * 3_600)
        #expect(autumn.end - autumn.start == 25 * 3_600)
    }

    @Test func `every day from 1970 to 2100 is found again by its date`() {
        for number in Int32(0)...47_846 {
            let (year, month, day) = LocalDay(number: number).date
            #expect(LocalDay(year: year, month: month, day: day)?.number == number)
        }
    }

    @Test(arguments: ["2026-13", "2026-00", "26-10", "2026-1", "2026-10-01", "", "2026/10", "１２３４-10"])
    func `a month that is not YYYY-MM is refused`(text: String) {
        #expect(BillingMonth(text) == nil)
    }

    @Test(arguments: ["2026-02-29", "2026-04-31", "2026-4-1", "2026-10-00"])
    func `a date that does not exist is refused`(text: String) {
        #expect(LocalDay(text) == nil)
    }

    @Test func `months count on over the year's end`() throws {
        let december = try #require(BillingMonth("2026-12"))
        #expect(december.next.description == "2027-01")
        #expect(december.lastDay.description == "2026-12-31")
        #expect(december.advanced(by: -12).description == "2025-12")
    }
}
