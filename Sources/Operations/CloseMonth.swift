public import Database
public import Logging
public import Metering
import Scoring
import Storage
public import Tariffs
public import Water

/// What a close did. Where several processes close a month together each tells its own part; together they tell every
/// community once.
public struct CloseSummary: Sendable, Hashable {
    /// Communities of the city with homes in the month.
    public var communities = 0
    /// Communities whose statements this process issued.
    public var issuedCommunities = 0
    public var measuredHomes = 0
    public var statements = 0
    public var transfers = 0
    /// Statements of any month that were corrected.
    public var corrections = CorrectionSummary()
    /// Codes of communities left out of the city's figures.
    public var excluded: [String] = []
    /// True where everything had been issued before.
    public var wasComplete = false

    public init() {}
}

/// How far a close has come: `done` of `total` communities of a pass.
public struct CloseProgress: Sendable, Hashable {
    public enum Pass: String, Sendable { case measure, issue }
    public let pass: Pass
    public let done: Int
    public let total: Int
}

/// Closes a month of the city: corrects the months before it, measures every community, freezes the cohort figures, and
/// issues every statement with its points and its event. Resumable at any point, and done once however often it runs
/// and by however many processes.
///
/// Processes that close a month at once share its communities by leases. Each waits for those of the others, so that
/// every one of them ends when the month is closed; what a crashed one held is taken over.
public struct CloseMonth: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let shelf: TariffShelf
    private let settings: Settings
    private let logger: Logger
    private let worker: Worker

    /// Which files of the shelf serve the city, and how long readings may come late.
    public struct Settings: Sendable {
        public var tariffID: String
        public var rulesID: String
        public var waitSeconds: Int64 = 72 * 3_600
        /// Communities in hand at once, 1–64: as many as there are processors.
        public var lanes = 1

        public init(tariffID: String, rulesID: String) {
            self.tariffID = tariffID
            self.rulesID = rulesID
        }
    }

    /// `worker`: who this process is, where others may close or fold on the same database.
    public init(
        database: Database, calendar: CityCalendar, shelf: TariffShelf, settings: Settings, logger: Logger,
        worker: Worker = .alone
    ) {
        self.database = database
        self.calendar = calendar
        self.shelf = shelf
        self.settings = settings
        self.logger = logger
        self.worker = worker
    }

    /// Issues the next version of every statement that readings, persons or installations have changed since, of months
    /// however old. What is not folded yet waits.
    public func corrections(
        only: CommunityID? = nil, besides: Set<CommunityID> = [], at: Instant
    ) async throws -> CorrectionSummary { try await correct()(only: only, besides: besides, at: at) }

    private func correct(before month: BillingMonth? = nil) -> CorrectStatements {
        CorrectStatements(
            database: database, calendar: calendar, shelf: shelf, logger: logger, worker: worker.part("correct"),
            before: month)
    }

    /// The month under way, by the same files.
    public var runningMonth: RunningMonth { RunningMonth(calendar: calendar, shelf: shelf, settings: settings) }

    /// - Parameters:
    ///   - at: the time of running; it decides only whether the month may be closed, never a figure.
    ///   - early: closes before the 72 h after month's end.
    ///   - excluding: communities by code and why the city's figures are frozen without them. Where these are frozen
    ///     already they stay, and the communities get no statements this time; one that has figures is refused.
    ///   - despiteHeld: goes on without readings of the month that join no figures, and tells the log; false refuses a
    ///     month that has any, unless all of it is issued.
    public func callAsFunction(
        _ month: BillingMonth, at: Instant, early: Bool = false, excluding: [String: String] = [:],
        despiteHeld: Bool = false, progress: @escaping @Sendable (CloseProgress) -> Void = { _ in }
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
        var summary = CloseSummary()
        summary.communities = communities.count
        summary.wasComplete = try await isComplete(communities, month)
        try await foldAll(by: rules, excluding: excluding, at: at)
        let held = try await database.read { try $0.held(of: month, calendar.interval(of: month)) }
        if held.isAny, !summary.wasComplete {
            guard despiteHeld else { return .failure(.held(held)) }
            logger.warning(
                "readings of the month take no part in its close",
                metadata: ["month": "\(month)", "readings": "\(held.words)", "see": "/staff/held"])
        }
        let included: [CommunityWithHomes]
        switch try await exclude(excluding, from: communities, month, at: at) {
        case .success(let others): included = others
        case .failure(let refusal): return .failure(refusal)
        }
        let excluded = communities.filter { excluding[$0.code] != nil }
        let apart = Set(excluded.map(\.id))
        summary.excluded = excluded.map(\.code)
        // A month rests on those before it: first they say what is known of them by now.
        summary.corrections.addDone(by: try await correct(before: month)(besides: apart, at: at))
        let (rest, pruned) = try await measureAll(included, month, rules: rules, at: at, &summary, progress)
        if let refusal = pruned.refusal(communities, month) ?? rest.refusal(communities) { return .failure(refusal) }
        let cohorts = try await FreezeMonth(database: database, lanes: lanes)(month, files.tariff, files.rules, at: at)
        // Another process may have frozen it meanwhile, with its own files.
        if case .failure(let refusal) = try await agree(month, files) { return .failure(refusal) }
        // Measuring may have found since when a register is in doubt, which earlier months did not know.
        summary.corrections.addDone(by: try await correct(before: month)(besides: apart, at: at))
        let left: SharedPass.Rest
        do {
            left = try await issueAll(month, files, cohorts, at: at, &summary, progress)
        } catch let other as IssueStatements.NoTariff {
            return .failure(.noTariff(shelf.missingTariff(other.id, in: month)))
        }
        if let refusal = left.refusal(communities) { return .failure(refusal) }
        var corrected = try await corrections(besides: apart, at: at)
        corrected.addDone(by: summary.corrections)
        summary.corrections = corrected
        return .success(summary)
    }

    /// A community that cannot be folded ends the close, unless it takes no part.
    private func foldAll(by rules: MeteringRules, excluding: [String: String], at: Instant) async throws {
        let fold = FoldReadings(
            database: database, calendar: calendar, rules: rules, logger: logger, worker: worker.part("close"))
        do {
            try await fold.whatIsThere(at: at)
        } catch let left as NotFolded where left.reasons.keys.allSatisfy({ excluding[$0] != nil }) {
            logger.warning("communities that are left out are not folded", metadata: ["error": "\(left)"])
        }
    }

    private var lanes: Int { min(max(settings.lanes, 1), 64) }

    private func isComplete(_ communities: [CommunityWithHomes], _ month: BillingMonth) async throws -> Bool {
        let begun = try await database.read { try $0.communityMonths(month) }
        let issued = Set(begun.filter { $0.issuedAt != nil }.map(\.community))
        return communities.allSatisfy { issued.contains($0.id) }
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
            return .failure(.noTariff(shelf.missingTariff(settings.tariffID, in: month)))
        }
        guard let rules = shelf.rules(settings.rulesID, in: month) else {
            return .failure(.noRules(shelf.missingRules(settings.rulesID, in: month)))
        }
        let (others, noted) = try await database.read { reader in
            (try reader.otherTariffs(in: month, calendar.interval(of: month)), try reader.monthTariffs(month))
        }
        for id in others where id != tariff.id {
            guard let other = shelf.tariff(id, in: month) else {
                return .failure(.noTariff(shelf.missingTariff(id, in: month)))
            }
            if let hash = noted[id], hash != other.digest {
                return .failure(
                    .frozenWithOther(FrozenFiles(month: month, rules: rules.version, tariff: id, isOfHomes: true)))
            }
        }
        return try await agree(month, (tariff, rules))
    }

    /// The files, unless the month was frozen with others.
    private func agree(
        _ month: BillingMonth, _ files: (tariff: Tariff, rules: RuleSet)
    ) async throws -> Result<(tariff: Tariff, rules: RuleSet), CloseRefusal> {
        if let frozen = try await database.read({ try $0.cityMonth(month) }),
            frozen.ruleHash != files.rules.digest || frozen.tariffHash != files.tariff.digest
        {
            return .failure(
                .frozenWithOther(
                    FrozenFiles(
                        month: month, rules: frozen.ruleVersion, tariff: frozen.tariffID, isOfHomes: false)))
        }
        return .success(files)
    }

    /// Leaves communities out of the figures to come, all of them or none; those that take part.
    private func exclude(
        _ reasons: [String: String], from communities: [CommunityWithHomes], _ month: BillingMonth, at: Instant
    ) async throws -> Result<[CommunityWithHomes], CloseRefusal> {
        let excluded = communities.filter { reasons[$0.code] != nil }
        if excluded.isEmpty { return .success(communities) }
        let refusal = try await database.write(repeatable: true) { transaction -> CloseRefusal? in
            for community in excluded {
                let state = try transaction.reader.communityMonth(month, of: community.id)
                if state?.isMeasured == true { return .hasFigures(community: community.code, month: month) }
            }
            for community in excluded {
                _ = try transaction.exclude(community.id, month, reason: reasons[community.code] ?? "", at: at)
            }
            return nil
        }
        if let refusal { return .failure(refusal) }
        return .success(communities.filter { reasons[$0.code] == nil })
    }

    /// Measures what nobody has measured yet, until all is; tells what would not be, and what has no readings any more
    /// to be measured by.
    private func measureAll(
        _ communities: [CommunityWithHomes], _ month: BillingMonth, rules: MeteringRules, at: Instant,
        _ summary: inout CloseSummary, _ progress: @escaping @Sendable (CloseProgress) -> Void
    ) async throws -> (SharedPass.Rest, PrunedCommunities) {
        let all = communities.map(\.id)
        let measure = MeasureMonth(database: database, calendar: calendar, rules: rules)
        let toMeasure: @Sendable (Reader) throws -> [CommunityID] = { reader in
            let measured = Set(try reader.communityMonths(month).filter(\.isMeasured).map(\.community))
            return all.filter { !measured.contains($0) }
        }
        let (rest, counts) = try await inLanes(progress) { worker, pass, report in
            var count = CloseCount()
            let rest = try await pass.run(toMeasure) { open in
                report(CloseProgress(pass: .measure, done: communities.count - open, total: communities.count))
            } work: { community, lease in
                let outcome = try await worker.renewing(lease, in: database) {
                    try await measure(community, month, under: lease, at: at)
                }
                switch outcome {
                case .measured(let homes):
                    count.homes += homes
                    return .done
                case .measuredBefore: return .taken
                case .pruned(let kept):
                    count.pruned.kept[community] = kept
                    return .leftOpen
                case .keepsChanging: return .leftOpen
                }
            }
            return (rest, count)
        }
        summary.measuredHomes = counts.homes
        return (rest.stillOpen(try await database.read(toMeasure)), counts.pruned)
    }

    private func issueAll(
        _ month: BillingMonth, _ files: (tariff: Tariff, rules: RuleSet), _ cohorts: Cohorts, at: Instant,
        _ summary: inout CloseSummary, _ progress: @escaping @Sendable (CloseProgress) -> Void
    ) async throws -> SharedPass.Rest {
        let chains = try await database.read { try $0.cohortChains() }
        let issue = IssueStatements(
            database: database, tariff: files.tariff, rules: files.rules, shelf: shelf, calendar: calendar,
            cohorts: cohorts)
        let open = try await database.read { try Self.toIssue(month, $0).count }
        let (rest, counts) = try await inLanes(progress) { worker, pass, report in
            var count = CloseCount()
            let rest = try await pass.run {
                try Self.toIssue(month, $0)
            } left: { left in
                report(CloseProgress(pass: .issue, done: max(open - left, 0), total: max(open, left)))
            } work: { community, lease in
                let issued = try await worker.renewing(lease, in: database) {
                    try await issue(community, month, chain: chains[community] ?? [], under: lease, at: at)
                }
                guard let issued else { return .taken }
                count.communities += 1
                count.statements += issued.statements
                count.transfers += issued.transfers
                return .done
            }
            return (rest, count)
        }
        summary.issuedCommunities += counts.communities
        summary.statements += counts.statements
        summary.transfers += counts.transfers
        return rest.stillOpen(try await database.read { try Self.toIssue(month, $0) })
    }

    private static func toIssue(_ month: BillingMonth, _ reader: Reader) throws -> [CommunityID] {
        try reader.communityMonths(month).filter { $0.isMeasured && $0.issuedAt == nil }.map(\.community)
    }

    /// Runs a pass in every lane at once: each competes for communities as another process would. The first lane
    /// reports.
    private func inLanes(
        _ progress: @escaping @Sendable (CloseProgress) -> Void,
        _ run:
            @escaping @Sendable (Worker, SharedPass, @Sendable (CloseProgress) -> Void) async throws -> (
                SharedPass.Rest, CloseCount
            )
    ) async throws -> (SharedPass.Rest, CloseCount) {
        try await withThrowingTaskGroup(of: (SharedPass.Rest, CloseCount).self) { group in
            for lane in 0..<lanes {
                let worker = lane == 0 ? worker : worker.part("lane-\(lane)")
                let pass = SharedPass(database: database, worker: worker, job: .close, logger: logger)
                group.addTask { try await run(worker, pass, lane == 0 ? progress : { _ in }) }
            }
            var rest = SharedPass.Rest()
            var count = CloseCount()
            for try await (left, counted) in group {
                rest.add(left)
                count.add(counted)
            }
            return (rest, count)
        }
    }
}

