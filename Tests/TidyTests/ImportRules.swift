/// What each target may import besides Foundation. Imports run downwards only.
private let mayImport: [String: Set<String>] = [
    "Water": ["Crypto"],
    "Ingest": ["Water", "Crypto", "CryptoExtras"],
    "Metering": ["Water"],
    "Tariffs": ["Water", "Yams"],
    "Scoring": ["Water", "Tariffs"],
    "Ledger": ["Water"],
    "Database": ["GRDB", "GRDBSQLite", "CPostgres", "Dispatch", "Logging", "Synchronization"],
    "Storage": ["Water", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Synchronization", "CZstd"],
    "Operations": [
        "Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Storage", "Crypto", "CryptoExtras",
        "Logging", "Synchronization",
    ],
    "Exporters": [
        "Water", "Scoring", "Ledger", "Database", "Storage", "Operations", "CCurl", "Crypto", "Logging",
        "Synchronization", "Dispatch",
    ],
    "Web": [
        "Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Storage", "Operations", "Exporters",
        "Hummingbird", "HTTPTypes", "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "Mustache", "Crypto", "Logging",
        "Synchronization",
        "CZlib", "CZstd",
    ],
]

/// Libraries that stay behind one target, or behind what is kept and what is posted.
private let homes: [String: Set<String>] = [
    "GRDB": ["Database"], "GRDBSQLite": ["Database"], "CCurl": ["Exporters"], "CPostgres": ["Database"],
    "Mustache": ["Web"], "CZlib": ["Web"], "CZstd": ["Storage", "Web"],
    "CMalloc": ["jieshui"],
]

let importRules: [Rule] = [
    Rule(
        name: "imports run downwards only",
        covers: { $0.isSwift && ($0.target.map { mayImport[$0] != nil } ?? false) },
        breaches: { source in
            let allowed = source.target.flatMap { mayImport[$0] } ?? []
            return source.imports.filter { $0.module != "Foundation" && !allowed.contains($0.module) }
                .map { Breach(path: source.path, line: $0.line, what: "\(source.target ?? "") imports \($0.module)") }
        },
        bad: [
            Rule.Example("Sources/Ledger/A.swift", "import Storage"),
            Rule.Example("Sources/Metering/A.swift", "public import Ingest"),
            Rule.Example("Sources/Operations/A.swift", "@preconcurrency import struct Web.Routes"),
            Rule.Example("Sources/Water/A.swift", "internal import Logging"),
        ],
        good: [
            Rule.Example(
                "Sources/Web/A.swift", "import Foundation\npublic import Water\nimport struct Ledger.Transfer"),
            Rule.Example("Sources/jieshui/A.swift", "import ArgumentParser\nimport Web"),
            Rule.Example("Sources/Ledger/A.swift", "// import Storage\nlet a = \"import Storage\""),
            Rule.Example("Sources/Ledger/Ledger.docc/Ledger.md", "import json"),
        ]
    ),
    Rule(
        name: "a library stays behind its targets",
        covers: { $0.target != nil && $0.isSwift },
        breaches: { source in
            source.imports.filter { homes[$0.module].map { !$0.contains(source.target ?? "") } ?? false }
                .map {
                    let allowed = (homes[$0.module] ?? []).sorted().joined(separator: ", ")
                    return Breach(path: source.path, line: $0.line, what: "\($0.module) outside \(allowed)")
                }
        },
        bad: [
            Rule.Example("Sources/jieshui/A.swift", "import GRDB"), Rule.Example("Sources/Web/A.swift", "import CCurl"),
        ],
        good: [
            Rule.Example("Sources/Database/A.swift", "import GRDB"),
            Rule.Example("Sources/Exporters/A.swift", "import CCurl"),
        ]
    ),
    Rule(
        name: "package versions are pinned",
        covers: { $0.path == "Package.swift" },
        breaches: { source in
            source.lines.enumerated().filter { $0.element.contains(".package(") && !$0.element.contains("exact:") }
                .map { Breach(path: source.path, line: $0.offset + 1, what: "a version that is not exact") }
        },
        bad: [Rule.Example("Package.swift", ".package(url: \"https://a.example/b\", from: \"1.0.0\"),")],
        good: [Rule.Example("Package.swift", ".package(url: \"https://a.example/b\", exact: \"1.0.0\"),")]
    ),
]

extension SourceText {
    /// The modules that the file imports, with their lines.
    fileprivate var imports: [(module: String, line: Int)] {
        let statement =
            #/^\s*(?:@\w+\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/#
        return code.enumerated().compactMap { index, line in
            line.firstMatch(of: statement).map { (String($0.output.1), index + 1) }
        }
    }
}
