public import Database
public import Water

/// The whole area tree as a value: a few thousand rows, read once for a task.
public struct AreaTree: Sendable {
    private let areas: [AreaID: Area]
    private let children: [AreaID: [AreaID]]

    public init(_ list: [Area]) {
        areas = Dictionary(list.map { ($0.id, $0) }) { first, _ in first }
        var children: [AreaID: [AreaID]] = [:]
        for area in list.sorted(by: { $0.code < $1.code }) {
            if let parent = area.parent { children[parent, default: []].append(area.id) }
        }
        self.children = children
    }

    public subscript(_ id: AreaID) -> Area? { areas[id] }

    /// nil before the city is set up.
    public var city: Area? { areas.values.first { $0.kind == .city } }

    /// The area itself, then what it lies in, up to the city; empty for an unknown area.
    public func chain(from area: AreaID) -> [Area] {
        var chain: [Area] = []
        var next = areas[area]
        while let current = next, chain.count < AreaKind.allCases.count {
            chain.append(current)
            next = current.parent.flatMap { areas[$0] }
        }
        return chain
    }

    /// The community an area is or lies in; nil above the communities.
    public func community(of area: AreaID) -> CommunityID? { chain(from: area).first { $0.kind == .community }?.id }

    /// True where `scope` is `area` or lies above it.
    public func covers(_ scope: AreaID, _ area: AreaID) -> Bool { chain(from: area).contains { $0.id == scope } }

    /// The communities that are or lie under `scope`, by code; with `scope` below a community, none.
    public func communities(under scope: AreaID) -> [Area] {
        guard let area = areas[scope] else { return [] }
        if area.kind == .community { return [area] }
        return (children[scope] ?? []).flatMap { communities(under: $0) }.sorted { $0.code < $1.code }
    }

    /// The areas directly below one, by code.
    public func children(of area: AreaID) -> [Area] { (children[area] ?? []).compactMap { areas[$0] } }
}

extension Reader {
    /// Every area, by number.
    public func areas() throws -> [Area] {
        try all("SELECT area_id, code, kind, name, parent_id FROM area ORDER BY area_id", Reader.area)
    }

    public func areaTree() throws -> AreaTree { AreaTree(try areas()) }

    public func area(_ id: AreaID) throws -> Area? {
        try first("SELECT area_id, code, kind, name, parent_id FROM area WHERE area_id = \(id)", Reader.area)
    }

    public func area(code: String) throws -> Area? {
        try first("SELECT area_id, code, kind, name, parent_id FROM area WHERE code = \(code)", Reader.area)
    }

    /// The city's own area; nil before it is set up.
    public func cityArea() throws -> Area? {
        try first("SELECT area_id, code, kind, name, parent_id FROM area WHERE kind = 'city'", Reader.area)
    }

    /// The area itself, then what it lies in, up to the city.
    public func areaChain(from area: AreaID) throws -> [Area] {
        var chain: [Area] = []
        var next: AreaID? = area
        while let id = next, chain.count < AreaKind.allCases.count, let current = try self.area(id) {
            chain.append(current)
            next = current.parent
        }
        return chain
    }

    /// The community an area is or lies in; nil above the communities.
    public func community(of area: AreaID) throws -> CommunityID? {
        try areaChain(from: area).first { $0.kind == .community }?.id
    }

    private static func area(_ row: Row) throws -> Area {
        guard let kind = AreaKind(rawValue: try row.text(2)) else { throw DatabaseFailure.unexpectedType(column: 2) }
        return Area(
            id: try row.id(0), code: try row.text(1), kind: kind, name: try row.text(3), parent: try row.idOrNil(4))
    }
}

extension Transaction {
    /// Adds an area; the caller has checked its place in the tree.
    public func addArea(code: String, kind: AreaKind, name: String, parent: AreaID?) throws -> AreaID {
        let id = try insertReturningKey(
            """
            INSERT INTO area (code, kind, name, parent_id) VALUES (\(code), \(kind.rawValue), \(name), \(parent))
            RETURNING area_id
            """)
        try raiseRegistryVersion()
        return AreaID(id)
    }

    /// Renames an area, or hangs it elsewhere.
    public func changeArea(_ id: AreaID, name: String, parent: AreaID?) throws {
        try execute("UPDATE area SET name = \(name), parent_id = \(parent) WHERE area_id = \(id)")
        try raiseRegistryVersion()
    }
}
