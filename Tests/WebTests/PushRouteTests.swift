import Database
import Foundation
import Hummingbird
import HummingbirdTesting
import Operations
import Storage
import Testing
import Water

@testable import Ingest
@testable import Web

/// Platforms' own bodies, pushed through the router.
@Suite(.freshDatabases) struct PushRouteTests {
    /// A platform's kept body and how it is set up.
    struct Case: Sendable, CustomStringConvertible {
        let platform: Platform
        let file: String
        var query = "token=0123456789s3cret"
        var mapping = "kind: properties\nmeter: @device\nregister: v\nunit: L"
        /// Another message of the platform, that carries no reading.
        var silent: (file: String, query: String)?
        /// Items of the body: readings, or what the mapping cannot read.
        var items = 1

        var description: String { platform.rawValue }
    }

    static let cases = [
        Case(
            platform: .ctwing, file: "ctwing_dataReport_water_junxiang_hourly.json",
            mapping: """
                kind: properties
                meter: serviceData.MeterData.meterCode
                time: serviceData.MeterData.readTime
                time format: YYYY-MM-DD hh:mm:ss
                zone: city
                register: serviceData.MeterData.amount
                unit: m3
                """, silent: ("ctwing_deviceOnlineOfflineReport.json", "token=0123456789s3cret")),
        Case(
            platform: .huaweiIoTDA, file: "huawei_iotda_device_property_report.json",
            mapping: "kind: properties\nmeter: @device\nregister: RES_s\nunit: m3",
            silent: ("huawei_iotda_device_status_update_doc.json", "token=0123456789s3cret")),
        Case(
            platform: .oceanconnect, file: "huawei_oceanconnect_deviceDataChanged.json",
            mapping: "kind: bytes\nformat: cjt188\nfield: payload\ncoding: hex"),
        Case(
            platform: .chirpstack, file: "chirpstack_v4_up.json", query: "token=0123456789s3cret&event=up",
            mapping: "kind: bytes\nformat: axioma_w1\nmeter: @eui\nhistory: none",
            silent: ("chirpstack_v4_join.json", "token=0123456789s3cret&event=join")),
        Case(
            platform: .thethingsstack, file: "tts_v3_uplink.json",
            mapping: "kind: properties\nmeter: @eui\nregister: luminosity\nunit: m3"),
    ]

    private static let key = Data(repeating: 7, count: 32).base64EncodedString()

    private func fixture(
        _ platform: Platform, _ proofs: [SenderProof], _ mapping: String, now: Instant = WebFixture.now,
        on engine: TestEngine = .sqlite
    ) async throws -> WebFixture {
        let key = try SealKey(base64: Self.key)
        let fixture = try await WebFixture(sealKey: key, now: now, on: engine)
        var random = SystemRandomNumberGenerator()
        try await SetGatewayPush(database: fixture.services.database, key: key)(
            "north", platform: platform, secrets: PushSecrets(proofs: proofs), mapping: mapping, file: "test",
            at: WebFixture.now, using: &random
        ).get()
        return fixture
    }

