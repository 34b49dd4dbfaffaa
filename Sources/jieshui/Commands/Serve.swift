import ArgumentParser
import Database
import Exporters
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Metering
import NIOCore
import Operations
import ServiceLifecycle
import Storage
import Tariffs
import UnixSignals
import Water
import Web

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take readings, serve the pages and deliver events until asked to stop.",
        discussion: """
            Settings, as JIESHUI_PORT, JIESHUI_PUBLIC_ADDRESS, …, or in the settings file: \
            \(SettingKey.allCases.map(\.rawValue).joined(separator: ", ")).

            SIGTERM, SIGINT and SIGHUP end it, within 25 seconds: what it has begun is answered first.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var files: TariffOptions

    @Option(help: "The address to listen on (otherwise 127.0.0.1).") var host: String?
    @Option(help: "The port to listen on (otherwise 8080).") var port: Int?
    @Option(help: "The address residents type, printed on sign-in slips.") var publicAddress: String?
    @Flag(help: "TLS ends before this server: cookies are marked Secure.") var behindTLS = false
    @Flag(help: "A proxy before this server writes X-Forwarded-For.") var trustForwardedFor = false
    @Flag(help: "Targets may have loopback and private addresses.") var allowPrivateTargets = false

    func run() async throws {
        let context = try await CommandContext.open(
            options,
            flags: [
                .host: host, .port: port.map(String.init), .publicAddress: publicAddress,
                .behindTLS: behindTLS ? "true" : nil,
                .trustForwardedFor: trustForwardedFor ? "true" : nil,
                .allowPrivateTargets: allowPrivateTargets ? "true" : nil,
            ], migrating: true)
        context.settings.tellStrangers(context.logger)
        let shelf = try files.load()
        let worker = Worker.ofThisProcess()
        let readings = SharedReadings()
        let services = try await services(context, shelf, worker, readings)
        let port = try context.settings.port
        try await tellSealedTargets(context)
        let application = Application(
            router: buildRouter(services),
            // What a gateway leaves half open must not stay: there are thousands of them, and only so many sockets.
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [ConnectionHandler(logger: context.logger)],
                    idleTimeout: .seconds(Self.idleSeconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(context.settings.host, port: port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connections())),
            onServerRunning: { channel in
                // Of port 0 the system chose one.
                let taken = channel.localAddress?.port ?? port
                context.logger.notice(
                    "serving", metadata: ["address": "http://\(context.settings.host):\(taken)"])
            },
            logger: context.logger)
        var group = ServiceGroupConfiguration(
            // The last is stopped first: requests end at once, and need not wait for a round of folding to.
            services: try background(context, services, worker, readings) + [application],
            gracefulShutdownSignals: Self.endingSignals(ignoresHangUps: Self.ignoresHangUps),
            logger: context.logger)
        group.maximumGracefulShutdownDuration = .seconds(25)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            guard let fault = Self.listenFault("\(error)", host: context.settings.host, port: port) else { throw error }
            throw CommandFailure(fault)
        }
    }

    /// Why nothing can listen there, of an error in its own words, and what can be done; nil where it is another error.
    static func listenFault(_ error: String, host: String, port: Int) -> String? {
        if error.contains("errno: \(EADDRINUSE))") {
            return "\(host):\(port) is in use by another program: give another port (--port or JIESHUI_PORT)"
        }
        if error.contains("errno: \(EACCES))") {
            return "this user may not listen on \(host):\(port): give a port from 1024 on (--port or JIESHUI_PORT)"
        }
        if error.contains("errno: \(EADDRNOTAVAIL))") || error.contains("UnknownHost") {
            return "host: \(host) is no address or name of this machine: give one (--host or JIESHUI_HOST), "
                + "or 0.0.0.0 for all"
        }
        return nil
    }

    /// What makes the server answer what it has begun and end. A terminal or a connection that closes sends SIGHUP; where
    /// that is ignored from the start, as by nohup, it stays ignored.
    static func endingSignals(ignoresHangUps: Bool) -> [UnixSignal] {
        ignoresHangUps ? [.sigterm, .sigint] : [.sigterm, .sigint, .sighup]
    }

    private static var ignoresHangUps: Bool {
        var action = sigaction()
        guard sigaction(SIGHUP, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// A connection on which nothing comes for so long is closed; within a body its request is answered first. As long
    /// as `ConnectionHandler` waits for a client to take something of an answer.
    private static let idleSeconds: Int64 = 75
    /// Connections at once; more wait until one ends.
    private static let mostConnections = 20_000

    /// As many connections as the process may open files, less what it opens itself.
    private static func connections() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 900 }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(mostConnections + 200))
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return max(100, min(mostConnections, Int(clamping: limit.rlim_cur) - 200))
    }

    /// Communities folded at once: one is worked out while another's sets are written.
    private static let foldsAtOnce = 2

    /// What recording and folding share.
    private struct SharedReadings {
        let shelf = DirectoryShelf()
        let backlog = FoldBacklog()
    }

    private func services(
        _ context: CommandContext, _ shelf: TariffShelf, _ worker: Worker, _ readings: SharedReadings
    ) async throws -> WebServices {
        let settings = context.settings
        let rules = try currentRules(shelf, context)
        guard let terms = rules.ledgerTerms else {
            throw CommandFailure("the rule file's ledger terms are out of range")
        }
        var web = WebSettings()
        web.publicAddress = try settings.publicAddress
        web.isBehindTLS = try settings.isSet(.behindTLS)
        web.trustsForwardedFor = try settings.isSet(.trustForwardedFor)
        web.clientCertificateHeader = try settings.clientCertificateHeader
        web.metricsKeyHash = try settings.metricsKeyHash
        if web.countsProxyAsEverybody {
            context.logger.warning(
                "sign-ins of everybody count as of one address, so anybody can use up the tries of all",
                metadata: ["set": "trust.forwarded.for, where the proxy writes X-Forwarded-For"])
        }
        return WebServices(
            database: context.database, city: context.city, shelf: shelf,
            record: RecordReadings(
                database: context.database, limits: RecordLimits(), logger: context.logger, shelf: readings.shelf,
                backlog: readings.backlog),
            closeMonth: CloseMonth(
                database: context.database, calendar: context.calendar, shelf: shelf, settings: try settings.closing,
                logger: context.logger, worker: worker),
            signInStaff: SignInStaff(database: context.database), terms: terms, pages: try PageLibrary(),
            settings: web, sealKey: try settings.sealKey, profiles: try settings.cjt188Profiles, now: { .now })
    }

    private func background(
        _ context: CommandContext, _ services: WebServices, _ worker: Worker, _ readings: SharedReadings
    ) throws -> [any Service] {
        let rules = MeteringRules(try currentRules(services.shelf, context))
        let folds = (1...Self.foldsAtOnce).map { number in
            FoldReadings(
                database: context.database, calendar: context.calendar, rules: rules, logger: context.logger,
                worker: worker.part("fold\(number)"), shelf: readings.shelf, backlog: readings.backlog,
                gatherSeconds: 10)
        }
        var delivery = DeliverySettings()
        delivery.addresses = AddressRules(allowed: try context.settings.allowedTargets)
        let deliveries = DeliveryService(
            database: context.database, settings: delivery, key: try context.settings.sealKey,
            logger: context.logger, now: { .now }, jitter: millionths)
        let packAfter = try context.settings.number(.packAfterDays, in: PackReadings.waitDays, default: 45)
        let packing =
            packAfter > 0
            ? [
                RepeatedWork.packing(
                    context.database, afterDays: packAfter, by: worker, logger: context.logger)
            ] : []
        return packing + folds.map { RepeatedWork.folding($0, logger: context.logger) } + [
            RepeatedWork.expiring(
                CloseRedemption(database: context.database, terms: services.terms),
                ExpireLots(database: context.database, terms: services.terms), in: context.database, by: worker,
                logger: context.logger),
            RepeatedWork.watching(
                WatchLeaks(
                    database: context.database, calendar: context.calendar, shelf: services.shelf,
                    settings: try context.settings.closing),
                in: context.database, by: worker, logger: context.logger),
            RepeatedWork.preparing(context.database, context.calendar, logger: context.logger),
            Deliveries(service: deliveries),
        ]
    }

    /// Tells at once what would otherwise come out with the first delivery: it waits until its target's secret opens.
    private func tellSealedTargets(_ context: CommandContext) async throws {
        let key = try context.settings.sealKey
        let kept = try await context.database.read { try $0.signingSecrets() }
        let closed = kept.filter { one in
            do throws(SealFault) {
                _ = try TargetSecret.opened(one.secret, of: one.target, under: key)
                return false
            } catch {
                return true
            }
        }
        if closed.isEmpty { return }
        context.logger.error(
            "deliveries wait: signing secrets are sealed and do not open with secret.key",
            metadata: ["targets": "\(closed.map(\.target).joined(separator: ", "))"])
    }

    /// The rules of the running month: what the desk and folding go by.
    private func currentRules(_ shelf: TariffShelf, _ context: CommandContext) throws -> RuleSet {
        let month = context.calendar.month(of: .now)
        let name = try context.settings.closing.rulesID
        guard let rules = shelf.rules(name, in: month) else {
            throw CommandFailure("close.rules: no rule file \(name) is valid in \(month), of those in \(files.tariffs)")
        }
        let tariff = try context.settings.closing.tariffID
        guard shelf.tariffs.contains(where: { $0.id == tariff }) else {
            throw CommandFailure("close.tariff: no tariff file has the id \(tariff), of those in \(files.tariffs)")
        }
        return rules
    }
}

extension Settings {
    fileprivate var host: String { text(.host) ?? "127.0.0.1" }

    fileprivate var port: Int {
        get throws {
            let text = text(.port) ?? "8080"
            if text.isEmpty { throw CommandFailure("port is set, and empty: give 0 to 65535") }
            guard let port = Int(text), (0...65_535).contains(port) else {
                throw CommandFailure("port: \(text) is no port, 0 to 65535")
            }
            return port
        }
    }

    /// The header in which a proxy names the client's certificate; nil where none is set.
    fileprivate var clientCertificateHeader: String? {
        get throws {
            guard let name = text(.clientCertificateHeader) else { return nil }
            if name.isEmpty { throw CommandFailure("client.certificate.header is set, and empty: name a header") }
            guard name.utf8.allSatisfy(\.isTokenCharacter) else {
                throw CommandFailure("client.certificate.header: \(name) is no name of a header")
            }
            return name
        }
    }

    /// What residents type; nil where none is printed.
    fileprivate var publicAddress: String? {
        get throws {
            guard let text = text(.publicAddress), !text.isEmpty else { return nil }
            let parts = URLComponents(string: text)
            guard ["http", "https"].contains(parts?.scheme), parts?.host?.isEmpty == false else {
                throw CommandFailure("public.address: \(text) is not of the form https://water.example")
            }
            return text
        }
    }

    /// The ranges of `allow.targets`, separated by commas, and every private one where that is switched on.
    fileprivate var allowedTargets: [AddressRange] {
        get throws {
            let listed = (text(.allowTargets) ?? "").split(separator: ",").map(String.init)
            let isPrivate = try isSet(.allowPrivateTargets)
            let own = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7"]
            return try (listed + (isPrivate ? own : [])).map { text in
                guard let range = AddressRange(text.trimmingCharacters(in: .whitespaces)) else {
                    throw CommandFailure("allow.targets: \(text) is no address range")
                }
                return range
            }
        }
    }
}

extension UInt8 {
    /// May stand in a header's name (`tchar` of RFC 9110, 5.6.2).
    fileprivate var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
