public import Water

// The stored text of a home's frozen figures: words with a space between, always in the same order, so that the same
// figures are the same bytes and a close reads two million of them in seconds. `-` is nil. Months that were frozen
// before this spelling are canonical JSON (`HomeMonthJSON.swift`), which begins with a brace.
extension HomeMonth {
    static let spelling = "h5"
    /// As the present one, without the months of a mean and the days that do not join.
    private static let withoutBases = "h4"
    /// And without the home's share of a continuous flow.
    private static let withoutShares = "h3"
    /// And without its least litres per hour.
    private static let withoutLeast = "h2"

    /// The canonical text kept in `home_month.body`.
    public var storedText: String {
        var words = WordWriter()
        words.add(Self.spelling)
        for number in [household.value, Int64(month.number), measuredLitres, estimatedLitres, monthSeconds] {
            words.add(number)
        }
        for number in [missingSeconds, qualifyingSeconds, isBracketed ? 1 : 0, Int64(zeroDays)] { words.add(number) }
        words.add(persons.map(Int64.init))
        words.add(shareMillionths)
        words.add(isPartial ? 1 : 0)
        words.add(detectableLitresPerHour)
        words.add(Int64(readingCount))
        words.add(lastReadingAt?.epochSeconds)
        words.add(readingsDigest)
        words.add(Int64(days.count))
        words.add(days.first.map { Int64($0.day.number) })
        for day in days { words.add(day) }
        words.add(Int64(continuousFlows.count))
        for flow in continuousFlows {
            for number in [flow.from.epochSeconds, flow.to.epochSeconds] { words.add(number) }
            for number in [flow.litresPerHour, flow.leastLitresPerHour] { words.add(number) }
            words.add(flow.shareMillionths)
        }
        words.add(Int64(findings.count))
        for finding in findings { words.add(finding) }
        words.add(night.map { Int64($0.nights) })
        if let night {
            words.add(night.litres)
            words.add(night.lowestLitres)
        }
        words.add(Int64(sizes.count))
        for size in sizes {
            words.add(Int64(size.day.number))
            words.add(size.persons.map(Int64.init))
        }
        words.add(Int64(bylawMonths.count))
        for basis in bylawMonths { words.add(basis) }
        words.add(Int64(unjoinedOn.count))
        for day in unjoinedOn { words.add(Int64(day.number)) }
        return words.text
    }

    /// Reads what `storedText` wrote, or wrote before.
    public init(storedText: String) throws {
        if storedText.utf8.first == UInt8(ascii: "{") {
            try self.init(storedJSON: storedText)
            return
        }
        var words = WordReader(storedText)
        let spelling = try words.text()
        guard [Self.spelling, Self.withoutBases, Self.withoutShares, Self.withoutLeast].contains(spelling) else {
            throw DamagedBytes.notAValue("home month")
        }
        let hasBases = spelling == Self.spelling
        let hasShares = hasBases || spelling == Self.withoutBases
        let household = HouseholdID(try words.number())
        let month = BillingMonth(number: try words.number32())
        let (measured, estimated, monthSeconds) = (try words.number(), try words.number(), try words.number())
        let (missing, qualifying) = (try words.number(), try words.number())
        let (bracketed, zeroDays) = (try words.number() == 1, Int(try words.number()))
        let (persons, share) = (try words.optional().map { Int($0) }, try words.optional())
        let (partial, detectable) = (try words.number() == 1, try words.number())
        let (readings, lastAt) = (Int(try words.number()), try words.optional().map(Instant.init(epochSeconds:)))
        let digest = try words.text()
        let dayCount = try words.count()
        let first = try words.optional() ?? 0
        let days = try (0..<dayCount).map {
            try words.day(LocalDay(number: Int32(truncatingIfNeeded: first) &+ Int32($0)))
        }
        let flows = try (0..<(try words.count())).map { _ in
            ContinuousFlow(
                from: Instant(epochSeconds: try words.number()), to: Instant(epochSeconds: try words.number()),
                litresPerHour: try words.number(), least: spelling == Self.withoutLeast ? nil : try words.number(),
                shareMillionths: hasShares ? try words.optional() : nil)
        }
        let findings = try (0..<(try words.count())).map { _ in try words.finding() }
        var night: NightUse?
        if let nights = try words.optional() {
            night = NightUse(nights: Int(nights), litres: try words.number(), lowestLitres: try words.number())
        }
        let sizes = try (0..<(try words.count())).map { _ in
            PersonsFrom(day: LocalDay(number: try words.number32()), persons: try words.optional().map { Int($0) })
        }
        let bases = hasBases ? try (0..<(try words.count())).map { _ in try words.basis() } : []
        let unjoined =
            hasBases ? try (0..<(try words.count())).map { _ in LocalDay(number: try words.number32()) } : []
        guard words.isAtEnd else { throw DamagedBytes.notAValue("home month") }
        self.init(
            household: household, month: month, days: days, measuredLitres: measured, estimatedLitres: estimated,
            monthSeconds: monthSeconds, missingSeconds: missing, qualifyingSeconds: qualifying,
            isBracketed: bracketed, zeroDays: zeroDays, persons: persons, shareMillionths: share, isPartial: partial,
            continuousFlows: flows, detectableLitresPerHour: detectable, findings: findings, readingCount: readings,
            lastReadingAt: lastAt, readingsDigest: digest, night: night, sizes: sizes, bylawMonths: bases,
            unjoinedOn: unjoined)
    }
}

