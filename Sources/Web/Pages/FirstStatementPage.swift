import Operations
import Scoring
import Water

/// Where a home without any statement stands: when the first comes, and the month under way.
struct FirstStatementPage: Page {
    static let template = "first-statement"

    let household: String
    let when: String
    /// The meter's own word of a leak.
    let meterAlert: String?
    let outlook: OutlookPart?
    let goalForm: GoalForm?
    /// Why there is no outlook; nil where there is one.
    let noOutlook: String?
    /// What was said at the desk and what the community answered; without a form.
    let objection: Said?

    struct Said: Sendable {
        let entries: [ObjectionPart.Entry]
        let isWaiting: Bool
    }

    /// `due` is the day from which the month may be closed; nil where that day has come. `refusedGoal` is what was
    /// typed and not taken.
    init(
        household: String, month: BillingMonth, due: Instant?, outlook found: Result<Outlook, NoOutlook>,
        leakAlert: Instant?, objection: ObjectionPart, refusedGoal: String? = nil, calendar: CityCalendar,
        texts t: Texts
    ) {
        let said = Said(entries: objection.entries, isWaiting: objection.isWaiting)
        self.objection = objection.hasEntries ? said : nil
        self.household = household
        when =
            due.map { t("first_statement_from", ["month": t.month(month), "date": t.date($0, in: calendar)]) }
            ?? t("first_statement_due", ["month": t.month(month)])
        meterAlert = leakAlert.map { t("leak_alert_body", ["time": t.time($0, in: calendar)]) }
        switch found {
        case .success(let running):
            let part = OutlookPart(running.withoutKeptGoal, calendar: calendar, texts: t)
            outlook = part
            goalForm = GoalForm(part, refused: refusedGoal, texts: t)
            noOutlook = nil
        case .failure(let reason):
            outlook = nil
            goalForm = nil
            noOutlook = t("first_statement_none_\(reason.rawValue)")
        }
    }
}
