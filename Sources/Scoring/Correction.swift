public import Water

/// Something that changed for a home after its month was measured.
public struct HomeChange: Sendable, Hashable {
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        /// A reading came late.
        case lateReading = "late_reading"
        /// Staff accepted, rejected, entered or withdrew a reading.
        case edit
        /// The number of persons was put right.
        case persons
        /// A meter's installation was put right: an exchange found late, a noted register.
        case installation
        /// The tariff that the month was billed by was put right.
        case tariff
        /// An earlier month that this one rests on was corrected.
        case earlierMonth = "earlier_month"
        /// An earlier month that this one rests on has its first statement, which came later than this one's.
        case earlierMonthIssued = "earlier_month_issued"
        /// The meter's word that it was tampered with came late.
        case tamper
        /// Another tariff was noted for the home.
        case homeTariff = "home_tariff"
        /// When the household moved in or out, or what it lives on, was put right.
        case occupancy
    }

    public var cause: Cause
    /// The meter's serial; empty where it is about no reading.
    public var serial: String
    /// The reading's instant and register; 1970 and zero where it is about none.
    public var at: Instant
    public var register: Volume

    /// What is about a meter but none of its readings, as an exchange, has no instant.
    public var isOfReading: Bool { !serial.isEmpty && at.epochSeconds != 0 }

    /// The same cause, of no reading.
    public var withoutReading: HomeChange {
        HomeChange(cause: cause, serial: "", at: Instant(epochSeconds: 0), register: .zero)
    }

    public init(cause: Cause, serial: String, at: Instant, register: Volume) {
        self.cause = cause
        self.serial = serial
        self.at = at
        self.register = register
    }
}

extension HomeChange: Comparable {
    public static func < (a: HomeChange, b: HomeChange) -> Bool {
        (a.serial, a.at, a.register.millilitres, a.cause.rawValue)
            < (b.serial, b.at, b.register.millilitres, b.cause.rawValue)
    }
}

/// 更正, 折抵: what a later version of a statement corrects and by how much. Version 1 has none.
///
/// The cohort is the one frozen with the month: nobody else's rank changes with it.
public struct Correction: Sendable, Hashable {
    /// The version corrected and the SHA-256 of its bytes.
    public var version: Int
    public var hash: String
    /// Why, each cause once, in the order of `HomeChange.Cause`.
    public var causes: [HomeChange.Cause]
    /// The readings that changed, by serial, instant and register; 20 at most: the first from the month's start on, then
    /// the last before it.
    public var readings: [HomeChange]
    /// True where more readings changed than are listed.
    public var hasMoreReadings: Bool
    /// What the corrected version said.
    public var litres: Int64
    public var figures: EarlierFigures

    /// The most readings that a correction lists.
    public static let listedReadings = 20

    /// Of a statement, by what changed. `monthStart`: the month's first instant.
    public init(of statement: Statement, hash: String, changes: [HomeChange], monthStart: Instant) {
        version = statement.version
        self.hash = hash
        let found = Set(changes.map(\.cause))
        causes = HomeChange.Cause.allCases.filter(found.contains)
        let all = Set(changes.filter(\.isOfReading)).sorted()
        let within = all.filter { $0.at >= monthStart }.prefix(Self.listedReadings)
        let before = all.filter { $0.at < monthStart }.sorted {
            $0.at != $1.at ? $0.at > $1.at : $0 < $1
        }.prefix(Self.listedReadings - within.count)
        readings = (within + before).sorted()
        hasMoreReadings = all.count > Self.listedReadings
        litres = statement.use.litres
        figures = EarlierFigures(statement)
    }
}

extension Correction {
    /// The statement's member `correction`.
    func write(_ text: inout JSONText) {
        text.array("causes") { text in for cause in causes { text.element(cause.rawValue) } }
        text.object("figures", figures.write)
        text.member("has_more_readings", hasMoreReadings)
        text.member("hash", hash)
        text.member("litres", litres)
        text.objects("readings", readings) { text, reading in
            text.member("at_epoch_seconds", reading.at.epochSeconds)
            text.member("cause", reading.cause.rawValue)
            text.member("meter", reading.serial)
            text.member("register_ml", reading.register.millilitres)
        }
        text.member("version", version)
    }

    init(json: Members) throws(StatementDefect) {
        version = try json.int("version")
        hash = try json.string("hash")
        causes = try json.values("causes").map { value throws(StatementDefect) in
            guard case .string(let code) = value, let cause = HomeChange.Cause(rawValue: code) else {
                throw StatementDefect(key: "causes")
            }
            return cause
        }
        readings = try json.list("readings").map { reading throws(StatementDefect) in
            HomeChange(
                cause: try reading.parsed("cause") { HomeChange.Cause(rawValue: $0) },
                serial: try reading.string("meter"),
                at: Instant(epochSeconds: try reading.integer("at_epoch_seconds")),
                register: Volume(millilitres: try reading.integer("register_ml")))
        }
        hasMoreReadings = try json.bool("has_more_readings")
        litres = try json.integer("litres")
        figures = try EarlierFigures(json: json.members("figures"))
    }
}
