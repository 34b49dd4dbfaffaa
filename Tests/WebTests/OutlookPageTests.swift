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

    @Test(arguments: [(Language.zh, "1,200、950、1,034"), (.en, "1,200; 950; 1,034")])
    func `figures of a list are told apart from their thousands`(language: Language, words: String) throws {
        let samples = try Samples(try PageLibrary().catalogue[language])
        var running = try #require(samples.surroundings.outlook)
        running.basis = [1_200, 950, 1_034]
        let part = OutlookPart(running, calendar: samples.calendar, texts: samples.texts)
        #expect(part.explanation.contains { $0.contains(words) })
    }
}
