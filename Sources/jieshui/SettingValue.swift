import Foundation

/// What stands in a settings file as a setting's value, in the kinds that settings tell apart.
enum SettingValue {
    case text
    case wholeNumber
    case truth(Bool)
    /// A list of texts, also an empty one.
    case texts
    /// Anything else, in words. A number is not shown: it may be a secret.
    case other(String)

    init(_ value: Any) {
        switch value {
        case is String: self = .text
        case let number as NSNumber: self = Self.number(number)
        case is [String]: self = .texts
        case is [Any]: self = .other("a list that is not of texts alone")
        case is [String: Any]: self = .other("an empty object")
        default: self = .other("null")
        }
    }

    private static func number(_ number: NSNumber) -> SettingValue {
        // Foundation has true and false as numbers too, of a class of their own.
        if type(of: number) == type(of: NSNumber(value: true)) { return .truth(number.boolValue) }
        if Int(exactly: number) != nil { return .wholeNumber }
        let value = number.doubleValue
        return .other(value.rounded() == value ? "a number that is too large" : "a number with a fraction")
    }
}

extension SettingValue: CustomStringConvertible {
    var description: String {
        switch self {
        case .text: "text"
        case .wholeNumber: "a whole number"
        case .truth(let isTrue): isTrue ? "true" : "false"
        case .texts: "a list"
        case .other(let words): words
        }
    }
}

/// A value of a settings file that is of no kind its setting takes: it would leave the setting at its default unheard.
struct MisfitValue: CustomStringConvertible {
    let setting: SettingKey
    let found: SettingValue

    var description: String { "\(setting.rawValue) is \(found), not \(setting.taken)" }
}

extension SettingKey {
    /// The values of a settings file that are of no kind their settings take, by name.
    static func misfits(inFile object: [String: Any]) -> [MisfitValue] {
        values(in: object).sorted { $0.name < $1.name }.compactMap { name, value in
            let found = SettingValue(value)
            guard let setting = SettingKey(rawValue: name), !setting.takes(found) else { return nil }
            return MisfitValue(setting: setting, found: found)
        }
    }

    private func takes(_ value: SettingValue) -> Bool {
        switch value {
        case .text, .wholeNumber: true
        case .truth: isSwitch
        case .texts: self == .allowTargets
        case .other: false
        }
    }

    /// What it takes, in words. A switch takes text and 0 and 1 too, a list its parts with commas between.
    fileprivate var taken: String {
        if isSwitch { return "true or false" }
        return self == .allowTargets ? "a list of texts" : "text or a whole number"
    }

    private var isSwitch: Bool {
        switch self {
        case .behindTLS, .trustForwardedFor, .allowPrivateTargets: true
        default: false
        }
    }
}
