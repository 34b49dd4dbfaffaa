/// Targets that only compute: values in, values out.
let pureTargets: Set<String> = ["Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger"]

/// Targets below the edge: time, ids and random bytes are given to them.
private let belowEdge: Set<String> = pureTargets.union(["Database", "Storage", "Operations"])

/// Targets in which volumes, money and points are computed.
private let exactTargets: Set<String> = ["Ingest", "Metering", "Tariffs", "Scoring", "Ledger"]

let edgeRules: [Rule] = [
    Rule(
        name: "no clock, fresh id or randomness below the edge",
        // A pool's pauses and idle times decide nothing that is stored: the way to a server is an edge too.
        covers: {
            $0.isSwift && ($0.target.map(belowEdge.contains) ?? false)
                && !$0.path.hasPrefix("Sources/Database/Postgres/")
        },
        breaches: { source in
            source.breaches(
                in: source.code,
                #/\bDate\(\)|\bDate\.now\b|\bDate\(timeIntervalSinceNow|\bUUID\(\)|\.random\((?![^)]*\busing:)|\bSystemRandomNumberGenerator\b|\.shuffled\(\)|\.randomElement\(\)|Clock\.now\b|\bClock\(\)|\btime\(nil\)|\bclock_gettime\b|\bgettimeofday\b/#,
                "the clock, an id or randomness that is not given")
        },
        bad: [
            Rule.Example("Sources/Operations/A.swift", "let now = Date().ago"),
            Rule.Example("Sources/Ledger/A.swift", "let id = UUID()"),
            Rule.Example("Sources/Storage/A.swift", "let n = Int.random(in: 0..<9)"),
            Rule.Example("Sources/Database/A.swift", "let start = ContinuousClock.now.advanced()"),
        ],
        good: [
            Rule.Example(
                "Sources/Operations/A.swift",
                "func f(at: Instant, id: UUID) { .random(in: a, using: &b) } // not Date()"),
            Rule.Example("Sources/jieshui/A.swift", "let now = Date()"),
            Rule.Example("Sources/Database/Postgres/A.swift", "idle.append((connection, ContinuousClock.now))"),
        ]
    ),
    Rule(
        name: "no floating point where volumes, money or points are computed",
        covers: { $0.isSwift && ($0.target.map(exactTargets.contains) ?? false) },
        breaches: { source in
            source.breaches(
                in: source.code, #/\b(?:Double|Float|Float16|Float32|CGFloat|TimeInterval)\b/#, "floating point")
        },
        bad: [
            Rule.Example("Sources/Scoring/A.swift", "let litres: Double = 1"),
            Rule.Example("Sources/Ingest/A.swift", "let x = Float(text)"),
        ],
        good: [
            Rule.Example("Sources/Scoring/A.swift", "let litres: Int64 = 1 // never a Double"),
            Rule.Example("Sources/Bench/A.swift", "let seconds: Double = 1"),
        ]
    ),
    Rule(
        name: "no file, network, process or print in a target that only computes",
        covers: { $0.isSwift && ($0.target.map(pureTargets.contains) ?? false) },
        breaches: { source in
            source.breaches(
                in: source.code,
                #/\bFileManager\b|\bFileHandle\b|\bURLSession\b|\bProcess\(|\bProcessInfo\b|\bprint\(|contentsOfFile|contentsOf:\s*URL|\bawait\b/#,
                "input or output")
        },
        bad: [
            Rule.Example("Sources/Tariffs/A.swift", "let names = try FileManager.default.contents()"),
            Rule.Example("Sources/Water/A.swift", "print(volume)"),
            Rule.Example("Sources/Ledger/A.swift", "let x = await read()"),
        ],
        good: [
            Rule.Example("Sources/Tariffs/A.swift", "struct TariffFile { let text: String } // print("),
            Rule.Example("Sources/jieshui/A.swift", "print(volume)"),
        ]
    ),
    Rule(
        // The benchmark's ceiling is a table of its own that no city holds.
        name: "SQL text is in Storage and Database alone",
        covers: { $0.isSwift && ($0.target.map { !["Storage", "Database", "Bench"].contains($0) } ?? false) },
        breaches: { source in
            source.breaches(
                in: source.literals,
                #/\bSELECT\s+[\w(]|\bINSERT\s+(?:OR\s+\w+\s+)?INTO\b|\bUPDATE\s+\w+\s+SET\b|\bDELETE\s+FROM\b|\b(?:CREATE|DROP|ALTER)\s+(?:TABLE|INDEX|UNIQUE|VIEW)\b|\bPRAGMA\s+\w/#,
                "SQL text")
        },
        bad: [
            Rule.Example("Sources/Web/A.swift", "try all(\"SELECT name FROM area\")"),
            Rule.Example("Sources/Operations/A.swift", "let s = \"\"\"\n    DELETE FROM journal\n    \"\"\""),
        ],
        good: [
            Rule.Example("Sources/Storage/A.swift", "try all(\"SELECT name FROM area\")"),
            Rule.Example("Sources/Web/A.swift", "// SELECT name FROM area\nlet s = \"Select a month\""),
        ]
    ),
]
