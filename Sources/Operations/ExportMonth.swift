public import Database
import Ledger
import Metering
import Scoring
import Storage
public import Tariffs
public import Water

/// Why a month cannot be exported.
public enum ExportRefusal: Error, Sendable, Hashable {
    case unknownCommunity(code: String)
    /// The community's statements of the month are not issued.
    case notIssued
    /// The tariff or the rules that the month was frozen with are not on the shelf.
    case withoutFiles
    /// The readings of the month, or of the one before, were pruned.
    case readingsArePruned
}

extension ExportRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownCommunity(let code): "no community has the code \(code)"
        case .readingsArePruned: "the readings that this month rests on were pruned by policy"
        case .notIssued: "the community's statements of this month are not issued: close it first"
        case .withoutFiles: "the tariff or rule file that the month was closed with is not in the folder: put it back"
        }
    }
}

/// Writes a community's closed month as lines of canonical JSON: all that its statements rest on and the statements
/// themselves, so that anybody can recompute them. Household numbers, no names. The lines are described in
/// `VerifyMonth.md`.
public struct ExportMonth: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let shelf: TariffShelf

    public init(database: Database, calendar: CityCalendar, shelf: TariffShelf) {
        self.database = database
        self.calendar = calendar
        self.shelf = shelf
    }

    /// Hands each line to `write`, of one snapshot, in a fixed order.
    public func callAsFunction(
        _ month: BillingMonth, of code: String, _ write: @escaping @Sendable (String) -> Void
    ) async throws -> Result<Int, ExportRefusal> {
        try await database.read { reader in
            guard let area = try reader.area(code: code), area.kind == .community else {
                return .failure(.unknownCommunity(code: code))
            }
            guard let frozen = try reader.cityMonth(month),
                try reader.communityMonth(month, of: area.id)?.issuedAt != nil
            else { return .failure(.notIssued) }
            if let kept = try reader.firstKeptMonth(of: area.id), month <= kept {
                return .failure(.readingsArePruned)
            }
            guard let tariff = shelf.tariff(frozen.tariffID, in: month), tariff.digest == frozen.tariffHash,
                let rules = shelf.rules.first(where: { $0.digest == frozen.ruleHash })
            else { return .failure(.withoutFiles) }
            let tariffs = try HomeTariffs(tariff, of: area.id, in: month, on: shelf, reader)
            let span = calendar.interval(of: month)
            let statements = try reader.statements(of: area.id, month)
            let homes = try homes(of: area.id, month, span, statements.map(\.household), reader)
            guard homes.allSatisfy({ tariffs.tariff(of: $0.household) != nil }) else { return .failure(.withoutFiles) }
            var lines = 0
            func add(_ line: CanonicalJSON) {
                write(line.text)
                lines += 1
            }
            add([
                "type": "month", "format": 1, "community": .string(code), "month": .string(month.description),
                "zone": .string(calendar.zone), "start": .integer(span.start.epochSeconds),
                "end": .integer(span.end.epochSeconds),
            ])
            for tariff in tariffs.used(by: homes.map(\.household)) { add(tariff.exported) }
            add(rules.exported(MeteringRules(rules)))
            try exportCohorts(of: area.id, month, rules, reader, add)
            try exportHomes(homes, of: area.id, month, tariffs, MeteringRules(rules), reader, add)
            try exportStatements(statements, of: area.id, month, reader, add)
            return .success(lines)
        }
    }

    /// The homes that lived in the community in the month, then those with a statement of it that did not, without any
    /// meter.
    private func homes(
        of community: CommunityID, _ month: BillingMonth, _ span: (start: Instant, end: Instant),
        _ issued: [HouseholdID], _ reader: Reader
    ) throws -> [RegisteredHome] {
        let homes = try reader.registeredHomes(
            of: community, from: span.start, to: span.end, personsOn: month.lastDay)
        let elsewhere = Set(issued).subtracting(homes.map(\.household)).sorted()
        return try homes + elsewhere.compactMap { try reader.household($0, in: community) }.map(RegisteredHome.init)
    }

    private func exportCohorts(
        of community: CommunityID, _ month: BillingMonth, _ rules: RuleSet, _ reader: Reader,
        _ add: (CanonicalJSON) -> Void
    ) throws {
        let cohorts = try reader.frozenCohorts(month, rules: rules.cohort)
        for area in try reader.cohortChains()[community] ?? [] {
            guard let cohort = cohorts.byArea[area.id] else { continue }
            add([
                "type": "cohort", "area_kind": .string(area.kind.rawValue), "area_code": .string(area.code),
                "includes_community": .bool(cohorts.byArea[community] != nil),
                "distribution": cohort.distribution.json,
            ])
        }
    }

    private func exportHomes(
        _ homes: [RegisteredHome], of community: CommunityID, _ month: BillingMonth, _ tariffs: HomeTariffs,
        _ rules: MeteringRules, _ reader: Reader, _ add: (CanonicalJSON) -> Void
    ) throws {
        let span = MonthSpan(month, calendar: calendar)
        let load = LoadReadings(
            community: community, month: month, span: span, calendar: calendar, rules: rules, reader: reader)
        let measured = try reader.measuredHomes(of: community, month)
        let earlier = try earlierInYear(of: community, month, tariffs, reader)
        for (home, input) in zip(homes, try load.inputs(of: homes)) {
            let tariff = tariffs.tariff(of: home.household)
            let fillsLonger = tariff?.fillsLongerThanMonth ?? false
            let before = fillsLonger ? earlier[home.household] ?? [] : []
            add([
                "type": "household", "number": .string(home.number),
                "persons": .optional(home.persons.map(Int64.init)),
                "sizes": .array(
                    home.sizes.map {
                        ["from": .string($0.day.description), "persons": .optional($0.persons.map(Int64.init))]
                    }),
                "moved_in": .integer(home.movedIn.epochSeconds),
                "moved_out": .optional(home.movedOut?.epochSeconds),
                "share_millionths": .optional(home.shareMillionths),
                "usage_points": .integer(Int64(home.points.count)),
                "is_frozen": .bool(measured.contains(home.household)),
                "is_marked": .bool(try reader.isDirty(home.household, of: community, month)),
                "tariff": .optional(tariff?.id),
                "tariff_since": .optional(tariffs.since(home.household)?.description),
                "earlier_months": .array(before),
                "meters": .array(input.meters.map(\.exported)),
            ])
        }
    }

    /// What homes' statements say of the calendar year's months before this one, oldest first; of none where no
    /// tariff's tiers fill over more than a month.
    private func earlierInYear(
        of community: CommunityID, _ month: BillingMonth, _ tariffs: HomeTariffs, _ reader: Reader
    ) throws -> [HouseholdID: [CanonicalJSON]] {
        guard tariffs.all.contains(where: \.fillsLongerThanMonth) else { return [:] }
        let figures = try reader.statementFigures(
            of: community, from: month.advanced(by: 1 - month.month), to: month.previous)
        return figures.mapValues { months in
            months.values.map(\.use).sorted { $0.month < $1.month }.map(\.exported)
        }
    }

    private func exportStatements(
        _ statements: [StoredStatement], of community: CommunityID, _ month: BillingMonth, _ reader: Reader,
        _ add: (CanonicalJSON) -> Void
    ) throws {
        let numbers = try reader.householdNumbers(of: community)
        for stored in statements {
            let first =
                stored.version == 1
                ? stored : try reader.statement(of: stored.household, in: community, month, version: 1)
            add([
                "type": "statement", "household": .string(numbers[stored.household] ?? ""),
                "version": .integer(stored.version), "hash": .string(stored.hash), "body": .string(stored.body),
                "first_body": .optional(stored.version == 1 ? nil : first?.body),
                "is_marked": .bool(try reader.isDirty(stored.household, of: community, month)),
                "awarded": .object(try awarded(stored.household, community, month, reader)),
            ])
        }
    }

    /// What the ledger has awarded for the month less what it has taken back, by rule.
    private func awarded(
        _ household: HouseholdID, _ community: CommunityID, _ month: BillingMonth, _ reader: Reader
    ) throws -> [String: CanonicalJSON] {
        var found: [String: CanonicalJSON] = [:]
        let holder = AccountHolder(community: community, household: household)
        let names = shelf.rules.flatMap { rules in
            [rules.points.bandRule, rules.points.normRule] + [rules.saving?.rule].compactMap { $0 }
        }
        for rule in Set(names) {
            guard let key = AwardKey(holder: holder, month: month, rule: rule, statementVersion: 1) else { continue }
            found[rule] = .integer(try reader.awardHistory(key).net.count)
        }
        return found
    }
}

