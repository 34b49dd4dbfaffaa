import Water

/// Reads a table by a mapping: one reading a row, columns by the names that the mapping gives, others passed over.
///
/// - Parameters:
///   - limits: as for every body; the bytes count as they were sent.
///   - clockOffsetSeconds: seconds east of UTC of the zone `city`.
/// - Throws: `BodyRefusal` where the header lacks a column or is no text. A bad row is rejected alone.
public func decodeTable(
    _ bytes: [UInt8], by mapping: TableMapping, limits: DecodeLimits = DecodeLimits(),
    clockOffsetSeconds: Int64 = 28_800
) throws(BodyRefusal) -> DecodedBatch {
    guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    let builder = BatchBuilder(limits: limits, bodyBytes: bytes.count)
    var decoder = TableDecoder(into: builder, by: mapping, cityOffset: clockOffsetSeconds)
    let text = withoutMark(bytes)
    // The mark belongs to UTF-8 alone, whatever the mapping says.
    let encoding: TableEncoding = text.count < bytes.count ? .utf8 : mapping.encoding
    try decoder.readTable(text, encoding)
    return decoder.builder.batch
}

struct TableDecoder {
    var builder: BatchBuilder
    private let mapping: TableMapping
    private let cityOffset: Int64
    private var columns: [String: Int] = [:]
    private var columnCount = 0
    /// Columns that a table may have; utilities' own have some dozens.
    private static let mostColumns = 1_000

    init(into builder: BatchBuilder, by mapping: TableMapping, cityOffset: Int64) {
        self.builder = builder
        self.mapping = mapping
        self.cityOffset = cityOffset
    }

    mutating func readTable(_ bytes: [UInt8], _ encoding: TableEncoding) throws(BodyRefusal) {
        var reader: (charset: TableCharset, splitter: TableLine)?
        var number = 0
        var start = 0
        while start < bytes.count {
            let end = bytes.span.endOfLine(from: start)
            let line = start..<bytes.span.withoutReturn(start..<end)
            start = end + 1
            number += 1
            if number <= mapping.skippedLines { continue }
            if bytes[line].allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            builder.place = .line(number)
            if let reader {
                try readRow(bytes[line], in: reader.charset, reader.splitter)
            } else {
                let charset = try encoding.charset(of: bytes, header: line)
                let splitter = try readHeader(bytes[line], in: charset)
                reader = (charset: charset, splitter: splitter)
            }
        }
        if reader == nil { throw .malformed(offset: bytes.count, reason: "no header") }
    }

    /// Finds the columns, and how the lines are split.
    private mutating func readHeader(
        _ line: ArraySlice<UInt8>, in charset: TableCharset
    ) throws(BodyRefusal) -> TableLine {
        let text: ArraySlice<UInt8>
        do throws(TableTextFault) {
            text = try charset.text(of: line)
        } catch {
            throw .malformed(offset: error.offset, reason: "not \(error.charset.rawValue)")
        }
        let splitter = TableLine(delimiter: mapping.delimiter ?? TableLine.delimiter(of: text))
        try readHeader(splitter.fields(text, limit: Self.mostColumns), line.startIndex)
        return splitter
    }

    private mutating func readHeader(_ fields: [String]?, _ offset: Int) throws(BodyRefusal) {
        guard let fields else { throw .malformed(offset: offset, reason: "a quote is out of place") }
        guard fields.count <= Self.mostColumns else {
            throw .malformed(offset: offset, reason: "more than \(Self.mostColumns) columns")
        }
        columnCount = fields.count
        let wanted = Set(required.flatMap { $0.1.map { $0.lowercased() } })
        for (index, name) in fields.enumerated() where !name.isEmpty {
            let folded = name.lowercased()
            // Of two columns of one name the first counts, unless the mapping asks for it: then which is unclear.
            if columns[folded] == nil {
                columns[folded] = index
            } else if wanted.contains(folded) {
                throw .malformed(offset: offset, reason: "the column \(name) is given twice")
            }
        }
        for (key, names) in required where !names.contains(where: { columns[$0.lowercased()] != nil }) {
            throw .malformed(
                offset: offset, reason: "no column for \(key): \(names.joined(separator: ", "))")
        }
    }

