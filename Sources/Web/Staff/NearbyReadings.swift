import Database
import Metering
import Operations
import Storage
import Water

/// What a meter showed before and after an instant, for somebody who types a register of it.
struct NearbyReadings: Sendable {
    let before: ExaminedReading?
    private(set) var after: ExaminedReading?
    /// What staff entered for this very instant, and stands.
    let entered: ExaminedReading?

    /// Days on each side that are looked at.
    private static let days = 30

    /// Of its readings in one community. nil for a meter that is not registered, or did not hang there then.
    init?(
        of address: MeterAddress, in community: CommunityID, around at: Instant, now: Instant, _ calendar: CityCalendar,
        _ reader: Reader
    ) throws {
        let day = calendar.day(of: at)
        let examine = ExamineMeter(calendar: calendar, rules: .standard)
        let days = day.advanced(by: -Self.days)...day.advanced(by: Self.days)
        guard let found = try examine(address, in: community, days: days, now: now, reader) else { return nil }
        let believed = found.readings.filter { $0.quality.rawValue >= ReadingQuality.acceptedSuspicious.rawValue }
        before = believed.last { $0.at < at }
        after = believed.first { $0.at > at }
        entered = found.readings.last { $0.at == at && $0.isEntered }
    }

    /// Without what came later: after an exchange it is the new meter's.
    var upToThen: NearbyReadings {
        var found = self
        found.after = nil
        return found
    }

    /// What is odd about a register between the two, in words.
    func doubts(about register: Volume, at: Instant, _ t: Texts, _ calendar: CityCalendar) -> [String] {
        var lines: [String] = []
        func line(_ key: String, _ near: ExaminedReading, _ difference: Volume) {
            lines.append(
                t(
                    key,
                    [
                        "typed": t.register(register), "register": t.register(near.register),
                        "time": t.time(near.at, in: calendar), "difference": t.register(difference),
                    ]))
        }
        if let before, register < before.register { line("doubt_below", before, before.register - register) }
        if let after, register > after.register { line("doubt_above", after, register - after.register) }
        if let before, after == nil, register > before.register {
            let most = Volume(litres: 2_000 + (at - before.at) / 86_400 * 2_000)
            if register - before.register > most { line("doubt_much", before, register - before.register) }
        }
        guard !lines.isEmpty, fits(Volume(millilitres: register.millilitres / 1_000)) else { return lines }
        lines.append(t("doubt_litres", ["register": t.register(Volume(millilitres: register.millilitres / 1_000))]))
        return lines
    }

    /// True where the register lies between what the meter showed before and after, or within a cubic metre of it.
    private func fits(_ register: Volume) -> Bool {
        let slack = Volume(litres: 1_000)
        switch (before?.register, after?.register) {
        case (let before?, let after?): return register + slack >= before && register <= after + slack
        case (let near?, nil), (nil, let near?): return max(register, near) - min(register, near) <= slack
        case (nil, nil): return false
        }
    }
}

extension RegisterContradiction {
    /// What the meter showed and how far from it what is given lies, in words.
    func words(_ t: Texts, _ calendar: CityCalendar) -> String {
        let key =
            switch kind {
            case .belowEarlier: "doubt_below"
            case .beyondFlowSinceEarlier: "doubt_flow"
            case .aboveLater: "doubt_above"
            case .beyondFlowUntilLater: "doubt_flow_later"
            }
        return t(
            key,
            [
                "typed": t.register(given), "register": t.register(register), "time": t.time(at, in: calendar),
                "difference": t.register(difference), "most": t.register(most),
            ])
    }
}
