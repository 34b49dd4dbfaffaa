import ArgumentParser
import Database
import Metering
import Operations
import Storage
import Water

extension ReadingCommand {
    struct Doubts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the meters whose registers go on in another unit, or show nought and nothing else.",
            discussion: """
                One line a meter, tab-separated: serial, households, time of the first register in doubt, the believed \
                register before it, that register, both in cubic metres, who sent it, and how it stands. Until the \
                register comes back, or one of the run is accepted, nothing of it counts.

                --accept accepts the first register of each, which lets its run count from the next correction on: for \
                meters whose display agrees with their new readings. A repeat changes nothing. Noughts are never \
                accepted so: look at each such meter, then use reading accept or reading enter. A register that is not \
                accepted is told in its line; then the exit code is 1.
                """)

        @OptionGroup var options: GlobalOptions
        @Option(help: "The community's code.") var community: String
        @Option(help: "Only meters whose first reading in doubt this gateway sent.") var gateway: String?
        @Flag(help: "Accept the first register in doubt of each.") var accept = false
        @Option(help: "Why, 1 to 200 characters; with --accept.") var reason: String?
        @Option(help: "The name of the member of staff who decides; with --accept.") var staff: String?

        func run() async throws {
            guard accept == (reason != nil), accept == (staff != nil) else {
                throw CommandFailure("give --accept, --reason and --staff together")
            }
            let context = try await CommandContext.open(options)
            let asked = try await asked(context)
            let doubted = DoubtedMeters(database: context.database, calendar: context.calendar, rules: .standard)
            let meters = try await doubted(in: asked.community, sentBy: asked.gateway, at: .now)
            var (decided, refused) = (0, 0)
            for meter in meters {
                var state = meter.state
                if let member = asked.member, let reason,
                    let done = try await doubted.accept(meter, reason: reason, by: member, at: .now)
                {
                    switch done {
                    case .success(let outcome):
                        decided += 1
                        state =
                            outcome.isRepeat ? "accepted before" : "accepted; \(outcome.markedHomes) homes to correct"
                    case .failure(.reasonIsMissing):
                        throw CommandFailure(EditRefusal.reasonIsMissing.description)
                    case .failure(let refusal):
                        refused += 1
                        state = "not accepted: \(refusal)"
                    }
                }
                print(meter.line(context.calendar, state))
            }
            note("\(meters.count) listed" + (accept ? ", \(decided) accepted, \(refused) refused" : ""))
            if refused > 0 { throw ExitCode(1) }
        }

        private struct Asked {
            let community: CommunityID
            let gateway: GatewayID?
            let member: StaffMember?
        }

        private func asked(_ context: CommandContext) async throws -> Asked {
            try await context.database.read { [community, gateway, staff] reader in
                guard let area = try reader.area(code: community), area.kind == .community else {
                    throw CommandFailure("no community has the code \(community)")
                }
                var (sender, member): (GatewayID?, StaffMember?) = (nil, nil)
                if let gateway {
                    guard let found = try reader.gateway(name: gateway) else {
                        throw CommandFailure("no gateway is named \(gateway)")
                    }
                    sender = found.id
                }
                if let staff {
                    guard let found = try reader.staff(name: staff), found.disabledAt == nil else {
                        throw CommandFailure("no member of staff is named \(staff)")
                    }
                    member = found
                }
                return Asked(community: area.id, gateway: sender, member: member)
            }
        }
    }
}

extension DoubtedMeter {
    /// How it stands before anything is accepted.
    fileprivate var state: String {
        if first == nil { return "in doubt no more: the next correction takes it off the list" }
        return isNought ? "nought: look at the meter, it is not accepted here" : "in doubt"
    }

    fileprivate func line(_ calendar: CityCalendar, _ state: String) -> String {
        let fields = [
            open.serial, open.households.joined(separator: ","), calendar.format(open.doubt.first),
            before?.cubicMetres ?? "", first?.cubicMetres ?? "", gateways.joined(separator: ","), state,
        ]
        return fields.map { $0.isEmpty ? "-" : $0 }.joined(separator: "\t")
    }
}
