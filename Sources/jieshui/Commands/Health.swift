import ArgumentParser
import Foundation

struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server on this machine whether it is ready; status 0 when it is.")

    @OptionGroup var options: GlobalOptions

    @Option(help: "The server's port on 127.0.0.1; otherwise that of the settings, or 8080.") var port: UInt16?

    func run() async throws {
        let given = try await Settings.load(options).text(.port) ?? "8080"
        guard let port = port ?? UInt16(given) else { throw CommandFailure("port: \(given) is no port") }
        let status: Int
        switch answer(on: port) {
        case .nobody: throw CommandFailure("no server listens on port \(port)")
        case .silence: throw CommandFailure("the server on port \(port) did not answer within five seconds")
        case .status(let found): status = found
        }
        guard status == 200 else { throw CommandFailure("the server is not ready: status \(status)") }
        print("ready")
    }

    private enum Answer {
        case status(Int)
        case nobody
        /// Somebody listens, and says nothing or nothing of HTTP.
        case silence
    }

    /// What `GET /readyz` gives. Waits at most five seconds.
    private func answer(on port: UInt16) -> Answer {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return .nobody }
        defer { close(socket) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        let limitSize = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, limitSize)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return .nobody }
        let request = Array("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return .silence }
        var answer = [UInt8](repeating: 0, count: 64)
        let count = recv(socket, &answer, answer.count, 0)
        guard count >= 12, let status = Int(String(decoding: answer[9..<12], as: UTF8.self)) else { return .silence }
        return .status(status)
    }
}
