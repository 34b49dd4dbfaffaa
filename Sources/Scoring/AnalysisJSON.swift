import Water

extension Analysis {
    /// The statement's member `analysis`.
    var json: CanonicalJSON {
        .object([
            "period_litres": .integer(periodLitres),
            "sizes": .array(
                sizes.map {
                    ["from": .string($0.day.description), "persons": .optional($0.persons.map(Int64.init))]
                }),
            "baseline": baseline.map(\.json) ?? .null,
            "week_monday_first": .array(
                week.map { ["days": .integer(Int64($0.days)), "litres": .integer($0.litres)] }),
            "night": night.map(\.json) ?? .null,
            "to_median": toMedian.map(\.json) ?? .null,
            "leak": leak.map(\.json) ?? .null,
            "last_month": lastMonth.map(\.json) ?? .null,
            "warnings": .array(warnings.map(\.json)),
            "actions": .array(actions.map(\.json)),
        ])
    }

    init(_ json: Members) throws(StatementDefect) {
        let week = try json.list("week_monday_first").map { day throws(StatementDefect) in
            WeekdayUse(days: try day.int("days"), litres: try day.integer("litres"))
        }
        guard week.count == 7 else { throw StatementDefect(key: "week_monday_first") }
        self.init(
            periodLitres: try json.integer("period_litres"),
            sizes: try json.list("sizes").map { size throws(StatementDefect) in
                PersonsFrom(
                    day: try size.parsed("from") { LocalDay($0) },
                    persons: try size.optionalInteger("persons").map { Int($0) })
            },
            baseline: try json.optionalMembers("baseline").map(Baseline.init(json:)), week: week,
            night: try json.optionalMembers("night").map(NightUse.init(json:)),
            toMedian: try json.optionalMembers("to_median").map(Statement.Headroom.init(json:)),
            leak: try json.optionalMembers("leak").map(LeakCost.init(json:)),
            lastMonth: try json.optionalMembers("last_month").map(EarlierFigures.init(json:)),
            warnings: try json.list("warnings").map(LimitWarning.init(json:)),
            actions: try json.list("actions").map(SavingAction.init(json:)))
    }
}

extension Analysis.Baseline {
    fileprivate var json: CanonicalJSON {
        [
            "kind": .string(kind.rawValue), "months": .array(months.map(\.json)), "litres": .integer(litres),
            "change_litres": .integer(changeLitres),
        ]
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            kind: try json.parsed("kind") { Kind(rawValue: $0) },
            months: try json.list("months").map(EarlierUse.init(json:)), litres: try json.integer("litres"),
            changeLitres: try json.integer("change_litres"))
    }
}

extension NightUse {
    fileprivate var json: CanonicalJSON {
        ["nights": .integer(Int64(nights)), "litres": .integer(litres), "lowest_litres": .integer(lowestLitres)]
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            nights: try json.int("nights"), litres: try json.integer("litres"),
            lowestLitres: try json.integer("lowest_litres"))
    }
}

extension Analysis.LeakCost {
    fileprivate var json: CanonicalJSON {
        [
            "flows": .array(
                flows.map { ["hours": .integer($0.hours), "litres_per_hour": .integer($0.litresPerHour)] }),
            "litres": .integer(litres), "bill_without_fen": .optional(billWithout?.fen),
            "cost_fen": .optional(cost?.fen),
        ]
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            flows: try json.list("flows").map { flow throws(StatementDefect) in
                Flow(hours: try flow.integer("hours"), litresPerHour: try flow.integer("litres_per_hour"))
            },
            litres: try json.integer("litres"),
            billWithout: try json.optionalInteger("bill_without_fen").map(Money.init(fen:)),
            cost: try json.optionalInteger("cost_fen").map(Money.init(fen:)))
    }
}

extension EarlierFigures {
    fileprivate var json: CanonicalJSON {
        [
            "bill_fen": .optional(bill?.fen), "percentile": .optional(percentile), "points": .integer(points.count),
        ]
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            bill: try json.optionalInteger("bill_fen").map(Money.init(fen:)),
            percentile: try json.optionalInteger("percentile"), points: Points(try json.integer("points")))
    }
}

extension Analysis.LimitWarning {
    fileprivate var json: CanonicalJSON {
        [
            "limit": .string(limit.rawValue), "limit_litres": .integer(limitLitres),
            "used_litres": .integer(usedLitres), "percent": .integer(percent), "level": .string(level.rawValue),
        ]
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            limit: try json.parsed("limit") { Limit(rawValue: $0) }, limitLitres: try json.integer("limit_litres"),
            usedLitres: try json.integer("used_litres"))
    }
}

extension Analysis.SavingAction {
    fileprivate var json: CanonicalJSON {
        [
            "kind": .string(kind.rawValue), "litres": .integer(litres),
            "bill_without_fen": .optional(billWithout?.fen), "saving_fen": .optional(saving?.fen),
            "because": .array(because.map { .integer($0) }),
        ]
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            kind: try json.parsed("kind") { Kind(rawValue: $0) }, litres: try json.integer("litres"),
            billWithout: try json.optionalInteger("bill_without_fen").map(Money.init(fen:)),
            saving: try json.optionalInteger("saving_fen").map(Money.init(fen:)),
            because: try json.integers("because"))
    }
}
