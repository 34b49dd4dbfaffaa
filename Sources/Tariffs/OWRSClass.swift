import Water

/// What an imported class charges.
struct OWRSCharges {
    /// Where each tier but the first starts, in the file's unit.
    var starts: [PersonsLine] = []
    /// Where the file says so, for refusals.
    var startsPlace: Located?
    var lines: [(name: String, prices: Prices)] = []

    /// In the file's currency; a volume price is per unit, a fixed one per billing period.
    enum Prices {
        case flat(Fraction)
        case tiered([Fraction])
        case fixed(Fraction)
    }
}

/// One customer class of an OWRS file while it is read.
struct OWRSClass {
    let origin: Located
    let values: [String: String]
    let heading: OWRSHeading
    private(set) var notes: [String] = []
    /// The unit in force: the heading's, else that of the first price formula; nil where neither names one.
    var unit: OWRSUnit?
    /// Of `values`, the names that decided something.
    private(set) var used: Set<String> = []
    /// The formulas being followed, outermost first.
    private var underWay: [String] = []
    /// Some files name `tier_starts_commodity` what others name `tier_starts`.
    private var suffix = ""

    init(origin: Located, values: [String: String], heading: OWRSHeading) {
        self.origin = origin
        self.values = values
        self.heading = heading
        self.unit = heading.unit
    }

    /// Follows `bill`, a sum of charges: those that a tariff can hold become lines, the others are noted.
    mutating func charges() throws(FileRefusal) -> OWRSCharges {
        let bill = try origin.required("bill")
        guard let formula = bill.plain, !formula.isEmpty else { throw bill.bad("a sum of charges") }
        var charges = OWRSCharges()
        for term in terms(of: formula) {
            if !(try carry(term, into: &charges)) { notes.append("charge \(term) of the bill is left out") }
        }
        guard charges.lines.contains(where: { if case .fixed = $0.prices { false } else { true } }) else {
            throw bill.bad("a sum with a flat, tiered or budget charge on the volume")
        }
        return charges
    }

    private mutating func carry(_ name: String, into charges: inout OWRSCharges) throws(FileRefusal) -> Bool {
        guard let place = origin.member(name), let value = try resolved(place), let text = value.plain else {
            return false
        }
        switch text.lowercased() {
        case "tiered", "budget":
            guard charges.starts.isEmpty else { return false }
            suffix = "_" + name.replacing("_charge", with: "")
            guard name == "commodity_charge" || origin.member("tier_starts" + suffix) != nil else { return false }
            try readTiers(into: &charges, named: name)
        default:
            if let number = Fraction(text) {
                if number != .zero { charges.lines.append((name, .fixed(number))) }
            } else if let price = try pricePerUnit(text, of: Located(file: value.file, key: name, node: value.node)) {
                charges.lines.append((name, .flat(price)))
            } else {
                return false
            }
        }
        return true
    }

    /// The value behind `depends_on`, by the columns' given values; itself where it does not depend; nil, noted, where
    /// a column has no given value.
    mutating func resolved(_ place: Located) throws(FileRefusal) -> Located? {
        guard place.isMapping else { return place }
        let columns = try place.required("depends_on")
        let names = columns.plainList
        let table = try place.required("values")
        let given = names.compactMap { values[$0] }
        used.formUnion(names.filter { values[$0] != nil })
        guard !names.isEmpty, given.count == names.count else {
            notes.append("\(place.key) depends on \(names.joined(separator: ", ")): give a value to carry it over")
            return nil
        }
        let key = given.joined(separator: "|")
        guard let found = table.member(key) else {
            let pairs = names.map { "\($0)=\(told(values[$0] ?? ""))" }.joined(separator: " --value ")
            let known = table.keys.joined(separator: ", ")
            throw table.refusal(
                .badOption("--value", given: pairs, expected: "one of \(known), as `\(place.key)` has them"))
        }
        notes.append("\(place.key) is that of \(key)")
        return found
    }

    private mutating func readTiers(into charges: inout OWRSCharges, named name: String) throws(FileRefusal) {
        let place = try part("tier_starts")
        let pricePlace = try part("tier_prices")
        guard let starts = try resolved(place) else { throw place.bad(unknown(place)) }
        guard let prices = try resolved(pricePlace) else { throw pricePlace.bad(unknown(pricePlace)) }
        let bounds = try starts.list()
        guard let first = bounds.first, first.plain == "0" else { throw starts.bad("a list that starts at 0") }
        charges.startsPlace = starts
        for bound in bounds.dropFirst() { charges.starts.append(try start(bound)) }
        var found: [Fraction] = []
        for price in try prices.list() {
            guard let value = price.plain.flatMap({ Fraction($0) }) else { throw price.bad("a price") }
            found.append(value)
        }
        guard found.count == bounds.count else {
            throw prices.refusal(.priceCount(line: name, prices: found.count, tiers: bounds.count))
        }
        charges.lines.append((name, .tiered(found)))
    }

