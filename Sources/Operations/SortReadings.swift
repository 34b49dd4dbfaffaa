import Database
import Ingest
import Storage
import Water

/// What of a gateway's unregistered meters is kept so far: the base of its limits.
struct HeldByGateway: Sendable {
    var addresses: Set<String> = []
    var readings = 0
    /// What was counted lately, by when it came: what of it is folded is counted in the database, once each.
    var recent: [(at: Instant, readings: Int)] = []

    mutating func add(_ count: Int, at: Instant) {
        guard count > 0 else { return }
        if let last = recent.last, last.at == at {
            recent[recent.count - 1].readings += count
        } else {
            recent.append((at, count))
        }
    }

    /// Adds to what the database counts, once each, what this process knows of beside: its addresses, and what it counted
    /// since the oldest of what waits to be folded came; nil where nothing waits.
    mutating func add(_ known: HeldByGateway, waitingSince oldest: Instant?, in directory: MeterDirectory) {
        // What was registered meanwhile has joined, or soon does.
        addresses.formUnion(
            known.addresses.filter { text in
                MeterAddress(text: text).flatMap { directory.meter(at: $0) } == nil
            })
        recent = known.recent.filter { kept in oldest.map { kept.at >= $0 } ?? false }
        readings += recent.reduce(0) { $0 + $1.readings }
    }
}

extension Reader {
    /// What is held of every gateway, by address.
    func heldByGateway() throws -> [GatewayID: HeldByGateway] {
        var found: [GatewayID: HeldByGateway] = [:]
        for row in try heldAddresses() {
            found[row.gateway, default: HeldByGateway()].addresses.insert(row.address)
            found[row.gateway, default: HeldByGateway()].readings += Int(row.readings)
        }
        return found
    }
}

/// Decides for each decoded reading which community's journal row it joins, or why it joins none.
struct Sorting {
    let batch: DecodedBatch
    let gateway: GatewayID
    let at: Instant
    let directory: MeterDirectory
    let limits: RecordLimits
    /// nil where the batch is sorted only if nothing of it is held.
    private(set) var held: HeldByGateway?
    private(set) var parts: [JournalPart] = []
    private(set) var answer = RecordAnswer()
    /// Something was refused for the gateway's limit of unregistered data.
    private(set) var reachedHeldLimit = false
    /// Something is held, and `held` is not known.
    private var needsHeld = false
    /// Readings of meters that nobody registered.
    private(set) var newlyHeld = 0
    /// The most that the gateway's clock shows to be ahead of the server's, past the limit; nil where it does not.
    private(set) var offsetSeconds: Int64?
    private var entries: [Entries] = []
    /// Where the entries of a community are.
    private var places: [CommunityID: Int] = [:]
    private var lastPlace = 0
    /// The run that was looked at last, its meter, and the only place of that where it was asked for.
    private var last: (run: Int, meter: MeterID?, place: MeterDirectory.Place?)?
    /// The run in hand is of the meter of the one before it.
    private var followsOwn = false
    private var covered: [AreaID: Bool] = [:]
    private var lastCovered: (area: AreaID, isCovered: Bool)?
    /// The first of the batch's clock leads that may be of an item still to come.
    private var leadPlace = 0
    /// Readings one after another that are to be one entry.
    private var together: (place: Int, run: Int, range: Range<Int>)?

    /// What there is for a community's row.
    private struct Entries {
        let community: CommunityID
        var writer = JournalWriter()
        var readings = 0
    }

    init(
        batch: DecodedBatch, gateway: GatewayID, at: Instant, directory: MeterDirectory, limits: RecordLimits,
        held: HeldByGateway?
    ) {
        self.batch = batch
        self.gateway = gateway
        self.at = at
        self.directory = directory
        self.limits = limits
        self.held = held
    }

