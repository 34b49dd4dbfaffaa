import Water

/// The formula of a flat price: `2.1*usage_ccf` or `flat_rate*usage_ccf`, in either order.
extension OWRSClass {
    /// nil where the charge is none on the volume, or has a form that is not carried over; both are noted. A
    /// `commodity_charge` of another form is refused: without it the bill would be of side charges.
    mutating func pricePerUnit(_ text: String, of charge: Located) throws(FileRefusal) -> Fraction? {
        guard text.lowercased().contains("usage") else { return nil }
        let pieces = text.filter { $0 != " " }.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
        let volumes = pieces.compactMap { OWRSUnit(column: $0) }
        let prices = pieces.filter { OWRSUnit(column: $0) == nil }
        guard volumes.count == 1, prices.count == 1, let volume = volumes.first, let price = prices.first,
            Fraction(price) != nil || isName(price)
        else {
            if charge.key.hasPrefix("commodity_charge") {
                throw charge.bad("one price times one volume, as 2.1*usage_ccf or flat_rate*usage_ccf")
            }
            note("\(charge.key) is \(text): only one price times one volume can be carried over")
            return nil
        }
        try count(in: volume, for: charge)
        if let number = Fraction(price) { return number }
        let found = try origin.member(price).flatMap { place throws(FileRefusal) in try resolved(place) }
        if let number = found?.plain.flatMap({ Fraction($0) }) { return number }
        if charge.key.hasPrefix("commodity_charge") { throw charge.bad("a formula whose \(price) is a plain number") }
        return nil
    }

    /// Holds the formula's unit against the one in force. Most published files that count in kgal still name the column
    /// `usage_ccf`, as the specification does: beside a stated unit that name alone says nothing.
    private mutating func count(in volume: OWRSUnit, for charge: Located) throws(FileRefusal) {
        guard let unit else {
            self.unit = volume
            note("volumes are counted in \(volume.rawValue), as \(charge.key) names no other")
            return
        }
        if unit.billionthsOfLitres == volume.billionthsOfLitres { return }
        guard heading.unit != nil, volume == .ccf else {
            throw charge.bad("a price times usage_\(unit.rawValue), the unit in force")
        }
        note("usage_ccf of \(charge.key) is counted in \(unit.rawValue), the file's bill_unit")
    }

    private func isName(_ text: String) -> Bool {
        let bytes = text.lowercased().utf8
        let isWord = bytes.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
        return isWord && bytes.first.map { !(48...57).contains($0) } ?? false
    }
}

extension OWRSUnit {
    /// The unit of a column of volumes: the whole text is `usage_` and the unit.
    fileprivate init?(column text: String) {
        guard text.hasPrefix("usage_") else { return nil }
        self.init(rawValue: String(text.dropFirst(6)))
    }
}