    @Test(arguments: cases) func `a platform's body is kept, and told apart from one that is not proved`(
        _ one: Case
    ) async throws {
        guard let body = try sharedData("envelopes/\(one.file)") else { return }
        let proofs = [SenderProof.query(name: "token", value: "0123456789s3cret")]
        let path = "/v1/push/\(one.platform.rawValue)/north"
        try await fixture(one.platform, proofs, one.mapping).run { client in
            let kept = try await client.send(.post, "\(path)?\(one.query)", bytes: Array(body))
            let json = try kept.json()
            #expect(kept.status == 200 && json["ignored"] as? Int == 0, "\(kept.text)")
            let items = ["accepted", "held", "rejected"].compactMap { json[$0] as? Int }.reduce(0, +)
            #expect(items == one.items, "\(kept.text)")
            let again = try await client.send(.post, "\(path)?\(one.query)", bytes: Array(body))
            #expect(again.text == kept.text)

            let wrong = try await client.send(
                .post, "\(path)?\(one.query.replacing("s3cret", with: "s3cred"))", bytes: Array(body))
            #expect(wrong.status == 401 && wrong.text.contains("/problems/push-not-proved"))
            #expect(!wrong.text.contains("s3cre"))
            #expect(try await client.send(.post, path, bytes: Array(body)).status == 401)
            #expect(try await client.send(.get, "\(path)?\(one.query)").status == 405)
            #expect(try await client.send(.post, "/v1/push/tencent/north?\(one.query)", bytes: []).status == 404)
            #expect(try await client.send(.post, "\(path)er?\(one.query)", bytes: Array(body)).status == 404)
            guard let silent = one.silent, let other = try sharedData("envelopes/\(silent.file)") else { return }
            let ignored = try await client.send(.post, "\(path)?\(silent.query)", bytes: Array(other))
            #expect(ignored.status == 200, "\(ignored.text)")
            #expect(try ignored.json()["ignored"] as? Int == 1)
            #expect(try ignored.json()["readings"] as? Int == 0)
        }
    }

