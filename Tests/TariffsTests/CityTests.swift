import Tariffs
import Testing
import Water

/// Cities beyond Taiyuan, billed from their files; the amounts here were worked out by hand from the sources' prices.
struct CityTests {
    private func bill(
        _ id: String, _ month: String, _ persons: Int?, _ litres: Int64, before: Int64 = 0
    ) throws -> Bill {
        let month = try #require(BillingMonth(month))
        let tariff = try #require(try loadTariffs(shippedFiles()).tariff(id, in: month))
        return try Tariffs.bill(tariff, month: month, persons: persons, litres: litres, periodToDateLitres: before)
            .get()
    }

    /// City, persons, litres before and billed, fen of the lines in the file's order.
    static let bills: [(String, String, Int, Int64, Int64, [Int64])] = [
        // 10 m³ in each of tiers 1 and 3 and 80 m³ in tier 2; tax and sewage on the whole.
        ("beijing", "2019-12", 5, 170_000, 100_000, [2_070, 32_560, 6_070, 15_700, 13_600]),
        ("beijing", "2019-12", 8, 260_000, 20_000, [2_070, 4_070, 0, 3_140, 2_720]),
        ("shanghai", "2015-12", 5, 310_000, 20_000, [3_450, 4_830, 0]),
        ("shenzhen", "2022-03", 1, 0, 35_000, [5_874, 3_208, 4_005, 1_980, 800, 550, 2_065]),
        ("shenzhen-collective", "2022-03", 4, 0, 30_000, [5_340, 3_208, 1_602]),
        ("shenzhen-combined", "2022-03", 4, 0, 10_000, [3_160, 900, 590]),
        ("taiyuan-untiered", "2020-03", 3, 0, 10_000, [2_400, 500]),
        ("guangzhou", "2020-03", 1, 0, 40_000, [7_618, 3_520, 4_722]),
        ("hangzhou", "2020-12", 1, 206_000, 100_000, [2_400, 30_240, 4_320, 11_000]),
        ("wuxi", "2007-05", 6, 0, 44_000, [9_509, 1_950, 1_020]),
    ]

    @Test(arguments: bills)
    func `a city's bill is what its sources' prices give`(
        id: String, month: String, persons: Int, before: Int64, litres: Int64, fen: [Int64]
    ) throws {
        let bill = try bill(id, month, persons, litres, before: before)
        #expect(bill.lines.map(\.amount.fen) == fen)
        #expect(bill.total.fen == fen.reduce(0, +))
    }

    static let weak: [(String, String, Int?, [BillAssumption])] = [
        ("guangzhou", "2026-10", 1, [.monthBeforeCertain, .figuresUncertain]),
        ("hangzhou", "2020-05", nil, [.monthBeforeCertain, .personsUnknown, .figuresUncertain]),
        ("beijing", "2020-05", 9, []),
        ("beijing", "2020-06", 9, [.monthAfterCertain]),
        ("shenzhen", "2022-12", 1, []),
        ("shenzhen", "2023-01", 3, [.personsBeyondRule, .monthAfterCertain]),
        ("taiyuan-untiered", "2025-05", 3, []),
        ("taiyuan-untiered", "2025-06", 3, [.monthAfterCertain]),
    ]

    @Test(arguments: weak)
    func `a weak or old figure is marked on every bill that rests on it`(
        id: String, month: String, persons: Int?, expected: [BillAssumption]
    ) throws {
        #expect(try bill(id, month, persons, 1_000).assumptions == expected)
    }

    @Test func `the digest of a file without later keys stays as it was`() throws {
        let text = try shippedText("taiyuan.yaml")
        let later = text.replacing("certain_to: 2025-05-31\ncertainty_level: medium\n", with: "")
            .replacing(", month_after_certain", with: "").replacing("month_after_certain", with: "")
        let tariff = try #require(try loadTariffs([("taiyuan.yaml", later)]).tariffs.first)
        #expect(tariff.digest == "bdfc10e29cf299ffbe7846acea50812bd3621c2d79da336a11485b04e3693782")
    }
}
