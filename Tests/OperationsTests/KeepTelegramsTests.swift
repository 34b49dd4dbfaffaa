import Database
import Operations
import Storage
import Testing
import Water

@testable import Ingest

@Suite(.freshDatabases) struct KeepTelegramsTests {
    private let now = Instant(epochSeconds: 1_795_000_000)
    private let bytes: [UInt8] = Array(repeating: 0x2C, count: 20)

    private func telegram(_ text: String, field: String = "key", heardAt: Instant?) -> UndecodedTelegram {
        UndecodedTelegram(
            item: 0, meter: MeterAddress(.wmbus, text), maker: "KAM", bytes: bytes, field: field,
            heardAt: heardAt)
    }

    @Test(arguments: TestEngine.allCases)
    func `a telegram is kept for each gateway and time that heard it, once, and only where it may be read later`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        let keep = KeepTelegrams(database: city.database)
        for gateway in [CityFixture.firstGateway, CityFixture.secondGateway] {
            for heard in [nil, now, now, now + 60] {
                #expect(try await keep([telegram("0000000a", heardAt: heard)], from: gateway, at: now) == [0])
            }
        }
        let damaged = telegram("0000000a", field: "crc", heardAt: nil)
        #expect(try await keep([damaged], from: CityFixture.firstGateway, at: now).isEmpty)
        let kept = try await city.database.read { try $0.keptTelegrams(after: nil, limit: 100) }
        #expect(kept.count == 6 && Set(kept).count == 6)
        #expect(kept.filter { $0.heardAt == nil }.count == 2)
        // Page by page they are the same, and each is dropped alone.
        var paged: [KeptTelegram] = []
        while let next = try await city.database.read({ [paged] in try $0.keptTelegrams(after: paged.last, limit: 1) })
            .first
        { paged.append(next) }
        #expect(paged == kept)
        try await city.database.write { try $0.drop(kept[2]) }
        #expect(try await city.database.read { try $0.keptTelegrams(after: nil, limit: 100) }.count == 5)
    }

    /// Kept for want of a key, whatever they turn out to be.
    private static let unread: [(hex: String, isHeard: Bool)] = [
        // A register at the time it was heard.
        ("1844AE4C4455223368077A55000000041389E20100023B0000", true),
        // The same without that time; a maker's own form; the first with a checksum that does not match.
        ("1844AE4C4455223368077A55000000041389E20100023B0000", false), ("0B44AE4C445522336807A000", true),
        ("1644AE4C4455223368077A55000000041389E201000074", true),
    ]

    @Test(arguments: TestEngine.allCases)
    func `what is tried again is listed for the reason it has then, and is dropped where it will never be read`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        let meter = try #require(MeterAddress(.wmbus, "33225544"))
        for (hex, isHeard) in Self.unread {
            let telegram = telegramBytes(ofHex: hex)
            let kept = KeptTelegram(
                meter: meter, gateway: CityFixture.firstGateway, maker: "SEN", field: "key", bytes: telegram,
                heardAt: isHeard ? now : nil, keptAt: now - 60)
            try await city.database.write { try $0.keep(kept, limitOfMeter: KeepTelegrams.limitOfMeter) }
        }
        let retry = RetryTelegrams(database: city.database, record: city.record, key: nil, calendar: city.calendar)
        let done = try await retry(at: now)
        #expect(done.read == 1 && done.readings == 1)
        #expect(done.kept == 1 && done.reasons == ["maker": 1] && done.dropped == 2)
        let left = try await city.database.read { try $0.keptTelegrams(after: nil, limit: 100) }
        #expect(left.map(\.field) == ["maker"] && left.map(\.keptAt) == [now - 60] && left.map(\.heardAt) == [now])
        let again = try await retry(at: now)
        #expect(again.read == 0 && again.reasons == ["maker": 1] && again.dropped == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter's telegrams are found by its printed number and by its address`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        try await city.addHome(2)
        let meter = try #require(MeterAddress(.wmbus, "33225544"))
        try await city.database.write { transaction in
            let holder = try #require(try transaction.reader.meter(serial: "m1"))
            try transaction.execute(
                """
                INSERT INTO meter_address (address, meter_id, is_registered, first_seen_at)
                VALUES (\("wmbus:33225544@izar"), \(holder.id), 1, 0)
                """)
        }
        let cases: [(String, [MeterAddress]?)] = [
            ("M1", [meter]), ("wmbus:33225544", [meter]), ("WMBUS:33225544", [meter]), ("m2", []), ("m3", nil),
        ]
        for (name, expected) in cases {
            #expect(try await city.database.read { try $0.telegramAddresses(named: name) } == expected, "\(name)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `of a meter the latest of a gateway stay, and none displaces another gateway's`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        let keep = KeepTelegrams(database: city.database)
        _ = try await keep([telegram("0000000a", heardAt: now)], from: CityFixture.firstGateway, at: now)
        for number in 1...40 as ClosedRange<Int64> {
            let heard = telegram("0000000a", heardAt: now + number)
            _ = try await keep([heard], from: CityFixture.secondGateway, at: now + number)
        }
        let kept = try await city.database.read { try $0.keptTelegrams(after: nil, limit: 100) }
        #expect(kept.filter { $0.gateway == CityFixture.firstGateway }.count == 1)
        let second = kept.filter { $0.gateway == CityFixture.secondGateway }
        #expect(second.count == KeepTelegrams.limitOfMeter && second.allSatisfy { $0.keptAt > now + 8 })
    }
}

private func telegramBytes(ofHex text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}
