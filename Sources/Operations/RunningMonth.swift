public import Database
import Metering
public import Scoring
public import Storage
public import Tariffs
public import Water

/// Measures one home's month under way and says what it comes to: for its own page, whenever it looks.
///
/// Reads a snapshot and writes nothing. The figures are of what is folded, and may still change.
public struct RunningMonth: Sendable {
    private let calendar: CityCalendar
    private let shelf: TariffShelf
    private let settings: CloseMonth.Settings

    public init(calendar: CityCalendar, shelf: TariffShelf, settings: CloseMonth.Settings) {
        self.calendar = calendar
        self.shelf = shelf
        self.settings = settings
    }

    /// The outlook of the month that `at` lies in; nil without a tariff or rules for it, without a reading in it, or
    /// where the home shares a meter.
    public func callAsFunction(_ home: Household, at: Instant, _ reader: Reader) throws -> Outlook? {
        let (year, number, _) = calendar.day(of: at).date
        guard let month = BillingMonth(year: year, month: number),
            let city = shelf.tariff(settings.tariffID, in: month),
            let rules = shelf.rules(settings.rulesID, in: month),
            let figures = try figures(of: home, month, MeteringRules(rules), reader), figures.shareMillionths == nil,
            figures.days.contains(where: { $0.litres != nil })
        else { return nil }
        let tariffs = try HomeTariffs(city, of: home.community, in: month, on: shelf, only: home.id, reader)
        guard let tariff = tariffs.tariff(of: home.id) else { return nil }
        let earlier = try EarlierStatements(
            of: home.community, before: month, under: tariffs, rules, only: home.id, reader)
        let context = StatementContext(
            tariff: tariff, rules: rules, cohort: nil, frozenFigure: nil, earlier: earlier, household: home.id,
            monthStart: calendar.interval(of: month).start)
        let last = try reader.statement(of: home.id, in: home.community, month.previous)
        let before = try last.map { try Statement(bytes: Array($0.body.utf8)).use.days } ?? []
        let until = home.movedOut.map { calendar.day(of: $0 - 1) } ?? month.lastDay
        let since = min(calendar.day(of: home.movedIn), until)
        return outlook(
            figures, before: before, lived: since...until,
            goalLitres: try reader.goalLitres(of: home.id, in: home.community), in: context)
    }

    private func figures(
        of home: Household, _ month: BillingMonth, _ rules: MeteringRules, _ reader: Reader
    ) throws -> HomeMonth? {
        let load = LoadReadings(
            community: home.community, month: month, span: MonthSpan(month, calendar: calendar), calendar: calendar,
            rules: rules, reader: reader)
        return try load.figures(of: [home.id]).first
    }
}
