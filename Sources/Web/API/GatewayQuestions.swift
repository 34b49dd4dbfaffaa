import Database
import Storage
import Water

/// Whose keys requests bring, asked of the database: those that come while one question is under way share the next.
actor GatewayQuestions {
    typealias Answer = (gateway: Gateway, registryVersion: Int64)

    private let database: Database
    private var waiting: [(keyHash: String, answer: CheckedContinuation<Answer?, any Error>)] = []
    private var isAsking = false

    init(database: Database) { self.database = database }

    /// The gateway of a key with the registry's version, both as of after the call; nil where no gateway has it.
    func gateway(keyHash: String) async throws -> Answer? {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append((keyHash, continuation))
            if isAsking { return }
            isAsking = true
            Task { await self.askAll() }
        }
    }

    private func askAll() async {
        while !waiting.isEmpty {
            let group = waiting
            waiting = []
            let hashes = Array(Set(group.map(\.keyHash)))
            do {
                let (gateways, version) = try await database.read { reader in
                    (try reader.gateways(keyHashes: hashes), try reader.currentRegistryVersion())
                }
                for (hash, answer) in group { answer.resume(returning: gateways[hash].map { ($0, version) }) }
            } catch {
                for (_, answer) in group { answer.resume(throwing: error) }
            }
        }
        isAsking = false
    }
}
