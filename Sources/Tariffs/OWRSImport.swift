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
/// prices to 0.0001 per m³, halves up. `id` is the tariff's; without it, it is made of the utility's name. Source: the
/// specification's README, examples and published files, California Data Collaborative.
/// Throws `FileRefusal` with the file's line where the class cannot be billed at all, and without one, as `.badOption`,
/// where `values` or `id` cannot be.
public func importOWRS(
    file: String, text: String, customerClass: String = "RESIDENTIAL_SINGLE", values: [String: String] = [:],
    id: String? = nil
) throws(FileRefusal) -> OWRSImport {
    let document = try Located.document(file: file, text: text)
    let metadata = try document.required("metadata")
    let heading = try OWRSHeading(metadata)
    let identifier = try OWRSDraft.identifier(id, of: metadata.required("utility_name"))
    let classes = try document.required("rate_structure")
    guard !classes.isMapping || classes.member(customerClass) != nil else {
        throw classes.refusal(.noClass(customerClass, known: classes.keys))
    }
    var reading = OWRSClass(origin: try classes.required(customerClass), values: values, heading: heading)
    let charges = try reading.charges()
    let unit = reading.unit ?? .ccf
    var notes = reading.notes
    for name in values.keys.sorted() where !reading.used.contains(name) {
        notes.append("the value given for \(name) is used by nothing in the class")
    }
    notes += unit.notes + heading.notes
    for name in classes.keys where name != customerClass { notes.append("class \(name) is left out") }
    let draft = OWRSDraft(
        heading: heading, identifier: identifier, unit: unit, customerClass: customerClass, charges: charges,
        notes: notes)
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

    /// What the conversion costs.
    var notes: [String] {
        guard billionthsOfLitres != OWRSUnit.m3.billionthsOfLitres else { return [] }
        return [
            "volumes were \(rawValue) and are rounded to the litre, prices to 0.0001 per m3: a bill may differ by a few "
                + "hundredths"
        ]
    }
}

/// The file's `metadata`.
struct OWRSHeading {
    let utility: String
    let effective: LocalDay
    let basis: TariffBasis
    /// nil where the file names none.
    let unit: OWRSUnit?
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
            unit = nil
        }
        notes.append("prices stay in the file's own currency, though keys and pages say yuan")
        if basis == .twoMonths { notes.append("two-month periods start in January, March, May and so on") }
    }

    /// `YYYY-MM-DD`, or month, day and year with slashes as most published files have it.
    private static func day(_ value: Located) throws(FileRefusal) -> LocalDay {
        let form = "a date YYYY-MM-DD or MM/DD/YYYY"
        let text = value.plain ?? ""
        let slashed = text.split(separator: "/", omittingEmptySubsequences: false)
        let dashed = text.split(separator: "-", omittingEmptySubsequences: false)
        let pieces = slashed.count == 3 ? [slashed[2], slashed[0], slashed[1]] : dashed
        // A year has four digits: 2016/01/02 and 1/2/16 could be read in more than one way.
        guard pieces.count == 3, pieces[0].utf8.count >= 4, pieces.joined().utf8.allSatisfy({ (48...57).contains($0) }),
            slashed.count == 3 || pieces.dropFirst().allSatisfy({ $0.utf8.count == 2 }), let year = Int(pieces[0]),
            let month = Int(pieces[1]), let day = Int(pieces[2])
        else { throw value.badly(form) }
        // The examples are bills of the year after.
        guard (1970...9998).contains(year) else { throw value.badly("a date of the years 1970 to 9998") }
        guard let found = LocalDay(year: year, month: month, day: day) else { throw value.badly(form) }
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