extension MeterReadings {
    /// An installation with the distinct (instant, register) of its meter, and the staff's decisions.
    fileprivate var exported: CanonicalJSON {
        let pairs = Set(elements.map { Pair(at: $0.at.epochSeconds, register: $0.register.millilitres) }).sorted {
            ($0.at, $0.register) < ($1.at, $1.register)
        }
        return [
            "serial": .string(installation.serial), "usage_point": .integer(installation.usagePoint.value),
            "from": .integer(installation.from.epochSeconds), "to": .optional(installation.to?.epochSeconds),
            "start_register_ml": .optional(installation.startRegister?.millilitres),
            "final_register_ml": .optional(installation.finalRegister?.millilitres),
            "resolution_ml": .integer(installation.resolution.millilitres),
            "nominal_flow_lph": .optional(installation.nominalFlowLitresPerHour),
            "modulus_ml": .optional(installation.modulus?.millilitres),
            "readings": .array(pairs.map { .array([.integer($0.at), .integer($0.register)]) }),
            "edits": .array(
                edits.sorted().map {
                    [
                        "at": .integer($0.at.epochSeconds), "register_ml": .integer($0.register.millilitres),
                        "action": .string($0.action.rawValue), "decided_at": .integer($0.decidedAt.epochSeconds),
                    ]
                }),
        ]
    }

