import ArgumentParser
import Database
import Foundation
import Storage
import Water

/// Posts readings to a running server over HTTP and inserts the same rows raw into SQLite.
struct IngestBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Readings a second over HTTP, answered after they are durable.")

    @Option(help: "The jieshui binary to start.") var jieshui: String
    @Option(help: "Meters.") var meters = 10_000
    @Option(help: "Communities that the meters stand in.") var communities = 10
    @Option(help: "Days of 24 hourly readings per meter.") var days = 10
    @Option(help: "Connections.") var connections = 8
    @Option(help: "Readings in a request, in whole days of a meter.") var readingsPerRequest = 960
    @Option(help: "daily: series of a day; concentrator: one reading of 1,000 meters; objects: one object a reading.")
    var shape = Shape.daily
    @Option(help: "Of a hundred requests, how many are sent twice.") var duplicates = 0
    @Flag(help: "Measure the service alone, for a profile: no ceilings, no ratios.") var alone = false
    @Flag(help: "Close a month while the second half is posted.") var closing = false
    @Option(help: "Port for the server.") var port: UInt16 = 18_080

    @Option(help: "A PostgreSQL server to keep the city on; otherwise a SQLite file.") var server: String?

    func validate() throws {
        guard meters > 0, days > 0, connections > 0, communities > 0, communities <= 10_000 else {
            throw ValidationError("meters, days, connections and communities are 1 or more, communities 10,000 at most")
        }
    }

    func run() async throws {
        try await BenchPlace.use(server: server) { place in try await measure(place) }
    }

    private func measure(_ place: BenchPlace) async throws {
        let load = Load(
            shape: shape, meters: meters, days: days, readingsPerRequest: readingsPerRequest, duplicates: duplicates,
            communities: communities)
        print(
            """
            \(load.readings) readings of \(meters) meters in \(communities) communities as \(shape.rawValue), \(load.requests) requests \
            (\(duplicates) % sent twice), \(connections) connections
            """)
        let way = server == nil ? "raw SQLite insert" : "COPY into PostgreSQL"
        let (ceiling, victoria) = alone ? (nil, nil) : try await ceilings(load, place, way)
        let key = try BenchCity(jieshui: jieshui, address: place.address, folder: place.folder)
            .make(meters: meters, communities: communities)
        let service = try BenchServer(jieshui: jieshui, address: place.address, port: port)
        defer { service.stop() }
        try service.waitUntilReady()
        let before = service.use.processorSeconds()
        let http = HTTPLoad(port: port, taker: .service(key: key), connections: connections)
        let half = closing ? load.requests / 2 : load.requests
        let result = try http.post(load, 0..<half)
        let processor = service.use.processorSeconds() - before
        let readings = load.readings * half / load.requests
        print("over HTTP, answered after the commit: \(perSecond(readings, result.seconds)) readings/s")
        print("per server CPU second:                \(perSecond(readings, processor)) readings/s")
        print("answers: p50 \(result.milliseconds(50)) ms, p99 \(result.milliseconds(99)) ms")
        let part = Double(half) / Double(load.requests)
        if let ceiling { print("ratio to the \(way): \(hundredths(ceiling * part / result.seconds))") }
        try await waitForFolding(place.address)
        let folded = seconds(since: result.began)
        let ratio = ceiling.map { ", ratio \(hundredths($0 * part / folded))" } ?? ""
        print("with all of it folded: \(perSecond(readings, folded)) readings/s\(ratio)")
        if let victoria {
            let (answered, whole) = (hundredths(victoria * part / result.seconds), hundredths(victoria * part / folded))
            print("ratio to VictoriaMetrics: \(answered) answered, \(whole) folded")
        }
        let bytes = try await place.bytes(of: "reading_day")
        print("\(hundredths(Double(bytes) / Double(readings))) bytes a reading on disk, ", terminator: "")
        if let free = try await place.freeBytes() {
            print("\(hundredths(Double(free) / Double(readings))) of them free for what comes next, ", terminator: "")
        }
        print("\(service.use.peakMegabytes()) MB of memory at most")
        if closing { try postWhileClosing(http, load, half..<load.requests, place.address) }
    }

    /// Seconds of the raw insert, and of VictoriaMetrics where it is installed.
    private func ceilings(_ load: Load, _ place: BenchPlace, _ way: String) async throws -> (Double?, Double?) {
        let ceiling = try await rawInsert(load, at: place.ceilingAddress)
        print("\(way) of the same rows, one a reading: \(perSecond(load.readings, ceiling)) readings/s")
        let discarded = try discard(load)
        print("bodies read and thrown away: \(perSecond(load.readings, discarded)) readings/s")
        return (ceiling, try compareVictoria(load, place.folder))
    }

    /// The same requests to a server that throws them away.
    private func discard(_ load: Load) throws -> Double {
        let server = try DiscardServer()
        server.serve(connections: connections)
        defer { server.stop() }
        let http = HTTPLoad(port: server.port, taker: .service(key: "none"), connections: connections)
        return try http.post(load, 0..<load.requests).seconds
    }

    /// The same readings to VictoriaMetrics, where it is installed.
    private func compareVictoria(_ load: Load, _ folder: URL) throws -> Double? {
        guard let victoria = try VictoriaMetrics(folder: folder, port: port + 1) else {
            print("VictoriaMetrics is not installed: apt-get install victoria-metrics to compare with it")
            return nil
        }
        defer { victoria.stop() }
        let http = HTTPLoad(port: victoria.port, taker: .victoria, connections: connections)
        let before = victoria.use.processorSeconds()
        let result = try http.post(load, 0..<load.requests)
        let processor = victoria.use.processorSeconds() - before
        let memory = victoria.use.peakMegabytes()
        let bytes = Double(try victoria.bytesAfterStop()) / Double(load.readings)
        print(
            """
            VictoriaMetrics, answered before it is durable: \(perSecond(load.readings, result.seconds)) readings/s, \
            \(perSecond(load.readings, processor)) per CPU second, p99 \(result.milliseconds(99)) ms, \
            \(hundredths(bytes)) bytes a reading, \(memory) MB
            """)
        return result.seconds
    }

    private func hundredths(_ value: Double) -> String {
        let whole = Int((value * 100).rounded())
        return "\(whole / 100).\(padded(whole % 100, 2))"
    }

    /// How long the journal took to empty after the last answer: what folding was behind.
    private func waitForFolding(_ address: String) async throws {
        let database = try Database(address: address)
        let start = ContinuousClock.now
        let waiting = try await database.read { try $0.journalLag()?.readings ?? 0 }
        print("\(waiting) readings waited to be folded at the last answer")
        while try await database.read({ try $0.journalLag() != nil }) {
            guard seconds(since: start) < 600 else { throw BenchFailure(reason: "folding did not catch up in 600 s") }
            try await Task.sleep(for: .milliseconds(100))
        }
        print("folding caught up \(Int(seconds(since: start).rounded())) s after the last answer")
    }

    /// Answer times while `jieshui close` runs beside the server.
    private func postWhileClosing(
        _ http: HTTPLoad, _ load: Load, _ requests: Range<Int>, _ address: String
    ) throws {
        let close = Process()
        close.executableURL = URL(fileURLWithPath: jieshui)
        close.arguments = ["close", "2026-10", "--early", "--database", address]
        try close.run()
        let start = ContinuousClock.now
        let result = try http.post(load, requests)
        let stillClosing = close.isRunning
        print("while closing: p50 \(result.milliseconds(50)) ms, p99 \(result.milliseconds(99)) ms, ", terminator: "")
        print("posted in \(Int(seconds(since: start).rounded())) s\(stillClosing ? "" : ", longer than the close")")
        close.waitUntilExit()
        print("the close ended with status \(close.terminationStatus) after \(Int(seconds(since: start).rounded())) s")
    }

    private func perSecond(_ count: Int, _ seconds: Double) -> String {
        "\(Int((Double(count) / max(seconds, 0.000_001)).rounded()))"
    }

    /// One row a reading, keyed (meter, instant), 10,000 a transaction: what a plain service would store.
    private func rawInsert(_ load: Load, at address: String) async throws -> Double {
        let database = try Database(address: address)
        try await database.migrate(
            [
                Migration(
                    number: 1, name: "raw",
                    sqlite: """
                        CREATE TABLE reading (meter INTEGER NOT NULL, at INTEGER NOT NULL, register_ml INTEGER NOT NULL,
                        PRIMARY KEY (meter, at)) STRICT, WITHOUT ROWID;
                        """)
            ], at: 0)
        let start = ContinuousClock.now
        var rows = Rows(["meter", "at", "register_ml"])
        for request in 0..<load.requests {
            load.eachReading(of: request) { meter, at, litres in rows.append(meter, at, litres * 1_000) }
            if rows.count >= 10_000 || request == load.requests - 1 {
                let block = rows
                try await database.write { try $0.append(block, to: "reading") }
                rows = Rows(["meter", "at", "register_ml"])
            }
        }
        return seconds(since: start)
    }
}

func seconds(since start: ContinuousClock.Instant) -> Double {
    let (whole, atto) = (ContinuousClock.now - start).components
    return Double(whole) + Double(atto) / 1e18
}
