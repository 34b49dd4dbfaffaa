public import Database
import Ledger
import Storage
public import Water

/// Writes what became of a community's points as lines of canonical JSON: one for the month, one for all months to its
/// end, and one for each item as it is now. Of each of the first two,
///
///     issued = spent + held + balance + expired + clawed_back + moved_out − debt
///
/// No household is on it.
public struct ExportPoints: Sendable {
    private let database: Database
    private let calendar: CityCalendar

    public init(database: Database, calendar: CityCalendar) {
        self.database = database
        self.calendar = calendar
    }

    /// The lines, of one snapshot, in a fixed order. Refused `.unknownCommunity`.
    public func callAsFunction(
        _ month: BillingMonth, of code: String
    ) async throws -> Result<[String], ExportRefusal> {
        let (start, end) = calendar.interval(of: month)
        return try await database.read { reader in
            guard let area = try reader.area(code: code), area.kind == .community else {
                return .failure(.unknownCommunity(code: code))
            }
            let inMonth = try reader.economy(of: area.id, from: start, to: end)
            let inAll = try reader.economy(of: area.id, from: Instant(epochSeconds: .min), to: end)
            let items = try reader.items(of: area.id)
            let sums = [inMonth.exported(code, month, "month"), inAll.exported(code, month, "to_month_end")]
            return .success((sums + items.map(\.exported)).map(\.text))
        }
    }
}

extension Economy {
    fileprivate func exported(_ community: String, _ month: BillingMonth, _ span: String) -> CanonicalJSON {
        [
            "type": "points", "format": 1, "community": .string(community), "month": .string(month.description),
            "span": .string(span), "issued": .integer(issued.count), "spent": .integer(spent.count),
            "held": .integer(held.count), "balance": .integer(balance.count), "expired": .integer(expired.count),
            "clawed_back": .integer(clawedBack.count), "moved_out": .integer(movedOut.count),
            "debt": .integer(debt.count), "written_off": .integer(writtenOff.count),
            "is_balanced": .bool(isBalanced),
        ]
    }
}

extension ItemRow {
    fileprivate var exported: CanonicalJSON {
        [
            "type": "item", "item": .integer(id.value), "name_zh": .string(nameZh), "name_en": .string(nameEn),
            "points": .integer(points.count), "total": .integer(stock.total), "free": .integer(stock.free),
            "held": .integer(stock.reserved), "taken": .integer(stock.taken), "is_withdrawn": .bool(isWithdrawn),
        ]
    }
}
