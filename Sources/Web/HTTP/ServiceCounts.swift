import Operations
import Synchronization

/// What this process counts of its own work since it began, for `GET /metrics`. Of routes, never of addresses: there are
/// as many series as routes, methods and statuses.
final class ServiceCounts: Sendable {
    struct Requests: Sendable, Hashable, Comparable {
        let method: String
        let route: String
        let status: Int

        static func < (a: Requests, b: Requests) -> Bool {
            (a.route, a.method, a.status) < (b.route, b.method, b.status)
        }
    }

    /// Answer times of a route: how many took no longer than each of `bounds`, and all together.
    struct Times: Sendable {
        static let bounds: [Int64] = [10, 50, 250, 1_000, 5_000, 30_000]

        private(set) var within = [Int](repeating: 0, count: Times.bounds.count)
        private(set) var count = 0
        private(set) var microseconds: Int64 = 0

        mutating func add(_ taken: Int64) {
            for (index, bound) in Times.bounds.enumerated() where taken <= bound * 1_000 { within[index] += 1 }
            count += 1
            microseconds &+= taken
        }
    }

    struct Readings: Sendable {
        /// Readings kept, those of unregistered meters among them.
        var kept = 0
        /// Items that wait for a meter, were refused, or are telegrams kept as they were heard.
        var held = 0
        var rejected = 0
        var undecoded = 0
    }

    struct All: Sendable {
        var requests: [Requests: Int] = [:]
        var times: [String: Times] = [:]
        var readings = Readings()
    }

    private let state = Mutex(All())

    var all: All { state.withLock { $0 } }

    func answered(_ request: Requests, microseconds: Int64) {
        state.withLock { all in
            all.requests[request, default: 0] += 1
            all.times[request.route, default: Times()].add(microseconds)
        }
    }

    func recorded(_ answer: RecordAnswer) {
        state.withLock { all in
            all.readings.kept += answer.readings
            all.readings.held += answer.held
            all.readings.rejected += answer.rejected
            all.readings.undecoded += answer.undecoded
        }
    }
}
