public import Water

/// One register shown at one instant, with what became of it. What was sent is never changed.
public struct ExaminedReading: Sendable, Hashable {
    public let at: Instant
    public let register: Volume
    /// Who sent it, ascending; empty where only the registry or staff say so.
    public let gateways: [GatewayID]
    public let isNoted: Bool
    public let isEntered: Bool
    /// The rule that gave `quality`.
    public let rule: QualityRule
    /// 数据质量码 0–4.
    public var quality: ReadingQuality { rule.quality }
}

/// A meter's readings looked at one by one, for staff.
public struct Examination: Sendable, Hashable {
    /// What figures are measured from.
    public let judged: JudgedMeter
    /// Every distinct (instant, register) that was given, noted or entered, by instant, then register.
    public let readings: [ExaminedReading]
    public let anomalies: [Anomaly]
}

/// Gives every reading of a meter its quality and rule, and names every anomaly. Validation: 校核.
///
/// A function of the set alone: order, repeats and arrival change nothing. It believes exactly what `judge` believes and
/// changes no figure; readings outside the installation, of an impossible time or further ahead than the rules allow are
/// listed beside it.
///
/// - Parameter now: readings later than this have not come yet; nil looks at all of them.
public func examine(_ readings: MeterReadings, rules: MeteringRules, now: Instant? = nil) -> Examination {
    var sorted = SortedOut(readings, rules: rules, now: now)
    let judged = judge(sorted.due, rules: rules)
    let limit = FlowLimit(readings.installation, rules: rules)
    let resolution = ResolutionAnomalies(judged: judged)
    let course = CourseAnomalies(
        judged: judged, limit: limit, rules: rules, stepChanges: Set(resolution.changes.map(\.index)))
    let coarser = CoarserRuns(judged)
    let leftOut = LeftOutAnomalies(judged: judged, limit: limit, rules: rules, coarser: coarser)
    let anomalies =
        sorted.anomalies() + conflicts(judged) + leftOut.anomalies() + course.anomalies()
        + coarser.anomalies(besides: resolution.anomalies())

    let rules = doubts(judged, course, resolution, standstillSeconds: rules.standstillSeconds)
    for (index, one) in judged.believed.enumerated() {
        sorted.add(
            one.at, one.register, isNoted: one.isNoted, isEntered: one.isEntered, rule: rules[index] ?? one.rule)
    }
    for one in judged.disbelieved {
        sorted.add(one.at, one.register, isNoted: one.isNoted, isEntered: one.isEntered, rule: one.rule)
    }
    return Examination(
        judged: judged, readings: sorted.examined.sorted { ($0.at, $0.register) < ($1.at, $1.register) },
        anomalies: anomalies.sorted())
}

/// Believed registers that are nevertheless suspicious, by index.
private func doubts(
    _ judged: JudgedMeter, _ course: CourseAnomalies, _ resolution: ResolutionAnomalies, standstillSeconds: Int64
) -> [Int: QualityRule] {
    var doubts: [Int: QualityRule] = [:]
    for stretch in course.stillStretches {
        let seconds = judged.believed[stretch.upperBound - 1].at - judged.believed[stretch.lowerBound].at
        if seconds > standstillSeconds { for index in stretch.dropFirst() { doubts[index] = .standstill } }
    }
    for change in resolution.changes { doubts[change.index] = .resolutionChange }
    for index in judged.believed.indices {
        if course.isAboveNominal(index) { doubts[index] = .aboveNominalFlow }
        if course.isImprobable(index) { doubts[index] = .improbableRise }
    }
    return doubts.filter { judged.believed[$0.key].rule == .follows }
}

