import Water

extension Analysis {
    /// The statement's member `analysis`.
    func write(_ text: inout JSONText) {
        text.objects("actions", actions) { $1.write(&$0) }
        text.object("baseline", baseline) { $1.write(&$0) }
        text.objects("bylaw_months", bylawMonths) { $1.write(&$0) }
        text.object("last_month", lastMonth) { $1.write(&$0) }
        text.object("leak", leak) { $1.write(&$0) }
        text.object("night", night) { $1.write(&$0) }
        text.member("period_litres", periodLitres)
        text.objects("sizes", sizes) { text, size in
            text.member("from", size.day.description)
            text.member("persons", size.persons.map(Int64.init))
        }
        text.object("to_median", toMedian) { $1.write(&$0) }
        text.objects("warnings", warnings) { $1.write(&$0) }
        text.objects("week_monday_first", week) { text, day in
            text.member("days", day.days)
            text.member("litres", day.litres)
        }
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
            bylawMonths: try json.list("bylaw_months").map(EarlierUse.init(json:)),
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
    fileprivate func write(_ text: inout JSONText) {
        text.member("change_litres", changeLitres)
        text.member("kind", kind.rawValue)
        text.member("litres", litres)
        text.objects("months", months) { $1.write(&$0) }
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            kind: try json.parsed("kind") { Kind(rawValue: $0) },
            months: try json.list("months").map(EarlierUse.init(json:)), litres: try json.integer("litres"),
            changeLitres: try json.integer("change_litres"))
    }
}

extension NightUse {
    fileprivate func write(_ text: inout JSONText) {
        text.member("litres", litres)
        text.member("lowest_litres", lowestLitres)
        text.member("nights", nights)
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            nights: try json.int("nights"), litres: try json.integer("litres"),
            lowestLitres: try json.integer("lowest_litres"))
    }
}

extension Analysis.LeakCost {
    fileprivate func write(_ text: inout JSONText) {
        text.member("bill_without_fen", billWithout?.fen)
        text.member("cost_fen", cost?.fen)
        text.objects("flows", flows) { text, flow in
            text.member("hours", flow.hours)
            text.member("litres_per_hour", flow.litresPerHour)
            // Only where there is one: the statements of all other homes keep their bytes.
            if let share = flow.shareMillionths { text.member("share_millionths", share) }
        }
        text.member("litres", litres)
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            flows: try json.list("flows").map { flow throws(StatementDefect) in
                Flow(
                    hours: try flow.integer("hours"), litresPerHour: try flow.integer("litres_per_hour"),
                    shareMillionths: try flow.integerIfPresent("share_millionths"))
            },
            litres: try json.integer("litres"),
            billWithout: try json.optionalInteger("bill_without_fen").map(Money.init(fen:)),
            cost: try json.optionalInteger("cost_fen").map(Money.init(fen:)))
    }
}

extension EarlierFigures {
    func write(_ text: inout JSONText) {
        text.member("bill_fen", bill?.fen)
        text.member("percentile", percentile)
        text.member("points", points.count)
    }

    init(json: Members) throws(StatementDefect) {
        self.init(
            bill: try json.optionalInteger("bill_fen").map(Money.init(fen:)),
            percentile: try json.optionalInteger("percentile"), points: Points(try json.integer("points")))
    }
}

extension Analysis.LimitWarning {
    fileprivate func write(_ text: inout JSONText) {
        text.member("level", level.rawValue)
        text.member("limit", limit.rawValue)
        text.member("limit_litres", limitLitres)
        text.member("percent", percent)
        text.member("used_litres", usedLitres)
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            limit: try json.parsed("limit") { Limit(rawValue: $0) }, limitLitres: try json.integer("limit_litres"),
            usedLitres: try json.integer("used_litres"))
    }
}

extension Analysis.SavingAction {
    fileprivate func write(_ text: inout JSONText) {
        text.integers("because", because)
        text.member("bill_without_fen", billWithout?.fen)
        text.member("kind", kind.rawValue)
        text.member("litres", litres)
        text.member("saving_fen", saving?.fen)
    }

    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            kind: try json.parsed("kind") { Kind(rawValue: $0) }, litres: try json.integer("litres"),
            billWithout: try json.optionalInteger("bill_without_fen").map(Money.init(fen:)),
            saving: try json.optionalInteger("saving_fen").map(Money.init(fen:)),
            because: try json.integers("because"))
    }
}
