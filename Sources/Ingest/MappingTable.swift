/// How the columns of an export become readings. Keys of its file:
///
/// - `meter` (required): column names, the first that the header has and the row fills; `protocol`: serial (default),
///   cjt188, wmbus.
/// - `time` (required): column names; `clock`: the column of the time of day where it stands apart; `time format`,
///   `zone`, `time of day`.
/// - `register` (required): column names; `unit`: m3, L, mL, gal, kgal, ft3, ccf, or `unit column`: column names.
/// - `encoding`: auto (default), utf-8, gb18030; `delimiter`: auto (default), comma, semicolon, tab; `decimal`: point
///   (default), comma; `skip lines`: lines before the header.
/// - `when`: rows that do not answer it are passed over; `reject`: rows that answer it are rejected; `alarm CODE`.
public struct TableMapping: Sendable {
    let encoding: TableEncoding
    /// nil where the header line tells.
    let delimiter: UInt8?
    let hasDecimalComma: Bool
    let skippedLines: Int
    let meter: [String]
    let `protocol`: String
    let time: [String]
    let clock: [String]
    let times: MappingTime
    let register: [String]
    /// nil where a column tells.
    let unit: MappingUnit?
    let unitColumn: [String]
    let when: [MappingCondition]
    let reject: [MappingCondition]
    let alarms: [MappingAlarm]

    /// nil where a fault was told to the reader.
    init?(_ reader: inout MappingReader) {
        encoding =
            reader.word("encoding", of: ["auto": TableEncoding.auto, "utf-8": .utf8, "gb18030": .gb18030]) ?? .auto
        let delimiters: [String: UInt8?] = [
            "auto": nil, "comma": UInt8(ascii: ","), "semicolon": UInt8(ascii: ";"), "tab": 0x09,
        ]
        delimiter = reader.word("delimiter", of: delimiters) ?? nil
        hasDecimalComma = reader.word("decimal", of: ["point": false, "comma": true]) ?? false
        skippedLines = reader.number("skip lines", in: 0...100) ?? 0
        meter = reader.required("meter")
        `protocol` = reader.word("protocol", of: protocolWords) ?? "serial"
        time = reader.required("time")
        clock = reader.alternatives("clock")
        let times = MappingTime(&reader)
        register = reader.required("register")
        unit = reader.word("unit", of: unitWords)
        unitColumn = reader.alternatives("unit column")
        if reader.has("unit") == reader.has("unit column") { reader.fail("needs one of the keys unit and unit column") }
        when = reader.conditions("when")
        reject = reader.conditions("reject")
        alarms = reader.alarms()
        guard let times, reader.faults.isEmpty else { return nil }
        self.times = times
    }
}

/// How the bytes of a table are text.
enum TableEncoding: Sendable, Hashable {
    /// UTF-8 or GB18030, as the header tells, or the lines where it is ASCII.
    case auto
    case utf8, gb18030
}

/// The address protocols by name.
let protocolWords = ["serial": "serial", "cjt188": "cjt188", "wmbus": "wmbus"]

/// The units by the names that mapping files use.
let unitWords = Dictionary(uniqueKeysWithValues: MappingUnit.allCases.map { ($0.rawValue, $0) })