/// One for each instant with several registers; of them all that staff did not reject.
private func conflicts(_ judged: JudgedMeter) -> [Anomaly] {
    var instants: [Instant: (count: Int, register: Volume)] = [:]
    for one in judged.disbelieved where one.rule == .conflict {
        instants[one.at] = ((instants[one.at]?.count ?? 0) + 1, instants[one.at]?.register ?? one.register)
    }
    return instants.map { at, conflict in
        let index = judged.lastIndex(atOrBefore: at)
        let isOneBelieved = index.map { judged.believed[$0].at == at } ?? false
        let before = judged.lastIndex(atOrBefore: at - 1).map { judged.believed[$0].register }
        return Anomaly(
            kind: .conflictingStamps, meter: judged.installation.meter, from: at, to: at, register: conflict.register,
            before: before, count: conflict.count + (isOneBelieved ? 1 : 0))
    }
}

/// The elements that can be judged, and what is told of the others by their time alone.
private struct SortedOut {
    let due: MeterReadings
    private(set) var examined: [ExaminedReading] = []
    private let gateways: [ShownKey: [GatewayID]]

    init(_ readings: MeterReadings, rules: MeteringRules, now: Instant?) {
        var gateways: [ShownKey: Set<GatewayID>] = [:]
        for one in readings.elements {
            gateways[ShownKey(at: one.at.epochSeconds, register: one.register.millilitres), default: []]
                .insert(one.gateway)
        }
        self.gateways = gateways.mapValues { $0.sorted() }
        let latest = min(now?.epochSeconds ?? latestInstant, latestInstant) + min(max(rules.aheadSeconds, 0), 86_400)
        var due = readings
        due.elements = readings.elements.filter {
            readings.installation.covers($0.at.epochSeconds) && $0.at.epochSeconds <= latest
        }
        self.due = due
        for key in gateways.keys {
            guard let rule = SortedOut.rule(key, readings.installation, latest: latest) else { continue }
            add(
                Instant(epochSeconds: key.at), Volume(millilitres: key.register), isNoted: false, isEntered: false,
                rule: rule)
        }
    }

    private static func rule(_ key: ShownKey, _ installation: MeterInstallation, latest: Int64) -> QualityRule? {
        if key.at < earliestInstant || key.at > latestInstant { return .impossibleTime }
        if key.at > latest { return .ahead }
        return installation.covers(key.at) ? nil : .outsideInstallation
    }

    mutating func add(_ at: Instant, _ register: Volume, isNoted: Bool, isEntered: Bool, rule: QualityRule) {
        examined.append(
            ExaminedReading(
                at: at, register: register,
                gateways: gateways[ShownKey(at: at.epochSeconds, register: register.millilitres)] ?? [],
                isNoted: isNoted, isEntered: isEntered, rule: rule))
    }

    /// Of readings that are not judged, and one for all that several gateways sent.
    func anomalies() -> [Anomaly] {
        let meter = due.installation.meter
        let alone: [QualityRule: AnomalyKind] = [.impossibleTime: .impossibleTime, .ahead: .ahead]
        var found = examined.compactMap { one in
            alone[one.rule].map {
                Anomaly(
                    kind: $0, meter: meter, from: one.at, to: one.at, register: one.register, before: nil, count: 1)
            }
        }
        let outside = examined.filter { $0.rule == .outsideInstallation }
        found += [outside.filter { $0.at < due.installation.from }, outside.filter { $0.at > due.installation.from }]
            .compactMap { group(.outsideInstallation, $0.map { ($0.at, $0.register) }) }
        let repeated = gateways.filter { $0.value.count > 1 }.keys.map {
            (Instant(epochSeconds: $0.at), Volume(millilitres: $0.register))
        }
        if let one = group(.repeatedByGateways, repeated) { found.append(one) }
        return found
    }

    private func group(_ kind: AnomalyKind, _ shown: [(at: Instant, register: Volume)]) -> Anomaly? {
        guard let first = shown.map(\.at).min(), let last = shown.max(by: { $0 < $1 }) else { return nil }
        return Anomaly(
            kind: kind, meter: due.installation.meter, from: first, to: last.at, register: last.register, before: nil,
            count: shown.count)
    }
}
