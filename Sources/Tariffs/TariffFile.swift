import Water

/// What a `kind: tariff` file holds, key by key; the file is refused unless its own examples hold.
extension Tariff {
    static func read(_ document: Located) throws(FileRefusal) -> Tariff {
        let tariff = try readFigures(document)
        try tariff.prove(document.required("examples"))
        return tariff
    }

    /// The figures alone: the examples are there but not recomputed.
    static func readFigures(_ document: Located) throws(FileRefusal) -> Tariff {
        let root = try document.mapping(
            required: [
                "kind", "format", "id", "version", "name_zh", "name_en", "valid_from", "certain_from", "basis",
                "household", "tiers", "lines", "source", "certainty", "examples",
            ], optional: ["valid_to", "certain_to", "certainty_level", "first_period"])
        _ = try root.integer("format", in: 1...1)
        let household = try root.mapping(
            "household", required: ["base_persons", "extra_applies", "certain_to_persons"])
        return Tariff(
            id: try root.name("id"),
            version: try root.name("version"),
            nameZh: try root.text("name_zh"),
            nameEn: try root.text("name_en"),
            validity: try Validity.read(root),
            certain: try Certainty.read(root),
            basis: try root.value("basis").choice(TariffBasis.self),
            basePersons: try household.int("base_persons", in: 1...100),
            householdRule: try household.value("extra_applies").choice(HouseholdRule.self),
            certainToPersons: try household.int("certain_to_persons", in: 1...100),
            bounds: try readBounds(root.value("tiers")),
            lines: try readLines(root),
            source: try root.text("source"),
            firstPeriod: try root.optional("first_period")?.choice(FirstPeriod.self) ?? .whole)
    }

    private init(
        id: String, version: String, nameZh: String, nameEn: String, validity: Validity, certain: Certainty,
        basis: TariffBasis, basePersons: Int, householdRule: HouseholdRule, certainToPersons: Int,
        bounds: [TierBound], lines: [TariffLine], source: String, firstPeriod: FirstPeriod
    ) {
        // Later keys enter only where they are used, so that the digest of an older file stays as it is.
        var meaning: [String: CanonicalJSON] = [
            "id": .string(id),
            "version": .string(version),
            "valid_from": .string(validity.from.description),
            // A version that another follows keeps its digest: it computes as before, and closed months name it.
            "valid_to": .null,
            "certain_from": .string(certain.from.description),
            "basis": .string(basis.rawValue),
            "base_persons": .integer(Int64(basePersons)),
            "extra_applies": .string(householdRule.rawValue),
            "certain_to_persons": .integer(Int64(certainToPersons)),
            "bounds_litres": .array(bounds.map { .array([.integer($0.litres), .integer($0.extraLitres)]) }),
            "lines": .array(lines.map(\.meaning)),
        ]
        if let to = certain.to { meaning["certain_to"] = .string(to.description) }
        if let level = certain.level { meaning["certainty_level"] = .string(level.rawValue) }
        if firstPeriod != .whole { meaning["first_period"] = .string(firstPeriod.rawValue) }
        self.id = id
        self.version = version
        self.digest = sha256Hex(CanonicalJSON.object(meaning).bytes)
        self.nameZh = nameZh
        self.nameEn = nameEn
        self.validFrom = validity.from
        self.validTo = validity.to
        self.certainFrom = certain.from
        self.certainTo = certain.to
        self.certaintyLevel = certain.level
        self.basis = basis
        self.basePersons = basePersons
        self.householdRule = householdRule
        self.certainToPersons = certainToPersons
        self.bounds = bounds
        self.lines = lines
        self.source = source
        self.certainty = certain.words
        self.firstPeriod = firstPeriod
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
                required: ["name"], optional: ["price_yuan_per_m3", "prices_yuan_per_m3", "price_yuan_per_month"])
            let name = try line.name("name")
            guard !lines.contains(where: { $0.name == name }) else { throw item.refusal(.repeatedName(name)) }
            lines.append(TariffLine(name: name, prices: try readPrices(line, named: name, at: item, tiers: tiers)))
        }
        guard (1...20).contains(lines.count) else { throw try root.value("lines").bad("1 to 20 lines") }
        return lines
    }

    private static func readPrices(
        _ line: CheckedMapping, named name: String, at item: Located, tiers: Int
    ) throws(FileRefusal) -> TariffLine.Prices {
        switch (
            line.optional("price_yuan_per_m3"), line.optional("prices_yuan_per_m3"),
            line.optional("price_yuan_per_month")
        ) {
        case (let flat?, nil, nil): return .flat(try price(flat))
        case (nil, nil, let fixed?): return .fixed(try price(fixed))
        case (nil, let list?, nil):
            var prices: [ExactDecimal] = []
            for value in try list.list() { prices.append(try price(value)) }
            guard prices.count == tiers else {
                throw list.refusal(.priceCount(line: name, prices: prices.count, tiers: tiers))
            }
            return .tiered(prices)
        default:
            throw item.bad("one of price_yuan_per_m3, prices_yuan_per_m3, price_yuan_per_month")
        }
    }

    private static func price(_ value: Located) throws(FileRefusal) -> ExactDecimal {
        try value.decimal(maximumDecimals: 4, maximum: 1_000)
    }
}

extension TariffLine {
    fileprivate var meaning: CanonicalJSON {
        switch prices {
        case .flat(let price): .array([.string(name), .string(price.description)])
        case .fixed(let price): .array([.string(name), .string(price.description), .string("month")])
        case .tiered(let prices): .array([.string(name), .array(prices.map { .string($0.description) })])
        }
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
        guard to >= from else { throw end.refusal(.reversed(from: "valid_from", to: "valid_to")) }
        return Validity(from: from, to: to)
    }
}

/// What a file says of how sure its figures are.
private struct Certainty {
    let from: LocalDay
    let to: LocalDay?
    let level: CertaintyLevel?
    let words: String

    /// `certain_from: never` is a day that no month reaches.
    static func read(_ root: CheckedMapping) throws(FileRefusal) -> Certainty {
        let start = try root.value("certain_from")
        let from = try start.isWord("never") ? LocalDay(year: 9999, month: 12, day: 31) : start.day()
        guard let from else { throw start.bad("a date YYYY-MM-DD or never") }
        let end = root.optional("certain_to")
        let to = try end?.day()
        if let end, let to, to < from { throw end.refusal(.reversed(from: "certain_from", to: "certain_to")) }
        return Certainty(
            from: from, to: to, level: try root.optional("certainty_level")?.choice(CertaintyLevel.self),
            words: try root.text("certainty"))
    }
}
