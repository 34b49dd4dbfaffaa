import Scoring
import Tariffs
import Water

/// The sentences of a statement: how much, compared with whom, what now, why these points.
struct StatementStory {
    let statement: Statement
    let surroundings: StatementSurroundings
    let calendar: CityCalendar
    let texts: Texts

    /// One sentence that answers all four; which answers, the statement's own code decides.
    var sentence: String {
        let longest = statement.leaks.max { $0.hours < $1.hours }
        let words = texts(
            "sentence_\(statement.sentence.code.rawValue)",
            [
                "best": "\(bestBand)", "percent": "\(statement.rank?.higherPercent ?? 0)",
                "hours": texts.number(longest?.hours ?? 0), "rate": texts.number(longest?.litresPerHour ?? 0),
                "shared": longest?.shareMillionths == nil ? "" : texts("sentence_leak_shared"),
                "room": texts.litres(statement.headroom?.litres ?? 0),
                "saving": texts.yuan(statement.headroom?.saving ?? .zero), "reason": reason,
                "norm": texts.litres(statement.norm?.litres ?? 0),
            ])
        guard ![.noFigure, .notLivedIn].contains(statement.sentence.code) else { return words }
        return texts("sentence", ["use": useClause, "rest": words, "points": pointsClause])
    }

    /// Month and version.
    var title: String {
        let version = texts("version_n", ["n": "\(statement.version)"])
        return texts("statement_title", ["month": texts.month(statement.month), "version": version])
    }

    /// The month under way.
    var outlook: OutlookPart? {
        surroundings.outlook.map { OutlookPart($0.withoutKeptGoal, calendar: calendar, texts: texts) }
    }

    func goalForm(_ outlook: OutlookPart?) -> GoalForm? {
        outlook.map { GoalForm($0, refused: surroundings.refusedGoal, texts: texts) }
    }

    /// The household did not live there: no water, bill or comparison to show.
    var isWithdrawn: Bool { statement.unranked == .notLivedIn }

    /// Why there is no bill; empty where there is one.
    var noBill: String {
        if case .refused(let refusal) = statement.billing { texts("bill_none_\(refusal.rawValue)") } else { "" }
    }

    var meterAlert: String? {
        surroundings.leakAlert.map { texts("leak_alert_body", ["time": texts.time($0, in: calendar)]) }
    }

    /// Of a month of which nothing is known 0 litres would say that nothing was used.
    private var hasUse: Bool { !isWithdrawn && !statement.hasNoFigure }
    var useFigure: String { hasUse ? texts.number(statement.use.litres) : texts("none") }
    var useInCubicMetres: String { hasUse ? texts.cubicMetres(statement.use.litres) : "" }

    /// The newest version, where this is an older one.
    var newerVersion: String? {
        surroundings.newestVersion > statement.version ? "\(surroundings.newestVersion)" : nil
    }

    var replaced: StatementPage.Replaced? {
        guard let newest = newerVersion else { return nil }
        let href = "/statements/\(statement.month)"
        return StatementPage.Replaced(
            words: texts("replaced_notice", ["n": newest]), href: href, link: texts("replaced_link", ["n": newest]),
            objectionHref: "\(href)#objection-h", objectionLink: texts("replaced_objection", ["n": newest]))
    }

    private var useClause: String {
        let month = texts("month_\(statement.month.month)")
        let use = texts.litres(statement.use.litres)
        let hours = statement.use.missingHours
        let litres =
            statement.isEstimatedWhole
            ? texts("litres_estimated", ["litres": use])
            : hours > 0 ? texts("litres_incomplete", ["litres": use, "hours": texts.number(hours)]) : use
        guard let bill = statement.bill else {
            return texts("use_clause_no_bill", ["month": month, "litres": litres])
        }
        return texts("use_clause", ["month": month, "litres": litres, "yuan": texts.yuan(bill.total)])
    }

    private var pointsClause: String {
        guard statement.points.total > .zero else { return "" }
        let key = newerVersion == nil ? "points_clause" : "points_clause_then"
        return texts(key, ["points": texts.points(statement.points.total)])
    }

    /// The percentile of the best band, for "among the best 20 %".
    private var bestBand: Int64 { statement.points.lines.first?.atMost ?? surroundings.benchmarkPercent }

    /// Why the month is not compared, in a few words.
    private var reason: String {
        statement.unranked.map(inShort) ?? texts("unranked_short_no_cohort")
    }

    /// A reason in a few words.
    func inShort(_ reason: UnrankedReason) -> String {
        lacksAllReadings(reason) ? texts("unranked_short_no_reading") : texts("unranked_short_\(reason.rawValue)")
    }

    /// Such a reason would say that the month's end, or a part of it, has no reading, where the whole month has none.
    private func lacksAllReadings(_ reason: UnrankedReason) -> Bool {
        [.notBracketed, .tooLittleMeasured].contains(reason) && (statement.hasNoFigure || statement.isEstimatedWhole)
    }

