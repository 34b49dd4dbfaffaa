import Database
import Metering
import Scoring
import Storage
import Water

extension CorrectMonth {
    /// Changes of a home that are looked at for its correction.
    private static let changesOfHome = 1_000

    /// What changed for a home since its month was measured; of readings those that the month rests on now. What else
    /// came with them, in the same fold or another, is not of this month: the same readings give the same list, however
    /// they came.
    func changes(of household: HouseholdID, _ reader: Reader) throws -> [HomeChange] {
        let changes = try reader.changes(of: household, in: community, month, limit: Self.changesOfHome)
        guard changes.contains(where: \.isOfReading) else { return changes }
        let span = MonthSpan(month, calendar: calendar)
        let metering = MeteringRules(rules)
        let load = LoadReadings(
            community: community, month: month, span: span, calendar: calendar, rules: metering, reader: reader)
        let homes = try reader.registeredHomes(
            of: community, from: span.start, to: span.end, personsOn: month.lastDay, only: household)
        let spans = try load.inputs(of: homes).first.map { digestedSpans(of: $0, span: span, rules: metering) } ?? [:]
        return changes.map { change in
            guard change.isOfReading else { return change }
            let isOfMonth = spans[change.serial]?.contains { $0.contains(change.at) } ?? false
            return isOfMonth ? change : change.withoutReading
        }
    }
}
