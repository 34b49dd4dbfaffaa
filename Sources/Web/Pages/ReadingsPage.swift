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

    func documentTitle(_ words: String) -> String { found == nil ? words : "\(words) · \(meter) · \(month)" }

    /// A reading as it was typed, so that nothing is lost where it is refused or asked about.
    struct Entry: Sendable {
        var at = ""
        var register = ""
        var reason = ""
        var sure: SureQuestion?

        /// The reason, where it was typed for this reading.
        fileprivate func reason(at shown: String, _ register: Volume) -> String {
            at == shown && self.register == register.cubicMetres ? reason : ""
        }
    }

    struct Found: Sendable {
        let summary: String
        /// Whom the meter serves.
        let households: [String]
        /// Readings came, and none of them is doubtful.
        let isUndoubted: Bool
        let doubtful: [Reading]
        let hasAnomalies: Bool
        let anomalies: [Row]
        let days: [Row]
        let hasEdits: Bool
        let edits: [Edit]
        let entry: Entry
        /// The id of the next entry: a form that is sent twice is one decision.
        let id: String
        let meter: String
        let month: String
    }

    /// One reading to decide on, or a run of them in which nothing happened.
    struct Reading: Sendable {
        let time: String
        let register: String
        let shownRegister: String
        let isOne: Bool
        /// A decision stands on it that can be taken back.
        let isDecided: Bool
        let quality: String
        let rule: String
        /// As the form sends them.
        let at: String
        let id: String
        let meter: String
        let month: String
        /// What was typed for it and refused.
        let reason: String
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

    init(meter: String, month: String) {
        self.meter = meter
        self.month = month
        found = nil
        isMissing = false
    }

    /// `entry`: what was typed and refused, of a reading to enter, or where not `isEntry` to decide on one of those shown.
    /// `found` nil: no such meter in the month. `names`: staff by number. `makeID`: another id at every call.
    init(
        meter: String, month: BillingMonth, found examination: MeterExamination?, entry: Entry = .init(),
        isEntry: Bool = true, names: [StaffID: String], calendar: CityCalendar, texts t: Texts, makeID: () -> String
    ) {
        self.meter = meter
        self.month = month.description
        isMissing = examination == nil
        guard let examination else {
            found = nil
            return
        }
        let runs = ReadingsPage.runs(of: examination.readings)
        let text = month.description
        found = Found(
            summary: ReadingsPage.summary(examination, month, runs, calendar, t),
            households: examination.households,
            isUndoubted: runs.isEmpty && !examination.readings.isEmpty,
            doubtful: runs.prefix(Self.mostDoubtful).map { run in
                let (one, last) = (run[0], run[run.count - 1])
                let from = t.time(one.at, in: calendar)
                return Reading(
                    time: run.count == 1
                        ? from : t("from_to", ["from": from, "to": t.time(last.at, in: calendar)]),
                    register: one.register.cubicMetres, shownRegister: t.register(one.register),
                    isOne: run.count == 1, isDecided: one.isDecided,
                    quality: t("quality_code_\(one.quality.rawValue)"),
                    rule: ReadingsPage.words(on: run, t),
                    at: calendar.format(one.at), id: makeID(), meter: meter, month: text,
                    reason: isEntry ? "" : entry.reason(at: calendar.format(one.at), one.register))
            },
            hasAnomalies: !examination.anomalies.isEmpty,
            anomalies: examination.anomalies.prefix(Self.mostDoubtful).map { one in
                Row(
                    name: t("anomaly_\(one.kind.rawValue)"),
                    what: one.from == one.to
                        ? t.time(one.to, in: calendar)
                        : t("from_to", ["from": t.time(one.from, in: calendar), "to": t.time(one.to, in: calendar)]),
                    figure: t.register(one.register))
            },
            days: ReadingsPage.days(examination, month, calendar, t), hasEdits: !examination.edits.isEmpty,
            edits: examination.edits.map { stored in
                Edit(
                    time: t.time(stored.edit.at, in: calendar), action: t("edit_\(stored.edit.action.rawValue)"),
                    register: t.register(stored.edit.register), reason: stored.edit.reason,
                    by: t(
                        "edit_by",
                        [
                            "name": names[stored.edit.by] ?? "\(stored.edit.by)",
                            "time": t.time(stored.edit.decidedAt, in: calendar),
                        ]))
            },
            entry: isEntry ? entry : Entry(), id: makeID(), meter: meter, month: text)
    }

    private static func summary(
        _ examination: MeterExamination, _ month: BillingMonth, _ runs: [[ExaminedReading]], _ calendar: CityCalendar,
        _ t: Texts
    ) -> String {
        if examination.readings.isEmpty { return without(examination, month, calendar, t) }
        let doubtful = runs.reduce(0) { $0 + $1.count }
        let summary = t(
            "readings_summary",
            ["readings": t.number(Int64(examination.readings.count)), "doubtful": t.number(Int64(doubtful))])
        let hidden = runs.dropFirst(mostDoubtful).reduce(0) { $0 + $1.count }
        guard hidden > 0 else { return summary }
        return summary
            + t(
                "readings_summary_first",
                ["shown": t.number(Int64(doubtful - hidden)), "hidden": t.number(Int64(hidden))])
    }

    /// What is known around a month without readings. That a meter never sent one is said only where none was pruned.
    private static func without(
        _ examination: MeterExamination, _ month: BillingMonth, _ calendar: CityCalendar, _ t: Texts
    ) -> String {
        func minute(_ at: Instant) -> String {
            "\(t.date(at, in: calendar)) \(calendar.format(at).dropFirst(11).prefix(5))"
        }
        if let kept = examination.firstKept, month < kept { return t("readings_pruned", ["month": t.month(kept)]) }
        switch (examination.lastBefore, examination.firstAfter) {
        case (let last?, let first?): return t("readings_between", ["last": minute(last), "first": minute(first)])
        case (let last?, nil): return t("readings_none", ["last": minute(last)])
        case (nil, let first?): return t("readings_later", ["first": minute(first)])
        case (nil, nil):
            guard let kept = examination.firstKept else { return t("readings_never") }
            return t("readings_none_kept", ["month": t.month(kept)])
        }
    }

    /// Doubtful readings one by one; together those in a row in which the register only stood still, and of a run in
    /// doubt those after its first: a decision on that one is enough. What a second sender shows with fewer digits stands
    /// among accepted ones and is one line.
    private static func runs(of readings: [ExaminedReading]) -> [[ExaminedReading]] {
        var runs: [[ExaminedReading]] = []
        var before: ExaminedReading?
        // How many of a run in doubt came, its first among them.
        var inRow = 0
        for one in readings {
            let isSame = before.map { $0.rule == one.rule } ?? false
            inRow = isSame ? inRow + 1 : 1
            let isStill = one.rule == .standstill && isSame && one.register == before?.register
            before = one
            if one.quality == .accepted, !one.isEntered, one.rule != .acceptedByStaff { continue }
            let isCoarser = one.rule == .coarser && runs.last?.last?.rule == .coarser
            if isStill || isCoarser || isInRun(one) && inRow > 2 {
                runs[runs.count - 1].append(one)
            } else {
                runs.append([one])
            }
        }
        return runs
    }

    private static func isInRun(_ one: ExaminedReading) -> Bool { one.rule == .otherUnit || one.rule == .nought }

    private static func words(on run: [ExaminedReading], _ t: Texts) -> String {
        let rule = t("verdict_\(run[0].rule.rawValue)")
        if run.count == 1 { return rule }
        if isInRun(run[0]) { return t("readings_run_doubted", ["n": t.number(Int64(run.count))]) }
        let words = run[0].rule == .coarser ? "readings_run_coarser" : "readings_run"
        return t(words, ["rule": rule, "n": "\(run.count)"])
    }

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
                figure: (readings.last?.register).map(t.register) ?? t("none"))
        }
    }
}

extension ExaminedReading {
    /// Staff accepted, rejected or entered it.
    fileprivate var isDecided: Bool { isEntered || [.acceptedByStaff, .rejectedByStaff].contains(rule) }
}
