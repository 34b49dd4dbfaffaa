// Every rounding the service does is one of these functions.

/// The largest integer at or below `numerator / denominator`. `denominator` must be positive.
public func floorDivide(_ numerator: Int64, by denominator: Int64) -> Int64 {
    let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
    return remainder < 0 ? quotient - 1 : quotient
}

/// The nearest integer to `numerator / denominator`, halves away from zero (half up in money).
/// `denominator` must be positive and below 2^62.
public func divideHalfUp(_ numerator: Int64, by denominator: Int64) -> Int64 {
    let (quotient, remainder) = numerator.magnitude.quotientAndRemainder(dividingBy: denominator.magnitude)
    let rounded = quotient + (remainder >= denominator.magnitude - remainder ? 1 : 0)
    return numerator < 0 ? -Int64(rounded) : Int64(rounded)
}

/// The largest integer at or below `a × b / denominator`, with a product of up to 128 bits.
/// Returns nil where the result does not fit 64 bits. `denominator` must be positive.
public func multiplyThenFloorDivide(_ a: Int64, _ b: Int64, by denominator: Int64) -> Int64? {
    let product = Int128(a) * Int128(b)
    let (quotient, remainder) = product.quotientAndRemainder(dividingBy: Int128(denominator))
    return Int64(exactly: remainder < 0 ? quotient - 1 : quotient)
}

/// The nearest integer to `a × b / denominator`, halves away from zero; nil where it does not fit 64 bits.
/// `denominator` must be positive.
public func multiplyThenDivideHalfUp(_ a: Int64, _ b: Int64, by denominator: Int64) -> Int64? {
    let product = Int128(a) * Int128(b)
    let (quotient, remainder) = product.magnitude.quotientAndRemainder(dividingBy: UInt128(denominator.magnitude))
    let rounded = quotient + (remainder * 2 >= UInt128(denominator.magnitude) ? 1 : 0)
    return Int64(exactly: product < 0 ? -Int128(rounded) : Int128(rounded))
}

/// `value` brought to the nearest multiple of `step`, halves up. Both positive. Used for figures shown rounded.
public func round(_ value: Int64, toNearest step: Int64) -> Int64 {
    divideHalfUp(value, by: step) * step
}
