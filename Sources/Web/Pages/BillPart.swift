import Tariffs
import Water

/// Tier position and the bill's lines with their arithmetic.
struct BillPart: Sendable {
    let position: String
    let tiers: [Tier]
    let lines: [Line]
    let total: String
    let assumptions: [String]

    struct Tier: Sendable {
        let name: String
        let range: String
        let used: String
        let filledPerMille: Int
        let isCurrent: Bool
    }

    struct Line: Sendable {
        let name: String
        let arithmetic: String
        let yuan: String
    }

    init(_ bill: Bill, texts t: Texts) {
        let tier = t("tier_\(bill.tier)")
        position =
            bill.boundsLitres.isEmpty
            ? t("tier_none")
            : bill.litresToNextTier.map { t("tier_position", ["tier": tier, "left": t.litres($0)]) }
                ?? t("tier_position_last", ["tier": tier])
        tiers = BillPart.tiers(bill, t)
        lines = bill.lines.filter { $0.litres > 0 || $0.tier == nil }.map { line in
            Line(
                name: BillPart.name(of: line, t),
                arithmetic: t(
                    line.unit == .month ? "arithmetic_fixed" : "arithmetic",
                    [
                        "volume": t.cubicMetreFigure(line.litres), "price": line.priceYuanPerM3.description,
                        "yuan": line.amount.yuan,
                    ]),
                yuan: line.amount.yuan)
        }
        total = bill.total.yuan
        assumptions = bill.assumptions.map { t("assumption_\($0.rawValue)", ["persons": "\(bill.persons)"]) }
    }

    static func name(of line: BillLine, _ t: Texts) -> String {
        let known = t.words["bill_line_\(line.name)"] ?? line.name
        return line.tier.map { t("bill_line_tier", ["name": known, "tier": t("tier_\($0)")]) } ?? known
    }

    /// One row a tier: how much of it is used. The last tier has no end; its row fills by the tier before it.
    private static func tiers(_ bill: Bill, _ t: Texts) -> [Tier] {
        let used = bill.lines.first { $0.tier != nil }.map { line in bill.lines.filter { $0.name == line.name } } ?? []
        return used.enumerated().map { index, line in
            let start = index == 0 ? 0 : bill.boundsLitres[index - 1]
            let end = index < bill.boundsLitres.count ? bill.boundsLitres[index] : nil
            let room = (end ?? start * 2) - start
            let filled = multiplyThenFloorDivide(min(line.litres, room), 1_000, by: max(room, 1)) ?? 0
            let values: KeyValuePairs = [
                "from": t.cubicMetreFigure(start).trimmedZeros, "to": t.cubicMetreFigure(end ?? start).trimmedZeros,
                "price": line.priceYuanPerM3.description,
            ]
            return Tier(
                name: t("tier_\(index + 1)"), range: t(end == nil ? "tier_range_open" : "tier_range", values),
                used: t.cubicMetres(line.litres), filledPerMille: Int(filled), isCurrent: index + 1 == bill.tier)
        }
    }
}

extension String {
    /// A decimal without the zeros that end it: `13.500` is `13.5`, `9.000` is `9`.
    var trimmedZeros: String {
        guard contains(".") else { return self }
        var text = self[...]
        while text.last == "0" { text = text.dropLast() }
        return String(text.last == "." ? text.dropLast() : text)
    }
}
