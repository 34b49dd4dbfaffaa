public import Database
import Scoring
import Storage
public import Tariffs
public import Water

/// Why a month's tariff is not replaced.
public enum TariffCorrectionRefusal: Error, Sendable, Hashable {
    case notClosed
    case reasonIsMissing
    /// No tariff of that id on the shelf is valid for the month.
    case noTariff(id: String)
    /// No statement of the month went by a tariff of that id.
    case notBilled(id: String)
    /// The file on the shelf says what the month was billed by.
    case isTheSame
}

extension TariffCorrectionRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notClosed: "the month is not closed: its statements will be made by the tariff file as it is then"
        case .reasonIsMissing: "say why, in 1 to 200 characters"
        case .noTariff(let id): "no tariff \(id) is valid for the whole month: put the right file into the folder first"
        case .notBilled(let id): "no statement of the month went by a tariff \(id)"
        case .isTheSame: "the tariff in the folder says what the month was billed by: nothing is to be corrected"
        }
    }
}

/// Says that the tariff a closed month was billed by was wrong, and that the file now on the shelf is right. Every home
/// with figures is marked; the next correction issues new versions. What the month was frozen with stays on record.
public struct CorrectTariff: Sendable {
    private let database: Database
    private let shelf: TariffShelf

    public init(database: Database, shelf: TariffShelf) {
        self.database = database
        self.shelf = shelf
    }

    /// Returns how many homes are to be corrected. The replacement comes first, then a transaction for each community:
    /// a correction meanwhile sees the new tariff with the first mark. Killed in between, run it again.
    ///
    /// `id`: the tariff put right; nil is the city's, and marks every home.
    public func callAsFunction(
        _ month: BillingMonth, of id: String? = nil, reason: String, at: Instant
    ) async throws -> Result<Int, TariffCorrectionRefusal> {
        guard reason.contains(where: { !$0.isWhitespace }), reason.count <= 200 else {
            return .failure(.reasonIsMissing)
        }
        let (found, others) = try await database.read { reader in
            (try reader.cityMonth(month), try reader.monthTariffs(month))
        }
        guard let frozen = found else { return .failure(.notClosed) }
        let isCity = id ?? frozen.tariffID == frozen.tariffID
        let id = id ?? frozen.tariffID
        guard let former = isCity ? frozen.tariffHash : others[id] else { return .failure(.notBilled(id: id)) }
        guard let tariff = shelf.tariff(id, in: month) else { return .failure(.noTariff(id: id)) }
        if tariff.digest != former {
            try await database.write(repeatable: true) { transaction in
                if isCity {
                    try transaction.replaceTariff(
                        of: month, id: id, formerHash: former, hash: tariff.digest, reason: reason, at: at)
                } else {
                    try transaction.replaceMonthTariff(
                        id, of: month, formerHash: former, hash: tariff.digest, reason: reason, at: at)
                }
            }
        } else if try await !isUnderWay(month, isCity ? nil : id) {
            return .failure(.isTheSame)
        }
        var marked = 0
        let communities = try await database.read { try $0.communityMonths(month).filter(\.isMeasured) }
        for community in communities.map(\.community) {
            marked += try await mark(month, of: community, isCity ? nil : id, at: at)
        }
        try await database.write(repeatable: true) { transaction in
            if isCity {
                try transaction.noteMarked(for: month, at: at)
            } else {
                try transaction.noteMarked(for: month, of: id, at: at)
            }
        }
        return .success(marked)
    }

    private func isUnderWay(_ month: BillingMonth, _ id: String?) async throws -> Bool {
        try await database.read { reader in
            try id.map { try reader.isTariffReplacementUnderWay(in: month, of: $0) }
                ?? reader.isTariffReplacementUnderWay(in: month)
        }
    }

    /// Marks a community's homes with figures or a statement; with `id` those that are billed by that tariff.
    private func mark(
        _ month: BillingMonth, of community: CommunityID, _ id: String?, at: Instant
    ) async throws -> Int {
        try await database.write(repeatable: true) { transaction in
            // Homes registered late have a statement, but no figures of the close.
            let reader = transaction.reader
            var homes = try reader.measuredHomes(of: community, month)
                .union(reader.householdsWithStatement(of: community, month)).sorted()
            if let id {
                let assigned = try reader.tariffs(of: community, in: month)
                homes.removeAll { assigned[$0]?.last?.tariffID != id }
            }
            for home in homes { try transaction.markDirty(home, of: community, month, cause: .tariff, at: at) }
            // A correction under way has read the former tariff.
            try transaction.raiseFoldVersion(of: community, at: at)
            return homes.count
        }
    }
}
