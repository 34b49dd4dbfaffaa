import Storage
import Tariffs
public import Water

/// The columns of a registry file, in the file's own order.
struct ImportHeader: Sendable {
    let names: [String]
    private let places: [String: Int]

    /// Reads a header line; columns that may be absent are those that may be empty in every line.
    init(_ record: CSVRecord, of kind: ImportKind) throws(ImportRefusal) {
        guard case .fields(let values, _) = record else { throw .noHeader }
        let names = values.map { value in String(value.filter { !$0.isWhitespace }).lowercased() }
        var places: [String: Int] = [:]
        for (index, name) in names.enumerated() {
            guard kind.columns.contains(name) else { throw .unknownColumn(name) }
            guard places.updateValue(index, forKey: name) == nil else { throw .repeatedColumn(name) }
        }
        for name in kind.requiredColumns where places[name] == nil { throw .missingColumn(name) }
        self.names = names
        self.places = places
    }

    func place(of name: String) -> Int? { places[name] }
}

extension ImportKind {
    /// Every column a file of this kind may have.
    public var columns: [String] {
        switch self {
        case .areas: ["code", "kind", "name", "parent"]
        case .households:
            [
                "number", "area", "persons", "persons_from", "usage_point", "share", "moved_in", "moved_out", "tariff",
                "tariff_from",
            ]
        case .meters:
            [
                "serial", "usage_point", "installed_at", "removed_at", "start_m3", "final_m3", "resolution_l",
                "q3_m3h", "modulus_m3", "cjt188", "wmbus", "wmbus_driver",
            ]
        }
    }

    /// Columns a file of this kind must have.
    public var requiredColumns: [String] {
        switch self {
        case .areas: ["code", "kind", "name", "parent"]
        case .households: ["number", "area", "usage_point", "moved_in"]
        case .meters: ["serial", "usage_point", "installed_at"]
        }
    }
}

/// One line's fields, each read in its form or refused by its name. Blanks around a value do not count.
struct ImportLine {
    let header: ImportHeader
    let values: [String]
    let calendar: CityCalendar
    let shelf: TariffShelf

    /// nil where the column is absent or the field empty.
    func text(_ field: String) -> String? {
        guard let place = header.place(of: field) else { return nil }
        let value = values[place].trimmed
        return value.isEmpty ? nil : String(value)
    }

    func required(_ field: String) throws(RegistryRefusal) -> String {
        guard let value = text(field) else { throw .missing(field: field) }
        return value
    }

    /// A date of the city (its first instant), or RFC 3339 with an offset.
    func instant(_ field: String) throws(RegistryRefusal) -> Instant? {
        guard let value = text(field) else { return nil }
        if let day = LocalDay(value) { return calendar.start(of: day) }
        if let instant = Instant(rfc3339: value) { return instant }
        throw .malformed(field: field, expected: "YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS with an offset, as +08:00")
    }

    func requiredInstant(_ field: String) throws(RegistryRefusal) -> Instant {
        guard let value = try instant(field) else { throw .missing(field: field) }
        return value
    }

    func day(_ field: String) throws(RegistryRefusal) -> LocalDay? {
        guard let value = text(field) else { return nil }
        guard let day = LocalDay(value) else { throw .malformed(field: field, expected: "YYYY-MM-DD") }
        return day
    }

    /// A decimal of `unit`, exactly, in thousandths (millilitres of litres, litres of m³) or, with `places` 6, in
    /// millionths (millilitres of m³).
    func decimal(_ field: String, places: Int, minimum: Int64, unit: String) throws(RegistryRefusal) -> Int64? {
        guard let value = text(field) else { return nil }
        guard let decimal = ExactDecimal(value, maximumDecimals: 9), let scaled = decimal.scaled(toDecimals: places),
            scaled >= minimum, scaled <= 1_000_000_000_000_000
        else {
            throw .malformed(
                field: field,
                expected: "\(unit) as a decimal \(minimum > 0 ? "over 0" : "from 0") with at most \(places) decimals")
        }
        return scaled
    }
}

extension AreaEntry {
    init(_ line: ImportLine) throws(RegistryRefusal) {
        let word = try line.required("kind")
        guard let kind = AreaKind(word: word) else {
            throw .malformed(field: "kind", expected: AreaKind.allCases.map(\.rawValue).joined(separator: ", "))
        }
        try self.init(
            code: line.required("code"), kind: kind, name: line.required("name"), parent: line.text("parent"))
    }
}

extension AreaKind {
    /// The English word or the Chinese one: 市 区 街道 社区 网格 楼栋 单元.
    public init?(word: String) {
        let chinese: [String: AreaKind] = [
            "市": .city, "区": .district, "县": .district, "街道": .street, "社区": .community, "网格": .grid,
            "楼栋": .building, "单元": .unit,
        ]
        guard let kind = AreaKind(rawValue: word.lowercased()) ?? chinese[word] else { return nil }
        self = kind
    }
}

extension HouseholdEntry {
    /// `usage_point` and `share` may list several, with `|` between them and as many in each.
    init(_ line: ImportLine) throws(RegistryRefusal) {
        let movedIn = try line.requiredInstant("moved_in")
        try self.init(
            number: line.required("number"), area: line.required("area"), points: HouseholdEntry.points(line),
            movedIn: movedIn, movedOut: line.instant("moved_out"),
            persons: HouseholdEntry.personsFrom(line, movedIn: movedIn),
            tariff: HouseholdEntry.tariffFrom(line, movedIn: movedIn))
    }

