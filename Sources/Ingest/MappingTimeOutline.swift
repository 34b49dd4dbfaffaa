/// One way in which texts of a time are written: how many digits each field has, and what stands between them.
struct TimeOutline {
    /// The signs, every digit as 0.
    private(set) var signs: [UInt8]
    /// What each sign tells: a field by its letter, Z an offset; what stands for itself as it is.
    private var told: String
    /// What each sign may be.
    private var choices: [ClosedRange<UInt8>]
    /// Another digit would belong to the last field.
    private var isOpen: Bool

    static let empty = TimeOutline([], telling: "0")
    private static let zero = UInt8(ascii: "0")

    init(_ choices: [ClosedRange<UInt8>], telling letter: Character, isOpen: Bool = false) {
        signs = choices.map { $0.lowerBound.decimalDigit == nil ? $0.lowerBound : TimeOutline.zero }
        told = String(repeating: letter, count: choices.count)
        self.choices = choices
        self.isOpen = isOpen
    }

    /// nil where the other's first digit would be read into this one's last field.
    func followed(by other: TimeOutline) -> TimeOutline? {
        if isOpen, other.signs.first == TimeOutline.zero { return nil }
        var whole = self
        whole.signs += other.signs
        whole.told += other.told
        whole.choices += other.choices
        whole.isOpen = other.isOpen
        return whole
    }

    /// Whether a text may be written in both ways and tell another time by each.
    func clashes(with other: TimeOutline) -> Bool {
        signs == other.signs && told != other.told && zip(choices, other.choices).allSatisfy { $0.overlaps($1) }
    }

    /// Digits before the point of a text that may be a plain number; nil for all other texts.
    var wholeDigits: Int? {
        let whole = signs.prefix { $0 == TimeOutline.zero }
        let rest = signs.dropFirst(whole.count)
        if rest.isEmpty { return whole.count }
        let isFraction = rest.first == UInt8(ascii: ".") && rest.dropFirst().allSatisfy { $0 == TimeOutline.zero }
        return isFraction && rest.count > 1 ? whole.count : nil
    }
}

extension TimeForm {
    /// Whether a text fits two of the forms and means another time by each.
    static func clash(_ forms: [TimeForm]) -> Bool {
        let epochs = forms.compactMap(\.epochDigits)
        if epochs.count > 1 { return true }
        var seen: [[UInt8]: [TimeOutline]] = [:]
        for form in forms {
            let outlines = form.outlines
            for outline in outlines {
                if let digits = outline.wholeDigits, epochs.contains(where: { $0.contains(digits) }) { return true }
                if seen[outline.signs]?.contains(where: { outline.clashes(with: $0) }) ?? false { return true }
            }
            for outline in outlines { seen[outline.signs, default: []].append(outline) }
        }
        return false
    }

    /// Digits of an epoch from 2000 to the end of 9999; nil for the other forms.
    private var epochDigits: ClosedRange<Int>? {
        switch self {
        case .epochSeconds: 9...12
        case .epochMilliseconds: 12...15
        case .rfc3339, .pattern: nil
        }
    }

    /// None for an epoch.
    private var outlines: [TimeOutline] {
        switch self {
        case .rfc3339:
            ["YYYY-MM-DDThh:mm:ssZ", "YYYY-MM-DDThh:mm:ss.fZ"].compactMap { TimePattern($0) }.flatMap(\.outlines)
        case .epochSeconds, .epochMilliseconds: []
        case .pattern(let pattern): pattern.outlines
        }
    }
}
