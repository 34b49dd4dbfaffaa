public import Water

/// Stored readings that do not read back, by where they are kept: a meter's day, or the days of its packed month.
public struct DamagedReadings: Error, Hashable, Sendable {
    public let community: CommunityID
    public let meter: MeterID
    public let from: LocalDay
    /// Inclusive.
    public let to: LocalDay
    public let damage: DamagedBytes

    public init(community: CommunityID, meter: MeterID, from: LocalDay, to: LocalDay, damage: DamagedBytes) {
        self.community = community
        self.meter = meter
        self.from = from
        self.to = to
        self.damage = damage
    }
}

extension DamagedReadings: CustomStringConvertible {
    public var description: String {
        let days = from == to ? "\(from)" : "\(from) to \(to)"
        return "readings of meter number \(meter) in community number \(community), \(days), are damaged: \(damage)"
    }
}

extension DayKey {
    /// Says of which set it is that stored bytes are damaged.
    func naming<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let damage as DamagedBytes {
            throw DamagedReadings(community: community, meter: meter, from: day, to: day, damage: damage)
        }
    }
}

extension BillingMonth {
    /// The same of a packed month.
    func naming<T>(_ meter: MeterID, in community: CommunityID, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let damage as DamagedBytes {
            throw DamagedReadings(
                community: community, meter: meter, from: firstDay, to: lastDay, damage: damage)
        }
    }
}
