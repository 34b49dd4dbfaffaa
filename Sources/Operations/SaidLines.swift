import Crypto
import Water

/// What a line of a registry file says of one thing. Two lines that say it differently contradict each other: the last
/// would win, and every repeat of the file would change the registry again.
struct ImportClaim: Sendable {
    /// The column that names the thing, and the name in it.
    fileprivate let field: String
    fileprivate let name: String
    /// The column whose value is told apart from the rest.
    fileprivate let part: String
    fileprivate let key: UInt64
    fileprivate let partDigest: UInt32
    fileprivate let restDigest: UInt32

    /// `aspect` tells several things apart that are said of one name.
    fileprivate init(
        _ field: String, _ name: String, aspect: [String] = [], part: String, _ values: [String], rest: [String] = []
    ) {
        self.field = field
        self.name = name
        self.part = part
        key = digest([field, name] + aspect)
        partDigest = UInt32(truncatingIfNeeded: digest(values))
        restDigest = UInt32(truncatingIfNeeded: digest(rest))
    }
}

/// The first 64 bits of SHA-256 over texts without line ends.
private func digest(_ texts: [String]) -> UInt64 {
    SHA256.hash(data: Array(texts.joined(separator: "\n").utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
}

extension ImportEntry {
    var claims: [ImportClaim] {
        switch self {
        case .area(let area):
            [
                ImportClaim(
                    "code", area.code, part: "parent", [area.parent ?? ""], rest: [area.kind.rawValue, area.name])
            ]
        case .household(let household): household.claims
        case .meter(let meter): [meter.claim]
        }
    }
}

extension HouseholdEntry {
    /// Lines of one household may list its persons and tariffs from several days and months on.
    fileprivate var claims: [ImportClaim] {
        let held = points.map { "\($0.number) \($0.shareMillionths ?? 0)" }.sorted()
        var claims = [
            ImportClaim(
                "number", number, part: "usage_point", held, rest: [area, String(movedIn.epochSeconds)])
        ]
        if let movedOut {
            claims.append(
                ImportClaim(
                    "number", number, aspect: ["moved_out"], part: "moved_out", [String(movedOut.epochSeconds)]))
        }
        if let persons {
            claims.append(
                ImportClaim(
                    "number", number, aspect: ["persons", persons.day.description], part: "persons",
                    [String(persons.persons ?? 0)]))
        }
        if let tariff {
            claims.append(
                ImportClaim(
                    "number", number, aspect: ["tariff", tariff.month.description], part: "tariff",
                    [tariff.tariffID ?? ""]))
        }
        return claims
    }
}

extension MeterEntry {
    /// A meter may hang at several times: each is a thing of its own.
    fileprivate var claim: ImportClaim {
        let addresses = otherAddresses.map { "\($0.protocol.rawValue) \($0.address) \($0.driver)" }
        let numbers = [
            to?.epochSeconds, startRegister?.millilitres, finalRegister?.millilitres, resolution?.millilitres,
            nominalFlowLitresPerHour, modulus?.millilitres,
        ]
        return ImportClaim(
            "serial", serial.address, aspect: [String(from.epochSeconds)], part: "usage_point", [usagePoint],
            rest: numbers.map { number in number.map { String($0) } ?? "" } + addresses)
    }
}

/// The lines of a file that went in, by what they say. Digests alone are kept, 20 bytes for each thing said, so that a
/// file of two million lines stays below 300 MB.
struct SaidLines: Sendable {
    private var marks: [UInt64: Mark] = [:]

    private struct Mark: Sendable {
        let line: UInt32
        let part: UInt32
        let rest: UInt32
    }

    /// Those alone that say something of the same things.
    func among(_ claims: [ImportClaim]) -> SaidLines {
        var found = SaidLines()
        for claim in claims { found.marks[claim.key] = marks[claim.key] }
        return found
    }

    /// Why a line with these claims cannot go in; nil where no earlier line says otherwise.
    func problem(with claims: [ImportClaim], line: Int) -> LineProblem? {
        for claim in claims {
            guard let mark = marks[claim.key] else { continue }
            let isOther = mark.part != claim.partDigest
            guard isOther || mark.rest != claim.restDigest else { continue }
            let difference = isOther ? "another \(claim.part)" : "other values"
            return LineProblem(
                line: line, field: claim.field, reason: "\(claim.name) stands in line \(mark.line) with \(difference)")
        }
        return nil
    }

    /// Keeps a line that went in; of several that say the same, the first.
    mutating func note(_ claims: [ImportClaim], line: Int) {
        for claim in claims where marks[claim.key] == nil {
            marks[claim.key] = Mark(
                line: UInt32(clamping: line), part: claim.partDigest, rest: claim.restDigest)
        }
    }

    mutating func add(_ later: SaidLines) { marks.merge(later.marks) { first, _ in first } }
}
