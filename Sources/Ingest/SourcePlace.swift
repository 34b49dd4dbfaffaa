/// Where an item stands in its body, from 1. Blank lines, headers and records without a reading are no items, so the
/// count of items alone does not find it.
public struct SourcePlace: Sendable, Hashable {
    /// A line above zero, a record below it; zero where the count of items says it.
    private let number: Int32

    /// Where the count of items says it.
    public static var byItem: SourcePlace { SourcePlace(number: 0) }

    public static func line(_ number: Int) -> SourcePlace { SourcePlace(number: Int32(truncatingIfNeeded: number)) }

    public static func record(_ number: Int) -> SourcePlace { SourcePlace(number: Int32(truncatingIfNeeded: -number)) }

    /// A reason behind the place, as `line 4: not a plain decimal number`.
    public func placed(_ reason: String) -> String {
        if number == 0 { return reason }
        return number > 0 ? "line \(number): \(reason)" : "record \(number.magnitude): \(reason)"
    }
}
