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
    /// The file on the shelf says what the month was billed by.
    case isTheSame
}

extension TariffCorrectionRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notClosed: "the month is not closed: its statements will be made by the tariff file as it is then"
        case .reasonIsMissing: "say why, in 1 to 200 characters"
        case .noTariff(let id): "no tariff \(id) is valid for the whole month: put the right file into the folder first"
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
    public func callAsFunction(
        _ month: BillingMonth, reason: String, at: Instant
    ) async throws -> Result<Int, TariffCorrectionRefusal> {
        guard reason.contains(where: { !$0.isWhitespace }), reason.count <= 200 else {
            return .failure(.reasonIsMissing)
        }
        let (found, isUnderWay) = try await database.read { reader in
            (try reader.cityMonth(month), try reader.isTariffReplacementUnderWay(in: month))
        }
        guard let frozen = found else { return .failure(.notClosed) }
        guard let tariff = shelf.tariff(frozen.tariffID, in: month) else {
            return .failure(.noTariff(id: frozen.tariffID))
        }
        if tariff.digest != frozen.tariffHash {
            try await database.write(repeatable: true) { transaction in
                try transaction.replaceTariff(
                    of: month, id: tariff.id, formerHash: frozen.tariffHash, hash: tariff.digest, reason: reason,
                    at: at)
            }
        } else if !isUnderWay {
            return .failure(.isTheSame)
        }
        var marked = 0
        let communities = try await database.read { try $0.communityMonths(month).filter(\.isMeasured) }
        for community in communities.map(\.community) {
            marked += try await database.write(repeatable: true) { transaction in
                let homes = try transaction.reader.homeMonths(of: community, month).map(\.household)
                for home in homes {
                    try transaction.markDirty(home, of: community, month, cause: .tariff, at: at)
                }
                // A correction under way has read the former tariff.
                try transaction.raiseFoldVersion(of: community, at: at)
                return homes.count
            }
        }
        try await database.write(repeatable: true) { try $0.noteMarked(for: month, at: at) }
        return .success(marked)
    }
}
