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
