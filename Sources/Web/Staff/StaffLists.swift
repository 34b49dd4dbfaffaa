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
    /// It had homes in the month that ended last, and that month has no figures of it.
    let isDue: Bool
    /// Months that the city has figures of and the community, which had homes then, has none; ascending.
    let leftOut: [BillingMonth]
    let dirty: Int
}

/// The first rows of a list.
struct ListHead<Row: Sendable>: Sendable {
    let rows: [Row]
    /// There are more.
    let isCut: Bool

    /// `found`: one more than `most` where there are more.
    init(_ found: [Row], most: Int) {
        rows = Array(found.prefix(most))
        isCut = found.count > most
    }
}

struct Overview: Sendable {
    let communities: [CommunityOverview]
    /// Unregistered meters heard by gateways of the member's area.
    let held: Int64
    /// Alerts of the last thirty days and leaks of each community's newest month, that nobody noted as settled, and
    /// meters in doubt that nothing was decided on.
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
    static var mostRows: Int { 500 }
    private static var mostChanges: Int { 50 }
    /// Of a community's rows, where only some of them are the member's or are still open.
    private static var mostToSift: Int { 10_000 }
    /// Of lists to work through one by one.
    static var mostShort: Int { 100 }
    /// Communities whose meters are asked about one by one.
    static var fewCommunities: Int { 20 }
    /// The city's newest months that a community may have been left out of: as many as a close looks at.
    private static var monthsLookedAt: Int { 36 }

    func overview(for clerk: Clerk, at now: Instant, _ calendar: CityCalendar) throws -> Overview {
        let latest = calendar.month(of: now).previous
        let frozen = try frozenMonths(limit: Reader.monthsLookedAt)
        let communities = try clerk.communities.prefix(Reader.mostCommunities).map { area in
            let measured = try measuredMonths(of: area.id)
            let open = try Set(frozen + [latest]).subtracting(measured).filter {
                try hadHomes(area.id, over: calendar.interval(of: $0))
            }
            return CommunityOverview(
                area: area, homes: try householdCount(of: area.id, at: now), month: measured.last,
                isDue: open.contains(latest), leftOut: frozen.filter { open.contains($0) }.sorted(),
                dirty: try countsToCorrect(of: area.id, span: calendar.interval).values.reduce(0, +))
        }
        let followUps = try followUps(for: clerk, at: now)
        let recent = try alerts(for: clerk).filter {
            $0.at > now - 30 * 86_400 && !followUps.isSettled($0.household, at: $0.at)
        }
        let leaks = try suspectedLeaks(for: clerk, upTo: calendar.month(of: now)).filter {
            !followUps.isSettled($0.household, at: $0.flow.to)
        }
        let doubts = try openDoubtCount(for: clerk, at: now)
        return Overview(
            communities: communities, held: try heldCount(for: clerk).meters,
            alerts: recent.count + leaks.count + doubts,
            objections: followUps.objections.count, waiting: try journalLag()?.readings ?? 0,
            locked: try staff().filter { member in
                member.disabledAt == nil && clerk.covers(member.area) && member.lockedUntil.map { $0 > now } ?? false
            })
    }

    /// Unregistered meters heard by gateways of the member's area, latest first.
    func heldMeters(for clerk: Clerk) throws -> ListHead<HeldMeter> {
        ListHead(
            try heldMeters(of: try gatewayIDs(for: clerk), limit: Reader.mostRows + 1), most: Reader.mostRows)
    }

    /// How many they are, and their readings.
    func heldCount(for clerk: Clerk) throws -> HeldCount { try heldCount(of: try gatewayIDs(for: clerk)) }

    /// The last reading of an unregistered meter that gateways of the member's area heard; nil where none did.
    func lastHeld(at address: MeterAddress, for clerk: Clerk) throws -> Instant? {
        try lastHeld(at: address, of: try gatewayIDs(for: clerk))
    }

    /// Readings kept apart that gateways of the member's area sent, latest first.
    func quarantined(for clerk: Clerk) throws -> ListHead<QuarantinedReading> {
        ListHead(
            try quarantined(of: try gatewayIDs(for: clerk), limit: Reader.mostRows + 1), most: Reader.mostRows)
    }

    /// Telegrams kept undecoded that gateways of the member's area heard.
    func keptTelegrams(for clerk: Clerk) throws -> ListHead<KeptTelegramsOfMeter> {
        ListHead(
            try keptTelegramsByMeter(of: try gatewayIDs(for: clerk), limit: Reader.mostRows + 1),
            most: Reader.mostRows)
    }