/// What the lanes of a pass did.
private struct CloseCount: Sendable {
    var homes = 0
    var pruned = PrunedCommunities()
    var communities = 0
    var statements = 0
    var transfers = 0

    mutating func add(_ other: CloseCount) {
        pruned.kept.merge(other.pruned.kept) { first, _ in first }
        homes += other.homes
        communities += other.communities
        statements += other.statements
        transfers += other.transfers
    }
}

/// The first month that each community still has readings of which a month would need older ones.
private struct PrunedCommunities: Sendable {
    var kept: [CommunityID: BillingMonth] = [:]

    /// Why the close ends here; nil where there is none.
    func refusal(_ communities: [CommunityWithHomes], _ month: BillingMonth) -> CloseRefusal? {
        guard let latest = kept.values.max() else { return nil }
        let codes = communities.filter { kept[$0.id] != nil }.map(\.code)
        return .readingsPruned(communities: codes, month: month, kept: latest)
    }
}

extension SharedPass.Rest {
    /// Why the close ends here; nil where nothing is left.
    fileprivate func refusal(_ communities: [CommunityWithHomes]) -> CloseRefusal? {
        let codes = Dictionary(communities.map { ($0.id, $0.code) }) { first, _ in first }
        if !leftOpen.isEmpty { return .notSettled(communities: leftOpen.map { codes[$0] ?? "\($0)" }) }
        return withOthers.isEmpty ? nil : .withOthers(communities: withOthers.map { codes[$0] ?? "\($0)" })
    }
}

extension TariffShelf {
    fileprivate func missingTariff(_ id: String, in month: BillingMonth) -> MissingFile {
        let own = tariffs.filter { $0.id == id }
        return MissingFile(id: id, month: month, from: own.first?.validFrom, to: own.last?.validTo)
    }

    fileprivate func missingRules(_ id: String, in month: BillingMonth) -> MissingFile {
        let own = rules.filter { $0.id == id }
        return MissingFile(id: id, month: month, from: own.first?.validFrom, to: own.last?.validTo)
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
