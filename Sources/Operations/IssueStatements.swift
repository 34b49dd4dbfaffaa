import Database
public import Ledger
import Scoring
import Storage
public import Tariffs
import Water

/// Writes a community's statements, points and event of a month, in one transaction.
struct IssueStatements: Sendable {
    let database: Database
    let tariff: Tariff
    let rules: RuleSet
    /// Where the tariffs of homes that are not billed by the city's stand.
    let shelf: TariffShelf
    let calendar: CityCalendar
    let cohorts: Cohorts

    struct Issued: Sendable {
        var statements = 0
        var transfers = 0
    }

    /// A community whose accounts kept changing while it was computed.
    struct AccountsKeepChanging: Error {
        let community: CommunityID
    }

    /// The shelf has no tariff of this id for the month, or another than the month goes by, and a home is billed by it.
    struct NoTariff: Error {
        let id: String
    }

    private static let attempts = 5

    /// `chain`: the areas the community's cohort may widen through. Returns nil where the statements were issued before;
    /// throws `LeaseLost` where another process took the community over, and `NoTariff`.
    func callAsFunction(
        _ community: CommunityID, _ month: BillingMonth, chain: [CohortArea], under lease: Lease, at: Instant
    ) async throws -> Issued? {
        for _ in 0..<Self.attempts {
            let found = try await database.read { reader -> Work? in
                if try reader.communityMonth(month, of: community)?.issuedAt != nil { return nil }
                return try prepare(community, month, chain: chain, at: at, reader)
            }
            guard let work = found else { return nil }
            do {
                let isWritten = try await database.write(repeatable: true) { transaction in
                    try write(work, of: community, month, under: lease, at: at, transaction)
                }
                if isWritten {
                    return Issued(
                        statements: work.statements.count,
                        transfers: work.awards.reduce(0) { $0 + $1.posting.transfers.count })
                }
            } catch DatabaseFailure.conflict {
                continue
            } catch let other as OtherTariffNoted {
                throw NoTariff(id: other.id)
            }
        }
        throw AccountsKeepChanging(community: community)
    }

    /// Writes everything, unless an account that points go to changed; true where it is written, also by an attempt
    /// whose end was never heard.
    private func write(
        _ work: Work, of community: CommunityID, _ month: BillingMonth, under lease: Lease, at: Instant,
        _ transaction: Transaction
    ) throws -> Bool {
        try transaction.requireLease(lease)
        if try transaction.reader.communityMonth(month, of: community)?.issuedAt != nil { return true }
        let versions = try transaction.reader.accountVersions(of: community)
        guard work.accounts.allSatisfy({ versions[$0.key] == $0.value }) else { return false }
        try transaction.note(work.newTariffs, of: month, at: at)
        try transaction.add(work.statements, to: community, at: at)
        try markLater(than: month, of: community, work.statements.map(\.household), at: at, transaction)
        try transaction.append(work.awards)
        try transaction.enqueue(work.event)
        guard try transaction.noteIssued(community, month, at: at) else { throw LeaseLost(lease: lease) }
        try transaction.release(lease)
        return true
    }

    /// Statements issued late, of a community that was left out, say what later ones issued before did not know: litres
    /// that these rest on, and under rules that pay savings levels for the next.
    private func markLater(
        than month: BillingMonth, of community: CommunityID, _ homes: [HouseholdID], at: Instant,
        _ transaction: Transaction
    ) throws {
        let reader = transaction.reader
        guard try reader.measuredMonths(of: community).contains(where: { $0 > month }) else { return }
        let next = try (1...3).map { month.advanced(by: $0) }.first {
            try reader.communityMonth($0, of: community)?.issuedAt != nil
        }
        let tariffs = try HomeTariffs(tariff, of: community, in: month, on: shelf, reader)
        let resting = try RestingMonths(on: month, of: community, under: tariffs, on: shelf, reader)
        for home in homes {
            var later = Set(rules.saving == nil ? [] : [next].compactMap { $0 })
            later.formUnion(try resting.months(of: home, reader))
            for month in later.sorted() {
                try transaction.markDirty(home, of: community, month, cause: .earlierMonthIssued, at: at)
            }
        }
    }

