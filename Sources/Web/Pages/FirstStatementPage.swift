import Scoring
import Water

/// Where a home without any statement stands: when the first comes, and the month under way.
struct FirstStatementPage: Page {
    static let template = "first-statement"

    let household: String
    let when: String
    /// The meter's own word of a leak.
    let meterAlert: String?
    /// nil before the first reading of the month under way.
    let outlook: OutlookPart?

    /// `due` is the day from which the month may be closed; nil where that day has come.
    init(
        household: String, month: BillingMonth, due: Instant?, outlook: Outlook?, leakAlert: Instant?,
        calendar: CityCalendar, texts t: Texts
    ) {
        self.household = household
        when =
            due.map { t("first_statement_from", ["month": t.month(month), "date": t.date($0, in: calendar)]) }
            ?? t("first_statement_due", ["month": t.month(month)])
        meterAlert = leakAlert.map { t("leak_alert_body", ["time": t.time($0, in: calendar)]) }
        self.outlook = outlook.map { OutlookPart($0, calendar: calendar, texts: t) }
    }
}
