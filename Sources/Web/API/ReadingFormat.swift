import Ingest
import Water

/// A way to send readings: what `GET /v1/formats` lists and the routes are made of.
struct ReadingFormat: Sendable {
    let format: WireFormat
    let path: String
    /// The `Content-Type` that chooses it; nil where the path alone does.
    let mediaType: String?
    /// A line or document that is taken as it stands.
    let example: String
    /// What may stand in the query besides.
    var query: [String] = []
    /// What the head must say of a body that tells no time itself.
    var headers: [String] = []

    static let all: [ReadingFormat] = [
        ReadingFormat(
            format: .json, path: "/v1/readings", mediaType: "application/json",
            example:
                #"{"readings":[{"meter":"14010500012345","at":"2026-10-01T00:00:00+08:00","volume_m3":"123.456"}]}"#),
        ReadingFormat(
            format: .ndjson, path: "/v1/readings", mediaType: "application/x-ndjson",
            example: #"{"meter":"14010500012345","at":"2026-10-01T00:00:00+08:00","volume_m3":"123.456"}"#),
        ReadingFormat(
            format: .csv, path: "/v1/readings", mediaType: "text/csv",
            example: "meter,at,volume_m3\n14010500012345,2026-10-01T00:00:00+08:00,123.456"),
        ReadingFormat(
            format: .senml, path: "/v1/readings", mediaType: "application/senml+json",
            example: #"[{"n":"14010500012345:volume","u":"m3","t":1790784000,"v":123.456}]"#,
            headers: ReadingFormat.receipt),
        ReadingFormat(
            format: .cjt188, path: "/v1/readings/cjt188", mediaType: nil,
            example: "FEFEFE6810776655443322118109901F017856341200FFA116",
            query: ["checksum=strict|lenient", "profile=NAME"], headers: ReadingFormat.receipt),
        ReadingFormat(
            format: .wmbusmeters, path: "/v1/readings/wmbusmeters", mediaType: nil,
            example:
                #"{"media":"water","meter":"multical21","id":"76348799","total_m3":6.408,"timestamp":"2026-10-01T00:00:00Z"}"#,
            headers: ReadingFormat.receipt),
        ReadingFormat(
            format: .wmbus, path: "/v1/readings/wmbus", mediaType: nil, example: ReadingFormat.telegram,
            headers: ReadingFormat.receipt),
        ReadingFormat(
            format: .beacon, path: "/v1/readings/beacon", mediaType: nil,
            example: "Meter_SN,Read,Read_Unit,Read_Time\n14010500012345,123.456,Cubic Meters,2026-10-01 00:00:00"),
    ]

    private static let receipt = ["X-Received-At"]

    /// A short header without encryption, a register in litres and a flow; the meter tells no time.
    private static let telegram = "1844AE4C7856341268077A55000000041340E20100023B0000"

    /// The format of a body at a path by its media type; nil where the path takes no such type.
    static func at(_ path: String, _ mediaType: String) -> WireFormat? {
        all.first { $0.path == path && ($0.mediaType ?? mediaType) == mediaType }?.format
    }

    /// What the query of a path may name.
    static func queryNames(at path: String) -> [String] {
        all.filter { $0.path == path }.flatMap(\.query).map { String($0.prefix { $0 != "=" }) }
    }

    /// The media types of a path, for a refusal.
    static func types(at path: String) -> String {
        let types = all.filter { $0.path == path }.compactMap(\.mediaType)
        return types.dropLast().joined(separator: ", ") + " or " + (types.last ?? "")
    }

    /// What the service takes, for those who write clients.
    static func listed(_ settings: WebSettings, _ profiles: CJT188Profiles) -> CanonicalJSON {
        let limits = DecodeLimits(bytes: settings.bodyBytes)
        return [
            "content_codings": ["gzip", "zstd"],
            "formats": .array(all.map { $0.listed(limits, profiles) }),
            "table": [
                "path": "/v1/readings/table", "query": ["mapping=NAME"],
                "max_bytes": .integer(Int64(limits.bytes)), "max_readings": .integer(Int64(limits.readings)),
            ],
            "push": .array(
                Platform.allCases.map { platform in
                    [
                        "platform": .string(platform.rawValue),
                        "path": .string("/v1/push/\(platform.rawValue)/{gateway}"),
                        "proofs": .array(platform.proofKinds.map { .string($0.rawValue) }),
                        "max_bytes": .integer(Int64(PushLimits().bytes)),
                    ]
                }),
        ]
    }

    private func listed(_ limits: DecodeLimits, _ profiles: CJT188Profiles) -> CanonicalJSON {
        var members: [String: CanonicalJSON] = [
            "name": .string(format.rawValue), "method": "POST", "path": .string(path),
            "media_type": .optional(mediaType), "query": .array(query.map { .string($0) }),
            "headers": .array(headers.map { .string($0) }),
            "max_bytes": .integer(Int64(limits.bytes)), "max_readings": .integer(Int64(limits.readings)),
            "example": .string(example),
        ]
        if format == .cjt188 { members["profiles"] = .array(profiles.all.map(\.listed)) }
        return .object(members)
    }
}

extension CJT188Profile {
    /// Its name, and the makers and types of meters that choose it by themselves.
    fileprivate var listed: CanonicalJSON {
        [
            "name": .string(name), "makers": .array(makers.map { .string($0) }),
            "types": .array(types.map { .string(String($0, radix: 16)) }),
        ]
    }
}
