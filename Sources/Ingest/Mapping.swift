/// How a maker's own fields become readings, read from a text file of `key: value` lines.
///
/// The first line that is not empty or a comment (`#`) is `kind: table`, `kind: properties` or `kind: bytes`.
/// A key the kind does not have, a key given twice and a value that cannot be are refused with their line.
public enum Mapping: Sendable {
    /// A table as handheld readers and head-end systems export it.
    case table(TableMapping)
    /// JSON properties inside a platform's message.
    case properties(PropertyMapping)
    /// A device's own bytes inside a platform's message.
    case bytes(BytesMapping)

    /// Reads a mapping.
    ///
    /// - Parameters:
    ///   - file: the name that faults are told with.
    ///   - profiles: those of CJ/T 188 that it may name; nil for the built-in ones.
    /// - Throws: every fault found, at least one.
    public static func read(
        _ text: String, file: String, profiles: CJT188Profiles? = nil
    ) throws(MappingFaults) -> Mapping {
        var reader = MappingReader(text, file: file)
        let kinds: [String: MappingKind] = ["table": .table, "properties": .properties, "bytes": .bytes]
        let kind = reader.word("kind", of: kinds)
        var mapping: Mapping?
        switch kind {
        case .table: mapping = TableMapping(&reader).map(Mapping.table)
        case .properties: mapping = PropertyMapping(&reader).map(Mapping.properties)
        case .bytes: mapping = BytesMapping(&reader, profiles).map(Mapping.bytes)
        case nil: if !reader.has("kind") { reader.fail("the key kind is missing") }
        }
        if kind != nil { reader.refuseUnread() }
        guard let mapping, reader.faults.isEmpty else { throw MappingFaults(faults: reader.sortedFaults) }
        return mapping
    }
}

private enum MappingKind { case table, properties, bytes }
