import Scoring
import Tariffs
import Water

/// What a statement's page shows besides the statement: where it stands among the others.
struct StatementSurroundings: Sendable {
    /// Versions 1 to this one can be opened.
    var newestVersion: Int
    var issuedAt: Instant?
    /// Months that have a statement, latest first.
    var months: [BillingMonth]
    /// Readings came after the month was measured.
    var isDirty: Bool
    /// The area of the cohort; nil without a cohort.
    var cohortName: String?
    var tariffName: String
    /// The share of homes that the benchmark stands for, percent.
    var benchmarkPercent: Int64
    /// The month under way; only beside the latest statement.
    var outlook: Outlook?
    /// A goal that was typed and not taken.
    var refusedGoal: String?
    /// When a meter of the home said lately that water leaks; only beside the latest statement.
    var leakAlert: Instant?
    var objection: ObjectionPart
    /// The days on which the household lives there, whatever the month; nil where that is not known.
    var lived: ClosedRange<LocalDay>?
    /// Who may see the statement, a line each.
    var readers: [String]
}

/// The 节水账单 of one home and month in words.
struct StatementPage: Page {
    static let template = "statement"

    /// Month and version: what a browser's tab and a printed sheet are named by.
    let title: String
    let household: String
    let monthName: String
    let issueLine: String
    let lateNotice: String?
    /// Where the version that stands is; nil on that version.
    let replaced: Replaced?
    let sentence: String
    let litres: String
    let cubicMetres: String
    let yuan: String
    let rankFigure: String
    let rankUnit: String
    let rankNote: String
    let pointsFigure: String
    let pointsNote: String
    /// The meter's own word of a leak.
    let meterAlert: String?
    let leaks: Lines?
    let daysSummary: String
    let chart: DayChart
    let dayRows: [DayRow]
    let bill: BillPart?
    /// Why there is no bill.
    let noBill: String
    /// The household did not live there: no water, bill or comparison to show.
    let isWithdrawn: Bool
    let comparison: ComparisonPart?
    let unranked: String?
    let earlier: [String]
    let headroom: HeadroomPart?
    let pointsSentence: String
    let pointLines: [PointRow]
    let pointsCap: String
    let correction: CorrectionPart?
    let outlook: OutlookPart?
    let goalForm: GoalForm?
    let analysis: AnalysisPart?
    let saving: SavingPart?
    let objection: ObjectionPart
    let readers: [String]
    let explainHref: String
    let quality: [String]
    let basis: [String]
    let digest: String
    let months: [PageFrame.Link]
    let hasVersions: Bool
    let versions: [PageFrame.Link]

    struct Lines: Sendable { let lines: [String] }

    struct Replaced: Sendable {
        let words: String
        let href: String
        let link: String
        /// Where it can be objected to.
        let objectionHref: String
        let objectionLink: String
    }

    struct DayRow: Sendable {
        let day: String
        let litres: String
        let state: String

        init(_ day: DayUse, lived: ClosedRange<LocalDay>?, _ t: Texts) {
            self.day = t.day(day.day)
            litres = day.litres.map(t.number) ?? t("none")
            state = t(day.isAway(from: lived) ? "state_away" : "state_\(day.state.rawValue)")
        }
    }

    struct HeadroomPart: Sendable {
        let figure: String
        let explanation: String
    }

    struct PointRow: Sendable {
        let rule: String
        let why: String
        let points: String
    }

    init(_ statement: Statement, _ surroundings: StatementSurroundings, calendar: CityCalendar, texts t: Texts) {
        let story = StatementStory(statement: statement, surroundings: surroundings, calendar: calendar, texts: t)
        title = story.title
        household = statement.household
        monthName = t.month(statement.month)
        issueLine = story.issueLine
        lateNotice = surroundings.isDirty ? t("late_notice") : nil
        replaced = story.replaced
        sentence = story.sentence
        isWithdrawn = story.isWithdrawn
        litres = story.useFigure
        cubicMetres = story.useInCubicMetres
        yuan = statement.bill?.total.yuan ?? t("none")
        rankFigure = statement.rank.map { t("percent", ["n": "\($0.higherPercent)"]) } ?? t("none")
        rankUnit = statement.rank == nil ? "" : t("rank_unit")
        rankNote = story.rankNote
        pointsFigure = t.number(statement.points.total.count)
        pointsNote = story.pointsNote
        meterAlert = story.meterAlert
        leaks = statement.leaks.isEmpty ? nil : Lines(lines: statement.leaks.map(story.leak))
        daysSummary = story.daysSummary
        chart = DayChart(
            days: statement.use.days, lived: surroundings.lived, isEstimatedWhole: statement.isEstimatedWhole,
            referenceLitres: statement.norm.map { $0.litres / Int64(max($0.days, 1)) }, texts: t)
        dayRows = statement.use.days.map { DayRow($0, lived: surroundings.lived, t) }
        bill = statement.bill.map { BillPart($0, texts: t) }
        noBill = story.noBill
        comparison = ComparisonPart(statement, surroundings, texts: t)
        unranked = comparison == nil ? story.unranked : nil
        earlier = story.earlier
        headroom = story.headroom
        pointsSentence = story.pointsSentence
        pointLines = statement.points.lines.map { line in
            PointRow(
                rule: t.words["rule_\(line.rule)"] ?? line.rule, why: story.why(line),
                points: t.number(line.points.count)
            )
        }
        pointsCap = t("points_cap", ["points": t.points(statement.points.monthlyCap)])
        correction = statement.correction.map { CorrectionPart($0, of: statement, calendar: calendar, texts: t) }
        outlook = story.outlook
        goalForm = story.goalForm(outlook)
        saving = statement.saving.map { SavingPart($0, of: statement, texts: t) }
        analysis = statement.analysis.map { AnalysisPart($0, of: statement, texts: t) }
        objection = surroundings.objection
        readers = surroundings.readers
        explainHref = "/statements/\(statement.month)/explain?version=\(statement.version)"
        quality = story.quality
        basis = story.basis
        digest = statement.readingsDigest
        months = surroundings.months.map { month in
            PageFrame.Link(href: "/statements/\(month)", label: t.month(month), isCurrent: month == statement.month)
        }
        hasVersions = surroundings.newestVersion > 1
        versions = (1...max(surroundings.newestVersion, 1)).map { version in
            PageFrame.Link(
                href: "/statements/\(statement.month)?version=\(version)", label: t("version_n", ["n": "\(version)"]),
                isCurrent: version == statement.version)
        }
    }

    func documentTitle(_ words: String) -> String { title }
}

extension Statement {
    /// nil where the tariff could not be applied.
    var bill: Bill? {
        if case .billed(let bill) = billing { bill } else { nil }
    }

    /// No volume is known for any day, and none is estimated: its 0 litres are a gap.
    var hasNoFigure: Bool { sentence.code == .noFigure }

    /// Measured without a gap for as long as the home lived there, which is not the whole month.
    var isWholeOfItsTime: Bool { quality.isPartial && use.missingHours == 0 }
}
