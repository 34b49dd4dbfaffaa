/// The keys of a native item.
enum NativeKey: UInt8, CaseIterable {
    case meter, at, volumeM3, volumeL, start, interval, registersL, `protocol`, driver

    /// The key as written in a body, and the field that a rejection names.
    var name: String {
        switch self {
        case .meter: "meter"
        case .at: "at"
        case .volumeM3: "volume_m3"
        case .volumeL: "volume_l"
        case .start: "start"
        case .interval: "interval_s"
        case .registersL: "registers_l"
        case .protocol: "protocol"
        case .driver: "driver"
        }
    }

    /// This key in a set of keys.
    var bit: UInt16 { 1 << UInt16(rawValue) }
}

/// Finds keys by their bytes as one number, so that no text is made for a key.
struct NativeKeyTable {
    private let words: [UInt128]
    private let keys = NativeKey.allCases

    init() {
        words = NativeKey.allCases.map { key in key.name.utf8.reduce(0) { $0 << 8 | UInt128($1) } }
    }

    func key(_ bytes: Span<UInt8>, _ range: Range<Int>) -> NativeKey? {
        guard range.count <= 11 else { return nil }
        var word: UInt128 = 0
        for at in range { word = word << 8 | UInt128(bytes[at]) }
        for index in 0..<words.count where words[index] == word { return keys[index] }
        return nil
    }
}
