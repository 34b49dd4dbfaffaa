import Water

/// What a reply's data is, by its two identifier bytes in either order and its length.
enum CJT188Identifier: Equatable {
    /// 901F with volume, settlement volume, clock and ST: 22 bytes.
    case current
    /// 901F with volume and ST: 9 bytes.
    case currentShort
    /// D120–D12B and, since 2018, D200–D2FF: the register of a month's settlement day, 1 for the latest.
    case settlement(monthsBack: Int)
    /// D300–D4FF since 2018: a register frozen at a time.
    case frozen
    /// 9097 of 172 bytes, a maker's own: the register and the half hours of a day.
    case halfHours

    /// Refuses by `length` where no identifier fits, then `di`, then `length`. `start` is where the data begins.
    init(
        _ frame: Span<UInt8>, start: Int, length: Int, order: CJT188Profile.IdentifierOrder
    ) throws(ItemFault) {
        guard length >= 2 else { throw ItemFault(field: "length", reason: "no data identifier") }
        let forward = UInt16(frame[start]) << 8 | UInt16(frame[start + 1])
        let codes: (UInt16?, UInt16?) =
            switch order {
            case .either: (forward, forward.byteSwapped)
            case .high: (forward, nil)
            case .low: (forward.byteSwapped, nil)
            }
        if let found = codes.0.flatMap({ CJT188Identifier.meaning(of: $0, length) })
            ?? codes.1.flatMap({ CJT188Identifier.meaning(of: $0, length) })
        {
            self = found
            return
        }
        throw CJT188Identifier.refusal(of: forward, length, codes, order)
    }

    /// What an identifier with so many bytes of data is. Source: protocols.md, 1.2 to 1.4.
    private static func meaning(of code: UInt16, _ length: Int) -> CJT188Identifier? {
        switch (code, length) {
        case (0x901F, 22): .current
        case (0x901F, 9): .currentShort
        case (0xD120...0xD12B, 8): .settlement(monthsBack: Int(code - 0xD11F))
        case (0xD200...0xD2FF, 8): .settlement(monthsBack: Int(code - 0xD1FF))
        case (0xD300...0xD4FF, 26): .frozen
        case (0x9097, 172): .halfHours
        default: nil
        }
    }

    private static func refusal(
        of forward: UInt16, _ length: Int, _ codes: (UInt16?, UInt16?), _ order: CJT188Profile.IdentifierOrder
    ) -> ItemFault {
        let wanted = [codes.0, codes.1].compactMap { $0 }.flatMap { code in
            [8, 9, 22, 26, 172].filter { meaning(of: code, $0) != nil }
        }
        if !wanted.isEmpty {
            let belong = wanted.map(String.init).joined(separator: " or ")
            return ItemFault(field: "length", reason: "\(length) bytes of data where \(belong) belong")
        }
        let code = hex([UInt8(forward >> 8), UInt8(truncatingIfNeeded: forward)]).uppercased()
        return ItemFault(field: "di", reason: refusal(of: forward, code, length, order))
    }

    private static func refusal(
        of forward: UInt16, _ code: String, _ length: Int, _ order: CJT188Profile.IdentifierOrder
    ) -> String {
        if order != .either, meaning(of: forward, length) != nil || meaning(of: forward.byteSwapped, length) != nil {
            return "\(code) is not in the order that the profile says"
        }
        guard let name = names[forward] ?? names[forward.byteSwapped] else { return "no volume known in \(code)" }
        return "no volume in \(code), \(name)"
    }

    private static let names: [UInt16: String] = [
        0x8102: "the price table", 0x8103: "the settlement day", 0x8104: "the reading day",
        0x8105: "the purchased amount", 0x8106: "the key version", 0x810A: "the address", 0x907F: "the clock",
        0x911F: "heat and cooling",
    ]
}
