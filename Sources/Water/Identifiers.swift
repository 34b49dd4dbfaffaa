/// A row's number, typed by what it numbers so that a meter's can never stand for a household's.
public struct Identifier<Of>: Sendable, Hashable, Comparable {
    public let value: Int64

    public init(_ value: Int64) { self.value = value }

    public static func < (a: Identifier, b: Identifier) -> Bool { a.value < b.value }
}

extension Identifier: CustomStringConvertible {
    public var description: String { String(value) }
}

/// What identifiers number. Uninhabited: only the names matter.
public enum Numbered {
    public enum Area {}
    public enum Household {}
    public enum UsagePoint {}
    public enum Meter {}
    public enum Gateway {}
    public enum Staff {}
    public enum Item {}
    public enum Target {}
}

/// An area of the tree; a community's identifier is its area's.
public typealias AreaID = Identifier<Numbered.Area>
/// The community that a growing table's row belongs to, and its distribution key.
public typealias CommunityID = Identifier<Numbered.Area>
/// One occupancy; unique in the city.
public typealias HouseholdID = Identifier<Numbered.Household>
/// A dwelling's connection; unique in the city.
public typealias UsagePointID = Identifier<Numbered.UsagePoint>
/// A meter, or an address nobody has registered yet; unique in the city.
public typealias MeterID = Identifier<Numbered.Meter>
public typealias GatewayID = Identifier<Numbered.Gateway>
public typealias StaffID = Identifier<Numbered.Staff>
public typealias ItemID = Identifier<Numbered.Item>
public typealias TargetID = Identifier<Numbered.Target>

extension Identifier where Of == Numbered.Area {
    /// Where readings of unregistered meters live until the meter is registered.
    public static var unregistered: CommunityID { CommunityID(0) }
}
