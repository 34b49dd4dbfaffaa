import Tariffs
import Testing
import Water

/// The format's room beyond Taiyuan: a yearly basis, several tiered charges, other household rules.
struct YearlyTests {
    /// Figures of Beijing's shape (180 and 260 m³ a year, 30 m³ for each person above five) with a tiered sewage fee.
    private func tariff(rule: String = "per_person", basis: String = "year") throws -> Tariff {
        let text = """
            kind: tariff
            format: 1
            id: yearly
            version: "1"
            name_zh: 年阶梯
            name_en: yearly
            valid_from: 2014-05-01
            certain_from: 2014-05-01
            basis: \(basis)
            household: {base_persons: 5, extra_applies: \(rule), certain_to_persons: 100}
            tiers:
              - {up_to_m3: "180", extra_m3: "30"}
              - {up_to_m3: "260", extra_m3: "30"}
            lines:
              - {name: base, prices_yuan_per_m3: ["2.07", "4.07", "6.07"]}
              - {name: sewage, prices_yuan_per_m3: ["0.90", "1.00", "1.10"]}
              - {name: garbage, price_yuan_per_m3: "0.59"}
            source: shape only
            certainty: none
            examples:
              - {month: 2026-01, persons: 1, litres: 0, lines_fen: [0, 0, 0, 0, 0, 0, 0], total_fen: 0, assumptions: []}
              - {month: 2026-01, persons: 1, litres: 1, lines_fen: [0, 0, 0, 0, 0, 0, 0], total_fen: 0, assumptions: []}
              - month: 2026-12
                persons: 5
                litres: 10000
                period_to_date_litres: 175000
                lines_fen: [1035, 2035, 0, 450, 500, 0, 590]
                total_fen: 4610
                assumptions: []
            """
        return try loadTariffs([("yearly.yaml", text)]).tariffs[0]
    }

    @Test func `a bill that crosses two bounds is split at both`() throws {
        let month = try #require(BillingMonth("2026-12"))
        let bill = try bill(
            tariff(), month: month, persons: 5, litres: 100_000, periodToDateLitres: 170_000
        ).get()
        #expect(bill.lines.map(\.litres) == [10_000, 80_000, 10_000, 10_000, 80_000, 10_000, 100_000])
        #expect(bill.tier == 3)
    }

    @Test func `months of a year cost what the year costs at once`() throws {
        let tariff = try tariff()
        var sum: Int64 = 0
        var used: Int64 = 0
        for number in 1...12 {
            let month = try #require(BillingMonth(year: 2026, month: number))
            sum += try bill(tariff, month: month, persons: 5, litres: 25_000, periodToDateLitres: used).get().total.fen
            used += 25_000
        }
        let december = try #require(BillingMonth("2026-12"))
        #expect(try bill(tariff, month: december, persons: 5, litres: used).get().total.fen == sum)
    }

    static let rules: [(String, Int, [Int64])] = [
        ("per_person", 1, [180_000, 260_000]),
        ("per_person", 5, [180_000, 260_000]),
        ("per_person", 6, [210_000, 290_000]),
        ("per_person", 8, [270_000, 350_000]),
        ("once", 8, [210_000, 290_000]),
        ("never", 8, [180_000, 260_000]),
    ]

    @Test(arguments: rules)
    func `a household rule moves the bounds`(rule: String, persons: Int, bounds: [Int64]) throws {
        #expect(try tariff(rule: rule).boundsLitres(persons: persons) == bounds)
    }

    @Test(arguments: [
        ("month", "2026-04", "2026-04"), ("two_months", "2026-04", "2026-03"), ("year", "2026-04", "2026-01"),
    ])
    func `a period starts with its basis`(basis: String, month: String, start: String) throws {
        let month = try #require(BillingMonth(month))
        // The third example of the file counts a year; a monthly basis ignores it, so the example must not hold.
        if basis == "month" {
            #expect(throws: FileRefusal.self) { try tariff(basis: basis) }
            #expect(try taiyuan().periodStart(of: month).description == start)
        } else {
            #expect(try tariff(basis: basis).periodStart(of: month).description == start)
        }
    }
}
