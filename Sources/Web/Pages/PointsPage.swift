/// A resident's points: balance, open holds with their desk codes, what can be had, the book.
struct PointsPage: Page {
    static let template = "points"

    let household: String
    /// What is to be given back, asked once more before anything else.
    let asked: Asked?
    let balanceSentence: String
    let expirySentence: String?
    let debtSentence: String?
    let hasHolds: Bool
    let holds: [Hold]
    let holdTerms: String
    let hasItems: Bool
    let items: [Item]
    let hasHistory: Bool
    /// Latest first; the last may add up what is earlier.
    let history: [Entry]
    /// Where the earlier movements are shown; nil where all are.
    let earlierHref: String?
    /// Later movements are left out.
    let isEarlier: Bool

    struct Asked: Sendable {
        let redemption: String
        let sure: SureQuestion?
        let backLabel: String
    }

    struct Hold: Sendable {
        let item: String
        let points: String
        /// In two groups of four.
        let code: String
        /// The code for a screen reader, sign by sign.
        let spoken: String
        let until: String
        /// What is given back is named by its id.
        let redemption: String
        let backLabel: String
    }

    struct Item: Sendable {
        let item: String
        /// Made with the page, so that a form sent twice holds once.
        let requestID: String
        let name: String
        let price: String
        /// As the form sends them: what the resident agrees to.
        let points: String
        let stock: String
        let canHold: Bool
        let reason: String
        let actionLabel: String
    }

    struct Entry: Sendable {
        let date: String
        let what: String
        let detail: String?
        let points: String
    }
}
