import Database
import Foundation
import Hummingbird
import HummingbirdTesting
import Ingest
import Logging
import Operations
import Storage
import Tariffs
import Testing
import Water

@testable import Web

/// A city with two communities, twelve homes in the first, a gateway, an item and a target, made by the operations
/// that make a real one.
struct WebFixture {
    let services: WebServices
    let calendar: CityCalendar
    let gatewayKey: Secret
    let pullKey: Secret
    let item: ItemID

    static let community = "140107001001"
    static let password = Secret("a long enough pass phrase")
    static let month = "2026-10"

    /// 2026-11-24T12:00:00+08:00.
    static let now = Instant(epochSeconds: 1_795_492_800)

    init(
        _ settings: WebSettings = WebSettings(), sealKey: SealKey? = nil, now: Instant = WebFixture.now,
        on engine: TestEngine = .sqlite
    ) async throws {
        let database = try await freshDatabase(of: engine)
        calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        var random = SystemRandomNumberGenerator()
        gatewayKey = .gatewayKey(using: &random)
        pullKey = .pullKey(using: &random)
        try await WebFixture.addAreas(database, calendar)
        try await WebFixture.addHomes(database, calendar)
        try await WebFixture.addPeople(database, gatewayKey, pullKey, &random)
        item = try await AddItem(database: database)(
            nameZh: "水龙头起泡器", nameEn: "Tap aerator", points: Points(20), stock: 5, to: WebFixture.community,
            at: WebFixture.now
        ).get()
        services = try await WebFixture.services(database, settings, sealKey, now)
    }

    private static func services(
        _ database: Database, _ settings: WebSettings, _ sealKey: SealKey?, _ now: Instant
    ) async throws -> WebServices {
        let shelf = try shippedShelf()
        let city = try #require(try await database.read { try $0.city() })
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let rules = try #require(shelf.rules.first)
        return WebServices(
            database: database, city: city, shelf: shelf,
            record: RecordReadings(database: database, limits: RecordLimits(), logger: logger),
            closeMonth: CloseMonth(
                database: database, calendar: city.calendar, shelf: shelf,
                settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: "rules"), logger: logger),
            signInStaff: SignInStaff(database: database), terms: try #require(rules.ledgerTerms),
            pages: try PageLibrary(), settings: settings, sealKey: sealKey,
            now: { now })
    }

    private static func shippedShelf() throws -> TariffShelf {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let folder = root.appendingPathComponent("../../tariffs")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        return try loadTariffs(
            try files.sorted().map {
                ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8))
            })
    }

    private static func addAreas(_ database: Database, _ calendar: CityCalendar) async throws {
        let city = try AreaEntry(code: "1401", kind: .city, name: "太原市", parent: nil)
        _ = try await SetUpCity(database: database)(city, calendar: calendar).get()
        let rest: [(String, AreaKind, String, String)] = [
            ("140107", .district, "杏花岭区", "1401"), ("140107001", .street, "巨轮街道", "140107"),
            (community, .community, "杏花岭社区", "140107001"), ("140107001002", .community, "府东街社区", "140107001"),
        ]
        for (code, kind, name, parent) in rest {
            let entry = try AreaEntry(code: code, kind: kind, name: name, parent: parent)
            _ = try await AddArea(database: database)(entry).get()
        }
    }

    private static func addHomes(_ database: Database, _ calendar: CityCalendar) async throws {
        let from = Instant(epochSeconds: 1_756_656_000)
        for home in 1...12 {
            let number = WebFixture.number(home)
            let persons = try PersonsFrom(persons: home == 12 ? nil : 3, from: calendar.day(of: from))
            let entry = try HouseholdEntry(
                number: number, area: community, points: [.init(number: "P\(home)", shareMillionths: nil)],
                movedIn: from, movedOut: nil, persons: persons)
            _ = try await RegisterHousehold(database: database)(entry, at: now).get()
            let meter = try MeterEntry(
                serial: try #require(MeterAddress(.serial, "M\(home)")), otherAddresses: [], usagePoint: "P\(home)",
                from: from, to: nil, startRegister: nil, finalRegister: nil, resolution: nil,
                nominalFlowLitresPerHour: 2_500, modulus: nil)
            _ = try await RegisterMeter(database: database)(meter, at: now).get()
        }
    }

    private static func addPeople(
        _ database: Database, _ gatewayKey: Secret, _ pullKey: Secret, _ random: inout SystemRandomNumberGenerator
    ) async throws {
        _ = try await AddGateway(database: database)("north", area: "1401", key: gatewayKey, at: now).get()
        _ = try await AddTarget(database: database)(
            "platform", url: "https://platform.example/hook", area: "140107",
            secret: .signingSecret(using: &random),
            entitlement: Entitlement(purpose: "civic awards", pullKey: pullKey), at: now
        ).get()
    }

    /// Adds a member of staff: `admin` of the city, or `clerk` of the community. Hashing a password takes its time,
    /// so only tests that need one have one.
    func addStaff(_ name: String) async throws {
        let (area, role): (String, StaffRole) = name == "admin" ? ("1401", .administrator) : (Self.community, .clerk)
        _ = try await AddStaff(database: services.database)(
            name, area: area, role: role, password: Self.password, salt: [UInt8](repeating: 7, count: 16), at: Self.now
        ).get()
    }

    static func number(_ home: Int) -> String { "10020030\(home + 100)" }

    /// Runs `body` with a client of the whole router.
    func run(_ body: @Sendable @escaping (WebClient) async throws -> Void) async throws {
        let app = Application(router: buildRouter(services))
        let fixture = self
        try await app.test(.router) { client in
            try await body(WebClient(client: client, fixture: fixture))
        }
    }

    /// A month of hourly readings of every home as series, one body.
    func octoberBody() -> String {
        let homes = (1...12).flatMap { home -> [String] in
            stride(from: -2, through: 31 * 24 + 4, by: 100).map { first in
                let hours = first..<min(first + 100, 31 * 24 + 5)
                let registers = hours.map { hour -> String in
                    // A night without water each day, so that nothing runs without a pause.
                    let day = (hour + 48) / 24
                    let inDay = max((hour + 48) % 24 - 5, 0)
                    return "\(1_000 + (day * 19 + inDay) * (8 + home * 2))"
                }
                let start = calendar.format(Instant(epochSeconds: 1_790_784_000 + Int64(first) * 3_600))
                return """
                    {"meter":"M\(home)","start":"\(start)","interval_s":3600,\
                    "registers_l":[\(registers.joined(separator: ","))]}
                    """
            }
        }
        return "{\"readings\":[\(homes.joined(separator: ","))]}"
    }
}

extension WebServices {
    /// The same server with another key, or none.
    func withKey(_ key: SealKey?) -> WebServices {
        WebServices(
            database: database, city: city, shelf: shelf, record: record, closeMonth: closeMonth,
            signInStaff: signInStaff, terms: terms, pages: pages, settings: settings, sealKey: key,
            profiles: profiles, now: now)
    }

    /// The same server with a city's own CJ/T 188 profiles.
    func withProfiles(_ profiles: CJT188Profiles) -> WebServices {
        WebServices(
            database: database, city: city, shelf: shelf, record: record, closeMonth: closeMonth,
            signInStaff: signInStaff, terms: terms, pages: pages, settings: settings, sealKey: sealKey,
            profiles: profiles, now: now)
    }
}
