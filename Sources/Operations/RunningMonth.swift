public import Database
import Metering
public import Scoring
public import Storage
public import Tariffs
public import Water

/// Why there is no outlook of a month under way.
public enum NoOutlook: String, Error, Sendable, Hashable, CaseIterable {
    /// No tariff or no rules for the home's month.
    case noRules = "no_rules"
    /// Another home uses the meter too: what this one used is told at the month's close.
    case shared
    case noReading = "no_reading"
    /// Readings have begun to come, but no day is known whole yet.
    case firstDay = "first_day"
    /// Readings came days ago, and no day is known whole.
    case tooFew = "too_few"
}

/// Measures one home's month under way and says what it comes to: for its own page, whenever it looks.
///
/// Reads a snapshot and writes nothing. The figures are of what is folded, and may still change.
public struct RunningMonth: Sendable {
    private let calendar: CityCalendar
    private let shelf: TariffShelf
    private let settings: CloseMonth.Settings
    /// As long may a meter that sends by the day be silent.
    private static let freshSeconds: Int64 = 2 * 86_400

    public init(calendar: CityCalendar, shelf: TariffShelf, settings: CloseMonth.Settings) {
        self.calendar = calendar
        self.shelf = shelf
        self.settings = settings
    }

    /// The outlook of the month that `at` lies in; nil where there is none.
    public func callAsFunction(_ home: Household, at: Instant, _ reader: Reader) throws -> Outlook? {
        switch try found(of: home, at: at, reader) {
        case .success(let outlook): outlook
        case .failure: nil
        }
    }

    /// The outlook of the month that `at` lies in, or why there is none.
    public func found(of home: Household, at: Instant, _ reader: Reader) throws -> Result<Outlook, NoOutlook> {
        let (year, number, _) = calendar.day(of: at).date
        guard let month = BillingMonth(year: year, month: number),
            let city = shelf.tariff(settings.tariffID, in: month),
            let rules = shelf.rules(settings.rulesID, in: month)
        else { return .failure(.noRules) }
        guard let figures = try figures(of: home, month, MeteringRules(rules), reader) else {
            return .failure(.noReading)
        }
        guard figures.shareMillionths == nil else { return .failure(.shared) }
        guard figures.days.contains(where: { $0.litres != nil }) else {
            guard figures.readingCount > 0, let last = figures.lastReadingAt else { return .failure(.noReading) }
            return .failure(at - last < Self.freshSeconds && figures.readingCount > 1 ? .firstDay : .tooFew)
        }
        let tariffs = try HomeTariffs(city, of: home.community, in: month, on: shelf, only: home.id, reader)
        guard let tariff = tariffs.tariff(of: home.id) else { return .failure(.noRules) }
        let earlier = try EarlierStatements(
            of: home.community, before: month, under: tariffs, rules, only: home.id, reader)
        let context = StatementContext(
            tariff: tariff, rules: rules, cohort: nil, frozenFigure: nil, earlier: earlier, household: home.id,
            monthStart: calendar.interval(of: month).start)
        let last = try reader.statement(of: home.id, in: home.community, month.previous)
        let statement = try last.map { try Statement(bytes: Array($0.body.utf8)) }
        let until = home.movedOut.map { calendar.day(of: $0 - 1) } ?? month.lastDay
        let since = min(calendar.day(of: home.movedIn), until)
        return .success(
            outlook(
                figures, before: statement?.use.days ?? [], lived: since...until,
                goalLitres: try reader.goalLitres(of: home.id, in: home.community), today: calendar.day(of: at),
                ranBefore: statement?.leaks.isEmpty == false, in: context))
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
