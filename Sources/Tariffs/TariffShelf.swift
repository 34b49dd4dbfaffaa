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
/// example that does not hold among it, and files of one id that overlap in time, leave days between them, bear one
/// version or begin new tiers within a month. Throws the first refusal; `readTariffs` tells them all.
public func loadTariffs(_ files: [(name: String, text: String)]) throws(FileRefusal) -> TariffShelf {
    switch readTariffs(files.map { (name: $0.name, bytes: Array($0.text.utf8)) }) {
    case .success(let shelf): return shelf
    case .failure(let refusals):
        if let first = refusals.all.first { throw first }
        return .empty
    }
}

/// As `loadTariffs`, from bytes, and with one refusal for every broken file, those of `besides` first: files that the
/// caller could not read. Whether files follow each other is looked at once each can be read alone.
public func readTariffs(
    _ files: [(name: String, bytes: [UInt8])], besides unread: [FileRefusal] = []
) -> Result<TariffShelf, FileRefusals> {
    var tariffs: [Placed<Tariff>] = []
    var rules: [Placed<RuleSet>] = []
    var refusals = unread
    for file in files {
        do throws(FileRefusal) {
            guard let text = String(validating: file.bytes, as: UTF8.self) else {
                throw FileRefusal(file: file.name, line: 1, reason: .notUTF8)
            }
            let document = try Located.document(file: file.name, text: text)
            switch try kind(of: document) {
            case .tariff: tariffs.append(try Placed(file: file.name, document: document, value: .read(document)))
            case .rules: rules.append(try Placed(file: file.name, document: document, value: .read(document)))
            }
        } catch {
            refusals.append(error)
        }
    }
    if refusals.isEmpty { refusals = breaks(of: tariffs) + breaks(of: rules) }
    if refusals.isEmpty { refusals = beginnings(of: tariffs) }
    guard refusals.isEmpty else { return .failure(FileRefusals(refusals)) }
    return .success(TariffShelf(tariffs: sorted(tariffs).map(\.value), rules: sorted(rules).map(\.value)))
}

/// A rule file that is tried on closed months: its report may be missing or above the share of false awards that a file
/// in force may have, as the trial is what gives it. nil for a tariff file.
public func loadTrialRules(file: String, text: String) throws(FileRefusal) -> RuleSet? {
    let document = try Located.document(file: file, text: text)
    return try kind(of: document) == .rules ? try RuleSet.read(document, isTrial: true) : nil
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
    /// Where the validity starts and where the version stands, for refusals.
    let place: Located
    let versionPlace: Located
    let value: Value

    init(file: String, document: Located, value: Value) {
        self.file = file
        self.value = value
        self.place = document.member("valid_from") ?? document
        self.versionPlace = document.member("version") ?? document
    }
}

/// By id and first day.
private func sorted<Value: Succeeding>(_ placed: [Placed<Value>]) -> [Placed<Value>] {
    placed.sorted { ($0.value.id, $0.value.validFrom, $0.file) < ($1.value.id, $1.value.validFrom, $1.file) }
}

/// A version that begins within a month goes on filling the tiers of the one before it.
private func beginnings(of placed: [Placed<Tariff>]) -> [FileRefusal] {
    let sorted = sorted(placed)
    return zip(sorted, sorted.dropFirst()).compactMap { earlier, later in
        guard earlier.value.id == later.value.id, later.value.validFrom.date.day != 1 else { return nil }
        let goesOn = later.value.basis == earlier.value.basis
        let fillsAnew = later.value.basis != .month && later.value.firstPeriod == .byDays
        return goesOn && !fillsAnew ? nil : later.place.refusal(.beginsWithinMonth(after: earlier.file))
    }
}

/// Neighbours of one id must meet without overlap or gap, each with a version of its own.
private func breaks<Value: Succeeding>(of placed: [Placed<Value>]) -> [FileRefusal] {
    let sorted = sorted(placed)
    return sorted.enumerated().compactMap { index, later in
        let family = sorted[..<index].filter { $0.value.id == later.value.id }
        if let twin = family.first(where: { $0.value.version == later.value.version }) {
            return later.versionPlace.refusal(.versionUsed(later.value.version, file: twin.file))
        }
        guard let earlier = family.last else { return nil }
        guard let end = earlier.value.validTo, end < later.value.validFrom else {
            return later.place.refusal(.overlaps(file: earlier.file))
        }
        return end.advanced(by: 1) == later.value.validFrom
            ? nil : later.place.refusal(.leavesGap(after: earlier.file))
    }
}
