import Metering
import Water

/// The registers of the meters that a home shares, from which its own litres can be redone.
struct SharedPart: Sendable {
    let hasMeters: Bool
    /// A line each.
    let meters: [String]
}

extension SharedPart {
    init(_ registers: [SharedRegister], calendar: CityCalendar, texts t: Texts) {
        hasMeters = !registers.isEmpty
        meters = registers.map { one in
            t(
                "shared_line",
                [
                    "meter": one.serial, "from": t.time(one.from, in: calendar), "to": t.time(one.to, in: calendar),
                    "first": t.number(one.first.millilitres), "last": t.number(one.last.millilitres),
                    "whole": t.number(one.last.millilitres - one.first.millilitres),
                    "share": t.number(one.shareMillionths), "before": t.number(one.firstLitres),
                    "after": t.number(one.lastLitres), "own": t.litres(one.lastLitres - one.firstLitres),
                ])
        }
    }
}
