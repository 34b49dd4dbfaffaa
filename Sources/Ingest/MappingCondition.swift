import Water

/// A question about one field of a row or an object.
struct MappingCondition: Sendable, Hashable {
    /// A column or a path.
    let field: String
    private let test: Test

    private enum Test: Hashable {
        case isOneOf([String])
        case isNoneOf([String])
        /// A decimal number above zero.
        case isPositive
    }

    /// `FIELD = A | B`, `FIELD != A | B` or `FIELD > 0`; nil for anything else.
    init?(_ text: String) {
        for (sign, keeps) in [(" != ", false), (" = ", true)] {
            guard let found = text.firstRange(of: sign) else { continue }
            let values = text[found.upperBound...].split(separator: "|").map(\.trimmed).filter { !$0.isEmpty }
            field = text[..<found.lowerBound].trimmed
            test = keeps ? .isOneOf(values) : .isNoneOf(values)
            if field.isEmpty || values.isEmpty { return nil }
            return
        }
        guard text.hasSuffix(" > 0") else { return nil }
        field = text.dropLast(4).trimmed
        test = .isPositive
        if field.isEmpty { return nil }
    }

    /// False for a field that is absent (nil) or empty, whatever is asked.
    func holds(_ value: String?) -> Bool {
        guard let value, !value.isEmpty else { return false }
        switch test {
        case .isOneOf(let values): return values.contains(value)
        case .isNoneOf(let values): return !values.contains(value)
        case .isPositive: return (SenMLNumber(value)?.digits ?? 0) > 0
        }
    }
}

/// A device alarm that a field tells.
struct MappingAlarm: Sendable, Hashable {
    let code: AlertCode
    let condition: MappingCondition

    /// The alarms that hold, and the values that they were read from.
    static func found(
        _ alarms: [MappingAlarm], value: (String) -> String?
    ) -> (alerts: [Alert], raw: String) {
        var alerts: [Alert] = []
        var parts: [String] = []
        for alarm in alarms {
            guard let text = value(alarm.condition.field), !text.isEmpty else { continue }
            let part = "\(alarm.condition.field)=\(text)"
            if !parts.contains(part) { parts.append(part) }
            guard alarm.condition.holds(text) else { continue }
            alerts.append(Alert(code: alarm.code, isCurrent: true, raw: cut(part)))
        }
        return (alerts, cut(parts.joined(separator: " ")))
    }

    /// At most 512 bytes.
    private static func cut(_ text: String) -> String {
        var end = text.endIndex
        while text[..<end].utf8.count > 512 { end = text.index(before: end) }
        return String(text[..<end])
    }
}
