/// Persons from a date on; nil is unknown, which is not 1.
public struct PersonsFrom: Sendable, Hashable {
    public let day: LocalDay
    /// 1–20.
    public let persons: Int?

    public init(day: LocalDay, persons: Int?) {
        self.day = day
        self.persons = persons
    }
}
