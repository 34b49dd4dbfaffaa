import Database
import Dispatch
import Logging
import Metering
import Operations
import Storage
import Synchronization
import Testing
import Water

/// Another process on a city's database: connections, name and dice of its own.
struct OtherProcess {
    let database: Database
    let worker: Worker
    let record: RecordReadings
    let fold: FoldReadings

    /// `called`: the name that a server sees.
    init(_ name: String, of city: CityFixture, clock: TestClock = TestClock(), called: String? = nil) throws {
        let suffix = called.map { "\(city.address.contains("?") ? "&" : "?")application_name=\($0)" } ?? ""
        database = try Database(address: city.address + suffix, connections: 4)
        worker = Worker(owner: LeaseOwner(name), now: clock.now, dice: { Int64.random(in: 0...1_000_000) })
        let logger = Logger(label: name)
        record = RecordReadings(database: database, limits: RecordLimits(), logger: logger)
        fold = FoldReadings(
            database: database, calendar: city.calendar, rules: .standard, logger: logger, worker: worker)
    }

    /// Its part of a close of the month.
    func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"), worker: worker)
    }
}

/// A clock that tests set: at 1,000,000 s until told otherwise; each look may move it on.
final class TestClock: Sendable {
    private let seconds: Mutex<Int64>
    private let step: Int64

    init(step: Int64 = 0) {
        seconds = Mutex(1_000_000)
        self.step = step
    }

    var now: @Sendable () -> Instant {
        { [self] in
            seconds.withLock { now in
                now += step
                return Instant(epochSeconds: now)
            }
        }
    }
}

extension CityFixture {
    /// 2026-10-01T00:00:00+08:00.
    static let october = Instant(epochSeconds: 1_790_784_000)
    /// 2026-11-05T00:00:00+08:00, past the 72 h.
    static let afterOctober = Instant(epochSeconds: 1_793_808_000)

    /// A city with more communities, `100` and on, with two homes each; home n uses n litres an hour more than the one
    /// before.
    static func city(of communities: Int64, on engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        try await city.database.write { transaction in
            for id in 100..<100 + communities {
                try transaction.execute(
                    """
                    INSERT INTO area (area_id, code, kind, name, parent_id)
                    VALUES (\(id), \("140105001\(id)"), 'community', \("c\(id)"), 3)
                    """)
            }
        }
        for home in 0..<2 * communities { try await city.addHome(home + 1, in: CommunityID(100 + home / 2)) }
        return city
    }

    /// The readings of October of a home, hourly, a request for each three days.
    static func octoberBodies(of home: Int64) -> [String] {
        stride(from: -2, through: 31 * 24 + 4, by: 72).map { first in
            let hours = Int64(first)..<Int64(min(first + 72, 31 * 24 + 5))
            let registers = hours.map { 100_000 + ($0 + 2) * (6 + home % 12) }
            return series(home, from: october + hours.lowerBound * 3_600 + 1_800, registers)
        }
    }
}

extension Database {
    /// Runs `body` as a transaction on a server that has fixed its snapshot before `meanwhile` runs to its end, and
    /// goes on after it. Run again, it goes through at once.
    func write<T: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> T, meanwhile: @escaping @Sendable () async throws -> Void
    ) async throws -> T {
        let (isReady, mayGoOn) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
        let isFirst = Atomic(true)
        async let result = write(repeatable: true) { transaction in
            _ = try transaction.reader.currentRegistryVersion()
            if isFirst.exchange(false, ordering: .relaxed) {
                isReady.continuation.yield()
                mayGoOn.wait()
            }
            return try body(transaction)
        }
        for await _ in isReady.stream { break }
        do {
            try await meanwhile()
            mayGoOn.signal()
        } catch {
            mayGoOn.signal()
            throw error
        }
        return try await result
    }
}
