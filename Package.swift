// swift-tools-version: 6.2
import PackageDescription

// Every target: Swift 6 mode, warnings are errors, explicit existentials, imports internal by default.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// Targets that only compute also forbid unsafe memory.
let pure: [SwiftSetting] = house + [.strictMemorySafety()]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let parser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "jieshui",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "jieshui", targets: ["jieshui"]),
        .executable(name: "jieshui-bench", targets: ["Bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: ["JSON"]),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .target(name: "Water", dependencies: [crypto], swiftSettings: pure),
        .target(name: "Ingest", dependencies: ["Water", crypto, cryptoExtras], swiftSettings: pure),
        .target(name: "Metering", dependencies: ["Water"], swiftSettings: pure),
        .target(name: "Tariffs", dependencies: ["Water", yams], swiftSettings: pure),
        .target(name: "Scoring", dependencies: ["Water", "Tariffs"], swiftSettings: pure),
        .target(name: "Ledger", dependencies: ["Water"], swiftSettings: pure),
        .target(
            name: "Database",
            dependencies: [
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
                logging,
                "CPostgres",
            ],
            swiftSettings: house),
        .target(
            name: "Storage",
            dependencies: ["Water", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "CZstd"],
            swiftSettings: house),
        .target(
            name: "Operations",
            dependencies: [
                "Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Storage",
                crypto, cryptoExtras, logging,
            ],
            swiftSettings: house),
        .target(
            name: "Exporters",
            dependencies: [
                "Water", "Scoring", "Ledger", "Database", "Storage", "Operations", "CCurl", crypto, logging,
            ],
            swiftSettings: house),
        .target(
            name: "Web",
            dependencies: [
                "Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Storage", "Operations",
                hummingbird, .product(name: "Mustache", package: "swift-mustache"), logging, nio,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"), "CZlib", "CZstd",
            ],
            resources: [.copy("Templates"), .copy("Assets"), .copy("Texts")],
            swiftSettings: house),
        .executableTarget(
            name: "jieshui",
            dependencies: [
                "Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Storage", "Operations",
                "Exporters", "Web", .target(name: "CMalloc", condition: .when(platforms: [.linux])), hummingbird,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                nio, logging, parser,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: house),
        .executableTarget(
            name: "Bench",
            dependencies: ["Water", "Database", "Storage", parser],
            swiftSettings: house),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(
            name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .testTarget(name: "WaterTests", dependencies: ["Water"], swiftSettings: house),
        .testTarget(name: "IngestTests", dependencies: ["Ingest", "Water", crypto], swiftSettings: house),
        .testTarget(name: "MeteringTests", dependencies: ["Metering", "Water"], swiftSettings: house),
        .testTarget(name: "TariffsTests", dependencies: ["Tariffs", "Water"], swiftSettings: house),
        .testTarget(name: "ScoringTests", dependencies: ["Scoring", "Tariffs", "Water"], swiftSettings: house),
        .testTarget(name: "LedgerTests", dependencies: ["Ledger", "Water"], swiftSettings: house),
        .testTarget(name: "DatabaseTests", dependencies: ["Database"], swiftSettings: house),
        .testTarget(
            name: "OperationsTests",
            dependencies: [
                "Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Storage", "Operations",
            ],
            swiftSettings: house),
        .testTarget(
            name: "ExportersTests",
            dependencies: ["Water", "Database", "Storage", "Operations", "Exporters"], swiftSettings: house),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Water", "Ingest", "Metering", "Tariffs", "Scoring", "Ledger", "Database", "Storage", "Operations",
                "Web",
                hummingbird, logging, .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "JieshuiTests",
            dependencies: ["jieshui", "Water", "Ledger", "Database", "Storage", "Operations", logging, parser],
            swiftSettings: house),
        .testTarget(name: "TidyTests", swiftSettings: house),
    ]
)
