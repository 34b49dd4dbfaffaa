import Database
public import Water

/// What a table holds of one community, or of the whole city, in a few words.
public struct PartDigest: Sendable, Hashable {
    public let rows: Int64
    /// SHA-256 over the rows in the key's order, each value with its kind and length: the same on every engine.
    public let sha256: String
}

/// Takes a table's pages in turn and digests the rows of each community.
public struct TableDigests {
    private let table: StoredTable
    private var parts: [CommunityID?: PartDigest] = [:]
    private var community: CommunityID?
    private var digest = RunningDigest()
    private var rows: Int64 = 0

    public init(of table: StoredTable) { self.table = table }

    public mutating func take(_ page: TablePage) throws {
        let width = table.columns.count
        for row in 0..<page.rows.count {
            let values = page.rows.values[row * width..<(row + 1) * width]
            try turn(to: values)
            var writer = ByteWriter()
            for value in values { writer.value(value) }
            digest.update(writer.bytes)
            rows += 1
        }
    }

    /// The digests by community; under nil those of a table of the whole city.
    public mutating func finish() -> [CommunityID?: PartDigest] {
        endPart()
        return parts
    }

    /// A table's rows stand community after community: its number leads the key.
    private mutating func turn(to values: ArraySlice<SQLValue>) throws {
        guard table.isPerCommunity, let place = table.keyPlaces.first else { return }
        guard case .integer(let number) = values[values.startIndex + place] else {
            throw DatabaseFailure.unexpectedType(column: place)
        }
        guard community != CommunityID(number) else { return }
        endPart()
        community = CommunityID(number)
    }

    private mutating func endPart() {
        if rows > 0 { parts[community] = PartDigest(rows: rows, sha256: digest.hexDigest()) }
        digest = RunningDigest()
        rows = 0
    }
}

extension ByteWriter {
    /// A value with its kind, so that no two lists of values have the same bytes.
    mutating func value(_ value: SQLValue) {
        switch value {
        case .null: byte(0)
        case .integer(let number):
            byte(1)
            zigzag(number)
        case .text(let text):
            byte(2)
            self.text(text)
        case .blob(let bytes):
            byte(3)
            varint(UInt64(bytes.count))
            append(bytes)
        }
    }
}

extension ByteReader {
    /// A value of a key: keys hold integers and texts.
    mutating func value() throws(DamagedBytes) -> SQLValue {
        switch try byte() {
        case 1: return .integer(try zigzag())
        case 2: return .text(try text())
        default: throw .notAValue("key")
        }
    }
}
