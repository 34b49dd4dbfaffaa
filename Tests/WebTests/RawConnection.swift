import Foundation

/// A client that sends the bytes it is told to, and waits for nothing longer than two minutes. Each call blocks a
/// thread of its own, never one that the server runs on.
final class RawConnection: Sendable {
    private let socket: Int32

    /// To a server on this machine; where there is none nothing can be sent. `room`: bytes that may come without being
    /// received, instead of as many as the system likes.
    init(port: Int, room: Int32? = nil) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var room { setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size)) }
        var wait = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    deinit { close(socket) }

    /// False where the server closes before all is sent, or takes no more.
    @discardableResult
    func send(_ bytes: [UInt8]) async -> Bool {
        await blocking { socket in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    @discardableResult
    func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    /// Closes this side: nothing more is sent.
    func endSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// Whether so many bytes have come, none of which is received by this.
    func holds(_ bytes: Int) async -> Bool {
        await blocking { socket in
            var part = [UInt8](repeating: 0, count: bytes)
            return recv(socket, &part, bytes, Int32(MSG_PEEK | MSG_WAITALL)) == bytes
        }
    }

    /// What comes until it holds `text`, the server closes or nothing comes any more; nil asks for all. At most `piece`
    /// bytes are received at once.
    func receive(until text: String? = nil, in piece: Int = 64 * 1_024) async -> String {
        await blocking { socket in
            var answer: [UInt8] = []
            var part = [UInt8](repeating: 0, count: piece)
            while true {
                let count = recv(socket, &part, part.count, 0)
                if count <= 0 { break }
                answer += part[..<count]
                if let text, String(decoding: answer, as: UTF8.self).contains(text) { break }
            }
            return String(decoding: answer, as: UTF8.self)
        }
    }

    /// Whether the server closes, whatever it still says before.
    func isClosed() async -> Bool {
        await blocking { socket in
            var part = [UInt8](repeating: 0, count: 64 * 1_024)
            while true {
                let count = recv(socket, &part, part.count, 0)
                if count <= 0 { return count == 0 || errno == ECONNRESET }
            }
        }
    }

    private func blocking<Value: Sendable>(_ work: @escaping @Sendable (Int32) -> Value) async -> Value {
        let socket = socket
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work(socket)) }
        }
    }
}
