import Database
import Storage
public import Water

/// Communities whose readings cannot be moved into day sets, while those of all others are: by code, with why.
public struct NotFolded: Error, Sendable, Hashable {
    public let reasons: [String: String]
    public let communities: Set<CommunityID>

    public init(reasons: [String: String], communities: Set<CommunityID>) {
        self.reasons = reasons
        self.communities = communities
    }
}

extension NotFolded: CustomStringConvertible {
    private static let most = 5

    public var description: String {
        let told = reasons.sorted { $0.key < $1.key }.prefix(Self.most).map { "\($0.key) (\($0.value))" }
        let more = reasons.count > Self.most ? " and \(reasons.count - Self.most) more" : ""
        return "the readings of these communities cannot be folded: \(told.joined(separator: ", "))\(more)"
    }
}

extension FoldReadings {
    private static let pollMilliseconds: Int64 = 100

    /// Folds what the journal holds now, and not what arrives meanwhile: a city that never falls silent can still be
    /// measured. What other processes have in hand is left to them and waited for. Throws `NotFolded` once all else is.
    public func whatIsThere(at: Instant) async throws {
        var failed: [CommunityID: String] = [:]
        try await sweepAll(at: at, &failed)
        var marks = try await database.read { try $0.journalMarks() }
        var teller = WaitTeller(database, logger, of: worker.owner)
        while !marks.isEmpty {
            var hasMoved = false
            for (community, mark) in marks.sorted(by: { $0.key < $1.key }) {
                do {
                    while try await database.read({ try $0.hasJournal(of: community, upTo: mark) }) {
                        guard try await fold(community, keeping: true, at: at) != nil else { break }
                        hasMoved = true
                    }
                    if try await !database.read({ try $0.hasJournal(of: community, upTo: mark) }) {
                        marks[community] = nil
                    }
                } catch let error where error.isOfOneCommunity {
                    failed[community] = "\(error)"
                    marks[community] = nil
                }
                try await letGo()
            }
            if hasMoved { teller.rest() }
            if !marks.isEmpty, !hasMoved {
                try await teller.look(.fold, of: marks.keys)
                try await worker.pause(milliseconds: Self.pollMilliseconds)
            }
        }
        if !failed.isEmpty { throw try await notFolded(failed) }
    }

    private func sweepAll(at: Instant, _ failed: inout [CommunityID: String]) async throws {
        let owner = worker.owner
        while true {
            let (now, apart) = (worker.now(), Set(failed.keys))
            let (isOver, sweeps) = try await database.read { reader in
                let others = try reader.leasedByOthers(.fold, than: owner, at: now).union(apart)
                return (
                    try reader.nextSweeps(limit: 1, besides: apart).isEmpty,
                    try reader.nextSweeps(limit: Self.sweepsTogether, besides: others)
                )
            }
            if isOver { return }
            if let first = sweeps.first {
                do {
                    if try await visit(sweeps, at: at) != nil { continue }
                } catch let error where error.isOfOneCommunity {
                    failed[first.community] = "\(error)"
                    try await letGo()
                    continue
                }
            }
            try await worker.pause(milliseconds: Self.pollMilliseconds)
        }
    }

    private func notFolded(_ failed: [CommunityID: String]) async throws -> NotFolded {
        let codes = try await database.read { reader in
            try failed.keys.reduce(into: [CommunityID: String]()) { $0[$1] = try reader.area($1)?.code }
        }
        var reasons: [String: String] = [:]
        for (community, reason) in failed {
            let name = community == .unregistered ? "meters nobody registered" : "\(community)"
            reasons[codes[community] ?? name] = reason
        }
        return NotFolded(reasons: reasons, communities: Set(failed.keys))
    }
}
