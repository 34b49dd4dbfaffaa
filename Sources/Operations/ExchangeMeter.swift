public import Database
import Storage
public import Water

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
    case registry(RegistryRefusal)

    public var description: String {
        switch self {
        case .unknownMeter(let serial): "old: no registered meter has the number \(serial)"
        case .notInstalledThen: "at: the old meter was not installed then"
        case .sameMeter: "new: is the old meter"
        case .inTheFuture: "at: lies ahead"
        case .alreadyExchanged: "new: another meter was hung there at that time"
        case .registry(let refusal): "\(refusal.field): \(refusal.reason)"
        }
    }
}

/// Notes that a meter was taken away and another hung in its place, also weeks after it was done: months with figures
/// are marked, and corrected at the next close.
public struct ExchangeMeter: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// The new meter takes over resolution, flow and modulus where it is not registered yet. A repeat changes nothing.
    ///
    /// `covers` tells whether the one who asks may change the meters that hang in an area. Where a member of staff is named
    /// the notes of the household that lived there keep who it was.
    public func callAsFunction(
        _ exchange: MeterExchange, by staff: StaffID? = nil, now: Instant,
        covers: @escaping @Sendable (AreaID) -> Bool = { _ in true }
    ) async throws -> Result<Void, ExchangeRefusal> {
        guard exchange.old != exchange.new else { return .failure(.sameMeter) }
        guard exchange.at <= now else { return .failure(.inTheFuture) }
        do {
            try await database.write { transaction in
                try note(exchange, by: staff, now: now, covers: covers, transaction)
            }
            return .success(())
        } catch let refusal as ExchangeRefusal {
            return .failure(refusal)
        }
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
        guard
            let place = placed.first(where: {
                $0.from < exchange.at && ($0.to.map { $0 == exchange.at } ?? true)
            })
        else {
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

extension Reader {
    fileprivate func isCovered(_ place: Placement, by covers: (AreaID) -> Bool) throws -> Bool {
        try area(ofPoint: place.usagePoint, in: place.community).map(covers) ?? false
    }
}
