import Hummingbird
import NIOCore

/// What a route tells its connection of the body that it is at.
enum BodyNotice: Sendable {
    /// It is read now: who waits to be asked for it is asked.
    case isWanted
    /// Nobody known sends it.
    case isOfStranger
    /// It is read to its end and not kept, though its sender is known.
    case isRefused
}

/// Why a connection ended a body before its end.
enum BodyCut: Error {
    case tooLate, stopping
}

/// The connection that a request came on.
struct ClientConnection: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    func tell(_ notice: BodyNotice) { channel.triggerUserOutboundEvent(notice, promise: nil) }
}

extension Request {
    /// The sender waits to be asked for the body. Source: RFC 9110, 10.1.1.
    var waitsToBeAsked: Bool { header("Expect")?.lowercased() == "100-continue" }

    /// The same request, whose sender is asked for the body once that is read.
    func asking(on connection: ClientConnection) -> Request {
        guard waitsToBeAsked else { return self }
        var request = self
        request.body = RequestBody(asyncSequence: AskedBody(body: body, connection: connection))
        return request
    }
}

/// A body that is asked for before the first of it is awaited.
private struct AskedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let connection: ClientConnection

    func makeAsyncIterator() -> Iterator { Iterator(rest: body.makeAsyncIterator(), connection: connection) }

    struct Iterator: AsyncIteratorProtocol {
        var rest: RequestBody.AsyncIterator
        let connection: ClientConnection
        private var isAsked = false

        init(rest: RequestBody.AsyncIterator, connection: ClientConnection) {
            self.rest = rest
            self.connection = connection
        }

        mutating func next() async throws -> ByteBuffer? {
            if !isAsked { connection.tell(.isWanted) }
            isAsked = true
            return try await rest.next()
        }
    }
}
