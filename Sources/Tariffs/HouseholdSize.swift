public import Water

/// How many persons a household has from a day on, until the next entry.
public struct HouseholdSize: Sendable, Hashable {
    public let from: LocalDay
    /// nil is unknown: billed at the tariff's base size, by assumption.
    public let persons: Int?

    public init(from: LocalDay, persons: Int?) {
        self.from = from
        self.persons = persons
    }
}

/// A stretch of days of one household size.
struct SizeSpan {
    let days: ClosedRange<LocalDay>
    let persons: Int?

    var dayCount: Int64 { days.dayCount }
}

extension ClosedRange<LocalDay> {
    var dayCount: Int64 { Int64(upperBound.number) - Int64(lowerBound.number) + 1 }

    /// The days of both; nil where there are none.
    func intersection(_ other: ClosedRange<LocalDay>) -> ClosedRange<LocalDay>? {
        let lower = Swift.max(lowerBound, other.lowerBound)
        let upper = Swift.min(upperBound, other.upperBound)
        return lower <= upper ? lower...upper : nil
    }
}

/// The sizes of `days`, in order and without gaps. What takes effect after `known` is left out, so that a bill does
/// not change when a later size is registered; the last known size goes on. Days before the first entry are unknown.
func spans(_ sizes: [HouseholdSize], over days: ClosedRange<LocalDay>, knownTo known: LocalDay) -> [SizeSpan] {
    // Almost every home of a city: one size throughout.
    if sizes.count == 1, let only = sizes.first, only.from <= days.lowerBound {
        return [SizeSpan(days: days, persons: only.persons)]
    }
    let entries = sizes.enumerated().filter { $0.element.from <= min(known, days.upperBound) }
        .sorted { ($0.element.from, $0.offset) < ($1.element.from, $1.offset) }.map(\.element)
    var found: [SizeSpan] = []
    var start = days.lowerBound
    var persons: Int?
    for entry in entries {
        if entry.from > start {
            found.append(SizeSpan(days: start...entry.from.advanced(by: -1), persons: persons))
            start = entry.from
        }
        persons = entry.persons
    }
    found.append(SizeSpan(days: start...days.upperBound, persons: persons))
    return found
}
