public import Water

/// A believed register of a meter that a register given by a person cannot stand beside.
public struct RegisterContradiction: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Below what the meter showed before, by more than the register's step.
        case belowEarlier
        /// Further above what it showed before than the meter and its pipe pass in the time.
        case beyondFlowSinceEarlier
        /// Above what it showed later, by more than the register's step.
        case aboveLater
        /// Further below what it showed later than the meter and its pipe pass in the time.
        case beyondFlowUntilLater
    }

    public let kind: Kind
    /// What was given.
    public let given: Volume
    /// What the meter is believed to have shown, and when.
    public let register: Volume
    public let at: Instant
    /// The most that passes between the two, one step of the register and clock error allowed.
    public let most: Volume

    /// How far the two lie apart.
    public var difference: Volume { given > register ? given - register : register - given }
}

/// What speaks against a register that somebody says a meter showed at `instant`: the last believed one up to then,
/// else the first after it. nil where neither does, as where a register went through its modulus.
///
/// `judged`: by what the meter is believed without what is said.
public func contradiction(
    of given: Volume, at instant: Instant, to judged: JudgedMeter, rules: MeteringRules
) -> RegisterContradiction? {
    let limit = FlowLimit(judged.installation, rules: rules)
    let last = judged.lastIndex(atOrBefore: instant)
    let next = last.map { $0 + 1 } ?? 0
    if let last {
        let earlier = judged.believed[last]
        let found = limit.fault(from: earlier.register, to: given, in: instant - earlier.at)
        if let found { return found.contradiction(of: given, to: earlier, isLater: false) }
    }
    guard next < judged.believed.count else { return nil }
    let later = judged.believed[next]
    return limit.fault(from: given, to: later.register, in: later.at - instant)?
        .contradiction(of: given, to: later, isLater: true)
}

/// Why a register cannot follow another.
private struct StepFault {
    let isFall: Bool
    let most: Volume

    func contradiction(of given: Volume, to believed: BelievedReading, isLater: Bool) -> RegisterContradiction {
        let kind: RegisterContradiction.Kind =
            if isLater { isFall ? .aboveLater : .beyondFlowUntilLater } else {
                isFall ? .belowEarlier : .beyondFlowSinceEarlier
            }
        return RegisterContradiction(
            kind: kind, given: given, register: believed.register, at: believed.at, most: most)
    }
}

extension FlowLimit {
    /// nil where the later register follows the earlier one, `seconds` before it.
    fileprivate func fault(from earlier: Volume, to later: Volume, in seconds: Int64) -> StepFault? {
        let (from, to) = (earlier.millilitres, later.millilitres)
        let most = Volume(millilitres: most(in: seconds))
        // Beyond what any meter shows: the sums of a step are not made for it.
        guard FlowLimit.registers.contains(from), FlowLimit.registers.contains(to) else {
            return StepFault(isFall: to < from, most: most)
        }
        switch step(from: from, to: to, in: seconds) {
        case .flow, .rollover: return nil
        case .tooFast: return StepFault(isFall: false, most: most)
        case .reverseFlow, .fall, .otherStep: return from - to <= resolution ? nil : StepFault(isFall: true, most: most)
        }
    }
}
