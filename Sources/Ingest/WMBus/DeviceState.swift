import Water

/// What a telegram says about the device, in the words the gateway program wmbusmeters uses, so that both formats
/// give the same alerts.
struct DeviceState {
    private(set) var flags: [FlagText] = []
    private var words: [String] = []
    private var isTold = false

    /// The status byte of the transport layer. Low two bits: 1 busy, 2 an error of the application, 3 an abnormal
    /// condition such as water always running; then low battery, permanent error, temporary error; the rest is the
    /// maker's. Source: EN 13757-3 and protocols.md, section 7.
    mutating func read(status: UInt8) {
        isTold = true
        switch status & 3 {
        case 1: words.append("BUSY")
        case 2: words.append("ERROR")
        case 3: words.append("ALARM")
        default: break
        }
        if status & 0x04 != 0 { words.append("POWER_LOW") }
        if status & 0x08 != 0 { words.append("PERMANENT_ERROR") }
        if status & 0x10 != 0 { words.append("TEMPORARY_ERROR") }
        if status & 0xE0 != 0 { words.append("UNKNOWN_\(text(UInt64(status & 0xE0)))") }
    }

    /// Error flags (FD17): what the bits mean is the maker's, so the number is kept.
    mutating func read(errorFlags: UInt64) {
        isTold = true
        if errorFlags != 0 { words.append("ERROR_FLAGS_\(text(errorFlags))") }
    }

    /// Kamstrup's own quantities FF20 (two bytes) and FF23 (four). Source: protocols.md, section 7, and the drivers'
    /// alarm table.
    mutating func readKamstrup(_ quantity: UInt8, bits: UInt64) {
        switch quantity {
        case 0x20:
            isTold = true
            read(bits & 0xF, names: kamstrupNames)
            for (at, key) in ["time_dry", "time_reversed", "time_leaking", "time_bursting"].enumerated() {
                let span = kamstrupSpans[Int(bits >> UInt64(4 + 3 * at) & 7)]
                if !span.isEmpty, let kind = FlagText.keys.first(where: { $0.0 == key })?.1 {
                    flags.append(FlagText(key: key, kind: kind, text: span))
                }
            }
        case 0x23:
            isTold = true
            read(bits, names: kamstrupNames)
        default: break
        }
    }

    private mutating func read(_ bits: UInt64, names: [Int: String]) {
        var rest = bits
        for (bit, name) in names.sorted(by: { $0.key < $1.key }) where bits >> UInt64(bit) & 1 == 1 {
            words.append(name)
            rest &= ~(1 << UInt64(bit))
        }
        if rest != 0 { words.append("ERROR_FLAGS_\(text(rest))") }
    }

    /// All words under the name `status`, `OK` where there is none; nothing where the telegram says nothing.
    mutating func finish() {
        guard isTold else { return }
        let text = words.isEmpty ? "OK" : words.joined(separator: " ")
        flags.insert(FlagText(key: "status", kind: .current, text: text), at: 0)
    }

    private func text(_ bits: UInt64) -> String { String(bits, radix: 16, uppercase: true) }
}

private let kamstrupNames: [Int: String] = [
    0: "DRY", 1: "REVERSE", 2: "LEAK", 3: "BURST", 4: "TAMPER", 5: "LOW_BATTERY", 6: "LOW_AMBIENT_TEMPERATURE",
    7: "FLOW_ABOVE_Q4", 9: "NO_CONSUMPTION",
]

private let kamstrupSpans = [
    "", "1-8 hours", "9-24 hours", "2-3 days", "4-7 days", "8-14 days", "15-21 days", "22-31 days",
]
