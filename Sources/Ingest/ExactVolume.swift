/// The units a volume may be written in; the raw value is the number of decimals down to the millilitre.
enum VolumeUnit: Int {
    case litres = 3
    case cubicMetres = 6

    /// 10^12 m³ in whole units: far above any register, far below overflow.
    fileprivate var greatest: Int64 { self == .litres ? 1_000_000_000_000_000 : 1_000_000_000_000 }
}

extension Span where Element == UInt8 {
    /// Millilitres of `digits[.digits]`, exactly. Leading zeros are kept harmless; a sign, an exponent, a bare point
    /// and non-zero decimals beyond one millilitre are refused.
    func millilitres(in range: Range<Int>, unit: VolumeUnit) throws(ValueFault) -> Int64 {
        var at = range.lowerBound
        guard at < range.upperBound else { throw .notANumber }
        if self[at] == UInt8(ascii: "-") { throw fault(in: at + 1..<range.upperBound, otherwise: .negative) }
        var whole: Int64 = 0
        let start = at
        while at < range.upperBound, let digit = self[at].decimalDigit {
            whole = whole * 10 + digit
            if whole > unit.greatest { throw fault(in: range, otherwise: .tooLarge) }
            at += 1
        }
        guard at > start else { throw .notANumber }
        var value = whole
        for _ in 0..<unit.rawValue { value *= 10 }
        if at < range.upperBound {
            value += try fraction(from: at, of: range, places: unit.rawValue)
        }
        guard value <= 1_000_000_000_000_000_000 else { throw .tooLarge }
        return value
    }

    /// The value of the `.digits` that stand from `point` to the end of `range`, in units of the last place.
    private func fraction(from point: Int, of range: Range<Int>, places: Int) throws(ValueFault) -> Int64 {
        guard self[point] == UInt8(ascii: "."), point + 1 < range.upperBound else {
            throw fault(in: range, otherwise: .notANumber)
        }
        var value: Int64 = 0
        var place = 0
        var isTooPrecise = false
        for at in point + 1..<range.upperBound {
            guard let digit = self[at].decimalDigit else { throw fault(in: range, otherwise: .notANumber) }
            if place < places { value = value * 10 + digit } else if digit != 0 { isTooPrecise = true }
            place += 1
        }
        if isTooPrecise { throw .tooPrecise }
        while place < places {
            value *= 10
            place += 1
        }
        return value
    }

    /// The reason that helps most: an exponent or a stray character outranks size and sign.
    private func fault(in range: Range<Int>, otherwise: ValueFault) -> ValueFault {
        var sawDigit = false
        for at in range {
            switch self[at] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): sawDigit = true
            case UInt8(ascii: "."): continue
            case UInt8(ascii: "e"), UInt8(ascii: "E"): return sawDigit ? .exponent : .notANumber
            default: return .notANumber
            }
        }
        return sawDigit ? otherwise : .notANumber
    }
}

extension UInt8 {
    /// 0–9, or nil for any other character.
    var decimalDigit: Int64? {
        let digit = self &- 48
        return digit < 10 ? Int64(digit) : nil
    }
}
