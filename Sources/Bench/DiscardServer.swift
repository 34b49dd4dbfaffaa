import Foundation
import Synchronization

/// A server that reads a request and throws its body away: what the load generator and the network alone can do.
final class DiscardServer: Sendable {
    let port: UInt16
    private let socket: Int32

    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.socket = socket
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, size) | listen(socket, 64) | getsockname(socket, address, &size)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard status == 0 else { throw BenchFailure(reason: "no port for the discarding server") }
    }

    /// Serves each connection on a thread until it closes; `connections` of them.
    func serve(connections: Int) {
        for _ in 0..<connections {
            Thread.detachNewThread { [socket] in
                let peer = accept(socket, nil, nil)
                guard peer >= 0 else { return }
                Self.discard(peer)
                close(peer)
            }
        }
    }

    func stop() { close(socket) }

    private static func discard(_ peer: Int32) {
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".utf8)
        var buffer = [UInt8](repeating: 0, count: 262_144)
        var head: [UInt8] = []
        var left = 0
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(peer, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return }
            if left == 0 {
                head.append(contentsOf: buffer[..<count])
                guard let end = head.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { continue }
                let fields = String(decoding: head[..<end], as: UTF8.self).lowercased().split(separator: "\r\n")
                let length =
                    fields.first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                left = end + length - head.count
                head.removeAll(keepingCapacity: true)
            } else {
                left -= count
            }
            if left <= 0 {
                left = 0
                guard answer.withUnsafeBytes({ send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) > 0 else {
                    return
                }
            }
        }
    }
}
