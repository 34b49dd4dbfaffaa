import Database
import Ledger
import Metering
import Scoring
import Storage
import Tariffs
import Water

/// One community's month being corrected: what new versions say, and how they are written.
struct CorrectMonth: Sendable {
    let community: CommunityID
    let month: BillingMonth
    let tariff: Tariff
    let rules: RuleSet
    /// Where the tariffs of homes that are not billed by the city's stand.
    let shelf: TariffShelf
    let calendar: CityCalendar

    struct Work: Sendable {
        var statements: [StoredStatement] = []
        /// What ran in the homes that the statements are of.
        var leaks: [(home: HouseholdID, flows: [ContinuousFlow])] = []
        var awards: [(posting: Posting, award: AwardKey?)] = []
        /// The homes looked at: their marks end with this.
        var homes: [HouseholdID] = []
        var summary = CorrectionSummary()
        /// The sets of readings that the figures rest on, by the community's fold version.
        var foldVersion: Int64 = 0
        /// The versions of the accounts that points go to or from; nil for one never posted to.
        var accounts: [HouseholdID: Int64?] = [:]
        var event: OutboxEvent?
        /// Months that took this one into a mean, or fill the same tiers: they are corrected in their turn.
        var resting: [(home: HouseholdID, month: BillingMonth, cause: HomeChange.Cause)] = []
        /// What the homes were measured to.
        var figures: [HomeMonth] = []
        /// Whether any of the statements says something new of its own month.
        var hasNews = false
        var newTariffs: [Tariff] = []
    }

    /// What the homes' next versions are, on one snapshot; nil where the month's tariff was replaced since ours was
    /// looked up.
    func prepare(_ homes: [HouseholdID], at: Instant, _ reader: Reader) throws -> Work? {
        guard try reader.cityMonth(month)?.tariffHash == tariff.digest else { return nil }
        var work = Work()
        work.foldVersion = try reader.foldVersion(of: community)
        let chain = try reader.cohortChains()[community] ?? []
        let cohorts = try reader.frozenCohorts(month, rules: rules.cohort)
        let cohort = cohorts.cohort(along: chain)
        let tookPart = cohorts.byArea[community] != nil
        let frozen = try reader.homeMonths(of: community, month, homes: homes)
        let tariffs = try HomeTariffs(tariff, of: community, in: month, on: shelf, reader)
        let billed = homes.filter { tariffs.tariff(of: $0) != nil }
        work.summary.withoutFiles = homes.count - billed.count
        work.summary.missingFiles = missing(Set(homes).subtracting(billed), tariffs)
        let homes = billed
        let earlier = try EarlierStatements(of: community, before: month, under: tariffs, rules, reader)
        let resting = try RestingMonths(on: month, of: community, under: tariffs, on: shelf, reader)
        let numbers = try reader.householdNumbers(of: community)
        let known = try reader.householdsWithPostings(of: community)
        let versions = try reader.accountVersions(of: community)
        var issued: [HouseholdID: StoredStatement] = [:]
        for home in homes { issued[home] = try reader.statement(of: home, in: community, month) }
        work.figures = try figures(of: homes, issued: Set(issued.keys), frozen, reader)
        for home in work.figures {
            guard let tariff = tariffs.tariff(of: home.household) else { continue }
            let context = StatementContext(
                tariff: tariff, rules: rules, cohort: cohort,
                frozenFigure: tookPart ? try frozenFigure(frozen[home.household], reader) : nil,
                earlier: earlier, household: home.household, monthStart: calendar.interval(of: month).start)
            // Of months without a register a home has a statement where one could have been read, as those have it that
            // were registered in time: not of the time before a meter hung there.
            if issued[home.household] == nil, home.lacksRegister, try !isMetered(home.household, reader) { continue }
            let changes = try changes(of: home.household, reader)
            guard
                let found = try next(
                    home, numbers[home.household] ?? "", after: issued[home.household], changes, in: context)
            else { continue }
            let statement = found.statement
            work.statements.append(stored(statement, of: home.household))
            work.hasNews = work.hasNews || found.isNews
            work.leaks.append((home.household, home.continuousFlows))
            var later = found.changesUse ? try resting.months(of: home.household, reader) : []
            if found.changesLevels { later += try nextMonth(of: home.household, reader) }
            let cause = statement.version == 1 ? HomeChange.Cause.earlierMonthIssued : .earlierMonth
            work.resting += later.map { (home.household, $0, cause) }
            let holder = AccountHolder(community: community, household: home.household)
            let awards = try AwardPoints(rules: rules, calendar: calendar).postings(
                for: statement, holder, isKnown: known.contains(home.household), at: at, reader)
            if !awards.isEmpty { work.accounts[home.household] = .some(versions[home.household]) }
            work.awards += awards
        }
        work.homes = homes
        work.newTariffs = tariffs.unnoted(of: work.statements.map(\.household))
        work.summary.statements = work.statements.count
        work.summary.unchanged = work.homes.count - work.statements.count
        work.summary.transfers = work.awards.reduce(0) { $0 + $1.posting.transfers.count }
        if work.hasNews { work.event = try event(work, chain.first?.code ?? "", at: at) }
        return work
    }

