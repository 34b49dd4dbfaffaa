import Database
import Operations
import Scoring
import Storage
import Water

/// A community as the staff home shows it.
struct CommunityOverview: Sendable {
    let area: Area
    let homes: Int64
    /// The newest month with figures.
    let month: BillingMonth?
    let dirty: Int
}

struct Overview: Sendable {
    let communities: [CommunityOverview]
    let held: Int
    /// Of the last thirty days, with leaks, that nobody noted as settled.
    let alerts: Int
    /// Objections that wait for an answer.
    let objections: Int
    /// Readings not folded yet, of the whole city.
    let waiting: Int64
    /// Staff of the member's area whom wrong passwords locked out, by name.
    let locked: [StaffMember]
}

/// What a member of staff may see, at most so many of each: longer lists are for exports.
extension Reader {
    static var mostCommunities: Int { 200 }
    private static var mostRows: Int { 500 }
    private static var mostChanges: Int { 50 }
    /// Of a community's rows, where only some of them are the member's or are still open.
    private static var mostToSift: Int { 10_000 }
    /// Of lists to work through one by one.
    static var mostShort: Int { 100 }
    /// Communities whose meters are asked about one by one.
    static var fewCommunities: Int { 20 }

    func overview(for clerk: Clerk, at now: Instant) throws -> Overview {
        let communities = try clerk.communities.prefix(Reader.mostCommunities).map { area in
            CommunityOverview(
                area: area, homes: try householdCount(of: area.id, at: now),
                month: try measuredMonths(of: area.id).last, dirty: try dirtyHomes(of: area.id).count)
        }
        let followUps = try followUps(for: clerk, at: now)
        let recent = try alerts(for: clerk).filter {
            $0.at > now - 30 * 86_400 && !followUps.isSettled($0.household, at: $0.at)
        }
        let leaks = try suspectedLeaks(for: clerk).filter { !followUps.isSettled($0.household, at: $0.flow.to) }
        return Overview(
            communities: communities, held: try heldMeters(for: clerk).count, alerts: recent.count + leaks.count,
            objections: followUps.objections.count, waiting: try journalLag()?.readings ?? 0,
            locked: try staff().filter { member in
                member.disabledAt == nil && clerk.covers(member.area) && member.lockedUntil.map { $0 > now } ?? false
            })
    }

    /// Unregistered meters heard by gateways of the member's area.
    func heldMeters(for clerk: Clerk) throws -> [HeldMeter] {
        let names = try gatewayNames(for: clerk)
        return try heldMeters(limit: Reader.mostRows).filter { names.contains($0.gateway) }
    }

    func quarantined(for clerk: Clerk) throws -> [QuarantinedReading] {
        let names = try gatewayNames(for: clerk)
        return try quarantined(limit: Reader.mostRows).filter { names.contains($0.gateway) }
    }

    /// Telegrams kept undecoded that gateways of the member's area heard.
    func keptTelegrams(for clerk: Clerk) throws -> [KeptTelegramsOfMeter] {
        let covered = try gateways().filter { clerk.covers($0.area) }
        return try keptTelegramsByMeter(of: covered.map(\.id), limit: Reader.mostRows)
    }

    private func gatewayNames(for clerk: Clerk) throws -> Set<String> {
        Set(try gateways().filter { clerk.covers($0.area) }.map(\.name))
    }

    func alerts(for clerk: Clerk) throws -> [AlertRow] {
        if clerk.member.area == clerk.areas.city?.id { return try alerts(limit: Reader.mostRows) }
        let part = try clerk.part(self)
        let rows = try clerk.communities.prefix(Reader.mostCommunities).flatMap {
            try alerts(of: $0.id, limit: part == nil ? Reader.mostRows : Reader.mostToSift)
        }
        let mine = rows.filter { part?.serials.contains($0.serial) ?? true }
        return Array(mine.sorted { $0.at > $1.at }.prefix(Reader.mostRows))
    }

    /// Homes to correct of the member's communities, those marked first at the beginning, each with what changed.
    func homesToCorrect(for clerk: Clerk, _ calendar: CityCalendar) throws -> [CorrectionRow] {
        let part = try clerk.part(self)
        let rows = try clerk.communities.prefix(Reader.mostCommunities).flatMap { area in
            try homesToCorrect(of: area.id, limit: part == nil ? Reader.mostRows : Reader.mostToSift).map { (area, $0) }
        }.filter { part?.numbers.contains($0.1.number) ?? true }
        return try rows.sorted { $0.1.since < $1.1.since }.prefix(Reader.mostRows).map { area, home in
            CorrectionRow(
                area: area, home: home,
                changes: try changes(of: home.household, in: area.id, home.month, limit: Reader.mostChanges),
                isBeyond: try isBeyondCorrection(home.household, of: area.id, home.month, calendar))
        }
    }

    /// What ran without a pause in each community's newest month, the most water first.
    func suspectedLeaks(for clerk: Clerk) throws -> [SuspectedLeak] {
        let rows = try clerk.communities.prefix(Reader.mostCommunities).flatMap { area in
            guard let month = try measuredMonths(of: area.id).last else { return [SuspectedLeak]() }
            return try suspectedLeaks(of: area.id, month, limit: Reader.mostToSift)
        }
        return rows.filter { clerk.covers($0.area) }.sorted { $0.flow.litres > $1.flow.litres }
    }

    /// Meters that sent nothing for seven days, each with its last reading, of so many communities.
    func silentMeters(
        for clerk: Clerk, at now: Instant, today: LocalDay
    ) throws -> [(area: Area, meter: SilentMeter, last: Instant?)] {
        var found: [(area: Area, meter: SilentMeter, last: Instant?)] = []
        for area in clerk.communities.prefix(Reader.fewCommunities) where found.count < Reader.mostShort {
            let limit = Reader.mostShort - found.count
            for meter in try silentMeters(of: area.id, at: now, today: today, limit: limit)
            where clerk.covers(meter.area) {
                let last = try nearestSet(of: meter.meter, in: area.id, before: today.advanced(by: 1))
                found.append((area, meter, last?.elements.map(\.at).max()))
            }
        }
        return found
    }

    /// Findings of each community's newest month, latest first.
    func findings(for clerk: Clerk) throws -> [(area: Area, finding: StoredFindingRow)] {
        let part = try clerk.part(self)
        let rows = try clerk.communities.prefix(Reader.mostCommunities).flatMap { area in
            guard let month = try measuredMonths(of: area.id).last else { return [(Area, StoredFindingRow)]() }
            return try findings(of: area.id, month, limit: part == nil ? Reader.mostRows : Reader.mostToSift)
                .map { (area, $0) }
        }.filter { part?.serials.contains($0.1.serial) ?? true }
        return Array(rows.sorted { $0.1.at > $1.1.at }.prefix(Reader.mostRows))
    }
}

extension ContinuousFlow {
    /// What ran at least.
    fileprivate var litres: Int64 { hours &* litresPerHour }
}

/// A home's month that something changed of since.
struct CorrectionRow: Sendable {
    let area: Area
    let home: HomeToCorrect
    let changes: [HomeChange]
    /// It stays as it is: its readings were pruned.
    let isBeyond: Bool
}
