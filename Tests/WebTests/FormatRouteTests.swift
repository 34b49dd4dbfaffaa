import Foundation
import Hummingbird
import HummingbirdTesting
import Ingest
import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct FormatRouteTests {
    private static let one =
        #"{"readings":[{"meter":"M1","at":"2026-10-01T00:00:00+08:00","volume_m3":"1.000"}]}"#
        + String(repeating: " ", count: 400)

    /// `one` by gzip -n and zstd.
    private static let packed: [String: String] = [
        "gzip":
            "H4sIAAAAAAACA6tWKkpNTMnMSy9WsoquVspNLUktUrJS8jVU0lFKLAGyjAyMzHQNDXQNDEMMDKzASNvAAkgCFZTl55TmpsbnGgPVGeoZAMVqY2sVRsGgAgArwnun4gEAAA==",
        "zstd":
            "KLUv/QRYlQIA4oQRGYDVObuIuIcHHhoVQlk8SaupPhFpNghkAPRCXKL/E2l10ZhtAggwcPKvxwf9k7x6KmN9Wf2YkxOx2u3bZqioA070NGydYQIAM+KUu4IrA+QaWHI=",
    ]

    private func headers(_ client: WebClient, _ more: [String: String] = [:]) -> [String: String] {
        ["Authorization": "Bearer \(client.fixture.gatewayKey.text)", "Content-Type": "application/json"]
            .merging(more) { $1 }
    }

    private func packed(_ coding: String) throws -> [UInt8] {
        let text = try #require(Self.packed[coding])
        return Array(try #require(Data(base64Encoded: text)))
    }

    @Test(arguments: ["gzip", "zstd"]) func `a packed body is kept as the same body unpacked`(coding: String)
        async throws
    {
        try await WebFixture().run { client in
            let packed = try packed(coding)
            let kept = try await client.send(
                .post, "/v1/readings", headers(client, ["Content-Encoding": coding]), bytes: packed)
            #expect(kept.status == 200, "\(kept.text)")
            #expect(try kept.json()["accepted"] as? Int == 1)
            let cut = try await client.send(
                .post, "/v1/readings", headers(client, ["Content-Encoding": coding]), bytes: Array(packed.dropLast(9)))
            #expect(cut.status == 400 && cut.text.contains("/problems/malformed-body"), "\(cut.text)")
            let plain = try await client.send(
                .post, "/v1/readings", headers(client, ["Content-Encoding": coding]), body: Self.one)
            #expect(plain.status == 400)
            let unknown = try await client.send(
                .post, "/v1/readings", headers(client, ["Content-Encoding": "br"]), body: Self.one)
            #expect(unknown.status == 415 && unknown.header("Accept-Encoding") == "gzip, zstd")
        }
    }

    @Test(arguments: ["gzip", "zstd"])
    func `a packed body is measured by what it unpacks to, and room is given back`(coding: String) async throws {
        let packed = try packed(coding)
        let size = max(packed.count, Self.one.utf8.count)
        for (limit, status) in [(size, 200), (size - 1, 413), (Self.one.utf8.count - 1, 413)] {
            var settings = WebSettings()
            settings.bodyBytes = limit
            settings.bodyBytesAtOnce = limit
            try await WebFixture(settings).run { client in
                for _ in 0..<3 {
                    let answer = try await client.send(
                        .post, "/v1/readings", headers(client, ["Content-Encoding": coding]), bytes: packed)
                    #expect(answer.status == status)
                }
            }
        }
    }

    @Test func `every format that is listed takes its own example`() async throws {
        try await WebFixture().run { client in
            let listed = try #require(try await client.get("/v1/formats").json()["formats"] as? [[String: Any]])
            #expect(Set(listed.compactMap { $0["name"] as? String }) == Set(WireFormat.allCases.map(\.rawValue)))
            for format in listed {
                let path = try #require(format["path"] as? String)
                let type = format["media_type"] as? String ?? "text/plain"
                let named = try #require(format["headers"] as? [String])
                let times = Dictionary(uniqueKeysWithValues: named.map { ($0, "2026-10-01T00:00:00+08:00") })
                let answer = try await client.send(
                    .post, path, headers(client, ["Content-Type": type].merging(times) { $1 }),
                    body: try #require(format["example"] as? String))
                let json = try answer.json()
                #expect(answer.status == 200 && json["rejected"] as? Int == 0, "\(path): \(answer.text)")
                #expect(json["readings"] as? Int == 1, "\(path): \(answer.text)")
            }
        }
    }

    @Test func `the header that tells when a body was heard is named by the formats that may need it`() async throws {
        try await WebFixture().run { client in
            let listed = try #require(try await client.get("/v1/formats").json()["formats"] as? [[String: Any]])
            let needing = listed.filter { $0["headers"] as? [String] == ["X-Received-At"] }
            #expect(Set(needing.compactMap { $0["name"] as? String }) == ["cjt188", "senml", "wmbus", "wmbusmeters"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a gateway's own table is read by the mapping kept for it, in GB18030`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let mapping = """
                kind: table
                meter: 表号 | 水表编号
                time: 抄表时间
                time format: YYYY-MM-DD hh:mm:ss
                zone: +08:00
                register: 本期读数
                unit: m3
                """
            let set = SetGatewayTable(database: client.fixture.services.database)
            try await set(mapping, name: "handheld", of: "north", file: "m", at: WebFixture.now).get()
            guard
                case .failure(.mapping) = try await set(
                    "kind: tables", name: "x", of: "north", file: "m", at: WebFixture.now),
                case .failure(.nameIsMalformed) = try await set(
                    mapping, name: "a b", of: "north", file: "m", at: WebFixture.now)
            else {
                Issue.record("a mapping that is none was kept")
                return
            }
            // 表号,抄表时间,本期读数 and two rows, the second with a register that is no number.
            let table = try #require(
                Self.bytes(
                    ofHex: """
                        b1edbac52cb3adb1edcab1bce42cb1bec6dab6c1cafd0a4d332c323032362d31302d30312030303a30303a3030\
                        2c31322e3334350a4d342c323032362d31302d30312030303a30303a30302cbbb50a
                        """))
            let path = "/v1/readings/table?mapping="
            let answer = try await client.send(.post, path + "handheld", headers(client), bytes: table)
            let json = try answer.json()
            #expect(
                answer.status == 200 && json["accepted"] as? Int == 1 && json["rejected"] as? Int == 1, "\(answer.text)"
            )
            let unknown = try await client.send(.post, path + "other", headers(client), bytes: table)
            #expect(unknown.status == 400 && unknown.text.contains("handheld"))
            #expect(try await client.send(.post, "/v1/readings/table", headers(client), bytes: table).status == 400)
        }
    }

    private static func bytes(ofHex hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        let pairs = stride(from: 0, to: digits.count, by: 2).map {
            String(decoding: digits[$0..<min($0 + 2, digits.count)], as: UTF8.self)
        }
        let bytes = pairs.compactMap { UInt8($0, radix: 16) }
        return bytes.count == pairs.count ? bytes : nil
    }

    @Test func `a wrong checksum is taken with a finding where the request asks for that`() async throws {
        try await WebFixture().run { client in
            let frame = "6810776655443322118109901F017856341200FFA216"
            let strict = try await client.send(.post, "/v1/readings/cjt188", frameHeaders(client), body: frame)
            #expect(try strict.json()["rejected"] as? Int == 1)
            let lenient = try await client.send(
                .post, "/v1/readings/cjt188?checksum=lenient", frameHeaders(client), body: frame)
            #expect(try lenient.json()["rejected"] as? Int == 0, "\(lenient.text)")
            let items = try #require(try lenient.json()["items"] as? [[String: Any]])
            #expect(items.contains { $0["status"] as? String == "finding" && $0["field"] as? String == "checksum" })
            for query in ["checksum=loose", "profile=none-such"] {
                let refused = try await client.send(
                    .post, "/v1/readings/cjt188?\(query)", frameHeaders(client), body: frame)
                #expect(refused.status == 400)
            }
        }
    }

    @Test func `a city's own profiles are listed, named by a request and chosen by a frame's maker`() async throws {
        let profiles = try CJT188Profiles.read(
            "profile: city-east\nmaker: 1122\ntype: 10 | 11\nidentifier: low", file: "own")
        let fixture = try await WebFixture()
        let frame = "6810776655443322118109901F017856341200FFA116"
        try await Application(router: buildRouter(fixture.services.withProfiles(profiles))).test(.router) { plain in
            let client = WebClient(client: plain, fixture: fixture)
            let formats = try #require(try await client.get("/v1/formats").json()["formats"] as? [[String: Any]])
            let listed = formats.compactMap { $0["profiles"] as? [[String: Any]] }
            #expect(listed.map(\.count) == [9])
            let first = try #require(listed.first?.first)
            #expect(first["name"] as? String == "city-east" && first["makers"] as? [String] == ["1122"])
            #expect(first["types"] as? [String] == ["10", "11"])
            // Its identifier stands in the other order.
            for (query, rejected) in [("", 1), ("?profile=city-east", 1), ("?profile=standard", 0)] {
                let answer = try await client.send(
                    .post, "/v1/readings/cjt188\(query)", frameHeaders(client), body: frame)
                #expect(try answer.json()["rejected"] as? Int == rejected, "\(query): \(answer.text)")
            }
            let unknown = try await client.send(
                .post, "/v1/readings/cjt188?profile=city", frameHeaders(client), body: frame)
            #expect(unknown.status == 400 && unknown.text.contains("is none of city-east, standard, "))
        }
        try await fixture.run { client in
            let refused = try await client.send(
                .post, "/v1/readings/cjt188?profile=city-east", frameHeaders(client), body: frame)
            #expect(refused.status == 400)
            let taken = try await client.send(.post, "/v1/readings/cjt188", frameHeaders(client), body: frame)
            #expect(try taken.json()["rejected"] as? Int == 0, "\(taken.text)")
        }
    }

    private func frameHeaders(_ client: WebClient) -> [String: String] {
        headers(client, ["X-Received-At": "2026-10-01T00:00:00+08:00"])
    }
}
