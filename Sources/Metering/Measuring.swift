public import Water

/// Measures one home's month: the sum of its meters, known only where all are.
///
/// - Every figure is a difference of boundary registers (litres floored at local midnights, at the ends of the
///   occupancy and of each installation), so days add up to the month and no figure is negative.
/// - A day is missing where one of its ends lies in no believed pair of some meter, or a usage point had no meter;
///   else estimated where the pair around an end is longer than the split the rules take as measured, or a run
///   starts inside it (what flowed across the step is unknown and left out); else measured.
/// - Inside a pair too long to be measured the midnights lie by the home's own hours of the week, drawn from the short
///   pairs of its time in the month; the ends of that time lie by seconds, so that the months and households on both
///   sides agree on them.
/// - A household that moved in or out within the month is measured over its own time: days and seconds outside it
///   are in no figure, days wholly outside are `missing` without litres, and the month is partial.
///
/// The caller gives each meter the elements of `readingWindow` (see there). Any order and any repeats of them give
/// the identical result. Source: semantics.md, Readings and Fold and close.
public func measure(
    _ home: HomeInput, month: BillingMonth, calendar: CityCalendar, rules: MeteringRules
) -> HomeMonth {
    measure(home, span: MonthSpan(month, calendar: calendar), rules: rules)
}

/// As `measure(_:month:calendar:rules:)`, with the month's days worked out before.
public func measure(_ home: HomeInput, span: MonthSpan, rules: MeteringRules) -> HomeMonth {
    let (from, to) = span.occupied(by: home)
    let meters = home.meters.map {
        MeterInWindow(
            $0, share: home.share(at: $0.installation.usagePoint), from: from, to: to, span: span, rules: rules)
    }
    let present = meters.filter { $0.from < $0.to }
    let bare = timeWithoutMeter(present, at: home.points.keys, from: from, to: to)

    var missing = bare
    var unqualified = bare
    for meter in present {
        addGaps(
            of: meter.judged, from: meter.from, to: meter.to, rules: rules, missing: &missing,
            unqualified: &unqualified)
    }
    let use = dailyUse(of: present, bare: bare, from: from, to: to, span: span)
    let isJoined = bare.isEmpty && present.allSatisfy(\.openEnds.isEmpty)
    let unjoinedOn = isJoined || !bare.isEmpty ? [] : unjoinedDays(of: present, from: from, to: to, span: span)
    let resolution = present.map(\.judged.installation.resolution).max() ?? Volume(litres: 1)

    var figures = HomeMonth(
        household: home.household, month: span.month, days: use.days, measuredLitres: use.measured,
        estimatedLitres: use.estimated, monthSeconds: span.end - span.start, missingSeconds: missing.seconds,
        qualifyingSeconds: (to - from) - unqualified.seconds,
        isBracketed: from < to && isJoined, zeroDays: use.zeroDays,
        persons: home.persons, shareMillionths: home.shareMillionths,
        isPartial: from > span.start || to < span.end || !bare.isEmpty,
        continuousFlows: flows(of: present, from: from, earliest: home.occupancy.from, rules: rules),
        detectableLitresPerHour: Metering.detectableLitresPerHour(resolution: resolution, rules: rules),
        findings: findings(of: meters, home.tampers, from: from, to: to),
        readingCount: present.reduce(0) { $0 + $1.readingCount(from: from, to: to) },
        lastReadingAt: lastReading(present, from: home.occupancy.from, to: to),
        readingsDigest: Metering.readingsDigest(present.map(\.judged), from: from, to: to, in: home.digestForm),
        night: nightUse(of: present, bare: bare, from: from, to: to, span: span, rules),
        sizes: home.sizes,
        unjoinedOn: unjoinedOn)
    figures.doubts = present.flatMap { $0.judged.doubts(from: span.start, to: span.end) }
    return figures
}

/// The month of a household that turned out not to have lived there in it: no figure, nothing missing.
public func measureNotLivedIn(_ household: HouseholdID, span: MonthSpan, rules: MeteringRules) -> HomeMonth {
    measure(
        HomeInput(
            household: household, occupancy: (span.start, span.start), persons: nil, shareMillionths: nil, meters: []),
        span: span, rules: rules)
}

/// A judged meter and the part of the household's time in the month that it was installed for.
struct MeterInWindow {
    let judged: JudgedMeter
    /// The home's part of what flows through it, millionths; nil for all of it.
    let share: Int64?
    let from: Instant
    let to: Instant
    let measuredSplitSeconds: Int64
    let split: SplitWindow?

