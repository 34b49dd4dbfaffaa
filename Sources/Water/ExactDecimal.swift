/// A decimal number held as an integer and a number of decimals, as prices are written in tariff files.
public struct ExactDecimal: Sendable, Hashable {
    /// The number times 10^`decimals`.
    public let scaled: Int64
    /// Digits after the point as written, 0–9.
    public let decimals: Int

    /// Reads `[-]digits[.digits]`: no exponent, no sign `+`, no grouping, at most `maximumDecimals` (0–9) decimals
    /// and 18 digits in all. Returns nil for anything else.
    public init?(_ text: some StringProtocol, maximumDecimals: Int = 6) {
        var scaled: Int64 = 0
        var digits = 0
        var decimals = 0
        var sawPoint = false
        var bytes = Array(text.utf8)[...]
        let negative = bytes.first == UInt8(ascii: "-")
        if negative { bytes = bytes.dropFirst() }
        guard let first = bytes.first, first != UInt8(ascii: "."), bytes.last != UInt8(ascii: ".") else { return nil }
        for byte in bytes {
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
                continue
            }
            guard byte >= 48, byte <= 57, digits < 18 else { return nil }
            scaled = scaled * 10 + Int64(byte - 48)
            digits += 1
            if sawPoint { decimals += 1 }
        }
        guard decimals <= maximumDecimals else { return nil }
        self.scaled = negative ? -scaled : scaled
        self.decimals = decimals
    }

    public init(scaled: Int64, decimals: Int) {
        self.scaled = scaled
        self.decimals = decimals
    }

    /// This number times 10^`places`, exactly; nil where decimals would be lost or 64 bits overflow.
    public func scaled(toDecimals places: Int) -> Int64? {
        if places >= decimals {
            var value = scaled
            for _ in decimals..<places {
                let (next, overflow) = value.multipliedReportingOverflow(by: 10)
                if overflow { return nil }
                value = next
            }
            return value
        }
        var value = scaled
        for _ in places..<decimals {
            guard value % 10 == 0 else { return nil }
            value /= 10
        }
        return value
    }
}

extension ExactDecimal: CustomStringConvertible {
    /// The number as written: `2.30` stays `2.30`.
    public var description: String {
        var digits = String(scaled.magnitude)
        if digits.utf8.count <= decimals {
            digits = String(repeating: "0", count: decimals + 1 - digits.utf8.count) + digits
        }
        let whole = digits.dropLast(decimals)
        let sign = scaled < 0 ? "-" : ""
        return decimals == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(digits.suffix(decimals))"
    }
}

extension Volume {
    /// Reads cubic metres as an exact decimal with up to six places; nil for anything else.
    public init?(cubicMetres text: some StringProtocol) {
        guard let millilitres = ExactDecimal(text)?.scaled(toDecimals: 6) else { return nil }
        self.init(millilitres: millilitres)
    }

    /// Cubic metres with every place it has: `123.456`, `7`.
    public var cubicMetres: String {
        var text = ExactDecimal(scaled: millilitres, decimals: 6).description[...]
        while text.last == "0" { text = text.dropLast() }
        return String(text.last == "." ? text.dropLast() : text)
    }
}
