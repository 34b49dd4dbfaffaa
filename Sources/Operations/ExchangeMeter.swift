public import Database
public import Metering
import Storage
public import Water

/// What a meter can show: up to 10^9 m³, what none does.
public let registerRange = Volume.zero...Volume(litres: 1_000_000_000_000)

/// An exchange in the field, as the fitter's slip says it.
public struct MeterExchange: Sendable, Hashable {
    /// Printed numbers.
    public let old: MeterAddress
    public let new: MeterAddress
    /// When: it belongs to both meters.
    public let at: Instant
    /// What the old one showed last and the new one first; nil is not known.
    public let finalRegister: Volume?
    public let startRegister: Volume?

    public init(old: MeterAddress, new: MeterAddress, at: Instant, finalRegister: Volume?, startRegister: Volume?) {
        self.old = old
        self.new = new
        self.at = at
        self.finalRegister = finalRegister
        self.startRegister = startRegister
    }
}

/// Why an exchange is not noted; nothing is changed then.
public enum ExchangeRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// No meter of that number is registered, or none in the area of who asks.
    case unknownMeter(String)
    /// The old meter hung nowhere then, or was taken away at another time.
    case notInstalledThen
    case sameMeter
    case inTheFuture
    /// Another meter was hung there at that time.
    case alreadyExchanged
    /// The old meter cannot have shown this last: it showed another register before, and nobody said to take it anyway.
    case finalContradicts(RegisterContradiction)
    case registry(RegistryRefusal)

    public var description: String {
        switch self {
        case .unknownMeter(let serial): "old: no registered meter has the number \(serial)"
        case .notInstalledThen: "at: the old meter was not installed then"
        case .sameMeter: "new: is the old meter"
        case .inTheFuture: "at: lies ahead"
        case .alreadyExchanged: "new: another meter was hung there at that time"
        case .finalContradicts(let found): "final_m3: \(found.text(time: \.utc))"
        case .registry(let refusal): "\(refusal.field): \(refusal.reason)"
        }
    }
}

