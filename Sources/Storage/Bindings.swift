public import Database
public import Water

// How the domain's values are bound: integers and texts.
extension Identifier: SQLBindable { public var sqlValue: SQLValue { .integer(value) } }
extension Instant: SQLBindable { public var sqlValue: SQLValue { .integer(epochSeconds) } }
extension LocalDay: SQLBindable { public var sqlValue: SQLValue { .integer(Int64(number)) } }
extension BillingMonth: SQLBindable { public var sqlValue: SQLValue { .integer(Int64(number)) } }
extension Volume: SQLBindable { public var sqlValue: SQLValue { .integer(millilitres) } }
extension Points: SQLBindable { public var sqlValue: SQLValue { .integer(count) } }

extension Row {
    /// A typed row number.
    func id<Of>(_ column: Int) throws -> Identifier<Of> { Identifier(try integer(column)) }
    func idOrNil<Of>(_ column: Int) throws -> Identifier<Of>? { try integerOrNil(column).map { Identifier($0) } }
    func instant(_ column: Int) throws -> Instant { Instant(epochSeconds: try integer(column)) }
    func instantOrNil(_ column: Int) throws -> Instant? {
        try integerOrNil(column).map(Instant.init(epochSeconds:))
    }
    func month(_ column: Int) throws -> BillingMonth { BillingMonth(number: Int32(try integer(column))) }
    func volumeOrNil(_ column: Int) throws -> Volume? { try integerOrNil(column).map(Volume.init(millilitres:)) }
}