    private func unknown(_ place: Located) -> String {
        let columns = place.member("depends_on")?.plainList ?? []
        return "given a value for " + columns.filter { values[$0] == nil }.joined(separator: ", ")
    }

    private func part(_ key: String) throws(FileRefusal) -> Located {
        if let suffixed = origin.member(key + suffix) { return suffixed }
        return try origin.required(key)
    }

    /// A tier's start: a number, a percentage of the budget, or a named volume as `indoor`.
    private mutating func start(_ bound: Located) throws(FileRefusal) -> PersonsLine {
        let expected = "a volume, a percentage of the budget, or a named volume of numbers, given values and hhsize"
        guard let text = bound.plain else { throw bound.bad(expected) }
        if let number = Fraction(text) { return PersonsLine(standing: number) }
        if text.hasSuffix("%") {
            let budget = try sum(of: origin.member("budget" + suffix) != nil ? "budget" + suffix : "budget")
            guard let share = Fraction(String(text.dropLast())), let budget, budget != PersonsLine(),
                let part = share.times(Fraction(1, 100)).flatMap({ budget.times($0) })
            else { throw bound.bad(expected) }
            return part
        }
        guard let named = try sum(of: text), named != PersonsLine() else { throw bound.bad(expected) }
        return named
    }

    /// A sum of products, term by term; a term that needs an unknown column is noted and left out.
    private mutating func sum(of name: String) throws(FileRefusal) -> PersonsLine? {
        guard let place = origin.member(name), let formula = place.plain else { return nil }
        if let start = underWay.firstIndex(of: name) {
            let circle = (underWay[start...] + [name]).joined(separator: ", ")
            throw place.bad("a formula that does not come back to itself: \(circle)")
        }
        guard underWay.count < 8 else { throw place.bad("a formula at most 8 names deep") }
        underWay.append(name)
        defer { underWay.removeLast() }
        var total = PersonsLine()
        for term in terms(of: formula) {
            let isName = origin.member(term) != nil && Fraction(term) == nil
            guard let part = isName ? try sum(of: term) : try product(term, at: place) else {
                note("\(name) is taken without \(term), which needs values that are not given")
                continue
            }
            guard let next = total.plus(part) else { return nil }
            total = next
        }
        return total
    }

    /// Numbers, `(1/748)`, given columns, other formulas and at most one `hhsize`, with `*` between.
    private mutating func product(_ term: String, at place: Located) throws(FileRefusal) -> PersonsLine? {
        var product = PersonsLine(standing: Fraction(1, 1))
        for piece in term.split(separator: "*").map(String.init) {
            let line: PersonsLine
            if piece == "hhsize" {
                line = PersonsLine(perPerson: Fraction(1, 1))
            } else if let value = try number(piece, at: place) {
                line = PersonsLine(standing: value)
            } else if let found = try sum(of: piece) {
                line = found
            } else {
                return nil
            }
            if line.perPerson == .zero {
                guard let next = product.times(line.standing) else { return nil }
                product = next
            } else {
                guard product.perPerson == .zero, let next = line.times(product.standing) else { return nil }
                product = next
            }
        }
        return product
    }

    private mutating func number(_ piece: String, at place: Located) throws(FileRefusal) -> Fraction? {
        if let value = Fraction(piece.filter { $0 != "(" && $0 != ")" }) { return value }
        if let text = origin.member(piece)?.plain, let value = Fraction(text) { return value }
        if let given = values[piece] {
            used.insert(piece)
            let isOfDays = piece == Self.days
            guard let value = Fraction(given), !isOfDays || (value.isAbove(0) && !value.isAbove(366)) else {
                let expected = isOfDays ? "a number of days above 0 and at most 366" : "a number from 0"
                throw place.refusal(
                    .badOption(
                        "--value", given: "\(piece)=\(told(given))", expected: expected + ", with at most 9 decimals"))
            }
            note("\(piece) is taken as \(given) for every household and period")
            return value
        }
        if piece == Self.days {
            note("days_in_period is taken as a twelfth of 365 days for each month")
            return Fraction(365 * Int128(heading.months), 12)
        }
        return nil
    }

    /// The column of a period's days.
    private static let days = "days_in_period"

    private func terms(of formula: String) -> [String] {
        formula.filter { $0 != " " }.split(separator: "+").map(String.init)
    }

    mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }
}
