import Foundation
import Synchronization
import Testing

/// A real HTTP server on 127.0.0.1 that answers as it is told and keeps what it was sent.
final class LoopbackServer: Sendable {
    struct Request: Sendable, Hashable {
        let path: String
        /// Names in small letters.
        let headers: [String: String]
        let body: String
    }

    enum Reply: Sendable {
        case answer(Int, headers: [String] = [], body: String = "")
        /// Says this instead, and closes the connection.
        case words(String)
        /// Closes the connection without a word.
        case hangUp
        /// Closes it in the middle of the body of a 200.
        case breakOff
        /// Sends the head of a 200 and the first byte of its body, and nothing more.
        case stall
        /// Sends the head of a 200 and a body without an end.
        case flood
    }

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
        let connections = Mutex(0)
    }

    let port: UInt16
    let arrivals: AsyncStream<Request>
    private let log = Log()
    private let listener: Int32
    private let isListening: Bool

    var requests: [Request] { log.requests.withLock { $0 } }
    var connections: Int { log.connections.withLock { $0 } }

    /// `reply` decides by the request and by how many came before it. One that is not listening keeps its port to
    /// itself and refuses every connection.
    init(isListening: Bool = true, _ reply: @escaping @Sendable (Request, Int) -> Reply) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && (!isListening || listen(listener, 64) == 0)
                    && getsockname(listener, $0, &length) == 0
            }
        }
        try #require(bound)
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        let (stream, arrived) = AsyncStream<Request>.makeStream()
        arrivals = stream
        self.isListening = isListening
        guard isListening else { return }
        let log = log
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { break }
                log.connections.withLock { $0 += 1 }
                Thread.detachNewThread {
                    LoopbackServer.serve(connection) { request in
                        let before = log.requests.withLock { requests in
                            requests.append(request)
                            return requests.count - 1
                        }
                        arrived.yield(request)
                        return reply(request, before)
                    }
                    close(connection)
                }
            }
            // Closed by the thread that accepts: its number must not become another server's while it is in use.
            close(listener)
        }
    }

    deinit {
        if isListening {
            // Ends the waiting `accept`.
            shutdown(listener, Int32(SHUT_RDWR))
        } else {
            close(listener)
        }
    }

    func url(_ path: String = "/hook") -> String { "http://127.0.0.1:\(port)\(path)" }

    private static func serve(_ connection: Int32, _ reply: (Request) -> Reply) {
        var waiting: [UInt8] = []
        while let request = read(connection, &waiting) {
            switch reply(request) {
            case .answer(let status, let headers, let body):
                let head = ["HTTP/1.1 \(status) Told", "Content-Length: \(body.utf8.count)"] + headers
                send(connection, head.joined(separator: "\r\n") + "\r\n\r\n" + body)
            case .words(let text):
                send(connection, text)
                return
            case .hangUp: return
            case .breakOff:
                send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
                return
            case .stall:
                send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
            case .flood:
                send(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                let part = String(repeating: "x", count: 8_192)
                while send(connection, part) {}
                return
            }
        }
    }

    /// The next request of the connection; nil when the peer has closed it.
    private static func read(_ connection: Int32, _ waiting: inout [UInt8]) -> Request? {
        let blank = Array("\r\n\r\n".utf8)
        while true {
            if let end = waiting.indices.first(where: { waiting[$0...].starts(with: blank) }) {
                let lines = String(decoding: waiting[..<end], as: UTF8.self).components(separatedBy: "\r\n")
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    if parts.count == 2 {
                        headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
                    }
                }
                let bodyStart = end + blank.count
                let size = headers["content-length"].flatMap { Int($0) } ?? 0
                if waiting.count >= bodyStart + size {
                    let body = String(decoding: waiting[bodyStart..<(bodyStart + size)], as: UTF8.self)
                    waiting.removeFirst(bodyStart + size)
                    let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
                    return Request(path: path, headers: headers, body: body)
                }
            }
            var part = [UInt8](repeating: 0, count: 4_096)
            let count = recv(connection, &part, part.count, 0)
            if count <= 0 { return nil }
            waiting += part.prefix(count)
        }
    }

    @discardableResult
    private static func send(_ connection: Int32, _ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }
}
