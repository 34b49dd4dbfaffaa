import Water

/// How the items of one reading are laid out in a body: a sender writes them all alike, but for the values.
///
/// What lies around the values is learned from an item that was read member by member, whichever the order of its
/// members and its spaces. An item whose bytes there are the same is read by it; every other one, and one whose values
/// are not plain and good, is left to the reader of members, which says what is wrong.
struct NativeLayout {
    /// What stands before the first value, between two of them and behind the last, one after another.
    private var fixed: [UInt8] = []
    /// Where the first, second and third of these end in `fixed`.
    private var ends = (0, 0, 0)
    private var keys = (NativeKey.meter, NativeKey.at, NativeKey.volumeM3)

    /// An item's values.
    struct Values {
        var meter = 0..<0
        /// Epoch seconds.
        var at: Int64 = 0
        /// Millilitres.
        var register: Int64 = 0
    }

    /// The layout of an item that was read and has three members; nil where it holds anything but plain values.
    init?(of item: Range<Int>, in bytes: Span<UInt8>) {
        do throws(BodyRefusal) {
            guard let values = try Self.values(of: item, in: bytes) else { return nil }
            var from = item.lowerBound
            for (_, value) in values {
                for index in from..<value.lowerBound { fixed.append(bytes[index]) }
                from = value.upperBound
                ends = (ends.1, ends.2, fixed.count)
            }
            for index in from..<item.upperBound { fixed.append(bytes[index]) }
            keys = (values[0].key, values[1].key, values[2].key)
        } catch {
            return nil
        }
    }

    /// Where the values stand, without quotes.
    private static func values(
        of item: Range<Int>, in bytes: Span<UInt8>
    ) throws(BodyRefusal) -> [(key: NativeKey, range: Range<Int>)]? {
        var values: [(key: NativeKey, range: Range<Int>)] = []
        var at = item.lowerBound
        let table = NativeKeyTable()
        guard bytes.enter(&at, until: UInt8(ascii: "}")) else { return nil }
        repeat {
            let text = try bytes.key(&at)
            guard text.isPlain, let key = table.key(bytes, text.range) else { return nil }
            let start = at
            try bytes.skipValue(&at, depth: 1)
            let isQuoted = bytes.byte(start) == UInt8(ascii: "\"")
            switch key {
            case .meter, .at: if !isQuoted { return nil }
            case .volumeM3, .volumeL: break
            default: return nil
            }
            values.append((key, isQuoted ? start + 1..<at - 1 : start..<at))
        } while try bytes.continues(&at, until: UInt8(ascii: "}"))
        return values.count == 3 ? values : nil
    }

    /// The values of the item at `at`, moved past; nil, and `at` where it was, for an item of another layout or with
    /// values that need a closer look. `meter` is not looked at but for its end.
    func read(_ bytes: Span<UInt8>, _ at: inout Int, _ times: inout NativeTimes) -> Values? {
        var next = at
        var values = Values()
        guard isFixed(0..<ends.0, bytes, &next), read(keys.0, bytes, &next, &times, &values),
            isFixed(ends.0..<ends.1, bytes, &next), read(keys.1, bytes, &next, &times, &values),
            isFixed(ends.1..<ends.2, bytes, &next), read(keys.2, bytes, &next, &times, &values),
            isFixed(ends.2..<fixed.count, bytes, &next)
        else { return nil }
        at = next
        return values
    }

    @inline(__always)
    private func isFixed(_ range: Range<Int>, _ bytes: Span<UInt8>, _ next: inout Int) -> Bool {
        guard bytes.count - next >= range.count else { return false }
        let (found, expected) = (bytes.extracting(next..<next + range.count), fixed.span.extracting(range))
        // Without an early end, so that many bytes are compared at once.
        var difference: UInt8 = 0
        for index in found.indices { difference |= found[index] ^ expected[index] }
        next += range.count
        return difference == 0
    }

    private func read(
        _ key: NativeKey, _ bytes: Span<UInt8>, _ next: inout Int, _ times: inout NativeTimes, _ values: inout Values
    ) -> Bool {
        switch key {
        case .meter:
            guard let end = bytes.endOfQuoted(next, within: 64) else { return false }
            values.meter = next..<end
            next = end
            return true
        case .at:
            guard let instant = times.read(bytes, &next) else { return false }
            values.at = instant
            return true
        default:
            guard let register = bytes.shortRegister(&next, decimals: key == .volumeM3 ? 6 : 3) else { return false }
            values.register = register
            return true
        }
    }
}

/// Reads times; the one read last is kept, for bodies repeat times, or but for the time of day.
struct NativeTimes {
    private var text: [UInt8] = []
    private var instant: Int64 = 0
    private var secondOfDay: Int64 = 0

    /// Longer texts are no times of a sender's own.
    private static let longest = 40

    /// The instant of a quoted time, whose end is moved to; nil, and `next` where it was, where it is no plain good one.
    mutating func read(_ bytes: Span<UInt8>, _ next: inout Int) -> Int64? {
        if let end = endOfSameDay(bytes, next) {
            guard let second = bytes.secondOfDay(next + 11) else { return nil }
            let found = instant + second - secondOfDay
            guard found >= Instant.earliestReading.epochSeconds else { return nil }
            next = end
            return found
        }
        guard let end = bytes.endOfQuoted(next, within: Self.longest) else { return nil }
        do throws(ValueFault) {
            let found = try bytes.epochSeconds(in: next..<end, fraction: .onlyZero)
            guard let second = bytes.secondOfDay(next + 11) else { return nil }
            text.removeAll(keepingCapacity: true)
            for index in next..<end { text.append(bytes[index]) }
            (instant, secondOfDay, next) = (found, second, end)
            return found
        } catch {
            return nil
        }
    }

    /// The end of a time at `start` that differs from the last one in its time of day at most; nil for any other.
    private func endOfSameDay(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
        let end = start + text.count
        guard text.count >= 20, end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        let (found, kept) = (bytes.extracting(start..<end), text.span)
        var difference: UInt8 = 0
        for index in 0..<11 { difference |= found[index] ^ kept[index] }
        for index in 19..<kept.count { difference |= found[index] ^ kept[index] }
        return difference == 0 ? end : nil
    }
}

extension Span where Element == UInt8 {
    /// Where a string's closing quote stands, of at most `limit` bytes; nil for longer ones. What lies before it is not
    /// looked at.
    fileprivate func endOfQuoted(_ start: Int, within limit: Int) -> Int? {
        let last = Swift.min(count, start + limit + 1)
        var next = start
        while next < last {
            if self[next] == UInt8(ascii: "\"") { return next }
            next += 1
        }
        return nil
    }
}
