import CZlib
import CZstd

/// The codings that a body of readings may come in, by the words of `Content-Encoding`.
enum ContentCoding: Sendable {
    case gzip, zstd

    /// nil for a coding that is not read; `identity` and an empty header are none at all and do not come here.
    init?(_ header: String) {
        switch header.lowercased() {
        case "gzip", "x-gzip": self = .gzip
        case "zstd": self = .zstd
        default: return nil
        }
    }
}

/// Why a body could not be unpacked.
enum DecompressionFault: Error, Equatable {
    /// More bytes than allowed came out; nothing further was unpacked.
    case tooLarge(limit: Int)
    /// Not of the coding, or its check sum is wrong.
    case damaged
    /// The body ends within a frame.
    case truncated
    /// The library has no memory for the frame, or the frame wants more than 8 MiB of window.
    case refused
}

/// Unpacks a body part by part and stops at a limit, so that a small body can never grow beyond it in memory.
///
/// Frames that follow each other are one body, as both formats have it. Not to be shared between tasks.
final class Decompression {
    private let decoder: any StreamDecoder
    private let limit: Int
    private var produced = 0
    /// True at the very start and after a whole frame.
    private var isBetweenFrames = true
    private var sawFrame = false

    /// - Parameter limit: bytes that may come out in all.
    init(_ coding: ContentCoding, limit: Int) throws(DecompressionFault) {
        self.limit = limit
        switch coding {
        case .gzip: decoder = try GzipDecoder()
        case .zstd: decoder = try ZstdDecoder()
        }
    }

    /// What a part of the body unpacks to.
    func unpack(_ part: [UInt8]) throws(DecompressionFault) -> [UInt8] {
        var out: [UInt8] = []
        var at = 0
        // One byte past the limit tells that there is more than it allows.
        var buffer = [UInt8](repeating: 0, count: min(65_536, limit + 1))
        while true {
            let step = try decoder.step(part, from: at, into: &buffer)
            at += step.consumed
            produced += step.produced
            if produced > limit { throw .tooLarge(limit: limit) }
            out.append(contentsOf: buffer[..<step.produced])
            if step.consumed > 0 || step.produced > 0 {
                isBetweenFrames = step.isAtEnd
                sawFrame = true
            }
            // A buffer that was not filled has nothing left to give for what was read.
            if at == part.count, step.produced < buffer.count { return out }
            if step.consumed == 0, step.produced == 0, !step.isAtEnd { throw .damaged }
        }
    }

    /// Says that the body has ended.
    func finish() throws(DecompressionFault) {
        guard isBetweenFrames, sawFrame else { throw .truncated }
    }

    /// A whole body at once.
    static func whole(_ body: [UInt8], _ coding: ContentCoding, limit: Int) throws(DecompressionFault) -> [UInt8] {
        let decompression = try Decompression(coding, limit: limit)
        let out = try decompression.unpack(body)
        try decompression.finish()
        return out
    }
}

/// What one call of a library did.
private struct DecoderStep {
    let consumed: Int
    let produced: Int
    /// A frame ended with what was read; the next byte begins another.
    let isAtEnd: Bool
}

private protocol StreamDecoder: AnyObject {
    func step(
        _ input: [UInt8], from start: Int, into output: inout [UInt8]
    ) throws(DecompressionFault) -> DecoderStep
}

/// zlib keeps the address of its stream, which must therefore never move.
private final class GzipDecoder: StreamDecoder {
    private let stream: UnsafeMutablePointer<z_stream>
    private var endedBefore = false

    init() throws(DecompressionFault) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard jieshui_inflate_init_gzip(stream) == Z_OK else { throw .refused }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    func step(
        _ input: [UInt8], from start: Int, into output: inout [UInt8]
    ) throws(DecompressionFault) -> DecoderStep {
        let left = input.count - start
        if endedBefore {
            guard left > 0 else { return DecoderStep(consumed: 0, produced: 0, isAtEnd: true) }
            guard inflateReset(stream) == Z_OK else { throw .damaged }
            endedBefore = false
        }
        let room = output.count
        let status = input.withUnsafeBufferPointer { bytes in
            output.withUnsafeMutableBufferPointer { out in
                // zlib does not write to its input; the pointer's type only predates const.
                stream.pointee.next_in = bytes.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
                stream.pointee.avail_in = UInt32(clamping: left)
                stream.pointee.next_out = out.baseAddress
                stream.pointee.avail_out = UInt32(clamping: room)
                return inflate(stream, Z_NO_FLUSH)
            }
        }
        switch status {
        // A buffer error only says that there was nothing to read or no room to write.
        case Z_OK, Z_STREAM_END, Z_BUF_ERROR: break
        case Z_MEM_ERROR: throw .refused
        default: throw .damaged
        }
        endedBefore = status == Z_STREAM_END
        let consumed = Int(UInt32(clamping: left)) - Int(stream.pointee.avail_in)
        return DecoderStep(
            consumed: consumed, produced: Int(UInt32(clamping: room)) - Int(stream.pointee.avail_out),
            isAtEnd: endedBefore)
    }
}

private final class ZstdDecoder: StreamDecoder {
    private let context: OpaquePointer
    private var isAtEnd = true

    init() throws(DecompressionFault) {
        guard let context = ZSTD_createDCtx() else { throw .refused }
        self.context = context
        // 8 MiB, what RFC 8878 asks every reader to have: a frame that wants more is refused.
        guard ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23)) == 0 else { throw .refused }
    }

    deinit { ZSTD_freeDCtx(context) }

    func step(
        _ input: [UInt8], from start: Int, into output: inout [UInt8]
    ) throws(DecompressionFault) -> DecoderStep {
        if start == input.count, isAtEnd { return DecoderStep(consumed: 0, produced: 0, isAtEnd: true) }
        var (consumed, produced) = (0, 0)
        let hint = input.withUnsafeBytes { bytes in
            output.withUnsafeMutableBytes { out in
                var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: start)
                var target = ZSTD_outBuffer(dst: out.baseAddress, size: out.count, pos: 0)
                let hint = ZSTD_decompressStream(context, &target, &source)
                (consumed, produced) = (source.pos - start, target.pos)
                return hint
            }
        }
        if ZSTD_isError(hint) != 0 {
            switch ZSTD_getErrorCode(hint) {
            case ZSTD_error_frameParameter_windowTooLarge, ZSTD_error_memory_allocation: throw .refused
            default: throw .damaged
            }
        }
        isAtEnd = hint == 0
        return DecoderStep(consumed: consumed, produced: produced, isAtEnd: isAtEnd)
    }
}
