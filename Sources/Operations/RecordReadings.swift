public import Database
public import Ingest
public import Logging
public import Storage
public import Water

/// Makes a gateway's readings durable: sorts them by community, appends them to the journal, then answers.
///
/// Many requests share one commit: while one is written the next ones gather. An answer is given only after its
/// commit is flushed. What a reading means in context is not decided here but after folding.
public actor RecordReadings {
    private let database: Database
    private let limits: RecordLimits
    private let logger: Logger
    private let shelf: DirectoryShelf
    private let backlog: FoldBacklog
    private var directory: MeterDirectory?
    private var loading: Task<MeterDirectory, any Error>?
    private var held: [GatewayID: HeldByGateway] = [:]
    /// The last commit failed.
    private var isFailing = false
    /// When what is held of a gateway was counted anew.
    private var recounted: [GatewayID: Instant] = [:]
    /// When it was last looked whether anything can be written.
    private var probed: Instant?
    private var waiting: [Waiting] = []
    private var waitingBytes = 0
    private var isCommitting = false
    /// When the requests came whose commit is being written.
    private var writingSince: Instant?
    /// Commits that waited for folding.
    private var waits = 0
    /// What is noted of each gateway by this process, what is to be noted, and the noting under way.
    private var noted: [GatewayID: Sighting] = [:]
    private var unnoted: [GatewayID: Sighting] = [:]
    private var noting: Task<Void, Never>?

    /// Loads that began after a version of the registry was read did not have it.
    private struct RegistryNotReached: Error {
        let version: Int64
    }

    private struct Sighting {
        var at: Instant
        /// How far the gateway's clock runs ahead, where a reading showed it.
        var offsetSeconds: Int64?
    }

    /// A gateway that keeps sending is noted again after this.
    private static let notingSeconds: Int64 = 60
    /// Room for the log of some commits and of a checkpoint.
    private static let leastFreeBytes: Int64 = 16 * 1_024 * 1_024
    private static let secondsAfterFailure: Int64 = 60
    /// A commit that takes longer waits for another program that holds the database.
    private static let longestWriteSeconds: Int64 = 5
    /// How often a commit that waits for folding looks.
    private static let lookMilliseconds = 5
    /// The journal is asked at every tenth.
    private static let waitsToAsk = 10
    /// One load may be under way that began before the version was read; one that begins later has it.
    private static let loadsAtMost = 3

    private struct Waiting {
        let parts: [JournalPart]
        let gateway: GatewayID
        /// How far the gateway's clock runs ahead, where a reading showed it.
        let offsetSeconds: Int64?
        let at: Instant
        let bytes: Int
        let answer: CheckedContinuation<Void, any Error>
    }

    /// `shelf` and `backlog`: shared with the folding of the same process, so that both go by one copy of the registry, and
    /// recording knows how far folding is behind.
    public init(
        database: Database, limits: RecordLimits, logger: Logger, shelf: DirectoryShelf = DirectoryShelf(),
        backlog: FoldBacklog = FoldBacklog()
    ) {
        self.shelf = shelf
        self.backlog = backlog
        self.database = database
        self.limits = limits
        self.logger = logger
    }

    /// Keeps a decoded body of a gateway. `at` is the server's time of receipt. `registryVersion` is one that was read since
    /// the request came, or nil: meters are known as of then or later.
    ///
    /// Throws `RecordRefusal`; then nothing was accepted and the gateway should send the same again.
    public nonisolated func callAsFunction(
        _ batch: DecodedBatch, from gateway: GatewayID, knowing registryVersion: Int64? = nil, at: Instant
    ) async throws -> RecordAnswer {
        let directory = try await admit(knowing: registryVersion)
        // Many at once: only what is held has to be counted by one after another.
        var sorting = Sorting(batch: batch, gateway: gateway, at: at, directory: directory, limits: limits, held: nil)
        guard sorting.run() else { return try await hold(batch, from: gateway, directory, at: at) }
        if !sorting.parts.isEmpty {
            try await commit(sorting.parts, from: gateway, offsetSeconds: sorting.offsetSeconds, at: at)
        }
        return sorting.answer
    }

    private func admit(knowing registryVersion: Int64?) async throws -> MeterDirectory {
        guard waitingBytes < limits.waitingBytes else { throw RecordRefusal.queueIsFull(retryAfterSeconds: 2) }
        return try await currentDirectory(registryVersion)
    }

    /// Keeps a batch of which something belongs to no registered meter.
    private func hold(
        _ batch: DecodedBatch, from gateway: GatewayID, _ directory: MeterDirectory, at: Instant
    ) async throws -> RecordAnswer {
        // What was registered meanwhile is not held anew.
        let directory = self.directory.flatMap { $0.version > directory.version ? $0 : nil } ?? directory
        func sorted() -> Sorting {
            var sorting = Sorting(
                batch: batch, gateway: gateway, at: at, directory: directory, limits: limits,
                held: held[gateway] ?? HeldByGateway())
            sorting.run()
            return sorting
        }
        var sorting = sorted()
        if sorting.reachedHeldLimit, try await recountHeld(of: gateway, knowing: directory, at: at) {
            // What is sent again was counted again: what is kept of it decides.
            sorting = sorted()
        }
        held[gateway] = sorting.held
        held[gateway]?.add(sorting.newlyHeld, at: at)
        if !sorting.parts.isEmpty {
            try await commit(sorting.parts, from: gateway, offsetSeconds: sorting.offsetSeconds, at: at)
        }
        return sorting.answer
    }

    /// Counts anew what is held of a gateway: what is folded once each, and what came since and waits to be folded. At most
    /// once in five seconds; false where it was not counted.
    private func recountHeld(
        of gateway: GatewayID, knowing directory: MeterDirectory, at: Instant
    ) async throws -> Bool {
        if let last = recounted[gateway], at >= last, at - last < 5 { return false }
        recounted[gateway] = at
        do {
            let (found, oldest) = try await database.read { reader in
                (
                    try reader.heldByGateway()[gateway],
                    try reader.journalLag(of: .unregistered, upTo: 1)?.oldest
                )
            }
            var counted = found ?? HeldByGateway()
            if let known = held[gateway] { counted.add(known, waitingSince: oldest, in: directory) }
            held[gateway] = counted
            return true
        } catch {
            logger.error("what is held cannot be counted", metadata: ["error": "\(error)"])
            throw RecordRefusal.storageFailed
        }
    }

    /// The registry as of a version, or of now, or newer; reloaded when a change raised its version.
    private func currentDirectory(_ known: Int64?) async throws -> MeterDirectory {
        do {
            var version = known ?? 0
            if known == nil { version = try await database.read { try $0.currentRegistryVersion() } }
            for _ in 0..<Self.loadsAtMost {
                if let directory, directory.version >= version { return directory }
                let loaded = try await load()
                if loaded.version >= version { return loaded }
            }
            throw RegistryNotReached(version: version)
        } catch {
            logger.error("the registry cannot be read", metadata: ["error": "\(error)"])
            throw RecordRefusal.storageFailed
        }
    }

    /// One load for all the requests that need it.
    private func load() async throws -> MeterDirectory {
        if let loading { return try await loading.value }
        // The former copy goes before the next one comes.
        directory = nil
        let task = Task {
            // Before any of those that wait goes on: who needs a later version must find nothing under way.
            defer { loading = nil }
            let shelf = shelf
            let (fresh, stored, oldest) = try await database.read { reader in
                (
                    try shelf.directory(of: reader), try reader.heldByGateway(),
                    try reader.journalLag(of: .unregistered, upTo: 1)?.oldest
                )
            }
            directory = fresh
            // What came since and waits to be folded is in no count of the database.
            var counted = stored
            for (gateway, known) in held {
                counted[gateway, default: HeldByGateway()].add(known, waitingSince: oldest, in: fresh)
            }
            held = counted
            backlog.fit(meters: fresh.meterCount)
            return fresh
        }
        loading = task
        return try await task.value
    }

    private func commit(
        _ parts: [JournalPart], from gateway: GatewayID, offsetSeconds: Int64?, at: Instant
    ) async throws {
        let bytes = parts.reduce(0) { $0 + $1.bytes.count }
        waitingBytes += bytes
        try await withCheckedThrowingContinuation { continuation in
            waiting.append(
                Waiting(
                    parts: parts, gateway: gateway, offsetSeconds: offsetSeconds, at: at, bytes: bytes,
                    answer: continuation))
            if !isCommitting {
                isCommitting = true
                Task { await self.commitAll() }
            }
        }
    }

    private func commitAll() async {
        while !waiting.isEmpty {
            await waitForFolding()
            let group = waiting
            waiting = []
            let additions = JournalPart.joined(group.map(\.parts))
            let at = group.map(\.at).max() ?? group[0].at
            let readings = additions.reduce(0) { $0 + Int64($1.readings) }
            // Before folding can take them.
            backlog.add(readings, at: at)
            writingSince = at
            do {
                // Written twice after a commit whose end was never heard, they are the same elements of the same sets.
                try await database.write(repeatable: true) { try $0.appendToJournal(additions, at: at) }
                for request in group { request.answer.resume() }
                isFailing = false
                note(group)
            } catch {
                logger.error("the journal cannot be written", metadata: ["error": "\(error)"])
                backlog.withdraw(readings)
                isFailing = true
                probed = at
                for request in group { request.answer.resume(throwing: RecordRefusal.storageFailed) }
                if case DatabaseFailure.busy = error { turnAway() }
            }
            writingSince = nil
            waitingBytes -= group.reduce(0) { $0 + $1.bytes }
        }
        isCommitting = false
    }

    /// Those that gathered while a commit waited in vain for the database have waited as long: the next would be as
    /// long in coming.
    private func turnAway() {
        for request in waiting {
            waitingBytes -= request.bytes
            request.answer.resume(throwing: RecordRefusal.storageFailed)
        }
        waiting = []
    }

    /// Lets folding catch up, for a while. Other processes fold too: now and then the journal is asked.
    private func waitForFolding() async {
        guard backlog.isFull else { return }
        do {
            if waits % Self.waitsToAsk == 0 {
                backlog.set(try await database.read { try $0.journalLag()?.readings ?? 0 })
            }
            waits += 1
            for _ in 0..<limits.foldingMilliseconds / Self.lookMilliseconds where backlog.isFull {
                try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
            }
        } catch {
            logger.warning("how far folding is behind is not known", metadata: ["error": "\(error)"])
        }
    }

    /// False where the last commit failed, until one succeeds or, a minute after it, a write that changes nothing does:
    /// the disk is full, the file gone. False too where less is left on the disk than a few commits take.
    public func canWrite(at: Instant) async -> Bool {
        if let free = database.freeBytes, free < Self.leastFreeBytes { return false }
        if let writingSince, at - writingSince > Self.longestWriteSeconds { return false }
        guard isFailing else { return true }
        // A little may fit where a commit does not: the first success of a probe means less than a failure.
        if let probed, at >= probed, at - probed < Self.secondsAfterFailure { return false }
        probed = at
        do {
            try await database.write(repeatable: true) { try $0.touch() }
            isFailing = false
        } catch {
            logger.error("the database takes no writes", metadata: ["error": "\(error)"])
        }
        return !isFailing
    }

    /// Waits until what is to be noted of gateways is.
    public func settle() async { await noting?.value }

    /// Remembers the gateways to be noted as heard: those not noted within the minute, and those whose clock shows to
    /// be off by another amount.
    private func note(_ group: [Waiting]) {
        for request in group {
            let last = unnoted[request.gateway] ?? noted[request.gateway]
            let isNews = request.offsetSeconds.map { $0 != last?.offsetSeconds } ?? false
            let isDue = last.map { request.at < $0.at || request.at - $0.at >= Self.notingSeconds } ?? true
            guard isNews || isDue else { continue }
            // A clock that was put right is noted too, once nothing shows it ahead any more.
            unnoted[request.gateway] = Sighting(
                at: request.at,
                offsetSeconds: request.offsetSeconds ?? unnoted[request.gateway]?.offsetSeconds)
        }
        if noting == nil, !unnoted.isEmpty { noting = Task { await self.noteAll() } }
    }

    /// Beside the journal's commits, which answers wait for: nobody waits for this, and it may fail.
    private func noteAll() async {
        while !unnoted.isEmpty {
            let sightings = unnoted
            unnoted = [:]
            noted.merge(sightings) { $1 }
            do {
                try await database.write(repeatable: true, .withTheNext) { transaction in
                    for (gateway, sighting) in sightings.sorted(by: { $0.key < $1.key }) {
                        try transaction.noteSeen(
                            gateway, clockOffsetSeconds: sighting.offsetSeconds, at: sighting.at)
                    }
                }
            } catch {
                logger.warning("gateways cannot be noted as heard", metadata: ["error": "\(error)"])
            }
        }
        noting = nil
    }
}

/// A request's bytes for one community's journal row.
struct JournalPart: Sendable {
    let community: CommunityID
    let bytes: [UInt8]
    let readings: Int

    /// A row for each community from the parts of many requests.
    static func joined(_ requests: [[JournalPart]]) -> [JournalAddition] {
        var rows: [CommunityID: (parts: [[UInt8]], readings: Int)] = [:]
        for part in requests.joined() {
            rows[part.community, default: ([], 0)].parts.append(part.bytes)
            rows[part.community, default: ([], 0)].readings += part.readings
        }
        return rows.map { community, row in
            JournalAddition(community: community, readings: row.readings, payload: JournalPayload.row(row.parts))
        }
    }
}
