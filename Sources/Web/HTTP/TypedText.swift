import Water

extension String {
    /// Text as people type it on a Chinese keyboard, as it was meant: full-width letters, digits and signs as plain ones,
    /// a Chinese full stop as a point, no blanks within. For numbers, never for names or reasons.
    var plain: String {
        var found = ""
        for scalar in unicodeScalars {
            let meant: UInt32 =
                switch scalar.value {
                // The full-width forms of ! to ~.
                case 0xFF01...0xFF5E: scalar.value - 0xFEE0
                case 0x3002: 0x2E
                default: scalar.value
                }
            guard let scalar = Unicode.Scalar(meant), !scalar.properties.isWhitespace else { continue }
            found.unicodeScalars.append(scalar)
        }
        return found
    }

    /// A volume as people type it, without the unit behind it.
    var plainCubicMetres: String {
        let text = plain
        let unit = ["立方米", "吨", "方", "m³", "m3", "t"].first { text.hasSuffix($0) }
        return String(text.dropLast(unit?.count ?? 0))
    }
}

extension Form {
    /// A field that holds a number, a date or a code.
    func plain(_ name: String) -> String { text(name).plain }
}

/// What is to be looked at once more before it is noted. The form comes again with the key of the very values that were
/// looked at; other values are asked about anew.
struct SureQuestion: Sendable {
    let lines: [String]
    let key: String
    /// What is asked and how it is answered, of an act; nil of values that are saved.
    let act: Act?

    struct Act: Sendable {
        let heading: String
        let hint: String
    }

    /// nil where there is nothing to ask, or it was asked and answered.
    init?(_ lines: [String], about values: [String], answered: String, of act: Act? = nil) {
        let key = String(sha256Hex(Array(values.joined(separator: "\u{1F}").utf8)).prefix(16))
        guard !lines.isEmpty, answered != key else { return nil }
        self.lines = lines
        self.act = act
        self.key = key
    }
}
