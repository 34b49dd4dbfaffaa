import Metering
import Operations
import Storage
import Water

/// One meter's month for staff: what is doubtful and why, what was decided, and forms to decide.
struct ReadingsPage: Page {
    static let template = "readings"

    let meter: String
    let month: String
    /// nil before a meter is asked for, or where there is none.
    let found: Found?
    let isMissing: Bool

    struct Found: Sendable {
        let summary: String
        let hasDoubtful: Bool
        let doubtful: [Reading]
        let hasAnomalies: Bool
        let anomalies: [Row]
        let days: [Row]
        let hasEdits: Bool
        let edits: [Edit]
        /// The id of the next entry: a form that is sent twice is one decision.
        let id: String
        let meter: String
        let month: String
    }

    struct Reading: Sendable {
        let time: String
        let register: String
        let quality: String
        let rule: String
        /// As the form sends them.
        let at: String
        let id: String
        let meter: String
        let month: String
    }

    struct Row: Sendable {
        let name: String
        let what: String
        let figure: String
    }

    struct Edit: Sendable {
        let time: String
        let action: String
        let register: String
        let reason: String
        let by: String
    }

    static let mostDoubtful = 200

    init(meter: String, month: BillingMonth) {
        self.meter = meter
        self.month = month.description
        found = nil
        isMissing = false
    }

    /// `found` nil: no such meter in the month. `names`: staff by number. `makeID`: another id at every call.
    init(
        meter: String, month: BillingMonth, found examination: MeterExamination?, names: [StaffID: String],
        calendar: CityCalendar, texts t: Texts, makeID: () -> String
    ) {
        self.meter = meter
        self.month = month.description
        isMissing = examination == nil
        guard let examination else {
            found = nil
            return
        }
        let doubtful = examination.readings.filter {
            $0.quality != .accepted || $0.isEntered || $0.rule == .acceptedByStaff
        }
        let text = ReadingsPage.month(month)
        found = Found(
            summary: t(
                "readings_summary",
                [
                    "readings": t.number(Int64(examination.readings.count)),
                    "doubtful": t.number(Int64(doubtful.count)),
                ]),
            hasDoubtful: !doubtful.isEmpty,
            doubtful: doubtful.prefix(Self.mostDoubtful).map { one in
                Reading(
                    time: t.time(one.at, in: calendar), register: one.register.cubicMetres,
                    quality: t("quality_code_\(one.quality.rawValue)"), rule: t("verdict_\(one.rule.rawValue)"),
                    at: calendar.format(one.at), id: makeID(), meter: meter, month: text)
            },
            hasAnomalies: !examination.anomalies.isEmpty,
            anomalies: examination.anomalies.prefix(Self.mostDoubtful).map { one in
                Row(
                    name: t("anomaly_\(one.kind.rawValue)"),
                    what: one.from == one.to
                        ? t.time(one.to, in: calendar)
                        : t("from_to", ["from": t.time(one.from, in: calendar), "to": t.time(one.to, in: calendar)]),
                    figure: one.register.cubicMetres)
            },
            days: ReadingsPage.days(examination, month, calendar, t), hasEdits: !examination.edits.isEmpty,
            edits: examination.edits.map { stored in
                Edit(
                    time: t.time(stored.edit.at, in: calendar), action: t("edit_\(stored.edit.action.rawValue)"),
                    register: stored.edit.register.cubicMetres, reason: stored.edit.reason,
                    by: t(
                        "edit_by",
                        [
                            "name": names[stored.edit.by] ?? "\(stored.edit.by)",
                            "time": t.time(stored.edit.decidedAt, in: calendar),
                        ]))
            },
            id: makeID(), meter: meter, month: text)
    }

    private static func month(_ month: BillingMonth) -> String { month.description }

    private static func days(
        _ examination: MeterExamination, _ month: BillingMonth, _ calendar: CityCalendar, _ t: Texts
    ) -> [Row] {
        let byDay = Dictionary(grouping: examination.readings) { calendar.day(of: $0.at) }
        return (0..<month.dayCount).map { index in
            let day = month.firstDay.advanced(by: index)
            let readings = byDay[day] ?? []
            let lowest = readings.map(\.quality.rawValue).min()
            return Row(
                name: t.day(day),
                what: t(
                    "readings_of_day",
                    [
                        "n": "\(readings.count)",
                        "quality": lowest.map { t("quality_code_\($0)") } ?? t("none"),
                    ]),
                figure: readings.last?.register.cubicMetres ?? t("none"))
        }
    }
}
