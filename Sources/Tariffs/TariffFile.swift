import Water

/// What a `kind: tariff` file holds, key by key; the file is refused unless its own examples hold.
extension Tariff {
    static func read(_ document: Located) throws(FileRefusal) -> Tariff {
        let root = try document.mapping(
            required: [
                "kind", "format", "id", "version", "name_zh", "name_en", "valid_from", "certain_from", "basis",
                "household", "tiers", "lines", "source", "certainty", "examples",
            ], optional: ["valid_to"])
        _ = try root.integer("format", in: 1...1)
        let household = try root.mapping(
            "household", required: ["base_persons", "extra_applies", "certain_to_persons"])
        let tariff = Tariff(
            id: try root.name("id"),
            version: try root.name("version"),
            nameZh: try root.text("name_zh"),
            nameEn: try root.text("name_en"),
            validity: try Validity.read(root),
            certainFrom: try root.value("certain_from").day(),
            basis: try root.value("basis").choice(TariffBasis.self),
            basePersons: try household.int("base_persons", in: 1...100),
            householdRule: try household.value("extra_applies").choice(HouseholdRule.self),
            certainToPersons: try household.int("certain_to_persons", in: 1...100),
            bounds: try readBounds(root.value("tiers")),
            lines: try readLines(root),
            source: try root.text("source"),
            certainty: try root.text("certainty"))
        try tariff.prove(root.value("examples"))
        return tariff
    }

    private init(
        id: String, version: String, nameZh: String, nameEn: String, validity: Validity, certainFrom: LocalDay,
        basis: TariffBasis, basePersons: Int, householdRule: HouseholdRule, certainToPersons: Int,
        bounds: [TierBound], lines: [TariffLine], source: String, certainty: String
    ) {
        let meaning: CanonicalJSON = .object([
            "id": .string(id),
            "version": .string(version),
            "valid_from": .string(validity.from.description),
            "valid_to": .optional(validity.to?.description),
            "certain_from": .string(certainFrom.description),
            "basis": .string(basis.rawValue),
            "base_persons": .integer(Int64(basePersons)),
            "extra_applies": .string(householdRule.rawValue),
            "certain_to_persons": .integer(Int64(certainToPersons)),
            "bounds_litres": .array(bounds.map { .array([.integer($0.litres), .integer($0.extraLitres)]) }),
            "lines": .array(lines.map(\.meaning)),
        ])
        self.id = id
        self.version = version
        self.digest = sha256Hex(meaning.bytes)
        self.nameZh = nameZh
        self.nameEn = nameEn
        self.validFrom = validity.from
        self.validTo = validity.to
        self.certainFrom = certainFrom
        self.basis = basis
        self.basePersons = basePersons
        self.householdRule = householdRule
        self.certainToPersons = certainToPersons
        self.bounds = bounds
        self.lines = lines
        self.source = source
        self.certainty = certainty
    }

    private static func readBounds(_ tiers: Located) throws(FileRefusal) -> [TierBound] {
        var bounds: [TierBound] = []
        for (index, item) in try tiers.list().enumerated() {
            let tier = try item.mapping(required: ["up_to_m3", "extra_m3"])
            let bound = TierBound(
                litres: try litres(tier.value("up_to_m3")), extraLitres: try litres(tier.value("extra_m3")))
            guard index < 20 else { throw tiers.bad("at most 20 tiers") }
            if let last = bounds.last {
                guard bound.litres > last.litres, bound.extraLitres >= last.extraLitres else {
                    throw item.refusal(.tiersOutOfOrder)
                }
            } else if bound.litres == 0 {
                throw item.refusal(.tiersOutOfOrder)
            }
            bounds.append(bound)
        }
        return bounds
    }

    /// Cubic metres with at most three decimals, as whole litres.
    private static func litres(_ value: Located) throws(FileRefusal) -> Int64 {
        let cubicMetres = try value.decimal(maximumDecimals: 3, maximum: 1_000_000)
        guard let litres = cubicMetres.scaled(toDecimals: 3) else { throw value.bad("whole litres") }
        return litres
    }