    /// The same in full.
    var unranked: String {
        guard let reason = statement.unranked else { return texts("unranked_no_cohort") }
        if lacksAllReadings(reason) { return texts("unranked_no_reading") }
        // Statements of before do not say the share.
        if reason == .shared, let share = statement.shareMillionths {
            return texts("unranked_shared_part", ["share": texts.share(share)])
        }
        return texts("unranked_\(reason.rawValue)", ["percent": "\(statement.quality.requiredPercent)"])
    }

    var issueLine: String {
        let version = texts("version_n", ["n": "\(statement.version)"])
        let until =
            statement.quality.dataUntil.map { texts("data_until", ["time": texts.time($0, in: calendar)]) }
            ?? texts("data_none")
        guard let issued = surroundings.issuedAt else {
            return texts("issue_line_undated", ["version": version, "until": until])
        }
        return texts("issue_line", ["date": texts.date(issued, in: calendar), "version": version, "until": until])
    }

    var rankNote: String {
        guard statement.rank != nil, let cohort = statement.cohort else {
            return texts("rank_note_none", ["reason": reason])
        }
        return texts(
            "rank_note",
            ["area": surroundings.cohortName ?? cohort.code, "homes": texts.number(Int64(cohort.homes))])
    }

    var pointsNote: String {
        statement.points.total > .zero
            ? texts("points_note", ["cap": texts.points(statement.points.monthlyCap)]) : texts("points_note_none")
    }

    func leak(_ flow: ContinuousFlow) -> String {
        let (daily, overflow) = flow.litresPerHour.multipliedReportingOverflow(by: 24)
        let shared = flow.shareMillionths == nil ? "" : texts("leak_line_shared")
        return texts(
            "leak_line",
            [
                "from": texts.time(flow.from, in: calendar), "to": texts.time(flow.to, in: calendar),
                "hours": texts.number(flow.hours), "rate": texts.number(flow.litresPerHour),
                "daily": texts.litres(overflow ? flow.litresPerHour : daily),
            ]) + shared
    }

    var daysSummary: String {
        if statement.isEstimatedWhole { return texts("days_estimated") }
        let known = statement.use.days.count { $0.litres != nil }
        guard known > 0 else { return texts("days_none") }
        // Of days on which nothing was used none is the most.
        guard statement.use.days.contains(where: { ($0.litres ?? 0) > 0 }) else { return texts("days_summary_none") }
        let mean = texts.litres(divideHalfUp(statement.use.litres, by: Int64(known)))
        // Of an estimated day only the sum with those beside it is known, and of a few days none is named the heaviest.
        let measured = statement.use.days.filter { $0.state == .measured }
        guard measured.count >= 7, let most = measured.max(by: { ($0.litres ?? 0) < ($1.litres ?? 0) }),
            let litres = most.litres
        else { return texts("days_mean", ["mean": mean]) }
        return texts("days_summary", ["mean": mean, "day": texts.day(most.day), "most": texts.litres(litres)])
    }

    /// Last month and the same month last year.
    var earlier: [String] {
        [
            change("earlier_last_month", from: statement.lastMonth),
            change("earlier_last_year", from: statement.sameMonthLastYear),
        ]
    }

    private func change(_ key: String, from before: EarlierUse?) -> String {
        guard let before, before.missingHours == 0, statement.isComparable else { return texts("\(key)_unknown") }
        let (difference, overflow) = statement.use.litres.subtractingReportingOverflow(before.litres)
        guard !overflow else { return texts("\(key)_unknown") }
        let word =
            difference == 0
            ? texts("change_same")
            : texts(difference < 0 ? "change_less" : "change_more", ["litres": texts.litres(abs(difference))])
        return texts(key, ["litres": texts.litres(before.litres), "change": word])
    }

    var headroom: StatementPage.HeadroomPart? {
        statement.headroom.map { .init(figure: headroomFigure($0), explanation: headroomArithmetic($0)) }
    }

    private func headroomFigure(_ room: Statement.Headroom) -> String {
        if room.litres == 0 { return texts("headroom_reached") }
        return room.saving.map {
            texts("headroom_figure", ["litres": texts.litres(room.litres), "yuan": texts.yuan($0)])
        } ?? texts.litres(room.litres)
    }

    private func headroomArithmetic(_ room: Statement.Headroom) -> String {
        let litres = texts(
            "headroom_litres",
            [
                "percent": "\(surroundings.benchmarkPercent)", "benchmark": texts.litres(room.benchmarkHomeLitres),
                "own": texts.litres(statement.use.litres),
            ])
        guard let best = room.benchmarkBill, let own = statement.bill?.total, room.litres > 0 else { return litres }
        return litres + texts("headroom_yuan", ["best": texts.yuan(best), "own": texts.yuan(own)])
    }
}
