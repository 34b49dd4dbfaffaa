public import Database
public import Logging
public import Metering
import Scoring
import Storage
public import Tariffs
public import Water

/// Why a month is not closed, in the order looked for. Nothing is changed, but communities already measured or
/// issued stay so and are not done again.
public enum CloseRefusal: Error, Sendable, Hashable {
    /// The month still runs until then.
    case monthNotOver(ends: Instant)
    /// Readings may still come; allowed from then on, or with `early`.
    case tooEarly(allowedFrom: Instant)
    /// No tariff, or no rule file, is valid for the whole month.
    case noTariff(id: String)
    case noRules(id: String)
    /// The month was frozen with other rules or another tariff: they decide for its rest.
    case frozenWithOther(rules: String, tariff: String)
    /// A community to exclude that the city does not have.
    case unknownCommunity(code: String)
    /// The city has no community with homes in the month.
    case nothingToClose
    /// Folding changed these communities faster than they could be measured: close again.
    case notSettled(communities: [String])
}

/// What a close did.
public struct CloseSummary: Sendable, Hashable {
    public var communities = 0
    public var measuredHomes = 0
    public var statements = 0
    public var transfers = 0
    /// Codes of communities left out of the city's figures.
    public var excluded: [String] = []
    /// True where everything had been issued before.
    public var wasComplete = false
}

/// How far a close has come: `done` of `total` communities of a pass.
public struct CloseProgress: Sendable, Hashable {
    public enum Pass: String, Sendable { case measure, issue }
    public let pass: Pass
    public let done: Int
    public let total: Int
}