/// Notes that a meter was taken away and another hung in its place, also weeks after it was done: months with figures
/// are marked, and corrected at the next close.
public struct ExchangeMeter: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules

    public init(database: Database, calendar: CityCalendar, rules: MeteringRules) {
        self.database = database
        self.calendar = calendar
        self.rules = rules
    }

    /// The new meter takes over resolution, flow and modulus where it is not registered yet. A repeat changes nothing.
    ///
    /// `isForced` takes the last register whatever the old meter showed before. `covers` tells whether the one who asks
    /// may change the meters that hang in an area. Where a member of staff is named the notes of the household that
    /// lived there keep who it was.
    public func callAsFunction(
        _ exchange: MeterExchange, isForced: Bool = false, by staff: StaffID? = nil, now: Instant,
        covers: @escaping @Sendable (AreaID) -> Bool = { _ in true }
    ) async throws -> Result<Void, ExchangeRefusal> {
        guard exchange.old != exchange.new else { return .failure(.sameMeter) }
        guard exchange.at <= now else { return .failure(.inTheFuture) }
        for (field, register) in [("final_m3", exchange.finalRegister), ("start_m3", exchange.startRegister)] {
            guard let register, !registerRange.contains(register) else { continue }
            return .failure(.registry(.malformed(field: field, expected: "0 to 1000000000 m³")))
        }
        do {
            try await database.write { transaction in
                let found = try isForced ? nil : contradiction(to: exchange, transaction.reader)
                try note(exchange, by: staff, now: now, covers: covers, transaction)
                // Told last: what else is refused cannot be forced.
                if let found { throw ExchangeRefusal.finalContradicts(found) }
            }
            return .success(())
        } catch let refusal as ExchangeRefusal {
            return .failure(refusal)
        }
    }

    /// What the old meter showed before that its last register cannot follow: readings after the exchange are the new
    /// meter's. nil where none is given, where it was noted so before, or where the old meter hung nowhere then.
    public func contradiction(to exchange: MeterExchange, _ reader: Reader) throws -> RegisterContradiction? {
        guard let final = exchange.finalRegister, let meter = try reader.meter(serial: exchange.old.address),
            let place = try reader.placements(of: meter.id).first(where: { exchange.ends($0) }),
            place.to == nil || place.finalRegister != final,
            let installation = try reader.installations(of: meter.id, in: place.community).first(where: {
                $0.from == place.from
            })
        else { return nil }
        return try RegisterCheck(calendar: calendar, rules: rules, reader: reader)
            .found(against: final, at: exchange.at, in: installation.ending(at: exchange.at), of: place.community)
    }

    /// A refusal is thrown, so that the first half is not kept without the second.
    private func note(
        _ exchange: MeterExchange, by staff: StaffID?, now: Instant, covers: (AreaID) -> Bool,
        _ transaction: Transaction
    ) throws {
        let reader = transaction.reader
        let serial = exchange.old.address
        guard let meter = try reader.meter(serial: serial) else { throw ExchangeRefusal.unknownMeter(serial) }
        let placed = try reader.placements(of: meter.id)
        guard let place = placed.first(where: { exchange.ends($0) }) else {
            guard try placed.contains(where: { try reader.isCovered($0, by: covers) }) else {
                throw ExchangeRefusal.unknownMeter(serial)
            }
            throw ExchangeRefusal.notInstalledThen
        }
        guard try reader.isCovered(place, by: covers),
            let point = try reader.usagePointNumber(place.usagePoint, in: place.community)
        else { throw ExchangeRefusal.unknownMeter(serial) }
        let new = try reader.meter(serial: exchange.new.address)
        let elsewhere = try new.map { try reader.placements(of: $0.id) } ?? []
        // Registering goes by meter and beginning: one that hangs elsewhere since then would be taken from there.
        if let other = elsewhere.first(where: { $0.from == exchange.at && $0.usagePoint != place.usagePoint }) {
            throw ExchangeRefusal.registry(.overlapsInstallation(from: other.from.utc))
        }
        let begun = try reader.metersInstalled(at: place.usagePoint, in: place.community, from: exchange.at)
        guard begun.allSatisfy({ $0 == new?.id }) else { throw ExchangeRefusal.alreadyExchanged }
        let known = new != nil
        do {
            let entries = [
                try MeterEntry(
                    serial: exchange.old, otherAddresses: [], usagePoint: point, from: place.from, to: exchange.at,
                    startRegister: nil, finalRegister: exchange.finalRegister, resolution: nil,
                    nominalFlowLitresPerHour: nil, modulus: nil),
                try MeterEntry(
                    serial: exchange.new, otherAddresses: [], usagePoint: point, from: exchange.at, to: nil,
                    startRegister: exchange.startRegister, finalRegister: nil,
                    resolution: known ? nil : meter.traits.resolution,
                    nominalFlowLitresPerHour: known ? nil : meter.traits.nominalFlowLitresPerHour,
                    modulus: known ? nil : meter.traits.modulus),
            ]
            let changes = try entries.map { try transaction.register($0, at: now).get() }
            guard let staff, changes.contains(where: { $0 != .unchanged }) else { return }
            let homes = try reader.households(
                at: place.usagePoint, in: place.community, from: exchange.at, to: exchange.at)
            for home in homes {
                try transaction.log(
                    .exchange, [serial, exchange.new.address], of: home, in: place.community, by: staff, at: now)
            }
        } catch let refusal as RegistryRefusal {
            throw ExchangeRefusal.registry(refusal)
        }
    }
}

extension MeterExchange {
    /// Whether the old meter hung there up to the exchange.
    fileprivate func ends(_ place: Placement) -> Bool {
        place.from < at && (place.to.map { $0 == at } ?? true)
    }
}

extension Reader {
    fileprivate func isCovered(_ place: Placement, by covers: (AreaID) -> Bool) throws -> Bool {
        try area(ofPoint: place.usagePoint, in: place.community).map(covers) ?? false
    }
}
