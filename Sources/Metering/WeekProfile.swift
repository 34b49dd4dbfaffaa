import Water

/// A meter's usual flow by hour of the local week, drawn from the short believed pairs of one household's month.
///
/// A month shows an hour of the week four or five times, too few to trust: each is taken together with as many hours
/// of the same time of day. Where that was not seen either, the mean of all hours stands for it.
struct WeekProfile {
    private static let hours = 168
    /// Hours of the same time of day that each hour of the week is taken together with.
    private static let sharedHours: Int64 = 4
    /// Millilitres an hour, 0–10^9 each, one for each hour of the week.
    private let flows: [Int64]
    private let calendar: CityCalendar

    /// nil where fewer than `fewestHours` are known in pairs of at most `longest` seconds within [from, to].
    init?(
        _ judged: JudgedMeter, from: Instant, to: Instant, longest: Int64, fewestHours: Int64, calendar: CityCalendar
    ) {
        var seen = Seen(calendar: calendar)
        var index = max((judged.lastIndex(atOrBefore: from) ?? 0) + 1, 1)
        while index < judged.believed.count, judged.believed[index].at <= to {
            let (before, after) = (judged.believed[index - 1], judged.believed[index])
            if !after.startsRun, before.at >= from, after.at - before.at <= longest {
                seen.add(after.counted.millilitres - before.counted.millilitres, from: before.at, to: after.at)
            }
            index += 1
        }
        guard fewestHours > 0, seen.seconds.reduce(0, +) >= min(fewestHours, 1_000_000) * 3_600 else { return nil }
        self.flows = seen.flows
        self.calendar = calendar
    }

    /// The usual volume of [from, to) in units of 1/3,600 mL; 0 where none usually flows.
    func weight(from: Instant, to: Instant) -> Int64 {
        var weight: Int64 = 0
        eachHour(from: from, to: to, in: calendar) { hour, seconds, _ in weight += flows[hour] * seconds }
        return weight
    }

    private struct Seen {
        let calendar: CityCalendar
        var volumes = [Int64](repeating: 0, count: WeekProfile.hours)
        var seconds = [Int64](repeating: 0, count: WeekProfile.hours)

        /// Spreads a pair's volume over its hours by time.
        mutating func add(_ volume: Int64, from: Instant, to: Instant) {
            var spread: Int64 = 0
            eachHour(from: from, to: to, in: calendar) { hour, seconds, end in
                let reached = multiplyThenFloorDivide(volume, end - from, by: to - from) ?? volume
                volumes[hour] = min(volumes[hour] + reached - spread, FlowLimit.highestRegister)
                self.seconds[hour] += seconds
                spread = reached
            }
        }

        var flows: [Int64] {
            let all = Seen.flow(volumes.reduce(0, +), seconds.reduce(0, +)) ?? 0
            let daily = (0..<24).map { hour in
                let days = stride(from: hour, to: WeekProfile.hours, by: 24)
                return Seen.flow(days.reduce(0) { $0 + volumes[$1] }, days.reduce(0) { $0 + seconds[$1] })
            }
            return volumes.indices.map { hour in
                let usual = daily[hour % 24] ?? all
                return Seen.flow(
                    volumes[hour] + WeekProfile.sharedHours * usual, seconds[hour] + WeekProfile.sharedHours * 3_600)
                    ?? usual
            }
        }

        private static func flow(_ volume: Int64, _ seconds: Int64) -> Int64? {
            guard seconds >= 3_600 else { return nil }
            return min(multiplyThenFloorDivide(volume, 3_600, by: seconds) ?? 1_000_000_000, 1_000_000_000)
        }
    }
}

/// Calls `body` for each clock hour of the city that [from, to) touches: its hour of the week, the seconds touched and
/// where they end.
private func eachHour(
    from: Instant, to: Instant, in calendar: CityCalendar,
    _ body: (_ hour: Int, _ seconds: Int64, _ end: Instant) -> Void
) {
    var at = from
    while at < to {
        let local = at.epochSeconds + calendar.offset(at: at)
        let localHour = floorDivide(local, by: 3_600)
        let end = min(at + ((localHour + 1) * 3_600 - local), to)
        body(Int(localHour - floorDivide(localHour, by: 168) * 168), end - at, end)
        at = end
    }
}
