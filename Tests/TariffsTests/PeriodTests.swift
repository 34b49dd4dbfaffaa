import Tariffs
import Testing
import Water

/// Household sizes and tariff versions that change inside a period, and charges that do not hang on the volume.
struct PeriodTests {
    private func file(
        version: String = "1", from: String = "2020-01-01", to: String? = nil, basis: String = "month",
        extraKeys: String = "", price: String = "1", tiers: (Int, Int) = (30, 60)
    ) -> String {
        """
        kind: tariff
        format: 1
        id: made
        version: "\(version)"
        name_zh: 例
        name_en: made
        valid_from: \(from)
        \(to.map { "valid_to: \($0)" } ?? "# open")
        certain_from: \(from)
        basis: \(basis)
        \(extraKeys)
        household: {base_persons: 4, extra_applies: per_person, certain_to_persons: 6}
        tiers:
          - {up_to_m3: "\(tiers.0)", extra_m3: "6"}
          - {up_to_m3: "\(tiers.1)", extra_m3: "12"}
        lines:
          - {name: base, prices_yuan_per_m3: ["\(price)", "2", "3"]}
          - {name: garbage, price_yuan_per_month: "10.01"}
        source: made
        certainty: made
        examples:
          - {month: 2029-01, persons: 1, litres: 0, lines_fen: [0, 0, 0, 1001], total_fen: 1001, assumptions: []}
          - {month: 2029-01, persons: 2, litres: 0, lines_fen: [0, 0, 0, 1001], total_fen: 1001, assumptions: []}
          - {month: 2029-01, persons: 3, litres: 0, lines_fen: [0, 0, 0, 1001], total_fen: 1001, assumptions: []}
        """
    }

    private func closed(_ text: String) -> String {
        // A closed version cannot prove a month after its end.
        text.replacing("2029-01", with: "2020-01")
    }

