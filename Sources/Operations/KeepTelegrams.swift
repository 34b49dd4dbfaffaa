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
    private static let fields: Set<String> = ["maker", "key", "layout", "payload", "volume"]

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
}

/// Reads kept telegrams again, after a key came in or a later version reads more, and records what they say as sent by
/// the gateway that heard them.
public struct RetryTelegrams: Sendable {
    private let database: Database
    private let record: RecordReadings
    private let key: SealKey?
    private let calendar: CityCalendar

    private static let page = 500

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
                let readings = try await retry(telegram, keys, at: at)
                if let readings {
                    summary.read += 1
                    summary.readings += readings
                } else {
                    summary.kept += 1
                }
            }
        }
    }

    /// The number of readings; nil where there is none as before.
    private func retry(
        _ telegram: KeptTelegram, _ keys: [MeterAddress: [UInt8]], at: Instant
    ) async throws -> Int? {
        let found: TelegramBatch
        do throws(BodyRefusal) {
            found = try decodeTelegram(
                telegram.bytes, receivedAt: telegram.heardAt,
                clockOffsetSeconds: calendar.offset(at: telegram.heardAt ?? telegram.keptAt), keys: { keys[$0] })
        } catch {
            return nil
        }
        guard !found.batch.registers.isEmpty else { return nil }
        let answer = try await record(found.batch, from: telegram.gateway, at: at)
        // Not of this gateway's area: its owner may still change that.
        guard answer.rejected == 0 else { return nil }
        try await database.write(repeatable: true) { try $0.drop(telegram) }
        return found.batch.registers.count
    }
}
