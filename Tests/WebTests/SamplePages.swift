import Storage
import Tariffs
import Testing
import Water

@testable import Metering
@testable import Operations
@testable import Scoring
@testable import Web

/// Pages with invented content, every optional part present unless a sample says otherwise.
struct Samples {
    let calendar: CityCalendar
    let month: BillingMonth
    let texts: Texts

    init(_ texts: Texts) throws {
        calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        month = try #require(BillingMonth("2026-10"))
        self.texts = texts
    }

    func instant(day: Int, hour: Int) -> Instant {
        calendar.start(of: month.firstDay.advanced(by: day - 1)) + Int64(hour * 3_600)
    }

    func bill(litres: Int64) -> Bill {
        let first = min(litres, 9_000)
        let line = { (name: String, tier: Int?, litres: Int64, cents: Int64, fen: Int64) in
            BillLine(
                name: name, tier: tier, litres: litres, priceYuanPerM3: ExactDecimal(scaled: cents, decimals: 2),
                amount: Money(fen: fen))
        }
        return Bill(
            lines: [
                line("base", 1, first, 230, 2_070), line("base", 2, litres - first, 460, 1_022),
                line("base", 3, 0, 690, 0), line("sewage", nil, litres, 50, 561),
            ], total: Money(fen: 3_653), assumptions: BillAssumption.allCases, persons: 3,
            boundsLitres: [9_000, 13_500], tier: 2, litresToNextTier: 13_500 - litres)
    }

    private var days: [DayUse] {
        (0..<31).map { index -> DayUse in
            let day = month.firstDay.advanced(by: index)
            if index == 12 || index == 13 { return DayUse(day: day, litres: nil, state: .missing) }
            if index == 14 || index == 15 { return DayUse(day: day, litres: 410, state: .estimated) }
            let litres: Int64 = [20: 0, 23: 206][index] ?? Int64(260 + (index * 97) % 320)
            return DayUse(day: day, litres: litres, state: .measured)
        }
    }

    func statementValue() -> Statement { statement(correction: correction) }

    /// The version before it.
    var statementBefore: Statement {
        var before = statement(correction: nil)
        before.version = 1
        before.use.measuredLitres -= 300
        before.billing = .billed(bill(litres: 10_922))
        return before
    }

    private func statement(correction: Correction?) -> Statement {
        let earlier = { (months: Int, litres: Int64) in
            EarlierUse(
                month: self.month.advanced(by: -months), litres: litres, missingHours: 0, version: 1,
                hash: String(repeating: "a", count: 64))
        }
        return Statement(
            household: "100200300417", month: month, version: 2, isShared: false,
            use: .init(measuredLitres: 10_402, estimatedLitres: 820, days: days, missingHours: 52), persons: 3,
            equivalised: .init(scaleMillionths: 1_829_855, litres: 6_133), billing: .billed(bill(litres: 11_222)),
            tariff: .init(id: "taiyuan", version: "2018-07", digest: String(repeating: "b", count: 64)),
            rules: .init(id: "rules", version: "v1", digest: String(repeating: "c", count: 64)),
            lastMonth: earlier(1, 12_040), sameMonthLastYear: earlier(12, 11_000), unranked: nil,
            cohort: .init(
                kind: .community, code: "140107001001", homes: 312, medianLitres: 7_800, benchmarkLitres: 5_500),
            rank: Rank(lowerHomes: 56, equalHomes: 1, otherHomes: 311),
            headroom: .init(
                benchmarkHomeLitres: 10_064, litres: 1_158, benchmarkBill: Money(fen: 3_062), saving: Money(fen: 591)),
            norm: .init(litresPerPersonDay: 140, days: 31, litres: 13_020),
            leaks: [ContinuousFlow(from: instant(day: 8, hour: 2), to: instant(day: 9, hour: 8), litresPerHour: 6)],
            findings: [.exchange: 1, .jump: 2],
            points: .init(
                lines: [
                    PointsLine(
                        rule: "band", measure: .percentile, value: 18, atMost: 20, pointsBeforeCap: Points(30),
                        points: Points(30)),
                    PointsLine(
                        rule: "norm", measure: .litres, value: 11_222, atMost: 13_020, pointsBeforeCap: Points(10),
                        points: Points(10)),
                    PointsLine(
                        rule: "saving", measure: .savingPercent, value: 18, atMost: nil, pointsBeforeCap: Points(18),
                        points: .zero),
                ], monthlyCap: Points(40), total: Points(40), noneReason: nil),
            sentence: Sentence(.amongBest, [11_222, 18]),
            quality: .init(
                monthSeconds: 2_678_400, missingSeconds: 187_200, qualifyingSeconds: 2_490_912, requiredPercent: 90,
                isBracketed: true, isPartial: false, zeroDays: 1, readings: 692, detectableLitresPerHour: 4,
                dataUntil: instant(day: 31, hour: 23)),
            readingsDigest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            analysis: analysis(earlier(12, 11_000)), saving: saving, correction: correction)
    }