    init(
        _ readings: MeterReadings, share: Int64?, from: Instant, to: Instant, span: MonthSpan, rules: MeteringRules
    ) {
        self.share = share
        judged = readings.judged ?? judge(readings, rules: rules)
        self.from = max(from, readings.installation.from)
        self.to = min(to, readings.installation.to ?? to)
        measuredSplitSeconds = Metering.measuredSplitSeconds(judged, upTo: span.end, rules: rules)
        split =
            rules.profileHours > 0
            ? SplitWindow(
                from: self.from, to: self.to, longestSeconds: measuredSplitSeconds, fewestHours: rules.profileHours,
                calendar: span.calendar) : nil
    }

    /// Those of its ends in the month at which the register is not known.
    var openEnds: [Instant] {
        var reader = BoundaryReader(judged, shareMillionths: nil)
        var open: [Instant] = []
        if reader.boundary(at: from) == nil { open.append(from) }
        if reader.boundary(at: to) == nil { open.append(to) }
        return open
    }

    /// Distinct readings over [from, to), noted registers not counted.
    func readingCount(from: Instant, to: Instant) -> Int {
        var index = judged.lastIndex(atOrBefore: from - 1).map { $0 + 1 } ?? 0
        var count = 0
        while index < judged.believed.count, judged.believed[index].at < to {
            if !judged.believed[index].isNoted { count += 1 }
            index += 1
        }
        for left in judged.disbelieved where left.at >= from && left.at < to && !left.isNoted { count += 1 }
        return count
    }
}

/// When some usage point of the home had no meter. A home without any meter had none all the time.
private func timeWithoutMeter(
    _ meters: [MeterInWindow], at points: some Collection<UsagePointID>, from: Instant, to: Instant
) -> TimeSpans {
    if meters.count == 1, points.count <= 1, meters[0].from == from, meters[0].to == to { return TimeSpans() }
    var bare = TimeSpans()
    if meters.isEmpty { bare.add(from, to) }
    for point in Set(meters.map(\.judged.installation.usagePoint)).union(points) {
        var installed = TimeSpans()
        for meter in meters where meter.judged.installation.usagePoint == point { installed.add(meter.from, meter.to) }
        bare.add(installed.gaps(from: from, to: to))
    }
    return bare
}

/// The days on which a meter was exchanged and its register is not known; none where the home's own time has an open
/// end.
private func unjoinedDays(of meters: [MeterInWindow], from: Instant, to: Instant, span: MonthSpan) -> [LocalDay] {
    let open = Set(meters.flatMap(\.openEnds))
    if open.contains(from) || open.contains(to) { return [] }
    return Set(open.map { span.calendar.day(of: $0) }).sorted()
}

/// The continuous flows of every usage point, earliest first.
private func flows(
    of meters: [MeterInWindow], from: Instant, earliest: Instant, rules: MeteringRules
) -> [ContinuousFlow] {
    func flows(_ line: [MeterInWindow]) -> [ContinuousFlow] {
        continuousFlows(
            line.map { meter in
                FlowMeter(
                    judged: meter.judged, share: meter.share.flatMap { $0 < 1_000_000 ? $0 : nil }, from: meter.from,
                    to: meter.to)
            }, from: from, earliest: earliest, rules: rules)
    }
    if meters.count == 1 { return flows(meters) }
    // In the order of the usage points where all else is equal: the same home has the same bytes.
    return Dictionary(grouping: meters, by: \.judged.installation.usagePoint).sorted { $0.key < $1.key }
        .flatMap { _, line in flows(line.sorted { ($0.from, $0.to) < ($1.from, $1.to) }) }
        .sorted { ($0.from, $0.to, $0.litresPerHour) < ($1.from, $1.to, $1.litresPerHour) }
}

private struct DailyUse {
    var days: [DayUse] = []
    var measured: Int64 = 0
    var estimated: Int64 = 0
    var zeroDays = 0
}

private func dailyUse(
    of meters: [MeterInWindow], bare: TimeSpans, from: Instant, to: Instant, span: MonthSpan
) -> DailyUse {
    var use = DailyUse()
    use.days.reserveCapacity(span.midnights.count)
    var readers = meters.map { BoundaryReader($0.judged, shareMillionths: $0.share, split: $0.split) }
    for number in 0..<(span.midnights.count - 1) {
        let day = span.month.firstDay.advanced(by: number)
        let start = max(from, span.midnights[number])
        let end = min(to, span.midnights[number + 1])
        var state = start < end && !bare.overlap(start, end) ? MeasureState.measured : .missing
        var litres: Int64 = 0
        var isStill = true
        for index in meters.indices where state != .missing {
            let piece = (from: max(start, meters[index].from), to: min(end, meters[index].to))
            if piece.from >= piece.to { continue }
            guard let opening = readers[index].boundary(at: piece.from),
                let closing = readers[index].boundary(at: piece.to)
            else {
                state = .missing
                continue
            }
            litres += closing.litres - opening.litres
            let longest = max(opening.pairSeconds, closing.pairSeconds)
            if longest > meters[index].measuredSplitSeconds
                || meters[index].judged.startsRun(within: opening.index, closing.index)
            {
                state = .estimated
                // Between two equal registers nothing flowed, however long they are apart.
                isStill = isStill && meters[index].judged.isStill(from: opening, to: closing)
            }
        }
        use.add(DayUse(day: day, litres: state == .missing ? nil : litres, state: state), isStill: isStill)
    }
    return use
}

