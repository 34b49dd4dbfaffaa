import Database
import Foundation
import Storage
import Testing

@testable import jieshui

@Suite(.freshDatabases) struct RestoreTests {
    private let files = FileManager.default

    /// A backup of a city with one home; its path.
    private func backup() async throws -> String {
        let city = try await CommandCity(on: .sqlite)
        try await city.city.addHome("H1")
        let path = try await freshFolder().appendingPathComponent("backup.sqlite").path
        try await city.run("backup", path)
        return path
    }

    private func ending(restoring file: String, to path: String) async -> Ending {
        await JieshuiTests.ending(of: ["restore", file, "--database", "sqlite:\(path)", "--log-level", "critical"])
    }

    private func freshPlace() async throws -> (folder: String, database: String) {
        let folder = try await freshFolder().path
        return (folder, "\(folder)/city.sqlite")
    }

    @Test func `a backup becomes the database that it was made of, writable though kept read-only`() async throws {
        let backup = try await backup()
        try files.setAttributes([.posixPermissions: 0o400], ofItemAtPath: backup)
        let (_, path) = try await freshPlace()
        #expect(await ending(restoring: backup, to: path) == .well)
        #expect(try files.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
        let restored = try Database(address: "sqlite:\(path)")
        #expect(try await restored.read { try $0.household(number: "H1") } != nil)
        try await restored.write { try $0.touch() }
    }

    @Test(arguments: ["", "-wal", "-shm", "-journal"])
    func `a database, or what belongs to one, is not overwritten`(suffix: String) async throws {
        let backup = try await backup()
        let (folder, path) = try await freshPlace()
        try Data("there".utf8).write(to: URL(fileURLWithPath: path + suffix))
        let end = await ending(restoring: backup, to: path)
        #expect(end.code == 1)
        #expect(end.message == "\(path + suffix) would be overwritten: stop the service and move it away first")
        #expect(try files.contentsOfDirectory(atPath: folder) == ["city.sqlite\(suffix)"])
    }

    @Test func `what is no backup is refused, and nothing of it stays`() async throws {
        let (folder, path) = try await freshPlace()
        let text = try await freshFile("notes.txt", "no database")
        let whole = try Data(contentsOf: URL(fileURLWithPath: try await backup()))
        let half = try await freshFolder().appendingPathComponent("half.sqlite")
        try whole.prefix(whole.count / 2).write(to: half)
        let elsewhere = try await freshFolder().path
        for (file, words) in [
            (text, "\(text) is damaged, or no database of jieshui: nothing was restored"),
            (half.path, "\(half.path) is damaged"), ("\(folder)/none", "there is no file \(folder)/none"),
            (elsewhere, "\(elsewhere) is a folder: name a file"),
        ] {
            let end = await ending(restoring: file, to: path)
            #expect(end.code == 1 && end.message.hasPrefix(words), "\(end.message)")
            #expect(try files.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func `a database of a server is left to its own tools`() async {
        let end = await JieshuiTests.ending(of: ["restore", "x", "--database", "postgres://nobody@/none"])
        #expect(end.message == "only a database of SQLite is restored here; for PostgreSQL use pg_restore")
    }
}
