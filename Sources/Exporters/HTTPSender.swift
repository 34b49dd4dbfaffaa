import CCurl
import Foundation

/// Sends batches of requests with libcurl, all of a batch at once, on a thread of its own: its executor is a
/// dispatch queue, so that waiting for the network never takes a thread of the cooperative pool. Connections are
/// kept and used again.
actor HTTPSender {
    private let executor = ThreadExecutor(label: "jieshui.deliveries")
    private let limits: RequestLimits
    private var multi: CurlMulti?

    init(limits: RequestLimits) { self.limits = limits }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// One result for each request, in their order, after at most the limits' total time.
    func send(_ requests: [HTTPRequest]) -> [SendResult] {
        guard let multi = multi ?? CurlMulti(connections: 32, perHost: 8) else {
            return requests.map { _ in .failed(.other) }
        }
        self.multi = multi
        return multi.perform(requests, limits: limits)
    }
}

/// libcurl's multi handle: the connections and the name cache that transfers share.
private final class CurlMulti {
    private let handle: UnsafeMutableRawPointer

    init?(connections: Int, perHost: Int) {
        guard libcurlIsReady, let handle = curl_multi_init() else { return nil }
        self.handle = handle
        guard jieshui_curl_multi_set_long(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections) == CURLM_OK,
            jieshui_curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, connections) == CURLM_OK,
            jieshui_curl_multi_set_long(handle, CURLMOPT_MAX_HOST_CONNECTIONS, perHost) == CURLM_OK
        else { return nil }
    }

    deinit { curl_multi_cleanup(handle) }

    func perform(_ requests: [HTTPRequest], limits: RequestLimits) -> [SendResult] {
        var results = [SendResult](repeating: .failed(.other), count: requests.count)
        var running: [Int: CurlTransfer] = [:]
        for (index, request) in requests.enumerated() {
            do throws(SendFailure) {
                let transfer = try CurlTransfer(request, index: index, limits: limits)
                if curl_multi_add_handle(handle, transfer.handle) == CURLM_OK { running[index] = transfer }
            } catch {
                results[index] = .failed(error)
            }
        }
        while !running.isEmpty {
            var active: Int32 = 0
            guard curl_multi_perform(handle, &active) == CURLM_OK else { break }
            collect(&running, &results)
            if running.isEmpty { break }
            guard curl_multi_poll(handle, nil, 0, 1_000, nil) == CURLM_OK else { break }
        }
        for transfer in running.values { curl_multi_remove_handle(handle, transfer.handle) }
        return results
    }

    /// Takes the transfers that have finished out of `running`.
    private func collect(_ running: inout [Int: CurlTransfer], _ results: inout [SendResult]) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = CurlTransfer.of(easy)
            else { continue }
            results[transfer.index] = transfer.result(message.pointee.data.result)
            curl_multi_remove_handle(handle, easy)
            running[transfer.index] = nil
        }
    }
}

/// libcurl's own set-up of the process, once. A peer that hangs up must be an error of the write, not a signal.
private let libcurlIsReady: Bool = {
    signal(SIGPIPE, SIG_IGN)
    return curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK
}()
