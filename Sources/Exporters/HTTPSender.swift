import CCurl
import Foundation
import Synchronization

/// Sends requests with libcurl, any number at once, on a thread of its own: its executor is a dispatch queue, so that
/// waiting for the network never takes a thread of the cooperative pool. Each result comes when its own transfer ends.
/// Connections are kept and used again.
actor HTTPSender {
    private let executor = ThreadExecutor(label: "jieshui.deliveries")
    private let limits: RequestLimits
    private let connections: Int
    private let mailbox = Mailbox()
    private var multi: CurlMulti?

    /// `connections`: open at once at most; more requests wait for one of them.
    init(limits: RequestLimits, connections: Int) {
        self.limits = limits
        self.connections = connections
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What came of one request, after at most the limits' total time.
    nonisolated func send(_ request: HTTPRequest) async -> SendResult {
        await withCheckedContinuation { answer in
            if mailbox.put(Submission(request: request, answer: answer)) { Task { await self.run() } }
        }
    }

    /// Sends what was put in until nothing is left, what comes meanwhile among it.
    private func run() {
        guard let multi = multi ?? CurlMulti(connections: connections) else {
            while let waiting = mailbox.take(whileIdle: true) {
                for submission in waiting { submission.answer.resume(returning: .failed(.other)) }
            }
            return
        }
        self.multi = multi
        mailbox.set(waking: multi)
        while let waiting = mailbox.take(whileIdle: multi.isIdle) {
            for submission in waiting { multi.begin(submission, limits: limits) }
            multi.work()
        }
    }
}

/// A request and who waits for its result.
private struct Submission: Sendable {
    let request: HTTPRequest
    let answer: CheckedContinuation<SendResult, Never>
}

/// What waits to be sent, and whether somebody is at it.
private final class Mailbox: Sendable {
    private struct State {
        var waiting: [Submission] = []
        var isAttended = false
        /// The address of the handle that is to be woken.
        var handle: UInt?
    }

    private let state = Mutex(State())

    /// True where nobody is at it: the one who put it in then has to begin.
    func put(_ submission: Submission) -> Bool {
        state.withLock { state in
            state.waiting.append(submission)
            if let handle = state.handle { curl_multi_wakeup(UnsafeMutableRawPointer(bitPattern: handle)) }
            defer { state.isAttended = true }
            return !state.isAttended
        }
    }

    /// What waits; nil, and nobody is at it any more, where there is nothing and whoever asks has nothing else to do.
    func take(whileIdle isIdle: Bool) -> [Submission]? {
        state.withLock { state in
            if state.waiting.isEmpty, isIdle {
                state.isAttended = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Every `put` from now on wakes `multi` where it waits for the network. It must live as long as this.
    func set(waking multi: CurlMulti) { state.withLock { $0.handle = multi.address } }
}

/// libcurl's multi handle: the connections and the name cache that transfers share.
private final class CurlMulti {
    private let handle: UnsafeMutableRawPointer
    private var running: [Int: (transfer: CurlTransfer, answer: CheckedContinuation<SendResult, Never>)] = [:]
    private var last = 0

    init?(connections: Int) {
        guard libcurlIsReady, let handle = curl_multi_init() else { return nil }
        self.handle = handle
        guard jieshui_curl_multi_set_long(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections) == CURLM_OK,
            jieshui_curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, connections) == CURLM_OK
        else { return nil }
    }

    deinit { curl_multi_cleanup(handle) }

    var address: UInt { UInt(bitPattern: handle) }
    var isIdle: Bool { running.isEmpty }

    func begin(_ submission: Submission, limits: RequestLimits) {
        last += 1
        do throws(SendFailure) {
            let transfer = try CurlTransfer(submission.request, index: last, limits: limits)
            guard curl_multi_add_handle(handle, transfer.handle) == CURLM_OK else { throw .other }
            running[last] = (transfer, submission.answer)
        } catch {
            submission.answer.resume(returning: .failed(error))
        }
    }

    /// Does what can be done now, then waits until more can or somebody wakes it.
    func work() {
        var active: Int32 = 0
        var isWhole = curl_multi_perform(handle, &active) == CURLM_OK
        collect()
        if isWhole, !running.isEmpty { isWhole = curl_multi_poll(handle, nil, 0, 1_000, nil) == CURLM_OK }
        if isWhole { return }
        for (transfer, answer) in running.values {
            curl_multi_remove_handle(handle, transfer.handle)
            answer.resume(returning: .failed(.other))
        }
        running = [:]
    }

    /// Answers for the transfers that have finished.
    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let index = CurlTransfer.of(easy)?.index, let ended = running.removeValue(forKey: index)
            else { continue }
            let result = ended.transfer.result(message.pointee.data.result)
            curl_multi_remove_handle(handle, easy)
            ended.answer.resume(returning: result)
        }
    }
}

/// libcurl's own set-up of the process, once. A peer that hangs up must be an error of the write, not a signal.
private let libcurlIsReady: Bool = {
    signal(SIGPIPE, SIG_IGN)
    return curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK
}()
