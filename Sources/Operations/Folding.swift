import Database
import Metering
import Scoring
import Storage
import Water

/// One fold transaction's work: collects elements by day set, then writes the unions.
struct Folding {
    let transaction: Transaction
    let directory: MeterDirectory
    let calendar: CityCalendar
    let rules: MeteringRules
    let at: Instant
    private(set) var round = FoldRound()
    private var placing: DayPlacing
    /// Sets worked out before the transaction, whose communities have not changed since.
    private var planned: ArraySlice<FoldPlan.Change> = []
    private var removed: [DayKey: Set<ReadingElement>] = [:]
    private var quarantined: [Quarantine: [ReadingElement]] = [:]
    /// Readings that are held no more.
    private var joined: [Held: Int] = [:]
    private var placeholders: [MeterAddress: MeterID] = [:]
    /// Communities of which anything is written, in a set or beside it.
    private var touched: Set<CommunityID> = []
    /// Communities whose figures a word of tampering may change: as a changed set does.
    private var tampered: Set<CommunityID> = []
    private var months: [CommunityID: [BillingMonth]] = [:]
    /// Meters of which a sweep found or put readings where they stay.
    private(set) var staying: Set<MeterID> = []

    init(
        transaction: Transaction, directory: MeterDirectory, calendar: CityCalendar, rules: MeteringRules, at: Instant
    ) {
        self.transaction = transaction
        self.directory = directory
        self.calendar = calendar
        self.rules = rules
        self.at = at
        placing = DayPlacing(directory: directory, calendar: calendar)
    }

    private struct Quarantine: Hashable {
        let community: CommunityID
        let meter: MeterID
        let reason: QuarantineReason
    }

    private struct Held: Hashable {
        let meter: MeterID
        let gateway: GatewayID
    }

    /// Takes rows of the journal: as they were planned where nothing has changed since, else each entry anew.
    mutating func take(_ rows: [[UInt8]], planned plan: FoldPlan) throws {
        guard try plan.holds(under: directory, transaction.reader) else {
            for row in rows { try JournalPayload.eachEntry(of: row) { try take($0) } }
            return
        }
        planned = plan.changes
        touched.formUnion(plan.bases.keys)
        round.entries += plan.readings
        for entry in plan.rest { try take(entry) }
    }

    /// Writes the first `count` sets of a plan before the rest of it, their entries still in the journal: should the rest
    /// never come, they are folded again, and are there. Returns what the rest goes by; nil, with nothing written, where
    /// the plan does not hold any more.
    mutating func write(first count: Int, of plan: FoldPlan) throws -> [CommunityID: FoldPlan.Basis]? {
        guard try plan.holds(under: directory, transaction.reader) else { return nil }
        planned = plan.changes.prefix(count)
        touched.formUnion(plan.bases.keys)
        try holdRest(try writeSets())
        let reader = transaction.reader
        return try Dictionary(uniqueKeysWithValues: plan.bases.keys.map { ($0, try FoldPlan.Basis(of: $0, reader)) })
    }

    mutating func take(_ entry: JournalEntry) throws {
        switch entry {
        case .readings(let gateway, let address, let values, let isFuture):
            let meter = try meter(at: address)
            if !isFuture, placing.place(values, of: meter, from: gateway) {
                round.entries += values.count
                return
            }
            for value in values {
                let element = ReadingElement(at: value.at, register: value.register, gateway: gateway)
                round.entries += 1
                try place(element, of: meter, isFuture: isFuture)
            }
        case .alert(let gateway, let address, let at, let alert):
            let meter = try meter(at: address)
            round.entries += 1
            for community in communities(of: meter, at: at, gateway: gateway) ?? [.unregistered] {
                if alert.isTamper { try markTampered(meter, in: community, tampered: at) }
                try transaction.keep(alert, of: meter, in: community, at: at, gateway: gateway)
                // Its meter counts as held, also where no reading came of it.
                if community == .unregistered { try transaction.countHeld(0, of: meter, gateway: gateway, last: at) }
                touched.insert(community)
            }
        }
    }

