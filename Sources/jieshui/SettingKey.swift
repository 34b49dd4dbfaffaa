import Configuration

/// Every setting that there is. What is given under another name is refused or told: a slip must not leave a setting at its
/// default unheard.
enum SettingKey: String, CaseIterable, Sendable {
    case database
    case databaseConnections = "database.connections"
    case secretKey = "secret.key"
    case logLevel = "log.level"
    case host
    case port
    case publicAddress = "public.address"
    case behindTLS = "behind.tls"
    case trustForwardedFor = "trust.forwarded.for"
    case allowPrivateTargets = "allow.private.targets"
    case allowTargets = "allow.targets"
    case clientCertificateHeader = "client.certificate.header"
    case metricsKey = "metrics.key"
    case cjt188Profiles = "cjt188.profiles"
    case closeTariff = "close.tariff"
    case closeRules = "close.rules"
    case closeLanes = "close.lanes"
    case packAfterDays = "pack.after.days"

    /// The name in a settings file, for reading it.
    var key: ConfigKey { ConfigKey(rawValue) }

    /// The name of the environment variable.
    var variable: String { Self.prefix + rawValue.uppercased().replacing(".", with: "_") }

    /// What our environment variables begin with.
    static let prefix = "JIESHUI_"
    /// The environment variable that names the settings file; no setting, for a file does not name itself.
    static let fileVariable = "JIESHUI_CONFIG"
}

/// A name given that is no setting's, and the setting's that comes nearest.
struct UnknownSetting: Sendable, Hashable {
    let name: String
    let nearest: String
    /// So near that nothing else can have been meant.
    let isSlip: Bool
}

extension UnknownSetting: CustomStringConvertible {
    var description: String { "\(name) is no setting, the nearest is \(nearest)" }
}

extension SettingKey {
    /// The names of a settings file's values that are no settings, sorted. An object is a level of names.
    static func unknown(inFile object: [String: Any]) -> [UnknownSetting] {
        let known = allCases.map(\.rawValue)
        return names(in: object, under: "").filter { !known.contains($0) }.sorted()
            .map { nearest(to: $0, among: known) }
    }

    /// The variables named as ours that are no settings, sorted.
    static func unknown(inEnvironment names: some Sequence<String>) -> [UnknownSetting] {
        let known = allCases.map(\.variable) + [fileVariable]
        return names.filter { $0.uppercased().hasPrefix(prefix) && !known.contains($0) }.sorted()
            .map { nearest(to: $0, among: known) }
    }

    private static func names(in object: [String: Any], under level: String) -> [String] {
        object.flatMap { name, value in
            (value as? [String: Any]).map { names(in: $0, under: "\(level)\(name).") } ?? ["\(level)\(name)"]
        }
    }

    private static func nearest(to name: String, among known: [String]) -> UnknownSetting {
        let given = word(name)
        var best = (rank: (Int.max, Int.max), name: "", isSlip: false)
        for one in known {
            let word = word(one)
            let steps = steps(from: given, to: word)
            let isSlip = steps <= (word.count < 8 ? 1 : 2)
            // Half a name, as RULES for CLOSE_RULES, is nearer than another of its length.
            let isPart = !given.isEmpty && (word.contains(given) || given.contains(word))
            let rank = (isPart ? min(steps, 3) : steps, steps)
            if rank < best.rank { best = (rank, one, isSlip) }
        }
        return UnknownSetting(name: name, nearest: best.name, isSlip: best.isSlip)
    }

    /// The letters that tell a name from the others, in one case, however its words are parted.
    private static func word(_ name: String) -> String {
        let upper = name.uppercased().replacing(".", with: "_")
        return upper.hasPrefix(prefix) ? String(upper.dropFirst(prefix.count)) : upper
    }

    /// How many letters are to be changed, put in, left out or swapped with the next to make one word of the other.
    private static func steps(from a: String, to b: String) -> Int {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var fewest = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { fewest = min(fewest, before[j - 1] + 1) }
                row.append(fewest)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
