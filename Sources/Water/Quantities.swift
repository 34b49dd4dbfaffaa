/// A volume of water in whole millilitres, the smallest unit any supported meter sends.
///
/// May be negative as a difference (reverse flow); a register is never negative.
public struct Volume: Sendable, Hashable, Comparable {
    /// Millilitres; 1 L = 1,000, 1 m³ = 1,000,000.
    public let millilitres: Int64

    public init(millilitres: Int64) { self.millilitres = millilitres }

    /// Whole litres. `litres` must stay within ±9.2 × 10^15.
    public init(litres: Int64) { self.millilitres = litres * 1_000 }

    public static let zero = Volume(millilitres: 0)

    /// The litres below or at this volume (floored, so −1 mL is −1 L).
    public var flooredLitres: Int64 { floorDivide(millilitres, by: 1_000) }

    public static func < (a: Volume, b: Volume) -> Bool { a.millilitres < b.millilitres }
    public static func + (a: Volume, b: Volume) -> Volume { Volume(millilitres: a.millilitres + b.millilitres) }
    public static func - (a: Volume, b: Volume) -> Volume { Volume(millilitres: a.millilitres - b.millilitres) }
}

/// An amount of money in whole fen (1 yuan = 100 fen).
public struct Money: Sendable, Hashable, Comparable {
    /// Fen, may be negative for a credit.
    public let fen: Int64

    public init(fen: Int64) { self.fen = fen }

    public static let zero = Money(fen: 0)
    public static func < (a: Money, b: Money) -> Bool { a.fen < b.fen }
    public static func + (a: Money, b: Money) -> Money { Money(fen: a.fen + b.fen) }
    public static func - (a: Money, b: Money) -> Money { Money(fen: a.fen - b.fen) }

    /// Yuan with exactly two decimals and no sign for zero, as `-12.05`.
    public var yuan: String {
        let magnitude = fen.magnitude
        let cents = magnitude % 100
        return "\(fen < 0 ? "-" : "")\(magnitude / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
}

/// Civic points, whole.
public struct Points: Sendable, Hashable, Comparable {
    /// A number of points; negative only for a debt or a clawback.
    public let count: Int64

    public init(_ count: Int64) { self.count = count }

    public static let zero = Points(0)
    public static func < (a: Points, b: Points) -> Bool { a.count < b.count }
    public static func + (a: Points, b: Points) -> Points { Points(a.count + b.count) }
    public static func - (a: Points, b: Points) -> Points { Points(a.count - b.count) }
    public static prefix func - (a: Points) -> Points { Points(-a.count) }
}
