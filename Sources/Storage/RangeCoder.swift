/// The chance of one kind of bit, learnt from those before: fast at first, then by a 32nd of the error each time.
private struct Chance {
    /// Of a one, of 65,536.
    private(set) var ofOne: UInt32 = 32_768
    private var seen: UInt8 = 0

    /// No bit is ever certain.
    private static let bounds: ClosedRange<UInt32> = 32...65_504
    private static let slowest: UInt8 = 8

    mutating func learn(_ isOne: Bool) {
        // A half, a quarter, two eighths, four sixteenths, then 32nds.
        let step = (isOne ? 65_536 - ofOne : ofOne) >> UInt32(9 - min(seen, 8).leadingZeroBitCount)
        ofOne = isOne ? min(ofOne + step, Self.bounds.upperBound) : max(ofOne - step, Self.bounds.lowerBound)
        if seen < Self.slowest { seen += 1 }
    }
}

/// The chances of the bits of whole numbers in so many contexts. A number is its length in binary digits, in ones ended
/// by a zero, then its digits below the highest; of these the first has a chance of its own, the rest are even.
struct NumberModel {
    private static let lengths = 65
    fileprivate static let size = 2 * lengths

    fileprivate var chances: [Chance]

    init(contexts: Int) { chances = [Chance](repeating: Chance(), count: contexts * Self.size) }

    fileprivate static func length(_ length: Int, _ context: Int) -> Int { context * size + length }
    fileprivate static func digit(_ length: Int, _ context: Int) -> Int { context * size + lengths + length }
}

/// A binary range coder: carries a bit in as many bits as its chance is worth. After Martin (1979); the carry is held
/// back as in LZMA.
struct RangeEncoder {
    private(set) var bytes: [UInt8] = []
    private var low: UInt64 = 0
    private var range: UInt32 = .max
    private var held: UInt8 = 0
    /// Bytes held back: `held`, then so many less one that a carry would turn from 255 to 0.
    private var heldCount = 1

    init(reserving count: Int) { bytes.reserveCapacity(count) }

    mutating func write(_ value: UInt64, _ context: Int = 0, by model: inout NumberModel) {
        let length = UInt64.bitWidth - value.leadingZeroBitCount
        for place in 0..<length { write(true, &model.chances[NumberModel.length(place, context)]) }
        if length < UInt64.bitWidth { write(false, &model.chances[NumberModel.length(length, context)]) }
        guard length > 1 else { return }
        write(value >> UInt64(length - 2) & 1 == 1, &model.chances[NumberModel.digit(length, context)])
        for place in stride(from: length - 3, through: 0, by: -1) {
            write(value >> UInt64(place) & 1 == 1, bound: range >> 1)
        }
    }

    private mutating func write(_ isOne: Bool, _ chance: inout Chance) {
        write(isOne, bound: (range >> 16) * chance.ofOne)
        chance.learn(isOne)
    }

    private mutating func write(_ isOne: Bool, bound: UInt32) {
        if isOne {
            range = bound
        } else {
            low += UInt64(bound)
            range -= bound
        }
        while range < 1 << 24 {
            range <<= 8
            moveOn()
        }
    }

    private mutating func moveOn() {
        if low < 0xFF00_0000 || low > UInt64(UInt32.max) {
            let carry = UInt8(truncatingIfNeeded: low >> 32)
            bytes.append(held &+ carry)
            while heldCount > 1 {
                bytes.append(255 &+ carry)
                heldCount -= 1
            }
            held = UInt8(truncatingIfNeeded: low >> 24)
        } else {
            heldCount += 1
        }
        low = (low & 0x00FF_FFFF) << 8
    }

    /// All bytes; the first is always 0 and is left away, as are noughts at the end.
    mutating func finish() -> ArraySlice<UInt8> {
        for _ in 0..<5 { moveOn() }
        while let last = bytes.last, last == 0, bytes.count > 1 { bytes.removeLast() }
        return bytes.dropFirst()
    }
}

/// Reads what `RangeEncoder` wrote with the same models; any other bytes are read as something, or end early.
struct RangeDecoder {
    /// Noughts that may have been left away at the end, and those that are read ahead.
    private static let mostBeyond = 12

    private let bytes: ArraySlice<UInt8>
    private var next: Int
    private var code: UInt32 = 0
    private var range: UInt32 = .max

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        next = bytes.startIndex
        for _ in 0..<4 { code = code << 8 | nextByte() }
    }

    mutating func read(_ context: Int = 0, by model: inout NumberModel) throws(DamagedBytes) -> UInt64 {
        var length = 0
        while length < UInt64.bitWidth, read(&model.chances[NumberModel.length(length, context)]) { length += 1 }
        guard next <= bytes.endIndex + Self.mostBeyond else { throw .endsEarly }
        guard length > 1 else { return UInt64(length) }
        var value: UInt64 = read(&model.chances[NumberModel.digit(length, context)]) ? 3 : 2
        for _ in 0..<length - 2 { value = value << 1 | (read(bound: range >> 1) ? 1 : 0) }
        return value
    }

    private mutating func read(_ chance: inout Chance) -> Bool {
        let isOne = read(bound: (range >> 16) * chance.ofOne)
        chance.learn(isOne)
        return isOne
    }

    private mutating func read(bound: UInt32) -> Bool {
        let isOne = code < bound
        if isOne {
            range = bound
        } else {
            code &-= bound
            range -= bound
        }
        while range < 1 << 24 {
            range <<= 8
            code = code << 8 | nextByte()
        }
        return isOne
    }

    private mutating func nextByte() -> UInt32 {
        defer { next += 1 }
        return next < bytes.endIndex ? UInt32(bytes[next]) : 0
    }
}
