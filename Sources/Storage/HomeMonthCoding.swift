import Foundation
public import Water

// The stored text of a home's frozen figures: canonical JSON, so that the same figures are the same bytes.
extension HomeMonth {
    /// The canonical text kept in `home_month.body`.
    public var storedText: String {
        let days = days.map { day -> CanonicalJSON in
            ["n": .integer(Int64(day.day.number)), "l": .optional(day.litres), "s": .string(day.state.rawValue)]
        }
        let flows = continuousFlows.map { flow -> CanonicalJSON in
            [
                "from": .integer(flow.from.epochSeconds), "to": .integer(flow.to.epochSeconds),
                "lph": .integer(flow.litresPerHour),
            ]
        }
        let findings = findings.map { finding -> CanonicalJSON in
            [
                "kind": .string(finding.kind.rawValue), "meter": .integer(finding.meter.value),
                "at": .integer(finding.at.epochSeconds), "ml": .integer(finding.register.millilitres),
                "before_ml": .optional(finding.before?.millilitres),
            ]
        }
        let value: CanonicalJSON = [
            "household": .integer(household.value), "month": .integer(Int64(month.number)), "days": .array(days),
            "measured_l": .integer(measuredLitres), "estimated_l": .integer(estimatedLitres),
            "month_s": .integer(monthSeconds), "missing_s": .integer(missingSeconds),
            "qualifying_s": .integer(qualifyingSeconds), "bracketed": .bool(isBracketed),
            "zero_days": .integer(Int64(zeroDays)), "persons": .optional(persons.map(Int64.init)),
            "share": .optional(shareMillionths), "partial": .bool(isPartial), "flows": .array(flows),
            "detectable_lph": .integer(detectableLitresPerHour), "findings": .array(findings),
            "readings": .integer(Int64(readingCount)), "last_at": .optional(lastReadingAt?.epochSeconds),
            "digest": .string(readingsDigest),
        ]
        return value.text
    }

    /// Reads what `storedText` wrote.
    public init(storedText: String) throws {
        let stored = try JSONDecoder().decode(Stored.self, from: Data(storedText.utf8))
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
