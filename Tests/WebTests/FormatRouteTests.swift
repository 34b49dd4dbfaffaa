import Foundation
import Hummingbird
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
                let answer = try await client.send(
                    .post, path,
                    headers(client, ["Content-Type": type, "X-Received-At": "2026-10-01T00:00:00+08:00"]),
                    body: try #require(format["example"] as? String))
                let json = try answer.json()
                #expect(answer.status == 200 && json["rejected"] as? Int == 0, "\(path): \(answer.text)")
                #expect(json["readings"] as? Int == 1, "\(path): \(answer.text)")
            }
        }
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

    private func frameHeaders(_ client: WebClient) -> [String: String] {
        headers(client, ["X-Received-At": "2026-10-01T00:00:00+08:00"])
    }
}
