struct StaffHomePage: Page {
    static let template = "staff-home"
    let area: String
    let greeting: String
    let freshness: String
    let tiles: [Tile]
    let hasLocked: Bool
    /// Accounts that wrong passwords locked, a line each.
    let locked: [String]
    let communities: [Community]

    struct Tile: Sendable {
        let href: String
        let figure: String
        let name: String
        let needsAttention: Bool
    }

    struct Community: Sendable {
        let name: String
        let code: String
        let homes: String
        let month: String
        let dirty: String
    }
}

/// The desk: a code is entered, the held item is shown, staff confirm or void.
struct DeskPage: Page {
    static let template = "desk"
    let code: String
    /// Nil where the member of staff serves one community.
    let communities: Choice?
    let lookUpClass: String
    /// Nothing waits to be decided: the next code is typed at once.
    let isCodeNext: Bool
    let found: Found?

    struct Choice: Sendable { let options: [Option] }

    struct Option: Sendable {
        let code: String
        let name: String
        let isSelected: Bool
    }

    struct Found: Sendable {
        let item: String
        let points: String
        /// Masked: the desk checks the code, not the person.
        let household: String
        let heldAt: String
        let until: String
        let state: String
        let isOpen: Bool
        let community: String
        /// What is confirmed or voided is named by its desk code again.
        let code: String
        let redemption: String
        /// Whether it is to be voided, asked once more.
        let sure: SureQuestion?
    }
}

/// What closing a month would do, and the button that does it.
struct CloseMonthPage: Page {
    static let template = "close-month"
    let title: String
    let month: String
    let counts: [Count]
    let communities: [Community]
    /// Why the button is not there.
    let refusal: Refusal?
    let canClose: Bool
    let sure: SureQuestion?
    let action: String

    func documentTitle(_ words: String) -> String { title }

    struct Refusal: Sendable {
        let kind: String
        let heading: String
        let reason: String

        /// All is issued already: to close again changes nothing.
        var isComplete: Bool { kind == "done" }
    }

    struct Count: Sendable {
        let name: String
        let figure: String
    }

    struct Community: Sendable {
        let name: String
        let homes: String
        let measured: String
        let issued: String
        let dirty: String
    }
}

/// Meters that send but that nobody has registered.
struct HeldPage: Page {
    static let template = "held"
    let summary: String
    let hasMeters: Bool
    /// That the list has more than are shown; nil where it has not.
    let moreMeters: String?
    let meters: [Meter]
    let hasQuarantined: Bool
    let moreQuarantined: String?
    let quarantined: [Quarantined]
    let hasTelegrams: Bool
    let moreTelegrams: String?
    let telegrams: [Telegram]

    /// Telegrams of a meter that could not be read, kept as a gateway heard them.
    struct Telegram: Sendable {
        let meter: String
        let maker: String
        let gateway: String
        let count: String
        let last: String
        let why: String
    }

    struct Meter: Sendable {
        let address: String
        let gateway: String
        let readings: String
        let last: String
    }

    /// A reading kept apart: ahead of the clock, or of a gateway that may not read the meter.
    struct Quarantined: Sendable {
        let meter: String
        let at: String
        let register: String
        let gateway: String
        let reason: String
    }
}

/// Homes whose statements the next correction looks at, and why.
struct CorrectionsPage: Page {
    static let template = "corrections"
    let summary: String
    let hasHomes: Bool
    let homes: [Home]
    /// Months that stay as they are: their readings were pruned.
    let prunedSummary: String
    let hasPruned: Bool
    let pruned: [Home]

    struct Home: Sendable {
        let number: String
        let community: String
        let months: String
        /// The last of them, `YYYY-MM`, whose readings the links lead to.
        let month: String
        let why: String
        /// Printed numbers, for the page of readings.
        let meters: [String]
        let since: String
    }
}

