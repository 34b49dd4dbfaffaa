import Foundation
import Water

// How home months were spelled first. Only read.
extension HomeMonth {
    init(storedJSON text: String) throws {
        let stored = try JSONDecoder().decode(Stored.self, from: Data(text.utf8))
        self.init(
            household: HouseholdID(stored.household), month: BillingMonth(number: stored.month),
            days: try stored.days.map { try $0.value() }, measuredLitres: stored.measuredLitres,
            estimatedLitres: stored.estimatedLitres, monthSeconds: stored.monthSeconds,
            missingSeconds: stored.missingSeconds,
            qualifyingSeconds: stored.qualifyingSeconds, isBracketed: stored.bracketed, zeroDays: stored.zeroDays,
            persons: stored.persons, shareMillionths: stored.share, isPartial: stored.partial,
            continuousFlows: stored.flows.map(\.value), detectableLitresPerHour: stored.detectableLitresPerHour,
            findings: try stored.findings.map { try $0.value() }, readingCount: stored.readings,
            lastReadingAt: stored.lastAt.map(Instant.init(epochSeconds:)), readingsDigest: stored.digest)
    }
}

private struct Stored: Decodable {
    let household: Int64
    let month: Int32
    let days: [StoredDay]
    let measuredLitres: Int64
    let estimatedLitres: Int64
    let monthSeconds: Int64
    let missingSeconds: Int64
    let qualifyingSeconds: Int64
    let bracketed: Bool
    let zeroDays: Int
    let persons: Int?
    let share: Int64?
    let partial: Bool
    let flows: [StoredFlow]
    let detectableLitresPerHour: Int64
    let findings: [StoredFinding]
    let readings: Int
    let lastAt: Int64?
    let digest: String

    enum CodingKeys: String, CodingKey {
        case household, month, days, bracketed, persons, share, partial, flows, findings, readings, digest
        case measuredLitres = "measured_l"
        case estimatedLitres = "estimated_l"
        case monthSeconds = "month_s"
        case missingSeconds = "missing_s"
        case qualifyingSeconds = "qualifying_s"
        case zeroDays = "zero_days"
        case detectableLitresPerHour = "detectable_lph"
        case lastAt = "last_at"
    }
}

private struct StoredDay: Decodable {
    let n: Int32
    let l: Int64?
    let s: String

    func value() throws -> DayUse {
        guard let state = MeasureState(rawValue: s) else { throw DamagedBytes.notAValue("day state") }
        return DayUse(day: LocalDay(number: n), litres: l, state: state)
    }
}

private struct StoredFlow: Decodable {
    let from: Int64
    let to: Int64
    let lph: Int64

    var value: ContinuousFlow {
        ContinuousFlow(from: Instant(epochSeconds: from), to: Instant(epochSeconds: to), litresPerHour: lph)
    }
}

private struct StoredFinding: Decodable {
    let kind: String
    let meter: Int64
    let at: Int64
    let millilitres: Int64
    let beforeMillilitres: Int64?

    enum CodingKeys: String, CodingKey {
        case kind, meter, at
        case millilitres = "ml"
        case beforeMillilitres = "before_ml"
    }

    func value() throws -> Finding {
        guard let kind = FindingKind(rawValue: kind) else { throw DamagedBytes.notAValue("finding kind") }
        return Finding(
            kind: kind, meter: MeterID(meter), at: Instant(epochSeconds: at),
            register: Volume(millilitres: millilitres),
            before: beforeMillilitres.map(Volume.init(millilitres:)))
    }
}
