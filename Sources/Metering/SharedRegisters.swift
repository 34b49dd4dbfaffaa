public import Water

/// What a meter that several homes share showed over one home's time in a month, and the home's part of it.
public struct SharedRegister: Sendable, Hashable {
    /// As `MeterInstallation.serial`.
    public let serial: String
    /// The home's part, 1–1,000,000.
    public let shareMillionths: Int64
    /// The first and the last instant at which the register is known, of the midnights of the home's time with the meter
    /// and the two ends of that.
    public let from: Instant
    public let to: Instant
    /// The whole meter's counted registers then.
    public let first: Volume
    public let last: Volume
    /// The home's part of them in litres, rounded down: what its days are differences of.
    public let firstLitres: Int64
    public let lastLitres: Int64
}

/// The registers of every meter that a home shares, as `measure` reads them; none of a meter that was not known at two
/// of these instants. Days of the month that are missing lie between them all the same.
public func sharedRegisters(of home: HomeInput, span: MonthSpan, rules: MeteringRules) -> [SharedRegister] {
    let (from, to) = span.occupied(by: home)
    return home.meters.compactMap { readings in
        guard let share = home.share(at: readings.installation.usagePoint) else { return nil }
        let meter = MeterInWindow(readings, share: share, from: from, to: to, span: span, rules: rules)
        guard meter.from < meter.to else { return nil }
        return register(of: meter, share: share, span: span)
    }
}

private func register(of meter: MeterInWindow, share: Int64, span: MonthSpan) -> SharedRegister? {
    var reader = BoundaryReader(meter.judged, shareMillionths: share, split: meter.split)
    var known: [(at: Instant, boundary: Boundary)] = []
    for at in [meter.from] + span.midnights.filter({ $0 > meter.from && $0 < meter.to }) + [meter.to] {
        if let boundary = reader.boundary(at: at) { known.append((at, boundary)) }
    }
    guard let first = known.first, let last = known.last, first.at < last.at else { return nil }
    return SharedRegister(
        serial: meter.judged.installation.serial, shareMillionths: share, from: first.at, to: last.at,
        first: Volume(millilitres: first.boundary.millilitres), last: Volume(millilitres: last.boundary.millilitres),
        firstLitres: first.boundary.litres, lastLitres: last.boundary.litres)
}
