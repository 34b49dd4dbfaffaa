import ArgumentParser
import Foundation
import Testing

@testable import jieshui

@Suite(.freshDatabases) struct SettingsTests {
    private func load(
        _ file: String? = nil, flags: [SettingKey: String?] = [:], environment: [String: String] = [:]
    ) async throws -> Settings {
        var arguments: [String] = []
        if let file { arguments = ["--config", try await freshFile("city.json", file)] }
        return try await Settings.load(try GlobalOptions.parse(arguments), flags: flags, environment: environment)
    }

    private func refusal(_ file: String? = nil, environment: [String: String] = [:]) async -> String? {
        do {
            _ = try await load(file, environment: environment)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `the README's table has every setting and no other`() throws {
        let readme = try String(contentsOf: packageRoot.appendingPathComponent("README.md"), encoding: .utf8)
        let section = try #require(readme.components(separatedBy: "\n## Settings\n").last)
        let lines = section.components(separatedBy: "\n## ")[0].split(separator: "\n")
        let rows = lines.filter { $0.hasPrefix("|") }.joined(separator: "\n")
        let documented = rows.matches(of: #/JIESHUI_[A-Z0-9_]+/#).map { String($0.output) }
        #expect(documented.sorted() == SettingKey.allCases.map(\.variable).sorted())
    }

    @Test func `the server's help names every setting`() {
        let help = Serve.helpMessage()
        for key in SettingKey.allCases { #expect(help.contains(key.rawValue), "\(key)") }
    }

    @Test func `a flag goes before the environment, and that before the file`() async throws {
        let file = #"{"host": "file", "port": 1, "public": {"address": "file"}}"#
        let environment = ["JIESHUI_HOST": "environment", "JIESHUI_PORT": "2", "PATH": "/bin"]
        let settings = try await load(file, flags: [.host: "flag", .port: nil], environment: environment)
        #expect(settings.text(.host) == "flag")
        #expect(settings.text(.port) == "2")
        #expect(settings.text(.publicAddress) == "file")
        #expect(settings.text(.closeRules) == nil)
        #expect(settings.strangers.isEmpty)
    }

    @Test(arguments: SettingKey.allCases)
    func `every setting is taken from the file, by levels or by its whole name, and from the environment`(
        key: SettingKey
    ) async throws {
        let levels = key.rawValue.split(separator: ".").map { "{\"\($0)\": " }
        let nested = levels.joined() + "\"given\"" + String(repeating: "}", count: levels.count)
        #expect(try await load(nested).text(key) == "given")
        #expect(try await load("{\"\(key.rawValue)\": \"given\"}").text(key) == "given")
        #expect(try await load(environment: [key.variable: "given"]).text(key) == "given")
    }

    static let mistyped: [(String, String)] = [
        (#"{"prot": 80}"#, "prot is no setting, the nearest is port"),
        (#"{"close": {"tarif": "peking"}}"#, "close.tarif is no setting, the nearest is close.tariff"),
        (#"{"close.rule": "x", "port": 1}"#, "close.rule is no setting, the nearest is close.rules"),
        (#"{"rules": "x"}"#, "rules is no setting, the nearest is close.rules"),
        (#"{"Port": 1}"#, "Port is no setting, the nearest is port"),
        (#"{"behind": {"tsl": true}}"#, "behind.tsl is no setting, the nearest is behind.tls"),
        (#"{"port": {"number": 1}}"#, "port.number is no setting, the nearest is port"),
        (#"{"post": 1}"#, "post is no setting, the nearest is port"),
        (#"{"config": "x"}"#, "config is no setting"), (#"{"_comment": "ours"}"#, "_comment is no setting"),
        (#"{"log": "debug"}"#, "log is a level: log.level"), (#"{"public": {}}"#, "public is a level: public.address"),
        (#"{"close": 1}"#, "close is a level: close.tariff, close.rules, close.lanes"),
        (#"{"allow": {"private": true}}"#, "allow.private is a level: allow.private.targets"),
        (#"{"Database": "x"}"#, "Database is no setting, the nearest is database"),
        (
            #"{"b": {"database.conections": 4}, "allow": {"target": "10.0.0.0/8"}}"#,
            "allow.target is no setting, the nearest is allow.targets; b.database.conections is no setting, "
                + "the nearest is database.connections"
        ),
    ]

    @Test(arguments: mistyped)
    func `a name in the file that is no setting is refused with the nearest`(file: String, words: String) async throws {
        let told = try #require(await refusal(file))
        #expect(told.hasPrefix("the settings file "))
        #expect(told.hasSuffix("city.json: " + words), "\(told)")
    }

    @Test(arguments: [
        (#"{"port": 1, "host": "a", "port": 1}"#, "port is given twice"),
        (#"{"p\u006Frt": 1, "port": 2}"#, "port is given twice"),
        (#"{"log": {"level": "info", "level": "debug"}}"#, "log.level is given twice"),
        (#"{"close": {"lanes": 2}, "close": {"tariff": "taiyuan"}}"#, "close is given twice"),
        (#"{"log.level": "info", "log": {"level": "debug"}}"#, "log.level is given twice"),
        (#"{"allow": {"targets": ["a"], "targets": ["b"]}}"#, "allow.targets is given twice"),
        (#"{"port": 1, "port": 2, "host": "a", "host": "b"}"#, "host is given twice; port is given twice"),
        (#"{"prot": 1, "prot": 2}"#, "prot is given twice"),
    ])
    func `a name that the file gives twice is refused`(file: String, words: String) async throws {
        let told = try #require(await refusal(file))
        #expect(told.hasSuffix("city.json: " + words), "\(told)")
    }

    @Test func `a name that stands in a text, or at another level, is not given twice`() async throws {
        let file = #"{"public.address": "\"port\": {[", "close": {"tariff": "port", "rules": "port"}, "port": 1}"#
        #expect(try await load(file).text(.port) == "1")
        #expect(try await load(#"{"close": {"lanes": 2}, "pack": {"after": {"days": 3}}}"#).text(.closeLanes) == "2")
    }

    static let misfits: [(String, String)] = [
        (#"{"behind": {"tls": [true]}}"#, "behind.tls is a list that is not of texts alone, not true or false"),
        (#"{"behind": {"tls": ["true"]}}"#, "behind.tls is a list, not true or false"),
        (#"{"trust": {"forwarded": {"for": null}}}"#, "trust.forwarded.for is null, not true or false"),
        (#"{"allow": {"targets": [1]}}"#, "allow.targets is a list that is not of texts alone, not a list of texts"),
        (#"{"allow.targets": ["a", null]}"#, "allow.targets is a list that is not of texts alone, not a list of texts"),
        (#"{"allow": {"targets": true}}"#, "allow.targets is true, not a list of texts"),
        (#"{"metrics": {"key": {}}}"#, "metrics.key is an empty object, not text or a whole number"),
        (#"{"secret.key": 0.5}"#, "secret.key is a number with a fraction, not text or a whole number"),
        (#"{"port": [18412]}"#, "port is a list that is not of texts alone, not text or a whole number"),
        (#"{"port": null}"#, "port is null, not text or a whole number"),
        (#"{"port": {}}"#, "port is an empty object, not text or a whole number"),
        (#"{"port": 18412.5}"#, "port is a number with a fraction, not text or a whole number"),
        (#"{"port": 1e30}"#, "port is a number that is too large, not text or a whole number"),
        (#"{"port": false}"#, "port is false, not text or a whole number"),
        (
            #"{"port": null, "host": []}"#,
            "host is a list, not text or a whole number; port is null, not text or a whole number"
        ),
    ]

    @Test(arguments: misfits)
    func `a value in the file of a kind that its setting does not take is refused`(
        file: String, words: String
    ) async throws {
        let told = try #require(await refusal(file))
        #expect(told.hasPrefix("the settings file "))
        #expect(told.hasSuffix("city.json: " + words), "\(told)")
    }

    @Test func `text, whole numbers, true and false, and lists of texts are taken as JSON has them`() async throws {
        let switches = #""behind": {"tls": true}, "trust.forwarded.for": 0, "allow.private.targets": "yes""#
        let others = #""port": 18412, "close.lanes": "3", "allow.targets": ["10.0.0.0/8", "::1"]"#
        let settings = try await load("{\(switches), \(others)}")
        #expect(try settings.isSet(.behindTLS) && settings.isSet(.allowPrivateTargets))
        #expect(try !settings.isSet(.trustForwardedFor))
        #expect(settings.text(.port) == "18412")
        #expect(try settings.number(.closeLanes, in: 1...9, default: 1) == 3)
        #expect(settings.text(.allowTargets) == "10.0.0.0/8,::1")
        #expect(try await load(#"{"allow.targets": []}"#).text(.allowTargets) == "")
    }

    @Test(arguments: [
        ("JIESHUI_CLOSE_TARIF", "JIESHUI_CLOSE_TARIFF"), ("JIESHUI_PROT", "JIESHUI_PORT"),
        ("JIESHUI_LOGLEVEL", "JIESHUI_LOG_LEVEL"), ("JIESHUI_TRUST_FORWARD_FOR", "JIESHUI_TRUST_FORWARDED_FOR"),
        ("jieshui_host", "JIESHUI_HOST"), ("JIESHUI_CONFG", "JIESHUI_CONFIG"), ("JIESHUI_POST", "JIESHUI_PORT"),
    ])
    func `a variable that is a setting's but for a slip is refused`(name: String, nearest: String) async throws {
        let told = await refusal(environment: [name: "x", "JIESHUI_PORT": "1"])
        #expect(told == "the environment: \(name) is no setting, the nearest is \(nearest)")
    }

    @Test(arguments: [
        ("JIESHUI_RULES", "JIESHUI_CLOSE_RULES"), ("JIESHUI_SERVICE_HOST", "JIESHUI_HOST"),
        ("JIESHUI_PORT_8080_TCP_ADDR", "JIESHUI_PORT"), ("JIESHUI_LOG", "JIESHUI_LOG_LEVEL"),
    ])
    func `any other variable of our name is passed over and told`(name: String, nearest: String) async throws {
        let settings = try await load(environment: [name: "x", "JIESHUI_PORT": "1", "HOME": "/"])
        #expect(settings.strangers == [UnknownSetting(name: name, meaning: .near(nearest))])
        #expect(settings.text(.port) == "1")
    }

    @Test func `of a variable that is like no setting none is named as the nearest`() async throws {
        let settings = try await load(environment: ["JIESHUI_DB": "x", "JIESHUI_EXPORT_FOLDER": "y"])
        #expect(
            settings.strangers.map(\.description) == [
                "JIESHUI_DB is no setting", "JIESHUI_EXPORT_FOLDER is no setting",
            ])
    }

    @Test func `the file named by the environment is read`() async throws {
        let path = try await freshFile("city.json", #"{"port": 81}"#)
        let settings = try await Settings.load(try GlobalOptions.parse([]), environment: ["JIESHUI_CONFIG": path])
        #expect(settings.text(.port) == "81")
    }

    @Test func `a file named by nothing is refused`() async throws {
        #expect(await refusal(environment: ["JIESHUI_CONFIG": ""]) == "JIESHUI_CONFIG is set, and empty: name a file")
        let options = try GlobalOptions.parse(["--config", ""])
        await #expect {
            _ = try await Settings.load(options, environment: [:])
        } throws: { "\($0)" == "--config is set, and empty: name a file" }
    }
}