    /// `city` is the city's own tariff. Without a month it holds from that of the move-in, or from the first that it is
    /// valid for.
    private static func tariffFrom(_ line: ImportLine, movedIn: Instant) throws(RegistryRefusal) -> TariffFrom? {
        guard let word = line.text("tariff") else {
            if line.text("tariff_from") != nil { throw .missing(field: "tariff") }
            return nil
        }
        let id = word == TariffFrom.cityWord ? nil : word
        let (year, number, _) = line.calendar.day(of: movedIn).date
        guard var month = BillingMonth(year: year, month: number) else { return nil }
        if let text = line.text("tariff_from") {
            guard let given = BillingMonth(text) else { throw .malformed(field: "tariff_from", expected: "YYYY-MM") }
            month = given
        } else if let id, let first = line.shelf.firstMonth(of: id) {
            month = max(month, first)
        }
        if let id { try line.shelf.require(id, from: month, field: "tariff_from") }
        return TariffFrom(month: month, tariffID: id)
    }

    private static func points(_ line: ImportLine) throws(RegistryRefusal) -> [Point] {
        let numbers = try line.required("usage_point").split(separator: "|", omittingEmptySubsequences: false)
            .map { String($0.trimmed) }
        guard let text = line.text("share") else { return numbers.map { Point(number: $0, shareMillionths: nil) } }
        let shares = text.split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
        guard shares.count == numbers.count else {
            throw .malformed(field: "share", expected: "as many as usage points, with | between them")
        }
        var points: [Point] = []
        for (number, share) in zip(numbers, shares) {
            if share.isEmpty {
                points.append(Point(number: number, shareMillionths: nil))
                continue
            }
            guard let millionths = ExactDecimal(share)?.scaled(toDecimals: 6) else {
                throw .malformed(field: "share", expected: "a decimal over 0 and at most 1")
            }
            points.append(Point(number: number, shareMillionths: millionths))
        }
        return points
    }

    /// Empty persons with a date are unknown from it; without one the line says nothing of persons. A number
    /// without a date holds from the move-in.
    private static func personsFrom(_ line: ImportLine, movedIn: Instant) throws(RegistryRefusal) -> PersonsFrom? {
        let day = try line.day("persons_from")
        guard let text = line.text("persons") else {
            return try day.map { day throws(RegistryRefusal) in try PersonsFrom(persons: nil, from: day) }
        }
        // Not a whole number is as wrong as one outside the range.
        return try PersonsFrom(persons: Int(text) ?? 0, from: day ?? line.calendar.day(of: movedIn))
    }
}

extension MeterEntry {
    init(_ line: ImportLine) throws(RegistryRefusal) {
        let serial = try line.required("serial")
        guard let address = MeterAddress(.serial, serial) else {
            throw .malformed(field: "serial", expected: "1 to 64 of 0-9 A-Z a-z - _ . :")
        }
        try self.init(
            serial: address, otherAddresses: MeterEntry.otherAddresses(line),
            usagePoint: line.required("usage_point"), from: line.requiredInstant("installed_at"),
            to: line.instant("removed_at"), startRegister: MeterEntry.register("start_m3", line),
            finalRegister: MeterEntry.register("final_m3", line),
            resolution: line.decimal("resolution_l", places: 3, minimum: 1, unit: "litres")
                .map(Volume.init(millilitres:)),
            nominalFlowLitresPerHour: line.decimal("q3_m3h", places: 3, minimum: 1, unit: "m³/h"),
            modulus: line.decimal("modulus_m3", places: 6, minimum: 1, unit: "m³").map(Volume.init(millilitres:)))
    }

    private static func register(_ field: String, _ line: ImportLine) throws(RegistryRefusal) -> Volume? {
        try line.decimal(field, places: 6, minimum: 0, unit: "m³").map(Volume.init(millilitres:))
    }

    private static func otherAddresses(_ line: ImportLine) throws(RegistryRefusal) -> [MeterAddress] {
        var addresses: [MeterAddress] = []
        if let text = line.text("cjt188") {
            guard text.utf8.count == 14, text.utf8.allSatisfy(\.isHexDigit), let address = MeterAddress(.cjt188, text)
            else { throw .malformed(field: "cjt188", expected: "the 14 digits printed on the meter") }
            addresses.append(address)
        }
        guard let text = line.text("wmbus") else {
            if line.text("wmbus_driver") != nil { throw .missing(field: "wmbus") }
            return addresses
        }
        guard text.utf8.count == 8, text.utf8.allSatisfy(\.isHexDigit), MeterAddress(.wmbus, text) != nil else {
            throw .malformed(field: "wmbus", expected: "8 hex digits")
        }
        guard let address = MeterAddress(.wmbus, text, driver: line.text("wmbus_driver") ?? "") else {
            throw .malformed(field: "wmbus_driver", expected: "the name of a driver")
        }
        addresses.append(address)
        return addresses
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case 48...57, 65...70, 97...102: true
        default: false
        }
    }
}

extension StringProtocol {
    /// Without blanks at both ends.
    fileprivate var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
