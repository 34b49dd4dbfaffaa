import NIOCore

/// Lets pass what a client still sends after its last answer, for a while and up to a number of bytes, and then closes
/// the connection. Added as the output is closed: where the client closes its side too, the connection ends by itself.
///
/// A socket that is closed with bytes unread resets the connection, and a client that is still sending then sees that
/// instead of its answer. Source: RFC 9112, 9.6.
final class PartingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let time: TimeAmount
    private var bytesLeft: Int
    private var deadline: Scheduled<Void>?

    init(bytes: Int, time: TimeAmount) {
        bytesLeft = bytes
        self.time = time
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: time) {
            context.close(promise: nil)
        }
        // The handlers behind ask for no more where what they have is not heard to its end.
        context.read()
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytesLeft -= unwrapInboundIn(data).readableBytes
        if bytesLeft < 0 { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        context.read()
    }
}