    /// Marks the homes of a month with figures that the first word of a meter's tampering comes late for.
    private mutating func markTampered(_ meter: MeterID, in community: CommunityID, tampered at: Instant) throws {
        guard community != .unregistered else { return }
        tampered.insert(community)
        let measured = try months[community] ?? transaction.reader.measuredMonths(of: community)
        months[community] = measured
        for month in measured {
            let (start, end) = calendar.interval(of: month)
            guard at >= start, at < end else { continue }
            for installed in try transaction.reader.installations(of: meter, in: community)
            where at >= installed.from && at < installed.to ?? end {
                let known = try transaction.reader.tampers(
                    of: meter, in: community, from: max(start, installed.from), to: at + 1, limit: 1)
                if !known.isEmpty { continue }
                let homes = try transaction.reader.households(servedBy: meter, in: community, from: at, to: at + 1)
                for home in homes {
                    try transaction.markDirty(
                        home, of: community, month, cause: .tamper, meter: meter, read: at, at: self.at)
                    round.markedHomes += 1
                }
            }
        }
    }

    /// Re-resolves a stored day set: what belongs elsewhere is added there and taken from here.
    mutating func move(_ key: DayKey, to target: MeterID) throws {
        for element in try transaction.reader.daySet(key) {
            let communities = communities(of: target, at: element.at, gateway: element.gateway)
            let staysHere = communities.map { $0.contains(key.community) }
            let staysHeld =
                key.community == .unregistered && directory.places(of: target, at: element.at).isEmpty
            if staysHere ?? staysHeld {
                // Under another number it stays as well, by that of the meter it belongs to.
                staying.insert(target)
                if target == key.meter { continue }
            }
            removed[key, default: []].insert(element)
            try place(element, of: target, isFuture: false)
        }
    }

    /// Moves a meter's kept alarms that belong to another community now.
    mutating func moveAlerts(_ sweep: Sweep) throws {
        for kept in try transaction.reader.keptAlerts(of: sweep.meter, in: sweep.community) {
            let communities = communities(of: sweep.target, at: kept.at, gateway: kept.gateway) ?? []
            guard let community = communities.first, !communities.contains(sweep.community) else { continue }
            touched.insert(community)
            if kept.alert.isTamper {
                try markTampered(sweep.target, in: community, tampered: kept.at)
                if sweep.community != .unregistered { tampered.insert(sweep.community) }
            }
            try transaction.move(
                kept, of: sweep.meter, from: sweep.community, to: community, as: sweep.target)
        }
    }

    /// Writes the unions of a fold of a community's journal.
    mutating func finish(journal community: CommunityID) throws {
        let changed = try writeSets()
        if !changed.contains(community) { try transaction.noteFold(of: community, at: at) }
        try holdRest(changed.union([community]))
    }

    /// Writes the unions of a part of a sweep. The community swept is always written: a fold that still went by the
    /// registry of before cannot put a reading behind the sweep's back.
    mutating func finish(sweeping community: CommunityID) throws {
        touched.insert(community)
        try holdRest(try writeSets())
    }

    /// Every fold and sweep writes the fold row of every community that it writes anything of: that orders it among
    /// other folds, sweeps and measuring.
    private func holdRest(_ written: Set<CommunityID>) throws {
        for community in touched.subtracting(written).sorted() { try transaction.holdFold(of: community, at: at) }
    }

