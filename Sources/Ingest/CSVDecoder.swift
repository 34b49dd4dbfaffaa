import Water

/// Reads a table of readings: a header naming `meter`, `at` and `volume_m3` or `volume_l`, then a reading a line.
///
/// Quotes as in RFC 4180, except that a line end always ends the row: no field here has room for one, and so an
/// open quote costs its own line only. A byte order mark and CRLF are allowed.
struct CSVDecoder {
    var builder: BatchBuilder
    private var meters = MeterNames()
    private var columns: [NativeKey] = []
    /// The row in hand; kept so that its memory is.
    private var fields: [CSVField] = []

    init(into builder: BatchBuilder) { self.builder = builder }

    mutating func readTable(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        var start = 0
        if bytes.byte(0) == 0xEF, bytes.byte(1) == 0xBB, bytes.byte(2) == 0xBF { start = 3 }
        guard start < bytes.count else { throw .malformed(offset: start, reason: "the body is empty") }
        let end = bytes.endOfLine(from: start)
        try readHeader(bytes, start..<bytes.withoutReturn(start..<end))
        start = end + 1
        // The header is line 1.
        var number = 1
        while start < bytes.count {
            let end = bytes.endOfLine(from: start)
            let line = start..<bytes.withoutReturn(start..<end)
            number += 1
            builder.place = .line(number)
            if !line.isEmpty { try readRow(bytes, line) }
            start = end + 1
        }
    }

    private mutating func readHeader(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(BodyRefusal) {
        let allowed: [NativeKey] = [.meter, .at, .volumeM3, .volumeL, .protocol, .driver]
        guard split(bytes, line, limit: allowed.count) else {
            throw .malformed(offset: line.lowerBound, reason: "a quote is out of place")
        }
        for field in fields {
            let name = field.text(bytes, limit: 64)
            if name.isEmpty { throw .malformed(offset: field.range.lowerBound, reason: "a column has no name") }
            guard let key = allowed.first(where: { $0.name == name }) else {
                throw .malformed(offset: field.range.lowerBound, reason: unknown(name, bytes.copied(line)))
            }
            guard !columns.contains(key) else {
                throw .malformed(offset: field.range.lowerBound, reason: "the column \(name) is given twice")
            }
            columns.append(key)
        }
        for key in [NativeKey.meter, .at] where !columns.contains(key) {
            throw .malformed(offset: line.lowerBound, reason: "the column \(key.name) is missing")
        }
        let volumes = columns.indices.filter { columns[$0] == .volumeM3 || columns[$0] == .volumeL }
        guard let first = volumes.first, let last = volumes.last else {
            throw .malformed(offset: line.lowerBound, reason: "needs one of the columns volume_m3 and volume_l")
        }
        guard first == last else {
            throw .malformed(
                offset: fields[last].range.lowerBound,
                reason: "the columns volume_m3 and volume_l are both there, and one is needed")
        }
    }

    /// What is wrong with a column of another name. Tables of GB18030 are what spreadsheets write in China.
    private func unknown(_ name: String, _ header: [UInt8]) -> String {
        if TableCharset.utf8.fault(in: header[...]) == nil { return "unknown column \(name)" }
        return "unknown column; the header is not UTF-8, as this form is: /v1/readings/table takes GB18030"
    }

    private mutating func readRow(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(BodyRefusal) {
        try builder.beginItem()
        do throws(ItemFault) {
            guard split(bytes, line, limit: columns.count) else {
                throw ItemFault(field: "line", reason: "a quote is out of place")
            }
            guard fields.count == columns.count else {
                throw ItemFault(field: "line", reason: fieldCountFault(fields.count, of: columns.count))
            }
            try readFields(bytes)
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
        }
        builder.endItem()
    }

    private mutating func readFields(_ bytes: Span<UInt8>) throws(ItemFault) {
        var meter = CSVField(range: 0..<0, isPlain: true)
        var (protocolName, driver) = ("", "")
        var (at, register): (Int64, Int64) = (0, 0)
        for (index, key) in columns.enumerated() {
            let field = fields[index]
            switch key {
            case .meter: meter = field
            case .protocol: protocolName = field.text(bytes, limit: 64)
            case .driver: driver = field.text(bytes, limit: 65)
            default:
                do throws(ValueFault) {
                    if key == .at {
                        at = try field.epochSeconds(bytes)
                    } else {
                        register = try field.millilitres(bytes, key == .volumeM3 ? .cubicMetres : .litres)
                    }
                } catch {
                    throw ItemFault(field: key.name, reason: error.reason)
                }
            }
        }
        let address =
            if meter.isPlain, protocolName.isEmpty, driver.isEmpty {
                try meters.required(bytes, meter.range)
            } else {
                try MeterNames.address(
                    meter.text(bytes, limit: 65), protocolName: protocolName, driver: driver)
            }
        builder.add(at: at, register: register)
        builder.assign(to: address)
    }

    /// Splits a line into `fields`, of which no more than one past `limit` is read; false where a quote is out of place.
    private mutating func split(_ bytes: Span<UInt8>, _ line: Range<Int>, limit: Int) -> Bool {
        fields.removeAll(keepingCapacity: true)
        var at = line.lowerBound
        while true {
            guard let field = bytes.csvField(&at, end: line.upperBound) else { return false }
            fields.append(field)
            if at == line.upperBound || fields.count > limit { return true }
            at += 1
        }
    }
}
