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

    /// Marks the months with figures that a household lived in or was taken to: where `pointsChanged`, or it was not
    /// registered `before`, all of them; else those that moving in or out reaches. Of a month without a statement of
    /// its own only where a meter hung there, which has to be hung first for anything to be known, and whose readings
    /// are kept.
    func markOccupancy(of household: Household, before: Household?, pointsChanged: Bool, at: Instant) throws {
        let community = household.community
        // A measure under way has read the registry as it was.
        try raiseFoldVersion(of: community, at: at)
        let measured = try reader.measuredMonths(of: community)
        guard !measured.isEmpty, let calendar = try reader.city()?.calendar else { return }
        let issued = Set(
            try before == nil
                ? [] : reader.statementMonths(of: household.id, in: community, limit: measured.count).map(\.month))
        let kept = try reader.firstKeptMonth(of: community)
        let installed = try reader.installedTimes(of: household.id, in: community)
        for month in measured {
            let span = calendar.interval(of: month)
            let now = household.time(within: span)
            let earlier = before.flatMap { $0.time(within: span) }
            // What ran, or was read last, before it moved in is not its own.
            let movesIn = before.map { $0.movedIn != household.movedIn } ?? true
            guard now != earlier || (now != nil && (pointsChanged || movesIn)) else { continue }
            if !issued.contains(month) {
                guard let now, kept.map({ month > $0 }) ?? true else { continue }
                guard installed.contains(where: now.meets) else { continue }
            }
            try markDirty(household.id, of: community, month, cause: .occupancy, at: at)
        }
    }

    /// Marks the months with figures of every home of a usage point whose meter's time or noted registers changed. A
    /// register's belief and its pair reach a month at most beyond the ends.
    func markInstallation(
        of meter: MeterID, at point: UsagePointID, in community: CommunityID, from: Instant, to: Instant?, at: Instant
    ) throws {
        // A measure under way has read the meter as it was, also the first one and that of a month not reached here.
        try raiseFoldVersion(of: community, at: at)
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
    }
}

extension Range<Instant> {
    /// Whether a meter that hung from then to then hung there in any part of it.
    func meets(_ hung: (from: Instant, to: Instant?)) -> Bool {
        hung.from < upperBound && hung.to ?? upperBound > lowerBound
    }
}

extension Household {
    /// The part of [start, end) that it lives there; nil for none.
    func time(within span: (start: Instant, end: Instant)) -> Range<Instant>? {
        let from = max(span.start, movedIn)
        let to = movedOut.map { min(span.end, $0) } ?? span.end
        return from < to ? from..<to : nil
    }
}
