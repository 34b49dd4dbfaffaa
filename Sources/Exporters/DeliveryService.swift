public import Database
public import Logging
public import Operations
import Storage
import Synchronization
public import Water

/// How deliveries are made.
public struct DeliverySettings: Sendable, Hashable {
    /// Which addresses may be connected to.
    public var addresses = AddressRules()
    public var connectMilliseconds = 5_000
    /// From name look-up to the end of the answer.
    public var totalMilliseconds = 20_000
    /// Bytes of an answer's body that are read.
    public var answerBytes = 65_536
    /// Attempts under way at once, and of those to one target.
    public var batch = 32
    public var perTarget = 8
    /// A claimed delivery that was never marked is due again after this. Longer than `totalMilliseconds`.
    public var leaseSeconds: Int64 = 60
    /// How long a target that is overloaded is left alone when it does not say.
    public var slowSeconds: Int64 = 60
    /// Between two looks at the outbox; up to a quarter is added.
    public var pollMilliseconds: Int64 = 2_000

    public init() {}
}

/// What one round of deliveries did.
public struct DeliveryRound: Sendable, Hashable {
    public var claimed = 0
    public var delivered = 0
    public var retried = 0
    public var exhausted = 0
    /// Targets that answered that they are gone.
    public var gone = 0

    public init() {}
}

