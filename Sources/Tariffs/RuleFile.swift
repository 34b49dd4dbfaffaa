import Water

/// What a `kind: rules` file holds, key by key; the file is refused unless its own examples hold.
extension RuleSet {
    /// `isTrial`: as `loadTrialRules`.
    static func read(_ document: Located, isTrial: Bool = false) throws(FileRefusal) -> RuleSet {
        let root = try document.mapping(
            required: [
                "kind", "format", "id", "version", "valid_from", "equivalence", "norm", "gates", "cohort",
                "continuous_flow", "points", "redemption", "source", "certainty", "examples",
            ], optional: ["valid_to", "saving", "report"])
        _ = try root.integer("format", in: 1...1)
        let points = try PointRules.read(root)
        let names = [points.bandRule, points.normRule]
        let rules = RuleSet(
            id: try root.name("id"),
            version: try root.name("version"),
            validity: try Validity.read(root),
            scale: try readScale(root),
            norm: try root.mapping("norm", required: ["litres_per_person_day"])
                .integer("litres_per_person_day", in: 1...10_000),
            gates: try Gates.read(root),
            cohort: try CohortRules.read(root),
            continuousFlow: try ContinuousFlowRule.read(root),
            points: points,
            saving: try root.optional("saving").map { section throws(FileRefusal) in
                try SavingRules.read(section.mapping(required: SavingRules.keys), besides: names)
            },
            report: try root.optional("report").map { section throws(FileRefusal) in
                try SavingReport.read(
                    section.mapping(required: SavingReport.keys, optional: SavingReport.partKeys), isTrial: isTrial)
            },
            redemption: try RedemptionRules.read(root),
            source: try root.text("source"),
            certainty: try root.text("certainty"))
        if !isTrial, rules.savingReport == nil, let section = root.optional("saving") {
            throw section.refusal(.missingKey("report"))
        }
        try rules.prove(root.value("examples"))
        return rules
    }

    private init(
        id: String, version: String, validity: Validity, scale: [Int64], norm: Int64, gates: Gates,
        cohort: CohortRules, continuousFlow: ContinuousFlowRule, points: PointRules, saving: SavingRules?,
        report: SavingReport?, redemption: RedemptionRules, source: String, certainty: String
    ) {
        var meaning: [String: CanonicalJSON] = [
            "id": .string(id),
            "version": .string(version),
            "valid_from": .string(validity.from.description),
            // A version that another follows keeps its digest: it computes as before, and closed months name it.
            "valid_to": .null,
            "millionths_by_persons": .array(scale.map { .integer($0) }),
            "norm_litres_per_person_day": .integer(norm),
            "gates": gates.meaning,
            "cohort": cohort.meaning,
            "continuous_flow": .array([
                .integer(continuousFlow.millilitresPerHour), .integer(Int64(continuousFlow.hours)),
            ]),
            "points": points.meaning,
            "redemption": .array([
                .integer(Int64(redemption.holdHours)), .integer(Int64(redemption.maximumOpenHolds)),
            ]),
        ]
        // Absent it leaves no trace, so that files without it keep their digest.
        if let saving { meaning["saving"] = saving.meaning }
        self.id = id
        self.version = version
        self.digest = sha256Hex(CanonicalJSON.object(meaning).bytes)
        self.validFrom = validity.from
        self.validTo = validity.to
        self.scaleMillionths = scale
        self.normLitresPerPersonDay = norm
        self.gates = gates
        self.cohort = cohort
        self.continuousFlow = continuousFlow
        self.points = points
        self.saving = saving
        self.savingReport = report
        self.redemption = redemption
        self.source = source
        self.certainty = certainty
    }

    /// The table starts at exactly one and never falls.
    private static func readScale(_ root: CheckedMapping) throws(FileRefusal) -> [Int64] {
        let table = try root.mapping("equivalence", required: ["millionths_by_persons"])
            .value("millionths_by_persons")
        var scale: [Int64] = []
        for item in try table.list() {
            let next = try item.integer(in: 1_000_000...100_000_000)
            guard next >= scale.last ?? next else { throw item.bad("rising") }
            scale.append(next)
        }
        guard scale.first == 1_000_000, scale.count <= 100 else {
            throw table.bad("1 to 100 entries that start at 1000000")
        }
        return scale
    }

