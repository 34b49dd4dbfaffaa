import Hummingbird
public import Logging
public import NIOCore
import NIOHTTP1
public import NIOHTTPTypes

/// What a connection does by itself:
///
/// - A client that waits to be asked for its body (`Expect: 100-continue`, RFC 9110, 10.1.1) is told to send it, once the
///   requests before are answered. Without an answer curl waits a second before each large body, simpler firmware for ever.
/// - After an answer that says `Connection: close` the connection is closed, whatever is still being sent. The answer to a
///   request that asks for it, or is of HTTP/1.0 without `keep-alive`, says so.
/// - Of a body that still comes after its answer 1 MiB and 10 seconds are let pass; then the connection is closed.
/// - Bytes that are no HTTP leave a line in the log, with the reason alone.
public final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    private static let restSeconds: Int64 = 10
    private static let restBytes = 1_024 * 1_024

    private let logger: Logger?
    /// The requests whose answers have not ended, in their order: whether the connection ends with the answer.
    private var unanswered: [Bool] = []
    /// The last of them waits to be asked for its body.
    private var isWaiting = false
    private var closesAfterAnswer = false
    /// The last request's body has not ended.
    private var isBodyOpen = false
    /// Bytes that may still come of a body that is answered, and what ends it.
    private var bytesLeft = 0
    private var deadline: Scheduled<Void>?

    public init(logger: Logger? = nil) { self.logger = logger }

    public func handlerAdded(context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(RequestVersionHandler(), position: .after(decoder))
        } catch {
            context.fireErrorCaught(error)
        }
    }

    public func handlerRemoved(context: ChannelHandlerContext) { endDeadline() }

    public func channelInactive(context: ChannelHandlerContext) {
        endDeadline()
        context.fireChannelInactive()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? HTTPParserError {
        // The client went, or sends on after it asked to close: nothing of it was to be read.
        case nil, .invalidEOFState, .closedConnection: break
        case let fault?: logger?.info("no HTTP", metadata: ["reason": "\(fault)"])
        }
        context.fireErrorCaught(error)
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request):
            unanswered.append(request.headerFields[.connection]?.lowercased() == "close")
            isBodyOpen = true
            isWaiting = request.headerFields[.expect]?.lowercased() == "100-continue"
            askForBody(context)
        case .body(let bytes):
            isWaiting = false
            guard deadline != nil else { break }
            bytesLeft -= bytes.readableBytes
            if bytesLeft < 0 {
                context.close(promise: nil)
                return
            }
        case .end:
            isWaiting = false
            isBodyOpen = false
            endDeadline()
        }
        context.fireChannelRead(data)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var response) where response.status.kind != .informational:
            if unanswered.first == true { response.headerFields[.connection] = "close" }
            closesAfterAnswer = response.headerFields[.connection]?.lowercased() == "close"
            // Answered without its body: it is not asked for any more.
            if unanswered.count == 1 { isWaiting = false }
            context.write(wrapOutboundOut(.head(response)), promise: promise)
        case .end:
            // The answer to bytes that are no request ends none.
            if !unanswered.isEmpty { unanswered.removeFirst() }
            guard !closesAfterAnswer else {
                context.writeAndFlush(data, promise: promise)
                context.close(promise: nil)
                return
            }
            context.write(data, promise: promise)
            askForBody(context)
            boundRest(context)
        default: context.write(data, promise: promise)
        }
    }

    private func askForBody(_ context: ChannelHandlerContext) {
        guard isWaiting, unanswered.count == 1 else { return }
        isWaiting = false
        context.writeAndFlush(wrapOutboundOut(.head(.init(status: .continue))), promise: nil)
    }

    private func boundRest(_ context: ChannelHandlerContext) {
        guard isBodyOpen, unanswered.isEmpty else { return }
        endDeadline()
        bytesLeft = Self.restBytes
        deadline = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: .seconds(Self.restSeconds)) {
            context.close(promise: nil)
        }
    }

    private func endDeadline() {
        deadline?.cancel()
        deadline = nil
    }
}
