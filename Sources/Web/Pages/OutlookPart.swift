import Scoring
import Tariffs
import Water

/// 本月至今: the month under way, what it comes to, and how that is worked out.
struct OutlookPart: Sendable {
    let heading: String
    /// Water that ran without a pause up to the last reading; nil where none did.
    let running: String?
    /// That it stopped, where it ran this month or the month before; nil else.
    let stopped: String?
    let soFar: String
    let expected: String
    let warnings: [String]
    /// How the month stands to the household's own goal; nil without one.
    let goal: String?
    /// The goal as its field has it, cubic metres.
    let goalField: String
    /// None before there is a forecast.
    let hasExplanation: Bool
    let explanation: [String]

    init(_ outlook: Outlook, calendar: CityCalendar, texts t: Texts) {
        heading = t("outlook_heading", ["month": t.month(outlook.month)])
        (running, stopped) = OutlookPart.flow(outlook, calendar, t)
        soFar =
            t("outlook_so_far", ["days": "\(outlook.knownDays)", "litres": t.litres(outlook.soFarLitres)])
            + (outlook.estimatedDays > 0 ? t("outlook_estimated", ["days": "\(outlook.estimatedDays)"]) : "")
            + (outlook.dataUntil.map { t("outlook_until", ["time": t.time($0, in: calendar)]) } ?? "")
            + (outlook.gapDays > 0 ? t("outlook_gaps", ["days": "\(outlook.gapDays)"]) : "")
        goal = outlook.goalLitres.map { OutlookPart.goal($0, outlook, t) }
        goalField = outlook.goalLitres.map { OutlookPart.cubicMetres($0) } ?? ""
        guard let forecast = outlook.forecast else {
            expected = t("outlook_too_early")
            warnings = []
            hasExplanation = false
            explanation = []
            return
        }
        let values: KeyValuePairs = [
            "expected": t.litres(forecast.expectedLitres), "lowest": t.litres(forecast.lowestLitres),
            "highest": t.litres(forecast.highestLitres), "yuan": t.yuan(forecast.bill?.total ?? .zero),
        ]
        expected = t(OutlookPart.expectation(forecast), values)
        warnings = outlook.warnings.map { warning in
            t(
                "outlook_warning",
                [
                    "what": t("limit_\(warning.limit.rawValue)"), "limit": t.litres(warning.limitLitres),
                    "percent": t.number(warning.percent),
                ])
        }
        hasExplanation = true
        explanation = OutlookPart.arithmetic(outlook, forecast, t)
    }

    /// Which words say what is expected: a range only where there is one.
    private static func expectation(_ forecast: Outlook.Forecast) -> String {
        let isExact = forecast.lowestLitres == forecast.highestLitres
        return switch (forecast.bill == nil, isExact) {
        case (true, true): "outlook_expected_exactly_litres"
        case (true, false): "outlook_expected_litres"
        case (false, true): "outlook_expected_exactly"
        case (false, false): "outlook_expected"
        }
    }

    private static func flow(_ outlook: Outlook, _ calendar: CityCalendar, _ t: Texts) -> (String?, String?) {
        guard let flow = outlook.flow else { return (nil, outlook.isQuietAgain ? t("outlook_flow_quiet") : nil) }
        let values: KeyValuePairs = [
            "from": t.time(flow.stretch.from, in: calendar), "to": t.time(flow.stretch.to, in: calendar),
            "hours": t.number(flow.stretch.hours), "rate": t.number(flow.stretch.litresPerHour),
        ]
        return flow.isRunning
            ? (t("outlook_flow_running", values), nil) : (nil, t("outlook_flow_stopped", values))
    }

    /// Without zeros at the end.
    private static func cubicMetres(_ litres: Int64) -> String {
        var (scaled, decimals) = (litres, 3)
        while decimals > 0, scaled % 10 == 0 { (scaled, decimals) = (scaled / 10, decimals - 1) }
        return ExactDecimal(scaled: scaled, decimals: decimals).description
    }

    private static func goal(_ litres: Int64, _ outlook: Outlook, _ t: Texts) -> String {
        // Passed by what was measured alone: days without data are only reckoned.
        let over = outlook.soFarLitres - litres
        guard over <= 0 else { return t("goal_passed", ["goal": t.litres(litres), "over": t.litres(over)]) }
        let left = max(0, -over - outlook.gapLitres)
        guard let perDay = outlook.goalLitresPerDay else {
            return t("goal_kept", ["goal": t.litres(litres), "left": t.litres(left)])
        }
        return t(
            outlook.gapDays > 0 && outlook.gapLitres > 0 ? "goal_so_far_gaps" : "goal_so_far",
            [
                "goal": t.litres(litres), "left": t.litres(left), "days": "\(outlook.daysToCome)",
                "per_day": t.litres(perDay), "gaps": "\(outlook.gapDays)", "mean": t.litres(outlook.gapMeanLitres),
            ])
    }

    private static func arithmetic(_ outlook: Outlook, _ forecast: Outlook.Forecast, _ t: Texts) -> [String] {
        let sum = outlook.basis.reduce(0, +)
        return [
            t(
                "outlook_arithmetic",
                [
                    "so_far": t.number(outlook.soFarLitres), "sum": t.number(sum), "n": "\(outlook.basis.count)",
                    "left": "\(outlook.daysLeft)", "expected": t.litres(forecast.expectedLitres),
                ]),
            t("outlook_basis", ["days": outlook.basis.map(t.number).joined(separator: t("list_figures"))]),
            t(
                "outlook_interval",
                [
                    "n": "\(outlook.basis.count)", "less": "\(outlook.basis.count - 1)",
                    "left": "\(outlook.daysLeft)",
                ]),
        ] + (forecast.bill.map { OutlookPart.cost($0, forecast.expectedLitres, t) } ?? [])
    }

    /// What the expected litres would cost, line by line.
    private static func cost(_ bill: Bill, _ litres: Int64, _ t: Texts) -> [String] {
        let part = BillPart(bill, texts: t)
        let lines = part.lines.map { "\($0.name) \($0.arithmetic)" }.joined(separator: t("list_figures"))
        return [t("outlook_cost", ["litres": t.litres(litres), "lines": lines, "total": t.yuan(bill.total)])]
    }
}
