public import Water

/// Gives the key of a meter, 16 bytes; nil where none is known.
public typealias TelegramKeys = (MeterAddress) -> [UInt8]?

/// The readings of a body of telegrams, what the telegrams say besides, and those that gave none.
public struct TelegramBatch: Sendable {
    /// Readings, alerts and rejections, as of any other format.
    public let batch: DecodedBatch
    /// One for each telegram that gave readings, in body order.
    public let decoded: [DecodedTelegram]
    /// One for each telegram that gave none, in body order; a line that is no hex text is not among them.
    public let undecoded: [UndecodedTelegram]

    init(batch: DecodedBatch, decoded: [DecodedTelegram] = [], undecoded: [UndecodedTelegram]) {
        self.batch = batch
        self.decoded = decoded
        self.undecoded = undecoded
    }
}

/// What a telegram says besides its readings.
public struct DecodedTelegram: Sendable, Hashable {
    /// Its place in the body, from 0, as in the batch.
    public let item: Int
    /// The address its readings were given to.
    public let meter: MeterAddress
    /// The maker's three letters, as `KAM`.
    public let maker: String
    /// The maker's version of the device.
    public let version: UInt8
    /// The medium by EN 13757-3, as 07 for water and 16 (hex) for cold water.
    public let deviceType: UInt8
    /// Counts up with each telegram and returns to 0 after 255; nil where no transport header has one.
    public let accessNumber: UInt8?
    /// The transport layer's: 0 none, 5 or 7.
    public let securityMode: UInt8
    /// The standard's status byte; nil where no transport header has one.
    public let status: UInt8?
    /// The flow now, millilitres an hour, negative backwards; nil where it is not told exactly.
    public let flowMillilitresPerHour: Int64?

    init(item: Int, _ telegram: WMBusTelegram) {
        self.item = item
        meter = telegram.address
        maker = telegram.device.makerLetters
        version = telegram.device.version
        deviceType = telegram.device.type
        accessNumber = telegram.accessNumber
        securityMode = telegram.securityMode
        status = telegram.status
        flowMillilitresPerHour = telegram.flow
    }
}

/// A telegram that gave no reading, for a store that keeps it until somebody can read it.
public struct UndecodedTelegram: Sendable, Hashable {
    /// Its place in the body, from 0, as in the batch's rejections.
    public let item: Int
    /// nil where not even the address could be read.
    public let meter: MeterAddress?
    /// The maker's three letters; empty where not read.
    public let maker: String
    /// The whole telegram as received, at most 290 bytes but for a longer one given as bytes.
    public let bytes: [UInt8]
    /// The name in the batch's rejection: `maker` for a telegram of a maker's own form, `key` for one not opened.
    public let field: String
    /// When the gateway heard it; nil where it did not say.
    public let heardAt: Instant?
}
