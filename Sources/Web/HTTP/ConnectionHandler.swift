import Hummingbird
public import Logging
public import NIOCore
import NIOHTTP1
public import NIOHTTPTypes
import Water

/// What a connection does by itself:
///
/// - A client that waits to be asked for its body (`Expect: 100-continue`, RFC 9110, 10.1.1) is told to send it when its
///   route begins to read it. Without an answer curl waits a second before each large body, simpler firmware for ever.
/// - After an answer that says `Connection: close` the connection is closed, whatever is still being sent. The answer
///   to a request that asks for it, is of HTTP/1.0, or is answered before its body is asked for, says so.
/// - Of a body that still comes after its answer 1 MiB and 10 seconds are let pass; then the connection is closed.
///   Where a longer one is announced, or one of no length, the answer says `Connection: close`.
/// - The body of a sender that is not known ends after 10 seconds, also where nothing of it comes; that of a known one
///   that is refused, once nothing of it has come for as long.
/// - A connection that is idle within a body is not closed before its request is answered.
/// - An answer is waited for as long as its client takes of it. Where it has taken nothing for 75 seconds, 3 once the
///   server stops, the connection is closed.
/// - A client that may still be sending when the connection ends has 2 seconds and 1 MiB more to read its answer, a
///   known one 32 MiB.
/// - Once the server stops, a body that has not ended is waited for no longer, and its request is answered without it.
/// - Bytes that are no HTTP are answered with the reason, and leave a line in the log with the reason alone.
public final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    private static let restBytes = 1_024 * 1_024
    private static let restBytesOfKnown = 32 * 1_024 * 1_024

    /// Whether the connection ends with an answer, or with the rest of the body that it answers.
    private enum Ending { case none, withAnswer, withRest }

    private let logger: Logger?
    private let bounds: ConnectionBounds
    private let answers: AnswerWatch
    /// The requests whose answers have not ended, in their order: whether the connection ends with the answer.
    private var unanswered: [Bool] = []
    /// The last of them waits to be asked for its body.
    private var isWaiting = false
    /// Bytes of the last request's body that have not come: nil after its end, `Int.max` at first where it tells no
    /// length.
    private var bytesToCome: Int?
    /// Of the answer that is being written, or was written last.
    private var ending = Ending.none
    /// An answer is begun and not ended.
    private var isAnswering = false
    /// Bytes that may still come of a body that is answered; nil where none is.
    private var bytesLeft: Int?
    /// What ends a body that nobody wants.
    private var deadline: Scheduled<Void>?
    /// Something of the body came since that was set.
    private var hasCome = false
    /// Bytes that may still come once the connection ends.
    private var partingBytes = ConnectionHandler.restBytes
    /// The last request's body was ended before its end.
    private var isCut = false
    /// Nothing that still comes is passed on.
    private var isDeaf = false
    /// Nothing more is answered: the connection ends once what is answered is taken.
    private var isEnding = false
    /// All of it is taken.
    private var hasEnded = false
    private var isStopping = false
    /// Why what came last is no HTTP.
    private var fault: HTTPParserError?

    public convenience init(logger: Logger? = nil) { self.init(logger: logger, bounds: ConnectionBounds()) }

    init(logger: Logger?, bounds: ConnectionBounds) {
        self.logger = logger
        self.bounds = bounds
        answers = AnswerWatch(bounds)
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(RequestVersionHandler(), position: .after(decoder))
        } catch {
            context.fireErrorCaught(error)
        }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        endDeadline()
        answers.end()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        endDeadline()
        answers.end()
        context.fireChannelInactive()
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { answers.noteRoom() }
        context.fireChannelWritabilityChanged()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let found = error as? HTTPParserError
        fault = found ?? fault
        switch found {
        // The client went, or sends on after it asked to close: nothing of it was to be read.
        case nil, .invalidEOFState, .closedConnection: break
        case let found?: logger?.info("no HTTP", metadata: ["reason": "\(found)"])
        }
        context.fireErrorCaught(error)
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { stop(context) }
        context.fireUserInboundEventTriggered(event)
    }

    public func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard let notice = event as? BodyNotice else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        switch notice {
        case .isWanted: askForBody(context)
        case .isOfStranger: boundStranger(context)
        case .isRefused:
            partingBytes = Self.restBytesOfKnown
            boundSilence(context)
        }
        promise?.succeed(())
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isDeaf { return }
        switch unwrapInboundIn(data) {
        case .head(let request):
            unanswered.append(isStopping || request.headerFields[.connection]?.lowercased() == "close")
            bytesToCome = announcedBytes(of: request)
            isWaiting = request.headerFields[.expect]?.lowercased() == "100-continue"
        case .body(let bytes):
            isWaiting = false
            hasCome = true
            bytesToCome = bytesToCome.map { $0 - bytes.readableBytes }
            guard let left = bytesLeft else { break }
            bytesLeft = left - bytes.readableBytes
            if left < bytes.readableBytes {
                context.close(promise: nil)
                return
            }
        case .end:
            isWaiting = false
            bytesToCome = nil
            endDeadline()
            if ending == .withRest, unanswered.isEmpty {
                context.close(promise: nil)
                return
            }
        }
        context.fireChannelRead(data)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let response) where response.status.kind != .informational:
            isAnswering = true
            if let fault, unanswered.isEmpty {
                writeRefusal(of: fault, context, promise)
            } else {
                writeHead(response, context, promise)
            }
        case .end:
            isAnswering = false
            // The answer to bytes that are no request ends none.
            if !unanswered.isEmpty { unanswered.removeFirst() }
            switch ending {
            case .withAnswer: writeLast(data, context, promise)
            case .withRest where bytesToCome == nil || !unanswered.isEmpty: writeLast(data, context, promise)
            case .none, .withRest:
                context.write(data, promise: promise)
                boundRest(context)
            }
        default: context.write(data, promise: promise)
        }
    }

    public func flush(context: ChannelHandlerContext) {
        context.flush()
        // What the system takes at once is not watched.
        if !context.channel.isWritable { watch(context) }
    }

    /// What the handlers behind close ends later where something is owed: an answer to who is idle within a body, the
    /// rest of an answer to who is taking it. A close that somebody waits for follows an answer that broke off.
    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .all where isEnding, .output where isEnding:
            if let promise { context.channel.closeFuture.cascade(to: promise) }
        case .all where promise == nil && bytesToCome != nil && !unanswered.isEmpty && !isDeaf:
            cutBody(.tooLate, context)
            setDeadline(context) { context.close(promise: nil) }
        case .all where promise == nil && AnswerWatch.waiting(context) > 0,
            .output where promise == nil && AnswerWatch.waiting(context) > 0:
            endOnceTaken(context)
        case .all, .output, .input: context.close(mode: mode, promise: promise)
        }
    }

    /// Bytes of the body that a request says it has.
    private func announcedBytes(of request: HTTPRequest) -> Int {
        guard request.headerFields[.transferEncoding] == nil else { return .max }
        return request.headerFields[.contentLength].flatMap { Int($0) } ?? 0
    }

    private func writeHead(
        _ response: HTTPResponse, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        var response = response
        ending = ending(of: response)
        if ending != .none { response.headerFields[.connection] = "close" }
        // Answered without its body: it is not asked for any more.
        if unanswered.count == 1 { isWaiting = false }
        context.write(wrapOutboundOut(.head(response)), promise: promise)
    }

    private func ending(of response: HTTPResponse) -> Ending {
        let saysSo = response.headerFields[.connection]?.lowercased() == "close"
        if saysSo || unanswered.first == true { return .withAnswer }
        guard unanswered.count == 1, let bytesToCome else { return .none }
        // Whether a client that was not asked sends its body all the same cannot be known.
        if isWaiting { return .withAnswer }
        return bytesToCome > Self.restBytes ? .withRest : .none
    }

    /// The framework's bare 400 becomes a refusal as any other.
    private func writeRefusal(
        of fault: HTTPParserError, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        let refused = Problem(fault)
        let bytes = ByteBuffer(bytes: refused.json(request: nil).bytes)
        var head = HTTPResponse(status: .init(code: refused.status))
        head.headerFields[.contentType] = "application/problem+json"
        head.headerFields[.contentLength] = "\(bytes.readableBytes)"
        head.headerFields[.cacheControl] = "no-store"
        head.headerFields[.xContentTypeOptions] = "nosniff"
        head.headerFields[.connection] = "close"
        ending = .withAnswer
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(bytes)), promise: promise)
    }

    /// What ends the connection once the system has all that the client is owed; what still comes is not heard.
    private func endOnceWritten(_ written: EventLoopPromise<Void>, _ context: ChannelHandlerContext) {
        isDeaf = true
        isEnding = true
        written.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in self.end(context) }
    }

    private func writeLast(_ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        endDeadline()
        endOnceWritten(written, context)
        context.writeAndFlush(data, promise: written)
        watch(context)
    }

    /// Of what is answered already the end is told by a write of no bytes after it.
    private func endOnceTaken(_ context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        endOnceWritten(written, context)
        do {
            let encoder = try context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
            encoder.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer())), promise: written)
            watch(context)
        } catch {
            written.fail(error)
        }
    }

    /// Closes, or where the client may still be sending, closes the output first.
    private func end(_ context: ChannelHandlerContext) {
        if hasEnded { return }
        hasEnded = true
        answers.end()
        guard isCut || bytesToCome != nil || !unanswered.isEmpty || fault != nil, context.channel.isActive else {
            context.close(promise: nil)
            return
        }
        do {
            let parting = PartingHandler(bytes: partingBytes, time: bounds.parting)
            try context.pipeline.syncOperations.addHandler(parting, position: .first)
            context.close(mode: .output, promise: nil)
        } catch {
            // The pipeline is gone: nobody is left to wait for.
            context.close(promise: nil)
        }
    }

    /// Looks from now on whether what is answered is taken.
    private func watch(_ context: ChannelHandlerContext) {
        guard !hasEnded, context.channel.isActive else { return }
        answers.isToTheEnd = isEnding
        answers.begin(context)
    }

    private func askForBody(_ context: ChannelHandlerContext) {
        guard isWaiting, unanswered.count == 1 else { return }
        isWaiting = false
        context.writeAndFlush(wrapOutboundOut(.head(.init(status: .continue))), promise: nil)
    }

    private func boundStranger(_ context: ChannelHandlerContext) {
        guard bytesToCome != nil, unanswered.count == 1 else { return }
        setDeadline(context) { self.cutBody(.tooLate, context) }
    }

    private func boundSilence(_ context: ChannelHandlerContext) {
        guard bytesToCome != nil, unanswered.count == 1 else { return }
        hasCome = false
        setDeadline(context) {
            if self.hasCome { self.boundSilence(context) } else { self.cutBody(.tooLate, context) }
        }
    }

    private func boundRest(_ context: ChannelHandlerContext) {
        guard bytesToCome != nil, unanswered.isEmpty else { return }
        bytesLeft = Self.restBytes
        setDeadline(context) { context.close(promise: nil) }
    }

    /// Whole requests are answered; with the last of them the connection ends.
    private func stop(_ context: ChannelHandlerContext) {
        isStopping = true
        answers.hasten(context)
        guard let last = unanswered.indices.last else { return }
        unanswered[last] = true
        if bytesToCome != nil { cutBody(.stopping, context) }
    }

    /// Ends the last request's body by an error, whatever is still being sent. The connection ends with its answer.
    private func cutBody(_ cut: BodyCut, _ context: ChannelHandlerContext) {
        endDeadline()
        isDeaf = true
        isWaiting = false
        isCut = true
        bytesToCome = nil
        if let last = unanswered.indices.last { unanswered[last] = true }
        if isAnswering, unanswered.count == 1 { ending = .withAnswer }
        context.fireErrorCaught(cut)
    }

    private func setDeadline(_ context: ChannelHandlerContext, _ work: @escaping () -> Void) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: bounds.rest, work)
    }

    private func endDeadline() {
        deadline?.cancel()
        deadline = nil
        bytesLeft = nil
    }
}
