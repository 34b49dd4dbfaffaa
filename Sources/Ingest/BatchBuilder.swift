import Water

/// Collects a batch item by item, keeps the count of readings within the limit, and can forget an item's readings.
struct BatchBuilder {
    private(set) var batch = DecodedBatch()
    private let limit: Int
    /// Readings of the items that ended.
    private var spent = 0
    private var itemStart = 0
    private var rejectionStart = 0
    /// Of the item in hand.
    private var series: SeriesTimes?
    /// Where the item in hand stands in the body, told with whatever is said of it.
    var place = SourcePlace.byItem
    /// True between `beginItem` and `endItem`.
    private(set) var isInItem = false

    init(limits: DecodeLimits, bodyBytes: Int) {
        limit = limits.readings
        let expected = min(limits.readings, bodyBytes / 12)
        batch.instants.reserveCapacity(expected)
        batch.registers.reserveCapacity(expected)
        // The shortest single reading takes about 70 bytes.
        batch.runs.reserveCapacity(min(limits.readings, bodyBytes / 70))
    }

    /// The item in hand.
    var item: Int { batch.itemCount - 1 }
    /// Readings of the item in hand so far.
    var readingsInItem: Int { batch.registers.count - itemStart }

    mutating func beginItem() throws(BodyRefusal) {
        guard spent < limit else { throw .tooManyReadings(limit: limit) }
        batch.itemCount += 1
        isInItem = true
        itemStart = batch.registers.count
        rejectionStart = batch.rejections.count
        series = nil
    }

    /// Ends an item of `readings` readings, good or bad; one of none counts as one.
    mutating func endItem(readings: Int = 1) {
        spent += max(1, readings)
        isInItem = false
    }

    /// How many readings the item in hand may still bring.
    var allowance: Int { limit - spent }

    func refuseTooMany() -> BodyRefusal { .tooManyReadings(limit: limit) }

    /// Adds a reading; `at` may be a place in a series until `placeInTime` is called.
    mutating func add(at: Int64, register: Int64) {
        batch.instants.append(at)
        batch.registers.append(register)
    }

    /// Turns the places of the item's readings into instants `start + place × interval`.
    mutating func placeInTime(start: Int64, interval: Int64) {
        for index in itemStart..<batch.instants.count {
            batch.instants[index] = start + batch.instants[index] * interval
        }
        series = SeriesTimes(start: start, interval: interval)
    }

    /// Gives the item's readings to a meter.
    mutating func assign(to address: MeterAddress) {
        guard readingsInItem > 0 else { return }
        batch.runs.append(
            ReadingRun(
                item: item, address: address, range: itemStart..<batch.registers.count, series: series, place: place))
    }

    mutating func rejectValue(at offset: Int, field: String, reason: String) {
        batch.rejections.append(ItemRejection(item: item, offset: offset, field: field, reason: place.placed(reason)))
    }

    /// Rejects the whole item: what it brought so far is forgotten.
    mutating func rejectItem(field: String, reason: String) {
        batch.instants.removeSubrange(itemStart...)
        batch.registers.removeSubrange(itemStart...)
        batch.rejections.removeSubrange(rejectionStart...)
        if batch.runs.last?.item == item { batch.runs.removeLast() }
        while batch.findings.last?.item == item { batch.findings.removeLast() }
        while batch.clockLeads.last?.item == item { batch.clockLeads.removeLast() }
        batch.rejections.append(ItemRejection(item: item, offset: nil, field: field, reason: place.placed(reason)))
    }

    /// Says with what reservation the item in hand was taken; forgotten where it is rejected.
    mutating func find(field: String, reason: String) {
        batch.findings.append(ItemFinding(item: item, field: field, reason: place.placed(reason)))
    }

    /// Says by how much the meter's clock that places the item in hand runs ahead; nil is nothing to say. Forgotten
    /// where the item is rejected.
    mutating func noteClock(ahead seconds: Int64?) {
        guard let seconds else { return }
        batch.clockLeads.append(ClockLead(item: item, seconds: seconds))
    }

    mutating func note(_ alerts: [Alert], raw: String, of address: MeterAddress, at: Instant) {
        batch.alerts.append(
            DecodedAlerts(item: item, address: address, at: at, alerts: alerts, raw: raw, place: place))
    }
}
