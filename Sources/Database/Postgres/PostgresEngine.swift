/// PostgreSQL through libpq: transactions on snapshots (REPEATABLE READ), run again where that can help.
struct PostgresEngine: Sendable {
    private let pool: PostgresPool
    private let limits: PostgresLimits

    init(address: String, limits: PostgresLimits) throws(DatabaseFailure) {
        self.limits = limits
        pool = PostgresPool(address: address, limits: limits)
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        // Nothing is changed by a read, so it may always be run again.
        try await run(repeatable: true) { await $0.read(body) }
    }

    func write<T: Sendable>(
        repeatable: Bool, _ durability: Durability, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try await run(repeatable: repeatable) { await $0.write(durability, body) }
    }

    private func run<T: Sendable>(
        repeatable: Bool, _ transaction: @Sendable (PostgresConnection) async -> PostgresConnection.Ending<T>
    ) async throws -> T {
        for attempt in 1... {
            try Task.checkCancellation()
            let connection = try await pool.take()
            let ending = await withTaskCancellationHandler {
                await transaction(connection)
            } onCancel: {
                connection.cancellation.cancel()
            }
            if connection.cancellation.isUsed { connection.cancellation.end() }
            await pool.giveBack(connection)
            let isLast = attempt >= limits.tries
            switch ending {
            case .value(let value): return value
            case .unknown:
                await pool.closeIdle()
                if !repeatable || isLast { throw DatabaseFailure.outcomeUnknown }
            case .failed(let error, let trouble):
                try Task.checkCancellation()
                guard let trouble, !isLast else { throw error }
                switch trouble {
                // The others are likely to have gone, or to hold the same plans.
                case .lost, .stalePlan: await pool.closeIdle()
                case .conflict, .keyTaken: break
                }
            }
            // A jittered pause, growing: those that met once should not meet again.
            try await Task.sleep(for: .milliseconds(4 << attempt) * Double.random(in: 0.5...1.5))
        }
        throw DatabaseFailure.busy
    }

    /// See `Database.distribute`.
    func distribute(_ plan: Distribution) async throws -> Int? {
        let connection = try await pool.take()
        do {
            let count = try await connection.withoutTransaction { try $0.distribute(plan) }
            await pool.giveBack(connection)
            return count
        } catch {
            await pool.giveBack(connection)
            throw error
        }
    }
}
