public import Storage
public import Water

/// What came back from one attempt.
public enum SendResult: Sendable, Hashable {
    /// A whole answer, or one whose body we stopped reading. `retryAfterSeconds` is what its `Retry-After` comes to.
    case answered(status: Int, retryAfterSeconds: Int64?)
    case failed(SendFailure)
}

/// Why no answer came. The raw value is a sentence for the failure list and holds no address.
public enum SendFailure: String, Error, Sendable, Hashable {
    case unusableSecret = "the signing secret cannot be used"
    case sealedSecret = "the signing secret is sealed and does not open with secret.key"
    case malformedAddress = "the address cannot be used"
    case unresolvedName = "the host name has no address"
    case addressRefused = "the host's address is private and not allowed"
    case cannotConnect = "no connection"
    case timedOut = "timed out"
    case notTrusted = "the TLS certificate or handshake failed"
    case notHTTP = "the answer was not of HTTP"
    case brokenOff = "the connection was broken off"
    case other = "the request failed"
}

/// The outcome of an attempt, and until when its target should be left alone.
public struct Verdict: Sendable, Hashable {
    public let outcome: DeliveryOutcome
    public let slowUntil: Instant?
}

/// Judges the `attempt`-th attempt (from 1), which ended at `at`.
///
/// 2xx is delivered; 410 ends the target; what cannot be sent at all, for its address or its secret, is exhausted at once;
/// everything else, redirects and a secret that waits for its key included, is tried again by the schedule and no sooner than a `Retry-After` asks (at most a
/// day). 429, 502, 504, a time-out and any `Retry-After` also slow the whole target down, by `slowSeconds` or what it asks.
/// Every wait counts from the end of the attempt. Standard Webhooks, delivery success and failure.
public func judge(
    _ result: SendResult, attempt: Int, at: Instant, jitterMillionths: Int64, slowSeconds: Int64
) -> Verdict {
    switch result {
    case .answered(let status, _) where (200...299).contains(status):
        return Verdict(outcome: .delivered(status: status), slowUntil: nil)
    case .answered(let status, _) where status == 410:
        return Verdict(outcome: .gone(status: status), slowUntil: nil)
    case .answered(let status, let asked):
        let asked = asked.flatMap { $0 > 0 ? min($0, 86_400) : nil }
        let isSlow = [429, 502, 504].contains(status) || asked != nil
        let slowUntil = isSlow ? at + (asked ?? slowSeconds) : nil
        let reason =
            (300...399).contains(status) ? "answered \(status): redirects are not followed" : "answered \(status)"
        return failure(
            attempt, at, jitterMillionths, noSoonerThan: asked.map { at + $0 }, slowUntil, status: status, reason)
    case .failed(let failed) where [.malformedAddress, .unusableSecret].contains(failed):
        return Verdict(outcome: .exhausted(status: nil, error: failed.rawValue), slowUntil: nil)
    case .failed(let failed):
        let slowUntil = failed == .timedOut ? at + slowSeconds : nil
        return failure(
            attempt, at, jitterMillionths, noSoonerThan: nil, slowUntil, status: nil, failed.rawValue)
    }
}

private func failure(
    _ attempt: Int, _ at: Instant, _ jitter: Int64, noSoonerThan: Instant?, _ slowUntil: Instant?, status: Int?,
    _ reason: String
) -> Verdict {
    guard let scheduled = nextAttempt(after: attempt, at: at, jitterMillionths: jitter) else {
        return Verdict(outcome: .exhausted(status: status, error: reason), slowUntil: slowUntil)
    }
    let next = max(scheduled, noSoonerThan ?? scheduled)
    return Verdict(outcome: .retry(at: next, status: status, error: reason), slowUntil: slowUntil)
}
