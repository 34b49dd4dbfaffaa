import Foundation
import Tariffs
import Testing
import Water

/// The package's root: the shipped tariff files lie below it.
let packageRoot = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Name and text of every file under `tariffs`.
func shippedFiles() throws -> [(name: String, text: String)] {
    let folder = packageRoot.appendingPathComponent("tariffs")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
        .map { ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)) }
}

func shippedText(_ name: String) throws -> String { try #require(try shippedFiles().first { $0.name == name }).text }

func taiyuan() throws -> Tariff {
    let month = try #require(BillingMonth("2026-10"))
    return try #require(try loadTariffs(shippedFiles()).tariff("taiyuan", in: month))
}

/// A file of the shared test data; nil, with a message, where that folder is absent and CI does not demand it.
func sharedData(_ path: String) throws -> String? {
    let environment = ProcessInfo.processInfo.environment
    let folder =
        environment["JIESHUI_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
        ?? packageRoot.deletingLastPathComponent().appendingPathComponent("shared/data")
    let file = folder.appendingPathComponent(path)
    guard FileManager.default.fileExists(atPath: file.path) else {
        if environment["CI"] == "true" { Issue.record("shared data is absent: \(path)") }
        print("skipped: shared data is absent: \(path)")
        return nil
    }
    return try String(contentsOf: file, encoding: .utf8)
}
