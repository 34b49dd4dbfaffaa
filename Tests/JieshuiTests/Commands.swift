import ArgumentParser
import Database
import Foundation
import Operations
import Testing
import Water

@testable import jieshui

/// The package's root: the shipped tariff files and the README lie below it.
let packageRoot = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The options that name the shipped tariff files.
let shippedTariffs = ["--tariffs", packageRoot.appendingPathComponent("tariffs").path]

/// A key that secrets are sealed with.
let sealKeyText = Data(repeating: 7, count: 32).base64EncodedString()

/// Runs a command line within this process.
func run(_ arguments: [String]) async throws {
    let parsed = try Jieshui.parseAsRoot(arguments)
    if var command = parsed as? any AsyncParsableCommand {
        try await command.run()
    } else {
        var command = parsed
        try command.run()
    }
}

/// How a command ends: its exit code, and the last it says on standard error.
struct Ending: Sendable, Hashable {
    var code: Int32 = 1
    var message = ""

    static let well = Ending(code: 0)
}

/// How a command line ends.
func ending(of arguments: [String]) async -> Ending {
    do {
        try await run(arguments)
        return .well
    } catch {
        return Ending(code: Jieshui.exitCode(for: error).rawValue, message: Jieshui.message(for: error))
    }
}

/// A city that commands work on.
struct CommandCity {
    let city: TestCity
    /// The options that name its database; what is only logged is not shown.
    let options: [String]

    var database: Database { city.database }

    init(on engine: TestEngine) async throws {
        let (database, address) = try await freshPlace(of: engine)
        city = try await TestCity.build(in: database)
        options = ["--database", address, "--log-level", "critical"]
    }

    func run(_ arguments: String...) async throws { try await JieshuiTests.run(arguments + options) }

    func ending(of arguments: String...) async -> Ending { await JieshuiTests.ending(of: arguments + options) }
}

/// A folder of a test's own, gone when the test ends.
func freshFolder() async throws -> URL {
    let scope = try #require(DatabaseScope.current, "the suite lacks .freshDatabases")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jieshui-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    await scope.atEnd { try FileManager.default.removeItem(at: folder) }
    return folder
}

/// A file of a test's own with this text; its path.
func freshFile(_ name: String, _ text: String) async throws -> String {
    let file = try await freshFolder().appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return file.path
}
