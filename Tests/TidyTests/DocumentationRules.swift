let documentationRules: [Rule] = [
    Rule(
        name: "public types, and functions of more than a line, of the targets that only compute say what they are",
        covers: { $0.isSwift && ($0.target.map(pureTargets.contains) ?? false) },
        breaches: { source in
            let type =
                #/^(?:@\w+(?:\([^)]*\))?\s+)*public\s+(?:final\s+|indirect\s+)?(?:struct|class|enum|actor|protocol)\s/#
            let function = #/^\s*(?:@\w+(?:\([^)]*\))?\s+)*public\s+(?:(?:static|mutating)\s+)*func\s+[A-Za-z_`]/#
            let longer = Set(source.functions.filter { $0.lines > 3 }.map(\.line))
            return source.code.enumerated().compactMap { index, line in
                let isSubject = line.contains(type) || (line.contains(function) && longer.contains(index + 1))
                guard isSubject, !source.isDocumented(index) else { return nil }
                return Breach(path: source.path, line: index + 1, what: "public, and not a word about it")
            }
        },
        bad: [
            Rule.Example("Sources/Water/A.swift", "public struct A {}"),
            Rule.Example("Sources/Ledger/A.swift", "// Why.\npublic func f() {\n    a()\n    b()\n}"),
            Rule.Example(
                "Sources/Ledger/A.swift",
                "extension A {\n    @inlinable\n    public static func f() {\n        a()\n        b()\n    }\n}"),
        ],
        good: [
            Rule.Example(
                "Sources/Water/A.swift",
                "/// A.\n@frozen\npublic struct A {\n    public init() {}\n    public func f() { a() }\n}"),
            Rule.Example("Sources/Water/A.swift", "public static func < (a: A, b: A) -> Bool { true }"),
            Rule.Example("Sources/Web/A.swift", "public struct A {}"),
        ]
    )
]

extension SourceText {
    /// True where a line of documentation stands before the declaration's attributes.
    fileprivate func isDocumented(_ index: Int) -> Bool {
        var before = index - 1
        while before >= 0, lines[before].drop(while: \.isWhitespace).hasPrefix("@") { before -= 1 }
        return before >= 0 && lines[before].drop(while: \.isWhitespace).hasPrefix("///")
    }
}
