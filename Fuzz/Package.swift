// swift-tools-version: 6.2
import PackageDescription

// The decoders with libFuzzer's instrumentation, for scripts/fuzz. Sources are links into the package above, so that
// nothing but swift-crypto is built besides.
let instrumented: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=fuzzer"]),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    products: [.library(name: "Fuzz", type: .static, targets: ["Fuzz"])],
    dependencies: [.package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2")],
    targets: [
        .target(name: "Water", dependencies: [crypto], swiftSettings: instrumented),
        .target(name: "Ingest", dependencies: ["Water", crypto, cryptoExtras], swiftSettings: instrumented),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // A library, for libFuzzer brings its own main; scripts/fuzz links the two.
        .target(
            name: "Fuzz", dependencies: ["Water", "Ingest", "CZlib", "CZstd", crypto], swiftSettings: instrumented),
    ]
)