    /// Two months at 786 ‰ and less against eight with 1,036 ‰ in the middle and 977 ‰ at the least.
    private var saving: Saving {
        let levels: [Int64] = [1_034, 1_079, 977, 1_046, 1_038, 1_008, 1_058, 1_028, 771]
        let first = BillingMonth(number: 2_026 * 12 + 0)
        return Saving(
            levels: levels.enumerated().map { MonthLevel(month: first.advanced(by: $0), permille: $1) }, own: 786,
            judgement: SavingJudgement(usual: 1_036, lowest: 977, band: 59, now: 786, gain: 191, percent: 18),
            notJudged: nil, bandPercentOfRange: 100, bandPercentAtLeast: 5, pointsPerPercent: Points(1),
            mostPoints: Points(20))
    }

    private var correction: Correction {
        var before = statementBefore
        before.points.total = Points(20)
        return Correction(
            of: before, hash: String(repeating: "d", count: 64),
            changes: [
                HomeChange(
                    cause: .lateReading, serial: "20240001", at: instant(day: 12, hour: 8),
                    register: Volume(litres: 18_211)),
                HomeChange(cause: .persons, serial: "", at: Instant(epochSeconds: 0), register: .zero),
            ], monthStart: instant(day: 1, hour: 0))
    }

    private func analysis(_ lastYear: EarlierUse) -> Analysis {
        Analysis(
            periodLitres: 11_222,
            sizes: [
                PersonsFrom(day: LocalDay(number: 0), persons: 2), PersonsFrom(day: month.firstDay, persons: 3),
            ], bylawMonths: [],
            baseline: .init(kind: .sameMonthLastYear, months: [lastYear], litres: 11_000, changeLitres: 222),
            week: (1...7).map { .init(days: 4, litres: Int64(1_200 + $0 * 90)) },
            night: NightUse(nights: 29, litres: 174, lowestLitres: 3),
            toMedian: .init(
                benchmarkHomeLitres: 14_273, litres: 0, benchmarkBill: Money(fen: 5_387), saving: .zero),
            leak: .init(
                flows: [.init(hours: 30, litresPerHour: 6)], litres: 180, billWithout: Money(fen: 3_561),
                cost: Money(fen: 92)),
            lastMonth: EarlierFigures(bill: Money(fen: 4_070), percentile: 31, points: Points(20)),
            warnings: [
                .init(limit: .baseline, limitLitres: 11_000, usedLitres: 11_222),
                .init(limit: .norm, limitLitres: 13_020, usedLitres: 11_222),
            ],
            actions: [
                .init(
                    kind: .stopFlow, litres: 4_464, billWithout: Money(fen: 1_892), saving: Money(fen: 1_761),
                    because: [6, 30]),
                .init(
                    kind: .stayInTier, litres: 2_222, billWithout: Money(fen: 2_520), saving: Money(fen: 1_133),
                    because: [1, 9_000, 11_222]),
                .init(kind: .easeHeavyDays, litres: 525, because: [395, 579, 570, 561]),
            ])
    }

    var surroundings: StatementSurroundings {
        StatementSurroundings(
            newestVersion: 2, issuedAt: instant(day: 36, hour: 9),
            months: [month, month.previous, month.advanced(by: -2)], isDirty: true, cohortName: "杏花岭社区",
            tariffName: "太原市居民生活用水阶梯水价", benchmarkPercent: 20,
            outlook: outlook,
            leakAlert: instant(day: 23, hour: 4), objection: objection,
            lived: month.firstDay.advanced(by: 13)...month.lastDay,
            readers: [
                texts("reader_home"), texts("reader_staff"),
                texts("reader_system", ["system": "platform", "purpose": "civic awards"]),
            ])
    }

    func unrankedValue(_ reason: UnrankedReason) -> Statement {
        var statement = statementValue()
        statement.unranked = reason
        statement.rank = nil
        statement.cohort = nil
        statement.equivalised = nil
        statement.persons = nil
        statement.headroom = nil
        statement.norm = nil
        statement.leaks = []
        statement.sameMonthLastYear = nil
        statement.analysis = nil
        statement.points = .init(
            lines: [
                PointsLine(
                    rule: "band", measure: .percentile, value: nil, atMost: 50, pointsBeforeCap: .zero, points: .zero)
            ], monthlyCap: Points(40), total: .zero, noneReason: .unranked(reason))
        statement.sentence = Sentence(.unranked, [11_222])
        return statement
    }