    private struct Work: Sendable {
        var statements: [StoredStatement] = []
        var awards: [(posting: Posting, award: AwardKey?)] = []
        var event: OutboxEvent
        /// The versions of the accounts that points go to; nil for one never posted to.
        var accounts: [HouseholdID: Int64?]
        var newTariffs: [Tariff]
    }

    private func prepare(
        _ community: CommunityID, _ month: BillingMonth, chain: [CohortArea], at: Instant, _ reader: Reader
    ) throws -> Work {
        let homes = try reader.homeMonths(of: community, month)
        let numbers = try reader.householdNumbers(of: community)
        let tariffs = try HomeTariffs(tariff, of: community, in: month, on: shelf, reader)
        let earlier = try EarlierStatements(of: community, before: month, under: tariffs, rules, reader)
        let known = try reader.householdsWithPostings(of: community)
        let cohort = cohorts.cohort(along: chain)
        let award = AwardPoints(rules: rules, calendar: calendar)
        // The frozen figures themselves tell whether its homes are in the distributions they are compared with.
        let tookPart = cohorts.byArea[community] != nil
        let packer = StatementPacker()
        var statements: [StoredStatement] = []
        var awards: [(posting: Posting, award: AwardKey?)] = []
        for home in homes {
            guard let tariff = tariffs.tariff(of: home.household) else {
                throw NoTariff(id: tariffs.id(of: home.household) ?? tariff.id)
            }
            let context = StatementContext(
                tariff: tariff, rules: rules, cohort: cohort,
                frozenFigure: tookPart ? standing(of: home, under: rules).figure : nil,
                earlier: earlier, household: home.household, monthStart: calendar.interval(of: month).start)
            let statement = makeStatement(
                home, household: numbers[home.household] ?? "", version: 1, in: context)
            let bytes = statement.bytes
            let hash = sha256Hex(bytes)
            statements.append(
                StoredStatement(
                    household: home.household, month: month, version: 1,
                    body: String(decoding: bytes, as: UTF8.self), hash: hash,
                    figures: StatementFigures(statement, hash: hash), packed: packer.pack(bytes)))
            let holder = AccountHolder(community: community, household: home.household)
            awards += try award.postings(
                for: statement, holder, isKnown: known.contains(home.household), at: at, reader)
        }
        let versions = try reader.accountVersions(of: community)
        return Work(
            statements: statements, awards: awards,
            event: try closed(community, chain.first?.code ?? "", month, homes, awards, at: at).event(),
            accounts: Dictionary(awards.map(\.posting.holder.household).map { ($0, versions[$0]) }) { first, _ in first
            }, newTariffs: tariffs.unnoted(of: homes.map(\.household)))
    }

    private func closed(
        _ community: CommunityID, _ code: String, _ month: BillingMonth, _ homes: [HomeMonth],
        _ awards: [(posting: Posting, award: AwardKey?)], at: Instant
    ) -> ClosedStatements {
        let points = awards.flatMap(\.posting.transfers).filter { $0.kind == .award }.reduce(Points.zero) {
            $0 + $1.points
        }
        return ClosedStatements(
            community: community, communityCode: code, month: month, ruleVersion: rules.version, tariffID: tariff.id,
            tariffVersion: tariff.version, statements: homes.count,
            rankedHomes: homes.count { standing(of: $0, under: rules).figure != nil }, awardedPoints: points, at: at)
    }
}

extension RuleSet {
    /// The ledger's terms as the rule file announces them; nil where a figure is outside the ledger's range.
    public var ledgerTerms: LedgerTerms? {
        LedgerTerms(
            holdSeconds: Int64(redemption.holdHours) * 3_600, openHoldLimit: redemption.maximumOpenHolds,
            debtLimit: -points.clawbackFloor)
    }
}
