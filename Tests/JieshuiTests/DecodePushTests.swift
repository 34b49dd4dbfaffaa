import ArgumentParser
import Foundation
import Testing
import Water

@testable import jieshui

@Suite(.freshDatabases) struct DecodePushTests {
    private let mapping = "kind: properties\nmeter: @device\nregister: v\nunit: L"
    private let body = #"{"messageType":"dataReport","deviceId":"D","timestamp":1600400064538,"payload":{"v":1}}"#

    private func lines(_ arguments: [String], _ body: String) throws -> [String] {
        try DecodeCommand.parse(arguments).lines(Array(body.utf8), nil).map(\.text)
    }

    @Test func `decode reads a platform's push by its mapping, and says that no sender was proved`() async throws {
        let map = try await freshFile("a.map", mapping)
        let rest = #""rejected":0,"sender":"not proved","status":"push"}"#
        #expect(
            try lines(["push/ctwing", "--mapping", map], body) == [
                #"{"alerts":[],"alerts_past":[],"at":"2020-09-18T03:34:24Z","flags_raw":null,"index":0,"meter":"d","register_ml":1000,"status":"ok"}"#,
                #"{"ignored":0,"items":1,"readings":1,"# + rest,
            ])
        let join = try lines(["push/chirpstack", "--event", "join", "--mapping", map], "{}")
        #expect(join == [#"{"ignored":1,"items":0,"readings":0,"# + rest])
        let file = try await freshFile("body.json", body)
        #expect(await ending(of: ["decode", "push/ctwing", "--mapping", map, file]) == .well)
        #expect(await ending(of: ["decode", "push/tencent", "--mapping", map, map]).code == 1)
    }

    @Test func `decode finds the profile that a push's mapping names in the file given`() async throws {
        let profiles = try await freshFile("own.profiles", "profile: ours\nlitre decimals: 0")
        let map = try await freshFile(
            "a.map", "kind: bytes\nformat: cjt188\nfield: payload\ncoding: hex\nprofile: ours")
        let frame = "6810010000000034128116901F0045238100290000000029003008011026200000CF16"
        let push = #"{"notifyType":"deviceDataChanged","deviceId":"D","service":{"data":{"payload":"\#(frame)"}}}"#
        let found = try lines(["push/oceanconnect", "--mapping", map, "--profiles", profiles], push)
        #expect(found.first?.contains(#""register_ml":812345000"#) == true)
        let file = try await freshFile("body.json", push)
        #expect(await ending(of: ["decode", "push/oceanconnect", "--mapping", map, file]).code == 1)
    }

    @Test func `an option is refused where it does not belong, and asked for where it is needed`() async throws {
        let map = try await freshFile("a.map", mapping)
        let cases: [([String], String)] = [
            (["push/ctwing"], "give --mapping FILE"),
            (["push/chirpstack", "--mapping", map], "--event goes with push/chirpstack, and is needed there"),
            (["push/ctwing", "--mapping", map, "--event", "up"], "--event goes with push/chirpstack"),
            (["push/ctwing", "--mapping", map, "--encryption-key", map], "--encryption-key goes with push/onenet"),
            (["push/ctwing", "--mapping", map, "--checksum", "lenient"], "go with cjt188"),
            (["json", "--mapping", map], "--mapping goes with csv and push"),
            (["json", "--profiles", map], "--profiles goes with cjt188 and push"),
            (["json", "--key", "00"], "--key goes with wmbus and push"),
            (["push/nobody", "--mapping", map], "push/nobody"),
        ]
        for (arguments, words) in cases {
            let end = await ending(of: ["decode"] + arguments)
            #expect(end.code != 0 && end.message.contains(words), "\(arguments): \(end.message)")
        }
    }

    @Test func `a file of profiles at fault refuses the server's start by its line`() async throws {
        let city = try await CommandCity(on: .sqlite)
        let file = try await freshFile("own.profiles", "profile: ours\nclock: forwards")
        let empty = try await freshFile("empty.profiles", "# None.\r\n")
        for (named, words) in [
            (empty, "cjt188.profiles: \(empty):1: no profile is in the file"),
            (file, "cjt188.profiles: \(file):2: forwards is none of either, low, high, none"),
            (file + "x", "cjt188.profiles: \(file)x cannot be read: "),
            ("", "cjt188.profiles is set, and empty: name a file"),
        ] {
            let path = try await freshFile("city.json", #"{"cjt188.profiles": "\#(named)"}"#)
            let end = await ending(of: ["serve", "--config", path, "--port", "0"] + shippedTariffs + city.options)
            #expect(end.code == 1 && end.message.contains(words), "\(end.message)")
        }
    }

    @Test func `a key of decode stands in the argument or in a file that it names`() async throws {
        // A Picoflux's, published with the gateway program's tests.
        let telegram =
            "6E446D141949545605077ADF0060055AD21C5CAFEC3A71C0720754F2CA777E238D0318D35A2DE0F8FE592E9A0D0CACBD61DFD2815C21A7FA743D93B5E543847E3E67B5D80816A253DB655D4354B1A06C1FB7BAE99E0FA322BFF37A05FD651C5E3C09968AE4DF0D8D911FEE33EF31B9"
        let key = "9F5213BC13841410BB1410141515E4D5"
        let file = try await freshFile("a=b.key", key + "\n")
        for given in [key, "56544919=\(key)", "@\(file)", "56544919=@\(file)"] {
            let found = try lines(["wmbus", "--key", given], telegram)
            #expect(found.first?.contains("4492000") == true, "\(given): \(found)")
        }
        let other = try await freshFile("other.key", "9F52")
        #expect(throws: CommandFailure.self) { try lines(["wmbus", "--key", "@\(other)"], telegram) }
        #expect(throws: CommandFailure.self) { try lines(["wmbus", "--key", "@\(other)x"], telegram) }
    }

    @Test func `a platform's proof stands in the argument or in a file that it names`() async throws {
        let city = try await CommandCity(on: .sqlite)
        try await city.run("gateway", "add", "north", "--area", "A")
        let map = try await freshFile("a.map", mapping)
        let file = try await freshFile("fingerprint", String(repeating: "0a", count: 20) + "\n")
        let set = ["gateway", "push", "set", "north", "--platform", "ctwing", "--mapping", map]
        let key = ["--secret-key", sealKeyText] + city.options
        #expect(await ending(of: set + ["--proof", "client_certificate=@\(file)"] + key) == .well)
        let none = await ending(of: set + ["--proof", "client_certificate=@\(file)x"] + key)
        #expect(none.message.hasPrefix("\(file)x cannot be read: "), "\(none.message)")
    }

    @Test(arguments: [
        ("query=tokentokentoken", "query=NAME:VALUE"), ("header=secret", "header=NAME:VALUE"),
        ("basic=user", "basic=USER:PASSWORD"), ("token=a:b", "kind=value"), ("secret", "kind=value"),
    ])
    func `a proof is refused with the form of its kind, and is not shown`(proof: String, form: String) async throws {
        let city = try await CommandCity(on: .sqlite)
        let map = try await freshFile("a.map", mapping)
        let set = ["gateway", "push", "set", "north", "--platform", "ctwing", "--mapping", map]
        let end = await ending(of: set + ["--proof", proof, "--secret-key", sealKeyText] + city.options)
        #expect(end == Ending(message: "proof 1 is not \(form): see jieshui help gateway push set"))
    }

    @Test func `a fingerprint that is none is refused when a push is set`() async throws {
        let city = try await CommandCity(on: .sqlite)
        let map = try await freshFile("a.map", mapping)
        let set = ["gateway", "push", "set", "north", "--platform", "ctwing", "--mapping", map]
        let proof = ["--proof", "client_certificate=hello", "--secret-key", sealKeyText]
        let end = await ending(of: set + proof + city.options)
        #expect(end.message == "client_certificate: a fingerprint is 64 hex digits (SHA-256) or 40 (SHA-1)")
    }
}
