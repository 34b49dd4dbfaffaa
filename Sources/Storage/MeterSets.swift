public import Database
public import Water

/// The day sets of a community over some days, as they are stored and by meter: what a month is measured from takes a
/// tenth of the memory of its elements.
public struct MeterSets: Sendable {
    /// One set's place in `bytes`, and the index in `places` of its meter's one before; -1 is none.
    private struct Place: Sendable {
        let start: Int
        let count: Int
        let before: Int
    }

    private var bytes: [UInt8] = []
    private var places: [Place] = []
    /// Each meter's last place.
    private var last: [MeterID: Int] = [:]
    private var packed: [MeterID: [(day: LocalDay, elements: [ReadingElement])]] = [:]

    fileprivate mutating func add(_ body: UnsafeRawBufferPointer, of meter: MeterID) {
        places.append(Place(start: bytes.count, count: body.count, before: last[meter] ?? -1))
        last[meter] = places.count - 1
        bytes.append(contentsOf: body)
    }

    fileprivate mutating func add(_ days: [(day: LocalDay, elements: [ReadingElement])], of meter: MeterID) {
        packed[meter, default: []] += days
    }

    /// A meter's elements; ascending where none of the days is packed or all are. Throws where stored bytes are damaged.
    public func elements(of meter: MeterID) throws -> [ReadingElement] {
        var chain: [Int] = []
        var next = last[meter] ?? -1
        while next >= 0 {
            chain.append(next)
            next = places[next].before
        }
        var elements: [ReadingElement] = []
        for day in packed[meter] ?? [] { elements += day.elements }
        let hasPacked = !elements.isEmpty
        // An hourly meter's, with room for what came twice.
        elements.reserveCapacity(elements.count + chain.count * 26)
        try bytes.withUnsafeBytes { bytes in
            for index in chain.reversed() {
                let place = places[index]
                try DaySet.decode(
                    UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.start + place.count]), into: &elements)
            }
        }
        if hasPacked, !chain.isEmpty { elements.sort() }
        return elements
    }
}

extension Reader {
    /// Every day set of a community over [from, to].
    public func meterSets(of community: CommunityID, from: LocalDay, to: LocalDay) throws -> MeterSets {
        var sets = MeterSets()
        for month in try packedMonths(of: community, from.month, to.month) {
            for (meter, days) in try packedDays(of: community, month) {
                sets.add(days.filter { $0.day >= from && $0.day <= to }, of: meter)
            }
        }
        try each(
            """
            SELECT meter_id, body FROM reading_day
            WHERE community_id = \(community) AND day BETWEEN \(from) AND \(to)
            ORDER BY day, meter_id
            """
        ) { row in
            let meter: MeterID = try row.id(0)
            try row.withBlob(1) { sets.add($0, of: meter) }
        }
        return sets
    }
}
