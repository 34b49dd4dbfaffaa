/// Splits the lines of a table into fields.
struct TableLine {
    let delimiter: UInt8

    /// The sign that stands most often in the header, outside quotes; a comma where none does.
    static func delimiter(of header: ArraySlice<UInt8>) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in header {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted { counts[byte, default: 0] += 1 }
        }
        let signs: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09]
        return signs.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? UInt8(ascii: ",")
    }

    /// The fields without quotes and surrounding spaces; nil where a quote is out of place. `="0012"`, the way
    /// spreadsheets keep leading zeros, is 0012. Of a line with more than `limit` one more is read, and no rest.
    func fields(_ line: ArraySlice<UInt8>, limit: Int) -> [String]? {
        var fields: [String] = []
        var at = line.startIndex
        while true {
            guard let field = field(line, &at) else { return nil }
            fields.append(String(decoding: field, as: UTF8.self).trimmed)
            if at == line.endIndex || fields.count > limit { return fields }
            at += 1
        }
    }

    /// The field at `at`; stands at the delimiter after it or at the end.
    private func field(_ line: ArraySlice<UInt8>, _ at: inout Int) -> [UInt8]? {
        let quote = UInt8(ascii: "\"")
        var field: [UInt8] = []
        let rest = line[at...]
        guard rest.first == quote || rest.starts(with: [UInt8(ascii: "="), quote]) else {
            while at < line.endIndex, line[at] != delimiter {
                if line[at] == quote { return nil }
                field.append(line[at])
                at += 1
            }
            return field
        }
        at += rest.first == quote ? 1 : 2
        while at < line.endIndex {
            if line[at] == quote {
                let next = at + 1
                guard next < line.endIndex, line[next] == quote else {
                    at = next
                    return at == line.endIndex || line[at] == delimiter ? field : nil
                }
                at = next
            }
            field.append(line[at])
            at += 1
        }
        return nil
    }
}

/// Why a row of a table is not of its header; of too many fields no more are counted.
func fieldCountFault(_ found: Int, of columns: Int) -> String {
    found > columns ? "more fields than the header's \(columns)" : "\(found) fields where the header has \(columns)"
}