private struct WordWriter {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    private mutating func separate() {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
    }

    mutating func add(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ number: Int64) {
        separate()
        appendDecimal(number, to: &bytes)
    }

    mutating func add(_ number: Int64?) {
        guard let number else { return add("-") }
        add(number)
    }

    /// `m` measured, `e` estimated, with its litres; `x` missing.
    mutating func add(_ day: DayUse) {
        separate()
        switch day.state {
        case .measured: bytes.append(UInt8(ascii: "m"))
        case .estimated: bytes.append(UInt8(ascii: "e"))
        case .missing: bytes.append(UInt8(ascii: "x"))
        }
        if let litres = day.litres { appendDecimal(litres, to: &bytes) }
    }

    mutating func add(_ finding: Finding) {
        add(finding.kind.rawValue)
        for number in [finding.meter.value, finding.at.epochSeconds, finding.register.millilitres] { add(number) }
        add(finding.before?.millilitres)
    }

    mutating func add(_ basis: MonthBasis) {
        for number in [Int64(basis.month.number), basis.litres, basis.missingHours] { add(number) }
        for number in [basis.knownDays, basis.version] { add(Int64(number)) }
        add(basis.hash)
    }
}

private struct WordReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    private mutating func word() throws -> ArraySlice<UInt8> {
        guard !rest.isEmpty else { throw DamagedBytes.notAValue("word") }
        var end = rest.startIndex
        while end < rest.endIndex, rest[end] != UInt8(ascii: " ") { end += 1 }
        let word = rest[rest.startIndex..<end]
        rest = end < rest.endIndex ? rest[(end + 1)...] : []
        return word
    }

    mutating func text() throws -> String { String(decoding: try word(), as: UTF8.self) }

    mutating func number() throws -> Int64 { try Self.number(word()) }

    mutating func number32() throws -> Int32 {
        guard let number = Int32(exactly: try number()) else { throw DamagedBytes.notAValue("number") }
        return number
    }

    /// How many of something follow: never more than there are bytes left.
    mutating func count() throws -> Int {
        guard let count = Int(exactly: try number()), count >= 0, count <= rest.count + 1 else {
            throw DamagedBytes.notAValue("count")
        }
        return count
    }

    mutating func optional() throws -> Int64? {
        let word = try word()
        return word.count == 1 && word.first == UInt8(ascii: "-") ? nil : try Self.number(word)
    }

    mutating func day(_ day: LocalDay) throws -> DayUse {
        let word = try word()
        switch word.first {
        case UInt8(ascii: "m"): return DayUse(day: day, litres: try Self.number(word.dropFirst()), state: .measured)
        case UInt8(ascii: "e"): return DayUse(day: day, litres: try Self.number(word.dropFirst()), state: .estimated)
        case UInt8(ascii: "x") where word.count == 1: return DayUse(day: day, litres: nil, state: .missing)
        default: throw DamagedBytes.notAValue("day state")
        }
    }

    mutating func finding() throws -> Finding {
        guard let kind = FindingKind(rawValue: try text()) else { throw DamagedBytes.notAValue("finding kind") }
        return Finding(
            kind: kind, meter: MeterID(try number()), at: Instant(epochSeconds: try number()),
            register: Volume(millilitres: try number()), before: try optional().map(Volume.init(millilitres:)))
    }

    mutating func basis() throws -> MonthBasis {
        MonthBasis(
            month: BillingMonth(number: try number32()), litres: try number(), missingHours: try number(),
            knownDays: Int(try number()), version: Int(try number()), hash: try text())
    }

    private static func number(_ word: ArraySlice<UInt8>) throws -> Int64 {
        let isNegative = word.first == UInt8(ascii: "-")
        let digits = isNegative ? word.dropFirst() : word
        guard !digits.isEmpty else { throw DamagedBytes.notAValue("number") }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { throw DamagedBytes.notAValue("number") }
            let (tens, tooMany) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards: the lowest number has no positive twin.
            let (next, tooFar) = tens.subtractingReportingOverflow(Int64(digit - 48))
            if tooMany || tooFar { throw DamagedBytes.notAValue("number") }
            value = next
        }
        if isNegative { return value }
        guard value != .min else { throw DamagedBytes.notAValue("number") }
        return -value
    }
}
