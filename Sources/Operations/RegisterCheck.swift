import Database
public import Metering
import Storage
public import Water

/// Looks whether a register that a person gives can stand beside what its meter is believed to have shown.
struct RegisterCheck {
    let calendar: CityCalendar
    let rules: MeteringRules
    let reader: Reader

    /// What speaks against it in an installation's readings, those of the instant itself among them; what staff
    /// accepted or entered for that instant is what it takes the place of. nil where nothing does.
    func found(
        against given: Volume, at instant: Instant, in installation: MeterInstallation, of community: CommunityID
    ) throws -> RegisterContradiction? {
        let (meter, day) = (installation.meter, calendar.day(of: instant))
        let days = day.advanced(by: -MeterReach.days)...day.advanced(by: MeterReach.days)
        var elements: [ReadingElement] = []
        try reader.eachDaySet(of: meter, in: community, from: days.lowerBound, to: days.upperBound) { elements += $1 }
        let edits = try reader.edits(of: meter, in: community).map(\.edit).filter {
            $0.at != instant || $0.action == .reject || $0.action == .withdraw
        }
        let reach = MeterReach(meter: meter, community: community, calendar: calendar, rules: rules, reader: reader)
        let (older, newer, known) = try reach.beyond(days, around: day...day, installation, elements, edits)
        let judged = judge(
            MeterReadings(installation: installation, elements: older + elements + newer, edits: known), rules: rules)
        return contradiction(of: given, at: instant, to: judged, rules: rules)
    }
}

extension MeterInstallation {
    /// As it is where the meter was taken away at `end`, whatever was noted of its end.
    func ending(at end: Instant) -> MeterInstallation {
        MeterInstallation(
            meter: meter, usagePoint: usagePoint, serial: serial, from: from, to: end, startRegister: startRegister,
            finalRegister: nil, resolution: resolution, nominalFlowLitresPerHour: nominalFlowLitresPerHour,
            modulus: modulus)
    }
}

extension RegisterContradiction {
    /// A sentence's part: what is wrong with what was given, and beside which reading. `time` writes an instant.
    public func text(time: (Instant) -> String) -> String {
        let (told, shown) = (given.cubicMetres, "\(register.cubicMetres), which the meter showed at \(time(at))")
        return switch kind {
        case .belowEarlier: "\(told) is \(difference.cubicMetres) m³ below \(shown)"
        case .beyondFlowSinceEarlier:
            "\(told) is \(difference.cubicMetres) m³ above \(shown); at most \(most.cubicMetres) m³ can have run since"
        case .aboveLater: "\(told) is \(difference.cubicMetres) m³ above \(shown), later"
        case .beyondFlowUntilLater:
            "\(told) is \(difference.cubicMetres) m³ below \(shown), later; at most \(most.cubicMetres) m³ can have "
                + "run until then"
        }
    }
}
