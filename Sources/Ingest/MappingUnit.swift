import Water

/// The units a table or a property may count water in.
enum MappingUnit: String, Sendable, CaseIterable {
    case cubicMetres = "m3"
    case litres = "L"
    case millilitres = "mL"
    case gallons = "gal"
    case thousandGallons = "kgal"
    case cubicFeet = "ft3"
    case hundredCubicFeet = "ccf"

    /// By a word as exports write it, in any case.
    init?(word: String) {
        guard let unit = MappingUnit.words[word.lowercased()] else { return nil }
        self = unit
    }

    private static let words: [String: MappingUnit] = {
        var words: [String: MappingUnit] = [:]
        for unit in MappingUnit.allCases { words[unit.rawValue.lowercased()] = unit }
        // A ton (吨) of tap water is a cubic metre in every Chinese bill; 方 is short for 立方米.
        for word in ["m³", "m^3", "立方米", "立方", "方", "吨", "cubic meters", "cubic metres"] { words[word] = .cubicMetres }
        for word in ["升", "litre", "litres", "liter", "liters"] { words[word] = .litres }
        for word in ["毫升"] { words[word] = .millilitres }
        for word in ["gallon", "gallons"] { words[word] = .gallons }
        for word in ["cf", "cubic feet"] { words[word] = .cubicFeet }
        return words
    }()

    /// Millionths of a millilitre. Source: the international foot is 0.3048 m and the US gallon 231 cubic inches of
    /// 25.4 mm, both exactly.
    private var micromillilitres: Int64 {
        switch self {
        case .cubicMetres: 1_000_000_000_000
        case .litres: 1_000_000_000
        case .millilitres: 1_000_000
        case .gallons: 3_785_411_784
        case .thousandGallons: 3_785_411_784_000
        case .cubicFeet: 28_316_846_592
        case .hundredCubicFeet: 2_831_684_659_200
        }
    }

    /// A register in millilitres. Metric units exactly; the others floored to the millilitre, so that a register that
    /// does not move stays where it is and one that rises does not fall.
    func register(_ text: String) throws(ValueFault) -> Int64 {
        let bytes = Array(text.utf8)
        switch self {
        case .cubicMetres: return try bytes.span.millilitres(in: 0..<bytes.count, unit: .cubicMetres)
        case .litres: return try bytes.span.millilitres(in: 0..<bytes.count, unit: .litres)
        case .millilitres:
            guard let number = SenMLNumber(text) else { throw .notANumber }
            if text.lowercased().contains("e") { throw .exponent }
            if text.hasPrefix("-") { throw .negative }
            return try number.register(places: 0)
        case .gallons, .thousandGallons, .cubicFeet, .hundredCubicFeet: return try floored(text)
        }
    }

    private func floored(_ text: String) throws(ValueFault) -> Int64 {
        guard let number = ExactDecimal(text, maximumDecimals: 9) else {
            throw text.lowercased().contains("e") ? .exponent : .notANumber
        }
        if text.hasPrefix("-") { throw .negative }
        var denominator: Int64 = 1_000_000
        for _ in 0..<number.decimals { denominator *= 10 }
        let found = multiplyThenFloorDivide(number.scaled, micromillilitres, by: denominator)
        guard let found, found <= 1_000_000_000_000_000_000 else { throw .tooLarge }
        return found
    }
}
