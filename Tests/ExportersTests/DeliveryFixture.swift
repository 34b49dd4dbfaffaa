import Database
import Exporters
import Foundation
import Logging
import Operations
import Storage
import Testing
import Water

/// A city of one street with two communities, and an outbox.
struct DeliveryFixture {
    let database: Database
    /// Where a second process finds the same database.
    let address: String

    static let city = AreaID(1)
    static let street = AreaID(3)
    static let first = CommunityID(4)
    static let second = CommunityID(5)
    static let firstCode = "140105001001"
    /// The published example's secret, and another.
    static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    static let otherSecret = Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    static let noon = Instant(epochSeconds: 1_795_000_000)

    init(on engine: TestEngine) async throws {
        (database, address) = try await freshPlace(of: engine)
        try await database.write { transaction in
            let areas: [(Int64, String, String, Int64?)] = [
                (1, "1401", "city", nil), (2, "140105", "district", 1), (3, "140105001", "street", 2),
                (4, "140105001001", "community", 3), (5, "140105001002", "community", 3),
                (6, "140105001001001", "grid", 4),
            ]
            for (id, code, kind, parent) in areas {
                try transaction.execute(
                    """
                    INSERT INTO area (area_id, code, kind, name, parent_id)
                    VALUES (\(id), \(code), \(kind), \(code), \(parent))
                    """)
            }
        }
    }

    @discardableResult
    func addTarget(
        _ name: String, url: String, area: String = "1401", secret: Secret = DeliveryFixture.secret
    ) async throws -> TargetID {
        try await AddTarget(database: database)(name, url: url, area: area, secret: secret, at: Self.noon).get()
    }

    /// Writes an event of a confirmed redemption and returns its id.
    @discardableResult
    func enqueue(
        _ redemption: String = "r-1", in community: CommunityID = DeliveryFixture.first,
        at: Instant = DeliveryFixture.noon
    ) async throws -> String {
        let event = try ConfirmedRedemption(
            community: community, communityCode: "14010500100\(community == Self.first ? 1 : 2)",
            redemptionID: redemption, item: ItemID(7), points: Points(30), deskCode: "ABCD2345", at: at
        ).event()
        _ = try await database.write { try $0.enqueue(event) }
        return event.id
    }

    /// The service of this process or of another, allowed to connect to this machine unless told otherwise.
    func service(
        on other: Database? = nil, allowed: [String] = ["127.0.0.0/8"], totalMilliseconds: Int = 10_000,
        key: SealKey? = nil, jitter: Int64 = 0, pollMilliseconds: Int64 = 2_000,
        now: @escaping @Sendable () -> Instant = { noon }
    ) throws -> DeliveryService {
        var settings = DeliverySettings()
        settings.addresses = AddressRules(allowed: try allowed.map { try #require(AddressRange($0)) })
        settings.totalMilliseconds = totalMilliseconds
        settings.pollMilliseconds = pollMilliseconds
        return DeliveryService(
            database: other ?? database, settings: settings, key: key, logger: Logger(label: "test"), now: now,
            jitter: { jitter })
    }

    func deliveries(failedOnly: Bool = false) async throws -> [DeliveryRecord] {
        try await database.read { try $0.deliveries(failedOnly: failedOnly, limit: 1_000) }
    }

    /// The one delivery there is.
    func delivery() async throws -> DeliveryRecord {
        let all = try await deliveries()
        try #require(all.count == 1)
        return all[0]
    }

    func target(_ name: String) async throws -> Target {
        try #require(try await database.read { try $0.target(name: name) })
    }
}
