extension SenMLRecord {
    /// Why a record that means a volume says none: its unit is like one of volume and not SenML's, or it has none and
    /// its name speaks of a volume. nil for every other record.
    var unitFault: ItemFault? {
        guard let unit else {
            return isNamedVolume && hasNumber ? SenMLRecord.fault("is missing") : nil
        }
        // No unit of volume is longer; what is longer is not looked at, for bodies of a million records.
        guard unit.utf8.count <= 8 else { return nil }
        let isFlow = unit.hasSuffix("/s")
        if isFlow, sum == nil { return nil }
        let measure = unit.dropLast(isFlow ? 2 : 0).lowercased().replacing("³", with: "3").replacing("^", with: "")
        let isVolume = MappingUnit(word: measure) != nil || SenMLRecord.otherVolumes.contains(measure)
        return isVolume ? SenMLRecord.fault("\(unit) is no unit of SenML") : nil
    }

    /// The name without a last part that says what is measured.
    var meterName: Substring {
        guard let sign = lastSign, isNamedVolume else { return name[...] }
        return name[..<sign]
    }

    private var isNamedVolume: Bool {
        let start = lastSign.map { name.index(after: $0) } ?? name.startIndex
        return name.utf8[start...].count <= 8 && SenMLRecord.quantities.contains(name[start...].lowercased())
    }

    private var lastSign: String.Index? {
        name.utf8.lastIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    }

    private var hasNumber: Bool {
        if case .number? = value { return true }
        return sum != nil
    }

    private static func fault(_ reason: String) -> ItemFault {
        ItemFault(field: SenMLKey.u.rawValue, reason: "\(reason); m3, l, m3/s and l/s are taken")
    }

    private static let quantities: Set<String> = ["volume", "total", "water", "register"]
    /// Volumes that mapping files do not know either.
    private static let otherVolumes: Set<String> = ["dm3", "cm3", "hl", "kl", "ltr", "cbm"]
}
