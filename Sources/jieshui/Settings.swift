import Configuration
import Database
import Foundation
import Logging
import Operations

/// What flags, environment and file say, the first that says it winning.
///
/// A key `log.level` is the flag given in `flags`, then `JIESHUI_LOG_LEVEL`, then `{"log": {"level": …}}`.
struct Settings {
    private let reader: ConfigReader
    /// Variables of the environment named as ours that are no settings, and resemble none.
    let strangers: [UnknownSetting]

    /// `flags` are a command's own settings by key; nil ones were not given. Throws where the file is missing or is
    /// no JSON object, where it or the environment has a mistyped name, where it gives a name twice, and where a value of
    /// it is of no kind that its setting takes.
    static func load(
        _ options: GlobalOptions, flags: [SettingKey: String?] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> Settings {
        var given: [AbsoluteConfigKey: ConfigValue] = [:]
        func give(_ text: String?, _ key: SettingKey) {
            if let text { given[AbsoluteConfigKey(key.key)] = ConfigValue(.string(text), isSecret: false) }
        }
        for (key, text) in flags { give(text, key) }
        give(options.database, .database)
        give(options.logLevel, .logLevel)
        let unknown = SettingKey.unknown(inEnvironment: environment.keys)
        try refuse(unknown.filter(\.isSlip), in: "the environment")
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: given),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "jieshui"),
        ]
        if let path = try filePath(options, environment) { providers.append(try await file(path)) }
        return Settings(reader: ConfigReader(providers: providers), strangers: unknown.filter { !$0.isSlip })
    }

    /// Tells the variables that look like settings and are none, for commands that go by many: something else of the same
    /// name may have set them.
    func tellStrangers(_ logger: Logger) {
        if strangers.isEmpty { return }
        logger.warning(
            "environment variables are passed over",
            metadata: ["variables": "\(strangers.map(\.description).joined(separator: "; "))"])
    }

    private static func refuse(_ faults: [some CustomStringConvertible], in place: String) throws {
        if faults.isEmpty { return }
        throw CommandFailure("\(place): \(faults.map(\.description).joined(separator: "; "))")
    }

    /// The settings file that a flag or the environment names; nil where neither does.
    private static func filePath(_ options: GlobalOptions, _ environment: [String: String]) throws -> String? {
        let variable = SettingKey.fileVariable
        let flag = options.config.map { (place: "--config", path: $0) }
        guard let given = flag ?? environment[variable].map({ (place: variable, path: $0) }) else { return nil }
        if given.path.isEmpty { throw CommandFailure("\(given.place) is set, and empty: name a file") }
        return given.path
    }

    private static func file(_ path: String) async throws -> FileProvider<JSONSnapshot> {
        let place = InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)])
        try requireObject(path)
        do {
            return try await FileProvider<JSONSnapshot>(config: ConfigReader(provider: place))
        } catch {
            throw CommandFailure("the settings file \(path) cannot be read: \(error)")
        }
    }

    /// Says in words what the reader of settings would say by its own names, or would not say.
    private static func requireObject(_ path: String) throws {
        try refuseFolder(path)
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure("the settings file \(path) cannot be read: \(error.localizedDescription)")
        }
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        } catch {
            let place = (error as NSError).userInfo[NSDebugDescriptionErrorKey].map { ": \($0)" } ?? ""
            throw CommandFailure("the settings file \(path) is no JSON\(place)")
        }
        guard let object = value as? [String: Any] else {
            throw CommandFailure("the settings file \(path) is no JSON object")
        }
        let place = "the settings file \(path)"
        try refuse(try SettingKey.repeated(inFile: data, object).map { "\($0) is given twice" }, in: place)
        try refuse(SettingKey.unknown(inFile: object), in: place)
        try refuse(SettingKey.misfits(inFile: object), in: place)
    }

    /// The database's address; it may hold a password, so it is shown by `Database.withoutSecrets` alone.
    var database: String { text(.database) ?? "sqlite:jieshui.sqlite" }

    /// The database, with at most `database.connections` connections to a server (8).
    func openDatabase() throws -> Database {
        let connections = try number(.databaseConnections, in: 1...100, default: 8)
        guard !database.isEmpty else {
            throw CommandFailure("database is set, and empty: write sqlite:PATH or postgres://…")
        }
        if let path = try CommandContext.filePath(of: database) { try refuseFolder(path) }
        return try Database(address: database, connections: connections)
    }

    /// A setting as text, also where the file has it as a JSON number, `true` or a list; nil where it is not set.
    func text(_ setting: SettingKey, isSecret: Bool = false) -> String? {
        let key = setting.key
        return reader.string(forKey: key, isSecret: isSecret)
            ?? reader.int(forKey: key, isSecret: isSecret).map(String.init)
            ?? reader.bool(forKey: key, isSecret: isSecret).map { $0 ? "true" : "false" }
            ?? reader.stringArray(forKey: key, isSecret: isSecret)?.joined(separator: ",")
    }

    /// A whole number of a range; throws where the setting is anything else.
    func number(_ key: SettingKey, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let text = text(key) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw CommandFailure("\(key.rawValue) must be \(range.lowerBound) to \(range.upperBound), not \(text)")
        }
        return number
    }

    /// A switch: true, yes, on or 1, false, no, off or 0, in any case; off where it is not set. Throws for anything else:
    /// what guards must not be off by a slip.
    func isSet(_ key: SettingKey) throws -> Bool {
        switch text(key)?.lowercased() {
        case nil, "", "false", "no", "off", "0": return false
        case "true", "yes", "on", "1": return true
        case let other?: throw CommandFailure("\(key.rawValue) is true or false, not \(other)")
        }
    }

    /// What `/metrics` asks for, of `metrics.key`; nil where it is not set, and nothing is told.
    var metricsKeyHash: String? {
        get throws {
            guard let key = text(.metricsKey, isSecret: true) else { return nil }
            guard key.count >= 16 else { throw CommandFailure("metrics.key: 16 characters or more") }
            return Secret(key).hash
        }
    }

    /// What opens and seals secrets, of `secret.key` (32 bytes as base64); nil where it is not set.
    var sealKey: SealKey? {
        get throws {
            guard let text = text(.secretKey, isSecret: true) else { return nil }
            do throws(SealFault) {
                return try SealKey(base64: text)
            } catch {
                throw CommandFailure(error.description)
            }
        }
    }

    /// The same, for a command that does nothing without it.
    var neededSealKey: SealKey {
        get throws {
            guard let key = try sealKey else {
                throw CommandFailure(
                    "secrets are kept sealed, and secret.key is not set: give 32 bytes as base64 (openssl rand -base64 32) "
                        + "by JIESHUI_SECRET_KEY or the settings file")
            }
            return key
        }
    }

    /// A logger to standard error at the level set; the program has no other.
    func logger() throws -> Logger {
        let text = text(.logLevel) ?? "info"
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(
                text.isEmpty
                    ? "log.level is set, and empty: give one of \(levels)"
                    : "log.level: \(text) is no level, one of \(levels)")
        }
        var logger = Logger(label: "jieshui") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
