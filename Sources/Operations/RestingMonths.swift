import Database
import Metering
import Scoring
import Storage
import Tariffs
import Water

/// The later months of a community whose statements may rest on the litres that one of `month` says: by the tiers of a
/// tariff's longer period, or because the mean of earlier months stands for theirs. To be asked where those litres are
/// new: what else a statement says no later month rests on in these ways.
struct RestingMonths {
    private let month: BillingMonth
    private let community: CommunityID
    private let tariffs: HomeTariffs
    /// Those with figures, each with the tariffs that it is billed by, which are not those of `month` where a city or a
    /// home goes over to another; nil where they are not known: the month is not frozen yet, or its file is not there.
    private let later: [(month: BillingMonth, tariffs: HomeTariffs?)]

    /// `tariffs`: those of `month`.
    init(
        on month: BillingMonth, of community: CommunityID, under tariffs: HomeTariffs, on shelf: TariffShelf,
        _ reader: Reader
    ) throws {
        self.month = month
        self.community = community
        self.tariffs = tariffs
        let measured = Set(try reader.measuredMonths(of: community))
        later = try (1...BylawMean.reach).map { month.advanced(by: $0) }.filter(measured.contains).map { later in
            guard let id = try reader.cityMonth(later)?.tariffID, let city = shelf.tariff(id, in: later) else {
                return (later, nil)
            }
            return (later, try HomeTariffs(city, of: community, in: later, on: shelf, reader))
        }
    }

    func months(of household: HouseholdID, _ reader: Reader) throws -> [BillingMonth] {
        try later.filter { later in
            if fillsTiers(of: later.month, later.tariffs ?? tariffs, household) { return true }
            // Of what lacks nothing no more is asked: its statement is not read.
            if let use = try reader.statementFigures(of: household, in: community, later.month)?.use, use.isWhole {
                return false
            }
            // Without a register it rests on what this one says now, whether or not it did before; without a statement
            // it may have one now.
            guard let stored = try reader.statement(of: household, in: community, later.month) else { return true }
            let said = try Statement(bytes: Array(stored.body.utf8))
            return said.analysis?.bylawMonths.isEmpty == false || said.use.days.allSatisfy { $0.litres == nil }
        }.map(\.month)
    }

    /// A home whose tariff's file is not there may be billed by any.
    private func fillsTiers(of later: BillingMonth, _ tariffs: HomeTariffs, _ household: HouseholdID) -> Bool {
        guard let start = tariffs.firstMonth(ofPeriodOf: household, in: later) else { return true }
        return start <= month
    }
}
