import CPostgres

/// Type numbers of PostgreSQL's catalog (`pg_type.oid`), which never change.
enum PostgresType {
    static let bool: UInt32 = 16
    static let bytes: UInt32 = 17
    static let character: UInt32 = 18
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let fixedText: UInt32 = 1042
    static let shortText: UInt32 = 1043
    static let bytesArray: UInt32 = 1001
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
}

/// The arguments of a statement in the binary protocol: integers as int8, texts and bytes as they are. NULL leaves its
/// type to the server.
struct PostgresParameters {
    private(set) var types: [UInt32] = []
    private var bytes: [UInt8] = []
    /// Where each value begins; nil for NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []

    init(_ values: [SQLValue]) throws(DatabaseFailure) { try self.init(values[...]) }

    init(_ values: ArraySlice<SQLValue>) throws(DatabaseFailure) {
        for value in values { try append(value) }
    }

    var count: Int { starts.count }

    private mutating func append(_ value: SQLValue) throws(DatabaseFailure) {
        let type: UInt32 =
            switch value {
            case .null: 0
            case .integer: PostgresType.int8
            case .text: PostgresType.text
            case .blob: PostgresType.bytes
            }
        types.append(type)
        if case .null = value {
            starts.append(nil)
            lengths.append(0)
            return
        }
        let start = bytes.count
        try appendValue(value, to: &bytes)
        starts.append(start)
        lengths.append(Int32(bytes.count - start))
    }

    /// Adds an array as one parameter, by its elements in the binary array form.
    mutating func appendArray(_ column: PostgresArray) {
        types.append(column.arrayType)
        starts.append(bytes.count)
        let encoded = column.encoded
        bytes.append(contentsOf: encoded)
        lengths.append(Int32(encoded.count))
    }

    func withPointers<T>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>
        ) -> T
    ) -> T {
        let formats = [Int32](repeating: 1, count: max(1, starts.count))
        // Never empty, so that an empty text has an address too: no address means NULL.
        let padded = bytes + [0]
        return padded.withUnsafeBytes { buffer in
            let base = buffer.bindMemory(to: CChar.self)
            var pointers = starts.map { start in start.flatMap { base.baseAddress?.advanced(by: $0) } }
            if pointers.isEmpty { pointers.append(nil) }
            let lengths = lengths.isEmpty ? [0] : lengths
            return body(pointers, lengths, formats)
        }
    }
}

/// Adds a value's binary form. A text with U+0000, which no PostgreSQL text can hold, is refused.
func appendValue(_ value: SQLValue, to bytes: inout [UInt8]) throws(DatabaseFailure) {
    switch value {
    case .null: break
    case .integer(let number): appendBigEndian(number, to: &bytes)
    case .text(let text):
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        if bytes[start...].contains(0) { throw .constraint(reason: "a text holds U+0000") }
    case .blob(let blob): bytes.append(contentsOf: blob)
    }
}

func appendBigEndian(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
}

/// One column of many rows, as a binary array.
struct PostgresArray {
    private let elementType: UInt32
    private var body: [UInt8] = []
    private var count: Int32 = 0
    private var hasNull: Int32 = 0

    /// `type`: of the table's column; integers, texts and bytes alone can be sent.
    init(type: UInt32) { elementType = type }

    var arrayType: UInt32 {
        switch elementType {
        case PostgresType.int8: PostgresType.int8Array
        case PostgresType.bytes: PostgresType.bytesArray
        default: PostgresType.textArray
        }
    }

    mutating func append(_ value: SQLValue) throws(DatabaseFailure) {
        count += 1
        try appendField(value, to: &body)
        if case .null = value { hasNull = 1 }
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 20)
        appendBigEndian(Int32(1), to: &bytes)
        appendBigEndian(hasNull, to: &bytes)
        appendBigEndian(elementType, to: &bytes)
        appendBigEndian(count, to: &bytes)
        appendBigEndian(Int32(1), to: &bytes)
        bytes.append(contentsOf: body)
        return bytes
    }
}

/// Adds a length and the value, as arrays and COPY rows hold them: −1 for NULL.
func appendField(_ value: SQLValue, to bytes: inout [UInt8]) throws(DatabaseFailure) {
    if case .null = value {
        appendBigEndian(Int32(-1), to: &bytes)
        return
    }
    let start = bytes.count
    appendBigEndian(Int32(0), to: &bytes)
    try appendValue(value, to: &bytes)
    let length = UInt32(bytes.count - start - 4)
    for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(place))) }
}

/// A column of a result's only or given row. Types we never ask for come back as NULL, which the reader refuses.
func postgresValue(_ result: OpaquePointer, _ column: Int, row: Int32 = 0) -> SQLValue {
    let column = Int32(column)
    guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else { return .null }
    let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
    switch PQftype(result, column) {
    case PostgresType.int8, PostgresType.int4, PostgresType.int2:
        var number: Int64 = (bytes.first ?? 0) >= 128 ? -1 : 0
        for byte in bytes { number = number << 8 | Int64(byte) }
        return .integer(number)
    case PostgresType.oid: return .integer(bytes.reduce(0) { $0 << 8 | Int64($1) })
    case PostgresType.bool: return .integer(bytes.first == 1 ? 1 : 0)
    case PostgresType.text, PostgresType.name, PostgresType.shortText, PostgresType.fixedText, PostgresType.character:
        return .text(String(decoding: bytes, as: UTF8.self))
    case PostgresType.bytes: return .blob([UInt8](bytes))
    default: return .null
    }
}
