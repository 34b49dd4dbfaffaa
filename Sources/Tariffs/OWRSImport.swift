import Water

/// What came of an Open Water Rate Specification file.
public struct OWRSImport: Sendable, Hashable {
    /// A tariff file of this service, proved by `loadTariffs`. Its examples come from its own figures: they hold the
    /// file steady, and a utility's real bills should take their place.
    public let text: String
    /// What the file says and the tariff does not, one sentence each; also at the head of `text`.
    public let notes: [String]
}

/// Turns one customer class of an OWRS file into a tariff file.
///
/// Carried over are a flat price (`2.1*usage_ccf`), `Tiered` prices, `Budget` prices whose budget is a sum of products
/// of numbers and `hhsize`, and fixed charges. `values` answers `depends_on` columns and the columns of formulas, as
/// `meter_size` or `et_amount`. A tier's start belongs to the tier before it. Volumes are converted to the litre and
/// prices to 0.0001 per m³, halves up. Source: the specification's README and examples, California Data Collaborative.
/// Throws `FileRefusal` with the file's line where the class cannot be billed at all.
public func importOWRS(
    file: String, text: String, customerClass: String = "RESIDENTIAL_SINGLE", values: [String: String] = [:]
) throws(FileRefusal) -> OWRSImport {
    let document = try Located.document(file: file, text: text)
    let heading = try OWRSHeading(document.required("metadata"))
    let classes = try document.required("rate_structure")
    var reading = OWRSClass(origin: try classes.required(customerClass), values: values, heading: heading)
    let charges = try reading.charges()
    var notes = reading.notes
    notes += heading.notes
    for name in classes.keys where name != customerClass { notes.append("class \(name) is left out") }
    let draft = OWRSDraft(heading: heading, customerClass: customerClass, charges: charges, notes: notes)
    let written = try draft.text(from: document)
    return OWRSImport(text: written, notes: notes)
}

/// The units a file may count in, as litres × 10^9.
enum OWRSUnit: String, CaseIterable {
    case ccf, hcf, kgal, gal, m3, kilolitre

    var billionthsOfLitres: Int64 {
        switch self {
        // 100 ft³ of 28.316846592 L; a US gallon is 3.785411784 L.
        case .ccf, .hcf: 2_831_684_659_200
        case .kgal: 3_785_411_784_000
        case .gal: 3_785_411_784
        case .m3, .kilolitre: 1_000_000_000_000
        }
    }
}

/// The file's `metadata`.
struct OWRSHeading {
    let utility: String
    let effective: LocalDay
    let basis: TariffBasis
    let unit: OWRSUnit
    var notes: [String] = []

    init(_ metadata: Located) throws(FileRefusal) {
        utility = try metadata.required("utility_name").text()
        effective = try OWRSHeading.day(metadata.required("effective_date"))
        let frequency = try metadata.required("bill_frequency")
        switch try frequency.text().lowercased() {
        case "monthly": basis = .month
        case "bimonthly", "bi-monthly": basis = .twoMonths
        case "annually", "annual", "yearly": basis = .year
        default: throw frequency.bad("one of monthly, bimonthly, annually")
        }
        if let named = metadata.member("bill_unit") {
            guard let found = OWRSUnit(rawValue: try named.text().lowercased()) else {
                throw named.bad("one of " + OWRSUnit.allCases.map(\.rawValue).joined(separator: ", "))
            }
            unit = found
        } else {
            unit = .ccf
        }
        if unit.billionthsOfLitres != OWRSUnit.m3.billionthsOfLitres {
            notes.append(
                "volumes were \(unit.rawValue) and are rounded to the litre, prices to 0.0001 per m3: a bill may differ "
                    + "by a few hundredths")
        }
        notes.append("prices stay in the file's own currency, though keys and pages say yuan")
        if basis == .twoMonths { notes.append("two-month periods start in January, March, May and so on") }
    }

    /// `YYYY-MM-DD`, or month, day and year with slashes as most published files have it.
    private static func day(_ value: Located) throws(FileRefusal) -> LocalDay {
        let pieces = (value.plain ?? "").split(separator: "/").map { Int($0) }
        guard pieces.count == 3, let month = pieces[0], let day = pieces[1], let year = pieces[2] else {
            return try value.day()
        }
        guard let found = LocalDay(year: year, month: month, day: day) else {
            throw value.bad("a date YYYY-MM-DD or MM/DD/YYYY")
        }
        return found
    }

    /// Months of a billing period.
    var months: Int64 {
        switch basis {
        case .month: 1
        case .twoMonths: 2
        case .year: 12
        }
    }
}
