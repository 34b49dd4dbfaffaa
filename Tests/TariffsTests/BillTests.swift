import Tariffs
import Testing
import Water

struct BillTests {
    @Test func `every line of the 546 independent bills is met to the fen`() throws {
        guard let text = try sharedData("households/taiyuan-bills-oracle.csv") else { return }
        let tariff = try taiyuan()
        let rows = text.split(whereSeparator: \.isNewline).map { $0.split(separator: ",").map(String.init) }
        let header = try #require(rows.first)
        var checked = 0
        for row in rows.dropFirst() {
            let columns = Dictionary(uniqueKeysWithValues: zip(header, row))
            func column(_ name: String) throws -> String { try #require(columns[name]) }
            let usage = try #require(ExactDecimal(column("usage_m3"), maximumDecimals: 3)?.scaled(toDecimals: 3))
            let month = try #require(BillingMonth(column("usage_date")))
            let persons = try #require(Int(column("hhsize")))
            let bill = try bill(tariff, month: month, persons: persons, litres: usage).get()
            let expected = try ["XR1", "XR2", "XR3", "sewage_fee"].map { try fen(column($0)) }
            #expect(bill.lines.map(\.amount.fen) == expected, "\(row)")
            let volumes = try ["X1", "X2", "X3", "usage_m3"].map { try rounded(column($0), places: 3) }
            #expect(bill.lines.map(\.litres) == volumes, "\(row)")
            #expect(bill.total.fen == expected.reduce(0, +))
            checked += 1
        }
        #expect(checked == 546)
    }

    /// The oracle's yuan carry the noise of floating point in the 13th place or later: six places are exact.
    private func fen(_ text: String) throws -> Int64 {
        divideHalfUp(try rounded(text, places: 6), by: 10_000)
    }

    /// Digits, a point, and an exponent of ten such as `5e-04`, to so many places.
    private func rounded(_ text: String, places: Int) throws -> Int64 {
        let halves = text.split(separator: "e")
        let exponent = halves.count > 1 ? try #require(Int(halves[1])) : 0
        let parts = halves[0].split(separator: ".")
        let zeros = String(repeating: "0", count: max(0, -exponent))
        let digits = zeros + parts[0] + (parts.count > 1 ? parts[1] : "") + "0000000000"
        let whole = zeros.count + parts[0].count + exponent
        let billionths = try #require(Int64(digits.prefix(whole + 9)))
        return divideHalfUp(billionths, by: places == 3 ? 1_000_000 : 1_000)
    }

    /// litres, persons, fen of base 1–3 and sewage, tier, litres left in it.
    static let edges: [(Int64, Int?, [Int64], Int, Int64?)] = [
        (0, 3, [0, 0, 0, 0], 1, 9_000),
        (1, 3, [0, 0, 0, 0], 1, 8_999),
        (5, 3, [1, 0, 0, 0], 1, 8_995),
        (10, 3, [2, 0, 0, 1], 1, 8_990),
        (9_000, 3, [2_070, 0, 0, 450], 1, 0),
        (9_001, 3, [2_070, 0, 0, 450], 2, 4_499),
        (9_002, 3, [2_070, 1, 0, 450], 2, 4_498),
        (13_500, 1, [2_070, 2_070, 0, 675], 2, 0),
        (13_501, 2, [2_070, 2_070, 1, 675], 3, nil),
        (12_000, 4, [2_760, 0, 0, 600], 1, 0),
        (12_345, nil, [2_070, 1_539, 0, 617], 2, 1_155),
        (1_000_000_000_000, 3, [2_070, 2_070, 689_999_990_685, 50_000_000_000], 3, nil),
    ]

    @Test(arguments: edges)
    func `a bound belongs to the tier it ends`(
        litres: Int64, persons: Int?, fen: [Int64], tier: Int, left: Int64?
    ) throws {
        let month = try #require(BillingMonth("2026-10"))
        let bill = try bill(taiyuan(), month: month, persons: persons, litres: litres).get()
        #expect(bill.lines.map(\.amount.fen) == fen)
        #expect(bill.tier == tier)
        #expect(bill.litresToNextTier == left)
        #expect(bill.lines.reduce(0) { $0 + ($1.name == "base" ? $1.litres : 0) } == litres)
        #expect(bill.total.fen == fen.reduce(0, +))
    }

    static let assumed: [(String, Int?, [BillAssumption])] = [
        ("2018-08", 3, []),
        ("2018-08", 1, []),
        ("2018-07", 3, [.monthBeforeCertain]),
        ("2016-01", 5, [.monthBeforeCertain, .personsBeyondRule]),
        ("2025-05", 3, []),
        ("2025-06", 3, [.monthAfterCertain]),
        ("2026-10", nil, [.personsUnknown, .monthAfterCertain]),
        ("2026-10", 4, [.personsBeyondRule, .monthAfterCertain]),
    ]

    @Test(arguments: assumed)
    func `what nobody has confirmed is said on the bill`(
        month: String, persons: Int?, expected: [BillAssumption]
    ) throws {
        let month = try #require(BillingMonth(month))
        #expect(try bill(taiyuan(), month: month, persons: persons, litres: 1).get().assumptions == expected)
    }

    static let refused: [(String, Int?, Int64, Int64, BillRefusal)] = [
        ("2015-12", 3, 1, 0, .outsideValidity),
        ("2015-12", 0, -1, 0, .outsideValidity),
        ("2016-01", 3, -1, 0, .litresOutOfRange),
        ("2016-01", 3, .max, 0, .litresOutOfRange),
        ("2016-01", 3, .min, 0, .litresOutOfRange),
        ("2016-01", 3, 1, -1, .litresOutOfRange),
        ("2016-01", 3, 1, .max, .litresOutOfRange),
        ("2016-01", 0, 1, 0, .personsOutOfRange),
        ("2016-01", -1, 1, 0, .personsOutOfRange),
        ("2016-01", 101, 1, 0, .personsOutOfRange),
        ("2016-01", .max, 1, 0, .personsOutOfRange),
    ]

    @Test(arguments: refused)
    func `what cannot be billed is refused in order`(
        month: String, persons: Int?, litres: Int64, earlier: Int64, refusal: BillRefusal
    ) throws {
        let month = try #require(BillingMonth(month))
        let outcome = bill(
            try taiyuan(), month: month, persons: persons, litres: litres, periodToDateLitres: earlier)
        #expect(outcome == .failure(refusal))
    }

    @Test func `the printed bill has lines, tiers and fen`() throws {
        let month = try #require(BillingMonth("2016-06"))
        let bill = try bill(taiyuan(), month: month, persons: 3, litres: 12_345).get()
        let base =
            #"{"fen":2070,"litres":9000,"name":"base","price_yuan_per_m3":"2.30","tier":1},"#
            + #"{"fen":1539,"litres":3345,"name":"base","price_yuan_per_m3":"4.60","tier":2},"#
            + #"{"fen":0,"litres":0,"name":"base","price_yuan_per_m3":"6.90","tier":3},"#
        #expect(
            bill.json.text
                == #"{"assumptions":["month_before_certain"],"bounds_litres":[9000,13500],"lines":["# + base
                + #"{"fen":617,"litres":12345,"name":"sewage","price_yuan_per_m3":"0.50","tier":null}],"#
                + #""litres_to_next_tier":1155,"persons":3,"tier":2,"total_fen":4226}"#)
    }

    @Test func `a monthly tariff forgets the year to date`() throws {
        let month = try #require(BillingMonth("2026-10"))
        let tariff = try taiyuan()
        let alone = bill(tariff, month: month, persons: 3, litres: 5_000)
        #expect(bill(tariff, month: month, persons: 3, litres: 5_000, periodToDateLitres: 90_000) == alone)
    }
}
