import NIOCore
import NIOHTTP1

/// Says in the words of HTTP/1.1 what a request's version implies, since the parts behind it do not carry the version.
///
/// - A request after which the connection is not kept (`close` among the options of `Connection`, RFC 9112, 9.3, or
///   HTTP/1.0) says `Connection: close` and nothing besides. One of HTTP/1.0 may ask to be kept by `keep-alive`, which
///   only an answer with the same word grants; none is.
/// - A request of HTTP/1.0 without `Host`, which only HTTP/1.1 asks for (RFC 9112, 3.2), gets an empty one.
/// - What a request of HTTP/1.0 expects (`Expect: 100-continue`) is not heard (RFC 9110, 10.1.1).
final class RequestVersionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        if !head.isKeepAlive || head.version == .http1_0 {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        }
        if head.version == .http1_0 {
            if !head.headers.contains(name: "Host") { head.headers.add(name: "Host", value: "") }
            head.headers.remove(name: "Expect")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
