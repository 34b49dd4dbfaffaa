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
    /// A rise that the meter cannot pass in the time, or that no home lets run for so long.
    case tooFast
    /// A fall, or such a rise, that a change of the register's step explains.
    case otherStep

    /// True where nothing is to be judged.
    var follows: Bool {
        switch self {
        case .flow, .rollover: true
        case .reverseFlow, .fall, .tooFast, .otherStep: false
        }
    }
}

/// What one meter can do: its overload flow Q4 or what its pipe passes, its register's step and modulus.
struct FlowLimit {
    /// Registers above 10^9 m³ are not a household meter's; the bound also keeps every sum within 64 bits.
    static let highestRegister: Int64 = 1_000_000_000_000_000
    static let registers: ClosedRange<Int64> = 0...highestRegister
    private static let highestVouched: Int64 = 100_000_000_000
    /// Longer pairs are compared as if so long: ten years at any flow is past any register.
    private static let longestSeconds: Int64 = 320_000_000

    private let millilitresPerHour: Int64
    private let nominalMillilitresPerHour: Int64
    private let pipeMillilitresPerHour: Int64
    private let slackSeconds: Int64
    let resolution: Int64
    private let reverse: Int64
    let modulus: Int64?

    init(_ installation: MeterInstallation, rules: MeteringRules) {
        let nominal = installation.nominalFlowLitresPerHour ?? rules.defaultNominalFlowLitresPerHour
        let bounded = min(max(nominal, 1), 1_000_000)
        nominalMillilitresPerHour = bounded * 1_000
        pipeMillilitresPerHour = min(max(rules.pipeCapacityLitresPerHour, 1), 1_000_000) * 1_000
        millilitresPerHour = min(
            bounded * min(max(rules.overloadHundredths, 100), 1_000) * 10, pipeMillilitresPerHour)
        slackSeconds = min(max(rules.stampSlackSeconds, 0), 86_400)
        resolution = min(max(installation.resolution.millilitres, 1), 1_000_000_000)
        reverse = min(max(rules.reverseFlowLitres, 0), 1_000_000) * 1_000
        let modulus = installation.modulus?.millilitres ?? 0
        self.modulus = modulus > 0 && modulus <= FlowLimit.highestRegister ? modulus : nil
    }

    /// True for a rise of 0 or more that Q4 and the pipe pass in `seconds`, clock error and one register step allowed, and
    /// over more than a day a home: the overload flow would pass any other register over a long silence. Beyond the first
    /// day no more than a tenth of Q3 is believed to have run, which is several times what a household uses.
    func passes(_ rise: Int64, in seconds: Int64) -> Bool {
        overloadPasses(rise, in: seconds) && rise <= believable(in: seconds, fully: 86_400, then: 10)
    }

    /// True where the rise needs no more than Q4 and the pipe pass, however long that would have run.
    func overloadPasses(_ rise: Int64, in seconds: Int64) -> Bool { passes(rise, in: seconds, at: millilitresPerHour) }

    /// True where the rise needs no more than Q3.
    func passesNominally(_ rise: Int64, in seconds: Int64) -> Bool {
        passes(rise, in: seconds, at: nominalMillilitresPerHour)
    }

    /// True where the rise needs no more than the pipe passes, whatever the meter.
    func pipePasses(_ rise: Int64, in seconds: Int64) -> Bool { passes(rise, in: seconds, at: pipeMillilitresPerHour) }

    /// The most that passes in `seconds`, millilitres, as `passes` has it.
    func most(in seconds: Int64) -> Int64 {
        let length = min(max(seconds, 0), FlowLimit.longestSeconds) + slackSeconds
        return min(
            resolution + floorDivide(millilitresPerHour * length, by: 3_600),
            believable(in: seconds, fully: 86_400, then: 10))
    }

    /// True for a rise of 0 or more that a home can have used in `seconds`: Q4 for an hour, then a thirtieth of Q3, two
    /// cubic metres a day for a usual meter.
    func continues(_ rise: Int64, in seconds: Int64) -> Bool {
        overloadPasses(rise, in: seconds) && rise <= believable(in: seconds, fully: 3_600, then: 30)
    }

    private func passes(_ rise: Int64, in seconds: Int64, at millilitresPerHour: Int64) -> Bool {
        guard rise >= 0 else { return false }
        let length = min(seconds, FlowLimit.longestSeconds) + slackSeconds
        return (rise - resolution) * 3_600 <= millilitresPerHour * length
    }

    /// What lies between a register and a later one, `seconds` apart. Registers are 0 up to the highest.
    func step(from earlier: Int64, to later: Int64, in seconds: Int64) -> Step {
        let rise = later - earlier
        if rise >= 0 { return passes(rise, in: seconds) ? .flow : .tooFast }
        if isReverse(-rise) { return .reverseFlow }
        if let modulus, earlier < modulus, passes(rise + modulus, in: seconds) { return .rollover }
        return .fall
    }

    /// Q4 for the first seconds, a part of Q3 for the rest; a time no longer than those bounds nothing.
    private func believable(in seconds: Int64, fully full: Int64, then part: Int64) -> Int64 {
        let length = min(seconds, FlowLimit.longestSeconds)
        guard length > full else { return .max }
        return resolution + millilitresPerHour * full / 3_600
            + nominalMillilitresPerHour / part * (length - full) / 3_600
    }

    /// As above; a rise to a register that staff accepted counts however fast, up to 100,000 m³.
    func step(from earlier: Int64, to later: ShownRegister, in seconds: Int64) -> Step {
        let step = step(from: earlier, to: later.register, in: seconds)
        let isCounted = later.isVouchedFor && step == .tooFast && later.register - earlier <= FlowLimit.highestVouched
        return isCounted ? .flow : step
    }

    /// True for a decrease that water flowing back explains: by a register's step at least, which a drop may turn back.
    func isReverse(_ decrease: Int64) -> Bool { decrease <= max(reverse, resolution) }
}
