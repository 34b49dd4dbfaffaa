import Water

/// The layers between the link layer and the records, taken off one by one.
struct WMBusLayers {
    /// The extended link layer's, then the transport layer's address where they name one.
    private(set) var device: DeviceAddress?
    private(set) var accessNumber: UInt8?
    /// The standard's status byte; nil where no header has one.
    private(set) var status: UInt8?
    /// 0 none, 5 or 7, of the transport layer.
    private(set) var securityMode: UInt8 = 0
    /// Decrypted; a compact frame is still one.
    private(set) var bytes: [UInt8]
    private(set) var at: Int
    /// Where what may be read ends: behind the encrypted blocks where a key opened them, else at the end of `bytes`.
    private(set) var end: Int
    /// True where a checksum or a code inside the telegram proves its bytes to the end.
    private(set) var isProven = false
    /// True where `bytes` from `at` on is a compact frame.
    private(set) var isCompact = false
    private var authentication: AuthenticationLayer?
    /// Of mode 7: how keys are derived; 1 is KDF-A.
    private var selection: UInt8 = 0

    private var isOpened = false

    /// True where a key opened blocks that reach to the end: its last bytes are the meter's, and no checksum.
    var isSealedToEnd: Bool { isOpened && end == bytes.count }

    /// Refuses by the first of `length`, `crc`, `afl`, `maker`, `ci`, `security`, `key`. Of a meter whose key is known,
    /// only what the key opens is read: anybody near the receiver can send plain bytes in a meter's name, also behind
    /// blocks that the meter itself encrypted.
    mutating func open(_ keys: TelegramKeys) throws(ItemFault) {
        try takeOff(keys)
        if !isOpened, let meter = device?.meter, keys(meter) != nil {
            throw ItemFault(field: "key", reason: "not encrypted, though a key is known")
        }
    }

    private mutating func takeOff(_ keys: TelegramKeys) throws(ItemFault) {
        while true {
            let layer = try byte(at)
            switch layer {
            case 0x8C: try skip(3)
            case 0x8E: try readExtendedAddress(length: 11)
            case 0x8D: try openExtended(length: 3, keys)
            case 0x8F:
                try readExtendedAddress(length: 0)
                try openExtended(length: 11, keys)
            case 0x90: try readAuthentication()
            case 0x78: return try skip(1)
            case 0x79:
                isCompact = true
                return try skip(1)
            case 0x7A: return try openTransport(header: 1, keys)
            case 0x72:
                try need(9)
                let named = DeviceAddress(numberFirst: bytes.span, at: at + 1)
                // Another meter's key opens nothing in this one's name.
                if named.meter != device?.meter { isOpened = false }
                device = named
                return try openTransport(header: 9, keys)
            case 0xA0...0xB7: throw .makerSpecific
            default: throw ItemFault(field: "ci", reason: "not an answer of a meter: \(hex([layer]).uppercased())")
            }
        }
    }

    init(_ frame: WMBusFrame) {
        device = frame.sender
        bytes = frame.bytes
        at = frame.start
        end = frame.bytes.count
    }

    private func byte(_ index: Int) throws(ItemFault) -> UInt8 {
        guard index < bytes.count else { throw ItemFault(field: "length", reason: "a header is cut off") }
        return bytes[index]
    }

    private func need(_ count: Int) throws(ItemFault) {
        guard at + count <= bytes.count else { throw ItemFault(field: "length", reason: "a header is cut off") }
    }

    private mutating func skip(_ count: Int) throws(ItemFault) {
        try need(count)
        at += count
    }

    private func key(_ keys: TelegramKeys) throws(ItemFault) -> WMBusKey? {
        guard let meter = device?.meter, let found = keys(meter) else { return nil }
        return try WMBusKey(found)
    }
}

extension ItemFault {
    static var makerSpecific: ItemFault { ItemFault(field: "maker", reason: "maker-specific, not decoded") }
    fileprivate static var noKey: ItemFault { ItemFault(field: "key", reason: "encrypted, and no key is known") }
    fileprivate static var wrongKey: ItemFault { ItemFault(field: "key", reason: "the key does not open it") }
    fileprivate static var wrongMAC: ItemFault {
        ItemFault(field: "key", reason: "the key does not open it: the code (MAC) does not match")
    }
}

// The extended link layer: CI, communication control, access number, then by kind the meter's address, and a session
// number with a checksum of what follows.
extension WMBusLayers {
    private mutating func readExtendedAddress(length: Int) throws(ItemFault) {
        try need(11)
        device = DeviceAddress(makerFirst: bytes.span, at: at + 3)
        try skip(length)
    }

    private mutating func openExtended(length: Int, _ keys: TelegramKeys) throws(ItemFault) {
        try need(length + 6)
        let control = bytes[at + 1]
        let session = bytes.span.lowFirst32(at + length)
        try skip(length + 4)
        let key = session >> 29 == 0 ? nil : try key(keys)
        if let key, let device {
            guard session >> 29 == 1 else { throw ItemFault(field: "security", reason: "not a known mode") }
            let counter = device.onAir + [control] + session.bytesLowFirst + [0, 0, 0]
            bytes.replaceSubrange(at..., with: try key.decryptedStream(Array(bytes[at...]), counter: counter))
            isOpened = true
        }
        let isWhole = wmbusChecksum(bytes.span, at + 2..<bytes.count) == bytes.span.lowFirst16(at)
        if !isWhole {
            if session >> 29 == 0 { throw ItemFault(field: "crc", reason: "the checksum does not match") }
            throw key == nil ? .noKey : .wrongKey
        }
        isProven = true
        try skip(2)
    }
}

