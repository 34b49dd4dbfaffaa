import Database
import Foundation

/// Where a run keeps its database: a file of its own, or a schema of its own on a server.
struct BenchPlace {
    /// The database of the service under test.
    let address: String
    /// Another of the same kind, for the ceiling.
    let ceilingAddress: String
    let folder: URL
    private let server: String?
    private let schemas: [String]

    /// Makes a place, runs `body` and removes the place, whatever came of it.
    /// `server`: a PostgreSQL address; nil for SQLite files.
    static func use(server: String?, _ body: (BenchPlace) async throws -> Void) async throws {
        let place = try await make(server: server)
        do {
            try await body(place)
        } catch {
            try await place.remove()
            throw error
        }
        try await place.remove()
    }

    private static func make(server: String?) async throws -> BenchPlace {
        let name = "bench_\(ProcessInfo.processInfo.processIdentifier)"
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jieshui-\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard let server else {
            return BenchPlace(
                address: "sqlite:\(folder.appendingPathComponent("city.sqlite").path)",
                ceilingAddress: "sqlite:\(folder.appendingPathComponent("raw.sqlite").path)", folder: folder,
                server: nil, schemas: [])
        }
        let schemas = [name, "\(name)_raw"]
        let plain = try Database(address: server, connections: 1)
        for schema in schemas { try await plain.write { try $0.script("CREATE SCHEMA \(schema)") } }
        let joint = server.contains("?") ? "&" : "?"
        return BenchPlace(
            address: "\(server)\(joint)options=-csearch_path%3D\(schemas[0])",
            ceilingAddress: "\(server)\(joint)options=-csearch_path%3D\(schemas[1])", folder: folder, server: server,
            schemas: schemas)
    }

    private func remove() async throws {
        try FileManager.default.removeItem(at: folder)
        guard let server else { return }
        let plain = try Database(address: server, connections: 1)
        for schema in schemas { try await plain.write { try $0.script("DROP SCHEMA \(schema) CASCADE") } }
    }

    /// Bytes of the service's file that nothing is in and that the next rows take, as those of a journal that was folded;
    /// nil on a server.
    func freeBytes() async throws -> Int64? {
        guard server == nil else { return nil }
        return try await Database(address: address, connections: 1).read { reader in
            let pages = try reader.first("PRAGMA freelist_count") { try $0.integer(0) } ?? 0
            return pages * (try reader.first("PRAGMA page_size") { try $0.integer(0) } ?? 0)
        }
    }

    /// Bytes on disk of the service's database, or of one table of it on a server.
    func bytes(of table: String) async throws -> Int64 {
        guard server != nil else {
            let path = String(address.dropFirst("sqlite:".count))
            return try ["", "-wal"].reduce(0) { sum, suffix in
                guard FileManager.default.fileExists(atPath: path + suffix) else { return sum }
                let size = try FileManager.default.attributesOfItem(atPath: path + suffix)[.size] as? Int64
                return sum + (size ?? 0)
            }
        }
        return try await Database(address: address, connections: 1).read { reader in
            try reader.first(
                """
                SELECT CAST(sum(pg_total_relation_size(c.oid)) AS BIGINT) FROM pg_class c
                WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind = 'r'
                    AND c.relname LIKE \(table + "%")
                """
            ) { try $0.integerOrNil(0) ?? 0 } ?? 0
        }
    }
}

/// What a process used: read from /proc while it runs.
struct ProcessUse {
    let pid: Int32

    /// User and system time so far.
    func processorSeconds() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let tail = text.split(separator: ")").last
        else { return 0 }
        let fields = tail.split(separator: " ")
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The most memory it held so far, in MB.
    func peakMegabytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kilobytes / 1_024
    }
}
