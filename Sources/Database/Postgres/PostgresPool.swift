import Foundation

/// The connections to one server: at most so many, opened when needed, closed when nobody needs them.
actor PostgresPool {
    private let address: String
    private let limits: PostgresLimits
    private var idle: [(connection: PostgresConnection, since: ContinuousClock.Instant)] = []
    private var open = 0
    /// Only while no connection is idle and none may be opened.
    private var waiting: [(number: Int, continuation: CheckedContinuation<Turn, any Error>)] = []
    private var nextNumber = 0
    private var isSweeping = false

    /// What the next in line gets, from hand to hand: nobody who comes meanwhile may take it.
    private enum Turn: Sendable {
        case connection(PostgresConnection)
        /// Leave to open one, counted in `open`.
        case room
    }

    init(address: String, limits: PostgresLimits) {
        self.address = address
        self.limits = limits
    }

    /// A connection of one's own until it is given back. Waits its turn where all are in use.
    func take() async throws -> PostgresConnection {
        if let free = idle.popLast() { return free.connection }
        if open < limits.connections {
            open += 1
        } else if case .connection(let free) = try await waitForTurn() {
            return free
        }
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
        if !waiting.isEmpty {
            waiting.removeFirst().continuation.resume(returning: .connection(connection))
            return
        }
        idle.append((connection, .now))
        sweepLater()
    }

    /// Closes the connections nobody uses: what befell one is likely to befall the others, too. Nobody waits while there
    /// are any.
    func closeIdle() {
        open -= idle.count
        idle = []
    }

    private func close() {
        if waiting.isEmpty { open -= 1 } else { waiting.removeFirst().continuation.resume(returning: .room) }
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

    private func waitForTurn() async throws -> Turn {
        nextNumber += 1
        let number = nextNumber
        let limit = Task { [limits] in
            try await Task.sleep(for: .seconds(limits.waitSeconds))
            self.turnAway(number, because: DatabaseFailure.busy)
        }
        defer { limit.cancel() }
        return try await withTaskCancellationHandler {
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