    /// The tariffs of homes that are billed by none on the shelf, and what can be done.
    private func missing(_ homes: Set<HouseholdID>, _ tariffs: HomeTariffs) -> Set<String> {
        Set(homes.compactMap { tariffs.id(of: $0) }).reduce(into: []) { found, id in
            found.insert(
                "\(month): homes are billed by tariff \(id), of which no file is there as the month went by it: put it "
                    + "back, or say that the one there is right by jieshui tariff correct \(month) --tariff \(id) "
                    + "--reason …")
        }
    }

    /// Whether a meter hung at the home while it was lived in during the month.
    private func isMetered(_ household: HouseholdID, _ reader: Reader) throws -> Bool {
        let span = calendar.interval(of: month)
        guard let lived = try reader.household(household, in: community)?.time(within: span) else { return false }
        return try reader.installedTimes(of: household, in: community).contains(where: lived.meets)
    }

    /// The first later month whose statement has levels: the next, or where this one's rules pay no savings the first of
    /// those that do. Each marks the one after it in its turn.
    private func nextMonth(of household: HouseholdID, _ reader: Reader) throws -> [BillingMonth] {
        // A statement takes its levels from the latest of the three before it.
        let last = rules.saving == nil ? 13 : 3
        let next = try (1...last).lazy.map { month.advanced(by: $0) }.first { later in
            try reader.statementFigures(of: household, in: community, later)?.levels != nil
        }
        return next.map { [$0] } ?? []
    }

    /// A home's own figure among the frozen ones. Months from before a gap kept from ranking count a home with one: then its
    /// first statement has a rank.
    private func frozenFigure(_ frozen: HomeMonth?, _ reader: Reader) throws -> Int64? {
        guard var home = frozen else { return nil }
        if let figure = standing(of: home, under: rules).figure { return figure }
        guard home.missingSeconds > 0,
            let first = try reader.statement(of: home.household, in: community, month, version: 1),
            try Statement(bytes: Array(first.body.utf8)).rank != nil
        else { return nil }
        home.missingSeconds = 0
        return standing(of: home, under: rules).figure
    }

    /// By household. Of one that has a statement though it did not live there: a month of nothing.
    private func figures(
        of homes: [HouseholdID], issued: Set<HouseholdID>, _ frozen: [HouseholdID: HomeMonth], _ reader: Reader
    ) throws -> [HomeMonth] {
        let metering = MeteringRules(rules)
        let measure = MeasureMonth.Figures(
            calendar: calendar, rules: metering,
            digestForms: frozen.mapValues { ReadingsDigestForm(of: $0.readingsDigest) })
        var found = try measure(of: community, month, only: Set(homes), reader)
        let elsewhere = issued.subtracting(found.map(\.household))
        if elsewhere.isEmpty { return found }
        let span = MonthSpan(month, calendar: calendar)
        found += elsewhere.map { measureNotLivedIn($0, span: span, rules: metering) }
        return found.sorted { $0.household < $1.household }
    }

    /// A version to be issued, and what of it later months or other systems have to know.
    private struct Next {
        let statement: Statement
        var changesUse = true
        var changesLevels = true
        var isNews = true
    }

