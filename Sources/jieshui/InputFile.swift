import Foundation

/// Tells a folder that is named where a file is wanted as what it is.
func refuseFolder(_ path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
        throw CommandFailure("\(path) is a folder: name a file")
    }
}

/// A file or pipe to be read by parts; `-` is standard input.
func openInput(_ path: String) throws -> FileHandle {
    if path == "-" { return .standardInput }
    try refuseFolder(path)
    do {
        return try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    } catch {
        throw CommandFailure("\(path) cannot be read: \(error.localizedDescription)")
    }
}

/// A text file given by its name.
func text(of path: String) throws -> String {
    try refuseFolder(path)
    do {
        return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
        throw CommandFailure("\(path) cannot be read: \(error.localizedDescription)")
    }
}