    /// False where something is held and `held` is not known: then nothing of it is meant.
    @discardableResult
    mutating func run() -> Bool {
        for rejection in batch.rejections {
            answer.entries.append(
                RecordEntry(
                    index: rejection.item, status: .rejected, field: rejection.field, reason: rejection.reason,
                    offset: rejection.offset))
        }
        for run in batch.runs.indices {
            sort(run)
            if needsHeld { return false }
        }
        flush()
        for alerts in batch.alerts { sort(alerts) }
        if needsHeld { return false }
        parts = entries.map { JournalPart(community: $0.community, bytes: $0.writer.bytes, readings: $0.readings) }
        count()
        return true
    }

    private mutating func sort(_ number: Int) {
        let meter = meter(of: number)
        if let meter, sortTogether(number, of: meter) { return }
        let run = batch.runs[number]
        var present: [CommunityID: [TimedRegister]] = [:]
        var future: [CommunityID: [TimedRegister]] = [:]
        var notes: Set<Note> = []
        // The most that a value lies ahead of the server's clock, past the limit.
        var ahead: Int64 = 0
        let lead = clockLead(of: run.item)
        var joins = false
        for index in run.range {
            let value = TimedRegister(
                at: Instant(epochSeconds: batch.instants[index]),
                register: Volume(millilitres: batch.registers[index]))
            let (communities, note) = place(meter, run.address, value.at)
            if let note { notes.insert(note) }
            let seconds = value.at - at
            let isFuture = seconds > limits.futureSeconds
            if !isFuture { joins = true }
            if isFuture, !communities.isEmpty {
                // In a series each by its place, as values that are rejected.
                if let place = run.series?.place(of: batch.instants[index]) {
                    let reason = futureReason(ahead: seconds, lead: lead)
                    answer.entries.append(Note.future.entry(run.item, run.place, reason: reason, offset: place))
                } else {
                    notes.insert(.future)
                }
                ahead = max(ahead, seconds)
                if seconds - lead > limits.futureSeconds { offsetSeconds = max(offsetSeconds ?? 0, seconds - lead) }
            }
            for community in communities {
                if isFuture {
                    future[community, default: []].append(value)
                } else {
                    present[community, default: []].append(value)
                }
            }
            if !communities.isEmpty { answer.readings += 1 }
        }
        for note in notes.sorted() {
            let reason: String? =
                switch note {
                case .unregistered: unregistered(run.address, joins: joins)
                case .future: futureReason(ahead: ahead, lead: lead)
                case .outOfScope, .heldLimit, .notInstalled: nil
                }
            answer.entries.append(note.entry(run.item, run.place, reason: reason))
        }
        add(present, of: run.address, isFuture: false)
        add(future, of: run.address, isFuture: true)
    }

    /// Seconds that the meter's clock, by which an item's readings stand, ran ahead of the time of receipt; 0 for all
    /// other items. Items are asked about in their order.
    private mutating func clockLead(of item: Int) -> Int64 {
        while leadPlace < batch.clockLeads.count, batch.clockLeads[leadPlace].item < item { leadPlace += 1 }
        guard leadPlace < batch.clockLeads.count, batch.clockLeads[leadPlace].item == item else { return 0 }
        return batch.clockLeads[leadPlace].seconds
    }

    /// Of readings ahead of the server's clock by so many seconds at most. What the meter's own clock does not explain
    /// is the gateway's.
    private func futureReason(ahead seconds: Int64, lead: Int64) -> String {
        let cause =
            seconds - lead > limits.futureSeconds
            ? "the gateway's clock may be \(seconds - lead) s ahead"
            : "the meter's clock is \(lead) s ahead of the time of receipt"
        return "the time is more than 10 minutes ahead of the server (\(cause)); "
            + "it joins no statement: send it again when its time has come"
    }

