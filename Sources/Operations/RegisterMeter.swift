public import Database
import Storage
public import Water

/// A meter at a usage point as it is given.
public struct MeterEntry: Sendable, Hashable {
    public let serial: MeterAddress
    /// Further addresses, at most one a protocol.
    public let otherAddresses: [MeterAddress]
    public let usagePoint: String
    public let from: Instant
    /// nil says nothing: a meter that was removed stays so. So for every optional part.
    public let to: Instant?
    public let startRegister: Volume?
    public let finalRegister: Volume?
    public let resolution: Volume?
    public let nominalFlowLitresPerHour: Int64?
    public let modulus: Volume?

    /// Refuses a removal not after the installation.
    public init(
        serial: MeterAddress, otherAddresses: [MeterAddress], usagePoint: String, from: Instant, to: Instant?,
        startRegister: Volume?, finalRegister: Volume?, resolution: Volume?, nominalFlowLitresPerHour: Int64?,
        modulus: Volume?
    ) throws(RegistryRefusal) {
        if let to, to <= from { throw .removedBeforeInstalled }
        self.serial = serial
        self.otherAddresses = otherAddresses
        self.usagePoint = usagePoint
        self.from = from
        self.to = to
        self.startRegister = startRegister
        self.finalRegister = finalRegister
        self.resolution = resolution
        self.nominalFlowLitresPerHour = nominalFlowLitresPerHour
        self.modulus = modulus
    }
}

/// Registers a meter with its addresses and one installation, or brings the known one to what is given.
///
/// An address held as unregistered is taken over with its readings: the fold moves them.
public struct RegisterMeter: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(
        _ entry: MeterEntry, at: Instant
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        try await database.write { transaction in try transaction.register(entry, at: at) }
    }
}

extension Transaction {
    /// Registers a meter in this transaction; a refusal leaves nothing written.
    func register(_ entry: MeterEntry, at: Instant) throws -> Result<RegistryChange, RegistryRefusal> {
        guard let point = try reader.usagePoint(number: entry.usagePoint) else {
            return .failure(.unknownUsagePoint(entry.usagePoint))
        }
        let meter = try reader.meter(serial: entry.serial.address)
        if let refusal = try addressRefusal(of: entry, meter: meter) { return .failure(refusal) }
        let before = try meter.map { try reader.placements(of: $0.id) } ?? []
        let known = before.first { $0.from == entry.from }
        let wanted = Placement(
            community: point.community, usagePoint: point.id, from: entry.from, to: entry.to ?? known?.to,
            startRegister: entry.startRegister ?? known?.startRegister,
            finalRegister: entry.finalRegister ?? known?.finalRegister)
        let traits = MeterTraits(
            resolution: entry.resolution ?? meter?.traits.resolution ?? Volume(litres: 1),
            nominalFlowLitresPerHour: entry.nominalFlowLitresPerHour ?? meter?.traits.nominalFlowLitresPerHour,
            modulus: entry.modulus ?? meter?.traits.modulus)
        if let refusal = refusal(of: wanted, traits: traits) { return .failure(refusal) }
        if let other = before.first(where: { $0.from != entry.from && $0.overlaps(wanted) }) {
            return .failure(.overlapsInstallation(from: other.from.utc))
        }
        return .success(
            try write(entry, meter: meter, traits: traits, wanted: wanted, known: known, at: at))
    }

    private func addressRefusal(of entry: MeterEntry, meter: Meter?) throws -> RegistryRefusal? {
        for address in [entry.serial] + entry.otherAddresses {
            guard let holder = try reader.holder(of: address), holder.isRegistered, holder.meter != meter?.id
            else { continue }
            let serial = try reader.addresses(of: holder.meter).first { $0.protocol == .serial }?.address
            return .addressIsTaken(field: address.protocol.rawValue, serial: serial ?? "")
        }
        return nil
    }

    private func refusal(of placement: Placement, traits: MeterTraits) -> RegistryRefusal? {
        if let to = placement.to, to <= placement.from { return .removedBeforeInstalled }
        if let modulus = traits.modulus {
            if let start = placement.startRegister, start >= modulus { return .exceedsModulus(field: "start_m3") }
            if let final = placement.finalRegister, final >= modulus { return .exceedsModulus(field: "final_m3") }
        }
        guard let final = placement.finalRegister else { return nil }
        if placement.to == nil { return .finalWithoutRemoval }
        if let start = placement.startRegister, final < start, traits.modulus == nil { return .finalBelowStart }
        return nil
    }

