import Scoring
import Water

/// 本月至今: the month under way, what it comes to, and how that is worked out.
struct OutlookPart: Sendable {
    let heading: String
    let soFar: String
    let expected: String
    let warnings: [String]
    let explanation: [String]

    init(_ outlook: Outlook, texts t: Texts) {
        heading = t("outlook_heading", ["month": t.month(outlook.month)])
        soFar = t("outlook_so_far", ["days": "\(outlook.knownDays)", "litres": t.litres(outlook.soFarLitres)])
        guard let forecast = outlook.forecast else {
            expected = t("outlook_too_early")
            warnings = []
            explanation = []
            return
        }
        let values: KeyValuePairs = [
            "expected": t.litres(forecast.expectedLitres), "lowest": t.litres(forecast.lowestLitres),
            "highest": t.litres(forecast.highestLitres), "yuan": t.yuan(forecast.bill ?? .zero),
        ]
        expected = t(forecast.bill == nil ? "outlook_expected_litres" : "outlook_expected", values)
        warnings = outlook.warnings.map { warning in
            t(
                "outlook_warning",
                [
                    "what": t("limit_\(warning.limit.rawValue)"), "limit": t.litres(warning.limitLitres),
                    "percent": t.number(warning.percent),
                ])
        }
        explanation = OutlookPart.arithmetic(outlook, forecast, t)
    }

    private static func arithmetic(_ outlook: Outlook, _ forecast: Outlook.Forecast, _ t: Texts) -> [String] {
        let sum = outlook.basis.reduce(0, +)
        return [
            t(
                "outlook_arithmetic",
                [
                    "so_far": t.number(outlook.soFarLitres), "sum": t.number(sum), "n": "\(outlook.basis.count)",
                    "left": "\(outlook.daysLeft)", "expected": t.litres(forecast.expectedLitres),
                ]),
            t("outlook_basis", ["days": outlook.basis.map(t.number).joined(separator: t("list_comma"))]),
            t("outlook_interval", ["n": "\(outlook.basis.count)", "left": "\(outlook.daysLeft)"]),
        ]
    }
}
