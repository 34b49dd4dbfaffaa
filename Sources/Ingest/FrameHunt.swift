/// Finds `68 T A0…A6 C L DATA CS 16` in a run of bytes, past wake-up bytes, gateway prefixes and trailers.
struct FrameHunt {
    enum Found: Equatable {
        /// From 68 to 16, its checksum valid.
        case frame(Range<Int>)
        /// 68 and 16 stand where they must, but the sum is wrong.
        case badChecksum(Range<Int>)
        /// Begins as a frame of a known meter type, but has no end where its length says.
        case badLength(start: Int)

        var start: Int {
            switch self {
            case .frame(let range), .badChecksum(let range): range.lowerBound
            case .badLength(let start): start
            }
        }
    }

    private var at = 0
    /// A good frame that was found behind a damaged one, to be told after it.
    private var waiting: Range<Int>?

    /// The next frame, good or damaged; nil at the end.
    ///
    /// Between two good frames at most one damaged one is told: an impostor inside a damaged frame's data is not a
    /// second frame.
    mutating func next(in bytes: Span<UInt8>) -> Found? {
        if let frame = waiting {
            waiting = nil
            return .frame(frame)
        }
        var damaged: Found?
        while at < bytes.count {
            guard let candidate = candidate(in: bytes, from: at) else {
                at += 1
                continue
            }
            switch candidate {
            case .frame(let frame):
                at = frame.upperBound
                guard let damaged else { return candidate }
                waiting = frame
                return damaged
            case .badChecksum(let frame):
                // Complete damaged frames that follow each other are each told.
                if case .badChecksum(let earlier) = damaged, frame.lowerBound >= earlier.upperBound { return damaged }
                damaged = Found.worse(damaged, candidate)
                at += 1
            case .badLength:
                damaged = damaged ?? candidate
                at += 1
            }
        }
        return damaged
    }

    private func candidate(in bytes: Span<UInt8>, from start: Int) -> Found? {
        guard bytes[start] == 0x68, start + 1 < bytes.count, meterTypes.contains(bytes[start + 1]) else { return nil }
        guard start + 10 < bytes.count else { return .badLength(start: start) }
        let end = start + 11 + Int(bytes[start + 10])
        guard end + 1 < bytes.count, bytes[end + 1] == 0x16 else { return .badLength(start: start) }
        var sum: UInt8 = 0
        for index in start..<end { sum &+= bytes[index] }
        return sum == bytes[end] ? .frame(start..<end + 2) : .badChecksum(start..<end + 2)
    }
}

extension FrameHunt.Found {
    /// A whole frame with a wrong sum says more than a beginning without an end, unless it lies behind it.
    fileprivate static func worse(_ a: Self?, _ b: Self) -> Self {
        guard let a else { return b }
        if case .badLength = a, case .badChecksum = b { return b }
        return a
    }
}

/// T of protocols.md, 1.1: water, heat and cold, gas, other, and the wild card of requests.
private let meterTypes: Set<UInt8> = [0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x30, 0x40, 0xAA]
