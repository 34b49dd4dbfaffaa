import Hummingbird
public import NIOCore
public import NIOHTTPTypes

/// What a connection does by itself:
///
/// - A client that waits to be asked for its body (`Expect: 100-continue`, RFC 9110, 10.1.1) is told to send it, once the
///   requests before are answered. Without an answer curl waits a second before each large body, simpler firmware for ever.
/// - After an answer that says `Connection: close` the connection is closed, whatever is still being sent.
public final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    /// Requests whose answers have not ended.
    private var unanswered = 0
    /// The last of them waits to be asked for its body.
    private var isWaiting = false
    private var closesAfterAnswer = false

    public init() {}

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request):
            unanswered += 1
            isWaiting = request.headerFields[.expect]?.lowercased() == "100-continue"
            askForBody(context)
        case .body: isWaiting = false
        case .end: isWaiting = false
        }
        context.fireChannelRead(data)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let response) where response.status.kind != .informational:
            closesAfterAnswer = response.headerFields[.connection]?.lowercased() == "close"
            // Answered without its body: it is not asked for any more.
            if unanswered == 1 { isWaiting = false }
            context.write(data, promise: promise)
        case .end:
            unanswered -= 1
            guard !closesAfterAnswer else {
                context.writeAndFlush(data, promise: promise)
                context.close(promise: nil)
                return
            }
            context.write(data, promise: promise)
            askForBody(context)
        default: context.write(data, promise: promise)
        }
    }

    private func askForBody(_ context: ChannelHandlerContext) {
        guard isWaiting, unanswered == 1 else { return }
        isWaiting = false
        context.writeAndFlush(wrapOutboundOut(.head(.init(status: .continue))), promise: nil)
    }
}
