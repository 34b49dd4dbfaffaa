public import Database
public import Metering
public import Storage
public import Water

/// What the meters that a home shares with others showed in a month, by the readings that are kept now: the statement
/// says the home's part alone. Reads a snapshot and writes nothing.
public struct ExamineSharedMeters: Sendable {
    private let calendar: CityCalendar
    private let rules: MeteringRules

    public init(calendar: CityCalendar, rules: MeteringRules) {
        self.calendar = calendar
        self.rules = rules
    }

    /// Of every meter whose register is known in the month; none where the home did not live there in it, or its readings
    /// were pruned.
    public func callAsFunction(
        of home: Household, _ month: BillingMonth, _ reader: Reader
    ) throws -> [SharedRegister] {
        let span = MonthSpan(month, calendar: calendar)
        let load = LoadReadings(
            community: home.community, month: month, span: span, calendar: calendar, rules: rules, reader: reader)
        let homes = try reader.registeredHomes(
            of: home.community, from: span.start, to: span.end, personsOn: month.lastDay, only: home.id)
        return try load.inputs(of: homes).flatMap { sharedRegisters(of: $0, span: span, rules: rules) }
    }
}