    func page(_ statement: Statement) -> StatementPage {
        StatementPage(statement, surroundings, calendar: calendar, texts: texts)
    }

    var residentSignIn: ResidentSignInPage { ResidentSignInPage(number: "100200300417", unsent: unsent) }
    var staffSignIn: StaffSignInPage { StaffSignInPage(name: "wang.min", unsent: unsent) }
    private var unsent: Unsent { Unsent(entries: [.init(label: texts("objection_label"), typed: "十月我家没人住。")]) }
    var statement: StatementPage { page(statementValue()) }
    var unranked: StatementPage { page(unrankedValue(.unknownPersons)) }

    private func firstStatement(_ outlook: Outlook?) -> FirstStatementPage {
        let found: Result<Outlook, NoOutlook> = if let outlook { .success(outlook) } else { .failure(.shared) }
        return FirstStatementPage(
            household: "100200300417", month: month, due: instant(day: 35, hour: 0), outlook: found,
            leakAlert: surroundings.leakAlert, objection: deskObjection, refusedGoal: "8,5", calendar: calendar,
            texts: texts)
    }

    var staffHome: StaffHomePage {
        StaffHomePage(
            area: "太原市 / 杏花岭区", greeting: texts("staff_greeting", ["name": "wang.min"]),
            freshness: texts("freshness", ["readings": "2,000"]),
            tiles: [
                .init(href: "/staff/desk", figure: texts("tile_open"), name: texts("tile_desk"), needsAttention: false),
                .init(href: "/staff/close", figure: "2026-10", name: texts("tile_close"), needsAttention: true),
                .init(href: "/staff/held", figure: "14", name: texts("tile_held"), needsAttention: true),
                .init(href: "/staff/alerts", figure: "3", name: texts("tile_alerts"), needsAttention: false),
            ], hasLocked: true,
            locked: [
                texts("locked_line", ["name": "li.na", "area": "杏花岭社区", "time": "2026-11-24 09:15"])
            ],
            communities: [
                .init(name: "杏花岭社区", code: "140107001001", homes: "1,502", month: "2026-09", dirty: "4"),
                .init(name: "府东街社区", code: "140107001002", homes: "988", month: "2026-10", dirty: "0"),
            ])
    }

    var desk: DeskPage {
        DeskPage(
            code: "K7PM3XWT",
            communities: .init(options: [
                .init(code: "140107001001", name: "杏花岭社区", isSelected: true),
                .init(code: "140107001002", name: "府东街社区", isSelected: false),
            ]), lookUpClass: "second", isCodeNext: false,
            found: .init(
                item: "节水花洒", points: "80 分", household: masked("100200300417"), heldAt: "11月24日 10:12",
                until: "11月26日 10:12", state: texts("redemption_open"), isOpen: true, community: "140107001001",
                code: "G88E326P", redemption: "r-5f2c9a",
                sure: sure(texts("desk_void_sure_heading"), texts("desk_void_sure_hint"))))
    }

    var closeMonth: CloseMonthPage {
        CloseMonthPage(
            title: texts("close_title", ["month": "2026-10"]), month: "2026-10",
            counts: [
                .init(name: texts("close_count_communities"), figure: "2"),
                .init(name: texts("close_count_homes"), figure: "2,490"),
                .init(name: texts("close_count_measured"), figure: "1"),
            ],
            communities: [
                .init(name: "杏花岭社区", homes: "1,502", measured: "2026-11-04 09:12", issued: "—", dirty: "4"),
                .init(name: "府东街社区", homes: "988", measured: "—", issued: "—", dirty: "0"),
            ],
            refusal: .init(
                kind: "refused", heading: texts("close_refused"),
                reason: texts("close_refused_too_early", ["time": "11月4日 00:00"])), canClose: true,
            sure: sure(texts("close_sure_heading"), texts("close_sure_hint", ["month": "2026-10"])),
            action: texts("close_action", ["month": "2026-10"]))
    }

    var corrections: CorrectionsPage {
        CorrectionsPage(
            summary: texts("corrections_summary", ["homes": "1", "months": "2"]), hasHomes: true,
            homes: [
                .init(
                    number: "100200300417", community: "漪汾苑社区",
                    months: texts("months_from_to", ["from": "2026-09", "to": "2026-10", "n": "2"]), month: "2026-10",
                    why: texts("cause_times", ["what": texts("cause_late_reading"), "count": "24"]),
                    meters: ["14010500012345"], since: "2026-11-24 09:00")
            ],
            prunedSummary: texts("corrections_pruned_summary", ["homes": "1", "months": "1"]), hasPruned: true,
            pruned: [
                .init(
                    number: "100200300418", community: "漪汾苑社区", months: "2023-04", month: "2023-04",
                    why: texts("cause_persons"), meters: [], since: "2026-11-24 09:10")
            ])
    }

