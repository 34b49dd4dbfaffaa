import Foundation

/// The connections to one server: at most so many, opened when needed, closed when nobody needs them.
actor PostgresPool {
    private let address: String
    private let limits: PostgresLimits
    private var idle: [(connection: PostgresConnection, since: ContinuousClock.Instant)] = []
    private var open = 0
    private var waiting: [(number: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    private var nextNumber = 0
    private var isSweeping = false

    init(address: String, limits: PostgresLimits) {
        self.address = address
        self.limits = limits
    }

    /// A connection of one's own until it is given back. Waits its turn where all are in use.
    func take() async throws -> PostgresConnection {
        if !waiting.isEmpty || open >= limits.connections, idle.isEmpty { try await waitForTurn() }
        if let free = idle.popLast() { return free.connection }
        open += 1
        do {
            return try await connectPatiently()
        } catch {
            close()
            throw error
        }
    }

    /// Takes a connection back; one that cannot be used again is closed.
    func giveBack(_ connection: PostgresConnection) async {
        guard await connection.isUsable(), !connection.cancellation.isUsed else {
            close()
            return
        }
        idle.append((connection, .now))
        admitNext()
        sweepLater()
    }

    /// Closes the connections nobody uses: after one was lost the others are likely to be, too.
    func closeIdle() {
        open -= idle.count
        idle = []
    }

    private func close() {
        open -= 1
        admitNext()
    }

    private func admitNext() {
        if !waiting.isEmpty { waiting.removeFirst().continuation.resume() }
    }

    private func connectPatiently() async throws -> PostgresConnection {
        var pause = Duration.milliseconds(100)
        for attempt in 1... {
            let connection = PostgresConnection(address: address, limits: limits)
            do {
                try await connection.open()
                return connection
            } catch {
                guard case .unreachable = error, attempt < limits.reconnects else { throw error }
            }
            // Two processes that lost one server should not come back in step.
            try await Task.sleep(for: pause * Double.random(in: 0.5...1))
            pause = min(pause * 2, .seconds(4))
        }
        throw DatabaseFailure.busy
    }

    private func waitForTurn() async throws {
        nextNumber += 1
        let number = nextNumber
        let limit = Task { [limits] in
            try await Task.sleep(for: .seconds(limits.waitSeconds))
            self.turnAway(number, because: DatabaseFailure.busy)
        }
        defer { limit.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting.append((number, $0)) }
        } onCancel: {
            Task { await self.turnAway(number, because: CancellationError()) }
        }
    }

    private func turnAway(_ number: Int, because reason: any Error) {
        guard let place = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: place).continuation.resume(throwing: reason)
    }

    /// Closes connections once they have been idle for long; runs only while there are any.
    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        Task { [weak self, limits] in
            while await self?.sweep() == true { try await Task.sleep(for: .seconds(limits.idleSeconds / 2)) }
        }
    }

    private func sweep() -> Bool {
        let fresh = idle.filter { $0.since.duration(to: .now) < .seconds(limits.idleSeconds) }
        open -= idle.count - fresh.count
        idle = fresh
        isSweeping = !idle.isEmpty
        return isSweeping
    }
}
