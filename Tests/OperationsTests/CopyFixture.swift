import Database
import Storage
import Water

/// A database with rows in every table: row `n` of a table refers to row `n` of others, and belongs to the same
/// community as that one. Areas stand so that a parent's number is above its children's.
struct FilledTables {
    static let rows: Int64 = 7
    static let areas = rows

    static func fill(_ database: Database, texts: String = "户 'x' \"y\" \\ \n") async throws {
        try await database.write { transaction in
            try transaction.execute("DELETE FROM registry_version")
            for table in storedTables where table.isCopied {
                var rows = Rows(table.columns)
                let count = table.name == "registry_version" ? 1 : Self.rows
                for number in (1...count).reversed() {
                    rows.append(
                        zip(table.columns, table.kinds).map { column, kind in
                            value(table.name, column, kind, number, texts)
                        })
                }
                try transaction.append(rows, to: table.name)
            }
            try transaction.setTimeZone("Asia/Shanghai")
        }
    }

    /// What the checks of the schema ask for; otherwise a value of the column's kind that shows its row.
    private static func value(
        _ table: String, _ column: String, _ kind: StoredTable.Kind, _ n: Int64, _ texts: String
    ) -> SQLValue {
        if let value = rule("\(table).\(column)", n) ?? rule(column, n) { return value }
        if column.hasSuffix("_id"), kind == .text { return .text("id\(n)") }
        switch kind {
        case .integer where column.hasSuffix("_id"): return .integer(n)
        case .integer: return .integer(n % 3 == 0 ? .max - n : n)
        case .text: return .text("\(column) \(texts)\(n)")
        case .bytes: return .blob((0..<n * 700).map { UInt8(truncatingIfNeeded: $0 &* $0 + n) })
        }
    }

    private static func rule(_ place: String, _ n: Int64) -> SQLValue? {
        let isEven = n % 2 == 0
        return switch place {
        case "area.area_id": .integer(n)
        case "area.parent_id": n == areas ? .null : .integer(n + 1)
        case "area.kind": .text(n == areas ? "city" : n == 1 ? "unit" : "community")
        case "area.code": .text("C\(n)")
        case "registry_version.only_row": .integer(1)
        case "session.household_id": isEven ? .integer(n) : .null
        case "session.staff_id": isEven ? .null : .integer(n)
        case "session.community_id": isEven ? .integer(2 + n % 2) : .null
        case "session.kind": .text(isEven ? "resident" : "staff")
        case "held_meter.community_id": .integer(0)
        case "target.pull_key_hash", "target.purpose": isEven ? .null : .text("\(place)\(n)")
        case "household.moved_out_at", "meter_installation.removed_at": isEven ? .null : .integer(.max)
        case "meter.serial": isEven ? .null : .text("m\(n)")
        case "reading_quarantine.reason": .text(isEven ? "future" : "scope")
        case "pruned_month.community_id": .integer(n)
        case "reading_edit.action": .text(isEven ? "enter" : "reject")
        case "lot_entry.points": .integer(isEven ? -n : n)
        case "community_fold.community_id": .integer(n)
        case "day": .integer(20_000 + n * 20)
        case "community_id": .integer(2 + n % 2)
        case "role": .text("clerk")
        case "bucket": .text("held")
        case "outcome": .text("voided")
        case "state": .text("waiting")
        case "is_registered", "is_current", "is_measured": .integer(n % 2)
        case "share_millionths", "persons": isEven ? .null : .integer(n)
        case "moved_in_at", "installed_at": .integer(n)
        case "disabled_reason", "previous_secret", "excluded_reason", "last_error": isEven ? .null : .text("")
        default: nil
        }
    }
}

/// A table's rows in the key's order.
func rows(of table: StoredTable, in database: Database) async throws -> [SQLValue] {
    try await database.read { try $0.page(of: table, after: nil, limit: 1_000, bytes: .max).rows.values }
}
