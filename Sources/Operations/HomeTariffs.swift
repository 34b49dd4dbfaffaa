import Database
import Storage
import Tariffs
import Water

/// The tariffs that the homes of a community are billed by in a month: the city's, or the one noted for the home.
struct HomeTariffs: Sendable {
    let city: Tariff
    /// Those beside the city's that homes are billed by, by id, each as the month went by it, or as the shelf has it
    /// where no statement did yet.
    private let others: [String: Tariff]
    /// Of those, the ones that statements of the month went by.
    private let noted: Set<String>
    /// The entry in force of homes that have any, the first of those of one tariff that follow each other.
    private let assigned: [HouseholdID: TariffFrom]

    /// With `only` of that home alone.
    init(
        _ city: Tariff, of community: CommunityID, in month: BillingMonth, on shelf: TariffShelf,
        only: HouseholdID? = nil, _ reader: Reader
    ) throws {
        self.city = city
        assigned = try reader.tariffs(of: community, in: month, only: only).compactMapValues { entries in
            // Before any entry the city's holds; one that says what holds already changes nothing.
            var inForce: TariffFrom?
            for entry in entries {
                let id = entry.tariffID == city.id ? nil : entry.tariffID
                if id != inForce?.tariffID { inForce = TariffFrom(month: entry.month, tariffID: id) }
            }
            return inForce
        }
        let noted = assigned.isEmpty ? [:] : try reader.monthTariffs(month)
        var others: [String: Tariff] = [:]
        for id in Set(assigned.values.compactMap(\.tariffID)) {
            // Not on the shelf, or not as the month went by it: its homes have none.
            guard let tariff = shelf.tariff(id, in: month), noted[id] ?? tariff.digest == tariff.digest else {
                continue
            }
            others[id] = tariff
        }
        self.others = others
        self.noted = Set(noted.keys)
    }

    /// The city's and the others, the city's first.
    var all: [Tariff] { [city] + others.values.sorted { $0.id < $1.id } }

    /// nil where the home's is not on the shelf as the month goes by it.
    func tariff(of household: HouseholdID) -> Tariff? {
        id(of: household).map { others[$0] } ?? city
    }

    /// The id of the home's tariff, on the shelf or not; nil is the city's.
    func id(of household: HouseholdID) -> String? { assigned[household]?.tariffID }

    /// The month that the home's tariff became its own; nil where it always was the city's.
    func since(_ household: HouseholdID) -> BillingMonth? { assigned[household]?.month }

    /// The first month whose litres fill the tiers of the home's bill of `month`: its tariff's period, without what came
    /// before the tariff was its own. nil where the home's tariff is not on the shelf as the month goes by it.
    func firstMonth(ofPeriodOf household: HouseholdID, in month: BillingMonth) -> BillingMonth? {
        tariff(of: household).map { tariff in
            let start = tariff.firstMonth(ofPeriodOf: month)
            return since(household).map { max($0, start) } ?? start
        }
    }

    /// Of the tariffs of these homes those beside the city's that no statement of the month went by yet.
    func unnoted(of households: some Sequence<HouseholdID>) -> [Tariff] {
        let ids = Set(households.compactMap { id(of: $0) }).subtracting(noted)
        return ids.sorted().compactMap { others[$0] }
    }

    /// The tariffs of these homes, the city's first.
    func used(by households: [HouseholdID]) -> [Tariff] {
        let ids = Set(households.compactMap { id(of: $0) })
        return [city] + ids.sorted().compactMap { others[$0] }
    }
}

/// A month's statements went by another file of the tariff than the one at hand: somebody else's, a moment ago.
struct OtherTariffNoted: Error {
    let id: String
}

extension Transaction {
    /// Notes the tariffs that statements being written go by. Throws `OtherTariffNoted`.
    func note(_ tariffs: [Tariff], of month: BillingMonth, at: Instant) throws {
        for tariff in tariffs {
            guard try noteTariff(tariff.id, hash: tariff.digest, of: month, at: at) else {
                throw OtherTariffNoted(id: tariff.id)
            }
        }
    }
}
