import Tariffs
import Testing
import Water

/// Open Water Rate Specification files written for these tests in the shapes its README describes.
struct OWRSTests {
    private func file(_ body: String, unit: String = "m3", frequency: String = "monthly") -> String {
        """
        ---
        metadata:
          effective_date: 2016-01-01
          utility_name: "River \\"Bend\\" Water"
          bill_frequency: \(frequency)
          bill_unit: \(unit)
        rate_structure:
          RESIDENTIAL_SINGLE:
        \(body.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
          COMMERCIAL:
            commodity_charge: 0
            bill: commodity_charge
        """
    }

    private let budget = """
        service_charge:
          depends_on: meter_size
          values:
            5/8"   : 11.40
            1 1/2" : 37.98
        gpcd: 60
        landscape_factor: 0.7
        days_in_period: 30.4
        indoor: "gpcd*hhsize*days_in_period*(1/748)"
        outdoor: "landscape_factor*et_amount*irr_area*0.62*(1/748)"
        budget: "indoor+outdoor"
        tier_starts:
          - 0
          - indoor
          - 100%
          - 150%
        tier_prices: [1.49, 1.70, 2.62, 9.17]
        commodity_charge: Budget
        bill: "commodity_charge+service_charge+drought_fee"
        """

    private func tariff(_ imported: OWRSImport) throws -> Tariff {
        try loadTariffs([("made", imported.text)]).tariffs[0]
    }