/// Closes a month of the city: measures every community, freezes the cohort figures, issues every statement with
/// its points and its event. Resumable at any point, and done once however often it runs.
public struct CloseMonth: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let shelf: TariffShelf
    private let settings: Settings
    private let logger: Logger

    /// Which files of the shelf serve the city, and how long readings may come late.
    public struct Settings: Sendable {
        public var tariffID: String
        public var rulesID: String
        public var waitSeconds: Int64 = 72 * 3_600

        public init(tariffID: String, rulesID: String) {
            self.tariffID = tariffID
            self.rulesID = rulesID
        }
    }

    public init(
        database: Database, calendar: CityCalendar, shelf: TariffShelf, settings: Settings, logger: Logger
    ) {
        self.database = database
        self.calendar = calendar
        self.shelf = shelf
        self.settings = settings
        self.logger = logger
    }

    /// - Parameters:
    ///   - at: the time of running; it decides only whether the month may be closed, never a figure.
    ///   - early: closes before the 72 h after month's end.
    ///   - excluding: communities by code and why the city's figures are frozen without them.
    public func callAsFunction(
        _ month: BillingMonth, at: Instant, early: Bool = false, excluding: [String: String] = [:],
        progress: @Sendable (CloseProgress) -> Void = { _ in }
    ) async throws -> Result<CloseSummary, CloseRefusal> {
        let files: (tariff: Tariff, rules: RuleSet)
        switch try await admit(month, at: at, early: early) {
        case .success(let admitted): files = admitted
        case .failure(let refusal): return .failure(refusal)
        }
        let communities = try await database.read { try $0.communitiesWithHomes(calendar.interval(of: month)) }
        if communities.isEmpty { return .failure(.nothingToClose) }
        for code in excluding.keys where !communities.contains(where: { $0.code == code }) {
            return .failure(.unknownCommunity(code: code))
        }
        let rules = MeteringRules(files.rules)
        try await FoldReadings(database: database, calendar: calendar, rules: rules, logger: logger).whatIsThere(at: at)
        var summary = CloseSummary()
        summary.communities = communities.count
        let unsettled = try await measureAll(
            communities, month, rules: rules, excluding: excluding, at: at, &summary, progress)
        if !unsettled.isEmpty { return .failure(.notSettled(communities: unsettled)) }
        let cohorts = try await FreezeMonth(database: database)(month, files.tariff, files.rules, at: at)
        try await issueAll(month, files, cohorts, at: at, &summary, progress)
        return .success(summary)
    }

    /// The files the month is closed with, if it may be closed now.
    public func admit(
        _ month: BillingMonth, at: Instant, early: Bool
    ) async throws -> Result<(tariff: Tariff, rules: RuleSet), CloseRefusal> {
        let ends = calendar.interval(of: month).end
        if at < ends { return .failure(.monthNotOver(ends: ends)) }
        if at < ends + settings.waitSeconds, !early {
            return .failure(.tooEarly(allowedFrom: ends + settings.waitSeconds))
        }
        guard let tariff = shelf.tariff(settings.tariffID, in: month) else {
            return .failure(.noTariff(id: settings.tariffID))
        }
        guard let rules = shelf.rules(settings.rulesID, in: month) else {
            return .failure(.noRules(id: settings.rulesID))
        }
        if let frozen = try await database.read({ try $0.cityMonth(month) }),
            frozen.ruleHash != rules.digest || frozen.tariffHash != tariff.digest
        {
            return .failure(.frozenWithOther(rules: frozen.ruleVersion, tariff: frozen.tariffID))
        }
        return .success((tariff, rules))
    }

    /// Measures what is not measured yet; returns the codes of communities that would not settle.
    private func measureAll(
        _ communities: [CommunityWithHomes], _ month: BillingMonth, rules: MeteringRules,
        excluding: [String: String], at: Instant, _ summary: inout CloseSummary,
        _ progress: @Sendable (CloseProgress) -> Void
    ) async throws -> [String] {
        let isFrozen = try await database.read { try $0.cityMonth(month) } != nil
        let begun = try await database.read { try $0.communityMonths(month) }
        let measured = Set(begun.filter(\.isMeasured).map(\.community))
        let measure = MeasureMonth(database: database, calendar: calendar, rules: rules)
        var unsettled: [String] = []
        for (index, community) in communities.enumerated() {
            progress(CloseProgress(pass: .measure, done: index, total: communities.count))
            if let reason = excluding[community.code], !isFrozen, !measured.contains(community.id) {
                try await database.write { try $0.exclude(community.id, month, reason: reason, at: at) }
                summary.excluded.append(community.code)
                continue
            }
            if measured.contains(community.id) { continue }
            guard let homes = try await measure(community.id, month, at: at) else {
                unsettled.append(community.code)
                continue
            }
            summary.measuredHomes += homes
        }
        progress(CloseProgress(pass: .measure, done: communities.count, total: communities.count))
        return unsettled
    }

    private func issueAll(
        _ month: BillingMonth, _ files: (tariff: Tariff, rules: RuleSet), _ cohorts: Cohorts, at: Instant,
        _ summary: inout CloseSummary, _ progress: @Sendable (CloseProgress) -> Void
    ) async throws {
        let begun = try await database.read { try $0.communityMonths(month) }
        let open = begun.filter { $0.isMeasured && $0.issuedAt == nil }
        summary.wasComplete = open.isEmpty && summary.measuredHomes == 0
        let chains = try await database.read { try $0.cohortChains() }
        let issue = IssueStatements(
            database: database, tariff: files.tariff, rules: files.rules, calendar: calendar, cohorts: cohorts)
        for (index, community) in open.enumerated() {
            progress(CloseProgress(pass: .issue, done: index, total: open.count))
            let issued = try await issue(
                community.community, month, chain: chains[community.community] ?? [],
                isExcluded: community.excludedReason != nil, at: at)
            summary.statements += issued.statements
            summary.transfers += issued.transfers
        }
        progress(CloseProgress(pass: .issue, done: open.count, total: open.count))
    }
}

extension MeteringRules {
    /// The rule file's numbers for measuring; what the file does not name keeps the standard.
    public init(_ rules: RuleSet) {
        self = .standard
        // Hourly volumes are whole litres: at or above 3.8 L/h is 4 L or more.
        continuousFlowLitresPerHour = max(1, (rules.continuousFlow.millilitresPerHour + 999) / 1_000)
        continuousFlowHours = rules.continuousFlow.hours
        qualifyingPairSeconds = rules.gates.qualifyingPairHours * 3_600
    }
}

extension CloseRefusal: CustomStringConvertible {
    /// What is wrong and what can be done.
    public var description: String {
        switch self {
        case .monthNotOver(let ends): "the month runs until \(ends.utc): close it after that"
        case .tooEarly(let from): "readings may still come until \(from.utc): wait, or close with --early"
        case .noTariff(let id): "no tariff \(id) is valid for the whole month: add a file to the tariffs folder"
        case .noRules(let id): "no rule file \(id) is valid for the whole month: add a file to the tariffs folder"
        case .frozenWithOther(let rules, let tariff):
            "the month was frozen with rules \(rules) and tariff \(tariff): put those files back"
        case .unknownCommunity(let code): "the city has no community \(code) with homes in this month"
        case .nothingToClose: "no household lived anywhere in this month: import households first"
        case .notSettled(let codes):
            "readings kept arriving for \(codes.joined(separator: ", ")): close again, or exclude them with a reason"
        }
    }
}