    /// The gateways of the member's area; nil for every one, which the city's staff see.
    private func gatewayIDs(for clerk: Clerk) throws -> [GatewayID]? {
        if clerk.member.area == clerk.areas.city?.id { return nil }
        return try gateways().filter { clerk.covers($0.area) }.map(\.id)
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
            try homesToCorrect(of: area.id, calendar, most: part == nil ? Reader.mostRows : Reader.mostToSift).map {
                (area, $0)
            }
        }.filter { part?.numbers.contains($0.1.number) ?? true }
        return try rows.sorted { $0.1.since < $1.1.since }.prefix(Reader.mostRows).map { area, home in
            CorrectionRow(
                area: area, home: home,
                changes: try changes(of: home.household, in: area.id, home.month, limit: Reader.mostChanges),
                isBeyond: try isBeyondCorrection(home.household, of: area.id, home.month, calendar))
        }
    }

    /// Homes of a community to be corrected, those marked first at the beginning.
    ///
    /// Where a home did not live there in a month and has no statement of it, nothing is there to correct, though the
    /// month may be marked.
    func homesToCorrect(
        of community: CommunityID, _ calendar: CityCalendar, most: Int
    ) throws -> [HomeToCorrect] {
        let marked = try homesToCorrect(of: community, limit: most)
        let due = try marked.filter { try isToCorrect($0, of: community, calendar) }
        // Those left out may stand before others.
        guard due.count < marked.count, marked.count == most, most < Reader.mostToSift else { return due }
        let more = try homesToCorrect(of: community, limit: Reader.mostToSift)
        return Array(try more.filter { try isToCorrect($0, of: community, calendar) }.prefix(most))
    }

    private func isToCorrect(
        _ home: HomeToCorrect, of community: CommunityID, _ calendar: CityCalendar
    ) throws -> Bool {
        let span = calendar.interval(of: home.month)
        if home.movedIn < span.end, home.movedOut.map({ $0 > span.start }) ?? true { return true }
        return try !statementVersions(of: community, home.month, homes: [home.household]).isEmpty
    }

    /// What ran without a pause in each community's newest closed month and those since, up to `month`, which is under
    /// way; the most water first. A stretch that goes on in a later month is told once, by that.
    func suspectedLeaks(for clerk: Clerk, upTo month: BillingMonth) throws -> [SuspectedLeak] {
        let rows = try clerk.communities.prefix(Reader.mostCommunities).flatMap { area in
            let first = max(try measuredMonths(of: area.id).last ?? month, month.advanced(by: -Self.monthsOfLeaks))
            var found: [SuspectedLeak] = []
            var next = month
            while next >= first {
                let later = Dictionary(grouping: found, by: \.household)
                found += try suspectedLeaks(of: area.id, next, limit: Reader.mostToSift).filter { leak in
                    !(later[leak.household] ?? []).contains { $0.flow.from <= leak.flow.to }
                }
                next = next.previous
            }
            return found
        }
        return rows.filter { clerk.covers($0.area) }.sorted { $0.flow.litres > $1.flow.litres }
    }

    /// Months before the one under way whose stretches are listed at most.
    private static let monthsOfLeaks = 3

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

    /// Meters whose registers are in doubt and did not come back, by community, then serial.
    func openDoubts(for clerk: Clerk, at now: Instant) throws -> [(area: Area, meter: OpenDoubt)] {
        var found: [(area: Area, meter: OpenDoubt)] = []
        for area in clerk.communities.prefix(Reader.mostCommunities) where found.count < Reader.mostShort {
            let limit = clerk.servesPart ? Reader.mostToSift : Reader.mostShort - found.count
            found += try openDoubts(of: area.id, at: now, limit: limit).filter { clerk.covers($0.area) }
                .map { (area: area, meter: $0) }
        }
        return Array(found.prefix(Reader.mostShort))
    }

    /// Those of them that nothing was decided on; of a part of a community as many as are listed at most.
    private func openDoubtCount(for clerk: Clerk, at now: Instant) throws -> Int {
        if clerk.servesPart { return try openDoubts(for: clerk, at: now).count { !$0.meter.isDecided } }
        return try clerk.communities.prefix(Reader.mostCommunities).map { try openDoubtCount(of: $0.id) }.reduce(0, +)
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
