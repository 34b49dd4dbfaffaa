import Foundation
import Hummingbird
import HummingbirdTesting
import Operations
import Testing

@testable import Web

/// What only a real connection shows.
@Suite(.freshDatabases) struct ConnectionTests {
    @Test(arguments: [401, 415])
    func `a client that sends all before it listens is answered though it is refused`(_ status: Int) async throws {
        let fixture = try await WebFixture()
        let app = Application(router: buildRouter(fixture.services))
        let key = status == 415 ? "Authorization: Bearer \(fixture.gatewayKey.text)\r\n" : ""
        try await app.test(.live) { client in
            let size = 8 * 1_024 * 1_024
            let head = """
                POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(key)\
                Content-Type: application/xml\r\nContent-Length: \(size)\r\n\r\n
                """
            let request = Array(head.utf8) + [UInt8](repeating: 32, count: size)
            let answer = await exchange(request, port: try #require(client.port))
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        }
    }

    /// Blocks a thread of its own, never one that the server runs on.
    private func exchange(_ request: [UInt8], port: Int) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: blockingExchange(request, port: port)) }
        }
    }

    /// Sends everything, waiting at most five seconds for room, and only then reads; empty where nothing came.
    private func blockingExchange(_ request: [UInt8], port: Int) -> String {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var wait = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return "" }
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return "" }
            sent += count
        }
        var answer = [UInt8](repeating: 0, count: 512)
        let count = recv(socket, &answer, answer.count, 0)
        return String(decoding: answer[..<max(count, 0)], as: UTF8.self)
    }
}
