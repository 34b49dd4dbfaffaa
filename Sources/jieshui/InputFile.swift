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
    let bytes: Data
    do {
        bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
        throw CommandFailure("\(path) cannot be read: \(error.localizedDescription)")
    }
    return try text(in: bytes, of: path)
}

/// A secret that an argument gives: itself, or by `@FILE` what stands in a file, which the list of processes and the
/// shell's history do not show.
func secret(of argument: some StringProtocol) throws -> String {
    guard argument.hasPrefix("@") else { return String(argument) }
    return try text(of: String(argument.dropFirst())).trimmingCharacters(in: .whitespacesAndNewlines)
}

/// The text that a file's bytes are, without the byte order mark that editors put ahead of it. Bytes that are no UTF-8
/// are refused with the place of the first, from 0.
func text(in bytes: Data, of path: String) throws -> String {
    let marked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    guard let text = String(validating: marked ? bytes.dropFirst(3) : bytes, as: UTF8.self) else {
        throw CommandFailure("\(path) is not UTF-8 (byte \(lengthOfText(in: bytes)))")
    }
    return text
}

/// How many bytes are text before the first that is none.
private func lengthOfText(in bytes: Data) -> Int {
    var (decoder, source, length) = (UTF8(), bytes.makeIterator(), 0)
    while case .scalarValue(let scalar) = decoder.decode(&source) { length += UTF8.width(scalar) }
    return length
}
