/// A calculation on whole numbers that can be done by hand: named inputs and what is done with them.
///
/// Written for machines by names (`half_up(litres * 1000000 / scale_millionths)`) and for people by numbers.
public indirect enum Arithmetic: Sendable, Hashable {
    case input(String, Int64)
    case sum([Arithmetic])
    case difference(Arithmetic, Arithmetic)
    case product([Arithmetic])
    /// The nearest integer, halves away from zero.
    case halfUp(Arithmetic, by: Arithmetic)
    /// The largest integer at or below.
    case floor(Arithmetic, by: Arithmetic)
    case ceiling(Arithmetic, by: Arithmetic)
    case atLeastZero(Arithmetic)
    case least(Arithmetic, Arithmetic)

    /// The result; nil where it does not fit 64 bits or divides by nothing.
    public var value: Int64? { exact.flatMap { Int64(exactly: $0) } }

    private var exact: Int128? {
        switch self {
        case .input(_, let value): return Int128(value)
        case .sum(let parts): return Self.fold(parts, from: 0) { $0.addingReportingOverflow($1) }
        case .product(let parts): return Self.fold(parts, from: 1) { $0.multipliedReportingOverflow(by: $1) }
        case .difference(let a, let b):
            guard let a = a.exact, let b = b.exact else { return nil }
            let (result, overflow) = a.subtractingReportingOverflow(b)
            return overflow ? nil : result
        case .halfUp(let a, let b):
            return Self.divide(a, b) { whole, rest, divisor in
                guard rest.magnitude * 2 >= divisor.magnitude else { return whole }
                return (rest < 0) == (divisor < 0) ? whole + 1 : whole - 1
            }
        case .floor(let a, let b):
            return Self.divide(a, b) { whole, rest, divisor in
                rest != 0 && (rest < 0) != (divisor < 0) ? whole - 1 : whole
            }
        case .ceiling(let a, let b):
            return Self.divide(a, b) { whole, rest, divisor in
                rest != 0 && (rest < 0) == (divisor < 0) ? whole + 1 : whole
            }
        case .atLeastZero(let a): return a.exact.map { max(0, $0) }
        case .least(let a, let b):
            guard let a = a.exact, let b = b.exact else { return nil }
            return min(a, b)
        }
    }

    private static func fold(
        _ parts: [Arithmetic], from start: Int128, _ next: (Int128, Int128) -> (Int128, Bool)
    ) -> Int128? {
        var result = start
        for part in parts {
            guard let value = part.exact else { return nil }
            let (reached, overflow) = next(result, value)
            if overflow { return nil }
            result = reached
        }
        return result
    }

    private static func divide(
        _ a: Arithmetic, _ b: Arithmetic, _ round: (_ whole: Int128, _ rest: Int128, _ divisor: Int128) -> Int128
    ) -> Int128? {
        // Within 64 bits twice over nothing that rounding does can leave 128.
        guard let a = a.exact, let b = b.exact, b != 0, a.magnitude < 1 << 120 else { return nil }
        let (whole, rest) = a.quotientAndRemainder(dividingBy: b)
        return round(whole, rest, b)
    }

    /// The inputs by name, in the order they are first named; a list of values has one name.
    public var inputs: [(name: String, values: [Int64])] {
        var found: [(name: String, values: [Int64])] = []
        collect(into: &found)
        return found
    }

    private func collect(into found: inout [(name: String, values: [Int64])]) {
        switch self {
        case .input(let name, let value):
            // A constant is spelled where it stands.
            if name.isEmpty { return }
            if let index = found.firstIndex(where: { $0.name == name }) {
                found[index].values.append(value)
            } else {
                found.append((name, [value]))
            }
        case .sum(let parts), .product(let parts): for part in parts { part.collect(into: &found) }
        case .difference(let a, let b), .halfUp(let a, let b), .floor(let a, let b), .ceiling(let a, let b),
            .least(let a, let b):
            a.collect(into: &found)
            b.collect(into: &found)
        case .atLeastZero(let a): a.collect(into: &found)
        }
    }

    /// The calculation with `name` for each input: what a machine reads. The sum of one list is `sum(name)`.
    public var expression: String {
        if case .sum(let parts) = self, let list = Self.listName(parts) { return "sum(\(list))" }
        return spell(Self.english) { name, value in name.isEmpty ? String(value) : name }
    }

    /// The calculation in figures, each written by `figure`: what a person follows.
    public func inFigures(_ words: Words, _ figure: (Int64) -> String) -> String {
        spell(words) { _, value in figure(value) }
    }

    /// How operations are written. `{}` stands for what an operation is done to; one that begins with it is put in
    /// brackets within another.
    public struct Words: Sendable {
        public var minus: String
        public var times: String
        public var by: String
        public var halfUp: String
        public var floor: String
        public var ceiling: String
        public var atLeastZero: String
        public var least: String
        /// Between those of which the least is taken: no sign that stands within figures.
        public var and: String

        public init(
            minus: String, times: String, by: String, halfUp: String, floor: String, ceiling: String,
            atLeastZero: String, least: String, and: String
        ) {
            self.minus = minus
            self.times = times
            self.by = by
            self.halfUp = halfUp
            self.floor = floor
            self.ceiling = ceiling
            self.atLeastZero = atLeastZero
            self.least = least
            self.and = and
        }
    }

    private static let english = Words(
        minus: " - ", times: " * ", by: " / ", halfUp: "half_up({})", floor: "floor({})", ceiling: "ceiling({})",
        atLeastZero: "max(0, {})", least: "min({})", and: ", ")

    private static func listName(_ parts: [Arithmetic]) -> String? {
        guard parts.count > 1, case .input(let first, _)? = parts.first, !first.isEmpty else { return nil }
        return parts.allSatisfy { if case .input(first, _) = $0 { true } else { false } } ? first : nil
    }

    private func spell(_ words: Words, _ leaf: (String, Int64) -> String) -> String {
        func of(_ part: Arithmetic) -> String { part.spell(words, leaf) }
        // Words that follow their part would take in what stands before it.
        func framed(_ part: Arithmetic, by frame: String) -> String {
            frame.hasPrefix("{}") ? "(\(of(part)))" : of(part)
        }
        func grouped(_ part: Arithmetic) -> String {
            switch part {
            case .sum(let parts) where parts.count > 1: "(\(of(part)))"
            case .difference: "(\(of(part)))"
            default: term(part)
            }
        }
        // A part of a sum.
        func term(_ part: Arithmetic) -> String {
            switch part {
            case .halfUp: framed(part, by: words.halfUp)
            case .floor: framed(part, by: words.floor)
            case .ceiling: framed(part, by: words.ceiling)
            case .atLeastZero: framed(part, by: words.atLeastZero)
            default: of(part)
            }
        }
        func divisor(_ part: Arithmetic) -> String {
            if case .product(let parts) = part, parts.count > 1 { "(\(of(part)))" } else { grouped(part) }
        }
        func put(_ text: String, into frame: String) -> String {
            guard let place = frame.firstRange(of: "{}") else { return frame + text }
            return frame.replacingCharacters(place, with: text)
        }
        return switch self {
        case .input(let name, let value): leaf(name, value)
        case .sum(let parts): parts.isEmpty ? "0" : parts.map(term).joined(separator: " + ")
        case .difference(let a, let b): "\(term(a))\(words.minus)\(grouped(b))"
        case .product(let parts): parts.map(grouped).joined(separator: words.times)
        case .halfUp(let a, let b): put("\(grouped(a))\(words.by)\(divisor(b))", into: words.halfUp)
        case .floor(let a, let b): put("\(grouped(a))\(words.by)\(divisor(b))", into: words.floor)
        case .ceiling(let a, let b): put("\(grouped(a))\(words.by)\(divisor(b))", into: words.ceiling)
        case .atLeastZero(let a): put(of(a), into: words.atLeastZero)
        case .least(let a, let b): put("\(term(a))\(words.and)\(term(b))", into: words.least)
        }
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
