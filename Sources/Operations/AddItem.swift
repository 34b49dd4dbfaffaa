public import Database
import Ledger
public import Storage
public import Water

/// Why an item is not added, in the order looked for.
public enum ItemRefusal: String, Error, Sendable, Hashable, CustomStringConvertible {
    case noSuchItem = "the community has no item of this number"
    case noSuchArea = "no area has this code"
    case notACommunity = "stock belongs to one community: name a community, not a wider or narrower area"
    case nameOutOfRange = "a name is 1 to 100 bytes, without line breaks"
    case pointsOutOfRange = "points must be 1 to 1,000,000"
    case stockOutOfRange = "stock must be 0 to 1,000,000"
    case nameIsTaken = "the community has an item of this name"

    public var description: String { rawValue }
}

/// Adds something a community hands out for points.
public struct AddItem: Sendable {
    let database: Database

    public init(database: Database) { self.database = database }

    /// The item's number in its community.
    public func callAsFunction(
        nameZh: String, nameEn: String, points: Points, stock: Int64, to code: String, at: Instant
    ) async throws -> Result<ItemID, ItemRefusal> {
        try await database.write { transaction in
            guard let area = try transaction.reader.area(code: code) else { return .failure(.noSuchArea) }
            guard area.kind == .community else { return .failure(.notACommunity) }
            for name in [nameZh, nameEn] {
                guard (1...100).contains(name.utf8.count), !name.contains(where: \.isNewline) else {
                    return .failure(.nameOutOfRange)
                }
            }
            guard (1...1_000_000).contains(points.count) else { return .failure(.pointsOutOfRange) }
            guard (0...1_000_000).contains(stock) else { return .failure(.stockOutOfRange) }
            if try transaction.reader.items(of: area.id).contains(where: { $0.nameZh == nameZh }) {
                return .failure(.nameIsTaken)
            }
            return .success(
                try transaction.addItem(
                    nameZh: nameZh, nameEn: nameEn, points: points, stock: stock, to: area.id, at: at))
        }
    }
}

/// Changes what a community hands out: more pieces, another price, no longer offered or offered again. What is held stays
/// held at the points it was held for.
public struct ChangeItem: Sendable {
    let database: Database

    public init(database: Database) { self.database = database }

    /// `pieces` are put in on top of those that there are; nil leaves a thing as it is.
    public func callAsFunction(
        _ item: ItemID, of code: String, addingPieces pieces: Int64? = nil, points: Points? = nil,
        isWithdrawn: Bool? = nil, at: Instant
    ) async throws -> Result<ItemRow, ItemRefusal> {
        try await database.write { transaction in
            guard let area = try transaction.reader.area(code: code) else { return .failure(.noSuchArea) }
            guard area.kind == .community else { return .failure(.notACommunity) }
            guard let row = try transaction.reader.items(of: area.id).first(where: { $0.id == item }) else {
                return .failure(.noSuchItem)
            }
            let wanted = points ?? row.points
            guard (1...1_000_000).contains(wanted.count) else { return .failure(.pointsOutOfRange) }
            guard (0...1_000_000).contains(pieces ?? 0),
                (0...1_000_000_000).contains(row.stock.total + (pieces ?? 0))
            else { return .failure(.stockOutOfRange) }
            try transaction.changeItem(
                item, of: area.id, total: row.stock.total + (pieces ?? 0), points: wanted,
                isWithdrawn: isWithdrawn ?? row.isWithdrawn, at: at)
            guard let after = try transaction.reader.items(of: area.id).first(where: { $0.id == item }) else {
                return .failure(.noSuchItem)
            }
            return .success(after)
        }
    }
}
