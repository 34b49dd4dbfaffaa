import Database
import Operations
import Storage
import Water

/// Why an exchange will be refused, in words that name the field and the reason. Looked at before anything is asked.
struct ExchangeFaults: Sendable {
    let exchange: MeterExchange
    let clerk: Clerk
    let services: WebServices
    let texts: Texts

    /// nil where nothing is found at fault.
    func first(at now: Instant, _ reader: Reader) throws -> String? {
        guard exchange.at <= now else {
            return texts("exchange_refused_at_future", ["time": services.minute(exchange.at)])
        }
        guard let meter = try reader.meter(serial: exchange.old.address) else { return texts("exchange_refused_old") }
        let placed = try reader.placements(of: meter.id)
        let mine = try placed.filter { try clerk.covers($0, reader) }
        let place = placed.first { $0.from < exchange.at && ($0.to.map { $0 == exchange.at } ?? true) }
        guard let place else { return mine.isEmpty ? texts("exchange_refused_old") : time(mine) }
        guard mine.contains(place) else { return texts("exchange_refused_old") }
        if let words = lastRegister(of: meter, place) { return words }
        if let words = try new(at: place, reader) { return words }
        return try firstRegister(inPlaceOf: meter, reader)
    }

    /// The new meter's first register is beyond its dial; one that is not registered yet takes over the old one's.
    private func firstRegister(inPlaceOf old: Meter, _ reader: Reader) throws -> String? {
        guard let start = exchange.startRegister,
            let modulus = (try reader.meter(serial: exchange.new.address) ?? old).traits.modulus
        else { return nil }
        return start < modulus ? nil : texts("exchange_refused_start_beyond")
    }

    /// The old meter's last register is beyond its dial, or below its first without having gone round.
    private func lastRegister(of meter: Meter, _ place: Placement) -> String? {
        guard let final = exchange.finalRegister else { return nil }
        let isPossible = meter.traits.modulus.map { final < $0 } ?? (final >= place.startRegister ?? .zero)
        return isPossible ? nil : texts("exchange_refused_final")
    }

    /// The old meter hung then nowhere, or is noted to have been taken away at another time; `mine` are in order.
    private func time(_ mine: [Placement]) -> String {
        if let end = mine.last(where: { $0.from < exchange.at })?.to {
            return texts("exchange_refused_at_removed", ["time": services.minute(end)])
        }
        return texts(
            "exchange_refused_at_before", ["time": services.minute(mine.map(\.from).min() ?? exchange.at)])
    }

    /// What the new meter's number has against it.
    private func new(at place: Placement, _ reader: Reader) throws -> String? {
        let serial = exchange.new.address
        let meter = try reader.meter(serial: serial)
        if meter == nil, try reader.holder(of: exchange.new)?.isRegistered == true {
            return texts("exchange_refused_taken", ["new": serial])
        }
        let places = try meter.map { try reader.placements(of: $0.id) } ?? []
        let other = places.first {
            let isHere = $0.usagePoint == place.usagePoint && $0.community == place.community
            return $0.to.map { $0 > exchange.at } ?? true && !(isHere && $0.from == exchange.at)
        }
        if let other { return try elsewhere(other, reader) }
        let begun = try reader.hung(at: place.usagePoint, in: place.community).filter { $0.from == exchange.at }
        if let hung = begun.first(where: { MeterAddress(.serial, $0.serial) != exchange.new }) {
            return texts(
                "exchange_refused_already", ["time": services.minute(exchange.at), "meter": hung.serial])
        }
        return nil
    }

    /// Where the new meter hangs already; of places outside the member's area only that it does.
    private func elsewhere(_ place: Placement, _ reader: Reader) throws -> String {
        guard try clerk.covers(place, reader) else {
            return texts("exchange_refused_elsewhere_unseen", ["new": exchange.new.address])
        }
        let point = try reader.usagePointNumber(place.usagePoint, in: place.community) ?? ""
        return texts(
            "exchange_refused_elsewhere",
            ["new": exchange.new.address, "point": point, "time": services.minute(place.from)])
    }

    /// What the act itself refuses besides.
    func words(_ refusal: ExchangeRefusal) -> String {
        if case .finalContradicts(let found) = refusal { return found.words(texts, services.calendar) }
        let field =
            switch refusal {
            case .unknownMeter: "old"
            case .sameMeter: "same"
            case .alreadyExchanged: "new"
            case .notInstalledThen, .inTheFuture: "at"
            case .finalContradicts: "final"
            case .registry(let refusal):
                switch refusal {
                case .finalBelowStart, .exceedsModulus(field: "final_m3"): "final"
                case .exceedsModulus: "start_beyond"
                case .overlapsInstallation: "elsewhere_unseen"
                case .addressIsTaken: "taken"
                default: "at"
                }
            }
        return texts("exchange_refused_\(field)", ["new": exchange.new.address])
    }
}
