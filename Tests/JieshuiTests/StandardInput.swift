import Foundation
import Testing

/// Runs `body` with `text`, of a pipe's length at most, as this process's standard input. One at a time.
func withStandardInput<T>(_ text: String, _ body: () async throws -> T) async throws -> T {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let bytes = Array(text.utf8)
    try #require(write(ends[1], bytes, bytes.count) == bytes.count)
    close(ends[1])
    let former = dup(STDIN_FILENO)
    try #require(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO)
    close(ends[0])
    defer {
        // Where there was no standard input there is none again.
        if former >= 0 {
            dup2(former, STDIN_FILENO)
            close(former)
        } else {
            close(STDIN_FILENO)
        }
    }
    return try await body()
}
