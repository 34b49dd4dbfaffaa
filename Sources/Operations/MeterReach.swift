import Database
import Metering
import Storage
import Water

/// How far around a change a meter's readings are to be loaded: 40 days on each side, and further over a silence until
/// a believed register lies on each side or none is left.
///
/// A month's ends may rest on registers far away (`LoadReadings`); what a change reaches is found over the same ones.
struct MeterReach {
    let meter: MeterID
    let community: CommunityID
    let calendar: CityCalendar
    let rules: MeteringRules
    let reader: Reader

    static let days = 40
    /// Days beyond the forty that are looked at on each side at most: each has a set or an entered register.
    private static let furthest = 60

    /// What lies beyond `reach` and matters to a change over `core`, with the decisions of all that time.
    func beyond(
        _ reach: ClosedRange<LocalDay>, around core: ClosedRange<LocalDay>, _ installation: MeterInstallation,
        _ elements: [ReadingElement], _ edits: [ReadingEdit]
    ) throws -> (older: [ReadingElement], newer: [ReadingElement], edits: [ReadingEdit]) {
        let (start, end) = (calendar.start(of: core.lowerBound), calendar.start(of: core.upperBound.advanced(by: 1)))
        var (older, newer): ([ReadingElement], [ReadingElement]) = ([], [])
        let seen = reach
        var reach = calendar.reach(seen, over: try reader.doubts(of: meter, in: community))
        if reach.lowerBound < seen.lowerBound {
            let before = seen.lowerBound.advanced(by: -1)
            try reader.eachDaySet(of: meter, in: community, from: reach.lowerBound, to: before) { older += $1 }
        }
        for _ in 0..<Self.furthest {
            let known = edits.filter { reach.contains(calendar.day(of: $0.at)) }
            let judged = judge(
                MeterReadings(installation: installation, elements: older + elements + newer, edits: known),
                rules: rules)
            let isOpenBefore = installation.from < start && !judged.believed.contains { $0.at < start }
            let isOpenAfter =
                installation.to.map { $0 > end } ?? true && !judged.believed.contains { $0.at >= end }
            let before = isOpenBefore ? try nearest(before: reach.lowerBound, edits) : nil
            let after = isOpenAfter ? try nearest(after: reach.upperBound, edits) : nil
            if before == nil, after == nil { return (older, newer, known) }
            if let before { older = before.elements + older }
            if let after { newer += after.elements }
            reach = (before?.day ?? reach.lowerBound)...(after?.day ?? reach.upperBound)
        }
        return (older, newer, edits.filter { reach.contains(calendar.day(of: $0.at)) })
    }

    private typealias Day = (day: LocalDay, elements: [ReadingElement])

    private func nearest(before day: LocalDay, _ edits: [ReadingEdit]) throws -> Day? {
        let set = try reader.nearestSet(of: meter, in: community, before: day)
        let entered = edits.filter { $0.action == .enter }.map { calendar.day(of: $0.at) }.filter { $0 < day }.max()
        guard let entered, entered > set?.day ?? LocalDay(number: .min) else { return set }
        return (entered, [])
    }

    private func nearest(after day: LocalDay, _ edits: [ReadingEdit]) throws -> Day? {
        let set = try reader.nearestSet(of: meter, in: community, after: day)
        let entered = edits.filter { $0.action == .enter }.map { calendar.day(of: $0.at) }.filter { $0 > day }.min()
        guard let entered, entered < set?.day ?? LocalDay(number: .max) else { return set }
        return (entered, [])
    }
}
