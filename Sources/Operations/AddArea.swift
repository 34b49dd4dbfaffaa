public import Database
import Storage
public import Water

/// An area as it is given: by code, under the code of what it lies in.
public struct AreaEntry: Sendable, Hashable {
    public let code: String
    public let kind: AreaKind
    public let name: String
    /// The parent's code; nil for the city alone.
    public let parent: String?

    /// Refuses a code that is not 1–32 of `0-9 A-Z a-z - .` and a name that is empty, over 100 characters or
    /// has control characters.
    public init(code: String, kind: AreaKind, name: String, parent: String?) throws(RegistryRefusal) {
        guard isRegistryCode(code) else { throw .malformed(field: "code", expected: registryCodeForm) }
        guard (1...100).contains(name.count), name.unicodeScalars.allSatisfy(\.isPrinted) else {
            throw .malformed(field: "name", expected: "1 to 100 characters, none of them a control character")
        }
        self.code = code
        self.kind = kind
        self.name = name
        self.parent = parent
    }
}

extension UnicodeScalar {
    /// False for what moves a cursor, breaks a line or turns the direction of writing.
    var isPrinted: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }
}

let registryCodeForm = "1 to 32 of 0-9 A-Z a-z - ."

/// The form of area codes, household numbers and usage point numbers.
func isRegistryCode(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46: true
            default: false
            }
        }
}

/// Adds an area to the tree, or renames or re-hangs the one of its code.
public struct AddArea: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(_ entry: AreaEntry) async throws -> Result<RegistryChange, RegistryRefusal> {
        try await database.write { transaction in try transaction.register(entry) }
    }
}

extension Transaction {
    /// Registers an area in this transaction; a refusal leaves nothing written.
    func register(_ entry: AreaEntry) throws -> Result<RegistryChange, RegistryRefusal> {
        let known = try reader.area(code: entry.code)
        if let known, known.kind != entry.kind { return .failure(.kindChanges(from: known.kind.rawValue)) }
        let parent: Area?
        switch try parentOf(entry, known: known) {
        case .success(let found): parent = found
        case .failure(let refusal): return .failure(refusal)
        }
        guard let known else {
            _ = try addArea(code: entry.code, kind: entry.kind, name: entry.name, parent: parent?.id)
            return .success(.added)
        }
        if known.name == entry.name, known.parent == parent?.id { return .success(.unchanged) }
        try changeArea(known.id, name: entry.name, parent: parent?.id)
        return .success(.changed)
    }

    private func parentOf(_ entry: AreaEntry, known: Area?) throws -> Result<Area?, RegistryRefusal> {
        guard let code = entry.parent else {
            guard entry.kind == .city else { return .failure(.missing(field: "parent")) }
            if known == nil, let city = try reader.cityArea() { return .failure(.cityExists(code: city.code)) }
            return .success(nil)
        }
        guard let parent = try reader.area(code: code) else {
            return .failure(.unknownArea(field: "parent", code: code))
        }
        let isWithinCommunity = entry.kind <= .community || parent.kind >= .community
        guard parent.kind < entry.kind, isWithinCommunity else {
            return .failure(.wrongParent(kind: entry.kind.rawValue, parentKind: parent.kind.rawValue))
        }
        if let known, known.kind > .community,
            try reader.community(of: known.id) != (try reader.community(of: parent.id))
        {
            return .failure(.otherCommunity(field: "parent", of: known.code))
        }
        return .success(parent)
    }
}
