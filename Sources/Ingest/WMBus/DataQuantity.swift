/// What a record tells, by its value information; only what a water meter's readings need is told apart.
enum DataQuantity: Hashable {
    /// A volume; the value times 10^scale is millilitres.
    case volume(scale: Int)
    /// A list of volumes at even distances in time, from the base of the same storage on, or back where inverse.
    case profile(scale: Int, isInverse: Bool)
    /// A volume in feet or gallons, which are no whole millilitres.
    case foreignVolume
    /// A volume that a VIFE makes another than the plain one, by the VIFE's code.
    case qualifiedVolume(by: UInt8)
    /// The value times 10^scale is millilitres an hour.
    case flow(scale: Int)
    case date
    /// A time, or a date and time, by its length.
    case time
    /// How long ago the values were taken; the value times `seconds`.
    case age(seconds: Int64)
    case errorFlags
    /// Months between a storage and the next.
    case storageMonths
    /// A quantity of the maker's own, by its number.
    case maker(UInt8)
    case other

    /// Reads VIF and VIFEs.
    init(_ bytes: Span<UInt8>, _ at: inout Int) throws(ItemFault) {
        let information = try bytes.recordByte(&at)
        var extends = information & 0x80 != 0
        var quantity: DataQuantity
        switch information & 0x7F {
        case 0x7B where extends: quantity = .behindFB(try DataQuantity.take(bytes, &at, &extends))
        case 0x7D where extends: quantity = .behindFD(try DataQuantity.take(bytes, &at, &extends))
        case 0x7C:
            // A unit in words, its length first.
            let length = Int(try bytes.recordByte(&at))
            guard at + length <= bytes.count else { throw .badPayload("a record is cut off") }
            at += length
            quantity = .other
        case 0x7F: quantity = extends ? .maker(try DataQuantity.take(bytes, &at, &extends)) : .other
        case let code: quantity = .main(code)
        }
        var count = 0
        while extends {
            guard count < 10 else { throw .badPayload("more than 10 extensions") }
            quantity = quantity.refined(by: try DataQuantity.take(bytes, &at, &extends))
            count += 1
        }
        self = quantity
    }

    private static func take(
        _ bytes: Span<UInt8>, _ at: inout Int, _ extends: inout Bool
    ) throws(ItemFault) -> UInt8 {
        let code = try bytes.recordByte(&at)
        extends = code & 0x80 != 0
        return code & 0x7F
    }

    private static func main(_ code: UInt8) -> DataQuantity {
        switch code {
        case 0x10...0x17: .volume(scale: Int(code) - 0x10)
        case 0x38...0x3F: .flow(scale: Int(code) - 0x38)
        case 0x6C: .date
        case 0x6D: .time
        case 0x74...0x77: .age(seconds: [1, 60, 3_600, 86_400][Int(code) - 0x74])
        default: .other
        }
    }

    /// The table behind FB.
    private static func behindFB(_ code: UInt8) -> DataQuantity {
        switch code {
        case 0x10, 0x11: .volume(scale: Int(code) - 0x10 + 8)
        case 0x21...0x23: .foreignVolume
        default: .other
        }
    }

    /// The table behind FD.
    private static func behindFD(_ code: UInt8) -> DataQuantity {
        switch code {
        case 0x17: .errorFlags
        case 0x28: .storageMonths
        default: .other
        }
    }

    /// A VIFE's effect: a factor of ten, or a list; whatever else it says, the quantity is not the plain one any more.
    /// The record error code 00 says that there is no error. Source: EN 13757-3, codes for record errors.
    private func refined(by code: UInt8) -> DataQuantity {
        if code == 0x00 { return self }
        switch self {
        case .maker, .qualifiedVolume: return self
        default: break
        }
        let step: Int? =
            switch code {
            case 0x70...0x77: Int(code) - 0x76
            case 0x7D: 3
            default: nil
            }
        switch (self, code, step) {
        case (.volume(let scale), _, let step?): return .volume(scale: scale + step)
        case (.flow(let scale), _, let step?): return .flow(scale: scale + step)
        case (.volume(let scale), 0x13, _): return .profile(scale: scale, isInverse: true)
        case (.volume(let scale), 0x1E, _): return .profile(scale: scale, isInverse: false)
        case (.volume, _, _): return .qualifiedVolume(by: code)
        default: return .other
        }
    }
}
