/// One element of a meter's set: what a register showed at an instant, and who said so.
public struct ReadingElement: Sendable, Hashable, Comparable {
    public let at: Instant
    /// Never negative.
    public let register: Volume
    public let gateway: GatewayID

    public init(at: Instant, register: Volume, gateway: GatewayID) {
        self.at = at
        self.register = register
        self.gateway = gateway
    }

    /// By instant, then register, then gateway: the one order sets are stored and judged in.
    public static func < (a: ReadingElement, b: ReadingElement) -> Bool {
        if a.at != b.at { return a.at < b.at }
        if a.register != b.register { return a.register < b.register }
        return a.gateway < b.gateway
    }
}

/// Alarms of every supported device in one vocabulary. Source: protocols.md, section 7.
public enum AlertCode: String, Sendable, Hashable, CaseIterable {
    case leak, burst, backflow, dry, blocked, overrange, underrange, tamper, removed, submerged, temperature
    case noConsumption = "no_consumption"
    case batteryLow = "battery_low"
    case permanentError = "permanent_error"
    case temporaryError = "temporary_error"
    case valveClosed = "valve_closed"
    case valveFault = "valve_fault"
    /// Bits that no table names; the raw text keeps them.
    case unknown
}

/// A device alarm as sent. `now` and `was` differ: a past leak is not a present one.
public struct Alert: Sendable, Hashable {
    public let code: AlertCode
    /// True while the device reports it; false for a remembered one (PREV_, WAS_).
    public let isCurrent: Bool
    /// The sender's own bits or words, at most 512 bytes; U+0000, which not every database can keep, is shown as U+FFFD.
    public let raw: String

    /// The device says that it is being tampered with or taken away.
    public var isTamper: Bool { isCurrent && (code == .tamper || code == .removed) }

    public init(code: AlertCode, isCurrent: Bool, raw: String) {
        self.code = code
        self.isCurrent = isCurrent
        self.raw = raw.contains("\0") ? raw.replacing("\0", with: "\u{FFFD}") : raw
    }
}