/// Delivers events to targets: claims what is due, sends it, notes what came back.
///
/// Each attempt goes its own way: what came of it is noted when it ends, and what it leaves room for is claimed then, so
/// that a target that takes its time keeps no other waiting.
///
/// A crash between sending and noting sends again, with the same `webhook-id`, when the claim runs out: at least
/// once, never zero times. Any number of processes may run it: numbered claims keep them apart, and one that was slower
/// than its claim notes nothing.
public struct DeliveryService: Sendable {
    private let database: Database
    private let settings: DeliverySettings
    private let key: SealKey?
    private let logger: Logger
    private let now: @Sendable () -> Instant
    private let jitter: @Sendable () -> Int64
    private let sender: HTTPSender
    private let underWay = UnderWay()
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - key: what opens sealed signing secrets; without it deliveries to targets that have one wait.
    ///   - now: the clock: when an attempt begins and when it ends.
    ///   - jitter: millionths, 0–1,000,000, another one at every call.
    public init(
        database: Database, settings: DeliverySettings = DeliverySettings(), key: SealKey? = nil, logger: Logger,
        now: @escaping @Sendable () -> Instant, jitter: @escaping @Sendable () -> Int64
    ) {
        self.database = database
        self.settings = settings
        self.key = key
        self.logger = logger
        self.now = now
        self.jitter = jitter
        sender = HTTPSender(
            limits: RequestLimits(
                connectMilliseconds: settings.connectMilliseconds, totalMilliseconds: settings.totalMilliseconds,
                answerBytes: settings.answerBytes, addresses: settings.addresses), connections: settings.batch)
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Delivers until the task is cancelled; what is under way then ends and is noted. To be called once.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await tick() }
            for await _ in wakes { await beginAll() }
            group.cancelAll()
        }
        await underWay.end()
    }

    /// Looks at the outbox now instead of at the next poll.
    public func wake() { waker.yield() }

    /// One round: what is due at `at`, as much of it as may be under way at once, to its end.
    public func deliverDue(at: Instant) async throws -> DeliveryRound {
        let due = try await claimDue(at: at)
        return try await withThrowingTaskGroup(of: Verdict.self) { group in
            for delivery in due { group.addTask { try await attempt(delivery, at: at) } }
            var round = DeliveryRound()
            for try await verdict in group { round.add(verdict) }
            return round
        }
    }

    /// Claims what there is room for, and lets each attempt go its way.
    private func beginAll() async {
        var hasMore = true
        while hasMore, !Task.isCancelled {
            let at = now()
            // Tasks of their own: cancelling the service must not break off between claiming, sending and noting.
            let claiming = Task { try await claimDue(at: at) }
            do {
                let due = try await claiming.value
                hasMore = !due.isEmpty
                for delivery in due { begin(delivery, at: at) }
            } catch {
                hasMore = false
                logger.error("deliveries cannot be claimed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func begin(_ delivery: DueDelivery, at: Instant) {
        underWay.add(
            Task {
                do {
                    _ = try await attempt(delivery, at: at)
                } catch {
                    logger.error("a delivery cannot be noted", metadata: ["error": "\(error)"])
                }
                // There is room for another.
                wake()
            })
    }

    /// What this process takes; nothing where others kept being quicker, or as much as it may is under way. A claim whose
    /// commit was not heard of may be made twice: what it took runs out and is due again.
    private func claimDue(at: Instant) async throws -> [DueDelivery] {
        let (settings, busy) = (settings, underWay.targets)
        let room = settings.batch - busy.values.reduce(0, +)
        guard room > 0, try await database.read({ try $0.hasDueDelivery(at: at) }) else { return [] }
        do {
            let due = try await database.write(repeatable: true) { transaction in
                try transaction.claimDueDeliveries(
                    at: at, leaseSeconds: settings.leaseSeconds, limit: room, perTarget: settings.perTarget,
                    underWay: busy)
            }
            for delivery in due { underWay.begin(delivery.key.target) }
            return due
        } catch DatabaseFailure.conflict {
            return []
        }
    }

    /// Sends a claimed delivery and notes what came of it. One that cannot be signed is not sent; the outcome of one whose
    /// claim another process took over meanwhile is dropped: that process notes its own.
    private func attempt(_ delivery: DueDelivery, at: Instant) async throws -> Verdict {
        defer { underWay.end(delivery.key.target) }
        let begun = now()
        let result = await send(delivery, at: at)
        // What the target asks for counts from its answer.
        let ended = at + max(0, now() - begun)
        let verdict = judge(
            result, attempt: delivery.attempts + 1, at: ended, jitterMillionths: jitter(),
            slowSeconds: settings.slowSeconds)
        try await database.write(repeatable: true) { transaction in
            let isNoted = try transaction.mark(delivery, verdict.outcome, at: ended)
            if isNoted, let until = verdict.slowUntil { try transaction.slow(delivery.key.target, until: until) }
        }
        report(delivery, verdict)
        return verdict
    }

    private func send(_ delivery: DueDelivery, at: Instant) async -> SendResult {
        do throws(SigningFailure) {
            return await sender.send(try delivery.request(at: at, secrets: try secrets(of: delivery)))
        } catch {
            let failure: SendFailure =
                switch error {
                case .unusableSecret: .unusableSecret
                case .sealedSecret: .sealedSecret
                }
            logger.error(
                "a signing secret cannot be used",
                metadata: ["target": "\(delivery.targetName)", "error": "\(failure.rawValue)"])
            return .failed(failure)
        }
    }

    /// What signs: the current secret, and during a rotation the one before it. One before that no key opens any more does
    /// not hold up the current one, so that a rotation is the way out of a lost key.
    private func secrets(of delivery: DueDelivery) throws(SigningFailure) -> [String] {
        let current: Secret
        do throws(SealFault) {
            current = try TargetSecret.opened(delivery.secret, of: delivery.targetName, under: key)
        } catch {
            throw .sealedSecret
        }
        guard let kept = delivery.previousSecret else { return [current.text] }
        do throws(SealFault) {
            return [current.text, try TargetSecret.opened(kept, of: delivery.targetName, under: key).text]
        } catch {
            logger.warning(
                "the secret before does not open, so the current one signs alone",
                metadata: ["target": "\(delivery.targetName)"])
            return [current.text]
        }
    }

    private func report(_ delivery: DueDelivery, _ verdict: Verdict) {
        var metadata: Logger.Metadata = ["target": "\(delivery.targetName)", "event": "\(delivery.key.eventID)"]
        switch verdict.outcome {
        case .delivered: break
        case .retry(let next, _, let error):
            metadata["error"] = "\(error)"
            metadata["next"] = "\(max(next, verdict.slowUntil ?? next).utc)"
            logger.info("a delivery failed and is tried again", metadata: metadata)
        case .exhausted(_, let error):
            metadata["error"] = "\(error)"
            logger.warning("a delivery is exhausted", metadata: metadata)
        case .gone: logger.warning("a target is gone and disabled", metadata: metadata)
        }
    }

    /// Wakes the service at once and then at every poll, until cancelled.
    private func tick() async {
        while !Task.isCancelled {
            waker.yield()
            let pause = settings.pollMilliseconds + settings.pollMilliseconds * jitter() / 4_000_000
            do {
                try await Task.sleep(for: .milliseconds(pause))
            } catch {
                return
            }
        }
    }
}

extension DeliveryRound {
    fileprivate mutating func add(_ verdict: Verdict) {
        claimed += 1
        switch verdict.outcome {
        case .delivered: delivered += 1
        case .retry: retried += 1
        case .exhausted: exhausted += 1
        case .gone: gone += 1
        }
    }
}

/// The attempts of this process that have not ended.
private final class UnderWay: Sendable {
    private struct State {
        var targets: [TargetID: Int] = [:]
        var tasks: [Int: Task<Void, Never>] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    /// How many attempts each target has; one without is absent.
    var targets: [TargetID: Int] { state.withLock { $0.targets } }

    func begin(_ target: TargetID) { state.withLock { $0.targets[target, default: 0] += 1 } }

    func end(_ target: TargetID) {
        state.withLock { state in
            let left = (state.targets[target] ?? 1) - 1
            state.targets[target] = left > 0 ? left : nil
        }
    }

    /// Keeps a task until it has ended.
    func add(_ task: Task<Void, Never>) {
        let number = state.withLock { state in
            state.last += 1
            state.tasks[state.last] = task
            return state.last
        }
        Task {
            await task.value
            state.withLock { $0.tasks[number] = nil }
        }
    }

    /// Waits until every kept task has ended.
    func end() async {
        while let task = state.withLock({ $0.tasks.values.first }) {
            await task.value
            await Task.yield()
        }
    }
}

extension DueDelivery {
    fileprivate func request(at: Instant, secrets: [String]) throws(SigningFailure) -> HTTPRequest {
        let signature = try webhookSignature(id: key.eventID, at: at, body: body, secrets: secrets)
        return HTTPRequest(
            url: url,
            headers: [
                "content-type: application/json", "webhook-id: \(key.eventID)",
                "webhook-timestamp: \(at.epochSeconds)", "webhook-signature: \(signature)",
            ], body: body)
    }
}