    /// Works every example again: equivalised litres, norms, points and savings, at least three of each.
    private func prove(_ examples: Located) throws(FileRefusal) {
        let kinds = try examples.mapping(
            required: ["equivalence", "norm", "points"] + (saving == nil ? [] : ["saving"]))
        if let saving { try prove(saving, kinds.value("saving")) }
        try prove(kinds.value("equivalence"), ["litres", "persons", "equivalised_litres"]) {
            (example) throws(FileRefusal) in
            let litres = try example.integer("litres", in: 0...1_000_000_000_000)
            let persons = try example.int("persons", in: 1...100)
            let stated = try example.integer("equivalised_litres", in: 0...1_000_000_000_000)
            return ("\(stated) L", equivalisedLitres(litres, persons: persons).map { "\($0) L" } ?? "no figure")
        }
        try prove(kinds.value("norm"), ["persons", "days", "litres"]) { (example) throws(FileRefusal) in
            let persons = try example.int("persons", in: 1...100)
            let days = try example.int("days", in: 28...31)
            let stated = try example.integer("litres", in: 0...1_000_000_000)
            return ("\(stated) L", "\(normLitres(persons: persons, days: days)) L")
        }
        let saved = saving == nil ? [] : ["saving_percent", "saving_points"]
        let keys = ["percentile", "litres", "norm_litres", "band_points", "norm_points", "total_points"] + saved
        try prove(kinds.value("points"), keys) { (example) throws(FileRefusal) in
            let lines = pointsLines(
                percentile: try example.integer("percentile", in: 0...100),
                litres: try example.integer("litres", in: 0...1_000_000_000_000),
                normLitres: try example.integer("norm_litres", in: 0...1_000_000_000_000),
                savingPercent: saved.isEmpty ? nil : try example.integer(saved[0], in: 0...100))
            let computed = lines.map(\.points.count)
            let range: ClosedRange<Int64> = 0...10_000
            var stated = [
                try example.integer("band_points", in: range), try example.integer("norm_points", in: range),
            ]
            if !saved.isEmpty { stated.append(try example.integer(saved[1], in: range)) }
            let total = try example.integer("total_points", in: range)
            return ("points \(stated), total \(total)", "points \(computed), total \(computed.reduce(0, +))")
        }
    }

    private func prove(_ saving: SavingRules, _ examples: Located) throws(FileRefusal) {
        let keys = ["levels", "last", "own", "usual", "band", "percent", "points"]
        try prove(examples, keys) { (example) throws(FileRefusal) in
            let range: ClosedRange<Int64> = 0...1_000_000_000
            var levels: [Int64] = []
            for item in try example.list("levels") { levels.append(try item.integer(in: range)) }
            let found = saving.judge(
                levels: levels, last: try example.integer("last", in: range),
                own: try example.integer("own", in: range))
            let stated = [
                try example.integer("usual", in: range), try example.integer("band", in: range),
                try example.integer("percent", in: 0...100), try example.integer("points", in: 0...10_000),
            ]
            let computed = found.map { [$0.usual, $0.band, $0.percent, saving.points(percent: $0.percent).count] }
            let order = "usual, band, percent, points"
            return ("\(order): \(stated)", computed.map { "\(order): \($0)" } ?? "not judged")
        }
    }

    private func prove(
        _ list: Located, _ keys: [String],
        _ work: (CheckedMapping) throws(FileRefusal) -> (stated: String, computed: String)
    ) throws(FileRefusal) {
        let items = try list.list()
        guard items.count >= 3 else {
            throw list.refusal(.tooFewExamples(kind: list.key, found: items.count, needed: 3))
        }
        for item in items {
            let (stated, computed) = try work(item.mapping(required: keys))
            try item.expect(stated, computed)
        }
    }
}

extension RuleSet.Gates {
    fileprivate static func read(_ root: CheckedMapping) throws(FileRefusal) -> Self {
        let keys = [
            "qualifying_percent", "qualifying_pair_hours", "vacancy_litres_per_day", "absence_more_than_zero_days",
        ]
        let gates = try root.mapping("gates", required: keys)
        return Self(
            qualifyingPercent: try gates.integer(keys[0], in: 1...100),
            qualifyingPairHours: try gates.integer(keys[1], in: 1...744),
            vacancyLitresPerDay: try gates.integer(keys[2], in: 0...1_000),
            absenceZeroDays: try gates.int(keys[3], in: 0...31))
    }

    fileprivate var meaning: CanonicalJSON {
        .array([
            .integer(qualifyingPercent), .integer(qualifyingPairHours), .integer(vacancyLitresPerDay),
            .integer(Int64(absenceZeroDays)),
        ])
    }
}

