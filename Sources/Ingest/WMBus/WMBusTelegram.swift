import Water

/// A telegram of a water meter, decrypted and read.
struct WMBusTelegram {
    let address: MeterAddress
    let device: DeviceAddress
    /// nil where no transport header has one.
    let accessNumber: UInt8?
    /// 0 none, 5 or 7.
    let securityMode: UInt8
    let status: UInt8?
    /// The bytes that the records point into.
    let bytes: [UInt8]
    let records: [DataRecord]
    /// True where a block of the maker's own form follows the records.
    let hasMakerBlock: Bool

    /// Takes opened layers. Refuses by the first of `address`, `media`, `layout`, `crc`, `payload`, `maker` (nothing but
    /// a maker's block).
    init(_ layers: WMBusLayers, of frame: WMBusFrame) throws(ItemFault) {
        guard let device = layers.device, let address = device.meter else {
            throw ItemFault(field: "address", reason: "the telegram names no meter")
        }
        self.device = device
        self.address = address
        guard device.isWater else { throw ItemFault(field: "media", reason: "not water") }
        accessNumber = layers.accessNumber
        securityMode = layers.securityMode
        status = layers.status
        let read = try WMBusTelegram.records(of: layers, in: frame)
        bytes = read.bytes
        records = read.records
        hasMakerBlock = read.hasMakerBlock
        if records.isEmpty, hasMakerBlock { throw .makerSpecific }
    }

    private typealias Read = (bytes: [UInt8], records: [DataRecord], hasMakerBlock: Bool)

    private static func records(of layers: WMBusLayers, in frame: WMBusFrame) throws(ItemFault) -> Read {
        if layers.isCompact {
            return try records(of: try CompactFrame(layers.bytes.span, from: layers.at).records, from: 0)
        }
        var end = layers.end
        if !frame.isProven, !layers.isProven, !layers.isSealedToEnd, endsBehindRecords(layers.bytes, from: layers.at) {
            guard frame.endsWithBlockChecksum else { throw .badBlock }
            end = min(end, layers.bytes.count - 2)
        }
        return try records(of: Array(layers.bytes[..<end]), from: layers.at)
    }

    /// True where records end before the last two bytes, which then are none: two bytes hold no value, so they are a
    /// checksum of the frame, or two fillers.
    private static func endsBehindRecords(_ bytes: [UInt8], from start: Int) -> Bool {
        guard start < bytes.count - 2, bytes.suffix(2) != [0x2F, 0x2F] else { return false }
        do throws(ItemFault) {
            let read = try records(of: Array(bytes.dropLast(2)), from: start)
            return !read.records.isEmpty && !read.hasMakerBlock
        } catch {
            return false
        }
    }

    private static func records(of bytes: [UInt8], from start: Int) throws(ItemFault) -> Read {
        var reader = DataRecordReader(at: start)
        var records: [DataRecord] = []
        records.reserveCapacity(16)
        while let record = try reader.next(in: bytes.span) { records.append(record) }
        return (bytes, records, reader.makerBlock != nil)
    }

    /// True where a part that only the maker can read may hold what the rest does not.
    var hasMakerPart: Bool {
        hasMakerBlock || records.contains { if case .maker = $0.quantity { true } else { false } }
    }

    /// What the meter shows now, in millilitres; nil where the telegram does not tell it.
    func register() throws(ItemFault) -> Int64? {
        var found: Int64?
        for record in records where record.isPlain && record.storage == 0 {
            guard let number = volume(record) else { continue }
            switch number {
            case .value(let value):
                if found != nil, isFollowedByAnother { continue }
                if let found, found != value { throw ItemFault(field: "volume", reason: "given twice") }
                found = value
            case .missing: throw ItemFault(field: "volume", reason: "the meter does not give it")
            case .fault(let reason): throw ItemFault(field: "volume", reason: reason)
            }
        }
        return found
    }

    /// Kaden's meters (KDN and VIP, version 1) send another volume of unknown meaning behind the register, coded as if
    /// it were the register too. Source: the driver of the gateway program wmbusmeters.
    private var isFollowedByAnother: Bool { ["KDN", "VIP"].contains(device.makerLetters) && device.version == 1 }

    /// The register that a record holds; nil where it is not one.
    func volume(_ record: DataRecord) -> RecordNumber? {
        switch record.quantity {
        case .volume(let scale): bytes.span.number(record).register(scale: scale)
        case .foreignVolume: .fault("a unit that is no whole millilitres")
        default: nil
        }
    }

    /// Why the telegram gives no register: what its first volume of now is instead.
    var missingRegister: ItemFault {
        let reasons = records.lazy.filter { $0.storage == 0 }.compactMap(\.qualification)
        return ItemFault(field: "volume", reason: reasons.first ?? "the telegram has no volume with a time")
    }

    /// The flow now, millilitres an hour, negative backwards; nil where it is not told exactly.
    var flow: Int64? {
        for record in records where record.isPlain && record.storage == 0 {
            guard case .flow(let scale) = record.quantity, case .value(let number) = bytes.span.number(record),
                number != .min, case .value(let flow) = RecordNumber.value(abs(number)).register(scale: scale)
            else { continue }
            return number < 0 ? -flow : flow
        }
        return nil
    }

    /// The meter's own clock; nil without one, and where it says that its time is invalid.
    var clock: StoredTime? {
        for record in records where record.isPlain && record.storage == 0 && record.quantity == .time {
            if let time = StoredTime(bytes.span, record), time.second != nil { return time }
        }
        return nil
    }

    /// How long before the telegram its values were taken, seconds; nil where it does not say.
    var age: Int64? {
        for record in records where record.isPlain && record.storage == 0 {
            guard case .age(let unit) = record.quantity, case .value(let count) = bytes.span.number(record),
                (0...2_678_400).contains(count)
            else { continue }
            return count * unit
        }
        return nil
    }

    var state: DeviceState {
        var state = DeviceState()
        if let status { state.read(status: status) }
        for record in records where record.isPlain && record.storage == 0 && record.value.count <= 8 {
            switch record.quantity {
            case .errorFlags: state.read(errorFlags: bits(record))
            case .maker(let quantity) where ["KAM", "KAW"].contains(device.makerLetters):
                state.readKamstrup(quantity, bits: bits(record))
            default: continue
            }
        }
        state.finish()
        return state
    }

    private func bits(_ record: DataRecord) -> UInt64 {
        record.value.reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }
}