    var message: MessagePage {
        MessagePage(
            heading: texts("error_not_found"), body: texts("error_not_found_body"), request: "9f86d081884c7d65",
            href: "/", action: texts("to_home"), unsent: unsent)
    }

    /// Name, page, address and whether the page is staff's.
    private var readings: ReadingsPage {
        let meter = MeterID(7)
        let at = instant(day: 12, hour: 8)
        let one = ReadingEdit(
            at: at, register: Volume(litres: 18_211), action: .reject, by: StaffID(3), decidedAt: at + 86_400,
            reason: "抄表员核实")
        let rules: [QualityRule] = [.follows, .rejectedByStaff, .misfit, .enteredByStaff]
        let shown = rules.enumerated().map { index, rule in
            ExaminedReading(
                at: at + Int64(index) * 3_600, register: Volume(millilitres: 18_211_500 + Int64(index) * 12_000),
                gateways: [], isNoted: false, isEntered: rule == .enteredByStaff, rule: rule)
        }
        let anomaly = Anomaly(
            kind: .spike, meter: meter, from: at, to: at + 3_600, register: Volume(litres: 99_000), before: nil,
            count: 1)
        return ReadingsPage(
            meter: "20240001", month: month,
            found: MeterExamination(
                serial: "20240001", community: CommunityID(4), readings: shown, anomalies: [anomaly],
                edits: [StoredEdit(id: "e-1", meter: meter, edit: one)], lastBefore: nil, firstAfter: nil,
                firstKept: nil, households: ["100200300417"]),
            entry: .init(at: "2026-10-12T10:30", register: "812.5", reason: "上门抄表", sure: sure),
            names: [StaffID(3): "wang"], calendar: calendar, texts: texts, makeID: { "web-1" })
    }

    private func explain(_ registers: [SharedRegister]) -> ExplainPage {
        ExplainPage(
            statementValue(), shared: SharedPart(registers, calendar: calendar, texts: texts), texts: texts)
    }

    private var sharedMeter: [SharedRegister] {
        [
            SharedRegister(
                serial: "14010500012345", shareMillionths: 600_000, from: instant(day: 1, hour: 0),
                to: instant(day: 31, hour: 24), first: Volume(millilitres: 812_345_678),
                last: Volume(millilitres: 831_049_011), firstLitres: 487_407, lastLitres: 498_629)
        ]
    }

    var all: [(name: String, page: any Page, path: String, isStaff: Bool)] {
        [
            ("resident-sign-in", residentSignIn, "/sign-in", false),
            ("statement", statement, "/statements/2026-10?version=2", false),
            ("statement-unranked", unranked, "/statements/2026-10", false),
            ("statement-replaced", replaced, "/statements/2026-10?version=1", false),
            ("first-statement", firstStatement(surroundings.outlook), "/statement", false),
            ("first-statement-shared", firstStatement(nil), "/statement", false),
            ("explain", explain(sharedMeter), "/statements/2026-10/explain", false),
            ("explain-shared-none", explain([]), "/statements/2026-10/explain", false),
            ("points", points, "/points", false),
            ("staff-sign-in", staffSignIn, "/staff/sign-in", true), ("staff-home", staffHome, "/staff", true),
            ("desk", desk, "/staff/desk", true), ("community-points", communityPoints, "/staff/points", true),
            ("community-points-first", communityPointsFirst, "/staff/points", true),
            ("community-points-none", communityPointsNone, "/staff/points", true),
            ("close-month", closeMonth, "/staff/close", true),
            ("held", held, "/staff/held", true), ("alerts", alerts, "/staff/alerts", true),
            ("corrections", corrections, "/staff/corrections", true),
            ("readings", readings, "/staff/readings", true), ("persons", persons, "/staff/persons", true),
            ("exchange", exchange, "/staff/exchange", true),
            ("household", household, "/staff/household?number=100200300417", true),
            ("codes", codes, "/staff/codes", true),
            ("message", message, "/nowhere", false),
        ]
    }

    func frame(_ name: String, path: String, isStaff: Bool) -> PageFrame {
        PageFrame(
            texts: texts, title: name, audience: isStaff ? .staff : .resident, path: path, csrf: "csrf-sentinel",
            isSignedIn: !name.hasSuffix("sign-in") && name != "message",
            notice: name == "desk" || name == "points"
                ? .init(kind: .done, heading: texts("held_done"), body: texts("desk_confirmed_body", ["item": "节水花洒"]))
                : nil)
    }
}
