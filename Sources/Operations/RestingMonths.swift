import Database
import Metering
import Scoring
import Storage
import Tariffs
import Water

extension Reader {
    /// The later months of a home whose statements rest on the litres that one of `month` says: by the tiers of a tariff's
    /// longer period, or because the mean of earlier months stands for theirs.
    func monthsResting(
        on month: BillingMonth, of household: HouseholdID, in community: CommunityID, billedBy tariff: Tariff
    ) throws -> [BillingMonth] {
        let measured = Set(try measuredMonths(of: community))
        return try (1...BylawMean.reach).map { month.advanced(by: $0) }.filter(measured.contains).filter { later in
            if tariff.firstMonth(ofPeriodOf: later) <= month { return true }
            // Of what lacks nothing no more is asked: its statement is not read.
            if let use = try statementFigures(of: household, in: community, later)?.use, use.isWhole { return false }
            // Without a register it rests on what this one says now, whether or not it did before; without a statement
            // it may have one now.
            guard let stored = try statement(of: household, in: community, later) else { return true }
            let said = try Statement(bytes: Array(stored.body.utf8))
            return said.analysis?.bylawMonths.isEmpty == false || said.use.days.allSatisfy { $0.litres == nil }
        }
    }
}
