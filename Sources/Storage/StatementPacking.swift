import CZstd

/// Packs the texts of statements for keeping: a byte that names the dictionary, then a zstd frame with its length. About
/// 650 bytes instead of 4,200. Not to be shared between tasks.
public final class StatementPacker {
    private let context: OpaquePointer?
    private let dictionary: OpaquePointer?

    private static let used = StatementDictionary.second
    /// Higher ones take two to four times as long for a tenth less.
    private static let level: Int32 = 3
    /// Bytes of a text that is packed, and that is unpacked, at most.
    static let limit = 1 << 20

    public init() {
        context = ZSTD_createCCtx()
        let bytes = Self.used.bytes
        dictionary = ZSTD_createCDict(bytes, bytes.count, Self.level)
    }

    deinit {
        ZSTD_freeCCtx(context)
        ZSTD_freeCDict(dictionary)
    }

    /// nil where it is longer than 1 MiB, or the library has no memory for it: the text is to be kept as it is.
    public func pack(_ text: [UInt8]) -> [UInt8]? {
        guard let context, let dictionary, text.count <= Self.limit else { return nil }
        let room = 1 + ZSTD_compressBound(text.count)
        var isPacked = false
        let packed = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            buffer[0] = Self.used.rawValue
            let frame = UnsafeMutableBufferPointer(rebasing: buffer[1...])
            let length = ZSTD_compress_usingCDict(
                context, frame.baseAddress, frame.count, text, text.count, dictionary)
            isPacked = ZSTD_isError(length) == 0
            count = isPacked ? 1 + length : 0
        }
        return isPacked ? packed : nil
    }
}

/// Gives the texts back. Not to be shared between tasks.
final class StatementUnpacker {
    private let context = ZSTD_createDCtx()
    /// Those that were needed.
    private var dictionaries: [StatementDictionary: OpaquePointer?] = [:]

    deinit {
        ZSTD_freeDCtx(context)
        for (_, dictionary) in dictionaries { ZSTD_freeDDict(dictionary) }
    }

    private func dictionary(_ which: StatementDictionary) -> OpaquePointer? {
        if let known = dictionaries[which] { return known }
        let bytes = which.bytes
        let made = ZSTD_createDDict(bytes, bytes.count)
        dictionaries[which] = .some(made)
        return made
    }

    func unpack(_ packed: UnsafeRawBufferPointer) throws(DamagedBytes) -> String {
        guard let number = packed.first else { throw .endsEarly }
        guard let which = StatementDictionary(rawValue: number) else { throw .unknownVersion(number) }
        let frame = UnsafeRawBufferPointer(rebasing: packed.dropFirst())
        let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
        guard let context, let dictionary = dictionary(which), size <= UInt64(StatementPacker.limit) else {
            throw .notAValue("statement")
        }
        var length = 0
        let text = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            length = ZSTD_decompress_usingDDict(
                context, buffer.baseAddress, buffer.count, frame.baseAddress, frame.count, dictionary)
            count = ZSTD_isError(length) == 0 ? length : 0
        }
        guard text.count == Int(size), ZSTD_isError(length) == 0 else { throw .notAValue("statement") }
        guard let text = String(validating: text, as: UTF8.self) else { throw .notText }
        return text
    }
}
