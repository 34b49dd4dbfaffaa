import Storage
import Water

/// What the household doubted about a statement, what the community answered, and the form for it.
struct ObjectionPart: Sendable {
    let action: String
    /// Made with the page, so that a form sent twice objects once.
    let id: String
    let typed: String
    let hasEntries: Bool
    let entries: [Entry]
    /// An objection to this statement waits for its answer.
    let isOpen: Bool

    struct Entry: Sendable {
        let who: String
        let at: String
        let words: String
    }

    /// `notes` are the household's, oldest first; what was said at the desk of no month in particular stands on the newest
    /// statement.
    init(
        _ notes: [HouseholdNote], on month: BillingMonth, isNewest: Bool, typed: String, calendar: CityCalendar,
        texts t: Texts, makeID: () -> String
    ) {
        var entries: [Entry] = []
        var waiting = 0
        for note in notes {
            let isObjection = note.kind == .objection && (note.month == month || note.month == nil && isNewest)
            guard isObjection || note.kind == .answered && waiting > 0 else { continue }
            waiting = isObjection ? waiting + 1 : 0
            entries.append(
                Entry(
                    who: t(isObjection ? "objection_you" : "objection_community"),
                    at: t.time(note.at, in: calendar), words: note.body))
        }
        action = "/statements/\(month)/objection"
        id = makeID()
        self.typed = typed
        hasEntries = !entries.isEmpty
        self.entries = entries
        isOpen = waiting > 0
    }
}