    /// Writes the sets that changed; returns their communities, whose fold versions are raised.
    private mutating func writeSets() throws -> Set<CommunityID> {
        var changes: [(key: DayKey, body: [UInt8]?)] = []
        var late = LateMarking(transaction: transaction, rules: rules, calendar: calendar, at: at)
        let fresh = Dictionary(uniqueKeysWithValues: placing.sets())
        let looked = Set(fresh.keys).union(removed.keys)
        var bases: [DayKey: [UInt8]] = [:]
        for plan in planned {
            if looked.contains(plan.key) {
                bases[plan.key] = plan.body
                continue
            }
            touched.insert(plan.key.community)
            changes.append((plan.key, plan.body))
            if let (before, after) = plan.sets { try late.note(plan.key, before: before, after: after) }
        }
        let stored = try transaction.reader.daySets(looked.sorted())
        for key in looked.sorted() {
            touched.insert(key.community)
            // On a planned day the transaction places more: what is planned for it is the base.
            let before = stored[key] ?? []
            let base = try bases[key].map { try DaySet.decode($0) } ?? before
            let staying = removed[key].map { gone in base.filter { !gone.contains($0) } } ?? base
            let after = DaySet.union(staying, fresh[key] ?? [])
            guard after != before else { continue }
            changes.append((key, after.isEmpty ? nil : DaySet.encode(after)))
            try countHeld(key, before: before, after: after)
            try late.note(key, before: before, after: after)
        }
        try late.mark()
        try transaction.write(changes)
        for (held, count) in joined.sorted(by: { ($0.key.meter, $0.key.gateway) < ($1.key.meter, $1.key.gateway) }) {
            try transaction.countJoined(count, of: held.meter, gateway: held.gateway)
        }
        for (place, elements) in quarantined {
            try transaction.quarantine(
                elements, of: place.meter, in: place.community, reason: place.reason, at: at)
        }
        let communities = Set(changes.map(\.key.community)).union(tampered)
        for community in communities.sorted() { try transaction.raiseFoldVersion(of: community, at: at) }
        round.changedSets += changes.count
        round.markedHomes += late.marked
        return communities
    }

    private mutating func place(_ element: ReadingElement, of meter: MeterID, isFuture: Bool) throws {
        let places = directory.places(of: meter, at: element.at)
        let communities = communities(of: meter, at: element.at, gateway: element.gateway)
        if isFuture || (communities == nil && !places.isEmpty) {
            let community = places.first?.community ?? .unregistered
            touched.insert(community)
            let place = Quarantine(community: community, meter: meter, reason: isFuture ? .future : .scope)
            quarantined[place, default: []].append(element)
            return
        }
        for community in communities ?? [.unregistered] {
            let key = DayKey(community: community, day: calendar.day(of: element.at), meter: meter)
            placing.add(element, to: key)
        }
    }

    /// The communities a gateway's reading joins; nil where the meter hangs nowhere then, or out of its scope.
    private func communities(of meter: MeterID, at: Instant, gateway: GatewayID) -> [CommunityID]? {
        let covered = directory.places(of: meter, at: at).filter { directory.covers(gateway, $0.area) }
        return covered.isEmpty ? nil : Array(Set(covered.map(\.community))).sorted()
    }

    private mutating func meter(at address: MeterAddress) throws -> MeterID {
        if let meter = directory.meter(at: address) ?? placeholders[address] { return meter }
        // The first sight of an address: were it registered under another name at this very time, its readings would
        // be held and no sweep would be asked for.
        if try transaction.reader.heldMeter(at: address) == nil { try transaction.holdRegistry() }
        let meter = try transaction.holdAddress(address, at: at)
        placeholders[address] = meter
        return meter
    }

    /// Counts what a set of what nobody registered has more; what it has less is counted together.
    private mutating func countHeld(_ key: DayKey, before: [ReadingElement], after: [ReadingElement]) throws {
        guard key.community == .unregistered else { return }
        for element in Set(before).subtracting(after) {
            joined[Held(meter: key.meter, gateway: element.gateway), default: 0] += 1
        }
        for (gateway, list) in Dictionary(grouping: Set(after).subtracting(before), by: \.gateway) {
            let last = list.map(\.at).max() ?? at
            try transaction.countHeld(list.count, of: key.meter, gateway: gateway, last: last)
        }
    }
}
