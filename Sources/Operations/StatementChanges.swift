import Metering
import Scoring
import Water

/// What a version of a statement says that a former one did not.
extension Statement {
    /// Whether it says of its own month what a former version says: all but which earlier statements it names and how it
    /// compares with them. So the version does not depend on when earlier months were corrected. `start`: the first day
    /// whose persons the bill rests on.
    func saysTheSame(as former: Statement, personsFrom start: LocalDay) -> Bool {
        // By their bytes: sizes of levels that the month's own size tells are not in them.
        ofOwnMonth(personsFrom: start).bytes == former.ofOwnMonth(personsFrom: start).bytes
    }

    private func ofOwnMonth(personsFrom start: LocalDay) -> Statement {
        var own = self
        own.lastMonth = nil
        own.sameMonthLastYear = nil
        guard var analysis else { return own }
        analysis.baseline = nil
        analysis.lastMonth = nil
        // They follow from the rest and from what is usual.
        analysis.warnings = []
        analysis.actions = []
        analysis.sizes = sizes(from: start)
        for index in analysis.bylawMonths.indices {
            analysis.bylawMonths[index].version = 0
            analysis.bylawMonths[index].hash = ""
        }
        own.analysis = analysis
        return own
    }

    /// The persons of the days from `start` to the month's end, an entry where they change.
    private func sizes(from start: LocalDay) -> [PersonsFrom] {
        let noted = analysis?.sizes ?? []
        var sizes = [PersonsFrom(day: start, persons: persons)]
        if let inForce = noted.last(where: { $0.day <= start }) ?? noted.first {
            sizes = [PersonsFrom(day: start, persons: inForce.persons)]
        }
        for size in noted where size.day > start && size.persons != sizes.last?.persons { sizes.append(size) }
        return sizes
    }

    /// Whether a change of this cause may be why it is another than a former version, of those causes of which that can
    /// be told.
    func mayStem(from cause: HomeChange.Cause, after former: Statement, personsFrom start: LocalDay) -> Bool {
        switch cause {
        case .lateReading, .edit:
            readingsDigest != former.readingsDigest || use != former.use || quality != former.quality
                || leaks != former.leaks || findings != former.findings
        case .persons: persons != former.persons || sizes(from: start) != former.sizes(from: start)
        case .tariff: tariff != former.tariff
        case .installation, .earlierMonth, .earlierMonthIssued, .tamper, .homeTariff, .occupancy: true
        }
    }

    /// Whether what later months' tiers and means rest on is other than in a former version.
    func changesUse(against former: Statement) -> Bool {
        use.litres != former.use.litres || use.missingHours != former.use.missingHours
            || knownDays != former.knownDays || quality.isPartial != former.quality.isPartial
            || isEstimatedWhole != former.isEstimatedWhole
            || (unranked == .notLivedIn) != (former.unranked == .notLivedIn)
    }

    private var knownDays: Int { use.days.count { $0.litres != nil } }

    /// Whether it says anything of its own month that a former version did not: more than how it compares with earlier
    /// months' statements.
    func isNews(after former: Statement) -> Bool {
        var (own, then) = (self, former)
        own.forgetEarlierMonths()
        then.forgetEarlierMonths()
        then.version = own.version
        then.correction = own.correction
        return own != then
    }

    private mutating func forgetEarlierMonths() {
        lastMonth = nil
        sameMonthLastYear = nil
        analysis = nil
        saving = nil
    }

    /// Whether the levels that later months rest on are others than a former version's.
    func changesLevels(against former: Statement) -> Bool {
        if let saving {
            let (levels, others) = (
                saving.levelsFor(next: month, persons: persons),
                former.saving?.levelsFor(next: month, persons: former.persons) ?? []
            )
            // Of levels from before sizes were kept only the figure can differ.
            return levels.count != others.count
                || zip(levels, others).contains { level, other in
                    level.month != other.month || level.permille != other.permille || !level.counts(for: other.persons)
                }
        }
        return unranked != former.unranked || equivalised != former.equivalised || findings != former.findings
            || quality.zeroDays != former.quality.zeroDays
    }
}
