import Database
import Foundation
import Testing

@testable import jieshui

@Suite(.freshDatabases) struct StartTests {
    static let refused: [(String, String)] = [
        (#"{"port": 70000}"#, "port: 70000 is no port, 0 to 65535"),
        (#"{"port": "http"}"#, "port: http is no port, 0 to 65535"),
        (#"{"port": ""}"#, "port is set, and empty: give 0 to 65535"),
        (
            #"{"client.certificate.header": "X Client"}"#,
            "client.certificate.header: X Client is no name of a header"
        ),
        (#"{"client.certificate.header": "X-Client:"}"#, "X-Client: is no name of a header"),
        (#"{"client.certificate.header": ""}"#, "client.certificate.header is set, and empty: name a header"),
        (
            #"{"public.address": "water.example"}"#,
            "public.address: water.example is not of the form https://water.example"
        ),
        (#"{"behind": {"tls": "maybe"}}"#, "behind.tls is true or false, not maybe"),
        (#"{"trust.forwarded.for": 2}"#, "trust.forwarded.for is true or false, not 2"),
        (#"{"allow": {"private": {"targets": "some"}}}"#, "allow.private.targets is true or false, not some"),
        (#"{"allow.targets": ["10.0.0.0/8", "10.0.0.0/33"]}"#, "allow.targets: 10.0.0.0/33 is no address range"),
        (#"{"metrics.key": "short"}"#, "metrics.key: 16 characters or more"),
        (#"{"secret.key": "AAAA"}"#, "secret.key must be 32 bytes as base64, as openssl rand -base64 32 makes them"),
        (#"{"close.rules": "none"}"#, "close.rules: no rule file none is valid in "),
        (#"{"close.tariff": "peking"}"#, "close.tariff: no tariff file has the id peking"),
        (#"{"close.lanes": 0}"#, "close.lanes must be 1 to 256, not 0"),
        (#"{"pack.after.days": -1}"#, "pack.after.days must be 0 to 36500, not -1"),
        (#"{"database.connections": 101}"#, "database.connections must be 1 to 100, not 101"),
        (#"{"close.tarif": "peking"}"#, "close.tarif is no setting, the nearest is close.tariff"),
        ("[]", "is no JSON object"), ("{", "is no JSON"), ("", "is no JSON"),
    ]

    @Test(arguments: refused)
    func `a setting that cannot work is refused by its name before anything listens`(
        file: String, words: String
    ) async throws {
        let city = try await CommandCity(on: .sqlite)
        let path = try await freshFile("city.json", file)
        let port = file.contains("\"port\"") ? [] : ["--port", "0"]
        let end = await ending(of: ["serve", "--config", path] + port + shippedTariffs + city.options)
        #expect(end.code == 1)
        #expect(end.message.contains(words), "\(end.message)")
    }

    @Test(arguments: [
        ("loud", "log.level: loud is no level, one of "), ("", "log.level is set, and empty: give one of "),
    ])
    func `a log level that there is not is refused`(level: String, words: String) async throws {
        let city = try await CommandCity(on: .sqlite)
        let end = await ending(of: ["gateway", "list"] + city.options.prefix(2) + ["--log-level", level])
        let levels = "trace, debug, info, notice, warning, error, critical"
        #expect(end.code == 1 && end.message == words + levels, "\(end.message)")
    }

    @Test func `a database that is not there, has no city or has no name is refused`() async throws {
        let folder = try await freshFolder().path
        let quiet = ["--log-level", "critical"]
        let nowhere = await ending(of: ["serve", "--database", "sqlite:\(folder)/none.sqlite"] + quiet)
        #expect(nowhere.message.hasPrefix("there is no database at \(folder)/none.sqlite: run jieshui init"))
        let file = try await freshFile("city.json", #"{"database": ""}"#)
        let unnamed = await ending(of: ["serve", "--config", file] + quiet)
        #expect(unnamed.message == "database is set, and empty: write sqlite:PATH or postgres://…")
        let pathless = await ending(of: ["serve", "--database", "sqlite:"] + quiet)
        #expect(pathless.message == "the database sqlite: names no file: write sqlite:PATH")
        let (_, address) = try await freshPlace(of: .sqlite)
        let empty = await ending(of: ["serve", "--database", address] + quiet)
        #expect(empty.message == "the database has no city yet: run jieshui init")
    }

    @Test func `init once more changes nothing, and says how a city is renamed`() async throws {
        let city = try await CommandCity(on: .sqlite)
        #expect(await city.ending(of: "init", "--city", "太原市", "--code", "C") == .well)
        let words = "city: the city is called 太原市: to rename it, import areas with the line C,city,NAME,"
        #expect(await city.ending(of: "init", "--city", "太原", "--code", "C") == Ending(message: words))
        let file = try await freshFile("areas.csv", "code,kind,name,parent\nC,city,太原,\n")
        try await city.run("import", "areas", file)
        #expect(await city.ending(of: "init", "--city", "太原", "--code", "C") == .well)
    }

    @Test func `a file with another program's tables is left as it is`() async throws {
        let path = try await freshFolder().appendingPathComponent("notes.sqlite").path
        let notes = try Database(address: "sqlite:\(path)")
        try await notes.write { try $0.script("CREATE TABLE note (body TEXT)") }
        let city = try await CommandCity(on: .sqlite)
        let quiet = ["--log-level", "critical"]
        for arguments in [
            ["init", "--city", "太原市", "--code", "C", "--database", "sqlite:\(path)"] + quiet,
            ["copy", "--from", city.options[1], "--to", "sqlite:\(path)"],
        ] {
            let end = await ending(of: arguments)
            let words = "this is no database of jieshui: other tables are in it; name a new file"
            #expect(end == Ending(message: words))
        }
        let tables = try await notes.read { reader in
            try reader.all("SELECT name FROM sqlite_master WHERE type = 'table'") { try $0.text(0) }
        }
        #expect(tables == ["note"])
    }

    @Test func `init under another code is refused by the code`() async throws {
        let city = try await CommandCity(on: .sqlite)
        for code in ["X", "A"] {
            let end = await city.ending(of: "init", "--city", "太原市", "--code", code)
            #expect(end == Ending(message: "code: the city is C; there is one only"))
        }
    }

    private static let unheard: [(Int32, String?)] = [
        (EADDRINUSE, "10.0.0.7:80 is in use by another program: give another port (--port or JIESHUI_PORT)"),
        (EACCES, "this user may not listen on 10.0.0.7:80: give a port from 1024 on (--port or JIESHUI_PORT)"),
        (
            EADDRNOTAVAIL,
            "host: 10.0.0.7 is no address or name of this machine: give one (--host or JIESHUI_HOST), or 0.0.0.0 for all"
        ),
        (EFAULT, nil),
    ]

    @Test(arguments: unheard)
    func `an address that cannot be listened on is told with the setting that changes it`(code: Int32, words: String?) {
        // As the network library words it.
        let error = "bind(descriptor:ptr:bytes:): no luck) (errno: \(code))"
        #expect(Serve.listenFault(error, host: "10.0.0.7", port: 80) == words)
    }

    @Test func `a hang-up ends the server as SIGTERM does, unless it is ignored from the start`() {
        #expect(Serve.endingSignals(ignoresHangUps: false).map { "\($0)" } == ["SIGTERM", "SIGINT", "SIGHUP"])
        #expect(Serve.endingSignals(ignoresHangUps: true).map { "\($0)" } == ["SIGTERM", "SIGINT"])
    }

    @Test func `a folder without any tariff or rule file is named`() async throws {
        let city = try await CommandCity(on: .sqlite)
        let folder = try await freshFolder().path
        let end = await city.ending(of: "serve", "--port", "0", "--tariffs", folder)
        #expect(end.message.hasPrefix("close.rules: no rule file rules is valid in "), "\(end.message)")
        #expect(end.message.hasSuffix(", of those in \(folder)"), "\(end.message)")
    }

    @Test func `a folder of tariffs that is not there is refused`() async throws {
        let city = try await CommandCity(on: .sqlite)
        let folder = try await freshFolder().appendingPathComponent("tariffs").path
        let end = await city.ending(of: "serve", "--port", "0", "--tariffs", folder)
        #expect(end.message.hasPrefix("there is no folder of tariff and rule files at \(folder)"))
    }
}