    private var required: [(String, [String])] {
        [("meter", mapping.meter), ("time", mapping.time), ("register", mapping.register)]
            + (mapping.unitColumn.isEmpty ? [] : [("unit", mapping.unitColumn)])
            + (mapping.clock.isEmpty ? [] : [("clock", mapping.clock)])
    }

    /// A row that is no text is rejected alone; whether it answers `when` cannot be told.
    private mutating func readRow(
        _ line: ArraySlice<UInt8>, in charset: TableCharset, _ splitter: TableLine
    ) throws(BodyRefusal) {
        let text: ArraySlice<UInt8>
        do throws(TableTextFault) {
            text = try charset.text(of: line)
        } catch {
            try builder.beginItem()
            builder.rejectItem(
                field: "line", reason: "not \(error.charset.rawValue) at byte \(error.offset) of the body")
            return builder.endItem()
        }
        try readRow(splitter.fields(text, limit: columnCount))
    }

    private mutating func readRow(_ fields: [String]?) throws(BodyRefusal) {
        if let fields, fields.count == columnCount, !mapping.when.allSatisfy({ $0.holds(value($0.field, fields)) }) {
            return
        }
        try builder.beginItem()
        do throws(ItemFault) {
            guard let fields else { throw ItemFault(field: "line", reason: "a quote is out of place") }
            guard fields.count == columnCount else {
                throw ItemFault(field: "line", reason: fieldCountFault(fields.count, of: columnCount))
            }
            try readFields(fields)
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
        }
        builder.endItem()
    }

    private mutating func readFields(_ fields: [String]) throws(ItemFault) {
        let address = try address(fields)
        let at = try instant(fields)
        let (alerts, raw) = MappingAlarm.found(mapping.alarms) { value($0, fields) }
        if !raw.isEmpty { builder.note(alerts, raw: raw, of: address, at: Instant(epochSeconds: at)) }
        for rule in mapping.reject where rule.holds(value(rule.field, fields)) {
            throw ItemFault(field: rule.field, reason: "rows of this kind are not taken")
        }
        builder.add(at: at, register: try register(fields))
        builder.assign(to: address)
    }

    private func address(_ fields: [String]) throws(ItemFault) -> MeterAddress {
        let meter = first(of: mapping.meter, fields)
        do throws(ItemFault) {
            return try MeterNames.address(meter.text, protocolName: mapping.protocol, driver: "")
        } catch {
            throw fault(meter, error.reason)
        }
    }

    private func instant(_ fields: [String]) throws(ItemFault) -> Int64 {
        let time = first(of: mapping.time, fields)
        let clock = mapping.clock.isEmpty ? "" : " " + first(of: mapping.clock, fields).text
        do throws(ValueFault) {
            return try mapping.times.epochSeconds(time.text + clock, cityOffset: cityOffset)
        } catch {
            if case .notATime = error { throw fault(time, "not a time of the forms given") }
            throw fault(time, error.reason)
        }
    }

    private func register(_ fields: [String]) throws(ItemFault) -> Int64 {
        let register = first(of: mapping.register, fields)
        let told = first(of: mapping.unitColumn, fields)
        guard let unit = mapping.unit ?? MappingUnit(word: told.text) else {
            throw fault(told, "no unit of water")
        }
        // A point would part thousands, and 1.234 would be read a thousand times too small.
        if mapping.hasDecimalComma, register.text.contains(".") {
            throw ItemFault(field: register.name, reason: "a point where the comma is the decimal sign")
        }
        let text = mapping.hasDecimalComma ? register.text.replacing(",", with: ".") : register.text
        do throws(ValueFault) {
            return try unit.register(text)
        } catch {
            throw fault(register, error.reason)
        }
    }

    /// What is wrong with a cell, by its column.
    private func fault(_ cell: (name: String, text: String), _ reason: String) -> ItemFault {
        ItemFault(field: cell.name, reason: cell.text.isEmpty ? "is empty" : reason)
    }

    /// The first of the named columns that the row fills, else the first that there is.
    private func first(of names: [String], _ fields: [String]) -> (name: String, text: String) {
        for name in names {
            if let text = value(name, fields), !text.isEmpty { return (name, text) }
        }
        return (names.first { columns[$0.lowercased()] != nil } ?? names.first ?? "", "")
    }

    private func value(_ column: String, _ fields: [String]) -> String? {
        columns[column.lowercased()].flatMap { $0 < fields.count ? fields[$0] : nil }
    }
}
