/// One thing wrong with a mapping file.
public struct MappingFault: Sendable, Hashable, CustomStringConvertible {
    /// The file's name as given by the caller.
    public let file: String
    /// From 1; the last line where something is missing.
    public let line: Int
    public let reason: String

    /// `file:line: reason`.
    public var description: String { "\(file):\(line): \(reason)" }
}

/// Everything wrong with a mapping file, in the order of its lines.
public struct MappingFaults: Error, Sendable, Hashable, CustomStringConvertible {
    public let faults: [MappingFault]

    /// A fault a line.
    public var description: String { faults.map(\.description).joined(separator: "\n") }
}