    @Test func `tiers keep their starts and prices`() throws {
        let text = file(
            """
            tier_starts: [0, 15, 41]
            tier_prices: [2.87, 4.29, 6.44]
            commodity_charge: Tiered
            bill: commodity_charge
            """)
        let imported = try importOWRS(file: "x.owrs", text: text)
        let tariff = try tariff(imported)
        #expect(tariff.id == "river-bend-water")
        #expect(tariff.nameEn == "River \"Bend\" Water")
        #expect(tariff.boundsLitres(persons: 9) == [15_000, 41_000])
        let month = try #require(BillingMonth("2016-02"))
        let bill = try bill(tariff, month: month, persons: 3, litres: 50_000).get()
        // 15 × 2.87, 26 × 4.29, 9 × 6.44.
        #expect(bill.lines.map(\.amount.fen) == [4_305, 11_154, 5_796])
        #expect(
            imported.notes == [
                "prices stay in the file's own currency, though keys and pages say yuan",
                "class COMMERCIAL is left out",
            ])
    }

    @Test func `hundred cubic feet become litres and cubic metres`() throws {
        let text = file(
            "tier_starts: [0, 15]\ntier_prices: [2.87, 4.29]\ncommodity_charge: Tiered\nbill: commodity_charge",
            unit: "ccf")
        let tariff = try tariff(importOWRS(file: "x.owrs", text: text))
        // 15 × 2831.6846592 = 42475.27; 2.87 / 2.8316846592 = 1.01353; 4.29 / 2.8316846592 = 1.51500.
        #expect(tariff.boundsLitres(persons: 1) == [42_475])
        let prices = ["1.0135", "1.5150"].compactMap { ExactDecimal($0) }
        #expect(tariff.lines.map(\.prices) == [.tiered(prices)])
    }

    @Test func `a flat price may stand on either side of the volume`() throws {
        for formula in ["2.1*usage_ccf", "usage_ccf * 2.1"] {
            let text = file("commodity_charge: \(formula)\nservice_charge: 9\nbill: commodity_charge + service_charge")
            let tariff = try tariff(importOWRS(file: "x.owrs", text: text))
            #expect(tariff.bounds.isEmpty)
            let month = try #require(BillingMonth("2016-02"))
            let bill = try bill(tariff, month: month, persons: nil, litres: 10_000).get()
            #expect(bill.lines.map(\.amount.fen) == [2_100, 900])
        }
    }

    @Test func `a budget grows with the household, and given values stand for columns`() throws {
        let values = ["meter_size": "5/8\"", "et_amount": "4.8", "irr_area": "1300"]
        let imported = try importOWRS(file: "x.owrs", text: file(budget), values: values)
        let tariff = try tariff(imported)
        // indoor 60 × 30.4 / 748 = 2.438503 a person; outdoor 0.7 × 4.8 × 1300 × 0.62 / 748 = 3.620535.
        #expect(tariff.boundsLitres(persons: 1) == [2_439, 6_059, 9_089])
        #expect(tariff.boundsLitres(persons: 3) == [7_317, 10_937, 16_405])
        let month = try #require(BillingMonth("2016-02"))
        let bill = try bill(tariff, month: month, persons: 1, litres: 10_000).get()
        // 2.439 × 1.49, 3.62 × 1.70, 3.03 × 2.62, 0.911 × 9.17, and the meter's charge.
        #expect(bill.lines.map(\.amount.fen) == [363, 615, 794, 835, 1_140])
        for note in [
            "service_charge is that of 5/8\"", "et_amount is taken as 4.8 for every household and period",
            "charge drought_fee of the bill is left out",
        ] { #expect(imported.notes.contains(note), "\(note)") }
        #expect(imported.notes.allSatisfy { imported.text.contains("#   \($0)\n") })
    }

    @Test func `what needs values that nobody gave is named`() throws {
        let text = file(budget.replacing("  - indoor\n", with: "").replacing("[1.49, ", with: "["))
        let imported = try importOWRS(file: "x.owrs", text: text)
        #expect(try tariff(imported).boundsLitres(persons: 2) == [4_878, 7_316])
        #expect(imported.notes.contains("service_charge depends on meter_size: give a value to carry it over"))
        #expect(
            imported.notes.contains(
                "outdoor is taken without landscape_factor*et_amount*irr_area*0.62*(1/748), which needs values that are "
                    + "not given"))
    }

    @Test func `the names and dates of published files are understood`() throws {
        let text = file(
            """
            tier_starts_commodity:
              depends_on: [meter_size, season]
              values:
                5/8"|SUMMER: [0, 20]
                5/8"|WINTER: [0, 10]
            tier_prices_commodity: [1, 2]
            commodity_charge: Tiered
            zone_price:
              depends_on: zone
              values: {1: 0.16, 2: 0.22}
            zone_charge: zone_price*usage_ccf
            bill: commodity_charge+zone_charge
            """, unit: "kilolitre", frequency: "Bi-Monthly"
        ).replacing("2016-01-01", with: "7/1/2017")
        let values = ["meter_size": "5/8\"", "season": "WINTER", "zone": "2"]
        let tariff = try tariff(importOWRS(file: "x.owrs", text: text, values: values))
        #expect(tariff.validFrom == LocalDay("2017-07-01"))
        #expect(tariff.boundsLitres(persons: 1) == [10_000])
        let prices = ["1.0000", "2.0000"].compactMap { ExactDecimal($0) }
        #expect(tariff.lines.map(\.prices) == [.tiered(prices), .flat(ExactDecimal(scaled: 2_200, decimals: 4))])
    }

    @Test func `a charge for two months is halved for each`() throws {
        let text = file("commodity_charge: 2*usage_ccf\nfee: 9\nbill: commodity_charge+fee", frequency: "bimonthly")
        let tariff = try tariff(importOWRS(file: "x.owrs", text: text))
        #expect(tariff.basis == .twoMonths)
        #expect(tariff.lines.last?.prices == .fixed(ExactDecimal(scaled: 45_000, decimals: 4)))
    }

    /// The class's text, and the line and reason it is refused for.
    static let refused: [(String, Int, FileRefusal.Reason)] = [
        ("commodity_charge: 1*usage_ccf", 9, .missingKey("bill")),
        (
            "bill: service_charge\nservice_charge: 4", 9,
            .badValue(key: "bill", expected: "a sum with a flat, tiered or budget charge on the volume")
        ),
        ("bill: commodity_charge\ncommodity_charge: Tiered", 9, .missingKey("tier_starts")),
        (
            "bill: commodity_charge\ncommodity_charge: Tiered\ntier_starts: [0, 5]\ntier_prices: [1]", 12,
            .priceCount(line: "commodity_charge", prices: 1, tiers: 2)
        ),
        (
            "bill: commodity_charge\ncommodity_charge: Tiered\ntier_starts: [0, 50%]\ntier_prices: [1, 2]", 11,
            .badValue(
                key: "tier_starts",
                expected: "a volume, a percentage of the budget, or a named volume of numbers, given values and hhsize")
        ),
        (
            "bill: commodity_charge\ncommodity_charge: Budget\nbudget: budget\ntier_starts: [0, 50%]\ntier_prices: [1, 2]",
            11,
            .badValue(key: "budget", expected: "a formula that does not come back to itself: budget, budget")
        ),
    ]

    @Test func `tiers that fall together for want of a value are refused at their list`() throws {
        let text = file(budget)
        let refusal = #expect(throws: FileRefusal.self) { try importOWRS(file: "x.owrs", text: text) }
        #expect(
            refusal?.reason
                == .badValue(
                    key: "tier_starts", expected: "rising for every household size; a column without a value may be why"
                ))
        #expect(refusal?.line == 21)
    }

    @Test(arguments: refused)
    func `a class that cannot be billed is refused by line and reason`(
        body: String, line: Int, reason: FileRefusal.Reason
    ) throws {
        let text = file(body)
        let refusal = #expect(throws: FileRefusal.self) { try importOWRS(file: "x.owrs", text: text) }
        #expect(refusal?.reason == reason)
        #expect(refusal?.line == line)
    }

    @Test(arguments: ["", "a: 1", "metadata: 3\nrate_structure: 4", "metadata: {utility_name: x}"])
    func `text that is no such file is refused without a trap`(text: String) {
        #expect(throws: FileRefusal.self) { try importOWRS(file: "x.owrs", text: text) }
    }

    static let unanswered: [([String: String], FileRefusal.Reason)] = [
        ([:], .badValue(key: "tier_prices", expected: "given a value for meter_size, season")),
        (["season": "DRY"], .badValue(key: "tier_prices", expected: "given a value for meter_size")),
        (
            ["season": "DRY", "meter_size": "9"],
            .badOption(
                "--value", given: "meter_size=9 --value season=DRY",
                expected: "one of 1|DRY, 1|WET, as `tier_prices` has them")
        ),
    ]

    @Test(arguments: unanswered)
    func `a tier that depends on a column says which value it wants`(
        values: [String: String], reason: FileRefusal.Reason
    ) throws {
        let text = file(
            """
            tier_starts: [0, 10]
            tier_prices:
              depends_on: [meter_size, season]
              values: {1|DRY: [1, 2], 1|WET: [1, 3]}
            commodity_charge: Tiered
            bill: commodity_charge
            """)
        let refusal = #expect(throws: FileRefusal.self) {
            try importOWRS(file: "x.owrs", text: text, values: values)
        }
        #expect(refusal?.reason == reason)
    }

    @Test func `a class that the file does not have is named`() throws {
        let text = file("bill: 1")
        let refusal = #expect(throws: FileRefusal.self) {
            try importOWRS(file: "x.owrs", text: text, customerClass: "IRRIGATION")
        }
        #expect(refusal?.description == "x.owrs:8: no class `IRRIGATION`; there are RESIDENTIAL_SINGLE, COMMERCIAL")
    }
}
