/// What a SenML record measured.
public enum SenMLValue: Sendable, Hashable {
    case number(SenMLNumber)
    case text(String)
    case truth(Bool)
    /// Base64url text as sent.
    case data(String)
}

/// A record with the base fields of its pack applied. Source: RFC 8428, section 4.6.
public struct SenMLRecord: Sendable, Hashable {
    /// Base name and name, 1 to 512 bytes.
    public let name: String
    public let unit: String?
    public let value: SenMLValue?
    /// The integral of the value over seconds, in the unit times seconds.
    public let sum: SenMLNumber?
    /// Seconds since 1970, fractions included; nil where the record tells its time relative to a now that is unknown.
    public let time: SenMLNumber?
    /// Seconds within which the next record comes.
    public let updateTime: SenMLNumber?
    /// What of the value, or of the base it rests on, is written as no register is.
    let valueFault: SenMLNumberFault?
    /// The same of the sum.
    let sumFault: SenMLNumberFault?
}

/// A number's field that is written with an exponent, or as a negative zero.
struct SenMLNumberFault: Sendable, Hashable {
    let key: SenMLKey
    let fault: ValueFault
}

/// Why one record of a pack says nothing; the pack goes on.
struct SenMLFault: Error {
    let field: String
    let reason: String
}

/// The fields of one record as written.
struct SenMLFields {
    var texts: [SenMLKey: String] = [:]
    var numbers: [SenMLKey: SenMLNumber] = [:]
    /// Numbers that were written with an exponent.
    var withExponent: Set<SenMLKey> = []
    /// Zeros that were written with a minus sign.
    var negativeZeros: Set<SenMLKey> = []
    var truth: Bool?
    /// The first ordinary field of a wrong type.
    var fault: SenMLFault?
}

/// The labels of RFC 8428, section 4.3, in JSON.
enum SenMLKey: String {
    case bn, bt, bu, bv, bs, bver, n, u, v, vs, vb, vd, s, t, ut

    /// Base fields hold for the records that follow, so an error in one spoils the pack.
    var isOfBase: Bool {
        switch self {
        case .bn, .bt, .bu, .bv, .bs, .bver: true
        default: false
        }
    }

    enum Kind { case text, number, truth }

    var kind: Kind {
        switch self {
        case .bn, .bu, .n, .u, .vs, .vd: .text
        case .vb: .truth
        case .bt, .bv, .bs, .bver, .v, .s, .t, .ut: .number
        }
    }
}
