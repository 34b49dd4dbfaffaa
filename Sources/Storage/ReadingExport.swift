public import Database
public import Water

extension Reader {
    /// Every folded element of the meter that an address names, ascending, wherever it is kept: under the meter's
    /// communities and, while unregistered, under community 0. nil where the address was never seen.
    public func elements(at address: MeterAddress) throws -> [ReadingElement]? {
        guard let meter = try heldMeter(at: address) else { return nil }
        let communities: [CommunityID] =
            try all("SELECT DISTINCT community_id FROM meter_installation WHERE meter_id = \(meter)") { try $0.id(0) }
        var found: Set<ReadingElement> = []
        for community in communities + [.unregistered] {
            try eachDaySet(
                of: meter, in: community, from: LocalDay(number: .min), to: LocalDay(number: .max)
            ) { _, elements in found.formUnion(elements) }
        }
        return found.sorted()
    }

    /// Everything that waits in the journal, decoded, for a meter's address: what a crash must not lose.
    public func journaled(at address: MeterAddress) throws -> [TimedRegister] {
        var found: [TimedRegister] = []
        try each("SELECT payload, community_id, journal_id FROM journal ORDER BY community_id, journal_id") { row in
            let (community, id): (CommunityID, Int64) = (try row.id(1), try row.integer(2))
            let entries = try reading("journal row \(id) of community \(community)") {
                try JournalPayload.decode(try row.blob(0))
            }
            for entry in entries {
                if case .readings(_, address, let values, _) = entry { found.append(contentsOf: values) }
            }
        }
        return found
    }
}
