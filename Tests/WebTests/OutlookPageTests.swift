import Testing
import Water

@testable import Scoring
@testable import Web

struct OutlookPageTests {
    @Test func `a goal is passed by what was measured, not by days that are only reckoned`() throws {
        let samples = try Samples(try PageLibrary().catalogue[.zh])
        var running = try #require(samples.surroundings.outlook)
        func goal(used: Int64) throws -> String {
            running.soFarLitres = used
            let part = OutlookPart(running, calendar: samples.calendar, texts: samples.texts)
            return try #require(part.goal)
        }
        // Two gaps by the mean of 28 days, and sixteen days to come.
        let gaps = running.gapLitres
        #expect(gaps == 2 * running.gapMeanLitres && running.daysToCome == 16)
        #expect(try goal(used: 10_000 - gaps - 1_600).contains("没有数据的 2 天"))
        #expect(try goal(used: 10_000 - gaps - 1_600).contains("剩下 16 天每天不超过 100 升"))
        #expect(try goal(used: 10_000 - gaps + 1).contains("还剩 0 升"))
        #expect(try goal(used: 10_001).contains("已经超过 1 升"))
    }

    @Test func `what runs is told until it stops, and that it stopped`() throws {
        let samples = try Samples(try PageLibrary().catalogue[.zh])
        var outlook = samples.outlook
        func part() -> OutlookPart { OutlookPart(outlook, calendar: samples.calendar, texts: samples.texts) }
        #expect(part().running?.contains("水连续 98 小时没有停过，每小时至少 20 升") == true && part().stopped == nil)
        #expect(part().soFar.contains("其中 3 天是估算"))
        outlook.flow?.isRunning = false
        #expect(part().running == nil && part().stopped?.contains("已经停了") == true)
        outlook.flow = nil
        #expect(part().running == nil && part().stopped == nil)
        outlook.isQuietAgain = true
        #expect(part().stopped == samples.texts("outlook_flow_quiet"))
    }

    @Test func `a range is told where there is one`() throws {
        let samples = try Samples(try PageLibrary().catalogue[.zh])
        var outlook = samples.outlook
        func expected() -> String { OutlookPart(outlook, calendar: samples.calendar, texts: samples.texts).expected }
        #expect(expected().contains("大多在 9,900 升 到 13,100 升 之间"))
        outlook.forecast?.lowestLitres = 11_500
        outlook.forecast?.highestLitres = 11_500
        #expect(!expected().contains("大多在") && expected().contains("约 11,500 升，水费约"))
        outlook.forecast?.bill = nil
        #expect(!expected().contains("大多在") && !expected().contains("水费"))
    }

    @Test func `who keeps a goal of one's own is warned of nothing`() throws {
        let samples = try Samples(try PageLibrary().catalogue[.zh])
        var surroundings = samples.surroundings
        func warnings(_ litres: Int64) -> [String] {
            surroundings.outlook?.warnings = [
                .init(limit: .goal, limitLitres: 9_500, usedLitres: litres),
                .init(limit: .norm, limitLitres: 12_600, usedLitres: 11_500),
            ]
            let page = StatementPage(
                samples.statementValue(), surroundings, calendar: samples.calendar, texts: samples.texts)
            return page.outlook?.warnings ?? []
        }
        let goal = samples.texts("limit_goal")
        #expect(warnings(8_500).count == 1 && !warnings(8_500).contains { $0.contains(goal) })
        #expect(warnings(9_499).count == 1)
        #expect(warnings(9_500).count == 2 && warnings(9_500)[0].contains(goal))
    }

    @Test func `a goal that was refused is shown as typed, no longer than its field`() throws {
        let t = try PageLibrary().catalogue[.zh]
        let samples = try Samples(t)
        let running = try #require(samples.surroundings.outlook)
        let part = OutlookPart(running, calendar: samples.calendar, texts: t)
        let kept = GoalForm(part, refused: nil, texts: t)
        #expect(kept.typed == "10" && kept.refusal == nil)
        let refused = GoalForm(part, refused: String(repeating: "9", count: 40), texts: t)
        #expect(refused.typed == String(repeating: "9", count: 12) && refused.refusal == t("goal_refused_body"))
    }

    @Test(arguments: [(Language.zh, "1,200、950、1,034"), (.en, "1,200; 950; 1,034")])
    func `figures of a list are told apart from their thousands`(language: Language, words: String) throws {
        let samples = try Samples(try PageLibrary().catalogue[language])
        var running = try #require(samples.surroundings.outlook)
        running.basis = [1_200, 950, 1_034]
        let part = OutlookPart(running, calendar: samples.calendar, texts: samples.texts)
        #expect(part.explanation.contains { $0.contains(words) })
    }
}
