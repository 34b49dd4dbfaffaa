import Database
import Foundation
import Hummingbird
import Ingest
import Operations
import Storage
import Water

/// Gateways post readings here. Knows the gateway and the format; decides nothing about a reading.
struct ReadingRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.post("v1/readings") { request, _ in
            try await take(request, as: nativeFormats[services.mediaType(request)])
        }
        router.post("v1/readings/cjt188") { request, _ in try await take(request, as: .cjt188) }
        router.post("v1/readings/wmbusmeters") { request, _ in try await take(request, as: .wmbusmeters) }
    }

    private let nativeFormats: [String: WireFormat] = [
        "application/json": .json, "application/x-ndjson": .ndjson, "text/csv": .csv,
    ]

    private func take(_ request: Request, as named: WireFormat?) async throws -> Response {
        let now = services.now()
        let (gateway, format, receivedAt): (Gateway, WireFormat, Instant?)
        do {
            (gateway, format, receivedAt) = try await opened(request, as: named)
        } catch {
            throw await services.refusing(request, error)
        }
        let bytes = try await services.readReadings(request)
        let batch = try decoded(bytes, as: format, receivedAt: receivedAt, at: now)
        do {
            return .json(try await services.record(batch, from: gateway.id, at: now).json)
        } catch RecordRefusal.queueIsFull(let seconds) {
            throw Problem.busy("Too many readings wait to be written.", after: seconds)
        } catch RecordRefusal.storageFailed {
            throw Problem.busy("Readings cannot be written at the moment; nothing of the body was kept.", after: 5)
        }
    }

    /// What is known before the body is read.
    private func opened(
        _ request: Request, as format: WireFormat?
    ) async throws -> (Gateway, WireFormat, Instant?) {
        let gateway = try await gateway(of: request)
        guard let format else {
            throw Problem.unsupportedType("application/json, application/x-ndjson or text/csv")
        }
        return (gateway, format, try receivedAt(request))
    }

    private func gateway(of request: Request) async throws -> Gateway {
        guard let key = request.bearer else { throw Problem.noKey }
        guard let gateway = try await services.database.read({ try $0.gateway(keyHash: key.hash) }) else {
            throw Problem.noKey
        }
        return gateway
    }

    /// `X-Received-At`, RFC 3339 with an offset: when the gateway heard frames whose meter has no clock.
    private func receivedAt(_ request: Request) throws -> Instant? {
        guard let text = request.header("X-Received-At") else { return nil }
        guard let instant = Instant(rfc3339: text) else {
            throw Problem.badRequest(
                "X-Received-At", "is no RFC 3339 time with an offset, as 2026-10-01T00:00:00+08:00")
        }
        return instant
    }

    private func decoded(
        _ bytes: [UInt8], as format: WireFormat, receivedAt: Instant?, at now: Instant
    ) throws -> DecodedBatch {
        do {
            return try decode(
                bytes, as: format, receivedAt: receivedAt,
                limits: DecodeLimits(bytes: services.settings.bodyBytes),
                clockOffsetSeconds: services.calendar.offset(at: receivedAt ?? now))
        } catch {
            switch error {
            case .malformed(let offset, let reason):
                throw Problem(
                    "malformed-body", 400, "The body is not of its format; nothing of it was kept.",
                    errors: [.init(offset: offset, reason: reason)])
            case .tooManyReadings(let limit):
                throw Problem(
                    "too-many-readings", 413, "The body holds too many readings.", detail: "The limit is \(limit).")
            case .tooLarge: throw Problem.bodyTooLarge
            }
        }
    }
}

extension Request {
    /// The key of `Authorization: Bearer KEY`; nil without one.
    var bearer: Secret? {
        guard let text = header("Authorization"), text.count > 7, text.prefix(7).lowercased() == "bearer " else {
            return nil
        }
        return Secret(text.dropFirst(7).trimmingCharacters(in: .whitespaces))
    }
}

extension RecordAnswer {
    /// Counts of items, of readings kept, and an entry for every item not simply accepted.
    var json: CanonicalJSON {
        [
            "accepted": .integer(Int64(accepted)), "held": .integer(Int64(held)),
            "rejected": .integer(Int64(rejected)), "readings": .integer(Int64(readings)),
            "items": .array(entries.map(\.json)),
        ]
    }
}

extension RecordEntry {
    var json: CanonicalJSON {
        var members: [String: CanonicalJSON] = [
            "index": .integer(Int64(index)), "status": .string(status.rawValue), "field": .string(field),
            "reason": .string(reason),
        ]
        if let offset { members["offset"] = .integer(Int64(offset)) }
        return .object(members)
    }
}
