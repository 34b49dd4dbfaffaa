import Tariffs
import Testing

struct SavingReportTests {
    /// The shipped file without the part of its report from `start` on.
    private func cut(from start: String) throws -> String {
        let text = try shippedText("rules-saving.yaml")
        let first = try #require(text.firstRange(of: start)).lowerBound
        // The report ends before the next key at the margin.
        let end = try #require(text[first...].firstRange(of: #/\n(?=\w)/#)).upperBound
        return String(text[..<first] + text[end...])
    }

    @Test func `a report that says nothing of communities and sizes is one, and of one alone is none`() throws {
        let rules = try #require(try loadTrialRules(file: "x", text: cut(from: "  communities:")))
        #expect(rules.savingReport?.judged == 77)
        #expect(rules.savingReport?.communities == [] && rules.savingReport?.sizes == [])
        #expect(throws: FileRefusal.self) { try loadTrialRules(file: "x", text: cut(from: "  sizes:")) }
    }

    @Test func `the shipped rules state both`() throws {
        let rules = try #require(try loadTrialRules(file: "x", text: shippedText("rules-saving.yaml")))
        #expect(rules.savingReport?.communities.isEmpty == false && rules.savingReport?.sizes.isEmpty == false)
    }
}
