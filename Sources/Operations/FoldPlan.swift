import Database
import Storage
import Water

/// What a round of folding comes to, worked out on a snapshot before its transaction, so that answers which wait for
/// the database's one writer wait the less.
///
/// Good for as long as neither the registry nor the sets of the communities it writes have changed: the transaction asks
/// (`holds`) before it goes by it.
struct FoldPlan: Sendable {
    /// A day set that changes.
    struct Change: Sendable {
        let before: [ReadingElement]
        let after: [ReadingElement]
        /// `after` as it is stored.
        let body: [UInt8]
    }

    let registryVersion: Int64
    /// The communities that readings were placed in, with the fold versions they had.
    private(set) var foldVersions: [CommunityID: Int64] = [:]
    private(set) var changes: [DayKey: Change] = [:]
    /// Readings placed, those that were known among them.
    private(set) var readings = 0
    /// What only the transaction can place: alerts, and readings of meters that are not registered, hang in several places,
    /// or are ahead of the clock or out of their gateway's scope.
    private(set) var rest: [JournalEntry] = []

    init(_ entries: [JournalEntry], directory: MeterDirectory, calendar: CityCalendar, _ reader: Reader) throws {
        registryVersion = directory.version
        var placing = DayPlacing(directory: directory, calendar: calendar)
        for entry in entries {
            if case .readings(let gateway, let address, let values, false) = entry,
                let meter = directory.meter(at: address), placing.place(values, of: meter, from: gateway)
            {
                readings += values.count
            } else {
                rest.append(entry)
            }
        }
        let keys = placing.added.keys.sorted()
        let stored = try reader.daySets(keys)
        for key in keys {
            if foldVersions[key.community] == nil {
                foldVersions[key.community] = try reader.foldVersion(of: key.community)
            }
            let before = stored[key] ?? []
            let after = DaySet.union(before, (placing.added[key] ?? []).sorted())
            if after != before { changes[key] = Change(before: before, after: after, body: DaySet.encode(after)) }
        }
    }

    /// True where no community's sets have changed since.
    func holds(_ reader: Reader) throws -> Bool {
        try foldVersions.allSatisfy { try reader.foldVersion(of: $0.key) == $0.value }
    }
}
