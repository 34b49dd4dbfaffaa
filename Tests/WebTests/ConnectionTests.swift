import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Logging
import Operations
import Synchronization
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
            // Of a sender without a key no more is read.
            let size = (status == 415 ? 8 : 1) * 1_024 * 1_024
            let head = """
                POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(key)\
                Content-Type: application/xml\r\nContent-Length: \(size)\r\n\r\n
                """
            let request = Array(head.utf8) + [UInt8](repeating: 32, count: size)
            let answer = await exchange(request, port: try #require(client.port))
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        }
    }

    @Test func `a body is asked for once, after the requests before it, and a broken one ends the connection`()
        async throws
    {
        let fixture = try await WebFixture()
        let configuration = HTTP1Channel.Configuration(additionalChannelHandlers: [ConnectionHandler()])
        let app = Application(router: buildRouter(fixture.services), server: .http1(configuration: configuration))
        let form = "Content-Type: application/x-www-form-urlencoded\r\n"
        let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let waiting =
            "POST /sign-in HTTP/1.1\r\nHost: localhost\r\n\(form)Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        let broken = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\n\(form)Transfer-Encoding: chunked\r\n\r\nzz\r\n"
        try await app.test(.live) { client in
            let port = try #require(client.port)
            // The client waits in vain for more: what came before is what counts.
            let asked = await exchange(Array((get + get + waiting).utf8), port: port, whole: true)
            let states = asked.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
            #expect(states == ["200", "200", "100"], "\(asked)")
            let answer = await exchange(Array(broken.utf8), port: port, whole: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close"), "\(answer)")
        }
    }

    @Test(arguments: [
        ("HTTP/1.0", "", true), ("HTTP/1.0", "Connection: Keep-Alive\r\n", false),
        ("HTTP/1.1", "Host: a\r\n", false), ("HTTP/1.1", "Host: a\r\nConnection: TE, Close\r\n", true),
    ])
    func `a connection ends with the answer where its request says so or is old`(
        _ version: String, _ fields: String, _ ends: Bool
    ) async throws {
        try await live { port, _ in
            let get = "GET /healthz \(version)\r\n\(fields)\r\n"
            let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = await exchange(Array((get + get + last).utf8), port: port, whole: true)
            #expect(answer.matches(of: /HTTP\/1\.1 200/).count == (ends ? 1 : 3), "\(answer)")
            #expect(answer.matches(of: /Connection: close/).count == 1, "\(answer)")
        }
    }

    @Test(arguments: ["", "Host: a\r\nHost: b\r\n"])
    func `a request of HTTP 1.1 names its host once`(_ fields: String) async throws {
        try await live { port, _ in
            let request = "GET /healthz HTTP/1.1\r\n\(fields)\r\n"
            let answer = await exchange(Array(request.utf8), port: port, whole: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains(#""field":"Host""#), "\(answer)")
        }
    }

    @Test func `of a body that comes after its answer only so much is let pass`() async throws {
        try await live { port, _ in
            let head = "POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n"
            let request = Array(head.utf8) + [UInt8](repeating: 32, count: 32 * 1_024 * 1_024)
            #expect(await exchange(request, port: port).isEmpty, "the connection ends before all is sent")
        }
    }

    @Test func `what is no HTTP is logged by its reason alone`() async throws {
        try await live { port, log in
            let answer = await exchange(Array("GET /secret page HTTP/1.1\r\n\r\n".utf8), port: port, whole: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            let lines = log.lines.withLock { $0 }
            #expect(lines.count == 1 && lines.first?.hasPrefix("no HTTP reason=") == true, "\(lines)")
            #expect(lines.allSatisfy { !$0.contains("secret") && !$0.contains("127.0.0.1") })
        }
    }

    /// Runs `body` with the port of a server as it is run, and with what its connections log.
    private func live(_ body: @Sendable @escaping (_ port: Int, _ log: KeptLog) async throws -> Void) async throws {
        let log = KeptLog()
        let logger = Logger(label: "test", factory: { _ in log })
        let fixture = try await WebFixture()
        let configuration = HTTP1Channel.Configuration(additionalChannelHandlers: [ConnectionHandler(logger: logger)])
        let app = Application(router: buildRouter(fixture.services), server: .http1(configuration: configuration))
        try await app.test(.live) { client in try await body(try #require(client.port), log) }
    }

    /// Keeps each line as its message and metadata.
    private final class KeptLog: LogHandler, Sendable {
        let lines = Mutex<[String]>([])

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted().joined()
            lines.withLock { $0.append("\(event.message)\(fields)") }
        }

        var logLevel: Logger.Level {
            get { .info }
            set {}
        }
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
    }

    /// Blocks a thread of its own, never one that the server runs on.
    private func exchange(_ request: [UInt8], port: Int, whole: Bool = false) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: blockingExchange(request, port: port, whole: whole))
            }
        }
    }

    /// Sends everything, waiting at most five seconds for room, and only then reads, `whole` until nothing comes for that
    /// long or the server closes; empty where nothing came.
    private func blockingExchange(_ request: [UInt8], port: Int, whole: Bool) -> String {
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
        var answer: [UInt8] = []
        repeat {
            var part = [UInt8](repeating: 0, count: 512)
            let count = recv(socket, &part, part.count, 0)
            if count <= 0 { break }
            answer += part[..<count]
        } while whole
        return String(decoding: answer, as: UTF8.self)
    }
}
