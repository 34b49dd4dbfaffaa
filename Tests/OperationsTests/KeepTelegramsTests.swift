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
