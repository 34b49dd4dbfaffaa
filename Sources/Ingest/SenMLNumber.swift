/// A decimal number of a SenML pack, exactly: `digits × 10^exponent`.
///
/// At most 30 significant digits and exponents from −60 to 60; every double that a sensor prints fits.
public struct SenMLNumber: Sendable, Hashable {
    /// Without trailing zeros; 0 for zero.
    let digits: Int128
    let exponent: Int

    public static let zero = SenMLNumber(digits: 0, exponent: 0)

    /// A whole number.
    public init(_ value: Int64) { self.init(digits: Int128(value), exponent: 0) }

    private init(digits: Int128, exponent: Int) {
        var (digits, exponent) = (digits, digits == 0 ? 0 : exponent)
        while digits != 0, digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
        self.digits = digits
        self.exponent = exponent
    }

    /// Reads a number of JSON's grammar; nil for anything else, and beyond the bounds.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, 0..<bytes.count)
    }

    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var at = range.lowerBound
        let isNegative = at < range.upperBound && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        var digits: Int128 = 0
        var exponent = 0
        var sawDigit = false
        var sawPoint = false
        while at < range.upperBound {
            if let digit = bytes[at].decimalDigit {
                guard digits < SenMLNumber.bound else { return nil }
                digits = digits * 10 + Int128(digit)
                if sawPoint { exponent -= 1 }
                sawDigit = true
            } else if bytes[at] == UInt8(ascii: "."), !sawPoint, sawDigit {
                sawPoint = true
            } else {
                break
            }
            at += 1
        }
        guard sawDigit, bytes[at - 1] != UInt8(ascii: ".") else { return nil }
        guard let shift = SenMLNumber.shift(bytes, at..<range.upperBound) else { return nil }
        self.init(digits: isNegative ? -digits : digits, exponent: exponent + shift)
        guard (-60...60).contains(self.exponent) else { return nil }
    }

    private static let bound: Int128 = 1_000_000_000_000_000_000_000_000_000_000

    /// The exponent that `range` writes: `e-5`, `E+09`; 0 where it is empty, nil where it is none.
    private static func shift(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        if range.isEmpty { return 0 }
        var at = range.lowerBound
        guard bytes[at] | 0x20 == UInt8(ascii: "e") else { return nil }
        at += 1
        var isNegative = false
        if at < range.upperBound, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            isNegative = bytes[at] == UInt8(ascii: "-")
            at += 1
        }
        guard (1...4).contains(range.upperBound - at) else { return nil }
        var value = 0
        while at < range.upperBound {
            guard let digit = bytes[at].decimalDigit else { return nil }
            value = value * 10 + Int(digit)
            at += 1
        }
        return isNegative ? -value : value
    }

    /// The exact sum; nil where it has more digits than can be held.
    public func adding(_ other: SenMLNumber) -> SenMLNumber? {
        if digits == 0 { return other }
        if other.digits == 0 { return self }
        let common = min(exponent, other.exponent)
        guard let a = scaled(toExponent: common), let b = other.scaled(toExponent: common) else { return nil }
        let (sum, overflow) = a.addingReportingOverflow(b)
        guard !overflow, sum.magnitude < SenMLNumber.bound.magnitude else { return nil }
        return SenMLNumber(digits: sum, exponent: common)
    }

    /// This number in units of `10^places`; nil where that is no whole number or too large.
    private func scaled(toExponent places: Int) -> Int128? {
        guard digits != 0 else { return 0 }
        guard exponent >= places, exponent - places <= 38 else { return nil }
        var value = digits
        for _ in places..<exponent {
            let (next, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = next
        }
        return value
    }

    /// The largest whole number at or below this one; nil outside 64 bits.
    public var floored: Int64? {
        if let whole = scaled(toExponent: 0) { return Int64(exactly: whole) }
        guard exponent < 0 else { return nil }
        var value = digits
        for _ in exponent..<0 where value != 0 && value != -1 { value = (value >= 0 ? value : value - 9) / 10 }
        return Int64(exactly: value)
    }

    /// Whole units of `10^-places`, so millilitres of cubic metres with 6.
    func register(places: Int) throws(ValueFault) -> Int64 {
        if digits < 0 { throw .negative }
        if digits != 0, exponent < -places { throw .tooPrecise }
        guard let value = scaled(toExponent: -places), value <= 1_000_000_000_000_000_000 else { throw .tooLarge }
        return Int64(value)
    }

    /// Below 2^28: a time relative to now. Source: RFC 8428, section 4.5.3.
    var isRelativeTime: Bool {
        guard let seconds = floored else { return digits < 0 }
        return seconds < 268_435_456
    }
}

extension SenMLNumber: CustomStringConvertible {
    /// The number as a plain decimal, without an exponent: `1276020071.001`.
    public var description: String {
        var text = String(digits.magnitude)
        if exponent >= 0 { return (digits < 0 ? "-" : "") + text + String(repeating: "0", count: exponent) }
        if text.utf8.count <= -exponent {
            text = String(repeating: "0", count: 1 - exponent - text.utf8.count) + text
        }
        return "\(digits < 0 ? "-" : "")\(text.dropLast(-exponent)).\(text.suffix(-exponent))"
    }
}
