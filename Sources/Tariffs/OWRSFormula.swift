import Water

/// An exact fraction; every step returns nil instead of overflowing.
struct Fraction: Hashable {
    let numerator: Int128
    let denominator: Int128

    static let zero = Fraction(0, 1)

    init(_ numerator: Int128, _ denominator: Int128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// A decimal as written, or two of them with `/` between.
    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2, let top = Fraction.decimal(halves[0]) else { return nil }
        guard halves.count == 2 else {
            self = top
            return
        }
        guard let bottom = Fraction.decimal(halves[1]), bottom.numerator > 0,
            let quotient = top.times(Fraction(bottom.denominator, bottom.numerator))
        else { return nil }
        self = quotient
    }

    private static func decimal(_ text: Substring) -> Fraction? {
        guard let value = ExactDecimal(text, maximumDecimals: 9), let unit = powerOfTen(value.decimals),
            value.scaled >= 0
        else { return nil }
        return Fraction(Int128(value.scaled), Int128(unit))
    }

    func times(_ other: Fraction) -> Fraction? {
        let (top, topOver) = numerator.multipliedReportingOverflow(by: other.numerator)
        let (bottom, bottomOver) = denominator.multipliedReportingOverflow(by: other.denominator)
        return topOver || bottomOver ? nil : Fraction(top, bottom).reduced
    }

    func plus(_ other: Fraction) -> Fraction? {
        let (left, leftOver) = numerator.multipliedReportingOverflow(by: other.denominator)
        let (right, rightOver) = other.numerator.multipliedReportingOverflow(by: denominator)
        let (bottom, bottomOver) = denominator.multipliedReportingOverflow(by: other.denominator)
        let (top, topOver) = left.addingReportingOverflow(right)
        return leftOver || rightOver || bottomOver || topOver ? nil : Fraction(top, bottom).reduced
    }

    func isAbove(_ whole: Int128) -> Bool { numerator > whole * denominator }

    /// The nearest integer, halves up; nil where it does not fit 64 bits.
    var rounded: Int64? {
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        return Int64(exactly: remainder >= denominator - remainder ? quotient + 1 : quotient)
    }

    private var reduced: Fraction {
        var (a, b) = (numerator, denominator)
        while b != 0 { (a, b) = (b, a % b) }
        return a == 0 ? .zero : Fraction(numerator / a, denominator / a)
    }
}

/// A volume that grows in a straight line with the household: a part that stands, and a part for each person.
struct PersonsLine: Hashable {
    var standing: Fraction = .zero
    var perPerson: Fraction = .zero

    func plus(_ other: PersonsLine) -> PersonsLine? {
        guard let standing = standing.plus(other.standing), let perPerson = perPerson.plus(other.perPerson) else {
            return nil
        }
        return PersonsLine(standing: standing, perPerson: perPerson)
    }

    func times(_ factor: Fraction) -> PersonsLine? {
        guard let standing = standing.times(factor), let perPerson = perPerson.times(factor) else { return nil }
        return PersonsLine(standing: standing, perPerson: perPerson)
    }
}