    private static func readLines(_ root: CheckedMapping) throws(FileRefusal) -> [TariffLine] {
        let tiers = try root.list("tiers").count + 1
        var lines: [TariffLine] = []
        for item in try root.list("lines") {
            let line = try item.mapping(
                required: ["name"], optional: ["price_yuan_per_m3", "prices_yuan_per_m3"])
            let name = try line.name("name")
            guard !lines.contains(where: { $0.name == name }) else { throw item.refusal(.repeatedName(name)) }
            switch (line.optional("price_yuan_per_m3"), line.optional("prices_yuan_per_m3")) {
            case (let flat?, nil):
                lines.append(TariffLine(name: name, prices: .flat(try price(flat))))
            case (nil, let list?):
                var prices: [ExactDecimal] = []
                for value in try list.list() { prices.append(try price(value)) }
                guard prices.count == tiers else {
                    throw list.refusal(.priceCount(line: name, prices: prices.count, tiers: tiers))
                }
                lines.append(TariffLine(name: name, prices: .tiered(prices)))
            default:
                throw item.bad("one of price_yuan_per_m3, prices_yuan_per_m3")
            }
        }
        guard (1...20).contains(lines.count) else { throw try root.value("lines").bad("1 to 20 lines") }
        return lines
    }

    private static func price(_ value: Located) throws(FileRefusal) -> ExactDecimal {
        try value.decimal(maximumDecimals: 4, maximum: 1_000)
    }

    /// Bills every example and compares each line, the total and the assumptions.
    private func prove(_ examples: Located) throws(FileRefusal) {
        let items = try examples.list()
        guard items.count >= 3 else {
            throw examples.refusal(.tooFewExamples(kind: "bills", found: items.count, needed: 3))
        }
        for item in items {
            let example = try item.mapping(
                required: ["month", "persons", "litres"],
                optional: ["period_to_date_litres", "lines_fen", "total_fen", "assumptions", "refused"])
            let volume = 0...Int64(1_000_000_000_000)
            let outcome = bill(
                self, month: try example.value("month").month(), persons: try persons(example.value("persons")),
                litres: try example.integer("litres", in: volume),
                periodToDateLitres: try example.optional("period_to_date_litres")?.integer(in: volume) ?? 0)
            switch outcome {
            case .failure(let refusal):
                try item.expect(example.optional("refused")?.text() ?? "a bill", refusal.rawValue)
            case .success(let bill):
                if let refused = example.optional("refused") { try item.expect(refused.text(), "a bill") }
                try item.expect(
                    "lines \(integers(example.value("lines_fen")))", "lines \(bill.lines.map(\.amount.fen))")
                try item.expect(
                    "total \(example.value("total_fen").integer(in: volume))", "total \(bill.total.fen)")
                try item.expect(
                    "assumptions \(names(example.value("assumptions")))",
                    "assumptions \(bill.assumptions.map(\.rawValue))")
            }
        }
    }

    private func persons(_ value: Located) throws(FileRefusal) -> Int? {
        if try value.text() == "unknown" { return nil }
        return Int(try value.integer(in: 1...100))
    }

    private func integers(_ value: Located) throws(FileRefusal) -> [Int64] {
        var found: [Int64] = []
        for item in try value.list() { found.append(try item.integer(in: 0...1_000_000_000_000_000)) }
        return found
    }

    private func names(_ value: Located) throws(FileRefusal) -> [String] {
        var found: [String] = []
        for item in try value.list() { found.append(try item.name()) }
        return found
    }
}

extension TariffLine {
    fileprivate var meaning: CanonicalJSON {
        switch prices {
        case .flat(let price): .array([.string(name), .string(price.description)])
        case .tiered(let prices): .array([.string(name), .array(prices.map { .string($0.description) })])
        }
    }
}

extension Located {
    /// Refuses an example whose stated outcome is not the computed one.
    func expect(_ stated: String, _ computed: String) throws(FileRefusal) {
        guard stated == computed else { throw refusal(.exampleFails(stated: stated, computed: computed)) }
    }
}

/// The days a file holds for: from the first to the last, both included; no last day is open.
struct Validity {
    let from: LocalDay
    let to: LocalDay?

    static func read(_ root: CheckedMapping) throws(FileRefusal) -> Validity {
        let from = try root.value("valid_from").day()
        guard let end = root.optional("valid_to") else { return Validity(from: from, to: nil) }
        let to = try end.day()
        guard to >= from else { throw end.refusal(.validityReversed) }
        return Validity(from: from, to: to)
    }
}