    /// The next version; nil where it would say the same of the month itself. Where nothing was said, as of a home
    /// registered after the close, the first. An earlier month whose first statement came after this one's is named
    /// though nothing else changes.
    private func next(
        _ home: HomeMonth, _ number: String, after current: StoredStatement?, _ changes: [HomeChange],
        in context: StatementContext
    ) throws -> Next? {
        guard let current else {
            return Next(statement: makeStatement(home, household: number, version: 1, in: context))
        }
        let said = try Statement(bytes: Array(current.body.utf8))
        let again = makeStatement(
            home, household: number, version: said.version, in: context, correction: said.correction)
        if again.bytes == said.bytes { return nil }
        let start = context.tariff.firstMonth(ofPeriodOf: month).firstDay
        let namesNewMonth = changes.contains { $0.cause == .earlierMonthIssued }
        if !namesNewMonth, again.saysTheSame(as: said, personsFrom: start) { return nil }
        let told = changes.filter { again.mayStem(from: $0.cause, after: said, personsFrom: start) }
        let statement = makeStatement(
            home, household: number, version: said.version + 1, in: context,
            correction: Correction(
                of: said, hash: current.hash, changes: told.isEmpty ? changes : told,
                monthStart: calendar.interval(of: month).start))
        return Next(
            statement: statement, changesUse: statement.changesUse(against: said),
            changesLevels: statement.changesLevels(against: said), isNews: statement.isNews(after: said))
    }

    private func stored(_ statement: Statement, of household: HouseholdID) -> StoredStatement {
        let bytes = statement.bytes
        let hash = sha256Hex(bytes)
        return StoredStatement(
            household: household, month: month, version: Int64(statement.version),
            body: String(decoding: bytes, as: UTF8.self), hash: hash,
            figures: StatementFigures(statement, hash: hash))
    }

    /// One event for what a transaction corrects, where any of it is news; its id names the versions, so that a repeat
    /// is the same event.
    private func event(_ work: Work, _ code: String, at: Instant) throws -> OutboxEvent {
        var digest = RunningDigest()
        for statement in work.statements { digest.update(statement.hash) }
        let part = String(digest.hexDigest().prefix(16))
        return try OutboxEvent(
            community: community,
            id: "statements-corrected:\(OutboxEvent.idPart(code)):\(month):\(part)", kind: .statementsCorrected,
            data: [
                "community": .string(code), "month": .string(month.description),
                "counts": [
                    "statements": .integer(Int64(work.statements.count)),
                    "transfers": .integer(Int64(work.summary.transfers)),
                ],
                "pull_path": .string("/v1/communities/\(code)/statements?month=\(month)"),
            ], at: at)
    }

    /// Writes the versions, unless the readings or an account changed meanwhile; true where it is written.
    func write(_ work: Work, at: Instant, _ transaction: Transaction) throws -> Bool {
        let reader = transaction.reader
        guard try reader.foldVersion(of: community) == work.foldVersion else {
            // The end of an earlier attempt may not have been heard: then there is nothing left to do.
            return false
        }
        let versions = try reader.accountVersions(of: community)
        guard work.accounts.allSatisfy({ versions[$0.key] == $0.value }) else { return false }
        let newest = try reader.statementVersions(of: community, month, homes: work.statements.map(\.household))
        guard work.statements.allSatisfy({ (newest[$0.household] ?? 0) == $0.version - 1 }) else {
            return work.statements.allSatisfy { newest[$0.household] == $0.version }
        }
        try transaction.note(work.newTariffs, of: month, at: at)
        try transaction.holdFold(of: community, at: at)
        try transaction.add(work.statements, to: community, at: at)
        for (home, flows) in work.leaks { try transaction.setLeaks(flows, of: home, in: community, month) }
        try transaction.append(work.awards)
        if let event = work.event { try transaction.enqueue(event) }
        for home in work.homes { try transaction.clearDirty(home, of: community, month) }
        try transaction.noteDoubts(of: work.figures, in: community, month, calendar, at: at)
        for (home, later, cause) in work.resting {
            try transaction.markDirty(home, of: community, later, cause: cause, at: at)
        }
        return true
    }
}
