public import Water

/// The body formats a gateway may post.
public enum WireFormat: String, CaseIterable, Sendable {
    /// `{"readings":[…]}`: objects of one reading or of a series.
    case json
    /// One such object a line.
    case ndjson
    /// A table with a header line.
    case csv
    /// CJ/T 188 frames, hex text (a frame a line) or raw bytes.
    case cjt188
    /// The JSON that the wmbusmeters gateway program posts: an object, an array, or objects one after another.
    case wmbusmeters
    /// Wireless M-Bus telegrams, hex text, a telegram a line.
    case wmbus
    /// A SenML pack in JSON (RFC 8428).
    case senml
    /// A Beacon AMI report, a table.
    case beacon
}

/// How much one body may hold. Source: semantics.md, Readings.
public struct DecodeLimits: Sendable {
    /// Readings after series are expanded; an item without any counts as one.
    public var readings: Int
    public var bytes: Int

    public init(readings: Int = 10_000, bytes: Int = 8 * 1_024 * 1_024) {
        self.readings = readings
        self.bytes = bytes
    }
}

/// Why a whole body was refused; nothing of it is used.
public enum BodyRefusal: Error, Hashable, Sendable {
    /// Not the format it claims to be, at a byte offset from 0.
    case malformed(offset: Int, reason: String)
    case tooManyReadings(limit: Int)
    case tooLarge(limit: Int)
}

/// Why one item, or one value of a series, was not taken.
public struct ItemRejection: Sendable, Hashable {
    /// The place of the item, line or frame among those of the body, from 0; empty lines and headers do not count.
    public let item: Int
    /// The place in a series, from 0; nil where the whole item is meant.
    public let offset: Int?
    /// The part at fault by its name in the format, as `volume_m3`, `checksum`, `line`.
    public let field: String
    /// A few plain words. Behind `line 5:` or `record 3:`, counted from 1, where lines or records may be no items.
    public let reason: String

    public init(item: Int, offset: Int?, field: String, reason: String) {
        self.item = item
        self.offset = offset
        self.field = field
        self.reason = reason
    }
}

/// With what reservation an item was taken, as a wrong checksum that the caller lets pass.
public struct ItemFinding: Sendable, Hashable {
    public let item: Int
    /// The part meant, by its name in the format.
    public let field: String
    /// A few plain words, behind the place in the body as those of a rejection.
    public let reason: String

    public init(item: Int, field: String, reason: String) {
        self.item = item
        self.field = field
        self.reason = reason
    }
}

/// A meter's clock, by which an item's readings stand, that ran ahead of the time of receipt.
public struct ClockLead: Sendable, Hashable {
    public let item: Int
    /// Seconds ahead of the time of receipt, more than 60.
    public let seconds: Int64

    public init(item: Int, seconds: Int64) {
        self.item = item
        self.seconds = seconds
    }
}

/// What a device says about itself in one item. Present with no alerts where it says that all is well.
public struct DecodedAlerts: Sendable, Hashable {
    public let item: Int
    public let address: MeterAddress
    /// `DecodedBatch.noInstant` where no time is known, which only `allowsMissingTime` lets through.
    public let at: Instant
    public let alerts: [Alert]
    /// The sender's own bits or words, at most 512 bytes: four hex digits of CJ/T 188's ST, or wmbusmeters' words.
    public let raw: String
    /// Where the item stands in its body.
    public let place: SourcePlace

    public init(
        item: Int, address: MeterAddress, at: Instant, alerts: [Alert], raw: String, place: SourcePlace = .byItem
    ) {
        self.item = item
        self.address = address
        self.at = at
        self.alerts = alerts
        self.raw = raw
        self.place = place
    }
}

/// An item's readings in the flat arrays of its batch.
public struct ReadingRun: Sendable, Hashable {
    public let item: Int
    public let address: MeterAddress
    public let range: Range<Int>
    /// nil where the item is no series.
    public let series: SeriesTimes?
    /// Where the item stands in its body.
    public let place: SourcePlace

    public init(
        item: Int, address: MeterAddress, range: Range<Int>, series: SeriesTimes? = nil, place: SourcePlace = .byItem
    ) {
        self.item = item
        self.address = address
        self.range = range
        self.series = series
        self.place = place
    }
}

/// When the values of a series stand.
public struct SeriesTimes: Sendable, Hashable {
    /// Epoch seconds of the first place.
    let start: Int64
    /// Seconds from a place to the next, 1 or more.
    let interval: Int64

    /// The place of a value of the series, from 0, gaps counted.
    public func place(of instant: Int64) -> Int { Int((instant - start) / interval) }
}

/// Everything that was read from one body. Items stand in body order in each list.
public struct DecodedBatch: Sendable {
    /// Items seen, good or bad.
    public internal(set) var itemCount = 0
    public internal(set) var runs: [ReadingRun] = []
    /// Epoch seconds UTC, one for each reading, 2000-01-01 to 9999-12-31.
    public internal(set) var instants: [Int64] = []
    /// Millilitres, one for each reading, 0 to 10^18.
    public internal(set) var registers: [Int64] = []
    public internal(set) var alerts: [DecodedAlerts] = []
    /// An item may have readings and rejections (a series with some bad values), or alerts and a rejection.
    public internal(set) var rejections: [ItemRejection] = []

    /// Of items that were taken.
    public internal(set) var findings: [ItemFinding] = []
    /// At most one of an item.
    public internal(set) var clockLeads: [ClockLead] = []

    /// Stands for a time nobody told.
    public static let noInstant = Int64.min
}
