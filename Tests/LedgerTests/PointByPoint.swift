import Ledger
import Water

/// One household's points, each a thing of its own: slow, and too plain to be wrong in the same way as the ledger.
struct PointByPoint {
    struct Point {
        let lot: PostingID
        let reference: String
        let expiresAt: Instant
        var hold: PostingID?
    }

    var points: [Point] = []
    var debt = 0
    var holds: [PostingID: Instant] = [:]
    var net: [String: Int] = [:]
    var issued = 0
    var spent = 0
    var expired = 0
    var clawedBack = 0
    var writtenOff = 0
    /// What was let go of each award and has not come back.
    var letGo: [String: Int] = [:]

    var available: Int { points.count { $0.hold == nil } }
    var held: Int { points.count { $0.hold != nil } }

    /// Indices of the points in no hold and not expired, in the order they are taken.
    private func live(_ now: Instant, own reference: String? = nil) -> [Int] {
        points.indices.filter { points[$0].hold == nil && points[$0].expiresAt > now }.sorted { a, b in
            let (x, y) = (points[a], points[b])
            let (isOwnX, isOwnY) = (x.reference == reference, y.reference == reference)
            if isOwnX != isOwnY { return isOwnX }
            return x.expiresAt == y.expiresAt ? x.lot < y.lot : x.expiresAt < y.expiresAt
        }
    }

    mutating func award(_ key: AwardKey, _ target: Int, expiresAt: Instant, now: Instant, floor: Int) -> String {
        let change = target - net[key.reference, default: 0]
        net[key.reference] = target
        if change > 0 {
            let back = min(change, letGo[key.reference, default: 0])
            letGo[key.reference, default: 0] -= back
            writtenOff -= back
            issued += change - back
            for _ in back..<change {
                if debt > 0 {
                    debt -= 1
                } else {
                    points.append(Point(lot: key.postingID, reference: key.reference, expiresAt: expiresAt))
                }
            }
        }
        for _ in 0..<max(-change, 0) {
            if let index = live(now, own: key.reference).first {
                points.remove(at: index)
                clawedBack += 1
            } else if debt < floor {
                endDue(now: now)
                debt += 1
                clawedBack += 1
            } else {
                writtenOff += 1
                letGo[key.reference, default: 0] += 1
            }
        }
        return "ok"
    }

    mutating func hold(_ id: PostingID, _ count: Int, now: Instant, _ terms: LedgerTerms, free: Int64) -> String {
        if holds.count >= terms.openHoldLimit { return "tooManyOpenHolds" }
        let live = live(now)
        if count > live.count - debt { return "exceedsBalance" }
        if free == 0 { return "outOfStock" }
        for index in live.prefix(count) { points[index].hold = id }
        holds[id] = now + terms.holdSeconds
        return "ok"
    }

    mutating func confirm(_ id: PostingID, now: Instant) -> String {
        guard let until = holds[id] else { return "holdIsNotOpen" }
        if now >= until { return "holdHasExpired" }
        spent += points.count { $0.hold == id }
        points.removeAll { $0.hold == id }
        holds[id] = nil
        return "ok"
    }

    mutating func giveBack(_ id: PostingID, now: Instant, onlyOverdue: Bool) -> String {
        guard let until = holds[id] else { return "holdIsNotOpen" }
        if onlyOverdue && now < until { return "holdHasNotExpired" }
        let back = points.indices.filter { points[$0].hold == id }.sorted {
            (points[$0].expiresAt, points[$0].lot) < (points[$1].expiresAt, points[$1].lot)
        }
        for index in back { points[index].hold = nil }
        let repaid = back.prefix(debt)
        debt -= repaid.count
        points = points.indices.filter { !repaid.contains($0) }.map { points[$0] }
        holds[id] = nil
        return "ok"
    }

    mutating func expireLots(now: Instant) -> String {
        endDue(now: now) == 0 ? "nothingToExpire" : "ok"
    }

    /// What is past its expiry repays what is owed, and the rest is gone; how many points there were.
    @discardableResult
    private mutating func endDue(now: Instant) -> Int {
        let due = points.count { $0.hold == nil && $0.expiresAt <= now }
        points.removeAll { $0.hold == nil && $0.expiresAt <= now }
        let repaid = min(due, debt)
        debt -= repaid
        expired += due - repaid
        return due
    }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
