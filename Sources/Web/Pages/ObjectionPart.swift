import Storage
import Water

/// What the household doubted about a statement, what the community answered, and the form for it.
struct ObjectionPart: Sendable {
    let action: String
    /// Made with the page, so that a form sent twice objects once.
    let id: String
    let typed: String
    /// The same where there is no form to hold it.
    let unsent: String?
    let hasEntries: Bool
    /// Each objection with its answer under it.
    let entries: [Entry]
    /// What stands here waits for an answer.
    let isWaiting: Bool
    /// An objection to this very month waits for its answer: there is no form for another.
    let isOpen: Bool

    struct Entry: Sendable {
        let who: String
        let at: String
        /// Which of several it belongs to; nil where all are of one month.
        let about: String?
        let words: String
    }

    /// `notes` are the household's, oldest first; what was said at the desk of no month in particular stands on the newest
    /// statement.
    init(
        _ notes: [HouseholdNote], on month: BillingMonth, isNewest: Bool, typed: String, calendar: CityCalendar,
        texts t: Texts, makeID: () -> String
    ) {
        var shown: [HouseholdNote] = []
        var waiting: [HouseholdNote] = []
        for note in notes {
            let isObjection = note.kind == .objection && (note.month == month || note.month == nil && isNewest)
            guard isObjection || waiting.contains(where: { note.answers($0) }) else { continue }
            waiting = isObjection ? waiting + [note] : waiting.filter { !note.answers($0) }
            shown.append(note)
        }
        let isMixed = Set(shown.map(\.month)).count > 1
        let answers = shown.answers
        let inOrder = shown.filter { $0.kind == .objection }.flatMap { [$0] + [answers[$0.id]].compactMap { $0 } }
        let entries = inOrder.map { note in
            Entry(
                who: t(note.kind == .objection ? "objection_you" : "objection_community"),
                at: t.time(note.at, in: calendar),
                about: isMixed
                    ? note.month.map { t("note_about", ["month": t.month($0)]) } ?? t("note_month_none") : nil,
                words: note.body)
        }
        action = "/statements/\(month)/objection"
        id = makeID()
        self.typed = typed
        hasEntries = !entries.isEmpty
        self.entries = entries
        isWaiting = !waiting.isEmpty
        isOpen = waiting.contains { $0.month == month }
        unsent = isOpen && !typed.isEmpty ? typed : nil
    }
}
