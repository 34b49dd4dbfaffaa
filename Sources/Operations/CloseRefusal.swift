public import Storage
public import Water

/// Why a month is not closed, in the order looked for. Nothing is changed, but communities already measured or
/// issued stay so and are not done again.
public enum CloseRefusal: Error, Sendable, Hashable {
    /// The month still runs until then.
    case monthNotOver(ends: Instant)
    /// Readings may still come; allowed from then on, or with `early`.
    case tooEarly(allowedFrom: Instant)
    /// No tariff, or no rule file, is valid for the whole month.
    case noTariff(MissingFile)
    case noRules(MissingFile)
    /// The month was frozen with other rules or another tariff: they decide for its rest.
    case frozenWithOther(FrozenFiles)
    /// A community to exclude that the city does not have.
    case unknownCommunity(code: String)
    /// The city has no community with homes in the month.
    case nothingToClose
    /// Readings of the month that join no figures, and nobody said to go on without them.
    case held(HeldOfMonth)
    /// A community to exclude that has figures of the month already.
    case hasFigures(community: String, month: BillingMonth)
    /// Readings that these communities' month rests on were pruned; they have those from `kept` on.
    case readingsPruned(communities: [String], month: BillingMonth, kept: BillingMonth)
    /// Folding changed these communities faster than they could be measured: close again.
    case notSettled(communities: [String])
    /// Other processes were at these communities for longer than we wait: close again later.
    case withOthers(communities: [String])
}

/// A tariff or rule file that a month lacks.
public struct MissingFile: Sendable, Hashable {
    public let id: String
    public let month: BillingMonth
    /// The days that the files of this id hold for, from the first to the last; `to` nil is open. Both are nil where
    /// there is none.
    public let from: LocalDay?
    public let to: LocalDay?

    public init(id: String, month: BillingMonth, from: LocalDay? = nil, to: LocalDay? = nil) {
        self.id = id
        self.month = month
        self.from = from
        self.to = to
    }
}

/// What a month was frozen with, where other files would decide now.
public struct FrozenFiles: Sendable, Hashable {
    public let month: BillingMonth
    public let rules: String
    /// The tariff's id.
    public let tariff: String
    /// It is that of homes that the city's tariff does not bill.
    public let isOfHomes: Bool

    public init(month: BillingMonth, rules: String, tariff: String, isOfHomes: Bool) {
        self.month = month
        self.rules = rules
        self.tariff = tariff
        self.isOfHomes = isOfHomes
    }
}

extension CloseRefusal: CustomStringConvertible {
    /// What is wrong and what can be done.
    public var description: String {
        switch self {
        case .monthNotOver(let ends):
            "the month runs to the midnight after its last day, \(ends.utc): close it after that"
        case .tooEarly(let from): "readings may still come until \(from.utc): wait, or close with --early"
        case .noTariff(let file): "no tariff \(file.lack)"
        case .noRules(let file): "no rule file \(file.lack)"
        case .frozenWithOther(let files): files.difference
        case .unknownCommunity(let code): "the city has no community \(code) with homes in this month"
        case .hasFigures(let code, let month):
            "\(code) has figures of \(month) already and cannot be left out of it any more: close without --exclude \(code)"
        case .nothingToClose: "no household lived anywhere in this month: import households first"
        case .held(let held):
            "\(held.words) would take no part (see 未登记水表 /staff/held): \(held.advice), or close without them by "
                + "--despite-held; corrections need no close (jieshui correct)"
        case .readingsPruned(let codes, let month, let kept):
            "readings that \(month) of \(codes.joined(separator: ", ")) rests on were pruned, those from \(kept) on are "
                + "kept: no statements of it can be issued; close without them by "
                + codes.map { "--exclude \($0)" }.joined(separator: " ") + " --reason …"
        case .notSettled(let codes):
            "readings kept arriving for \(codes.joined(separator: ", ")): close again, or exclude them with a reason"
        case .withOthers(let codes):
            "other processes are still at \(codes.joined(separator: ", ")): close again once they have ended"
        }
    }
}

extension MissingFile {
    fileprivate var lack: String {
        let there =
            if let from, let to { "those in the tariffs folder hold from \(from) to \(to)" } else if let from {
                "those in the tariffs folder hold from \(from) on"
            } else {
                "the tariffs folder has none of that id"
            }
        return "\(id) is valid for the whole of \(month); \(there): close another month, or add a file"
    }
}

extension FrozenFiles {
    fileprivate var difference: String {
        "\(month) was frozen with rules of version \(rules) and tariff \(tariff), other than those it would go by now: "
            + "name them by close.rules and close.tariff (JIESHUI_CLOSE_RULES, JIESHUI_CLOSE_TARIFF), put those files "
            + "back, or, where the tariff's file was put right since, say so by jieshui tariff correct \(month)"
            + (isOfHomes ? " --tariff \(tariff)" : "") + " --reason …"
    }
}

extension HeldOfMonth {
    fileprivate var advice: String {
        var advice: [String] = []
        if meters > 0 { advice.append("register the meters with jieshui import meters") }
        if keptApart > 0 { advice.append("look at the clocks and areas of the gateways that sent them") }
        return advice.joined(separator: ", ")
    }

    /// What there is, counted; empty where nothing is.
    public var words: String {
        var words: [String] = []
        if meters > 0 {
            words.append("\(meters) unregistered \(meters == 1 ? "meter" : "meters") with readings of \(month)")
        }
        if keptApart > 0 {
            words.append("\(keptApart) \(keptApart == 1 ? "reading" : "readings") of \(month) kept apart")
        }
        return words.joined(separator: " and ")
    }
}
