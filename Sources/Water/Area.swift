/// The rungs of the city's grid, widest first. A household's area may be any rung at or below its community.
public enum AreaKind: String, Sendable, Hashable, CaseIterable, Comparable {
    case city, district, street, community, grid, building, unit

    /// 市 区 街道 社区 网格 楼栋 单元.
    public var depth: Int { AreaKind.allCases.firstIndex(of: self) ?? 0 }

    public static func < (a: AreaKind, b: AreaKind) -> Bool { a.depth < b.depth }
}

/// A node of the area tree.
public struct Area: Sendable, Hashable {
    public let id: AreaID
    /// Unique in the city, 1–32 of `0-9 A-Z a-z - .`; the first community levels follow the 15-digit grid code.
    public let code: String
    public let kind: AreaKind
    public let name: String
    public let parent: AreaID?

    public init(id: AreaID, code: String, kind: AreaKind, name: String, parent: AreaID?) {
        self.id = id
        self.code = code
        self.kind = kind
        self.name = name
        self.parent = parent
    }
}
