import Foundation

/// A bar on standard error; silent where that is no terminal.
struct ProgressBar {
    private let total: Int?
    private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1

    private static let width = 30

    /// `total` in whatever `show` counts; nil where it cannot be known.
    init(total: Int?) { self.total = total }

    func show(done: Int, lines: Int) { show(done: done, "\(lines) lines") }

    func show(done: Int, _ text: String) {
        guard isTerminal else { return }
        guard let total, total > 0 else { return write("\r\(text)\u{1B}[K") }
        let part = min(done, total)
        let filled = part * Self.width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        write("\r[\(bar)] \(part * 100 / total) %  \(text)\u{1B}[K")
    }

    /// Takes the bar away, for a line to be written or at the end.
    func clear() { if isTerminal { write("\r\u{1B}[K") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