extension RuleSet.CohortRules {
    fileprivate static func read(_ root: CheckedMapping) throws(FileRefusal) -> Self {
        let keys = [
            "minimum_private_homes", "minimum_published_homes", "benchmark_percentile", "benchmark_step_litres",
        ]
        let cohort = try root.mapping("cohort", required: keys)
        let privately = try cohort.int(keys[0], in: 2...1_000_000)
        let published = try cohort.int(keys[1], in: 2...1_000_000)
        // What everyone sees needs no fewer homes than what one home sees of itself.
        guard published >= privately else { throw try cohort.value(keys[1]).bad("at least \(keys[0])") }
        return Self(
            minimumPrivateHomes: privately, minimumPublishedHomes: published,
            benchmarkPercentile: try cohort.integer(keys[2], in: 1...100),
            benchmarkStepLitres: try cohort.integer(keys[3], in: 1...100_000))
    }

    fileprivate var meaning: CanonicalJSON {
        .array([
            .integer(Int64(minimumPrivateHomes)), .integer(Int64(minimumPublishedHomes)),
            .integer(benchmarkPercentile), .integer(benchmarkStepLitres),
        ])
    }
}

extension RuleSet.ContinuousFlowRule {
    fileprivate static func read(_ root: CheckedMapping) throws(FileRefusal) -> Self {
        let rule = try root.mapping("continuous_flow", required: ["rate_millilitres_per_hour", "hours"])
        return Self(
            millilitresPerHour: try rule.integer("rate_millilitres_per_hour", in: 1...1_000_000_000),
            hours: try rule.int("hours", in: 1...744))
    }
}

extension RuleSet.PointRules {
    fileprivate static func read(_ root: CheckedMapping) throws(FileRefusal) -> Self {
        let points = try root.mapping(
            "points",
            required: [
                "band_rule", "bands", "norm_rule", "norm_points", "monthly_cap_points", "lot_life_months",
                "clawback_floor_points",
            ])
        let range: ClosedRange<Int64> = 0...10_000
        let bandRule = try points.name("band_rule")
        let normRule = try points.name("norm_rule")
        guard bandRule != normRule else {
            throw try points.value("norm_rule").refusal(.repeatedName(normRule))
        }
        return Self(
            bandRule: bandRule, bands: try readBands(points.value("bands")), normRule: normRule,
            normPoints: Points(try points.integer("norm_points", in: range)),
            monthlyCap: Points(try points.integer("monthly_cap_points", in: range)),
            lotLifeMonths: try points.int("lot_life_months", in: 1...1_200),
            clawbackFloor: Points(try points.integer("clawback_floor_points", in: -1_000_000...0)))
    }

    private static func readBands(_ list: Located) throws(FileRefusal) -> [RuleSet.Band] {
        var bands: [RuleSet.Band] = []
        for item in try list.list() {
            let keys = try item.mapping(required: ["percentile_at_most", "points"])
            let band = RuleSet.Band(
                percentileAtMost: try keys.integer("percentile_at_most", in: 0...100),
                points: Points(try keys.integer("points", in: 1...10_000)))
            if let last = bands.last, band.percentileAtMost <= last.percentileAtMost || band.points >= last.points {
                throw item.refusal(.bandsOutOfOrder)
            }
            bands.append(band)
        }
        guard !bands.isEmpty else { throw list.bad("at least one band") }
        return bands
    }

    fileprivate var meaning: CanonicalJSON {
        .object([
            "band_rule": .string(bandRule),
            "bands": .array(bands.map { .array([.integer($0.percentileAtMost), .integer($0.points.count)]) }),
            "norm_rule": .string(normRule),
            "norm_points": .integer(normPoints.count),
            "monthly_cap_points": .integer(monthlyCap.count),
            "lot_life_months": .integer(Int64(lotLifeMonths)),
            "clawback_floor_points": .integer(clawbackFloor.count),
        ])
    }
}

extension RuleSet.RedemptionRules {
    fileprivate static func read(_ root: CheckedMapping) throws(FileRefusal) -> Self {
        let rules = try root.mapping("redemption", required: ["hold_hours", "maximum_open_holds"])
        return Self(
            holdHours: try rules.int("hold_hours", in: 1...8_760),
            maximumOpenHolds: try rules.int("maximum_open_holds", in: 1...1_000))
    }
}
