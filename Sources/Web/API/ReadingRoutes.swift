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
    private let questions: GatewayQuestions

    init(services: WebServices) {
        self.services = services
        questions = GatewayQuestions(database: services.database)
    }

    func add(to router: Router<WebContext>) {
        for path in Set(ReadingFormat.all.map(\.path)) {
            router.on(RouterPath(path), method: .post) { request, context in
                let format = ReadingFormat.at(path, services.mediaType(request))
                return try await take(request, as: format, at: path, context)
            }
        }
        router.post("v1/readings/table") { request, context in try await takeTable(request, context) }
        router.get("v1/formats") { request, _ in
            try request.requireQuery(of: [])
            return Response.json(ReadingFormat.listed(services.settings, try services.cjt188Options().profiles))
        }
    }

    private func take(
        _ request: Request, as named: WireFormat?, at path: String, _ context: WebContext
    ) async throws -> Response {
        let now = services.now()
        let opened: OpenedRequest
        do {
            opened = try await open(request, as: named, at: path)
        } catch {
            throw await services.refusing(
                request, error, isKnown: Self.isOfKnownGateway(error), on: context.connection)
        }
        return try await services.withReadings(request, on: context.connection) { bytes in
            let (batch, undecoded) = try await decoded(bytes, opened, at: now)
            let answer = try await services.recorded(
                batch, undecoded: undecoded, from: opened.gateway, knowing: opened.registryVersion, at: now)
            return .json(.object(answer.members(findings: batch.findings)))
        }
    }

    /// A table of the gateway's own columns, by a mapping that was kept for it.
    private func takeTable(_ request: Request, _ context: WebContext) async throws -> Response {
        let now = services.now()
        let opened: (gateway: Gateway, mapping: TableMapping)
        do {
            opened = try await openTable(request)
        } catch {
            throw await services.refusing(
                request, error, isKnown: Self.isOfKnownGateway(error), on: context.connection)
        }
        return try await services.withReadings(request, on: context.connection) { bytes in
            let batch: DecodedBatch
            do throws(BodyRefusal) {
                batch = try decodeTable(
                    bytes, by: opened.mapping, limits: DecodeLimits(bytes: services.settings.bodyBytes),
                    clockOffsetSeconds: services.calendar.offset(at: now))
            } catch {
                throw Problem(error)
            }
            let answer = try await services.recorded(batch, from: opened.gateway, at: now)
            return .json(.object(answer.members(findings: batch.findings)))
        }
    }

    /// Whether the key was right where a request was refused before its body.
    private static func isOfKnownGateway(_ error: any Error) -> Bool {
        // Where the database is away nobody can be known; a gateway is not to be torn off for that.
        guard let problem = error as? Problem else { return error is DatabaseFailure }
        return problem.status != Problem.noKey.status
    }

    private func openTable(_ request: Request) async throws -> (gateway: Gateway, mapping: TableMapping) {
        let gateway = try await gateway(of: request).gateway
        try request.requireQuery(of: ["mapping"])
        guard let name = request.query("mapping") else {
            throw Problem.badRequest("mapping", "is not given: ?mapping=NAME, kept by jieshui gateway table")
        }
        let (text, names) = try await services.database.read { reader in
            (try reader.tableMapping(name, of: gateway.id), try reader.tableMappings(of: gateway.id))
        }
        guard let text, case .table(let mapping) = try Mapping.read(text, file: name) else {
            let known = names.isEmpty ? "the gateway has none" : "the gateway has \(names.joined(separator: ", "))"
            throw Problem.badRequest("mapping", "names no mapping: \(known)")
        }
        return (gateway, mapping)
    }

    /// What is known before the body is read.
    private struct OpenedRequest {
        let gateway: Gateway
        let registryVersion: Int64
        let format: WireFormat
        let receivedAt: Instant?
        let cjt188: CJT188Options?
    }

    private func open(_ request: Request, as format: WireFormat?, at path: String) async throws -> OpenedRequest {
        let (gateway, registryVersion) = try await gateway(of: request)
        guard let format else { throw Problem.unsupportedType(ReadingFormat.types(at: path)) }
        try request.requireQuery(of: ReadingFormat.queryNames(at: path))
        return OpenedRequest(
            gateway: gateway, registryVersion: registryVersion, format: format, receivedAt: try receivedAt(request),
            cjt188: format == .cjt188 ? try cjt188Options(request) : nil)
    }

    /// The service's own, and what `?checksum=strict|lenient` and `?profile=NAME` say.
    private func cjt188Options(_ request: Request) throws -> CJT188Options {
        var options = try services.cjt188Options()
        if let checksum = request.query("checksum") {
            guard let mode = CJT188Options.Checksum(rawValue: checksum) else {
                throw Problem.badRequest("checksum", "is neither strict nor lenient")
            }
            options.checksum = mode
        }
        if let profile = request.query("profile") {
            options.profile = options.profiles.named(profile)
            if options.profile == nil {
                let names = options.profiles.all.map(\.name).joined(separator: ", ")
                throw Problem.badRequest("profile", "is none of \(names)")
            }
        }
        return options
    }

    /// Whose key it is, with the registry's version: one question for both.
    private func gateway(of request: Request) async throws -> (gateway: Gateway, registryVersion: Int64) {
        guard let key = request.bearer else { throw Problem.noKey }
        guard let found = try await questions.gateway(keyHash: key.hash) else { throw Problem.noKey }
        return found
    }

    /// `X-Received-At`, RFC 3339 with an offset: when the gateway heard frames whose meter has no clock.
    private func receivedAt(_ request: Request) throws -> Instant? {
        let given = HTTPField.Name("X-Received-At").map { request.headers[values: $0] } ?? []
        guard let text = given.first else { return nil }
        guard given.count == 1 else { throw Problem.badRequest("X-Received-At", "is given twice") }
        guard let instant = Instant(rfc3339: text) else {
            throw Problem.badRequest(
                "X-Received-At", "is no RFC 3339 time with an offset, as 2026-10-01T00:00:00+08:00")
        }
        return instant
    }

    private func decoded(
        _ bytes: [UInt8], _ opened: OpenedRequest, at now: Instant
    ) async throws -> (DecodedBatch, [UndecodedTelegram]) {
        let limits = DecodeLimits(bytes: services.settings.bodyBytes)
        let offset = services.calendar.offset(at: opened.receivedAt ?? now)
        do {
            if opened.format == .wmbus {
                let found = try await services.withMeterKeys { keys throws(BodyRefusal) in
                    try decodeTelegrams(
                        bytes, receivedAt: opened.receivedAt, limits: limits, clockOffsetSeconds: offset, keys: keys)
                }
                return (found.batch, found.undecoded)
            }
            let batch = try decode(
                bytes, as: opened.format, receivedAt: opened.receivedAt, limits: limits, clockOffsetSeconds: offset,
                cjt188: opened.cjt188)
            return (batch, [])
        } catch let refusal as BodyRefusal {
            throw Problem(refusal)
        }
    }
}

