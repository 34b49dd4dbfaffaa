/// A community's points, made to be posted publicly: nobody's own are on it.
struct CommunityPointsPage: Page {
    static let template = "community-points"
    let month: String
    /// Nil where the member of staff serves one community.
    let communities: DeskPage.Choice?
    /// Nil where the member's area has no community.
    let found: Found?

    func documentTitle(_ words: String) -> String { "\(words) · \(month)" }

    struct Found: Sendable {
        let title: String
        let issued: Row
        /// What became of it, a line each.
        let rows: [Row]
        /// The lines added up.
        let sum: Row
        /// That the lines do not add up to what was issued; nil where they do.
        let fault: String?
        let writtenOff: String
        let hasItems: Bool
        let items: [Item]
    }

    /// Of the month, and of all months to its end.
    struct Row: Sendable {
        let name: String
        let inMonth: String
        let inAll: String
    }

    struct Item: Sendable {
        let name: String
        let points: String
        let total: String
        let free: String
        let held: String
        let taken: String
    }
}
