import Water

/// What can have made a wrong register out of one that fits, in whole register steps.
struct RegisterError {
    /// A register so much above what the range leaves open cannot match by chance.
    private static let clearance: Int64 = 16

    let shown: Int64
    /// The registers that would have fitted, both ends included.
    let fitting: ClosedRange<Int64>

    /// nil where nothing known turns the one into the other. The narrowest explanation first.
    var kind: AnomalyKind? {
        if shown == 0, fitting.lowerBound > 0 { return .zeroRegister }
        if isFlipped(bits: 1) { return .bitFlip }
        if isWrongDigit { return .wrongDigit }
        if isWrongUnit { return .wrongUnit }
        return isFlipped(bits: 2) ? .bitFlip : nil
    }

    private var width: Int64 { fitting.upperBound - fitting.lowerBound + 1 }

    /// One bit, or two, of a fitting register differ; the higher is worth more than chance.
    private func isFlipped(bits: Int) -> Bool {
        for high in 0..<50 {
            let one = Int64(1) << Int64(high)
            if one < width * RegisterError.clearance { continue }
            if bits == 1 {
                if fitting.contains(shown ^ one) { return true }
            } else if (0..<high).contains(where: { fitting.contains(shown ^ one ^ (Int64(1) << Int64($0))) }) {
                return true
            }
        }
        return false
    }

    /// One decimal digit of a fitting register differs.
    private var isWrongDigit: Bool {
        var place: Int64 = 1
        while place <= max(shown, fitting.upperBound) {
            if place >= width * RegisterError.clearance {
                let rest = shown - shown / place % 10 * place
                if (0...9).contains(where: { fitting.contains(rest + $0 * place) }) { return true }
            }
            place *= 10
        }
        return false
    }

    /// 10 to 10^6 times, or part of, a fitting register; decimals may be cut off.
    var isWrongUnit: Bool {
        guard fitting.lowerBound > 0, width <= fitting.lowerBound / RegisterError.clearance else { return false }
        var factor: Int64 = 10
        while factor <= 1_000_000 {
            if fitting.contains(shown / factor) { return true }
            let (scaled, overflow) = shown.multipliedReportingOverflow(by: factor)
            if !overflow, scaled > 0, scaled <= fitting.upperBound, scaled + (factor - 1) >= fitting.lowerBound {
                return scaled >= fitting.lowerBound || factor <= fitting.lowerBound / RegisterError.clearance
            }
            factor *= 10
        }
        return false
    }
}