/// The nights within [from, to] that every meter of the home knows, from the registers at both ends.
private func nightUse(
    of meters: [MeterInWindow], bare: TimeSpans, from: Instant, to: Instant, span: MonthSpan,
    _ rules: MeteringRules
) -> NightUse? {
    var readers = meters.map { BoundaryReader($0.judged, shareMillionths: $0.share) }
    var (nights, total, lowest) = (0, Int64(0), Int64.max)
    for night in span.nights {
        let (start, end) = (night.lowerBound, night.upperBound)
        guard start < end, start >= from, end <= to, !bare.overlap(start, end) else { continue }
        var litres: Int64 = 0
        var isKnown = !meters.isEmpty
        for index in meters.indices where isKnown && meters[index].from < end && meters[index].to > start {
            guard meters[index].from <= start, meters[index].to >= end,
                let opening = readers[index].boundary(at: start), let closing = readers[index].boundary(at: end),
                max(opening.pairSeconds, closing.pairSeconds) <= rules.splitFloorSeconds,
                !meters[index].judged.startsRun(within: opening.index, closing.index)
            else {
                isKnown = false
                break
            }
            litres += closing.litres - opening.litres
        }
        guard isKnown else { continue }
        (nights, total, lowest) = (nights + 1, total + litres, min(lowest, litres))
    }
    return nights > 0 ? NightUse(nights: nights, litres: total, lowestLitres: lowest) : nil
}

extension DailyUse {
    fileprivate mutating func add(_ day: DayUse, isStill: Bool) {
        days.append(day)
        if day.litres == 0, isStill { zeroDays += 1 }
        switch day.state {
        case .measured: measured += day.litres ?? 0
        case .estimated: estimated += day.litres ?? 0
        case .missing: break
        }
    }
}

extension JudgedMeter {
    /// True where the register is known not to have moved between the believed ones around two boundaries.
    fileprivate func isStill(from opening: Boundary, to closing: Boundary) -> Bool {
        let last = closing.pairSeconds > 0 ? closing.index + 1 : closing.index
        return !startsRun(within: opening.index, last)
            && believed[last].counted.millilitres == believed[opening.index].counted.millilitres
    }

    /// True where a run starts after the believed register `first` and no later than `last`.
    fileprivate func startsRun(within first: Int, _ last: Int) -> Bool {
        isBroken && first < last && believed[(first + 1)...last].contains(where: \.startsRun)
    }
}

/// The meters' findings over [from, to) and the exchanges, a meter's start on a usage point where another's ended.
private func findings(
    of meters: [MeterInWindow], _ tampers: [MeterID: [Instant]], from: Instant, to: Instant
) -> [Finding] {
    var findings = meters.flatMap { $0.judged.findings.filter { $0.at >= from && $0.at < to } }
    for meter in meters {
        let installed = meter.judged.installation.meter
        guard let at = tampers[installed]?.first(where: { $0 >= meter.from && $0 < meter.to }) else { continue }
        findings.append(Finding(kind: .tamper, meter: installed, at: at, register: .zero, before: nil))
    }
    for new in meters {
        let installed = new.judged.installation
        guard installed.from >= from, installed.from < to,
            let old = meters.first(where: {
                $0.judged.installation.usagePoint == installed.usagePoint
                    && $0.judged.installation.to == installed.from && $0.judged.installation.meter != installed.meter
            })
        else { continue }
        findings.append(
            Finding(
                kind: .exchange, meter: installed.meter, at: installed.from,
                register: installed.startRegister ?? new.judged.believed.first?.register ?? .zero,
                before: old.judged.installation.finalRegister ?? old.judged.believed.last?.register))
    }
    return findings.sorted()
}

/// The last believed register up to `to` of the meter in force at `to` that is furthest behind (of all meters where
/// none is in force), and not before `from`.
private func lastReading(_ meters: [MeterInWindow], from: Instant, to: Instant) -> Instant? {
    func last(_ meter: MeterInWindow) -> Instant? {
        guard let index = meter.judged.lastIndex(atOrBefore: to) else { return nil }
        let at = meter.judged.believed[index].at
        return at >= from ? at : nil
    }
    let inForce = meters.filter { $0.to == to }
    return inForce.isEmpty ? meters.compactMap(last).max() : inForce.compactMap(last).min()
}