    private struct Pair: Hashable {
        let at: Int64
        let register: Int64
    }
}

extension EarlierUse {
    fileprivate var exported: CanonicalJSON {
        [
            "month": .string(month.description), "litres": .integer(litres), "version": .integer(Int64(version)),
            "hash": .string(hash),
        ]
    }
}

extension Tariff {
    /// The tiers of the version at the month's end, or of one before it, fill over more than a month.
    fileprivate var fillsLongerThanMonth: Bool { ([self] + earlierParts).contains { $0.basis != .month } }

    fileprivate var exported: CanonicalJSON {
        var members = ownMembers
        members["type"] = "tariff"
        members["has_earlier_parts"] = .bool(!earlierParts.isEmpty)
        members["earlier_parts"] = .array(earlierParts.map { .object($0.ownMembers) })
        return .object(members)
    }

    /// All that decides a bill by this version.
    private var ownMembers: [String: CanonicalJSON] {
        [
            "id": .string(id), "version": .string(version), "digest": .string(digest),
            "valid_from": .string(validFrom.description), "valid_to": .optional(validTo?.description),
            "certain_from": .string(certainFrom.description), "certain_to": .optional(certainTo?.description),
            "certainty_level": .optional(certaintyLevel?.rawValue),
            "certain_to_persons": .integer(Int64(certainToPersons)),
            "basis": .string(basis.rawValue), "first_period": .string(firstPeriod.rawValue),
            "base_persons": .integer(Int64(basePersons)), "household_rule": .string(householdRule.rawValue),
            "bounds": .array(
                bounds.map { ["litres": .integer($0.litres), "extra_litres": .integer($0.extraLitres)] }),
            "lines": .array(lines.map(\.exported)),
        ]
    }
}

extension TariffLine {
    fileprivate var exported: CanonicalJSON {
        switch prices {
        case .flat(let price): ["name": .string(name), "kind": "flat", "prices": [.string(price.description)]]
        case .tiered(let prices):
            [
                "name": .string(name), "kind": "tiered",
                "prices": .array(prices.map { .string($0.description) }),
            ]
        case .fixed(let price): ["name": .string(name), "kind": "fixed", "prices": [.string(price.description)]]
        }
    }
}

extension SavingRules {
    fileprivate var exported: CanonicalJSON {
        [
            "rule": .string(rule), "months_at_least": .integer(Int64(leastMonths)),
            "months_at_most": .integer(Int64(mostMonths)), "band_percent_of_range": .integer(bandPercentOfRange),
            "band_percent_at_least": .integer(bandPercentAtLeast), "zero_days_at_most": .integer(Int64(mostZeroDays)),
            "points_per_percent": .integer(pointsPerPercent.count), "points_at_most": .integer(mostPoints.count),
        ]
    }
}

extension RuleSet {
    fileprivate func exported(_ metering: MeteringRules) -> CanonicalJSON {
        [
            "type": "rules", "id": .string(id), "version": .string(version), "digest": .string(digest),
            "scale_millionths": .array(scaleMillionths.map { .integer($0) }),
            "norm_litres_per_person_day": .integer(normLitresPerPersonDay),
            "qualifying_percent": .integer(gates.qualifyingPercent),
            "qualifying_pair_seconds": .integer(metering.qualifyingPairSeconds),
            "vacancy_litres_per_day": .integer(gates.vacancyLitresPerDay),
            "absence_zero_days": .integer(Int64(gates.absenceZeroDays)),
            "minimum_private_homes": .integer(Int64(cohort.minimumPrivateHomes)),
            "minimum_published_homes": .integer(Int64(cohort.minimumPublishedHomes)),
            "benchmark_percentile": .integer(cohort.benchmarkPercentile),
            "benchmark_step_litres": .integer(cohort.benchmarkStepLitres),
            "band_rule": .string(points.bandRule),
            "bands": .array(
                points.bands.map {
                    ["percentile_at_most": .integer($0.percentileAtMost), "points": .integer($0.points.count)]
                }),
            "norm_rule": .string(points.normRule), "norm_points": .integer(points.normPoints.count),
            "monthly_cap_points": .integer(points.monthlyCap.count),
            "saving": saving.map(\.exported) ?? .null,
            "split_floor_seconds": .integer(metering.splitFloorSeconds),
            "continuous_flow_hours": .integer(Int64(metering.continuousFlowHours)),
            "continuous_flow_litres_per_hour": .integer(metering.continuousFlowLitresPerHour),
            "usual_interval_numerator": .integer(metering.usualIntervalNumerator),
            "usual_interval_denominator": .integer(metering.usualIntervalDenominator),
            "default_nominal_flow_lph": .integer(metering.defaultNominalFlowLitresPerHour),
            "overload_hundredths": .integer(metering.overloadHundredths),
            "stamp_slack_seconds": .integer(metering.stampSlackSeconds),
            "pipe_capacity_lph": .integer(metering.pipeCapacityLitresPerHour),
        ]
    }
}
