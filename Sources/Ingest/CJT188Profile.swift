import Water

/// How one model of meter fills the frame of CJ/T 188. Source of the differences: protocols.md, 1.5.
public struct CJT188Profile: Sendable, Hashable {
    /// 1 to 64 of `a-z 0-9 -`.
    public let name: String
    /// The first four digits of the printed number (A6 A5) of the meters it is for; empty for any.
    public internal(set) var makers: [String] = []
    /// T of the meters it is for, 10 to 19 hexadecimal; empty for any.
    public internal(set) var types: [UInt8] = []
    /// Names of published frames that the program's own tests prove it by; empty in a city's own profile.
    public internal(set) var frames: [String] = []
    /// The frames that prove it wherever it is read.
    public internal(set) var proofs: [CJT188Proof] = []
    /// What the two bytes of ST mean. FFFF means nothing in any profile.
    var alarms: [CJT188Alarm] = []
    /// Decimals of the eight digits with unit code 29 (litre), 0–3; every other unit has two.
    var litreDecimals = 2
    var identifier = IdentifierOrder.either
    var clock = ClockOrder.either
    /// The day of the month, 1–28, at whose beginning the register is stored.
    var settlementDay = 1
    /// True where nobody has said it of this model.
    var isSettlementDayAssumed = true
    var halfHours = HalfHourLabel.end
    var halfHourUnit = HalfHourUnit.millilitre

    init(name: String) { self.name = name }

    /// The order of the two bytes that name the data.
    enum IdentifierOrder: String, Sendable, CaseIterable {
        /// `90 1F` and `1F 90`.
        case either
        /// `90 1F`.
        case high
        /// `1F 90`.
        case low
    }

    /// What the time of a half hour's slot means.
    enum HalfHourLabel: String, Sendable, CaseIterable {
        /// The half hour that ends then.
        case end
        /// The half hour that starts then.
        case start
        /// The slots are passed over.
        case none
    }

    /// What one count of a half hour's slot is.
    enum HalfHourUnit: String, Sendable, CaseIterable {
        /// The last digit of the register.
        case register
        case millilitre
    }
}

/// An alarm that a byte of ST raises where `byte & mask == value`.
struct CJT188Alarm: Sendable, Hashable {
    let code: AlertCode
    /// 0 for the byte that is sent first.
    let byte: Int
    let mask: UInt8
    let value: UInt8
}

/// The profiles of a service: the one for every meter, and those that a maker's code or a type chooses.
public struct CJT188Profiles: Sendable {
    /// At least the one named `standard`, which serves where no other fits. Names are unique.
    public let all: [CJT188Profile]
    private let standard: CJT188Profile
    /// A maker says more than a type; of equals the one that stands first.
    private let choices: [Choice]

    private struct Choice: Sendable {
        let profile: CJT188Profile
        let maker: UInt16?
        let type: UInt8?
    }

    init(all: [CJT188Profile], standard: CJT188Profile) {
        self.all = all
        self.standard = standard
        var choices: [Choice] = []
        for profile in all where !(profile.makers.isEmpty && profile.types.isEmpty) {
            let makers = profile.makers.isEmpty ? [nil] : profile.makers.map { UInt16($0, radix: 16) }
            let types = profile.types.isEmpty ? [nil] : profile.types.map(Optional.some)
            for maker in makers {
                for type in types { choices.append(Choice(profile: profile, maker: maker, type: type)) }
            }
        }
        self.choices =
            choices.filter { $0.maker != nil && $0.type != nil } + choices.filter { $0.maker != nil && $0.type == nil }
            + choices.filter { $0.maker == nil }
    }

    /// The profile of a name; nil where there is none.
    public func named(_ name: String) -> CJT188Profile? { all.first { $0.name == name } }

    /// The profile for a maker's four packed digits and a type.
    func profile(maker: UInt16, type: UInt8) -> CJT188Profile {
        for choice in choices where choice.maker ?? maker == maker && choice.type ?? type == type {
            return choice.profile
        }
        return standard
    }
}
