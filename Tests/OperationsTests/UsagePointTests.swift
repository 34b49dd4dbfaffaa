import Database
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct UsagePointTests {
    private let october = Instant(epochSeconds: 1_790_784_000)

    /// The usage points that October is measured by.
    private func points(_ city: CityFixture) async throws -> Set<UsagePointID> {
        let (from, to) = (october, october + 31 * 86_400)
        return try await city.database.read { reader in
            let day = try #require(LocalDay("2026-10-31"))
            let homes = try reader.registeredHomes(of: CityFixture.first, from: from, to: to, personsOn: day)
            return Set(try #require(homes.first).points.keys)
        }
    }

    private func hang(_ meter: Int64, from: Instant, to: Instant?, _ city: CityFixture) async throws {
        try await city.database.write { transaction in
            try transaction.execute(
                "INSERT INTO meter (meter_id, serial, resolution_ml) VALUES (\(meter), \("x\(meter)"), 1000)")
            try transaction.execute(
                """
                INSERT INTO meter_installation (community_id, meter_id, usage_point_id, installed_at, removed_at)
                VALUES (\(CityFixture.first), \(meter), 901, \(from), \(to))
                """)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a usage point counts for a month from its first meter on, also while none hangs there`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        #expect(try await points(city) == [UsagePointID(1)])
        try await city.database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO usage_point (community_id, usage_point_id, number, area_id)
                VALUES (\(CityFixture.first), 901, 'P901', \(CityFixture.first))
                """)
            try transaction.execute(
                """
                INSERT INTO household_usage_point (community_id, household_id, usage_point_id)
                VALUES (\(CityFixture.first), 1, 901)
                """)
        }
        // A point that joined later, or never had a meter, takes nothing from what the home's other meters say.
        #expect(try await points(city) == [UsagePointID(1)])
        try await hang(901, from: october + 40 * 86_400, to: nil, city)
        #expect(try await points(city) == [UsagePointID(1)])
        // Where one hung before, the month lacks it.
        try await hang(902, from: october - 90 * 86_400, to: october - 10 * 86_400, city)
        #expect(try await points(city) == [UsagePointID(1), UsagePointID(901)])
    }
}
