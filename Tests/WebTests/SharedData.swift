import Foundation
import Testing

/// A file of the shared real data, or nil (with a message) where it is not at hand; in CI its absence is a failure.
func sharedData(_ path: String) throws -> Data? {
    let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let environment = ProcessInfo.processInfo.environment
    let root =
        environment["JIESHUI_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
        ?? package.deletingLastPathComponent().appendingPathComponent("shared/data")
    let file = root.appendingPathComponent(path)
    if FileManager.default.fileExists(atPath: file.path) { return try Data(contentsOf: file) }
    if environment["CI"] == "true" { Issue.record("\(path) is missing") } else { print("skipped: no \(path)") }
    return nil
}

/// The objects of a JSON Lines file.
func sharedLines(_ path: String) throws -> [[String: Any]]? {
    guard let data = try sharedData(path) else { return nil }
    return try data.split(separator: UInt8(ascii: "\n")).map { line in
        try #require(JSONSerialization.jsonObject(with: line) as? [String: Any])
    }
}
