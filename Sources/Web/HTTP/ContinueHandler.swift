import Hummingbird
public import NIOCore
public import NIOHTTPTypes

/// Tells a client that waits to be asked for its body (`Expect: 100-continue`, RFC 9110, 10.1.1) to send it. Without an
/// answer curl waits a second before each large body, and simpler firmware for ever.
public final class ContinueHandler: ChannelInboundHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundOut = HTTPResponsePart

    public init() {}

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let request) = unwrapInboundIn(data),
            request.headerFields[.expect]?.lowercased() == "100-continue"
        {
            context.writeAndFlush(wrapOutboundOut(.head(.init(status: .continue))), promise: nil)
        }
        context.fireChannelRead(data)
    }
}