    private func write(
        _ entry: MeterEntry, meter: Meter?, traits: MeterTraits, wanted: Placement, known: Placement?, at: Instant
    ) throws -> RegistryChange {
        let id = try meter?.id ?? newMeter(entry, traits: traits)
        var changed = false
        if let meter, meter.traits != traits {
            try setTraits(traits, of: id)
            // What no meter of such a size can do is told by them: every month is judged anew.
            for place in try reader.placements(of: id) {
                try markInstallation(
                    of: id, at: place.usagePoint, in: place.community, from: place.from, to: place.to, at: at)
            }
            changed = true
        }
        for address in [entry.serial] + entry.otherAddresses {
            changed = try takeAddress(address, for: id, at: at) || changed
        }
        if known != wanted {
            try put(wanted, of: id)
            if let known, let from = try changeOfEnd(of: id, known, wanted) {
                let to = known.to.flatMap { former in wanted.to.map { max(former, $0) } }
                try markInstallation(
                    of: id, at: wanted.usagePoint, in: wanted.community, from: from, to: to, at: at)
            } else {
                try markInstallation(
                    of: id, at: wanted.usagePoint, in: wanted.community, from: wanted.from, to: wanted.to, at: at)
                if let known, known.usagePoint != wanted.usagePoint || known.to != wanted.to {
                    try markInstallation(
                        of: id, at: known.usagePoint, in: known.community, from: known.from, to: known.to, at: at)
                }
            }
        }
        // A meter new to the registry has no rows but those held under its addresses, which are swept with them.
        if known != wanted, meter != nil {
            // Rows of the old place may belong elsewhere now, and rows held or elsewhere may belong here.
            var communities = Set(try reader.placements(of: id).map(\.community))
            if let known { communities.insert(known.community) }
            for community in communities.sorted() { try askSweep(of: id, in: community, target: id, at: at) }
            try askSweep(of: id, in: .unregistered, target: id, at: at)
            changed = true
        }
        return meter == nil ? .added : changed ? .changed : .unchanged
    }

    /// From when on figures can differ where nothing of an installation but its end changed, as by an exchange: from the
    /// last reading before either end. nil where more changed.
    private func changeOfEnd(of meter: MeterID, _ known: Placement, _ wanted: Placement) throws -> Instant? {
        guard known.usagePoint == wanted.usagePoint, known.community == wanted.community, known.from == wanted.from,
            known.startRegister == wanted.startRegister, let calendar = try reader.city()?.calendar,
            let end = [known.to, wanted.to].compactMap({ $0 }).min()
        else { return nil }
        let last = try reader.nearestSet(of: meter, in: wanted.community, before: calendar.day(of: end))
        return max(wanted.from, last?.elements.map(\.at).max() ?? wanted.from)
    }

    /// A new meter takes the number under which its readings are held already, where there is one.
    private func newMeter(_ entry: MeterEntry, traits: MeterTraits) throws -> MeterID {
        let held = try ([entry.serial] + entry.otherAddresses).compactMap { try reader.holder(of: $0)?.meter }
        return try addMeter(serial: entry.serial.address, traits: traits, takingOver: held.first)
    }

    /// Gives an address to a meter with whatever is held under it; false where it has it already.
    private func takeAddress(_ address: MeterAddress, for meter: MeterID, at: Instant) throws -> Bool {
        let holder = try reader.holder(of: address)
        if let holder, holder.meter == meter, holder.isRegistered { return false }
        try register(address, for: meter, at: at)
        if let holder, holder.meter != meter {
            try askSweep(of: holder.meter, in: .unregistered, target: meter, at: at)
        }
        for held in try reader.heldUnderOtherDrivers(address) where held != meter {
            try askSweep(of: held, in: .unregistered, target: meter, at: at)
        }
        if holder != nil { try askSweep(of: meter, in: .unregistered, target: meter, at: at) }
        return true
    }
}
