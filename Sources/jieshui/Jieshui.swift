import ArgumentParser

@main
struct Jieshui: AsyncParsableCommand {
    mutating func run() async throws {}
}