extension WebServices {
    /// How CJ/T 188 frames are read where neither a request nor a mapping says otherwise.
    func cjt188Options() throws -> CJT188Options {
        CJT188Options(profiles: try profiles ?? CJT188Profiles.builtIn())
    }

    /// Decodes once without keys, and where meters were asked for that have one, once more with them.
    func withMeterKeys<Decoded>(
        _ decoding: (TelegramKeys) throws(BodyRefusal) -> Decoded
    ) async throws -> Decoded {
        var asked: Set<MeterAddress> = []
        let first = try decoding { meter in
            asked.insert(meter)
            return nil
        }
        guard let sealKey, !asked.isEmpty else { return first }
        let keys: [MeterAddress: [UInt8]]
        do {
            keys = try await sealKey.meterKeys(of: asked, in: database)
        } catch is SealFault {
            throw Problem.sealed
        }
        return keys.isEmpty ? first : try decoding { keys[$0] }
    }

    /// Keeps a batch and the telegrams that gave it nothing, or says when to send both again.
    func recorded(
        _ batch: DecodedBatch, undecoded: [UndecodedTelegram] = [], from gateway: Gateway,
        knowing registryVersion: Int64? = nil, at now: Instant
    ) async throws -> RecordAnswer {
        do {
            let kept = try await KeepTelegrams(database: database)(undecoded, from: gateway.id, at: now)
            let answer = try await record(batch, from: gateway.id, knowing: registryVersion, at: now).keeping(kept)
            counts.recorded(answer)
            return answer
        } catch RecordRefusal.queueIsFull(let seconds) {
            throw Problem.notRecorded("Too many readings wait to be written.", after: seconds)
        } catch RecordRefusal.storageFailed {
            throw Problem.notRecorded("Readings cannot be written at the moment.", after: 5)
        } catch is DatabaseFailure {
            throw Problem.notRecorded("Telegrams cannot be written at the moment.", after: 5)
        }
    }
}

extension Problem {
    /// Telegrams are kept in a commit before that of the readings, and a commit whose end was not heard may have been
    /// one: what is true of all of them is said.
    fileprivate static func notRecorded(_ title: String, after seconds: Int) -> Problem {
        var problem = busy(title, after: seconds)
        problem.detail = "Send the whole body again: what was kept of it is kept once."
        return problem
    }
}

extension Problem {
    /// A body that cannot be read, and where.
    init(malformed place: Entry) {
        self.init(
            "malformed-body", 400, "The body is not of its format; nothing of it was kept.", errors: [place])
    }

    /// A body that was refused whole.
    init(_ refusal: BodyRefusal) {
        switch refusal {
        case .malformed(let offset, let reason): self.init(malformed: .init(offset: offset, reason: reason))
        case .tooManyReadings(let limit):
            self.init(
                "too-many-readings", 413, "The body holds too many readings.", detail: "The limit is \(limit).")
        case .tooLarge: self = .bodyTooLarge
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
    /// Counts of items, of readings kept, and an entry for every item not simply accepted, or taken with a finding.
    func members(findings: [ItemFinding]) -> [String: CanonicalJSON] {
        let listed = entries.map { ($0.index, 0, $0.json) } + findings.map { ($0.item, 1, $0.json) }
        // Of one item what is held or rejected comes first; the sort keeps the order of equals.
        let inOrder = listed.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        return [
            "accepted": .integer(Int64(accepted)), "held": .integer(Int64(held)),
            "rejected": .integer(Int64(rejected)), "undecoded": .integer(Int64(undecoded)),
            "readings": .integer(Int64(readings)),
            "items": .array(inOrder.map(\.2)),
        ]
    }
}

extension ItemFinding {
    /// In the item list of an answer: the item was taken, with this reservation.
    fileprivate var json: CanonicalJSON {
        [
            "index": .integer(Int64(item)), "status": "finding", "field": .string(field), "reason": .string(reason),
        ]
    }
}

extension RecordEntry {
    fileprivate var json: CanonicalJSON {
        var members: [String: CanonicalJSON] = [
            "index": .integer(Int64(index)), "status": .string(status.rawValue), "field": .string(field),
            "reason": .string(reason),
        ]
        if let offset { members["offset"] = .integer(Int64(offset)) }
        return .object(members)
    }
}
