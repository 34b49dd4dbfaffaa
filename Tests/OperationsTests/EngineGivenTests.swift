import Foundation
import Testing

@Suite struct EngineGivenTests {
    /// Elsewhere a missing server is told and the tests run on SQLite alone; where a change is judged they must not.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["CI"] == "true"))
    func `a change is judged on both engines`() {
        #expect(TestEngine.postgresAddress != nil, "set JIESHUI_TEST_POSTGRES: scripts/postgres start makes a server")
    }
}
