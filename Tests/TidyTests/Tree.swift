import Foundation

/// The texts of the tree: sources, tests, scripts, data files and documents.
enum Tree {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url
    }()

    private static let folders = ["Sources", "Tests", "tariffs", "scripts", ".ci"]
    private static let files = [
        "Package.swift", "Dockerfile", "README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md",
    ]
    private static let binaryEndings = ["png", "ico", "woff2", "gz", "bin", "pyc"]

    /// Read once for all rules.
    static let texts = Result { try load() }

    private static func load() throws -> [SourceText] {
        var paths = files.filter { FileManager.default.fileExists(atPath: root.appendingPathComponent($0).path) }
        for folder in folders {
            let inside = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            paths += inside.map { "\(folder)/\($0)" }
        }
        return try paths.sorted().compactMap { path in
            guard !binaryEndings.contains(where: { path.hasSuffix(".\($0)") }) else { return nil }
            let url = root.appendingPathComponent(path)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
                return nil
            }
            return SourceText(path: path, text: try String(contentsOf: url, encoding: .utf8))
        }
    }
}
