import Database
import Storage
import Tariffs
import Water

/// The tariffs that the homes of a community are billed by in a month: the city's, or the one noted for the home.
struct HomeTariffs: Sendable {
    let city: Tariff
    /// Those beside the city's that homes are billed by, by id, each as the month went by it, or as the shelf has it
    /// where no statement did yet.
    let others: [String: Tariff]
    /// Of those, the ones that no statement of the month went by yet.
    let unnoted: [Tariff]
    /// Ids in force for a home that the shelf has no tariff of for the month, or another than the month went by.
    let missing: Set<String>
    private let assigned: [HouseholdID: TariffFrom]

    /// With `only` of that home alone.
    init(
        _ city: Tariff, of community: CommunityID, in month: BillingMonth, on shelf: TariffShelf,
        only: HouseholdID? = nil, _ reader: Reader
    ) throws {
        self.city = city
        assigned = try reader.tariffs(of: community, in: month, only: only)
        let noted = assigned.isEmpty ? [:] : try reader.monthTariffs(month)
        var others: [String: Tariff] = [:]
        var missing: Set<String> = []
        for id in Set(assigned.values.compactMap(\.tariffID)) where id != city.id {
            if let tariff = shelf.tariff(id, in: month), noted[id] ?? tariff.digest == tariff.digest {
                others[id] = tariff
            } else {
                missing.insert(id)
            }
        }
        self.others = others
        self.missing = missing
        unnoted = others.values.filter { noted[$0.id] == nil }.sorted { $0.id < $1.id }
    }

    /// The city's and the others, the city's first.
    var all: [Tariff] { [city] + others.values.sorted { $0.id < $1.id } }

    /// nil where the home's is missing.
    func tariff(of household: HouseholdID) -> Tariff? {
        guard let id = assigned[household]?.tariffID, id != city.id else { return city }
        return others[id]
    }

    /// The id of the home's tariff, on the shelf or not; nil is the city's.
    func id(of household: HouseholdID) -> String? { assigned[household]?.tariffID }

    /// The first month that the home's tariff is counted from; nil where it always was the city's.
    func since(_ household: HouseholdID) -> BillingMonth? { assigned[household]?.month }
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
