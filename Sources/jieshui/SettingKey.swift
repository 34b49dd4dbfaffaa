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

/// A name given that is no setting's, and what may have been meant.
struct UnknownSetting: Sendable, Hashable {
    let name: String
    let meaning: Meaning

    enum Meaning: Sendable, Hashable {
        /// So near to a setting that nothing else can have been meant.
        case slip(of: String)
        case near(String)
        /// A level of the file, with the settings that it has.
        case level(of: [String])
        /// Nothing like a setting.
        case stranger
    }

    var isSlip: Bool { if case .slip = meaning { true } else { false } }
}

extension UnknownSetting: CustomStringConvertible {
    var description: String {
        switch meaning {
        case .slip(let nearest), .near(let nearest): "\(name) is no setting, the nearest is \(nearest)"
        case .level(let settings): "\(name) is a level: \(settings.joined(separator: ", "))"
        case .stranger: "\(name) is no setting"
        }
    }
}

extension SettingKey {
    /// The names of a settings file's values that are no settings, sorted.
    static func unknown(inFile object: [String: Any]) -> [UnknownSetting] {
        let known = allCases.map(\.rawValue)
        return values(in: object).map(\.name).filter { !known.contains($0) }.sorted().map { name in
            let nearest = meaning(of: name, among: known)
            let within = known.filter { word($0).hasPrefix("\(word(name))_") }
            if case .slip = nearest { return UnknownSetting(name: name, meaning: nearest) }
            return UnknownSetting(name: name, meaning: within.isEmpty ? nearest : .level(of: within))
        }
    }

    /// The variables named as ours that are no settings, sorted.
    static func unknown(inEnvironment names: some Sequence<String>) -> [UnknownSetting] {
        let known = allCases.map(\.variable) + [fileVariable]
        return names.filter { $0.uppercased().hasPrefix(prefix) && !known.contains($0) }.sorted()
            .map { UnknownSetting(name: $0, meaning: meaning(of: $0, among: known)) }
    }

    /// What stands at each name of a settings file. An object is a level of names, an empty one a value.
    static func values(in object: [String: Any], under level: String = "") -> [(name: String, value: Any)] {
        object.flatMap { name, value -> [(name: String, value: Any)] in
            guard let inner = value as? [String: Any], !inner.isEmpty else { return [("\(level)\(name)", value)] }
            return values(in: inner, under: "\(level)\(name).")
        }
    }

    private static func meaning(of name: String, among known: [String]) -> UnknownSetting.Meaning {
        let given = word(name)
        var best = (rank: (Int.max, 0, 0), meaning: UnknownSetting.Meaning.stranger)
        for one in known {
            let word = word(one)
            let steps = steps(from: given, to: word)
            // Whole words of a name, as RULES for CLOSE_RULES, are nearer than another of its length.
            let isPart = !given.isEmpty && ("_\(word)_".contains("_\(given)_") || "_\(given)_".contains("_\(word)_"))
            // A word of which more than half is another says nothing.
            guard isPart || steps * 2 <= given.utf8.count else { continue }
            // Of two as near, POST is a slip of PORT more often than of HOST.
            let rank = (isPart ? min(steps, 3) : steps, steps, given.first == word.first ? 0 : 1)
            guard rank < best.rank else { continue }
            best = (rank, steps <= (word.count < 8 ? 1 : 2) ? .slip(of: one) : .near(one))
        }
        return best.meaning
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