/// What the authentication and fragmentation layer says of the message it stands before.
private struct AuthenticationLayer {
    var control: UInt8 = 0
    var counter: UInt32 = 0
    var code: [UInt8] = []
    /// The fields that the code covers besides the message.
    var covered: [UInt8] = []

    /// `FCL, [MCL], [KI], [MCR], [MAC], [ML]`.
    init(_ bytes: ArraySlice<UInt8>) throws(ItemFault) {
        var rest = bytes
        let fields = try AuthenticationLayer.take(2, &rest)[1]
        if fields & 0x40 != 0 { throw ItemFault(field: "afl", reason: "fragments are not joined") }
        if fields & 0x20 != 0 { control = try AuthenticationLayer.take(1, &rest)[0] }
        if fields & 0x02 != 0 { _ = try AuthenticationLayer.take(2, &rest) }
        if fields & 0x08 != 0 {
            let bytes = try AuthenticationLayer.take(4, &rest)
            counter = bytes.span.lowFirst32(0)
        }
        if fields & 0x04 != 0 {
            code = try AuthenticationLayer.take(try AuthenticationLayer.codeLength(control), &rest)
        }
        let length = fields & 0x10 != 0 ? try AuthenticationLayer.take(2, &rest) : []
        covered = [control] + counter.bytesLowFirst + length
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws(ItemFault) -> [UInt8] {
        guard rest.count >= count else { throw ItemFault(field: "afl", reason: "a field is cut off") }
        let taken = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return taken
    }

    private static func codeLength(_ control: UInt8) throws(ItemFault) -> Int {
        switch control & 15 {
        case 3: 2
        case 4: 4
        case 5: 8
        case 6: 12
        case 7: 16
        default: throw ItemFault(field: "afl", reason: "not a known kind of code")
        }
    }
}

extension WMBusLayers {
    private mutating func readAuthentication() throws(ItemFault) {
        let length = Int(try byte(at + 1))
        try need(2 + length)
        authentication = try AuthenticationLayer(bytes[at + 2..<at + 2 + length])
        try skip(2 + length)
    }

    /// `CI, [address], access number, status, configuration (2, low first), [extension]`.
    private mutating func openTransport(header: Int, _ keys: TelegramKeys) throws(ItemFault) {
        try need(header + 4)
        let message = Array(bytes[at...])
        accessNumber = bytes[at + header]
        status = bytes[at + header + 1]
        let configuration = bytes.span.lowFirst16(at + header + 2)
        try skip(header + 4)
        securityMode = UInt8(configuration >> 8 & 31)
        let sealed = Int(configuration >> 4 & 15) * 16
        guard [0, 5, 7].contains(securityMode) else {
            throw ItemFault(field: "security", reason: "mode \(securityMode) is not decoded")
        }
        if securityMode == 7 {
            selection = try byte(at) >> 4 & 3
            try skip(1)
        }
        if securityMode != 0, sealed > 0 { try open(sealed, message, keys) }
    }

    /// Replaces the encrypted blocks by what they hold, which begins with 2F 2F. Without a key, a telegram that
    /// begins so was decrypted by its receiver.
    private mutating func open(_ sealed: Int, _ message: [UInt8], _ keys: TelegramKeys) throws(ItemFault) {
        let key = try key(keys)
        if let key {
            guard at + sealed <= bytes.count else {
                throw ItemFault(field: "length", reason: "the encrypted blocks are cut off")
            }
            let blocks = Array(bytes[at..<at + sealed])
            let opened =
                securityMode == 5 ? try openBlocks(blocks, key) : try openAuthenticated(message, blocks, key)
            bytes.replaceSubrange(at..<at + sealed, with: opened)
            end = at + sealed
            isOpened = true
            if securityMode == 7 { isProven = true }
        }
        guard at + 2 <= bytes.count, bytes[at] == 0x2F, bytes[at + 1] == 0x2F else {
            throw key == nil ? .noKey : .wrongKey
        }
    }

    /// Mode 5: the vector is the meter's address, then the access number eight times.
    private func openBlocks(_ blocks: [UInt8], _ key: WMBusKey) throws(ItemFault) -> [UInt8] {
        let number = [UInt8](repeating: accessNumber ?? 0, count: 8)
        return try key.decryptedBlocks(blocks, vector: (device?.onAir ?? []) + number)
    }

    /// Mode 7: keys made for this one message, a code over it, and a vector of zeros.
    private func openAuthenticated(
        _ message: [UInt8], _ blocks: [UInt8], _ key: WMBusKey
    ) throws(ItemFault) -> [UInt8] {
        guard selection == 1 else { throw ItemFault(field: "security", reason: "not a known key derivation") }
        guard let authentication, let device, authentication.code.count >= 8 else {
            throw ItemFault(field: "afl", reason: "mode 7 without an authentication code of 8 bytes or more")
        }
        let counter = authentication.counter
        let signing = try key.derived(purpose: 1, counter: counter, number: device.number)
        let code = try signing.authenticationCode(authentication.covered + message)
        var difference: UInt8 = 0
        for (a, b) in zip(code, authentication.code) { difference |= a ^ b }
        guard difference == 0 else { throw .wrongMAC }
        let opening = try key.derived(purpose: 0, counter: counter, number: device.number)
        return try opening.decryptedBlocks(blocks, vector: [UInt8](repeating: 0, count: 16))
    }
}
