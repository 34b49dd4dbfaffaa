public import Database
public import Water

/// A telegram that gave no reading, kept as it was heard.
public struct KeptTelegram: Sendable, Hashable {
    public let meter: MeterAddress
    public let gateway: GatewayID
    /// The maker's three letters.
    public let maker: String
    /// Why it gave none, by the field of its rejection: `maker`, `key`, …
    public let field: String
    /// 12 to 290 bytes.
    public let bytes: [UInt8]
    /// When the gateway heard it; nil where it did not say.
    public let heardAt: Instant?
    public let keptAt: Instant

    /// As it is stored: 0 is not said.
    fileprivate var heard: Int64 { heardAt?.epochSeconds ?? 0 }

    public init(
        meter: MeterAddress, gateway: GatewayID, maker: String, field: String, bytes: [UInt8], heardAt: Instant?,
        keptAt: Instant
    ) {
        self.meter = meter
        self.gateway = gateway
        self.maker = maker
        self.field = field
        self.bytes = bytes
        self.heardAt = heardAt
        self.keptAt = keptAt
    }
}

/// What is kept of one meter by one gateway.
public struct KeptTelegramsOfMeter: Sendable, Hashable {
    public let meter: MeterAddress
    /// The gateway's name.
    public let gateway: String
    public let maker: String
    public let field: String
    public let count: Int64
    public let lastKeptAt: Instant
}

extension Reader {
    /// How many telegrams of a gateway are kept, counted to `limit` at most.
    public func keptTelegramCount(of gateway: GatewayID, limit: Int) throws -> Int {
        let count: Int64? = try first(
            """
            SELECT count(*) FROM (SELECT 1 AS one FROM kept_telegram WHERE gateway_id = \(gateway) LIMIT \(limit)) t
            """
        ) { try $0.integer(0) }
        return Int(count ?? 0)
    }

    /// Kept telegrams after one, by meter, gateway, hash and time; the first of all where `last` is nil.
    public func keptTelegrams(after last: KeptTelegram?, limit: Int) throws -> [KeptTelegram] {
        let (meter, gateway) = (last?.meter.text ?? "", last?.gateway ?? GatewayID(0))
        let (hash, heard) = (last.map { sha256Hex($0.bytes) } ?? "", last?.heard ?? 0)
        return try all(
            """
            SELECT meter, gateway_id, maker, field, telegram, heard_at, kept_at FROM kept_telegram
            WHERE meter > \(meter) OR (meter = \(meter) AND (gateway_id > \(gateway)
                OR (gateway_id = \(gateway) AND (hash > \(hash) OR (hash = \(hash) AND heard_at > \(heard))))))
            ORDER BY meter, gateway_id, hash, heard_at LIMIT \(limit)
            """, Reader.keptTelegram)
    }

    /// The telegrams of one meter, the latest first.
    public func keptTelegrams(of meter: MeterAddress, limit: Int) throws -> [KeptTelegram] {
        try all(
            """
            SELECT meter, gateway_id, maker, field, telegram, heard_at, kept_at FROM kept_telegram
            WHERE meter = \(meter.text) ORDER BY kept_at DESC, hash LIMIT \(limit)
            """, Reader.keptTelegram)
    }

    /// What is kept, a line for each meter, gateway and reason, by meter.
    /// With `gateways` of these alone.
    public func keptTelegramsByMeter(
        of gateways: [GatewayID]? = nil, limit: Int
    ) throws -> [KeptTelegramsOfMeter] {
        if gateways?.isEmpty == true { return [] }
        let chosen: SQL = gateways.map { "WHERE t.gateway_id IN (\(SQL.list($0)))" } ?? ""
        return try all(
            """
            SELECT t.meter, min(t.maker), t.field, count(*), max(t.kept_at), g.name FROM kept_telegram t
            JOIN gateway g ON g.gateway_id = t.gateway_id \(chosen)
            GROUP BY t.meter, g.name, t.field ORDER BY t.meter, g.name, t.field LIMIT \(limit)
            """
        ) { row in
            KeptTelegramsOfMeter(
                meter: try Reader.address(row), gateway: try row.text(5), maker: try row.text(1),
                field: try row.text(2), count: try row.integer(3), lastKeptAt: try row.instant(4))
        }
    }

    private static func keptTelegram(_ row: Row) throws -> KeptTelegram {
        KeptTelegram(
            meter: try address(row), gateway: try row.id(1), maker: try row.text(2), field: try row.text(3),
            bytes: try row.blob(4), heardAt: try Reader.heard(row), keptAt: try row.instant(6))
    }

    private static func heard(_ row: Row) throws -> Instant? {
        let heard = try row.instant(5)
        return heard.epochSeconds == 0 ? nil : heard
    }

    private static func address(_ row: Row) throws -> MeterAddress {
        guard let meter = MeterAddress(text: try row.text(0)) else {
            throw DatabaseFailure.unexpectedType(column: 0)
        }
        return meter
    }
}

extension Transaction {
    /// Keeps a telegram; one that is kept already stays as it is. Of its meter by this gateway the latest `limit` stay:
    /// no gateway displaces what another heard.
    public func keep(_ telegram: KeptTelegram, limitOfMeter limit: Int) throws {
        let added = try execute(
            """
            INSERT INTO kept_telegram (meter, hash, gateway_id, maker, field, telegram, heard_at, kept_at)
            VALUES (\(telegram.meter.text), \(sha256Hex(telegram.bytes)), \(telegram.gateway), \(telegram.maker),
                \(telegram.field), \(telegram.bytes), \(telegram.heard), \(telegram.keptAt))
            ON CONFLICT DO NOTHING
            """)
        guard added > 0 else { return }
        try execute(
            """
            DELETE FROM kept_telegram
            WHERE meter = \(telegram.meter.text) AND gateway_id = \(telegram.gateway) AND kept_at < (
                SELECT min(kept_at) FROM (
                    SELECT kept_at FROM kept_telegram
                    WHERE meter = \(telegram.meter.text) AND gateway_id = \(telegram.gateway)
                    ORDER BY kept_at DESC LIMIT \(limit)) latest)
            """)
    }

    /// Forgets a telegram that was read after all.
    public func drop(_ telegram: KeptTelegram) throws {
        try execute(
            """
            DELETE FROM kept_telegram
            WHERE meter = \(telegram.meter.text) AND gateway_id = \(telegram.gateway)
                AND hash = \(sha256Hex(telegram.bytes)) AND heard_at = \(telegram.heard)
            """)
    }

    /// Forgets every telegram of a meter; returns how many.
    public func dropTelegrams(of meter: MeterAddress) throws -> Int {
        Int(try execute("DELETE FROM kept_telegram WHERE meter = \(meter.text)"))
    }
}
