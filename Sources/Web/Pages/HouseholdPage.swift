/// One household as the desk sees it.
struct HouseholdPage: Page {
    static let template = "household"
    /// A household's or a meter's number.
    let asked: String
    let isMissing: Bool
    let found: Found?

    func documentTitle(_ words: String) -> String { found.map { "\(words) · \($0.number)" } ?? words }

    struct Found: Sendable {
        let number: String
        let place: String
        let lived: String
        let sizes: [String]
        /// That the sign-in code is void, where a new one may be made.
        let voidCode: String?
        let meters: [Meter]
        let hasStatements: Bool
        let statements: [Row]
        let balance: String
        let debt: String?
        let hasHistory: Bool
        /// Latest first.
        let history: [PointsPage.Entry]
        let hasOpenObjection: Bool
        let hasNotes: Bool
        /// Latest first.
        let notes: [Note]
        let form: NoteForm
    }

    /// What was done about the household, or what it objected to.
    struct Note: Sendable {
        let at: String
        let by: String
        /// The month that an objection or its answer is about; nil for none in particular.
        let about: String?
        let what: String
        /// What an objection was answered.
        let answer: Answer?
    }

    struct Answer: Sendable {
        let at: String
        let by: String
        let what: String
    }

    struct NoteForm: Sendable {
        /// Made with the page, so that a form sent twice notes once.
        let id: String
        /// The open objections that the page shows, between commas: others are not answered unseen.
        let seen: String
        let kinds: [Option]
        /// The months that an objection or an answer may be about, those with an open objection first.
        let months: [Option]
        let text: String
    }

    struct Option: Sendable {
        let value: String
        let name: String
        let isSelected: Bool
    }

    struct Meter: Sendable {
        let serial: String
        let point: String
        /// `YYYY-MM`, whose readings the link leads to.
        let month: String
        let hung: String
    }

    /// A statement in a line.
    struct Row: Sendable {
        let month: String
        let version: String
        let litres: String
        let yuan: String
        let rank: String
        let points: String
        let note: String
    }
}
