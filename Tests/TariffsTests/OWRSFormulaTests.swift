import Tariffs
import Testing
import Water

/// What the formulas, units and words of an Open Water Rate Specification file may be.
struct OWRSFormulaTests {
    private func file(_ body: String, unit: String? = "m3", name: String = "River", date: String = "2016-01-01")
        -> String
    {
        """
        ---
        metadata:
          effective_date: \(date)
          utility_name: \(name)
          bill_frequency: monthly
          \(unit.map { "bill_unit: \($0)" } ?? "author: none")
        rate_structure:
          RESIDENTIAL_SINGLE:
        \(body.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
        """
    }

    private func prices(_ imported: OWRSImport) throws -> [TariffLine.Prices] {
        try loadTariffs([("made", imported.text)]).tariffs[0].lines.map(\.prices)
    }

    private func expectRefusal(
        of text: String, values: [String: String] = [:], id: String? = nil, _ description: String
    ) {
        let refusal = #expect(throws: FileRefusal.self) {
            try importOWRS(file: "x.owrs", text: text, values: values, id: id)
        }
        #expect(refusal?.description == description)
    }

    @Test(arguments: [
        "flat_rate*usage_ccf-5", "flat_rate*usage_ccf/2", "flat_rate*usage_ccf+3", "2*usage_ccf+3", "2*usage_ccf*2",
        "usage_ccf*usage_ccf", "(flat_rate+1)*usage_ccf", "2*usage_ccf_m3", "2*usage", "-2*usage_ccf", "2*usage_ccf*",
        "2+flat_rate*usage_ccf", "2*usage_month",
    ])
    func `a price that is more than one factor times the volume is refused`(formula: String) {
        expectRefusal(
            of: file("commodity_charge: \(formula)\nflat_rate: 2\nbill: commodity_charge"),
            "x.owrs:9: `commodity_charge` must be one price times one volume, as 2.1*usage_ccf or flat_rate*usage_ccf")
    }

    @Test(arguments: ["flat_rat*usage_ccf", "flat_rate*usage_ccf"])
    func `a main price that is not there, or is a formula itself, is refused and not left out`(formula: String) {
        let name = formula.prefix { $0 != "*" }
        expectRefusal(
            of: file(
                "commodity_charge: \(formula)\nflat_rate: 2*1.5\nservice_charge: 10\n"
                    + "bill: commodity_charge+service_charge", unit: "ccf"),
            "x.owrs:9: `commodity_charge` must be a formula whose \(name) is a plain number")
    }

    @Test func `another charge of such a form is left out by name`() throws {
        let text = file("commodity_charge: 2*usage_m3\nlift: 1*usage_m3+3\nbill: commodity_charge+lift")
        let imported = try importOWRS(file: "x.owrs", text: text)
        #expect(try prices(imported) == [.flat(ExactDecimal(scaled: 20_000, decimals: 4))])
        #expect(imported.notes.contains("lift is 1*usage_m3+3: only one price times one volume can be carried over"))
        #expect(imported.notes.contains("charge lift of the bill is left out"))
    }

    @Test func `a unit in a price formula that contradicts the file's is refused`() {
        expectRefusal(
            of: file("commodity_charge: 2*usage_kgal\nbill: commodity_charge", unit: "ccf"),
            "x.owrs:9: `commodity_charge` must be a price times usage_ccf, the unit in force")
        // Without a stated unit the first formula's holds for the others.
        expectRefusal(
            of: file(
                "commodity_charge: 2*usage_kgal\nlift: 1*usage_ccf\nbill: commodity_charge+lift", unit: nil),
            "x.owrs:10: `lift` must be a price times usage_kgal, the unit in force")
    }

    @Test func `where the file states no unit the formula's is in force, else hundred cubic feet`() throws {
        let named = try importOWRS(
            file: "x.owrs", text: file("commodity_charge: 4*usage_kgal\nbill: commodity_charge", unit: nil))
        // 4 / 3.785411784 = 1.05669.
        #expect(try prices(named) == [.flat(ExactDecimal(scaled: 10_567, decimals: 4))])
        #expect(named.notes.contains("volumes are counted in kgal, as commodity_charge names no other"))
        let tiers = "tier_starts: [0, 15]\ntier_prices: [1, 2]\ncommodity_charge: Tiered\nbill: commodity_charge"
        let unnamed = try importOWRS(file: "x.owrs", text: file(tiers, unit: nil))
        // 15 × 2831.6846592 = 42475.27.
        #expect(try loadTariffs([("made", unnamed.text)]).tariffs[0].boundsLitres(persons: 1) == [42_475])
    }

    /// Of the published files in kgal that name a column, every one names it `usage_ccf`.
    @Test func `usage_ccf beside a stated unit counts in that unit, and says so`() throws {
        let text = file("commodity_charge: 4*usage_ccf\nbill: commodity_charge", unit: "kgal")
        let imported = try importOWRS(file: "x.owrs", text: text)
        #expect(try prices(imported) == [.flat(ExactDecimal(scaled: 10_567, decimals: 4))])
        #expect(imported.notes.contains("usage_ccf of commodity_charge is counted in kgal, the file's bill_unit"))
    }

    /// Formulas of a chain, eight of them and one more.
    private static let chain = (0..<8).map { "\($0 == 0 ? "indoor" : "n\($0)"): n\($0 + 1)" } + ["n8: 5"]

    /// The class's text, which starts at line 9, and how the refusal is told.
    static let circles: [(String, String)] = [
        (
            "indoor: outdoor+1\noutdoor: indoor+2",
            "x.owrs:9: `indoor` must be a formula that does not come back to itself: indoor, outdoor, indoor"
        ),
        (
            "outdoor: 2*indoor\nindoor: 2*outdoor",
            "x.owrs:10: `indoor` must be a formula that does not come back to itself: indoor, outdoor, indoor"
        ),
        (chain.joined(separator: "\n"), "x.owrs:17: `n8` must be a formula at most 8 names deep"),
    ]

    @Test(arguments: circles)
    func `formulas that lead back to themselves or too deep are refused`(body: String, description: String) {
        let rest = "tier_starts: [0, indoor]\ntier_prices: [1, 2]\ncommodity_charge: Tiered\nbill: commodity_charge"
        expectRefusal(of: file("\(body)\n\(rest)"), description)
    }

    @Test func `a formula may be a factor of another`() throws {
        let text = file(
            "each: 2+1\nindoor: each*hhsize*2\ntier_starts: [0, indoor]\ntier_prices: [1, 2]\n"
                + "commodity_charge: Tiered\nbill: commodity_charge")
        let tariff = try loadTariffs([("made", importOWRS(file: "x.owrs", text: text).text)]).tariffs[0]
        #expect(tariff.boundsLitres(persons: 2) == [12_000])
    }

    @Test(arguments: ["abc", "-4.8", "1e3"])
    func `a value that is no number where one is needed is named`(value: String) {
        let text = file(
            "indoor: 2*et_amount\ntier_starts: [0, indoor]\ntier_prices: [1, 2]\ncommodity_charge: Tiered\n"
                + "bill: commodity_charge")
        expectRefusal(
            of: text, values: ["et_amount": value],
            "--value et_amount=\(value): must be a number from 0, with at most 9 decimals")
    }

    @Test(arguments: ["abc", "0", "-1", "366.5", "30,4", "1e1", ""])
    func `days of a period that are none are told as the option they came by`(value: String) {
        let text = file(
            "indoor: 2*days_in_period\ntier_starts: [0, indoor]\ntier_prices: [1, 2]\ncommodity_charge: Tiered\n"
                + "bill: commodity_charge")
        expectRefusal(
            of: text, values: ["days_in_period": value],
            "--value days_in_period=\(value.isEmpty ? "nothing" : value): must be a number of days above 0 and at most "
                + "366, with at most 9 decimals")
    }

    @Test(arguments: ["30.4", "366", "0.5"])
    func `days of a period that can be are taken`(value: String) throws {
        let text = file(
            "indoor: 2*days_in_period\ntier_starts: [0, indoor]\ntier_prices: [1, 2]\ncommodity_charge: Tiered\n"
                + "bill: commodity_charge")
        let imported = try importOWRS(file: "x.owrs", text: text, values: ["days_in_period": value])
        #expect(imported.notes.contains("days_in_period is taken as \(value) for every household and period"))
    }

    @Test func `a value that nothing uses is told`() throws {
        let text = file("commodity_charge: 2*usage_m3\nbill: commodity_charge")
        let imported = try importOWRS(file: "x.owrs", text: text, values: ["seasn": "DRY"])
        #expect(imported.notes.contains("the value given for seasn is used by nothing in the class"))
    }

    @Test(arguments: ["1969-12-31", "1/31/1969", "9999-01-01", "20160-01-01"])
    func `a date out of range says the range`(date: String) {
        expectRefusal(
            of: file("commodity_charge: 2*usage_m3\nbill: commodity_charge", date: date),
            "x.owrs:3: `effective_date` must be a date of the years 1970 to 9998, not \(date)")
    }

    @Test(arguments: [
        "2016/01/02", "2016-1-1", "1/2/16", "2016-02-30", "13/1/2016", "2016-+1-01", "2016.01.02", "1/2/2016/3", "soon",
    ])
    func `a date of another form says the field, what it holds and the forms there are`(date: String) {
        expectRefusal(
            of: file("commodity_charge: 2*usage_m3\nbill: commodity_charge", date: date),
            "x.owrs:3: `effective_date` must be a date YYYY-MM-DD or MM/DD/YYYY, not \(date)")
    }

    @Test func `a date that is a list, or long, is told in a short line`() {
        let body = "commodity_charge: 2*usage_m3\nbill: commodity_charge"
        expectRefusal(
            of: file(body, date: "[2016, 1, 2]"),
            "x.owrs:3: `effective_date` must be a date YYYY-MM-DD or MM/DD/YYYY, not a list or mapping")
        expectRefusal(
            of: file(body, date: "\"\\n" + String(repeating: "1", count: 41) + "\""),
            "x.owrs:3: `effective_date` must be a date YYYY-MM-DD or MM/DD/YYYY, not "
                + String(repeating: "1", count: 40) + "…")
    }

    @Test func `a name without letters of an id asks for one`() throws {
        let text = file("commodity_charge: 2*usage_m3\nbill: commodity_charge", name: "河湾水务")
        expectRefusal(
            of: text,
            "x.owrs:4: `utility_name` must be a name with some of a-z 0-9 to make the tariff's id of; else give one with "
                + "--id")
        for id in ["River", "", String(repeating: "a", count: 33), "河湾"] {
            expectRefusal(of: text, id: id, "--id \(id.isEmpty ? "nothing" : id): must be 1 to 32 of 0-9 a-z - _")
        }
        let imported = try importOWRS(file: "x.owrs", text: text, id: "hewan")
        #expect(try loadTariffs([("made", imported.text)]).tariffs[0].id == "hewan")
    }
}
