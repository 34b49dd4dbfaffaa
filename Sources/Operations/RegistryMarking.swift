import Database
import Scoring
import Storage
import Water

extension Transaction {
    /// Marks a household's months with figures that a person count from `day` on reaches: those up to the next entry,
    /// and those after it that share a tariff's period with one. Marked too widely does no harm: a month that comes
    /// out the same is not issued again.
    func markPersons(
        of household: HouseholdID, in community: CommunityID, from day: LocalDay, at: Instant
    ) throws {
        for month in try reader.measuredMonths(of: community) where month.lastDay >= day {
            try markDirty(household, of: community, month, cause: .persons, at: at)
        }
        // A measure under way has read the former count.
        try raiseFoldVersion(of: community, at: at)
    }

    /// Marks the months with figures of a household that lived there in them, or was taken to, in part or whole: where
    /// `pointsChanged`, or it was not registered `before`, all of these; else those that its moving in or out reaches.
    func markOccupancy(of household: Household, before: Household?, pointsChanged: Bool, at: Instant) throws {
        // A measure under way has read the registry as it was.
        try raiseFoldVersion(of: household.community, at: at)
        let measured = try reader.measuredMonths(of: household.community)
        guard !measured.isEmpty, let calendar = try reader.city()?.calendar else { return }
        for month in measured {
            let span = calendar.interval(of: month)
            let now = household.time(within: span)
            let earlier = before.flatMap { $0.time(within: span) }
            guard now != earlier || (pointsChanged && now != nil) else { continue }
            try markDirty(household.id, of: household.community, month, cause: .occupancy, at: at)
        }
    }

    /// Marks the months with figures of every home of a usage point whose meter's time or noted registers changed. A
    /// register's belief and its pair reach a month at most beyond the ends.
    func markInstallation(
        of meter: MeterID, at point: UsagePointID, in community: CommunityID, from: Instant, to: Instant?, at: Instant
    ) throws {
        let measured = try reader.measuredMonths(of: community)
        guard !measured.isEmpty, let calendar = try reader.city()?.calendar else { return }
        let reach: Int64 = 31 * 86_400
        let span = (from: from - reach, to: (to ?? at) + reach)
        let months = measured.filter { calendar.overlaps($0, span) }
        guard !months.isEmpty else { return }
        for home in try reader.households(at: point, in: community, from: span.from, to: span.to) {
            for month in months {
                try markDirty(home, of: community, month, cause: .installation, meter: meter, at: at)
            }
        }
        try raiseFoldVersion(of: community, at: at)
    }
}

extension Household {
    /// The part of [start, end) that it lives there; nil for none.
    fileprivate func time(within span: (start: Instant, end: Instant)) -> Range<Instant>? {
        let from = max(span.start, movedIn)
        let to = movedOut.map { min(span.end, $0) } ?? span.end
        return from < to ? from..<to : nil
    }
}
