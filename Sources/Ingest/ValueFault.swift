/// What can be wrong with one well-formed value.
enum ValueFault: Error {
    case notANumber, exponent, negative, tooPrecise, tooLarge
    case notATime, noOffset, fraction, tooOld
    case notText

    var reason: String {
        switch self {
        case .notANumber: "not a plain decimal number"
        case .exponent: "exponents are refused"
        case .negative: "a register is never negative"
        case .tooPrecise: "decimals beyond one millilitre"
        case .tooLarge: "above 1000000000000 m3"
        case .notATime: "not a time as 2026-10-01T00:00:00+08:00"
        case .noOffset: "a time needs an offset, as +08:00 or Z"
        case .fraction: "fractions of a second are refused"
        case .tooOld: "before 2000-01-01"
        case .notText: "must be a string"
        }
    }
}
