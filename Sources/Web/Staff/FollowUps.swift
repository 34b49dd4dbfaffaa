import Database
import Storage
import Water

/// What was noted lately about the homes of a member's communities, by the household's number.
struct FollowUps: Sendable {
    /// Oldest first.
    private let notes: [String: [HouseholdNote]]
    /// Objections and answers, however old and however many other notes there are.
    private let doubts: [String: [HouseholdNote]]
    private let places: [String: (community: CommunityID, area: AreaID)]

    /// An objection that waits for its answer.
    struct Objection: Sendable {
        let household: String
        let community: CommunityID
        let area: AreaID
        let note: HouseholdNote
    }

    fileprivate init(
        _ notes: [String: [HouseholdNote]], doubts: [String: [HouseholdNote]],
        _ places: [String: (CommunityID, AreaID)]
    ) {
        self.notes = notes
        self.doubts = doubts
        self.places = places
    }

    /// The last thing that staff did about a home's water; an answer is about what it answers alone.
    func latest(of household: String) -> HouseholdNote? {
        notes[household]?.last { $0.staff != nil && $0.kind.isFollowUp }
    }

    /// True where staff noted at or after `at` that it is mended or in order.
    func isSettled(_ household: String, at: Instant) -> Bool {
        notes[household]?.contains { $0.kind.isSettling && $0.at >= at } ?? false
    }

    /// Objections answered after an instant, each with its answer.
    func answered(since: Instant) -> [(objection: Objection, answer: HouseholdNote)] {
        var found: [(objection: Objection, answer: HouseholdNote)] = []
        for (number, notes) in doubts {
            guard let place = places[number] else { continue }
            let answers = notes.answers
            for note in notes {
                guard let answer = answers[note.id], answer.at > since else { continue }
                let objection = Objection(
                    household: number, community: place.community, area: place.area, note: note)
                found.append((objection, answer))
            }
        }
        return found
    }

    /// Those that wait longest first.
    var objections: [Objection] {
        doubts.flatMap { number, notes in
            notes.openObjections.compactMap { note in
                places[number].map {
                    Objection(household: number, community: $0.community, area: $0.area, note: note)
                }
            }
        }.sorted { ($0.note.at, $0.household) < ($1.note.at, $1.household) }
    }
}

extension Reader {
    /// How far back what was done is looked at: of a leak that long ago nothing is open.
    private static var followUpDays: Int64 { 400 }
    /// Notes of one community; the newest of them.
    private static var mostNotes: Int { 5_000 }

    func followUps(for clerk: Clerk, at now: Instant) throws -> FollowUps {
        var found: [String: [HouseholdNote]] = [:]
        var doubts: [String: [HouseholdNote]] = [:]
        var places: [String: (CommunityID, AreaID)] = [:]
        for community in clerk.communities.prefix(Reader.mostCommunities) {
            let since = now - Reader.followUpDays * 86_400
            for (household, area, note) in try notes(of: community.id, since: since, limit: Reader.mostNotes)
            where clerk.covers(area) {
                found[household, default: []].append(note)
                places[household] = (community.id, area)
            }
            for (household, area, note) in try objectionNotes(of: community.id, limit: Reader.mostNotes)
            where clerk.covers(area) {
                doubts[household, default: []].append(note)
                places[household] = (community.id, area)
            }
        }
        return FollowUps(found, doubts: doubts, places)
    }
}

extension Texts {
    /// A note in words, without who and when.
    func note(_ note: HouseholdNote) -> String {
        let name = self("note_\(note.kind.rawValue)")
        let words = noteBody(note)
        return words.isEmpty ? name : self("note_line", ["what": name, "words": words])
    }

    private func noteBody(_ note: HouseholdNote) -> String {
        let parts = note.body.split(separator: " ").map(String.init)
        switch note.kind {
        case .persons:
            guard let day = parts.first.flatMap(LocalDay.init) else { return note.body }
            let size = size(PersonsFrom(day: day, persons: parts.count > 1 ? Int(parts[1]) : nil))
            return parts.last == "removed" ? self("note_persons_removed", ["size": size]) : size
        case .exchange: return parts.joined(separator: " → ")
        default: return note.body
        }
    }
}
