/// A field of a row, without its outer quotes.
struct CSVField {
    let range: Range<Int>
    /// False where doubled quotes stand for single ones.
    let isPlain: Bool

    func epochSeconds(_ bytes: Span<UInt8>) throws(ValueFault) -> Int64 {
        if isPlain { return try bytes.epochSeconds(in: range, fraction: .onlyZero) }
        throw .notATime
    }

    func millilitres(_ bytes: Span<UInt8>, _ unit: VolumeUnit) throws(ValueFault) -> Int64 {
        if isPlain { return try bytes.millilitres(in: range, unit: unit) }
        throw .notANumber
    }

    /// The first `limit` bytes of the field, doubled quotes made single.
    func text(_ bytes: Span<UInt8>, limit: Int) -> String {
        var out: [UInt8] = []
        var at = range.lowerBound
        while at < range.upperBound, out.count < limit {
            out.append(bytes[at])
            at += bytes[at] == UInt8(ascii: "\"") ? 2 : 1
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension Span where Element == UInt8 {
    /// The end of a line without its carriage return.
    func withoutReturn(_ line: Range<Int>) -> Int {
        !line.isEmpty && self[line.upperBound - 1] == 0x0D ? line.upperBound - 1 : line.upperBound
    }

    /// The field at `at`; stands at the comma after it or at `end`. nil where a quote is out of place.
    func csvField(_ at: inout Int, end: Int) -> CSVField? {
        guard at < end, self[at] == UInt8(ascii: "\"") else {
            let start = at
            while at < end, self[at] != UInt8(ascii: ",") {
                if self[at] == UInt8(ascii: "\"") { return nil }
                at += 1
            }
            return CSVField(range: start..<at, isPlain: true)
        }
        at += 1
        let start = at
        var isPlain = true
        while at < end {
            if self[at] == UInt8(ascii: "\"") {
                if at + 1 < end, self[at + 1] == UInt8(ascii: "\"") {
                    isPlain = false
                    at += 1
                } else {
                    let field = CSVField(range: start..<at, isPlain: isPlain)
                    at += 1
                    return at == end || self[at] == UInt8(ascii: ",") ? field : nil
                }
            }
            at += 1
        }
        return nil
    }
}
