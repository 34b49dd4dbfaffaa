import Water

/// A time as a row of digits and signs: `YYYY-MM-DD hh:mm:ss`, `YYYY年M月D日`, `YYYYMMDDThhmmssZ`.
///
/// YYYY, MM, DD, hh, mm, ss are that many digits; M, D, h, m, s one or two; f a fraction, dropped; Z an offset (`Z` or
/// `±HH:MM`). Everything else stands for itself.
struct TimePattern: Sendable {
    private let parts: [Part]

    private enum Part: Hashable {
        case field(Field, ClosedRange<Int>)
        case offset
        case literal(UInt8)
    }

    fileprivate enum Field: Character {
        case year = "Y"
        case month = "M"
        case day = "D"
        case hour = "h"
        case minute = "m"
        case second = "s"
        case fraction = "f"
    }

    /// The fields found in a text.
    struct Found {
        fileprivate var year: Int64?
        fileprivate var month: Int64?
        fileprivate var date: Int64?
        /// 0–23.
        var hour: Int64?
        /// 0–59.
        var minute: Int64?
        /// 0–59.
        var second: Int64?
        /// Seconds east of UTC.
        var offset: Int64?

        /// nil where the date does not exist.
        var day: LocalDay? {
            guard let year, let month, let date else { return nil }
            return LocalDay(year: Int(year), month: Int(month), day: Int(date))
        }
    }

    /// nil for a run of letters that is no field, and a field given twice.
    init?(_ text: String) {
        var parts: [Part] = []
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            var end = at
            while end < bytes.count, bytes[end] == bytes[at] { end += 1 }
            switch (bytes[at], end - at) {
            case (UInt8(ascii: "Y"), 4): parts.append(.field(.year, 4...4))
            case (UInt8(ascii: "Y"), _): return nil
            case (UInt8(ascii: "f"), 1): parts.append(.field(.fraction, 1...9))
            case (UInt8(ascii: "Z"), 1): parts.append(.offset)
            case (let letter, let length):
                if let field = TimePattern.letters[letter] {
                    guard length <= 2 else { return nil }
                    parts.append(.field(field, length == 2 ? 2...2 : 1...2))
                } else {
                    parts.append(contentsOf: bytes[at..<end].map(Part.literal))
                }
            }
            at = end
        }
        let fields = parts.compactMap { if case .field(let field, _) = $0 { field } else { nil } }
        guard Set(fields).count == fields.count, parts.count(where: { $0 == .offset }) <= 1 else { return nil }
        self.parts = parts
    }

    private static let letters: [UInt8: Field] = [
        UInt8(ascii: "M"): .month, UInt8(ascii: "D"): .day, UInt8(ascii: "h"): .hour, UInt8(ascii: "m"): .minute,
        UInt8(ascii: "s"): .second,
    ]

    var hasDate: Bool { has(.year) && has(.month) && has(.day) }
    var hasHour: Bool { has(.hour) }
    var hasOffset: Bool { parts.contains(.offset) }

    private func has(_ field: Field) -> Bool {
        parts.contains { if case .field(field, _) = $0 { true } else { false } }
    }

    /// Every way in which a text that fits may be written.
    var outlines: [TimeOutline] {
        parts.reduce([TimeOutline.empty]) { found, part in
            let ways = TimePattern.outlines(of: part)
            return found.flatMap { outline in ways.compactMap { outline.followed(by: $0) } }
        }
    }

    private static func outlines(of part: Part) -> [TimeOutline] {
        switch part {
        case .literal(let byte): [TimeOutline([byte...byte], telling: Character(UnicodeScalar(byte)))]
        case .offset:
            ["Z", "+00:00", "-00:00"].map { text in
                let choices = text.utf8.map { $0.decimalDigit == nil ? $0...$0 : TimePattern.anyDigit }
                return TimeOutline(choices, telling: "Z")
            }
        case .field(let field, let length):
            length.map { count in
                let first = count > 1 ? field.firstDigit : TimePattern.anyDigit
                return TimeOutline(
                    [first] + Array(repeating: TimePattern.anyDigit, count: count - 1), telling: field.rawValue,
                    isOpen: count < length.upperBound)
            }
        }
    }

    fileprivate static let anyDigit = UInt8(ascii: "0")...UInt8(ascii: "9")

    /// nil where the text is not of this pattern.
    func parts(of text: String) -> Found? {
        let bytes = Array(text.utf8)
        var found = Found()
        var at = 0
        for part in parts {
            switch part {
            case .literal(let byte):
                guard at < bytes.count, bytes[at] == byte else { return nil }
                at += 1
            case .offset:
                guard let offset = TimePattern.offset(bytes, &at) else { return nil }
                found.offset = offset
            case .field(let field, let length):
                var value: Int64 = 0
                let start = at
                while at < bytes.count, at - start < length.upperBound, let digit = bytes[at].decimalDigit {
                    value = value * 10 + digit
                    at += 1
                }
                guard at - start >= length.lowerBound, found.take(field, value) else { return nil }
            }
        }
        return at == bytes.count ? found : nil
    }

    private static func offset(_ bytes: [UInt8], _ at: inout Int) -> Int64? {
        guard at < bytes.count else { return nil }
        let sign = bytes[at]
        at += 1
        if sign == UInt8(ascii: "Z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), at + 5 <= bytes.count,
            bytes[at + 2] == UInt8(ascii: ":"), let tens = bytes[at].decimalDigit,
            let ones = bytes[at + 1].decimalDigit,
            let minuteTens = bytes[at + 3].decimalDigit, let minuteOnes = bytes[at + 4].decimalDigit,
            tens * 10 + ones < 24, minuteTens < 6
        else { return nil }
        at += 5
        let seconds = (tens * 10 + ones) * 3_600 + (minuteTens * 10 + minuteOnes) * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }
}

extension TimePattern.Field {
    /// What the first of several digits may be, of a year from 2000 on.
    fileprivate var firstDigit: ClosedRange<UInt8> {
        switch self {
        case .year: UInt8(ascii: "2")...UInt8(ascii: "9")
        case .month: UInt8(ascii: "0")...UInt8(ascii: "1")
        case .day: UInt8(ascii: "0")...UInt8(ascii: "3")
        case .hour: UInt8(ascii: "0")...UInt8(ascii: "2")
        case .minute, .second: UInt8(ascii: "0")...UInt8(ascii: "5")
        case .fraction: TimePattern.anyDigit
        }
    }
}

extension TimePattern.Found {
    /// False where the value is beyond the field's range.
    fileprivate mutating func take(_ field: TimePattern.Field, _ value: Int64) -> Bool {
        switch field {
        case .year: year = value
        case .month: month = value
        case .day: date = value
        case .hour: hour = value
        case .minute: minute = value
        case .second: second = value
        case .fraction: break
        }
        return switch field {
        case .hour: value < 24
        case .minute, .second: value < 60
        default: true
        }
    }
}
