import Testing

@testable import jieshui

@Suite(.freshDatabases) struct HealthTests {
    private func health(_ server: LoopbackServer) async -> Ending {
        await ending(of: ["health", "--port", "\(server.port)"])
    }

    @Test func `a server that is ready ends it with status 0`() async throws {
        let server = try LoopbackServer { _, _ in .answer(200) }
        #expect(await health(server) == .well)
        #expect(server.requests.map(\.path) == ["/readyz"])
    }

    @Test(arguments: [503, 404, 500])
    func `one that is not ready is told with its status`(status: Int) async throws {
        let server = try LoopbackServer { _, _ in .answer(status) }
        #expect(await health(server) == Ending(message: "the server is not ready: status \(status)"))
    }

    @Test func `one that says nothing is told`() async throws {
        let server = try LoopbackServer { _, _ in .hangUp }
        let words = "the server on port \(server.port) did not answer within five seconds"
        #expect(await health(server) == Ending(message: words))
        #expect(server.connections == 1)
    }

    @Test func `nobody listening is told`() async throws {
        let server = try LoopbackServer(isListening: false) { _, _ in .answer(200) }
        #expect(await health(server) == Ending(message: "no server listens on port \(server.port)"))
    }

    @Test func `the port is that of the settings where none is given`() async throws {
        let server = try LoopbackServer { _, _ in .answer(200) }
        let file = try await freshFile("city.json", "{\"port\": \(server.port)}")
        #expect(await ending(of: ["health", "--config", file]) == .well)
        let wrong = try await freshFile("city.json", #"{"port": "http"}"#)
        #expect(await ending(of: ["health", "--config", wrong]) == Ending(message: "port: http is no port"))
    }
}