struct AlertsPage: Page {
    static let template = "alerts"
    let hasObjections: Bool
    /// Those that wait longest first.
    let objections: [ObjectionRow]
    let hasLeaks: Bool
    /// The most water first.
    let leaks: [LeakRow]
    let hasDoubts: Bool
    let doubtsNote: String
    let doubts: [DoubtRow]
    let hasSilent: Bool
    let silentNote: String
    let silent: [SilentRow]
    let hasAlerts: Bool
    let alerts: [AlertRow]
    let hasFindings: Bool
    let findings: [FindingRow]
    let hasSettled: Bool
    let settledTitle: String
    let settled: [SettledRow]

    /// What a household doubts and nobody answered yet.
    struct ObjectionRow: Sendable {
        let household: String
        let place: String
        let month: String
        let words: String
        let waiting: String
    }

    /// A leak or an alert that staff noted as mended or in order.
    struct SettledRow: Sendable {
        let household: String
        let what: String
        let at: String
        let follow: String
    }

    struct LeakRow: Sendable {
        let household: String
        /// What staff did last, or that nobody did anything yet.
        let follow: String
        /// From the community down to the building.
        let place: String
        let month: String
        let from: String
        let to: String
        let hours: String
        let rate: String
        /// That the meter is not the home's alone.
        let shared: String?
    }

    /// A meter that goes on in another unit, or shows nought and nothing else.
    struct DoubtRow: Sendable {
        let meter: String
        /// `YYYY-MM` of the first reading in doubt, whose readings the link leads to.
        let month: String
        let since: String
        let state: String
        let households: [String]
        let place: String
    }

    struct SilentRow: Sendable {
        let household: String
        let follow: String
        let place: String
        let meter: String
        let month: String
        let last: String
    }

    struct AlertRow: Sendable {
        let at: String
        /// `YYYY-MM`, whose readings the link leads to.
        let month: String
        let community: String
        /// Empty where nobody lived there then.
        let household: String
        let hasHousehold: Bool
        /// Empty where there is no household.
        let follow: String
        let meter: String
        /// Has a page of readings.
        let isRegistered: Bool
        let name: String
        let state: String
        let raw: String
    }

    struct FindingRow: Sendable {
        let at: String
        let month: String
        let community: String
        /// Empty where nobody lived there then.
        let household: String
        let hasHousehold: Bool
        let meter: String
        let name: String
        let register: String
        let before: String
    }
}

struct PersonsPage: Page {
    static let template = "persons"
    let number: String
    let persons: String
    let from: String
    /// What is registered now; nil before a household is asked for, or where there is none.
    let home: Home?
    let sure: SureQuestion?

    func documentTitle(_ words: String) -> String { home == nil ? words : "\(words) · \(number)" }

    struct Home: Sendable {
        let place: String
        let movedIn: String
        let hasSizes: Bool
        /// Latest first.
        let sizes: [Size]
    }

    struct Size: Sendable {
        let words: String
        /// Of an entry that has not begun.
        let removal: Removal?
    }

    /// The entry as it was seen, as the form sends it.
    struct Removal: Sendable {
        let day: String
        /// Empty for unknown.
        let persons: String
        let label: String
    }
}

/// A meter hung in another's place.
struct ExchangePage: Page {
    static let template = "exchange"
    let old: String
    let new: String
    /// Registers in m³, empty where not known.
    let final: String
    let start: String
    /// A local date and time, as a browser's field has it.
    let at: String
    var sure: SureQuestion?
}

/// One-time codes: asked for by household numbers, shown once, printed as slips.
struct CodesPage: Page {
    static let template = "codes"
    let numbers: String
    let hasRefused: Bool
    let refused: [Refused]
    let hasSlips: Bool
    let slips: [Slip]

    struct Refused: Sendable {
        let number: String
        let why: String
    }

    struct Slip: Sendable {
        let number: String
        /// From the community down to the building.
        let place: String
        let code: String
        let until: String
        /// Where the pages are; nil where that is not set up.
        let address: String?
    }
}
