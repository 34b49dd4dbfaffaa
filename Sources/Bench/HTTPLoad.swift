import Foundation
import Synchronization

/// A blocking HTTP/1.1 connection on loopback, kept open.
final class Connection {
    private let socket: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
        }
        guard status == 0 else {
            close(socket)
            throw BenchFailure(reason: "no connection to port \(port)")
        }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(socket) }

    func get(_ path: String) throws -> Int {
        try exchange(Array("GET \(path) HTTP/1.1\r\nHost: bench\r\n\r\n".utf8)).status
    }

    /// Sends a request and reads its answer.
    func exchange(_ request: [UInt8]) throws -> (status: Int, body: String) {
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw BenchFailure(reason: "the connection closed while sending") }
            sent += count
        }
        return try readAnswer()
    }

    /// Looks at bytes alone: what the client takes of the machine, the server lacks.
    private func readAnswer() throws -> (status: Int, body: String) {
        var filled = 0
        while true {
            if filled == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
            let count = buffer.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress?.advanced(by: filled), $0.count - filled, 0)
            }
            guard count > 0 else { throw BenchFailure(reason: "the connection closed before the answer") }
            filled += count
            let answer = buffer[..<filled]
            guard let end = place(of: "\r\n\r\n", in: answer)?.upperBound else { continue }
            let length =
                place(of: "\r\ncontent-length:", in: buffer[..<end]).map { number(buffer[$0.upperBound..<end]) } ?? 0
            if filled >= end + length {
                return (number(buffer[9..<12]), String(decoding: buffer[end..<end + length], as: UTF8.self))
            }
        }
    }

    /// Where a text in lower case stands, whatever case it has there.
    private func place(of text: StaticString, in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return bytes.indices.dropLast(max(0, wanted.count - 1)).first { start in
            wanted.indices.allSatisfy { offset in
                let byte = bytes[start + offset]
                return (65...90).contains(byte) ? byte | 32 == wanted[offset] : byte == wanted[offset]
            }
        }.map { $0..<$0 + wanted.count }
    }

    private func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.drop { $0 == UInt8(ascii: " ") }.prefix { (48...57).contains($0) }.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}

/// Posts a load over several connections, each its own thread.
struct HTTPLoad {
    let port: UInt16
    let taker: Taker
    let connections: Int

    struct Outcome {
        let seconds: Double
        /// When the first request went out, its bodies made before.
        let began: ContinuousClock.Instant
        /// Answer times, ascending, in seconds.
        let answers: [Double]

        func milliseconds(_ percentile: Int) -> String {
            guard !answers.isEmpty else { return "-" }
            let value = answers[min(answers.count - 1, answers.count * percentile / 100)]
            return String(format: "%.1f", value * 1_000)
        }
    }

    func post(_ load: Load, _ requests: Range<Int>) throws -> Outcome {
        try post(bodies: load.sent(requests).map { request(taker.body(load, $0), taker.path(of: load.shape)) })
    }

    /// The same bodies, each made once before the clock starts.
    private func post(bodies: [[UInt8]]) throws -> Outcome {
        let state = Mutex<(next: Int, answers: [Double], failure: String?)>((0, [], nil))
        let start = ContinuousClock.now
        let done = DispatchGroup()
        for _ in 0..<connections {
            done.enter()
            // A queue has as many threads as processors, and more only after a while.
            Thread.detachNewThread {
                defer { done.leave() }
                do {
                    let connection = try Connection(port: port)
                    while let index = state.withLock({ state -> Int? in
                        guard state.failure == nil, state.next < bodies.count else { return nil }
                        defer { state.next += 1 }
                        return state.next
                    }) {
                        let sent = ContinuousClock.now
                        let (status, body) = try connection.exchange(bodies[index])
                        let elapsed = seconds(since: sent)
                        guard taker.isTaken(status, body) else {
                            throw BenchFailure(reason: "answer \(status): \(body.prefix(200))")
                        }
                        state.withLock { $0.answers.append(elapsed) }
                    }
                } catch {
                    state.withLock { $0.failure = "\(error)" }
                }
            }
        }
        done.wait()
        let elapsed = seconds(since: start)
        return try state.withLock { state in
            if let failure = state.failure { throw BenchFailure(reason: failure) }
            return Outcome(seconds: elapsed, began: start, answers: state.answers.sorted())
        }
    }

    private func request(_ body: [UInt8], _ path: String) -> [UInt8] {
        let proof = if case .service(let key) = taker { "Authorization: Bearer \(key)\r\n" } else { "" }
        let head = """
            POST \(path) HTTP/1.1\r\nHost: bench\r\n\(proof)\
            Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n
            """
        return Array(head.utf8) + body
    }
}
