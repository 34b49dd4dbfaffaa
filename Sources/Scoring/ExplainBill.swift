import Tariffs
import Water

/// The bill: the month's own line by line, and those that other litres would have had.
extension ExplanationList {
    mutating func addBill() {
        guard let bill else { return }
        for (index, bound) in bill.boundsLitres.enumerated() {
            add(
                "billing.bill.bounds_litres.\(index)", bound, .litres, .tierBound, .input("bound_litres", bound),
                by: statement.tariff)
        }
        for (index, line) in bill.lines.enumerated() { add(line, of: bill, "billing.bill.lines.\(index)") }
        add(
            "billing.bill.total_fen", bill.total.fen, .fen, .billTotal,
            .sum(bill.lines.map { .input("line_fen", $0.amount.fen) }), by: statement.tariff)
        give("billing.bill.tier", Int64(bill.tier), .number, .tierReached, by: statement.tariff)
        // Of a home whose size is unknown the tariff's base size.
        let isKnown = statement.persons != nil
        give(
            "billing.bill.persons", Int64(bill.persons), .persons, isKnown ? .registered : .setByFile,
            by: isKnown ? nil : statement.tariff)
        if let left = bill.litresToNextTier { addLeft(left, of: bill) }
    }

    private mutating func addLeft(_ left: Int64, of bill: Bill) {
        let (key, place) = ("billing.bill.litres_to_next_tier", bill.tier - 1)
        if bill.boundsLitres.indices.contains(place) {
            let arithmetic = Arithmetic.difference(
                .input("bound_litres", bill.boundsLitres[place]), .input("period_litres", periodLitres))
            if arithmetic.value == left {
                return add(key, left, .litres, .toNextTier, arithmetic, by: statement.tariff)
            }
        }
        // Of a month that two versions share, the last version's part alone fills its bounds.
        give(key, left, .litres, .toNextTier, by: statement.tariff)
    }

    private mutating func add(_ line: BillLine, of bill: Bill, _ key: String) {
        give("\(key).tier", line.tier.map(Int64.init), .number, .setByFile, by: statement.tariff)
        let fen = line.amount.fen
        guard line.unit == .cubicMetre, let divisor = line.priceYuanPerM3.fenDivisor else {
            give("\(key).litres", line.litres, .litres, .tierVolume, by: statement.tariff)
            return add("\(key).fen", fen, .fen, .fixedCharge, .input("fen", fen), by: statement.tariff)
        }
        let volume = volume(of: line, bill)
        add(
            "\(key).litres", line.litres, .litres, .tierVolume, volume, by: statement.tariff,
            isShown: line.tier != nil)
        add(
            "\(key).fen", fen, .fen, .billLine, cost(of: line.litres, at: line.priceYuanPerM3, divisor),
            by: statement.tariff)
    }

    private func cost(of litres: Int64, at price: ExactDecimal, _ divisor: Int64) -> Arithmetic {
        .halfUp(
            .product([.input("litres", litres), .input("price_without_point", price.scaled)]), by: .input("", divisor))
    }

    /// What the month adds to a tier: the part of the period's litres that lies in it, less the part of those before the
    /// month. Of a month that two versions share, the volume as it stands.
    private func volume(of line: BillLine, _ bill: Bill) -> Arithmetic {
        let volume = volume(of: line, bill, own, period: .input("period_litres", periodLitres))
        return volume.value == line.litres ? volume : .input("litres", line.litres)
    }

    /// The same of any month's litres; `period`: with those before the month.
    private func volume(of line: BillLine, _ bill: Bill, _ litres: Arithmetic, period: Arithmetic) -> Arithmetic {
        let (bounds, before) = (bill.boundsLitres, periodLitres &- statement.use.litres)
        func within(_ litres: Arithmetic, _ tier: Int) -> Arithmetic {
            let reached = tier <= bounds.count ? .least(litres, .input("bound_litres", bounds[tier - 1])) : litres
            guard tier > 1, tier - 2 < bounds.count else { return reached }
            return .difference(reached, .least(litres, .input("bound_before_litres", bounds[tier - 2])))
        }
        guard let tier = line.tier, tier > 0 else { return litres }
        let volume = within(period, tier)
        return before == 0 ? volume : .difference(volume, within(.input("before_month_litres", before), tier))
    }

    var periodLitres: Int64 { statement.analysis?.periodLitres ?? statement.use.litres }

    /// The bill that the same month would have had of `litres`, line by line; `name` is what it goes by where the
    /// statement does not tell how it is made up.
    mutating func addBillOfOther(_ key: String, _ other: Money, of litres: Int64, named name: String) {
        let lines = bill.flatMap { linesOfOther($0, litres) }
        let arithmetic = lines?.value == other.fen ? lines : nil
        add(key, other.fen, .fen, .billOfOther, arithmetic ?? .input(name, other.fen), by: statement.tariff)
    }

    /// The own bill's lines with other litres, those of tiers that nothing falls in left out; nil where the volume of one
    /// is beyond 64 bits or its price beyond what a fen is made of. Right for months that one version of the tariff prices.
    private func linesOfOther(_ bill: Bill, _ litres: Int64) -> Arithmetic? {
        let period = periodLitres &- statement.use.litres &+ litres
        var lines: [Arithmetic] = []
        for line in bill.lines {
            guard line.unit == .cubicMetre else {
                lines.append(.input("fixed_fen", line.amount.fen))
                continue
            }
            let volume = volume(of: line, bill, .input("", litres), period: .input("", period))
            guard let part = volume.value, let divisor = line.priceYuanPerM3.fenDivisor else { return nil }
            if part == 0, line.tier != nil { continue }
            lines.append(cost(of: part, at: line.priceYuanPerM3, divisor))
        }
        return .sum(lines)
    }

    /// The own bill less another, at least 0.
    func less(than other: Arithmetic) -> Arithmetic {
        .atLeastZero(.difference(.input("bill_fen", bill?.total.fen ?? 0), other))
    }
}

extension ExactDecimal {
    /// litres × the digits of a price in yuan per m³ / this = fen: 1,000 L and 100 fen leave ten, and ten for each decimal.
    var fenDivisor: Int64? {
        (0...9).contains(decimals) ? (0..<decimals).reduce(Int64(10)) { ten, _ in ten * 10 } : nil
    }
}
