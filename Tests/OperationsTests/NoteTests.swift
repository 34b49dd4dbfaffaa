import Storage
import Testing
import Water

@Suite struct NoteTests {
    private func note(_ kind: HouseholdNote.Kind, _ id: String, _ month: String?) -> HouseholdNote {
        HouseholdNote(
            id: id, at: Instant(epochSeconds: 0), staff: nil, kind: kind, month: month.flatMap { BillingMonth($0) },
            body: "")
    }

    @Test func `an answer closes what waits of its month or of none, and one of before without a month all of it`() {
        let (nine, ten, none) = (
            note(.objection, "a", "2026-09"), note(.objection, "b", "2026-10"), note(.objection, "c", nil)
        )
        #expect([nine, ten, note(.answered, "d", "2026-09"), none].openObjections == [ten, none])
        #expect([nine, none, note(.answered, "d", nil), ten].openObjections == [ten])
        #expect([nine, note(.other, "d", "2026-09")].openObjections == [nine])
        #expect([nine, none, note(.answeredNoMonth, "d", nil)].openObjections == [nine])
        #expect(!nine.answers(nine) && !note(.answered, "d", "2026-09").answers(none))
    }
}