    private func sizes(_ entries: [(String, Int?)]) throws -> [HouseholdSize] {
        try entries.map { HouseholdSize(from: try #require(LocalDay($0.0)), persons: $0.1) }
    }

    static let changes: [([(String, Int?)], String, [Int64], [BillAssumption])] = [
        ([("2020-01-01", 4)], "2021-06", [30_000, 60_000], []),
        // From the 16th of 30 days: 6 × 15/30 and 12 × 15/30.
        ([("2020-01-01", 4), ("2021-06-16", 5)], "2021-06", [33_000, 66_000], []),
        // One day of 31: 6 / 31 = 0.193548, 12 / 31 = 0.387097.
        ([("2020-01-01", 4), ("2021-07-31", 5)], "2021-07", [30_194, 60_387], []),
        // What begins after the month is not known to its bill.
        ([("2020-01-01", 4), ("2021-07-01", 9)], "2021-06", [30_000, 60_000], []),
        // Two changes: 10 days each at 4, 5 and 7.
        (
            [("2020-01-01", 4), ("2021-06-21", 7), ("2021-06-11", 5)], "2021-06", [38_000, 76_000], [.personsBeyondRule]
        ),
        ([("2021-06-11", 5)], "2021-06", [34_000, 68_000], [.personsUnknown]),
        ([("2020-01-01", 5), ("2021-06-11", nil)], "2021-06", [32_000, 64_000], [.personsUnknown]),
        ([], "2021-06", [30_000, 60_000], [.personsUnknown]),
    ]

    @Test(arguments: changes)
    func `a size counts for the days it holds`(
        entries: [(String, Int?)], month: String, bounds: [Int64], assumptions: [BillAssumption]
    ) throws {
        let tariff = try loadTariffs([("made", file())]).tariffs[0]
        let month = try #require(BillingMonth(month))
        let bill = try bill(tariff, month: month, sizes: sizes(entries), litres: 1).get()
        #expect(bill.boundsLitres == bounds)
        #expect(bill.assumptions == assumptions)
    }

    @Test func `in a year the days to come count at the last known size`() throws {
        let tariff = try loadTariffs([("made", file(basis: "year"))]).tariffs[0]
        let changed = try sizes([("2020-01-01", 4), ("2021-07-01", 5)])
        let june = try #require(BillingMonth("2021-06"))
        let july = try #require(BillingMonth("2021-07"))
        #expect(try bill(tariff, month: june, sizes: changed, litres: 1).get().boundsLitres == [30_000, 60_000])
        // 6 × 184/365 = 3.024658, 12 × 184/365 = 6.049315.
        #expect(try bill(tariff, month: july, sizes: changed, litres: 1).get().boundsLitres == [33_025, 66_049])
    }

    @Test func `two months fill one set of tiers`() throws {
        let tariff = try loadTariffs([("made", file(basis: "two_months"))]).tariffs[0]
        let month = try #require(BillingMonth("2021-04"))
        let bill = try bill(tariff, month: month, persons: 4, litres: 50_000, periodToDateLitres: 25_000).get()
        #expect(bill.lines.map(\.litres) == [5_000, 30_000, 15_000, 0])
    }

    private func shelf(basis: String) throws -> TariffShelf {
        try loadTariffs([
            ("one", closed(file(to: "2021-06-10", basis: basis))),
            ("two", file(version: "2", from: "2021-06-11", basis: basis, price: "1.5", tiers: (15, 45))),
        ])
    }

    @Test func `a version that starts inside a month prices its days' share of volume, bounds and fixed charge`() throws
    {
        let month = try #require(BillingMonth("2021-06"))
        let tariff = try #require(try shelf(basis: "month").tariff("made", in: month))
        #expect(tariff.version == "1+2")
        let bill = try bill(tariff, month: month, persons: 4, litres: 40_001).get()
        // 40.001 × 10/30 = 13.333667 → 13.334; 20 days of 15 and 45 m³ are 10 and 30 m³; 10 days of 30, 60: 10, 20.
        #expect(
            bill.lines.map(\.name) == [
                "base", "base", "base", "garbage", "base-until-2021-06-10", "base-until-2021-06-10",
                "base-until-2021-06-10", "garbage-until-2021-06-10",
            ])
        #expect(bill.lines.map(\.litres) == [10_000, 16_667, 0, 0, 10_000, 3_334, 0, 0])
        // 16.667 × 2 = 33.334; 10.01 × 20/30 = 6.6733; 3.334 × 2 = 6.668; 10.01 × 10/30 = 3.3367.
        #expect(bill.lines.map(\.amount.fen) == [1_500, 3_333, 0, 667, 1_000, 667, 0, 334])
        #expect(bill.total.fen == 7_501)
        #expect(bill.boundsLitres == [10_000, 30_000])
        #expect(bill.litresToNextTier == 3_333)
    }

    @Test func `a year goes on filling its tiers when the version changes`() throws {
        let month = try #require(BillingMonth("2021-06"))
        let tariff = try #require(try shelf(basis: "year").tariff("made", in: month))
        let bill = try bill(tariff, month: month, persons: 4, litres: 30_000, periodToDateLitres: 25_000).get()
        // The first ten days take 25 to 35 m³ under bounds of 30 and 60, the rest 35 to 55 m³ under 15 and 45.
        #expect(bill.lines.map(\.litres) == [0, 10_000, 10_000, 0, 5_000, 5_000, 0, 0])
        #expect(bill.tier == 3)
    }

    static let beginnings: [(String, String, String, Bool)] = [
        ("11", "month", "year", true), ("11", "year", "month", true), ("11", "two_months", "year", true),
        ("01", "month", "year", false), ("01", "year", "month", false), ("11", "year", "year", false),
    ]

    @Test(arguments: beginnings)
    func `another basis begins with a month`(day: String, before: String, after: String, isRefused: Bool) throws {
        let last = day == "01" ? "2021-05-31" : "2021-06-10"
        for key in ["", "first_period: by_days"] {
            let files = [
                ("one", closed(file(to: last, basis: before))),
                ("two", file(version: "2", from: "2021-06-\(day)", basis: after, extraKeys: key, price: "1.5")),
            ]
            // Tiers that are for the days from its first on are other ones too.
            guard isRefused || day != "01" && !key.isEmpty else {
                #expect(try loadTariffs(files).tariffs.count == 2)
                continue
            }
            let refusal = #expect(throws: FileRefusal.self) { try loadTariffs(files) }
            #expect(refusal?.reason == .beginsWithinMonth(after: "one") && refusal?.file == "two" && refusal?.line == 7)
        }
    }

    @Test func `months on either side of a change have one version`() throws {
        let shelf = try shelf(basis: "month")
        #expect(shelf.tariff("made", in: try #require(BillingMonth("2021-05")))?.version == "1")
        #expect(shelf.tariff("made", in: try #require(BillingMonth("2021-07")))?.version == "2")
        #expect(shelf.tariff("made", in: try #require(BillingMonth("2019-12"))) == nil)
        let one = try #require(shelf.tariffs.first)
        let june = try #require(BillingMonth("2021-06"))
        #expect(bill(one, month: june, persons: 4, litres: 1) == .failure(.outsideValidity))
    }

    @Test func `every share of a month adds up to the month`() throws {
        let month = try #require(BillingMonth("2021-06"))
        let tariff = try #require(try shelf(basis: "month").tariff("made", in: month))
        for litres in Int64(0)...200 {
            let bill = try bill(tariff, month: month, persons: 4, litres: litres).get()
            #expect(bill.lines.reduce(0) { $0 + $1.litres } == litres)
            #expect(bill.total.fen == bill.lines.reduce(0) { $0 + $1.amount.fen })
        }
    }

    static let openings: [(String, [Int64])] = [
        ("# whole", [30_000, 60_000]),
        // 1 May to 31 December are 245 of 365 days.
        ("first_period: by_days", [20_137, 40_274]),
    ]

    @Test(arguments: openings)
    func `a tariff that opens inside a year has whole bounds unless it says by days`(
        key: String, bounds: [Int64]
    ) throws {
        let tariff = try loadTariffs([("made", file(from: "2021-05-01", basis: "year", extraKeys: key))]).tariffs[0]
        let month = try #require(BillingMonth("2021-08"))
        #expect(try bill(tariff, month: month, persons: 4, litres: 1).get().boundsLitres == bounds)
        let next = try #require(BillingMonth("2022-01"))
        #expect(try bill(tariff, month: next, persons: 4, litres: 1).get().boundsLitres == [30_000, 60_000])
    }

    @Test func `a fixed charge stands on the bill whatever the volume`() throws {
        let tariff = try loadTariffs([("made", file())]).tariffs[0]
        let month = try #require(BillingMonth("2021-06"))
        let line = try #require(try bill(tariff, month: month, persons: 4, litres: 0).get().lines.last)
        #expect(line.unit == .month)
        #expect(
            line.json.text
                == #"{"fen":1001,"litres":0,"name":"garbage","price_yuan_per_m3":"10.01","tier":null,"unit":"month"}"#)
    }

    @Test func `the explanation shows every product before and after rounding`() throws {
        let month = try #require(BillingMonth("2019-12"))
        let beijing = try #require(try loadTariffs(shippedFiles()).tariff("beijing", in: month))
        let changed = try sizes([("2019-01-01", 5), ("2019-07-01", 6)])
        let lines = try explain(beijing, month: month, sizes: changed, litres: 20_001, periodToDateLitres: 185_000)
            .get()
        #expect(
            lines == [
                "tariff beijing 2014-05, by calendar year, month 2019-12",
                "  2019-01-01 to 2019-06-30: 5 persons, 181 days",
                "  2019-07-01 to 2019-12-31: 6 persons, 184 days",
                "  tier 1 ends at 180.000 x 181/365 + (180.000 + 1 x 30.000) x 184/365 = 195.123 m3",
                "  tier 2 ends at 260.000 x 181/365 + (260.000 + 1 x 30.000) x 184/365 = 275.123 m3",
                "  used before in the period: 185.000 m3",
                "  tier 1 takes 10.123 m3, from 185.000 to 195.123 m3",
                "  tier 2 takes 9.878 m3, from 195.123 to 205.001 m3",
                "lines, each rounded half up to the fen",
                "  base tier 1: 10.123 m3 x 2.07 yuan/m3 = 20.95461 -> 20.95 yuan",
                "  base tier 2: 9.878 m3 x 4.07 yuan/m3 = 40.20346 -> 40.20 yuan",
                "  base tier 3: 0.000 m3 x 6.07 yuan/m3 = 0.00000 -> 0.00 yuan",
                "  resource: 20.001 m3 x 1.57 yuan/m3 = 31.40157 -> 31.40 yuan",
                "  sewage: 20.001 m3 x 1.36 yuan/m3 = 27.20136 -> 27.20 yuan",
                "total 20.95 + 40.20 + 0.00 + 31.40 + 27.20 = 119.75 yuan",
                "source: \(beijing.source)", "certainty: \(beijing.certainty)",
            ])
    }

