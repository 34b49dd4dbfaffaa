public import Database
public import Storage
public import Water

/// Sends an event again under the same event id, with a fresh schedule of attempts.
public struct ReplayDelivery: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// Without `target`: to every enabled target where it failed. With one: to it, also where it was delivered.
    /// Returns what is due now.
    public func callAsFunction(
        _ eventID: String, target name: String? = nil, at: Instant
    ) async throws -> Result<[DeliveryRecord], TargetRefusal> {
        try await database.write { transaction in
            let deliveries = try transaction.reader.deliveries(ofEvent: eventID)
            if deliveries.isEmpty { return .failure(.unknownEvent(eventID)) }
            let disabled = Set(try transaction.reader.targets().filter { $0.disabledAt != nil }.map(\.id))
            let chosen: [DeliveryRecord]
            switch choose(from: deliveries, eventID, name, disabled: disabled) {
            case .success(let records): chosen = records
            case .failure(let refusal): return .failure(refusal)
            }
            for record in chosen { try transaction.requeue(record.key, at: at) }
            let ids = Set(chosen.map(\.key))
            return .success(try transaction.reader.deliveries(ofEvent: eventID).filter { ids.contains($0.key) })
        }
    }
}

private func choose(
    from deliveries: [DeliveryRecord], _ eventID: String, _ name: String?, disabled: Set<TargetID>
) -> Result<[DeliveryRecord], TargetRefusal> {
    if let name {
        guard let record = deliveries.first(where: { $0.targetName == name }) else {
            return .failure(.notAddressed(event: eventID, target: name))
        }
        return disabled.contains(record.key.target) ? .failure(.isDisabled(name)) : .success([record])
    }
    let failed = deliveries.filter { $0.state == .exhausted || $0.state == .disabled }
    guard let first = failed.first else { return .failure(.nothingFailed(eventID)) }
    let open = failed.filter { !disabled.contains($0.key.target) }
    return open.isEmpty ? .failure(.isDisabled(first.targetName)) : .success(open)
}
