public import Database
public import Logging
import Storage
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
    /// Attempts made at once, and of those to one target.
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
/// A crash between sending and noting sends again, with the same `webhook-id`, when the claim runs out: at least
/// once, never zero times. Any number of processes may run it: numbered claims keep them apart, and one that was slower
/// than its claim notes nothing.
public struct DeliveryService: Sendable {
    private let database: Database
    private let settings: DeliverySettings
    private let logger: Logger
    private let now: @Sendable () -> Instant
    private let jitter: @Sendable () -> Int64
    private let sender: HTTPSender
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - now: the clock of `run()`.
    ///   - jitter: millionths, 0–1,000,000, another one at every call.
    public init(
        database: Database, settings: DeliverySettings = DeliverySettings(), logger: Logger,
        now: @escaping @Sendable () -> Instant, jitter: @escaping @Sendable () -> Int64
    ) {
        self.database = database
        self.settings = settings
        self.logger = logger
        self.now = now
        self.jitter = jitter
        sender = HTTPSender(
            limits: RequestLimits(
                connectMilliseconds: settings.connectMilliseconds, totalMilliseconds: settings.totalMilliseconds,
                answerBytes: settings.answerBytes, addresses: settings.addresses))
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Delivers until the task is cancelled; the round that runs then is finished and noted. To be called once.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await tick() }
            for await _ in wakes { await deliverAll() }
            group.cancelAll()
        }
    }

    /// Looks at the outbox now instead of at the next poll.
    public func wake() { waker.yield() }

    /// One round: at most a batch of what is due at `at`.
    public func deliverDue(at: Instant) async throws -> DeliveryRound {
        guard try await database.read({ try $0.hasDueDelivery(at: at) }) else { return DeliveryRound() }
        let due = try await claimDue(at: at)
        if due.isEmpty { return DeliveryRound() }
        let results = await send(due, at: at)
        let judged = zip(due, results).map { delivery, result in
            let verdict = judge(
                result, attempt: delivery.attempts + 1, at: at, jitterMillionths: jitter(),
                slowSeconds: settings.slowSeconds)
            return (delivery: delivery, verdict: verdict)
        }
        try await note(judged, at: at)
        return report(judged)
    }

    /// What this process takes; nothing where others kept being quicker. A claim whose commit was not heard of may be
    /// made twice: what it took runs out and is due again.
    private func claimDue(at: Instant) async throws -> [DueDelivery] {
        let settings = settings
        do {
            return try await database.write(repeatable: true) { transaction in
                try transaction.claimDueDeliveries(
                    at: at, leaseSeconds: settings.leaseSeconds, limit: settings.batch,
                    perTarget: settings.perTarget)
            }
        } catch DatabaseFailure.conflict {
            return []
        }
    }

    /// Notes the outcomes. One whose claim another process took over meanwhile is dropped: that process notes its own.
    private func note(_ judged: [(delivery: DueDelivery, verdict: Verdict)], at: Instant) async throws {
        try await database.write(repeatable: true) { transaction in
            for (delivery, verdict) in judged {
                let isNoted = try transaction.mark(delivery, verdict.outcome, at: at)
                if isNoted, let until = verdict.slowUntil { try transaction.slow(delivery.key.target, until: until) }
            }
        }
    }

    /// A result for each delivery; one that cannot be signed is not sent.
    private func send(_ due: [DueDelivery], at: Instant) async -> [SendResult] {
        var results = [SendResult](repeating: .failed(.unusableSecret), count: due.count)
        var requests: [(index: Int, request: HTTPRequest)] = []
        for (index, delivery) in due.enumerated() {
            do throws(SigningFailure) {
                requests.append((index, try delivery.request(at: at)))
            } catch {
                logger.error("a signing secret cannot be used", metadata: ["target": "\(delivery.targetName)"])
            }
        }
        let answers = await sender.send(requests.map(\.request))
        for ((index, _), answer) in zip(requests, answers) { results[index] = answer }
        return results
    }

    private func report(_ judged: [(delivery: DueDelivery, verdict: Verdict)]) -> DeliveryRound {
        var round = DeliveryRound()
        round.claimed = judged.count
        for (delivery, verdict) in judged {
            var metadata: Logger.Metadata = ["target": "\(delivery.targetName)", "event": "\(delivery.key.eventID)"]
            switch verdict.outcome {
            case .delivered: round.delivered += 1
            case .retry(let next, _, let error):
                round.retried += 1
                metadata["error"] = "\(error)"
                metadata["next"] = "\(next.utc)"
                logger.info("a delivery failed and is tried again", metadata: metadata)
            case .exhausted(_, let error):
                round.exhausted += 1
                metadata["error"] = "\(error)"
                logger.warning("a delivery is exhausted", metadata: metadata)
            case .gone:
                round.gone += 1
                logger.warning("a target is gone and disabled", metadata: metadata)
            }
        }
        return round
    }

    /// Rounds until nothing is due. Every round moves what it claimed out of the way, so this comes to an end.
    private func deliverAll() async {
        var hasMore = true
        while hasMore, !Task.isCancelled {
            // A task of its own: cancelling the service must not break off a round between sending and noting.
            let round = Task { try await deliverDue(at: now()) }
            do {
                hasMore = try await round.value.claimed > 0
            } catch {
                hasMore = false
                logger.error("deliveries cannot be claimed or noted", metadata: ["error": "\(error)"])
            }
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

extension DueDelivery {
    fileprivate func request(at: Instant) throws(SigningFailure) -> HTTPRequest {
        let secrets = [secret] + (previousSecret.map { [$0] } ?? [])
        let signature = try webhookSignature(id: key.eventID, at: at, body: body, secrets: secrets)
        return HTTPRequest(
            url: url,
            headers: [
                "content-type: application/json", "webhook-id: \(key.eventID)",
                "webhook-timestamp: \(at.epochSeconds)", "webhook-signature: \(signature)",
            ], body: body)
    }
}
