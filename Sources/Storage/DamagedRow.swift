/// A row whose bytes do not read back: which one it is, and what is wrong with them.
public struct DamagedRow: Error, Hashable, Sendable {
    /// As people look for it: what it is of, by numbers.
    public let row: String
    public let damage: DamagedBytes
}

extension DamagedRow: CustomStringConvertible {
    public var description: String { "\(row): \(damage)" }
}

extension DamagedBytes: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownVersion(let form):
            "packed in form \(form), which this program does not know: it was written by a newer one or is damaged"
        case .endsEarly: "the bytes end early: they are damaged"
        case .notText: "a text is no UTF-8: the bytes are damaged"
        case .notAValue(let what): "no \(what) can be read: the bytes are damaged"
        }
    }
}

/// Reads a row's bytes; where they do not read back, the error names the row.
func reading<T>(_ row: @autoclosure () -> String, _ read: () throws -> T) throws -> T {
    do {
        return try read()
    } catch let damage as DamagedBytes {
        throw DamagedRow(row: row(), damage: damage)
    }
}
