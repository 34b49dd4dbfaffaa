import NIOCore

/// For how long a connection waits for its client.
struct ConnectionBounds: Sendable {
    /// For the rest of a body that nobody wants.
    let rest: TimeAmount
    /// For something to be taken of an answer that the system has no more room for. As long as an idle connection.
    let taking: TimeAmount
    /// The same once the server stops.
    let takingAtStop: TimeAmount
    /// For a client to close its side after the last answer.
    let parting: TimeAmount

    init(
        restMilliseconds: Int64 = 10_000, takingMilliseconds: Int64 = 75_000, takingAtStopMilliseconds: Int64 = 3_000,
        partingMilliseconds: Int64 = 2_000
    ) {
        rest = .milliseconds(restMilliseconds)
        taking = .milliseconds(takingMilliseconds)
        takingAtStop = .milliseconds(takingAtStopMilliseconds)
        parting = .milliseconds(partingMilliseconds)
    }
}
