import ArgumentParser
import Database
import Metering
import Operations
import Storage
import Water

/// `jieshui meter exchange`: one meter hung in another's place.
struct MeterExchangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exchange", abstract: "Note that a meter was exchanged, also weeks afterwards.",
        discussion: """
            The old meter's readings end and the new one's begin at that instant; what they showed then fills the gap. \
            Months with figures are marked, and the next close corrects them. A repeat changes nothing.

            A last register that the old one cannot have shown after its readings up to then is refused; --force takes \
            it all the same. An exchange cannot be taken back.
            """)

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The printed number of the meter that was taken away.") var old: String
    @Argument(help: "The printed number of the new one.") var new: String
    @Option(help: "When, as 2026-10-12T10:30:00+08:00.") var at: String
    @Option(help: "What the old one showed last, m³.") var finalM3: String?
    @Option(help: "What the new one showed first, m³.") var startM3: String?
    @Flag(help: "Whatever the old one showed before.") var force = false

    func run() async throws {
        guard let instant = Instant(rfc3339: at) else {
            throw CommandFailure("--at is no RFC 3339 time with an offset, as 2026-10-12T10:30:00+08:00")
        }
        let exchange = MeterExchange(
            old: try serial(old), new: try serial(new), at: instant,
            finalRegister: try register(finalM3, "--final-m3"), startRegister: try register(startM3, "--start-m3"))
        let context = try await CommandContext.open(options)
        let exchangeMeter = ExchangeMeter(database: context.database, calendar: context.calendar, rules: .standard)
        let done = try await exchangeMeter(exchange, isForced: force, now: .now)
        if case .failure(.finalContradicts(let found)) = done {
            let why = found.text(time: context.calendar.format)
            throw CommandFailure("final_m3: \(why): put it right, or take it as it is with --force")
        }
        try accepted(done)
        note("\(new) hangs in the place of \(old) since \(context.calendar.format(instant))")
    }

    private func serial(_ text: String) throws -> MeterAddress {
        guard let address = MeterAddress(.serial, text) else { throw CommandFailure("\(text) is no meter's number") }
        return address
    }

    private func register(_ text: String?, _ name: String) throws -> Volume? {
        guard let text else { return nil }
        guard let volume = Volume(cubicMetres: text), volume >= .zero else {
            throw CommandFailure("\(name) is no register in m³, as 123.456")
        }
        return volume
    }
}
