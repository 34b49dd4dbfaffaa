import Water

/// The tariff file that an OWRS class becomes.
struct OWRSDraft {
    let heading: OWRSHeading
    let identifier: String
    let unit: OWRSUnit
    let customerClass: String
    let charges: OWRSCharges
    let notes: [String]

    /// The whole file, read back by the service's own reader so that no wrong file is ever handed out.
    func text(from document: Located) throws(FileRefusal) -> String {
        let figures = try figures(document)
        do {
            let unproved = try Tariff.readFigures(.document(file: document.file, text: figures + "examples: []\n"))
            let written = figures + examples(unproved)
            _ = try loadTariffs([(document.file, written)])
            return written
        } catch {
            // The line of the written file says nothing to who wrote the one that was read.
            if error.reason == .tiersOutOfOrder, let place = charges.startsPlace {
                throw place.bad("rising for every household size; a column without a value may be why")
            }
            throw try document.required("rate_structure").bad("a class that a tariff can hold: \(error.reason)")
        }
    }

    private func figures(_ document: Located) throws(FileRefusal) -> String {
        let grows = charges.starts.contains { $0.perPerson != .zero }
        var lines = ["# Imported from an Open Water Rate Specification file: \(plain(heading.utility)), class"]
        lines[0] += " \(plain(customerClass))."
        lines += notes.map { "#   \(plain($0))" }
        lines += [
            "kind: tariff", "format: 1", "id: \"\(identifier)\"", "version: \"\(heading.effective)\"",
            "name_zh: \(quoted(heading.utility))", "name_en: \(quoted(heading.utility))",
            "valid_from: \(heading.effective)", "certain_from: \(heading.effective)", "certainty_level: medium",
            "basis: \(heading.basis.rawValue)", "household:", "  base_persons: 1",
            "  extra_applies: \(grows ? "per_person" : "never")", "  certain_to_persons: 100",
        ]
        lines.append(charges.starts.isEmpty ? "tiers: []" : "tiers:")
        for start in charges.starts {
            guard let one = start.standing.plus(start.perPerson).flatMap(litres), let extra = litres(start.perPerson)
            else { throw document.bad("volumes within range") }
            lines += ["  - up_to_m3: \"\(cubicMetres(one))\"", "    extra_m3: \"\(cubicMetres(extra))\""]
        }
        lines.append("lines:")
        for line in charges.lines {
            guard let price = priceText(line.prices) else { throw document.bad("prices within range") }
            lines += ["  - name: \(Self.name(line.name) ?? "charge")", "    \(price)"]
        }
        lines += [
            "source: \(quoted("OWRS file of \(heading.utility), effective \(heading.effective)"))",
            "certainty: as the imported file has it; not checked against the utility's own bills",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func litres(_ units: Fraction) -> Int64? {
        units.times(Fraction(Int128(unit.billionthsOfLitres), 1_000_000_000))?.rounded
    }

    private func priceText(_ prices: OWRSCharges.Prices) -> String? {
        switch prices {
        case .flat(let price): perCubicMetre(price).map { "price_yuan_per_m3: \($0)" }
        case .tiered(let list):
            list.allSatisfy { perCubicMetre($0) != nil }
                ? "prices_yuan_per_m3: [\(list.compactMap(perCubicMetre).joined(separator: ", "))]" : nil
        case .fixed(let price):
            price.times(Fraction(1, Int128(heading.months))).flatMap(decimal).map { "price_yuan_per_month: \($0)" }
        }
    }

    private func perCubicMetre(_ price: Fraction) -> String? {
        price.times(Fraction(1_000_000_000_000, Int128(unit.billionthsOfLitres))).flatMap(decimal)
    }

    /// Four decimals in quotes.
    private func decimal(_ value: Fraction) -> String? {
        value.times(Fraction(10_000, 1))?.rounded.map { "\"\(ExactDecimal(scaled: $0, decimals: 4))\"" }
    }

    /// Within the first tier, in the last one, and one litre for three persons.
    private func examples(_ tariff: Tariff) -> String {
        let bounds = tariff.boundsLitres(persons: 1)
        let month = BillingMonth(year: heading.effective.date.year + 1, month: 1)
        let cases = [(1, (bounds.first ?? 2_000) / 2), (1, (bounds.last ?? 11_345) + 1_000), (3, 1)]
        var lines = ["# Computed from the figures above: replace them by bills of the utility.", "examples:"]
        for (persons, litres) in cases {
            guard let month, case .success(let bill) = bill(tariff, month: month, persons: persons, litres: litres)
            else { continue }
            lines += [
                "  - month: \(month)", "    persons: \(persons)", "    litres: \(litres)",
                "    lines_fen: \(bill.lines.map(\.amount.fen))", "    total_fen: \(bill.total.fen)",
                "    assumptions: []",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The id asked for, else one of the letters and digits of the utility's name.
    static func identifier(_ given: String?, of utility: Located) throws(FileRefusal) -> String {
        if let given {
            guard isPlainName(given) else {
                throw utility.refusal(.badOption("--id", given: told(given), expected: plainNameForm))
            }
            return given
        }
        guard let made = name(utility.plain ?? "") else {
            throw utility.bad("a name with some of a-z 0-9 to make the tariff's id of; else give one with --id")
        }
        return made
    }

    /// 1–32 of what a name may hold, everything else a hyphen; nil where nothing else is left.
    private static func name(_ text: String) -> String? {
        let bytes = text.lowercased().utf8.map {
            (97...122).contains($0) || (48...57).contains($0) || $0 == 95 ? $0 : 45
        }
        let words = bytes.prefix(32).split(separator: 45)
        return words.isEmpty ? nil : words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }

    /// Without control characters, so that a comment stays one line.
    private func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && !breaks.contains($0.value) }))
    }

    /// Line ends of YAML beyond the control characters.
    private var breaks: [UInt32] { [0x7F, 0x85, 0x2028, 0x2029] }

    private func quoted(_ text: String) -> String {
        "\"" + plain(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
