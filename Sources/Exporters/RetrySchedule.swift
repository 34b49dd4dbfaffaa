public import Water

/// Seconds from a failed attempt to the next: 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. Standard Webhooks,
/// deliverability and reliability; ten attempts over about three days.
private let waits: [Int64] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]

/// When to try again after `attempts` failed ones, the last of them at `at`; nil after the tenth.
///
/// `jitterMillionths` (0–1,000,000) lengthens the wait by up to a fifth, rounded up to whole seconds, so that what
/// failed together does not come back together.
public func nextAttempt(after attempts: Int, at: Instant, jitterMillionths: Int64) -> Instant? {
    guard attempts >= 1, attempts <= waits.count else { return nil }
    let wait = waits[attempts - 1]
    let jitter = max(0, min(jitterMillionths, 1_000_000))
    // wait ≤ 86,400 and jitter ≤ 10^6: far from overflow.
    let longer = -floorDivide(-wait * jitter, by: 5_000_000)
    return at + (wait + longer)
}
