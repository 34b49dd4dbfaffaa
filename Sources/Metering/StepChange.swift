import Water

/// Tells what a change of the register's step explains: decimals cut off or rounded away, or shown again.
struct StepChange {
    /// 10 m³; no household meter shows less.
    static let coarsest: Int64 = 10_000_000
    /// So many readings of the coarser step at least bear a change out.
    private static let fewest = 3
    /// And of so many none may show the finer one.
    private static let looked = 8
    /// A fall to the very register that cutting off leaves is no chance once this many digits agree.
    private static let digitsOfFall = 3
    /// Of one that water flowing back explains as well so many must, or as many of a register that stands for a day
    /// where it moved before: the register of an empty home stands by itself.
    private static let digitsOfReverse = 6
    private static let standingSeconds: Int64 = 86_400
    private static let reachSeconds: Int64 = 6 * 86_400

    private let registers: [ShownRegister]
    private let limit: FlowLimit

    /// Of registers by instant.
    init(_ registers: [ShownRegister], limit: FlowLimit) {
        self.registers = registers
        self.limit = limit
    }

    /// What lies between two registers of `window` that do not follow each other: `otherStep` where the one is the
    /// other with decimals cut off or rounded away, `flow` where a coarse register moves on by one step; nil for
    /// anything else.
    func step(_ earlier: Int, _ later: Int, within window: Range<Int>) -> Step? {
        let (from, to) = (registers[earlier].register, registers[later].register)
        let apart = abs(to - from)
        guard apart > 0, apart <= StepChange.coarsest, isMultiple(from, or: to, ofStepOver: apart) else { return nil }
        if to > from, min(StepChange.step(of: from), StepChange.step(of: to)) >= apart { return .flow }
        let isSmall = to < from && limit.isReverse(apart)
        let isChange =
            isBorneOut(from: later, away: 1, beside: earlier, apart: apart, isSmall: isSmall, within: window)
            || isBorneOut(from: earlier, away: -1, beside: later, apart: apart, isSmall: isSmall, within: window)
        return isChange ? .otherStep : nil
    }

    /// Whether one of two registers has a step of `apart` or more: mostly none has, and nothing more is asked.
    private func isMultiple(_ one: Int64, or other: Int64, ofStepOver apart: Int64) -> Bool {
        var step: Int64 = 10
        while step < apart { step *= 10 }
        return one % step == 0 || other % step == 0
    }

    /// Whether the registers from `index` on, away from the one beside, all have a step larger than `apart`, so many
    /// and so different that it is no chance.
    private func isBorneOut(
        from index: Int, away: Int, beside: Int, apart: Int64, isSmall: Bool, within window: Range<Int>
    ) -> Bool {
        var step = StepChange.step(of: registers[index].register)
        if step <= apart { return false }
        let finer = finestStep(from: beside, away: -away, within: window)
        let isMoving = !isSmall || isMoving(from: beside, away: -away, within: window)
        var (count, different) = (0, 0)
        var last: Int64?
        var place = index
        func isEnough(after seconds: Int64) -> Bool {
            let digits = StepChange.digits(step, finer)
            let enough =
                isSmall && !(isMoving && digits >= StepChange.digitsOfFall && seconds >= StepChange.standingSeconds)
                ? StepChange.digitsOfReverse : StepChange.digitsOfFall
            return different * digits >= enough
        }
        var seconds: Int64 = 0
        while window.contains(place), abs(registers[place].at - registers[index].at) <= StepChange.reachSeconds {
            let register = registers[place].register
            // Nought has any step.
            if register != last, register != 0 { different += 1 }
            step = min(step, StepChange.step(of: register))
            if step <= apart { return false }
            (count, seconds) = (count + 1, abs(registers[place].at - registers[index].at))
            if count >= StepChange.looked, isEnough(after: seconds) { return true }
            (last, place) = (register, place + away)
        }
        return count >= StepChange.fewest && isEnough(after: seconds)
    }

    private func finestStep(from index: Int, away: Int, within window: Range<Int>) -> Int64 {
        var step = StepChange.coarsest
        var place = index
        while window.contains(place), abs(place - index) < StepChange.looked,
            abs(registers[place].at - registers[index].at) <= StepChange.reachSeconds
        {
            step = min(step, StepChange.step(of: registers[place].register))
            place += away
        }
        return step
    }

    /// Whether a day's registers from `index` on show use: so many rises.
    private func isMoving(from index: Int, away: Int, within window: Range<Int>) -> Bool {
        var (rises, place) = (0, index)
        while rises < StepChange.fewest, window.contains(place + away),
            abs(registers[place + away].at - registers[index].at) <= StepChange.standingSeconds
        {
            let rise = (registers[place + away].register - registers[place].register) * Int64(away)
            if rise > 0 { rises += 1 }
            place += away
        }
        return rises >= StepChange.fewest
    }

    /// The highest power of ten that divides a register, 1 mL to 10 m³.
    static func step(of register: Int64) -> Int64 {
        var step: Int64 = 1
        while step < coarsest, register % (step * 10) == 0 { step *= 10 }
        return step
    }

    /// By how many digits one power of ten is above another; 0 where it is not.
    static func digits(_ step: Int64, _ finer: Int64) -> Int {
        var (digits, reached) = (0, finer)
        while reached < step { (digits, reached) = (digits + 1, reached * 10) }
        return digits
    }
}

extension JudgedMeter {
    /// Millilitres; a finer step is passed within a day by any home that uses water.
    private static let coarse: Int64 = 100_000

    /// True where the register moves to `index` by one step of a power of ten of 100 L or more: what it shows at once
    /// flowed over the time since it moved before.
    func movesByOneStep(to index: Int) -> Bool {
        guard index > 0, !believed[index].startsRun else { return false }
        let (from, to) = (believed[index - 1].register.millilitres, believed[index].register.millilitres)
        guard to % JudgedMeter.coarse == 0, from % JudgedMeter.coarse == 0, to > from else { return false }
        return to - from <= min(StepChange.step(of: from), StepChange.step(of: to))
    }
}
