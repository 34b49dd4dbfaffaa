import Water

/// How two registers of one meter may follow each other.
enum Step {
    /// A rise that the meter can pass.
    case flow
    /// A rise through the modulus.
    case rollover
    /// A small decrease.
    case reverseFlow
    /// A larger decrease.
    case fall
    /// A rise that the meter cannot pass in the time.
    case tooFast
}

/// What one meter can do: its overload flow Q4, its register's step and modulus.
struct FlowLimit {
    /// Registers above 10^9 m³ are not a household meter's; the bound also keeps every sum within 64 bits.
    static let highestRegister: Int64 = 1_000_000_000_000_000
    /// Longer pairs are compared as if so long: ten years at any flow is past any register.
    private static let longestSeconds: Int64 = 320_000_000

    private let millilitresPerHour: Int64
    private let slackSeconds: Int64
    private let resolution: Int64
    private let reverse: Int64
    let modulus: Int64?

    init(_ installation: MeterInstallation, rules: MeteringRules) {
        let nominal = installation.nominalFlowLitresPerHour ?? rules.defaultNominalFlowLitresPerHour
        let bounded = min(max(nominal, 1), 1_000_000)
        millilitresPerHour = bounded * min(max(rules.overloadHundredths, 100), 1_000) * 10
        slackSeconds = min(max(rules.stampSlackSeconds, 0), 86_400)
        resolution = min(max(installation.resolution.millilitres, 1), 1_000_000_000)
        reverse = min(max(rules.reverseFlowLitres, 0), 1_000_000) * 1_000
        let modulus = installation.modulus?.millilitres ?? 0
        self.modulus = modulus > 0 && modulus <= FlowLimit.highestRegister ? modulus : nil
    }

    /// True for a rise of 0 or more that Q4 passes in `seconds`, clock error and one register step allowed.
    func passes(_ rise: Int64, in seconds: Int64) -> Bool {
        guard rise >= 0 else { return false }
        let length = min(seconds, FlowLimit.longestSeconds) + slackSeconds
        return (rise - resolution) * 3_600 <= millilitresPerHour * length
    }

    /// What lies between a register and a later one, `seconds` apart. Registers are 0 up to the highest.
    func step(from earlier: Int64, to later: Int64, in seconds: Int64) -> Step {
        let rise = later - earlier
        if rise >= 0 { return passes(rise, in: seconds) ? .flow : .tooFast }
        if let modulus, earlier < modulus, passes(rise + modulus, in: seconds) { return .rollover }
        return -rise <= reverse ? .reverseFlow : .fall
    }
}
