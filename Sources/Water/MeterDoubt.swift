/// A run of registers of one meter that is in doubt: another unit than before, or nought and nothing else.
///
/// How later months know how far back they have to look; what is believed follows from the readings alone.
public struct MeterDoubt: Sendable, Hashable {
    public let meter: MeterID
    /// The believed register before the run.
    public let from: Instant
    /// The first register in doubt.
    public let first: Instant
    /// The believed register after the run; nil where there is none yet.
    public let to: Instant?

    public init(meter: MeterID, from: Instant, first: Instant, to: Instant?) {
        self.meter = meter
        self.from = from
        self.first = first
        self.to = to
    }
}
