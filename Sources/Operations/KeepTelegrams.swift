public import Database
public import Ingest
import Storage
public import Water

/// Keeps telegrams that gave no reading but name a meter: of a maker's own form, or without the key that opens them.
///
/// A damaged one and one of another medium are not kept.
public struct KeepTelegrams: Sendable {
    private let database: Database

    /// Of one meter by one gateway the latest stay.
    public static let limitOfMeter = 32
    /// A gateway's further ones are refused until some are read or dropped.
    public static let limitOfGateway = 20_000
    /// What a telegram can still be read for, by the field of its rejection.
    fileprivate static let fields: Set<String> = ["maker", "key", "layout", "payload", "volume"]

    public init(database: Database) { self.database = database }

    /// Returns the items that are kept, those kept before included.
    public func callAsFunction(
        _ telegrams: [UndecodedTelegram], from gateway: GatewayID, at: Instant
    ) async throws -> Set<Int> {
        let found = telegrams.compactMap { telegram -> (item: Int, kept: KeptTelegram)? in
            guard Self.fields.contains(telegram.field), let meter = telegram.meter else { return nil }
            return (
                telegram.item,
                KeptTelegram(
                    meter: meter, gateway: gateway, maker: telegram.maker, field: telegram.field,
                    bytes: telegram.bytes, heardAt: telegram.heardAt, keptAt: at)
            )
        }
        if found.isEmpty { return [] }
        return try await database.write(repeatable: true) { transaction in
            let count = try transaction.reader.keptTelegramCount(of: gateway, limit: Self.limitOfGateway)
            let taken = found.prefix(Self.limitOfGateway - count)
            for (_, telegram) in taken { try transaction.keep(telegram, limitOfMeter: Self.limitOfMeter) }
            return Set(taken.map(\.item))
        }
    }
}

/// What became of the telegrams that were kept.
public struct RetriedTelegrams: Sendable, Hashable {
    /// Read now; their readings are recorded, and they are no longer kept.
    public var read = 0
    public var readings = 0
    /// Still not to be read.
    public var kept = 0
    /// How many of those kept for each reason, by the field of the rejection; `telegram list` says the same, save for
    /// those whose gateway may not send for their meter.
    public var reasons: [String: Int] = [:]
    /// Found damaged, not of water or without a time: no later key and no later version reads them. No longer kept.
    public var dropped = 0
}

/// Reads kept telegrams again, after a key came in or a later version reads more, and records what they say as sent by
/// the gateway that heard them.
public struct RetryTelegrams: Sendable {
    private let database: Database
    private let record: RecordReadings
    private let key: SealKey?
    private let calendar: CityCalendar

    private static let page = 500

    private enum Outcome {
        case read(readings: Int)
        case kept(field: String)
        case dropped
    }

    /// `key` opens the meters' keys; nil where none is configured.
    public init(database: Database, record: RecordReadings, key: SealKey?, calendar: CityCalendar) {
        self.database = database
        self.record = record
        self.key = key
        self.calendar = calendar
    }

    /// Safe to repeat and to interrupt: a telegram goes only after its readings are durable.
    ///
    /// - Throws: `RecordRefusal` where readings cannot be taken now, `SealFault` where a key was sealed with another.
    public func callAsFunction(at: Instant) async throws -> RetriedTelegrams {
        var summary = RetriedTelegrams()
        var last: KeptTelegram?
        while true {
            let page = try await database.read { [last] in try $0.keptTelegrams(after: last, limit: Self.page) }
            if page.isEmpty { return summary }
            last = page.last
            let keys = try await key?.meterKeys(of: Set(page.map(\.meter)), in: database) ?? [:]
            for telegram in page {
                switch try await retry(telegram, keys, at: at) {
                case .read(let readings):
                    summary.read += 1
                    summary.readings += readings
                case .kept(let field):
                    summary.kept += 1
                    summary.reasons[field, default: 0] += 1
                case .dropped: summary.dropped += 1
                }
            }
        }
    }

    private func retry(
        _ telegram: KeptTelegram, _ keys: [MeterAddress: [UInt8]], at: Instant
    ) async throws -> Outcome {
        let found: TelegramBatch
        do throws(BodyRefusal) {
            found = try decodeTelegram(
                telegram.bytes, receivedAt: telegram.heardAt,
                clockOffsetSeconds: calendar.offset(at: telegram.heardAt ?? telegram.keptAt), keys: { keys[$0] })
        } catch {
            return .kept(field: telegram.field)
        }
        guard !found.batch.registers.isEmpty else {
            return try await keep(telegram, for: found.undecoded.first?.field ?? telegram.field)
        }
        let answer = try await record(found.batch, from: telegram.gateway, at: at)
        // Not of this gateway's area: its owner may still change that.
        guard answer.rejected == 0 else {
            let refused = answer.entries.first { $0.status == .rejected }
            return .kept(field: refused?.field ?? telegram.field)
        }
        try await database.write(repeatable: true) { try $0.drop(telegram) }
        return .read(readings: found.batch.registers.count)
    }

    /// Keeps a telegram for the reason that it has now, and forgets one that is not kept for such a reason.
    private func keep(_ telegram: KeptTelegram, for field: String) async throws -> Outcome {
        if field == telegram.field { return .kept(field: field) }
        let isKept = KeepTelegrams.fields.contains(field)
        let changed = KeptTelegram(
            meter: telegram.meter, gateway: telegram.gateway, maker: telegram.maker, field: field,
            bytes: telegram.bytes, heardAt: telegram.heardAt, keptAt: telegram.keptAt)
        try await database.write(repeatable: true) { transaction in
            try transaction.drop(telegram)
            if isKept { try transaction.keep(changed, limitOfMeter: KeepTelegrams.limitOfMeter) }
        }
        return isKept ? .kept(field: field) : .dropped
    }
}

extension Reader {
    /// What a meter's telegrams call it: the addresses registered for a printed number, else the address given, as
    /// `wmbus:12345678`; none where the number has no such address, nil where `name` is neither.
    public func telegramAddresses(named name: String) throws -> [MeterAddress]? {
        let text = name.lowercased()
        if let meter = try meter(serial: text) {
            let found = try addresses(of: meter.id).filter { $0.protocol == .wmbus }
            return Set(found.compactMap { MeterAddress(.wmbus, $0.address) }).sorted { $0.text < $1.text }
        }
        return MeterAddress(text: text).map { [$0] }
    }
}
