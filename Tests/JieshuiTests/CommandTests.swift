import ArgumentParser
import Database
import Foundation
import Ledger
import Operations
import Storage
import Testing
import Water

@testable import jieshui

@Suite(.freshDatabases) struct CommandTests {
    @Test(arguments: TestEngine.allCases)
    func `export points takes a month and a community`(engine: TestEngine) async throws {
        let city = try await CommandCity(on: engine)
        try await city.run("export", "points", "2024-09", "--community", "A")
        #expect(
            await city.ending(of: "export", "points", "2024-13", "--community", "A")
                == Ending(message: "the month must be YYYY-MM, 01 to 12"))
        #expect(
            await city.ending(of: "export", "points", "2024-09", "--community", "none")
                == Ending(message: "no community has the code none"))
    }

    @Test(arguments: TestEngine.allCases)
    func `item set puts pieces in, asks other points, withdraws and offers again`(engine: TestEngine) async throws {
        let city = try await CommandCity(on: engine)
        try await city.run("item", "add", "水桶", "--english", "bucket", "--area", "A", "--points", "25", "--stock", "3")
        let community = try await city.city.community("A")
        func row() async throws -> ItemRow {
            try #require(try await city.database.read { try $0.items(of: community).first })
        }
        let number = "\(try await row().id)"
        try await city.run("item", "set", number, "--area", "A", "--add", "20", "--points", "30", "--withdrawn")
        var now = try await row()
        #expect(now.stock.total == 23 && now.points == Points(30) && now.isWithdrawn)
        // What is not named stays as it is.
        try await city.run("item", "set", number, "--area", "A", "--no-withdrawn")
        now = try await row()
        #expect(now.stock.total == 23 && now.points == Points(30) && !now.isWithdrawn)
        #expect(
            await city.ending(of: "item", "set", number, "--area", "B", "--add", "1")
                == Ending(message: "the community has no item of this number"))
        #expect(
            await city.ending(of: "item", "set", number, "--area", "A", "--points", "0")
                == Ending(message: "points must be 1 to 1,000,000"))
        #expect(try await row() == now)
    }

    @Test(arguments: TestEngine.allCases)
    func `item list of a wider area lists every community below it, and of a narrower one names its community`(
        engine: TestEngine
    ) async throws {
        let city = try await CommandCity(on: engine)
        for (name, area) in [("水桶", "A"), ("毛巾", "B")] {
            try await city.run(
                "item", "add", name, "--english", name, "--area", area, "--points", "25", "--stock", "3")
        }
        func lines(_ code: String) async throws -> [String] {
            try await city.database.read { try ItemCommand.List.lines(of: code, $0) }
        }
        let (a, b) = (try await lines("A"), try await lines("B"))
        #expect(a.count == 1 && b.count == 1 && a[0].contains("水桶\t"))
        for code in ["C", "D", "S"] { #expect(try await lines(code) == ["A\t" + a[0], "B\t" + b[0]]) }
        #expect(await city.ending(of: "item", "list", "--area", "C") == .well)
        #expect(
            await city.ending(of: "item", "list", "--area", "A1")
                == Ending(message: "A1 lies in the community A, which has the items: list those of --area A"))
        #expect(
            await city.ending(of: "item", "list", "--area", "X") == Ending(message: "no area has the code X"))
    }

    @Test(arguments: TestEngine.allCases)
    func `staff disable ends a member's sign-in, whoever it is named`(engine: TestEngine) async throws {
        let city = try await CommandCity(on: engine)
        for name in ["wang", "li"] {
            _ = try await AddStaff(database: city.database)(
                name, area: "A", role: .clerk, password: Secret("a long password"),
                salt: [UInt8](repeating: 7, count: 16), at: city.city.now
            ).get()
        }
        try await city.run("staff", "disable", "wang")
        try await city.run("staff", "disable", "wang")
        let staff = try await city.database.read { try $0.staff() }
        #expect(staff.filter { $0.disabledAt != nil }.map(\.name) == ["wang"])
        #expect(
            await city.ending(of: "staff", "disable", "zhao")
                == Ending(message: "no member of staff is named zhao"))
    }

    @Test func `meter keys takes its lines from standard input, and ends with 1 where one cannot go in`() async throws {
        let city = try await CommandCity(on: .sqlite)
        let addresses = try ["wmbus:12345678", "wmbus:87654321"].map { try #require(MeterAddress(text: $0)) }
        for (index, address) in addresses.enumerated() {
            try await city.city.addHome("H\(index)")
            _ = try await city.city.addMeter("M\(index)", on: "UH\(index)", addresses: [address]).get()
        }
        let (first, second) = (String(repeating: "0a", count: 16), String(repeating: "B0", count: 16))
        let keys = ["meter", "keys", "-", "--secret-key", sealKeyText] + city.options
        let good = "meter,key\r\n# of the maker\nM0,\(first)\n\n wmbus:87654321 , \(second)\n"
        #expect(try await withStandardInput(good) { await ending(of: keys) } == .well)
        let seal = try SealKey(base64: sealKeyText)
        let opened = try await seal.meterKeys(of: Set(addresses), in: city.database)
        #expect(opened[addresses[0]] == [UInt8](repeating: 0x0A, count: 16))
        #expect(opened[addresses[1]] == [UInt8](repeating: 0xB0, count: 16))
        // The good line of a bad input goes in.
        let mixed = "M0,\(second)\nM9,\(first)\nM1\nM1,0a\n"
        #expect(try await withStandardInput(mixed) { await ending(of: keys) } == Ending())
        #expect(try await seal.meterKeys(of: [addresses[0]], in: city.database).values.first?.first == 0xB0)
        let unsealed = await city.ending(of: "meter", "keys", "-")
        #expect(unsealed.message.hasPrefix("secrets are kept sealed, and secret.key is not set"))
    }

    @Test(arguments: TestEngine.allCases)
    func `target add and rotate keep the signing secret sealed where there is a key`(engine: TestEngine) async throws {
        let city = try await CommandCity(on: engine)
        let key = ["--secret-key", sealKeyText]
        let add = ["target", "add", "--url", "https://a.example/", "--area", "A"] + city.options
        try await run(add + ["sealed"] + key)
        try await run(add + ["clear"])
        func kept() async throws -> [String] {
            try await city.database.read { try $0.signingSecrets() }.map { one in
                "\(one.target) \(one.secret.prefix { $0 != ":" && $0 != "_" })"
            }
        }
        #expect(try await kept() == ["clear whsec", "sealed sealed"])
        try await run(["target", "rotate", "clear"] + key + city.options)
        #expect(try await kept() == ["clear sealed", "sealed sealed"])
        let seal = try SealKey(base64: sealKeyText)
        for one in try await city.database.read({ try $0.signingSecrets() }) {
            #expect(try TargetSecret.opened(one.secret, of: one.target, under: seal).text.hasPrefix("whsec_"))
        }
        let end = await ending(of: add + ["third", "--secret-key", "short"])
        #expect(end.message == "secret.key must be 32 bytes as base64, as openssl rand -base64 32 makes them")
        #expect(try await kept().count == 2)
    }

    @Test(arguments: TestEngine.allCases)
    func `target rotate without the key puts no unsealed secret after a sealed one unless it is told to`(
        engine: TestEngine
    ) async throws {
        let city = try await CommandCity(on: engine)
        let key = ["--secret-key", sealKeyText]
        let add = ["target", "add", "--url", "https://a.example/", "--area", "A"] + city.options
        try await run(add + ["t"] + key)
        try await run(add + ["clear"])
        let rotate = ["target", "rotate", "t"] + city.options
        let way = "--unsealed to keep the new one unsealed"
        #expect(
            await ending(of: rotate)
                == Ending(message: "the signing secret of t is sealed: set secret.key, or \(way)"))
        try await city.run("target", "disable", "t")
        #expect(
            await ending(of: rotate)
                == Ending(message: "the signing secret of t is sealed: set secret.key, or \(way)"))
        try await city.run("target", "enable", "t")
        func isSealed(_ target: String) async throws -> Bool? {
            let kept = try await city.database.read { try $0.signingSecrets() }
            return kept.first { $0.target == target }.map { TargetSecret.isSealed($0.secret) }
        }
        #expect(try await isSealed("t") == true)
        #expect(try await city.database.read { try $0.target(name: "t") }?.isRotating == false)
        try await run(rotate + key)
        #expect(await ending(of: rotate + ["--again"]).message.hasSuffix(way))
        #expect(try await isSealed("t") == true)
        #expect(await ending(of: rotate + ["--again", "--unsealed"]) == .well)
        #expect(try await isSealed("t") == false)
        try await city.run("target", "rotate", "clear")
        #expect(try await isSealed("clear") == false)
        let finish = await ending(of: rotate + ["--finish", "--unsealed"])
        #expect(finish.code != 0 && finish.message.contains("leave --pull-key, --again and --unsealed out"))
    }

    @Test func `the key that secrets are sealed with may stand in a file that the argument names`() async throws {
        let file = try await freshFile("seal.key", sealKeyText + "\n")
        let given = try SealOptions.parse(["--secret-key", "@\(file)"])
        #expect(try given.flags == [.secretKey: sealKeyText])
        #expect(try SealOptions.parse(["--secret-key", sealKeyText]).flags == [.secretKey: sealKeyText])
        let absent = try SealOptions.parse(["--secret-key", "@\(file)x"])
        #expect(throws: CommandFailure.self) { try absent.flags }
        for help in [TargetCommand.Rotate.helpMessage(), DecodeCommand.helpMessage()] {
            #expect(help.contains("@FILE"))
        }
    }

    @Test func `that a signing secret is kept unsealed is told`() {
        #expect(unsealedWarning(of: "t", Secret("sealed:AAAA")) == nil)
        #expect(
            unsealedWarning(of: "t", Secret("whsec_AAAA"))
                == "the signing secret of t is kept unsealed: set secret.key, then jieshui target rotate t")
    }

    @Test(arguments: TestEngine.allCases)
    func `correct ends with status 75 while another process has homes in hand, and with 0 after it`(
        engine: TestEngine
    ) async throws {
        let city = try await CommandCity(on: engine)
        let community = try await city.city.community("A")
        let homes = [try await city.city.addHome("H1"), try await city.city.addHome("H2")]
        let months = ["2026-09", "2026-10"].compactMap { BillingMonth($0) }
        // A command goes by the real clock.
        let now = Instant.now
        let lease = try await city.database.write { transaction in
            for home in homes {
                for month in months {
                    try transaction.markDirty(home.id, of: community, month, at: now)
                }
            }
            return try transaction.claim(
                .close, of: community, by: LeaseOwner("desk:17:ab"), at: now, seconds: 300)
        }
        let left = try await city.database.read { try HomesLeft.found(in: $0, only: nil, at: now) }
        let owner = LeaseOwner("desk:17:ab")
        #expect(left == [HomesLeft(community: "A", homes: 2, holder: owner, until: now + 300)])
        let until = city.city.calendar.format(now + 300)
        #expect(
            left.map { $0.text(city.city.calendar) }
                == ["A: held by desk:17:ab, given up at \(until) unless it shows itself again; homes that wait: 2"])
        let correct = ["correct"] + shippedTariffs + city.options
        #expect(await ending(of: correct) == Ending(code: 75))
        #expect(await ending(of: correct + ["--community", "A"]) == Ending(code: 75))
        #expect(await ending(of: correct + ["--community", "B"]) == .well)
        #expect(try await city.database.read { try HomesLeft.found(in: $0, only: CommunityID(99), at: now) }.isEmpty)
        let held = try #require(lease)
        try await city.database.write { try $0.release(held) }
        #expect(try await city.database.read { try HomesLeft.found(in: $0, only: nil, at: now) }.isEmpty)
        #expect(await ending(of: correct) == .well)
    }

    @Test func `copy given once more ends well while both are equal, and with 1 once either has changed`() async throws
    {
        let city = try await CommandCity(on: .sqlite)
        let target = try await freshFolder().appendingPathComponent("copy.sqlite").path
        let copy = ["copy", "--from", city.options[1], "--to", "sqlite:\(target)"]
        #expect(await ending(of: copy) == .well)
        #expect(await ending(of: copy) == .well)
        try await city.city.addHome("H1")
        let end = await ending(of: copy)
        #expect(end.code == 1)
        #expect(end.message.hasSuffix("has changed since: name a new, empty database"), "\(end.message)")
    }

    @Test(arguments: TestEngine.allCases)
    func `copy makes the tables that a run broken off left out, and migrates no city`(engine: TestEngine) async throws {
        // The tables of a cluster are spread once they are all there.
        if engine == .postgres, TestEngine.isCitus { return }
        let city = try await CommandCity(on: .sqlite)
        let (target, address) = try await freshPlace(of: engine, at: migrations.filter { $0.number <= 3 })
        let copy = ["copy", "--from", city.options[1], "--to", address]
        #expect(await ending(of: copy) == .well)
        #expect(try await target.read { try $0.city() } != nil)

        let (behind, other) = try await freshPlace(of: engine, at: migrations.filter { $0.number <= 3 })
        try await behind.write {
            _ = try $0.execute("INSERT INTO area (code, kind, name) VALUES ('X', 'city', 'other')")
        }
        let end = await ending(of: ["copy", "--from", city.options[1], "--to", other])
        #expect(end.code == 1 && end.message.contains("the target is at migration 3"), "\(end.message)")
        #expect(end.message.hasSuffix("run jieshui migrate on it"), "\(end.message)")
    }

    @Test func `what to do about homes that others hold is told in the same words everywhere`() throws {
        var summary = CorrectionSummary()
        summary.leftOpen = 1
        #expect(summary.line.hasSuffix("; left to others: 1 community, \(HomesLeft.advice)"))
        summary.leftOpen = 2
        #expect(summary.line.hasSuffix("; left to others: 2 communities, \(HomesLeft.advice)"))
        let readme = try String(contentsOf: packageRoot.appendingPathComponent("README.md"), encoding: .utf8)
        for text in [Correct.helpMessage(), readme] {
            let words = text.split { $0.isWhitespace || $0 == "#" }.joined(separator: " ")
            #expect(words.contains(HomesLeft.advice))
        }
    }
}
