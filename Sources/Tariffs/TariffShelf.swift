public import Water

/// Every tariff and rule file of a city, checked alone and against its neighbours in time.
public struct TariffShelf: Sendable, Hashable {
    /// By id, then by first valid day.
    public let tariffs: [Tariff]
    /// By id, then by first valid day.
    public let rules: [RuleSet]

    public static let empty = TariffShelf(tariffs: [], rules: [])

    /// The tariff of `id` for the whole of `month`: the version valid on its last day, with the versions of its
    /// first days as `earlierParts` where a version starts inside the month. nil where some day has none.
    public func tariff(_ id: String, in month: BillingMonth) -> Tariff? {
        let touching = tariffs.filter {
            $0.id == id && $0.validFrom <= month.lastDay && $0.validTo.map { $0 >= month.firstDay } ?? true
        }
        guard let last = touching.last else { return nil }
        let found = touching.count == 1 ? last : last.following(Array(touching.dropLast()))
        return found.isValid(in: month) ? found : nil
    }

    /// The rules of `id` that are valid for the whole of `month`.
    public func rules(_ id: String, in month: BillingMonth) -> RuleSet? {
        rules.first { $0.id == id && $0.isValid(in: month) }
    }
}

/// Reads tariff and rule files; the caller has read their text, in any order.
///
/// A file says by `kind: tariff` or `kind: rules` what it is. Refused are: what `FileRefusal.Reason` lists, an
/// example that does not hold among it, and files of one id that overlap in time or leave days between them.
public func loadTariffs(_ files: [(name: String, text: String)]) throws(FileRefusal) -> TariffShelf {
    var tariffs: [Placed<Tariff>] = []
    var rules: [Placed<RuleSet>] = []
    for file in files {
        let document = try Located.document(file: file.name, text: file.text)
        let kind = try kind(of: document)
        switch kind {
        case .tariff: tariffs.append(try Placed(file: file.name, document: document, value: .read(document)))
        case .rules: rules.append(try Placed(file: file.name, document: document, value: .read(document)))
        }
    }
    return TariffShelf(tariffs: try succession(tariffs), rules: try succession(rules))
}

private enum FileKind: String, CaseIterable {
    case tariff, rules
}

private func kind(of document: Located) throws(FileRefusal) -> FileKind {
    guard document.isMapping else { throw document.bad("a mapping") }
    guard let kind = document.member("kind") else { throw document.refusal(.missingKey("kind")) }
    return try kind.choice(FileKind.self)
}

private protocol Succeeding {
    var id: String { get }
    var version: String { get }
    var validFrom: LocalDay { get }
    var validTo: LocalDay? { get }
}

extension Tariff: Succeeding {}
extension RuleSet: Succeeding {}

private struct Placed<Value> {
    let file: String
    /// Where the validity starts, for refusals.
    let place: Located
    let value: Value

    init(file: String, document: Located, value: Value) {
        self.file = file
        self.value = value
        self.place = document.member("valid_from") ?? document
    }
}

/// Sorts by id and first day; neighbours of one id must meet without overlap or gap.
private func succession<Value: Succeeding>(_ placed: [Placed<Value>]) throws(FileRefusal) -> [Value] {
    let sorted = placed.sorted {
        ($0.value.id, $0.value.validFrom, $0.file) < ($1.value.id, $1.value.validFrom, $1.file)
    }
    for (index, later) in sorted.enumerated() {
        let family = sorted[..<index].filter { $0.value.id == later.value.id }
        if let twin = family.first(where: { $0.value.version == later.value.version }) {
            throw later.place.refusal(.overlaps(file: twin.file))
        }
        guard let earlier = family.last else { continue }
        guard let end = earlier.value.validTo, end < later.value.validFrom else {
            throw later.place.refusal(.overlaps(file: earlier.file))
        }
        guard end.advanced(by: 1) == later.value.validFrom else {
            throw later.place.refusal(.leavesGap(after: earlier.file))
        }
    }
    return sorted.map(\.value)
}
