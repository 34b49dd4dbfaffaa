import ArgumentParser
import Database
import Foundation
import Storage
import Water

/// Closes a month of a made city with one process and with several, each over the same work.
struct CloseBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Homes closed a second, beside one SQL statement over monthly registers.")

    @Option(help: "The jieshui binary to start.") var jieshui: String
    @Option(help: "Homes, 1,500 in a community.") var homes = 30_000
    @Option(help: "Processes; with 2 or more a month is closed by one first.") var workers = 1
    @Option(help: "A PostgreSQL server to keep the city on; otherwise a SQLite file.") var server: String?

    func run() async throws {
        try await BenchPlace.use(server: server) { place in try await measure(place) }
    }

    private func measure(_ place: BenchPlace) async throws {
        let city = MadeCity(homes: homes)
        // From the second month on there are statements before: the last two months are like work.
        let months = workers > 1 ? ["2026-08", "2026-09", "2026-10"] : ["2026-10"]
        try await city.initialise(jieshui, place)
        let database = try Database(address: place.address)
        let start = ContinuousClock.now
        try await city.fill(database, months.compactMap { BillingMonth($0) })
        print("\(homes) homes × \(months.count) months × 24 readings a day made in \(whole(start)) s")
        print("\(try await place.bytes(of: "reading_day") / 1_000_000) MB of readings")
        let ceiling = try await RegisterStatement(homes: homes).run(at: place.ceilingAddress)
        print("one SQL statement over a register table: \(rate(ceiling)) homes/s")
        for (index, month) in months.enumerated() {
            let count = index == months.count - 1 ? workers : 1
            let run = try close(month, place.address, processes: count)
            let ratio = Int((ceiling / run.seconds * 1_000).rounded())
            print(
                """
                close \(month) with \(count) process\(count == 1 ? "" : "es"): \(rate(run.seconds)) homes/s \
                (\(Int(run.seconds.rounded())) s, \(Int(run.processor.rounded())) s of processor: \
                \(Int((run.processor / Double(max(homes, 1)) * 1_000_000).rounded())) µs a home, \
                \(run.megabytes) MB at most in one), ratio \(ratio / 1_000).\(padded(ratio % 1_000, 3))
                """)
        }
    }

    private struct Run {
        var seconds = 0.0
        var processor = 0.0
        var megabytes = 0
    }

    private func close(_ month: String, _ address: String, processes count: Int) throws -> Run {
        let start = ContinuousClock.now
        let list = try (0..<count).map { _ in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: jieshui)
            process.arguments = ["close", month, "--early", "--database", address, "--log-level", "error"]
            try process.run()
            return process
        }
        var run = Run()
        var processor = [Double](repeating: 0, count: count)
        while list.contains(where: \.isRunning) {
            for (index, process) in list.enumerated() where process.isRunning {
                let use = ProcessUse(pid: process.processIdentifier)
                processor[index] = max(processor[index], use.processorSeconds())
                run.megabytes = max(run.megabytes, use.peakMegabytes())
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        run.seconds = seconds(since: start)
        run.processor = processor.reduce(0, +)
        guard list.allSatisfy({ $0.terminationStatus == 0 }) else { throw BenchFailure(reason: "a close failed") }
        return run
    }

    private func rate(_ seconds: Double) -> Int { Int((Double(homes) / max(seconds, 0.000_001)).rounded()) }

    private func whole(_ start: ContinuousClock.Instant) -> Int { Int(seconds(since: start).rounded()) }
}

/// What a plain service would do: registers of two month ends in a table, one statement for use, tier bill and rank.
struct RegisterStatement {
    let homes: Int

    func run(at address: String) async throws -> Double {
        let database = try Database(address: address)
        try await database.migrate(
            [
                Migration(
                    number: 1, name: "registers",
                    sqlite: """
                        CREATE TABLE register (home INTEGER PRIMARY KEY, persons INTEGER NOT NULL,
                            first_litres INTEGER NOT NULL, last_litres INTEGER NOT NULL) STRICT;
                        CREATE TABLE bill (home INTEGER PRIMARY KEY, litres INTEGER NOT NULL, fen INTEGER NOT NULL,
                            place INTEGER NOT NULL) STRICT;
                        """)
            ], at: 0)
        for start in stride(from: 0, to: homes, by: 10_000) {
            var rows = Rows(["home", "persons", "first_litres", "last_litres"])
            for home in start..<min(homes, start + 10_000) {
                rows.append(home + 1, home % 4 + 1, 10_000, 10_000 + 4_000 + home % 9_973)
            }
            let block = rows
            try await database.write { try $0.append(block, to: "register") }
        }
        let began = ContinuousClock.now
        try await database.write { transaction in
            _ = try transaction.execute(
                """
                INSERT INTO bill (home, litres, fen, place)
                SELECT home, litres,
                    CASE WHEN litres <= 9000 THEN litres * 230 WHEN litres <= 13500
                        THEN 9000 * 230 + (litres - 9000) * 460 ELSE 9000 * 230 + 4500 * 460 + (litres - 13500) * 690
                    END / 1000,
                    1000 * (rank() OVER (ORDER BY litres * 100 / persons)) / (count(*) OVER ())
                FROM (SELECT home, persons, last_litres - first_litres AS litres FROM register) r
                """)
        }
        return seconds(since: began)
    }
}