    @Test func `an explanation takes neither two sizes of one day nor litres that a monthly tariff has no use for`()
        throws
    {
        let month = try #require(BillingMonth("2026-10"))
        let monthly = try taiyuan()
        let twice = [2, 3].map { HouseholdSize(from: LocalDay(number: 0), persons: $0) }
        #expect(explain(monthly, month: month, sizes: twice, litres: 1) == .failure(.sizesOfOneDay))
        #expect(
            explain(monthly, month: month, sizes: [], litres: 1, periodToDateLitres: 1) == .failure(.noPeriodBefore))
        #expect(explain(monthly, month: month, sizes: [], litres: -1) == .failure(.bill(.litresOutOfRange)))
        let beijing = try #require(try loadTariffs(shippedFiles()).tariff("beijing", in: month))
        #expect(throws: Never.self) {
            try explain(beijing, month: month, sizes: [], litres: 1, periodToDateLitres: 1).get()
        }
    }

    @Test func `the explanation of a split month tells each version's days`() throws {
        let month = try #require(BillingMonth("2021-06"))
        let tariff = try #require(try shelf(basis: "month").tariff("made", in: month))
        let everywhere = [HouseholdSize(from: LocalDay(number: 0), persons: 4)]
        let lines = try explain(tariff, month: month, sizes: everywhere, litres: 40_001).get()
        #expect(lines.contains("2021-06-01 to 2021-06-10, version 1: 10 of 30 days, 13.334 m3 of the month"))
        #expect(lines.contains("2021-06-11 to 2021-06-30, version 2: 20 of 30 days, 26.667 m3 of the month"))
        #expect(lines.contains("  tier 1 ends at 15.000 x 20/30 = 10.000 m3"))
        #expect(lines.contains("  garbage: 10.01 yuan a month x 20/30 days -> 6.67 yuan"))
        #expect(lines.contains("  garbage-until-2021-06-10: 10.01 yuan a month x 10/30 days -> 3.34 yuan"))
    }
}
