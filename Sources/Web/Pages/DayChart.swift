import Water

/// A month's days as bars in a box of whole units, drawn by the template `day-chart`.
///
/// A missing day is a hatched band over the full height, a day on which the household did not live there a grey one,
/// an estimated day a hatched bar, a measured day a full bar; a measured day without use is a thin line, so that none
/// of them looks like another.
struct DayChart: Sendable, Hashable {
    static let dayWidth = 12
    static let boxHeight = 200

    let width: Int
    let height: Int
    /// Where half of the scale's top lies.
    let middle: Int
    let topLabel: String
    let middleLabel: String
    /// What the picture says in one sentence.
    let label: String
    let bars: [Bar]
    /// One per day; empty where no number is written under the day.
    let ticks: [String]
    /// Height of the reference line; nil without one or where it lies above the scale.
    let reference: Int?
    let referenceLabel: String?
    let legend: [Key]

    struct Bar: Sendable, Hashable {
        let kind: String
        let x: Int
        let y: Int
        let barWidth: Int
        let barHeight: Int
        let title: String
    }

    struct Key: Sendable, Hashable {
        let kind: String
        let label: String
    }

    /// `referenceLitres` is the home's norm for a day, where its size is known. `lived` are the household's days; nil
    /// for all. `isEstimatedWhole`: no reading says what the month's days come to either.
    init(
        days: [DayUse], lived: ClosedRange<LocalDay>? = nil, isEstimatedWhole: Bool = false, referenceLitres: Int64?,
        texts: Texts
    ) {
        let top = DayChart.scaleTop(for: days.compactMap(\.litres).max() ?? 0)
        width = max(days.count, 1) * DayChart.dayWidth
        height = DayChart.boxHeight
        middle = DayChart.boxHeight / 2
        topLabel = texts.number(top)
        middleLabel = texts.number(top / 2)
        bars = days.enumerated().map { DayChart.bar($1, lived, at: $0, top: top, texts) }
        ticks = days.map { day in
            let date = day.day.date.day
            return date == 1 || date % 7 == 1 ? "\(date)" : ""
        }
        let line = referenceLitres.flatMap { $0 <= top ? DayChart.boxHeight - DayChart.height(of: $0, top: top) : nil }
        reference = line
        referenceLabel =
            line == nil ? nil : referenceLitres.map { texts("legend_norm", ["litres": texts.litres($0)]) }
        let kinds = days.map { DayChart.kind(of: $0, lived) }
        legend = DayChart.legend(of: kinds, isEstimatedWhole: isEstimatedWhole, texts)
        label = DayChart.sentence(for: kinds, texts)
    }

    /// The smallest of 1, 2, 4, 6, 8 or 10 times a power of ten that no day passes, so that its half is whole.
    static func scaleTop(for litres: Int64) -> Int64 {
        var unit: Int64 = 10
        while true {
            for step in [1, 2, 4, 6, 8] as [Int64] where unit * step >= litres { return unit * step }
            let (next, overflow) = unit.multipliedReportingOverflow(by: 10)
            if overflow || next > Int64.max / 8 { return litres }
            unit = next
        }
    }

    private static func kind(of day: DayUse, _ lived: ClosedRange<LocalDay>?) -> String {
        day.isAway(from: lived) ? "away" : day.litres == nil ? MeasureState.missing.rawValue : day.state.rawValue
    }

    private static func bar(
        _ day: DayUse, _ lived: ClosedRange<LocalDay>?, at index: Int, top: Int64, _ texts: Texts
    ) -> Bar {
        let gap = dayWidth / 6
        guard let litres = day.litres, day.state != .missing else {
            let state = DayChart.kind(of: day, lived)
            return Bar(
                kind: state, x: index * dayWidth, y: 0, barWidth: dayWidth, barHeight: boxHeight,
                title: texts("bar_\(state)", ["day": texts.day(day.day)]))
        }
        let tall = max(height(of: litres, top: top), 3)
        return Bar(
            kind: day.state == .estimated ? "estimated" : litres > 0 ? "measured" : "nothing",
            x: index * dayWidth + gap, y: boxHeight - tall, barWidth: dayWidth - 2 * gap, barHeight: tall,
            title: texts(
                day.state == .estimated ? "bar_estimated" : "bar_measured",
                ["day": texts.day(day.day), "litres": texts.litres(litres)]))
    }

    private static func height(of litres: Int64, top: Int64) -> Int {
        let clamped = min(max(litres, 0), top)
        return Int(multiplyThenFloorDivide(clamped, Int64(boxHeight), by: max(top, 1)) ?? 0)
    }

    private static func legend(of kinds: [String], isEstimatedWhole: Bool, _ texts: Texts) -> [Key] {
        ["measured", "estimated", "missing", "away"].filter { $0 == "measured" || kinds.contains($0) }
            .map { kind in
                let isWhole = isEstimatedWhole && kind == MeasureState.estimated.rawValue
                return Key(kind: kind, label: texts(isWhole ? "legend_estimated_whole" : "legend_\(kind)"))
            }
    }

    private static func sentence(for kinds: [String], _ texts: Texts) -> String {
        let count = { (kind: String) in "\(kinds.filter { $0 == kind }.count)" }
        let label = texts(
            "chart_label",
            ["measured": count("measured"), "estimated": count("estimated"), "missing": count("missing")])
        return kinds.contains("away") ? label + texts("chart_label_away", ["days": count("away")]) : label
    }
}

extension DayUse {
    /// True for a day without figures on which the household did not live there yet, or no more.
    func isAway(from lived: ClosedRange<LocalDay>?) -> Bool {
        state == .missing && lived.map { !$0.contains(day) } ?? false
    }
}