    /// Takes a whole run that belongs to the meter's only place, within the gateway's scope and not ahead of the clock;
    /// false, with nothing taken, for any other.
    private mutating func sortTogether(_ run: Int, of meter: MeterID) -> Bool {
        let range = batch.runs[run].range
        guard var earliest = range.first.map({ batch.instants[$0] }) else { return false }
        var latest = earliest
        for index in range {
            earliest = min(earliest, batch.instants[index])
            latest = max(latest, batch.instants[index])
        }
        guard latest - at.epochSeconds <= limits.futureSeconds,
            let place = onlyPlace(of: meter, Instant(epochSeconds: earliest), Instant(epochSeconds: latest)),
            covers(place.area)
        else { return false }
        answer.readings += range.count
        let index = index(of: place.community)
        entries[index].readings += range.count
        if let begun = together, begun.place == index, begun.range.upperBound == range.lowerBound, followsOwn {
            together?.range = begun.range.lowerBound..<range.upperBound
        } else {
            flush()
            together = (index, run, range)
        }
        return true
    }

    /// The meter of a run; asked once for readings that came one by one of one meter.
    private mutating func meter(of run: Int) -> MeterID? {
        if let last, batch.runs[last.run].address == batch.runs[run].address {
            followsOwn = true
            self.last?.run = run
            return last.meter
        }
        let meter = directory.meter(at: batch.runs[run].address)
        (last, followsOwn) = ((run, meter, nil), false)
        return meter
    }

    /// The only place of the meter that was looked at last, where it holds all of [from, to].
    private mutating func onlyPlace(of meter: MeterID, _ from: Instant, _ to: Instant) -> MeterDirectory.Place? {
        if let known = last?.place, known.holds(from), known.holds(to) { return known }
        let place = directory.onlyPlace(of: meter, from: from, to: to)
        last?.place = place
        return place
    }

    /// Where the entries of a community are, or begin.
    private mutating func index(of community: CommunityID) -> Int {
        if lastPlace < entries.count, entries[lastPlace].community == community { return lastPlace }
        if let known = places[community] {
            lastPlace = known
        } else {
            lastPlace = entries.count
            places[community] = lastPlace
            entries.append(Entries(community: community))
        }
        return lastPlace
    }

    /// One entry for readings that came one by one of one meter: objects of their own in a body.
    private mutating func flush() {
        guard let (place, run, range) = together else { return }
        together = nil
        entries[place].writer.addReadings(
            gateway: gateway, address: batch.runs[run].address, instants: batch.instants, registers: batch.registers,
            range)
    }

    /// Whether the gateway's scope covers an area; asked once an area in a request.
    private mutating func covers(_ area: AreaID) -> Bool {
        if let lastCovered, lastCovered.area == area { return lastCovered.isCovered }
        let found = covered[area] ?? directory.covers(gateway, area)
        covered[area] = found
        lastCovered = (area, found)
        return found
    }

    /// The communities a reading belongs to (0 while unregistered), and what there is to say of it.
    private mutating func place(_ meter: MeterID?, _ address: MeterAddress, _ at: Instant) -> ([CommunityID], Note?) {
        let places = meter.map { directory.places(of: $0, at: at) } ?? []
        if places.isEmpty { return hold(address, isKnown: meter != nil) }
        let covered = places.filter { directory.covers(gateway, $0.area) }
        if covered.isEmpty { return ([], .outOfScope) }
        // Both sides of a move within one community share a row.
        return (covered.count == 1 ? [covered[0].community] : Array(Set(covered.map(\.community))), nil)
    }

    private mutating func hold(_ address: MeterAddress, isKnown: Bool) -> ([CommunityID], Note?) {
        guard var held else {
            needsHeld = true
            return ([], nil)
        }
        // Taken out of here meanwhile, so that it is not copied.
        self.held = nil
        defer { self.held = held }
        let isNew = !held.addresses.contains(address.text)
        guard !isNew || held.addresses.count < limits.heldMetersPerGateway,
            held.readings < limits.heldReadingsPerGateway
        else {
            reachedHeldLimit = true
            return ([], .heldLimit)
        }
        if isNew { held.addresses.insert(address.text) }
        held.readings += 1
        newlyHeld += 1
        return ([.unregistered], isKnown ? .notInstalled : .unregistered)
    }

