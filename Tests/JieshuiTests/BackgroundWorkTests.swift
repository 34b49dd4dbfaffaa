import Logging
import Synchronization
import Testing

@testable import jieshui

struct BackgroundWorkTests {
    private struct Untidy: Error {}

    /// What is told of a work that was cancelled before its first round, by what its end throws.
    private func told(_ last: @escaping @Sendable () async throws -> Void) async throws -> [String] {
        let log = WrittenLog()
        let work = RepeatedWork(
            name: "fold", pause: .zero, logger: Logger(label: "test") { _ in log }, round: { true }, last: last)
        try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await work.run()
        }.value
        return log.lines.withLock { $0 }
    }

    @Test func `a work that is cancelled ends without a word, one that fails in its end tells so`() async throws {
        #expect(try await told {} == [])
        #expect(try await told { try Task.checkCancellation() } == [])
        #expect(
            try await told { throw Untidy() } == ["a background work ended untidily error=Untidy() work=fold"])
    }
}

/// Keeps each line as its message and metadata.
private final class WrittenLog: LogHandler, Sendable {
    let lines = Mutex<[String]>([])

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted().joined()
        lines.withLock { $0.append("\(event.message)\(fields)") }
    }

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
