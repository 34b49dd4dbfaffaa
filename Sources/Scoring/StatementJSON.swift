import Tariffs
public import Water

extension Statement {
    /// The layouts' names, one more whenever keys are added or change their meaning. The first has no `analysis`.
    static let firstLayout = "jieshui.statement.1"
    public static let layout = "jieshui.statement.2"

    /// The canonical bytes: `json`, one spelling.
    public var bytes: [UInt8] { json.bytes }

    /// SHA-256 of the canonical bytes, lower-case hex.
    public var hash: String { sha256Hex(bytes) }

    /// Every figure with its unit in its key. `daily_litres` and `daily_states` start at the month's first day; a
    /// state is `m` measured, `e` estimated, `x` missing (litres null).
    public var json: CanonicalJSON {
        var members: [String: CanonicalJSON] = [
            "layout": .string(analysis == nil ? Statement.firstLayout : Statement.layout),
            "household": .string(household),
            "month": .string(month.description),
            "version": .integer(Int64(version)),
            "is_shared": .bool(isShared),
            "use": use.json,
            "persons": .optional(persons.map(Int64.init)),
            "equivalised": equivalised.map(\.json) ?? .null,
            "billing": billing.json,
            "tariff": tariff.json,
            "rules": rules.json,
            "last_month": lastMonth.map(\.json) ?? .null,
            "same_month_last_year": sameMonthLastYear.map(\.json) ?? .null,
            "unranked": .optional(unranked?.rawValue),
            "cohort": cohort.map(\.json) ?? .null,
            "rank": rank.map(\.json) ?? .null,
            "headroom": headroom.map(\.json) ?? .null,
            "norm": norm.map(\.json) ?? .null,
            "leaks": .array(leaks.map(\.json)),
            "findings": .object(
                Dictionary(uniqueKeysWithValues: findings.map { ($0.key.rawValue, .integer(Int64($0.value))) })),
            "points": points.json,
            "sentence": .object([
                "code": .string(sentence.code.rawValue),
                "arguments": .array(sentence.arguments.map { .integer($0) }),
            ]),
            "quality": quality.json,
            "readings_digest": .string(readingsDigest),
        ]
        if let analysis { members["analysis"] = analysis.json }
        return .object(members)
    }
}

extension Statement.Use {
    fileprivate var json: CanonicalJSON {
        .object([
            "litres": .integer(litres),
            "measured_litres": .integer(measuredLitres),
            "estimated_litres": .integer(estimatedLitres),
            "missing_hours": .integer(missingHours),
            "daily_litres": .array(days.map { .optional($0.litres) }),
            "daily_states": .string(String(decoding: days.map { $0.state.letter }, as: UTF8.self)),
        ])
    }
}

extension MeasureState {
    fileprivate var letter: UInt8 {
        switch self {
        case .measured: UInt8(ascii: "m")
        case .estimated: UInt8(ascii: "e")
        case .missing: UInt8(ascii: "x")
        }
    }
}

extension Statement.Equivalised {
    fileprivate var json: CanonicalJSON {
        .object(["scale_millionths": .integer(scaleMillionths), "litres_per_equivalised_person": .integer(litres)])
    }
}

extension Statement.Billing {
    fileprivate var json: CanonicalJSON {
        switch self {
        case .billed(let bill): .object(["bill": bill.json, "refused": .null])
        case .refused(let refusal): .object(["bill": .null, "refused": .string(refusal.rawValue)])
        }
    }
}

extension Statement.FileReference {
    var json: CanonicalJSON {
        .object(["id": .string(id), "version": .string(version), "digest": .string(digest)])
    }
}

extension EarlierUse {
    var json: CanonicalJSON {
        .object([
            "month": .string(month.description),
            "litres": .integer(litres),
            "missing_hours": .integer(missingHours),
            "version": .integer(Int64(version)),
            "hash": .string(hash),
        ])
    }
}

extension Statement.CohortSummary {
    fileprivate var json: CanonicalJSON {
        .object([
            "area_kind": .string(kind.rawValue),
            "area_code": .string(code),
            "homes": .integer(Int64(homes)),
            "median_litres_per_equivalised_person": .integer(medianLitres),
            "benchmark_litres_per_equivalised_person": .optional(benchmarkLitres),
        ])
    }
}

extension Rank {
    fileprivate var json: CanonicalJSON {
        .object([
            "lower_homes": .integer(Int64(lowerHomes)),
            "equal_homes": .integer(Int64(equalHomes)),
            "other_homes": .integer(Int64(otherHomes)),
            "percentile": .integer(percentile),
        ])
    }
}

extension Statement.Headroom {
    var json: CanonicalJSON {
        .object([
            "benchmark_home_litres": .integer(benchmarkHomeLitres),
            "litres": .integer(litres),
            "benchmark_bill_fen": .optional(benchmarkBill?.fen),
            "saving_fen": .optional(saving?.fen),
        ])
    }
}

extension Statement.Norm {
    fileprivate var json: CanonicalJSON {
        .object([
            "litres_per_person_day": .integer(litresPerPersonDay),
            "days": .integer(Int64(days)),
            "litres": .integer(litres),
        ])
    }
}

extension ContinuousFlow {
    fileprivate var json: CanonicalJSON {
        .object([
            "from_epoch_seconds": .integer(from.epochSeconds),
            "to_epoch_seconds": .integer(to.epochSeconds),
            "hours": .integer(hours),
            "litres_per_hour": .integer(litresPerHour),
        ])
    }
}

extension Statement.PointsEarned {
    fileprivate var json: CanonicalJSON {
        .object([
            "lines": .array(lines.map(\.json)),
            "monthly_cap_points": .integer(monthlyCap.count),
            "total_points": .integer(total.count),
            "none_reason": .optional(noneReason?.code),
        ])
    }
}

extension PointsLine {
    fileprivate var json: CanonicalJSON {
        .object([
            "rule": .string(rule),
            "measure": .string(measure.rawValue),
            "value": .optional(value),
            "at_most": .optional(atMost),
            "points_before_cap": .integer(pointsBeforeCap.count),
            "points": .integer(points.count),
        ])
    }
}

extension Statement.Quality {
    fileprivate var json: CanonicalJSON {
        .object([
            "month_seconds": .integer(monthSeconds),
            "missing_seconds": .integer(missingSeconds),
            "qualifying_seconds": .integer(qualifyingSeconds),
            "qualifying_percent": .integer(qualifyingPercent),
            "required_percent": .integer(requiredPercent),
            "is_bracketed": .bool(isBracketed),
            "is_partial": .bool(isPartial),
            "zero_days": .integer(Int64(zeroDays)),
            "readings": .integer(Int64(readings)),
            "detectable_litres_per_hour": .integer(detectableLitresPerHour),
            "data_until_epoch_seconds": .optional(dataUntil?.epochSeconds),
        ])
    }
}
