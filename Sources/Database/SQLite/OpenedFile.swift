import Foundation
import Synchronization

/// The file that was opened, and its -wal: what a path names may be taken away or replaced while it is open, and what is
/// written then is gone with the last process that has it.
final class OpenedFile: Sendable {
    let path: String
    private let log: String
    /// nil in memory, where there is no file.
    private let main: FileIdentity?
    /// Of the -wal. SQLite keeps that file as long as any process has the database open, whatever is moved out of it; nil
    /// until it is first there.
    private let logIdentity: Mutex<FileIdentity?>

    /// `path` is open already, and stays so.
    init(path: String) {
        self.path = path
        log = "\(path)-wal"
        main = FileIdentity(path)
        logIdentity = Mutex(main == nil ? nil : FileIdentity(log))
    }

    var freeBytes: Int64? {
        var system = statvfs()
        guard main != nil, statvfs(path, &system) == 0 else { return nil }
        return Int64(clamping: UInt64(system.f_bavail) &* UInt64(system.f_frsize))
    }

    /// Asks the system twice, and reads nothing.
    func requireSame() throws(DatabaseFailure) {
        guard let main else { return }
        guard FileIdentity(path) == main else { throw .replaced(path: path) }
        let found = FileIdentity(log)
        let isSame = logIdentity.withLock { known in
            if known == nil { known = found }
            return known == found
        }
        guard isSame else { throw .replaced(path: log) }
    }
}

/// What tells a file from every other one for as long as somebody has it open.
private struct FileIdentity: Hashable {
    let device: UInt64
    let number: UInt64

    /// nil where no file is at `path`.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}