    @Test func `OneNET's signature is checked, its address too, and a replay outside the window is refused`()
        async throws
    {
        guard let data = try sharedData("envelopes/onenet_nb_2023_suite.json") else { return }
        let text = String(decoding: data, as: UTF8.self)
        let parsed = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let nonce = try #require(parsed["nonce"] as? String)
        let theirs = try #require(parsed["signature"] as? String)
        let start = try #require(text.firstRange(of: "\"msg\":")).upperBound
        let open = try #require(text[start...].firstIndex(of: "{"))
        let close = try #require(text[open...].firstIndex(of: "}"))
        let ours = signed("our-token", nonce, String(text[open...close]))
        let body = Array(text.replacing(theirs, with: ours).utf8)
        let sentAt: Int64 = 1_698_225_805
        let mapping = "kind: properties\nmeter: @imei\nregister: value\nunit: L"
        for (late, status) in [(Int64(60), 200), (14_401, 401)] {
            let now = Instant(epochSeconds: sentAt + late)
            try await fixture(.onenet, [.signature(token: "our-token")], mapping, now: now).run { client in
                let answer = try await client.send(.post, "/v1/push/onenet/north", bytes: body)
                #expect(answer.status == status, "\(answer.text)")
                if status == 200 { #expect(try answer.json()["readings"] as? Int == 1) }
                let forged = try await client.send(.post, "/v1/push/onenet/north", bytes: Array(data))
                #expect(forged.status == 401)
                let proof = signed("our-token", "n1", "hello").addingPercentEncoding(
                    withAllowedCharacters: .alphanumerics)
                let check = try await client.send(
                    .get, "/v1/push/onenet/north?msg=hello&nonce=n1&signature=\(try #require(proof))")
                #expect(check.status == 200 && check.text == "hello")
                #expect(check.header("Content-Type") == "text/plain; charset=utf-8")
            }
        }
    }

    private func signed(_ token: String, _ nonce: String, _ message: String) -> String {
        oneNETSignature(token: token, nonce: nonce, message: Array(message.utf8))
    }

    @Test func `Tencent's published signature is believed within its window and not after`() async throws {
        guard let data = try sharedData("envelopes/tencent_iot_signature_known_answer.json") else { return }
        let answer = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let headers = try #require(answer["headers"] as? [String: String])
        let token = try #require(answer["token"] as? String)
        let signedAt = try #require(Int64(headers["Timestamp"] ?? ""))
        let mapping = "kind: properties\nmeter: @device\ntime: @time\nregister: v\nunit: L"
        let body = #"{"devicename":"d1","timestamp":\#(signedAt),"v":5}"#
        let cases = [(Int64(900), 200, "readings"), (901, 401, "901 s behind the"), (-901, 401, "901 s ahead of the")]
        for (late, status, said) in cases {
            let now = Instant(epochSeconds: signedAt + late)
            try await fixture(.tencent, [.signature(token: token)], mapping, now: now).run { client in
                let kept = try await client.send(.post, "/v1/push/tencent/north", headers, body: body)
                #expect(kept.status == status && kept.text.contains(said), "\(kept.text)")
                let echo = headers.merging(["Echostr": "UPWIAFASvDUFcTEE"]) { $1 }
                let check = try await client.send(.get, "/v1/push/tencent/north", echo)
                #expect(check.status == status && (status != 200 || check.text == "UPWIAFASvDUFcTEE"))
            }
        }
    }

    private func posted(_ body: String, to services: WebServices) async throws -> Answer {
        try await Application(router: buildRouter(services)).test(.router) { client in
            try await client.execute(
                uri: "/v1/push/oceanconnect/north?token=0123456789s3cret", method: .post, body: ByteBuffer(string: body)
            ) { Answer($0) }
        }
    }

    @Test func `a city's profiles are chosen by the frames of a push, and named by its mapping`() async throws {
        let key = try SealKey(base64: Self.key)
        let profiles = try CJT188Profiles.read(
            "profile: city-east\nmaker: 1122\nidentifier: low\n\nprofile: city-west\nclock: low", file: "own")
        let fixture = try await WebFixture(sealKey: key)
        let secrets = PushSecrets(proofs: [.query(name: "token", value: "0123456789s3cret")])
        let frame = "6810776655443322118109901F017856341200FFA116"
        let body = """
            {"notifyType":"deviceDataChanged","deviceId":"D","service":{"serviceId":"S",\
            "data":{"payload":"\(frame)"},"eventTime":"20261001T000000Z"}}
            """
        let bytes = "kind: bytes\nformat: cjt188\nfield: payload\ncoding: hex"
        var random = SystemRandomNumberGenerator()
        // The maker's profile wants the identifier in the other order, the named one takes both.
        for (mapping, rejected) in [(bytes, 1), ("\(bytes)\nprofile: city-west", 0)] {
            try await SetGatewayPush(database: fixture.services.database, key: key, profiles: profiles)(
                "north", platform: .oceanconnect, secrets: secrets, mapping: mapping, file: "test",
                at: WebFixture.now, using: &random
            ).get()
            let answer = try await posted(body, to: fixture.services.withProfiles(profiles))
            #expect(try answer.json()["rejected"] as? Int == rejected, "\(answer.text)")
        }
        // A server without the file cannot read the mapping that is kept.
        #expect(try await posted(body, to: fixture.services).status == 503)
        let outcome = try await SetGatewayPush(database: fixture.services.database, key: key)(
            "north", platform: .oceanconnect, secrets: secrets, mapping: "\(bytes)\nprofile: city-west",
            file: "test", at: WebFixture.now, using: &random)
        guard case .failure(.mapping(let faults)) = outcome else { return #expect(Bool(false), "taken") }
        #expect(faults.hasPrefix("test:5: profile is one of litre-high-clock, "))
    }

    @Test func `without the key of the configuration, or with another, nothing is taken`() async throws {
        let set = try await fixture(.ctwing, [.query(name: "token", value: "0123456789s3cret")], Self.cases[1].mapping)
        let other = try SealKey(base64: Data(repeating: 8, count: 32).base64EncodedString())
        for key in [nil, other] {
            let services = set.services.withKey(key)
            let app = Application(router: buildRouter(services))
            try await app.test(.router) { client in
                let answer = try await client.execute(
                    uri: "/v1/push/ctwing/north?token=0123456789s3cret", method: .post, body: ByteBuffer(string: "{}")
                ) { Answer($0) }
                #expect(answer.status == 503 && answer.text.contains("/problems/secrets-sealed"), "\(answer.text)")
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an encrypted telegram is opened with the meter's key, kept without, and read when the key comes`(
        engine: TestEngine
    ) async throws {
        let key = try SealKey(base64: Self.key)
        guard let lines = try sharedLines("wmbus/telegrams.jsonl") else { return }
        let found = lines.lazy.compactMap { line -> (hex: String, key: String, meter: MeterAddress)? in
            guard let hex = line["telegram_hex"] as? String, let key = line["key"] as? String, key.count == 32,
                let bytes = bytes(ofKey: key), let meter = opens(hex, bytes)
            else { return nil }
            return (hex, key, meter)
        }.first
        let telegram = try #require(found)
        try await WebFixture(sealKey: key, on: engine).run { client in
            let meter = try MeterEntry(
                serial: try #require(MeterAddress(.serial, "W1")), otherAddresses: [telegram.meter], usagePoint: "P1",
                from: Instant(epochSeconds: 946_684_800), to: nil, startRegister: nil, finalRegister: nil,
                resolution: nil, nominalFlowLitresPerHour: nil, modulus: nil)
            let database = client.fixture.services.database
            _ = try await RegisterMeter(database: database)(meter, at: WebFixture.now).get()
            let headers = [
                "Authorization": "Bearer \(client.fixture.gatewayKey.text)",
                "X-Received-At": "2026-10-01T00:00:00+08:00",
            ]
            let sealed = try await client.send(.post, "/v1/readings/wmbus", headers, body: telegram.hex)
            #expect(sealed.status == 200, "\(sealed.text)")
            #expect(try sealed.json()["rejected"] as? Int == 0 && sealed.json()["undecoded"] as? Int == 1)
            let item = try #require((try sealed.json()["items"] as? [[String: Any]])?.first)
            #expect(item["status"] as? String == "undecoded" && item["field"] as? String == "key", "\(sealed.text)")
            // The same again is the same telegram; a damaged one is nobody's.
            _ = try await client.send(.post, "/v1/readings/wmbus", headers, body: telegram.hex)
            let damaged = try await client.send(.post, "/v1/readings/wmbus", headers, body: "2C44")
            #expect(try damaged.json()["rejected"] as? Int == 1 && damaged.json()["undecoded"] as? Int == 0)
            let kept = try await database.read { try $0.keptTelegrams(of: telegram.meter, limit: 10) }
            #expect(kept.map { hex($0.bytes) } == [telegram.hex.lowercased()] && kept.first?.field == "key")
            let retry = RetryTelegrams(
                database: database, record: client.fixture.services.record, key: key,
                calendar: client.fixture.services.calendar)
            let early = try await retry(at: WebFixture.now)
            #expect(early.read == 0 && early.readings == 0 && early.kept == 1 && early.reasons == ["key": 1])
            var random = SystemRandomNumberGenerator()
            let set = SetMeterKey(database: database, key: key)
            try await set("W1", hex: telegram.key, at: WebFixture.now, using: &random).get()
            let late = try await retry(at: WebFixture.now)
            #expect(late.read == 1 && late.readings > 0 && late.kept == 0)
            #expect(try await database.read { try $0.keptTelegramsByMeter(limit: 10) }.isEmpty)
            let opened = try await client.send(.post, "/v1/readings/wmbus", headers, body: telegram.hex)
            #expect(try opened.json()["rejected"] as? Int == 0, "\(opened.text)")
            #expect((try opened.json()["readings"] as? Int ?? 0) > 0)
            let refused = try await set("nobody", hex: telegram.key, at: WebFixture.now, using: &random)
            #expect(throws: MeterKeyRefusal.unknownMeter("nobody")) { try refused.get() }
        }
    }

    /// The meter of a telegram that gives a reading with the key alone; nil for any other.
    private func opens(_ hex: String, _ key: [UInt8]) -> MeterAddress? {
        var asked: MeterAddress?
        let at = Instant(epochSeconds: 1_790_784_000)
        do {
            let bare = try decodeTelegrams(Array(hex.utf8), receivedAt: at) {
                asked = $0
                return nil
            }
            let opened = try decodeTelegrams(Array(hex.utf8), receivedAt: at) { _ in key }
            let isOpened = bare.batch.registers.isEmpty && !opened.batch.registers.isEmpty
            return isOpened ? asked : nil
        } catch {
            return nil
        }
    }
}
