/// Finds `68 T A0…A6 C L DATA CS 16` in a run of bytes, past wake-up bytes, gateway prefixes and trailers.
///
/// A good frame is always told, whatever stands around it. Between two good frames every complete damaged one is
/// told, and one that has no end; an impostor inside a damaged frame's data is not a second frame.
struct FrameHunt {
    struct Found: Equatable {
        enum Kind: Equatable {
            /// From 68 to 16, its checksum valid.
            case frame
            /// 68 and 16 stand where they must, but the bytes add up to this.
            case badChecksum(sum: UInt8)
            /// Begins as a frame of a known meter type, but has no end where its length says; the range is empty.
            case badLength
            /// From 68 to 16 with a valid sum, but by another protocol's rules.
            case lookalike
        }

        let kind: Kind
        let range: Range<Int>
        /// A good frame begins inside this damaged one, so that this one's bytes cannot be trusted at all.
        fileprivate(set) var isOverlapped = false

        fileprivate var isComplete: Bool { !range.isEmpty }
    }

    private var at = 0
    /// A frame that was found behind a damaged one, to be told after it.
    private var waiting: Found?

    /// The next frame, good or damaged; nil at the end.
    mutating func next(in bytes: Span<UInt8>) -> Found? {
        if let found = waiting {
            waiting = nil
            return found
        }
        var damaged: Found?
        while at < bytes.count {
            guard bytes[at] == 0x68, let candidate = FrameHunt.candidate(in: bytes, from: at) else {
                at += 1
                continue
            }
            switch candidate.kind {
            case .frame, .lookalike:
                at = candidate.range.upperBound
                guard var damaged else { return candidate }
                damaged.isOverlapped = candidate.range.lowerBound < damaged.range.upperBound
                waiting = candidate
                return damaged
            case .badChecksum, .badLength:
                if let damaged, damaged.isComplete, at >= damaged.range.upperBound { return damaged }
                damaged = FrameHunt.worse(damaged, candidate)
                at += 1
            }
        }
        return damaged
    }

    private static func candidate(in bytes: Span<UInt8>, from start: Int) -> Found? {
        guard start + 1 < bytes.count, bytes[start + 1].isMeterType else { return nil }
        guard start + 10 < bytes.count else { return Found(kind: .badLength, range: start..<start) }
        let end = start + 11 + Int(bytes[start + 10])
        var bad: UInt8?
        if end + 1 < bytes.count, bytes[end + 1] == 0x16 {
            var sum: UInt8 = 0
            for index in start..<end { sum &+= bytes[index] }
            if sum == bytes[end] {
                let range = start..<end + 2
                let isBelieved = !hasFrame(startingInside: range, of: bytes)
                return isBelieved ? Found(kind: .frame, range: range) : Found(kind: .badLength, range: start..<start)
            }
            bad = sum
        }
        if let range = catOne(in: bytes, from: start) { return Found(kind: .lookalike, range: range) }
        if let bad { return Found(kind: .badChecksum(sum: bad), range: start..<end + 2) }
        return Found(kind: .badLength, range: start..<start)
    }

    /// A frame that was cut off reaches by its length into a good one behind it, and one time in 256 the sum agrees
    /// there. That a good frame's bytes should begin another good one is far rarer, so the later one is the true one.
    private static func hasFrame(startingInside range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        // Enough for a reply; a bound, so that made-up bytes cost no more.
        var sumsLeft = 4
        var start = range.lowerBound + 1
        while start < range.upperBound, start + 12 < bytes.count, sumsLeft > 0 {
            if bytes[start] == 0x68, bytes[start + 1].isMeterType {
                let end = start + 11 + Int(bytes[start + 10])
                if end + 1 < bytes.count, bytes[end + 1] == 0x16 {
                    var sum: UInt8 = 0
                    for index in start..<end { sum &+= bytes[index] }
                    if sum == bytes[end] { return true }
                    sumsLeft -= 1
                }
            }
            start += 1
        }
        return false
    }

    /// A frame of "CAT-1" meters: where CJ/T 188 has its length there is the fixed control code 97, and the sum
    /// is right where the frame ends. Source: protocols.md, 1.4.
    private static func catOne(in bytes: Span<UInt8>, from start: Int) -> Range<Int>? {
        guard bytes[start + 10] == 0x97 else { return nil }
        var sum: UInt8 = 0
        for index in start..<start + 11 { sum &+= bytes[index] }
        for index in start + 11..<max(start + 11, min(bytes.count - 1, start + 256)) {
            if bytes[index] == sum, bytes[index + 1] == 0x16 {
                let range = start..<index + 2
                return hasFrame(startingInside: range, of: bytes) ? nil : range
            }
            sum &+= bytes[index]
        }
        return nil
    }

    /// A whole frame with a wrong sum says more than a beginning without an end.
    private static func worse(_ a: Found?, _ b: Found) -> Found {
        guard let a else { return b }
        return a.isComplete || !b.isComplete ? a : b
    }
}

extension UInt8 {
    /// T of protocols.md, 1.1: water, heat and cold, gas, other (ten codes each since 2018), and the wild card of
    /// requests.
    fileprivate var isMeterType: Bool { self == 0xAA || (0x10...0x4F).contains(self) && self & 15 < 10 }
}
