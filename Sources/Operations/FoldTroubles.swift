import Database
import Storage
import Water

/// Communities whose folding failed, each left alone for a while that grows with every failure, so that the others go on.
struct FoldTroubles {
    private var communities: [CommunityID: (failures: Int, since: Instant)] = [:]

    private static let longestSeconds: Int64 = 600

    /// 2 s, twice as long each time, ten minutes at most.
    private static func seconds(after failures: Int) -> Int64 { min(longestSeconds, 1 << Int64(min(failures, 10))) }

    /// A clock that stepped back ends every while.
    func leftAlone(at: Instant) -> Set<CommunityID> {
        Set(
            communities.filter { at >= $0.value.since && at - $0.value.since < Self.seconds(after: $0.value.failures) }
                .keys)
    }

    /// Notes a failure; for how many seconds the community is left alone.
    mutating func note(_ community: CommunityID, at: Instant) -> Int64 {
        let failures = (communities[community]?.failures ?? 0) + 1
        communities[community] = (failures, at)
        return Self.seconds(after: failures)
    }

    /// A round of it succeeded.
    mutating func end(of community: CommunityID) { communities[community] = nil }
}

extension Error {
    /// It may lie in what a community has; false where the whole database is away or not fit, or the work was cancelled
    /// or taken over.
    var isOfOneCommunity: Bool {
        if self is CancellationError || self is LeaseLost { return false }
        guard let failure = self as? DatabaseFailure else { return true }
        return switch failure {
        case .constraint, .conflict, .tooSlow, .unexpectedType, .storage, .damaged, .other: true
        case .unknownAddress, .cannotOpen, .unreachable, .schemaTooNew, .schemaTooOld, .busy, .outcomeUnknown,
            .readOnly, .backup, .replaced:
            false
        }
    }
}