    /// Whether alerts of an unregistered address are kept: its readings beside them are counted, they are not.
    private mutating func holdsAlerts(of address: MeterAddress) -> Bool {
        guard var held else {
            needsHeld = true
            return false
        }
        self.held = nil
        defer { self.held = held }
        let isKnown = held.addresses.contains(address.text)
        guard isKnown || held.addresses.count < limits.heldMetersPerGateway,
            held.readings < limits.heldReadingsPerGateway
        else {
            reachedHeldLimit = true
            return false
        }
        if !isKnown { held.addresses.insert(address.text) }
        return true
    }

    /// Which address nobody registered: a meter is often registered by its printed number alone. `joins`: a reading of
    /// it is not ahead of the clock.
    private func unregistered(_ address: MeterAddress, joins: Bool) -> String {
        let isPrinted =
            address.protocol != .serial
            && MeterAddress(.serial, address.address).map { directory.meter(at: $0) != nil } ?? false
        return "no meter is registered as \(address.text)"
            + (joins ? "; the reading joins when one is" : "")
            + (isPrinted ? " (a meter of this printed number is: add the address to it)" : "")
    }

    private mutating func sort(_ alerts: DecodedAlerts) {
        let meter = directory.meter(at: alerts.address)
        let places = meter.map { directory.places(of: $0, at: alerts.at) } ?? []
        let covered = places.filter { directory.covers(gateway, $0.area) }
        guard places.isEmpty || !covered.isEmpty else { return }
        // Those of meters that nobody registered are not kept without end either.
        if places.isEmpty, !holdsAlerts(of: alerts.address) {
            answer.entries.append(Note.heldLimit.entry(alerts.item, alerts.place))
            return
        }
        let communities = covered.isEmpty ? [.unregistered] : Set(covered.map(\.community))
        for community in communities {
            for alert in alerts.alerts {
                entries[index(of: community)].writer.add(
                    .alert(gateway: gateway, address: alerts.address, at: alerts.at, alert: alert))
            }
        }
    }

    private mutating func add(_ values: [CommunityID: [TimedRegister]], of address: MeterAddress, isFuture: Bool) {
        for (community, list) in values {
            let index = index(of: community)
            entries[index].writer.add(
                .readings(gateway: gateway, address: address, values: list, isFuture: isFuture))
            entries[index].readings += list.count
        }
    }

    /// Items by their worst entry.
    private mutating func count() {
        answer.entries.sort { ($0.index, $0.offset ?? -1, $0.field) < ($1.index, $1.offset ?? -1, $1.field) }
        var worst: [Int: RecordEntry.Status] = [:]
        for entry in answer.entries where worst[entry.index] != .rejected { worst[entry.index] = entry.status }
        answer.rejected = worst.values.count { $0 == .rejected }
        answer.held = worst.values.count { $0 == .held }
        answer.accepted = batch.itemCount - worst.count
    }
}

/// What the answer says of an item that is not simply accepted.
private enum Note: Int, Comparable {
    case outOfScope, heldLimit, unregistered, notInstalled, future

    static func < (a: Note, b: Note) -> Bool { a.rawValue < b.rawValue }

    /// `reason`: said in place of the note's own words. Behind the item's place in what was sent.
    func entry(
        _ item: Int, _ place: SourcePlace, reason special: String? = nil, offset: Int? = nil
    ) -> RecordEntry {
        let (status, field, reason): (RecordEntry.Status, String, String) =
            switch self {
            case .outOfScope: (.rejected, "meter", "the meter is outside this gateway's scope")
            case .heldLimit: (.rejected, "held_limit", "too much of this gateway's unregistered data is held already")
            case .unregistered: (.held, "meter", "no such meter is registered; the reading joins when one is")
            case .notInstalled: (.held, "at", "the meter is not installed anywhere at this time")
            case .future: (.held, "at", "the time is more than 10 minutes ahead of the server")
            }
        return RecordEntry(
            index: item, status: status, field: field, reason: place.placed(special ?? reason), offset: offset)
    }
}
