import Water

/// The form `ReadingsDigestForm.lines`.
func lines(_ shown: DigestedRegisters) -> [UInt8] {
    let capacity = LineWriter.capacity(lines: shown.registers.count, serial: shown.serial.count)
    var text = [UInt8](repeating: 0, count: capacity)
    var writer = LineWriter(serial: shown.serial)
    var span = text.mutableSpan
    // Safe here: any bytes are bytes.
    var bytes = unsafe span.mutableBytes
    for register in shown.registers { writer.line(register.at, register.millilitres, &bytes) }
    text.removeLast(text.count - writer.count)
    for decision in shown.decisions {
        let fields = "\(decision.at.epochSeconds),\(decision.register.millilitres),\(decision.action.rawValue)\n"
        text.append(contentsOf: shown.serial)
        text.append(contentsOf: ",\(fields)".utf8)
    }
    return text
}

/// Writes lines one after another into bytes that are enough for them.
///
/// Where a number begins must not wait for the digits of the one before: lengths are kept from line to line.
private struct LineWriter {
    /// The serial and a comma, eight bytes to a word.
    private let head: [UInt64]
    private let headCount: Int
    private var at = NumberSpelling()
    private var register = NumberSpelling()
    private(set) var count = 0

    /// Bytes that `lines` lines take at most, and what a store of eight may reach beyond them.
    static func capacity(lines: Int, serial: Int) -> Int { lines * (serial + 43) + 8 }

    init(serial: [UInt8]) {
        let bytes = serial + [UInt8(ascii: ",")]
        headCount = bytes.count
        head = stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<min(start + 8, bytes.count)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
    }

    mutating func line(_ instant: Int64, _ millilitres: Int64, _ bytes: inout MutableRawSpan) {
        for index in head.indices { store(head[index], count + index * 8, &bytes) }
        count += headCount
        at.spell(instant)
        number(instant, at, &bytes)
        put(UInt8(ascii: ","), &bytes)
        register.spell(millilitres)
        number(millilitres, register, &bytes)
        put(UInt8(ascii: "\n"), &bytes)
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8, _ bytes: inout MutableRawSpan) {
        bytes.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    private mutating func number(_ value: Int64, _ spelling: NumberSpelling, _ bytes: inout MutableRawSpan) {
        let digits = spelling.count
        if digits == 0 {
            for byte in String(value).utf8 { put(byte, &bytes) }
            return
        }
        let low = UInt64(bitPattern: value &- spelling.highValue)
        if digits <= 8 {
            store(spelled(low) >> UInt64((8 - digits) * 8), count, &bytes)
        } else {
            store(spelling.highWord, count, &bytes)
            store(spelled(low), count + digits - 8, &bytes)
        }
        count += digits
    }

    @inline(__always)
    private func store(_ word: UInt64, _ offset: Int, _ bytes: inout MutableRawSpan) {
        bytes.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}

/// The eight decimal digits of a number below 10^8 as text, the first in the lowest byte: halves, then pairs, then
/// digits, all at a time.
@inline(__always)
private func spelled(_ value: UInt64) -> UInt64 {
    let halves = (value / 10_000) | ((value % 10_000) << 32)
    let hundreds = ((halves &* 10_486) >> 20) & 0x7F_0000_007F
    let pairs = hundreds | ((halves &- hundreds &* 100) << 16)
    let tens = ((pairs &* 103) >> 10) & 0xF_000F_000F_000F
    return tens | ((pairs &- tens &* 10) << 8) | 0x3030_3030_3030_3030
}

/// What numbers that follow each other mostly share: how many digits they have, and those above the last eight.
private struct NumberSpelling {
    /// 1 to 16; 0 below 0 and from 10^16 on.
    private(set) var count = 0
    /// The numbers for which all of this holds.
    private var range: Range<Int64> = 0..<0
    /// What the digits above the last eight stand for, and their text.
    private(set) var highValue: Int64 = 0
    private(set) var highWord: UInt64 = 0

    @inline(__always)
    mutating func spell(_ value: Int64) {
        if !range.contains(value) { look(at: value) }
    }

    private mutating func look(at value: Int64) {
        (count, range, highValue) = (0, 0..<0, 0)
        guard value >= 0, value < 10_000_000_000_000_000 else { return }
        var (low, high) = (Int64(0), Int64(10))
        count = 1
        while value >= high {
            (low, high) = (high, high * 10)
            count += 1
        }
        if count > 8 {
            highValue = value / 100_000_000 * 100_000_000
            highWord = spelled(UInt64(highValue / 100_000_000)) >> UInt64((16 - count) * 8)
            (low, high) = (highValue, highValue + 100_000_000)
        }
        range = low..<high
    }
}
