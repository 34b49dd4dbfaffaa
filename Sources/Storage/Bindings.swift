import Database
import Water

// How the domain's values are bound: integers and texts.
extension Identifier: @retroactive SQLBindable { public var sqlValue: SQLValue { .integer(value) } }
extension Instant: @retroactive SQLBindable { public var sqlValue: SQLValue { .integer(epochSeconds) } }
extension LocalDay: @retroactive SQLBindable { public var sqlValue: SQLValue { .integer(Int64(number)) } }
extension BillingMonth: @retroactive SQLBindable { public var sqlValue: SQLValue { .integer(Int64(number)) } }
extension Volume: @retroactive SQLBindable { public var sqlValue: SQLValue { .integer(millilitres) } }
extension Points: @retroactive SQLBindable { public var sqlValue: SQLValue { .integer(count) } }

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
