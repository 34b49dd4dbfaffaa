import Water

/// One record of a telegram: what it tells, of which storage and tariff, and where its value stands.
///
/// Source of the coding: EN 13757-3, data and value information blocks.
struct DataRecord {
    /// How the value came to be.
    enum Function: UInt8 { case instantaneous, maximum, minimum, duringError }

    /// How the value's bytes are to be read, low byte first.
    enum Coding { case nothing, integer, real, decimal, negativeDecimal, opaque }

    var function: Function = .instantaneous
    /// 0 is now; others were stored.
    var storage: Int64 = 0
    var tariff: Int64 = 0
    var subunit: Int64 = 0
    var coding: Coding = .nothing
    var quantity: DataQuantity = .other
    /// The value's place in the bytes the record was read from.
    var value = 0..<0

    /// True for what the meter as a whole shows: no tariff, no subunit, no extreme.
    var isPlain: Bool { function == .instantaneous && tariff == 0 && subunit == 0 }

    /// Why a volume is not what the meter as a whole shows; nil for one that is, and for what is no volume.
    var qualification: String? {
        switch quantity {
        case .qualifiedVolume(let code): return DataRecord.qualification(by: code)
        case .volume, .foreignVolume: break
        default: return nil
        }
        if subunit != 0 { return "the volume is that of a subunit" }
        if tariff != 0 { return "the volume is that of one tariff" }
        return switch function {
        case .instantaneous: nil
        case .maximum: "the volume is a maximum"
        case .minimum: "the volume is a minimum"
        case .duringError: "the volume is that of a time of error"
        }
    }

    /// Source of the codes: EN 13757-3, value information extensions.
    private static func qualification(by code: UInt8) -> String {
        let name = "VIFE \(hex([code]).uppercased())"
        return switch code {
        case 0x01...0x1F: "the meter marks its volume as being in error (\(name))"
        case 0x3B: "the volume is that of forward flow alone (\(name))"
        case 0x3C: "the volume is that of backward flow alone (\(name))"
        case 0x78...0x7B: "the volume wants an addition that is not made (\(name))"
        default: "the volume is a qualified one (\(name))"
        }
    }
}

/// Reads the records of a telegram one after another.
struct DataRecordReader {
    private(set) var at: Int
    /// Where the block begins whose form only the maker knows; nil where there is none.
    private(set) var makerBlock: Int?

    init(at: Int) { self.at = at }

    /// The next record; nil at the end and before a maker's block. Refused by `payload` where the bytes end within a
    /// record or are no record.
    mutating func next(in bytes: Span<UInt8>) throws(ItemFault) -> DataRecord? {
        while at < bytes.count, bytes[at] == 0x2F { at += 1 }
        guard at < bytes.count else { return nil }
        if bytes[at] & 0x0F == 0x0F {
            guard bytes[at] == 0x0F || bytes[at] == 0x1F else { throw .badPayload("a special record (\(at))") }
            makerBlock = at
            at = bytes.count
            return nil
        }
        var record = DataRecord()
        let form = try readDataInformation(bytes, &record)
        record.quantity = try DataQuantity(bytes, &at)
        try placeValue(bytes, form, &record)
        return record
    }

    /// Reads DIF and DIFEs; returns the DIF's data field.
    private mutating func readDataInformation(
        _ bytes: Span<UInt8>, _ record: inout DataRecord
    ) throws(ItemFault) -> UInt8 {
        let information = bytes[at]
        at += 1
        record.function = DataRecord.Function(rawValue: information >> 4 & 3) ?? .instantaneous
        record.storage = Int64(information >> 6 & 1)
        var extends = information & 0x80 != 0
        var place: Int64 = 0
        while extends {
            guard place < 10 else { throw .badPayload("more than 10 extensions") }
            let next = try bytes.recordByte(&at)
            record.storage |= Int64(next & 15) << (4 * place + 1)
            record.tariff |= Int64(next >> 4 & 3) << (2 * place)
            record.subunit |= Int64(next >> 6 & 1) << place
            extends = next & 0x80 != 0
            place += 1
        }
        return information & 0x0F
    }

    private mutating func placeValue(
        _ bytes: Span<UInt8>, _ form: UInt8, _ record: inout DataRecord
    ) throws(ItemFault) {
        var length: Int
        switch form {
        case 0x1...0x4:
            record.coding = .integer
            length = Int(form)
        case 0x5:
            record.coding = .real
            length = 4
        case 0x6, 0x7:
            record.coding = .integer
            length = form == 6 ? 6 : 8
        case 0x9...0xC:
            record.coding = .decimal
            length = Int(form) - 8
        case 0xE:
            record.coding = .decimal
            length = 6
        case 0xD: (record.coding, length) = try DataRecordReader.variable(try bytes.recordByte(&at))
        default: length = 0
        }
        guard at + length <= bytes.count else { throw .badPayload("a record is cut off") }
        record.value = at..<at + length
        at += length
    }

    /// What the length byte of a value of variable length says.
    private static func variable(_ length: UInt8) throws(ItemFault) -> (DataRecord.Coding, Int) {
        switch length {
        case 0x00...0xBF: (.opaque, Int(length))
        case 0xC0...0xC9: (.decimal, Int(length) - 0xC0)
        case 0xD0...0xD9: (.negativeDecimal, Int(length) - 0xD0)
        case 0xE0...0xEF: (.integer, Int(length) - 0xE0)
        case 0xF0...0xF4: (.opaque, 4 * (Int(length) - 0xEC))
        case 0xF5: (.opaque, 48)
        case 0xF6: (.opaque, 64)
        default: throw .badPayload("a reserved length")
        }
    }
}

extension ItemFault {
    static func badPayload(_ reason: String) -> ItemFault { ItemFault(field: "payload", reason: reason) }
}

extension Span where Element == UInt8 {
    func recordByte(_ at: inout Int) throws(ItemFault) -> UInt8 {
        guard at < count else { throw .badPayload("a record is cut off") }
        defer { at += 1 }
        return self[at]
    }
}
