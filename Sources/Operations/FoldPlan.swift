import Database
import Storage
import Water

/// What a round of folding comes to, worked out on a snapshot before its transactions, so that answers which wait for
/// the database's one writer wait the less.
///
/// Good for as long as neither the registry nor the sets of the communities it writes have changed, and no further month
/// has figures: the transaction asks (`holds`) before it goes by it.
struct FoldPlan: Sendable {
    /// A day set that changes.
    struct Change: Sendable {
        let key: DayKey
        /// The set as it is to be stored.
        let body: [UInt8]
        /// What it was and becomes, where a month with figures may be reached.
        let sets: (before: [ReadingElement], after: [ReadingElement])?
    }

    /// What a community was planned by.
    struct Basis: Sendable, Hashable {
        let foldVersion: Int64
        /// The last month with figures.
        let measured: BillingMonth?

        init(of community: CommunityID, _ reader: Reader) throws {
            foldVersion = try reader.foldVersion(of: community)
            measured = try reader.measuredMonths(of: community).last
        }
    }

    let registryVersion: Int64
    /// The communities that readings were placed in.
    private(set) var bases: [CommunityID: Basis] = [:]
    /// In the order of their keys.
    private(set) var changes: ArraySlice<Change> = []
    /// Readings placed, those that were known among them.
    private(set) var readings = 0
    /// Those that came together are one run.
    private var runs = 0
    /// What only the transaction can place: alerts, and readings of meters that are not registered, hang in several places,
    /// or are ahead of the clock or out of their gateway's scope.
    private(set) var rest: [JournalEntry] = []

    /// `rows`: the bytes of journal rows. `expected`: about how many readings they hold.
    init(
        of rows: [[UInt8]], expected: Int = 0, directory: MeterDirectory, calendar: CityCalendar, _ reader: Reader
    ) throws {
        registryVersion = directory.version
        var placing = DayPlacing(directory: directory, calendar: calendar)
        placing.reserve(expected)
        var (readings, runs, rest) = (0, 0, [JournalEntry]())
        for row in rows {
            try JournalPayload.eachRun(of: row, meter: directory.meter(atText:_:)) { values, meter, gateway in
                guard placing.place(values, of: meter, from: gateway) else { return false }
                readings += values.count
                runs += 1
                return true
            } rest: { entry in
                if case .readings(let gateway, let address, let values, false) = entry,
                    let meter = directory.meter(at: address), placing.place(values, of: meter, from: gateway)
                {
                    readings += values.count
                    runs += 1
                } else {
                    rest.append(entry)
                }
            }
        }
        (self.readings, self.runs, self.rest) = (readings, runs, rest)
        try plan(placing.sets(), reader)
    }

    /// Works out what becomes of the sets that readings join, in the order of their keys.
    private mutating func plan(
        _ sets: [(key: DayKey, elements: ArraySlice<ReadingElement>)], _ reader: Reader
    ) throws {
        let stored = try reader.daySets(inOrder: sets.map(\.key))
        var community: CommunityID?
        var basis: Basis?
        for (index, (key, fresh)) in sets.enumerated() {
            if key.community != community {
                let found = try Basis(of: key.community, reader)
                (community, basis, bases[key.community]) = (key.community, found, found)
            }
            let before = stored[index]
            let after = before.isEmpty && Self.isSet(fresh) ? fresh : DaySet.union(before, fresh)[...]
            // A union is its first part where it is no larger.
            if after.count == before.count { continue }
            changes.append(
                Change(
                    key: key, body: DaySet.encode(after),
                    sets: LateMarking.mayReach(basis?.measured, from: key.day) ? (before, Array(after)) : nil))
        }
    }

    /// Ascending, each once.
    private static func isSet(_ elements: ArraySlice<ReadingElement>) -> Bool {
        var index = elements.startIndex + 1
        while index < elements.endIndex {
            if elements[index - 1] >= elements[index] { return false }
            index += 1
        }
        return true
    }

    /// Few of the readings came together with others of their meter: as concentrators send them.
    var isOneByOne: Bool { readings < runs * 5 }

    /// True where neither the registry nor a community has changed since.
    func holds(under directory: MeterDirectory, _ reader: Reader) throws -> Bool {
        try directory.version == registryVersion && bases.allSatisfy { try Basis(of: $0.key, reader) == $0.value }
    }

    /// What is left to be written after the first changes were, and the communities' rows with them.
    mutating func leaveOut(first count: Int, basedOn written: [CommunityID: Basis]) {
        changes = changes.dropFirst(count)
        bases = written
    }
}

extension Reader {
    /// The directory at the registry version that this snapshot sees.
    func directory(_ known: MeterDirectory?, _ shelf: DirectoryShelf) throws -> MeterDirectory {
        if let known, known.version == (try currentRegistryVersion()) { return known }
        return try shelf.directory(of: self)
    }

    /// The same where it was read before; nil where it would have to be read now.
    func directoryAtHand(_ known: MeterDirectory?, _ shelf: DirectoryShelf) throws -> MeterDirectory? {
        let version = try currentRegistryVersion()
        if let known, known.version == version { return known }
        return shelf.directory(version: version)
    }
}
