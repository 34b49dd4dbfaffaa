import Water

/// A compact profile: volumes at even distances in time. Source: EN 13757-3, annex F.
///
/// Read are lists of whole registers, and inverse lists of differences. A list of differences that runs forward is
/// not: makers fill its unused places with zeros, which would be readings nobody took.
struct VolumeProfile {
    private enum Step { case absolute, increment, decrement, difference }

    private let step: Step
    private let isInverse: Bool
    /// By `VolumeProfile.distance`.
    private let distance: Distance
    private let scale: Int
    private let form: UInt8
    private let places: Range<Int>

    private enum Distance {
        case seconds(Int64)
        case months(Int)
    }

    /// nil where the list is of a kind that is not read. `value` holds spacing control, spacing value, then the list.
    init?(_ bytes: Span<UInt8>, _ value: Range<Int>, scale: Int, isInverse: Bool) {
        guard value.count >= 2 else { return nil }
        let control = bytes[value.lowerBound]
        guard let distance = VolumeProfile.distance(unit: control >> 4 & 3, bytes[value.lowerBound + 1])
        else { return nil }
        step = [.absolute, .increment, .decrement, .difference][Int(control >> 6)]
        form = control & 15
        guard step == .absolute || isInverse, VolumeProfile.width(form) > 0 else { return nil }
        self.distance = distance
        self.scale = scale
        self.isInverse = isInverse
        places = value.lowerBound + 2..<value.upperBound
    }

    private static func distance(unit: UInt8, _ value: UInt8) -> Distance? {
        switch (unit, value) {
        case (1, 254): .months(6)
        case (2, 254): .months(3)
        case (3, 254): .months(1)
        case (_, 1...250): .seconds(Int64(value) * [1, 60, 3_600, 86_400][Int(unit)])
        default: nil
        }
    }

    private static func width(_ form: UInt8) -> Int {
        switch form {
        case 1...4: Int(form)
        case 6: 6
        case 7: 8
        case 9...12: Int(form) - 8
        case 14: 6
        default: 0
        }
    }

    /// The registers of the list with their local times; those the meter does not have are passed over, and a list of
    /// differences ends at the first of them.
    func registers(_ bytes: Span<UInt8>, from base: StoredTime, register: Int64?) -> [(StoredTime, Int64)] {
        var found: [(StoredTime, Int64)] = []
        var register = register
        let width = VolumeProfile.width(form)
        for place in 0..<places.count / width {
            guard let at = time(base, place: place + 1) else { break }
            let start = places.lowerBound + place * width
            let number = number(bytes, start..<start + width)
            if step == .absolute {
                if case .value(let value) = number.register(scale: scale) { found.append((at, value)) }
                continue
            }
            guard let before = register, let value = earlier(than: before, number) else { break }
            register = value
            found.append((at, value))
        }
        return found
    }

    private func time(_ base: StoredTime, place: Int) -> StoredTime? {
        let count = isInverse ? -place : place
        return switch distance {
        case .seconds(let seconds): base.later(seconds: seconds * Int64(count))
        case .months(let months): base.later(months: months * count)
        }
    }

    /// Binary increments and decrements are without sign, all ones being none.
    private func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> RecordNumber {
        if form > 8 { return bytes.decimal(range, isNegative: false) }
        if step == .absolute || step == .difference { return bytes.integer(range) }
        if range.allSatisfy({ bytes[$0] == 0xFF }) { return .missing }
        guard range.count < 8 else { return .fault("longer than 63 bits") }
        return .value(range.reversed().reduce(0) { $0 << 8 | Int64(bytes[$1]) })
    }

    /// The register one place further back; nil where the list ends.
    private func earlier(than register: Int64, _ number: RecordNumber) -> Int64? {
        guard case .value(let number) = number,
            case .value(let change) = RecordNumber.value(abs(number)).register(scale: scale)
        else { return nil }
        let falls = (step == .decrement) == (number < 0)
        let value = falls ? register - change : register + change
        return (0...1_000_000_000_000_000_000).contains(value) ? value : nil
    }
}
