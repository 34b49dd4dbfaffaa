import Database
import Metering
import Scoring
import Storage
import Water

extension Transaction {
    /// Keeps where the registers of measured homes are in doubt from some time of the month on, and marks the other
    /// months with figures over which that changes what is believed.
    func noteDoubts(
        of homes: [HomeMonth], in community: CommunityID, _ month: BillingMonth, _ calendar: CityCalendar, at: Instant
    ) throws {
        let (start, end) = calendar.interval(of: month)
        let known = try reader.doubts(in: community).values.joined().filter { $0.first >= start && $0.first < end }
        let found = Set(homes.flatMap(\.doubts))
        if known.isEmpty, found.isEmpty { return }
        let measured = Set(homes.map(\.household))
        let gone = try known.filter { one in
            try !found.contains(one)
                && reader.households(servedBy: one.meter, in: community, from: start, to: end)
                    .contains(where: measured.contains)
        }
        let new = found.subtracting(known).sorted { ($0.meter, $0.first) < ($1.meter, $1.first) }
        for one in gone { try remove(one, in: community) }
        try add(new, in: community)
        let others = try reader.measuredMonths(of: community).filter { $0 != month }
        for one in gone + new {
            for other in others where one.reaches(other, calendar) {
                let (from, to) = calendar.interval(of: other)
                // A month before may end in the run: what came after it was measured tells.
                let cause = other > month ? HomeChange.Cause.earlierMonth : .lateReading
                for home in try reader.households(servedBy: one.meter, in: community, from: from, to: to) {
                    try markDirty(home, of: community, other, cause: cause, at: at)
                }
            }
        }
    }
}

extension MeterDoubt {
    /// True where the run, or the time between the believed registers around it, overlaps the month.
    fileprivate func reaches(_ month: BillingMonth, _ calendar: CityCalendar) -> Bool {
        let (start, end) = calendar.interval(of: month)
        return from <= end && to.map { $0 >= start } ?? true
    }
}

extension CityCalendar {
    /// Days before a run in doubt that say what the home used until then, and whose belief rests on days before them.
    private static let daysBeforeDoubt = 14

    /// The days that readings are judged over, and where a run in doubt reaches into them, those from before it on.
    func reach(_ days: ClosedRange<LocalDay>, over doubts: [MeterDoubt]) -> ClosedRange<LocalDay> {
        let start = self.start(of: days.lowerBound)
        let before = doubts.filter { $0.first < start + 86_400 * 7 && $0.to.map { $0 >= start } ?? true }.map {
            day(of: $0.from).advanced(by: -Self.daysBeforeDoubt)
        }.min()
        return min(before ?? days.lowerBound, days.lowerBound)...days.upperBound
    }
}
