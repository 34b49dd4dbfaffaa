import ArgumentParser

/// Benchmarks on the real path, each as a ratio to a ceiling taken in the same run. Started by `scripts/bench`.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jieshui-bench", abstract: "Measures the service against a ceiling in the same run.",
        subcommands: [IngestBench.self, CloseBench.self])
}
