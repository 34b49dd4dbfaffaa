public import Water

/// Resolves a SenML pack (`application/senml+json`, RFC 8428): base name, time, unit, value and sum applied, relative
/// times made absolute.
///
/// - Parameter now: what times below 2^28 are relative to; without it such records have no time.
/// - Throws: `BodyRefusal.malformed` where the pack is no pack: not JSON, a base field of a wrong type, a version above
///   10 or a second version, a label ending in `_` (which a reader must understand). A single bad record is left out.
public func resolveSenML(_ bytes: [UInt8], now: Instant?) throws(BodyRefusal) -> [SenMLRecord] {
    var pack = SenMLPack(now: now)
    var records: [SenMLRecord] = []
    try pack.read(bytes.span) { found throws(BodyRefusal) in
        if case .success(let record) = found { records.append(record) }
    }
    return records
}

/// A record, or why it says nothing.
enum SenMLFound {
    case success(SenMLRecord)
    /// With the unit, for a reader that wants to know of faults in its own kind of record only.
    case failure(SenMLFault, unit: String?)
}

/// Reads records one after another and remembers the base fields.
struct SenMLPack {
    private let now: Instant?
    private var base = SenMLFields()
    private var version: Int64?
    private var isFirst = true

    init(now: Instant?) { self.now = now }

    /// Calls `take` for each record in order.
    mutating func read(
        _ bytes: Span<UInt8>, take: (SenMLFound) throws(BodyRefusal) -> Void
    ) throws(BodyRefusal) {
        var at = 0
        bytes.skipSpace(&at)
        guard bytes.byte(at) == UInt8(ascii: "[") else { throw bytes.malformed(at, "expected a list of records") }
        guard bytes.enter(&at, until: UInt8(ascii: "]")) else {
            throw .malformed(offset: 0, reason: "a pack has at least one record")
        }
        repeat {
            let start = at
            let fields = try readFields(bytes, &at)
            try keepBase(fields, start)
            try take(found(fields))
            isFirst = false
        } while try bytes.continues(&at, until: UInt8(ascii: "]"))
        bytes.skipSpace(&at)
        if at < bytes.count { throw bytes.malformed(at, "text after the end") }
    }

    private func readFields(_ bytes: Span<UInt8>, _ at: inout Int) throws(BodyRefusal) -> SenMLFields {
        guard bytes.byte(at) == UInt8(ascii: "{") else { throw bytes.malformed(at, "expected a record") }
        var fields = SenMLFields()
        var seen: Set<String> = []
        guard bytes.enter(&at, until: UInt8(ascii: "}")) else { return fields }
        repeat {
            let start = at
            let label = bytes.text(try bytes.key(&at))
            guard seen.insert(label).inserted else {
                throw .malformed(offset: start, reason: "the label \(label) is given twice")
            }
            guard let key = SenMLKey(rawValue: label) else {
                if label.hasSuffix("_") {
                    throw .malformed(offset: start, reason: "the label \(label) must be understood and is not")
                }
                try bytes.skipValue(&at, depth: 2)
                continue
            }
            try readValue(key, bytes, &at, into: &fields)
        } while try bytes.continues(&at, until: UInt8(ascii: "}"))
        return fields
    }

    private func readValue(
        _ key: SenMLKey, _ bytes: Span<UInt8>, _ at: inout Int, into fields: inout SenMLFields
    ) throws(BodyRefusal) {
        let start = at
        switch (key.kind, bytes.byte(at)) {
        case (.text, UInt8(ascii: "\"")):
            fields.texts[key] = bytes.text(try bytes.string(&at), limit: 513)
            return
        case (.number, UInt8(ascii: "-")), (.number, UInt8(ascii: "0")...UInt8(ascii: "9")):
            let range = try bytes.number(&at)
            if let number = SenMLNumber(bytes, range) {
                fields.numbers[key] = number
                for index in range where bytes[index] | 0x20 == UInt8(ascii: "e") { fields.withExponent.insert(key) }
                if number == .zero, bytes[range.lowerBound] == UInt8(ascii: "-") { fields.negativeZeros.insert(key) }
                return
            }
            try refuse(key, "has more digits than can be held", start, &fields)
        case (.truth, UInt8(ascii: "t")), (.truth, UInt8(ascii: "f")):
            fields.truth = bytes.byte(at) == UInt8(ascii: "t")
            try bytes.skipValue(&at, depth: 2)
        default:
            try bytes.skipValue(&at, depth: 2)
            try refuse(key, "is of a wrong type", start, &fields)
        }
    }

    private func refuse(
        _ key: SenMLKey, _ reason: String, _ start: Int, _ fields: inout SenMLFields
    ) throws(BodyRefusal) {
        if key.isOfBase { throw .malformed(offset: start, reason: "\(key.rawValue) \(reason)") }
        if fields.fault == nil { fields.fault = SenMLFault(field: key.rawValue, reason: reason) }
    }

    /// Base fields hold until the next record that has the same.
    private mutating func keepBase(_ fields: SenMLFields, _ start: Int) throws(BodyRefusal) {
        for key in [SenMLKey.bn, .bu] { if let text = fields.texts[key] { base.texts[key] = text } }
        for key in [SenMLKey.bt, .bv, .bs] {
            guard let number = fields.numbers[key] else { continue }
            base.numbers[key] = number
            base.withExponent.remove(key)
            base.withExponent.formUnion(fields.withExponent.intersection([key]))
            base.negativeZeros.remove(key)
            base.negativeZeros.formUnion(fields.negativeZeros.intersection([key]))
        }
        guard let number = fields.numbers[.bver] else { return }
        guard let given = number.floored, SenMLNumber(given) == number, (1...10).contains(given) else {
            throw .malformed(offset: start, reason: "bver \(number) is not a version from 1 to 10")
        }
        guard isFirst || given == version ?? 10 else {
            throw .malformed(offset: start, reason: "bver changes within the pack")
        }
        version = given
    }

    private func found(_ fields: SenMLFields) -> SenMLFound {
        do throws(SenMLFault) {
            return .success(try resolved(fields))
        } catch {
            return .failure(error, unit: fields.texts[.u] ?? base.texts[.bu])
        }
    }

    private func resolved(_ fields: SenMLFields) throws(SenMLFault) -> SenMLRecord {
        if let fault = fields.fault { throw fault }
        let name = (base.texts[.bn] ?? "") + (fields.texts[.n] ?? "")
        guard isName(name) else { throw SenMLFault(field: "n", reason: "not a name: A-Z a-z 0-9 - : . / _, up to 512") }
        let value = try value(fields)
        let sum = try total(.bs, .s, fields)
        if value == nil, sum == nil { throw SenMLFault(field: "v", reason: "is missing") }
        return SenMLRecord(
            name: name, unit: fields.texts[.u] ?? base.texts[.bu], value: value, sum: sum, time: try time(fields),
            updateTime: fields.numbers[.ut], valueFault: numberFault(.v, on: .bv, fields),
            sumFault: numberFault(.s, on: .bs, fields))
    }

    /// The field of a number and its base that is written as no register is. A negative zero is one only where nothing
    /// else makes up the register.
    private func numberFault(_ own: SenMLKey, on ground: SenMLKey, _ fields: SenMLFields) -> SenMLNumberFault? {
        if fields.withExponent.contains(own) { return SenMLNumberFault(key: own, fault: .exponent) }
        if base.withExponent.contains(ground) { return SenMLNumberFault(key: ground, fault: .exponent) }
        if fields.negativeZeros.contains(own), base.numbers[ground] ?? .zero == .zero {
            return SenMLNumberFault(key: own, fault: .negative)
        }
        if fields.numbers[own] == nil, base.negativeZeros.contains(ground) {
            return SenMLNumberFault(key: ground, fault: .negative)
        }
        return nil
    }

    /// Exactly one value field, unless there is a sum.
    private func value(_ fields: SenMLFields) throws(SenMLFault) -> SenMLValue? {
        var found: [SenMLValue] = []
        if let number = fields.numbers[.v] {
            guard let sum = number.adding(base.numbers[.bv] ?? .zero) else {
                throw SenMLFault(field: "v", reason: "has more digits than can be held")
            }
            found.append(.number(sum))
        }
        if let text = fields.texts[.vs] { found.append(.text(text)) }
        if let truth = fields.truth { found.append(.truth(truth)) }
        if let data = fields.texts[.vd] { found.append(.data(data)) }
        if found.count > 1 { throw SenMLFault(field: "v", reason: "more than one value field") }
        return found.first
    }

    /// The sum of a base field and its own; nil where the record has neither.
    private func total(_ ground: SenMLKey, _ own: SenMLKey, _ fields: SenMLFields) throws(SenMLFault) -> SenMLNumber? {
        if fields.numbers[own] == nil, base.numbers[ground] == nil { return nil }
        guard let sum = (fields.numbers[own] ?? .zero).adding(base.numbers[ground] ?? .zero) else {
            throw SenMLFault(field: own.rawValue, reason: "has more digits than can be held")
        }
        return sum
    }

    private func time(_ fields: SenMLFields) throws(SenMLFault) -> SenMLNumber? {
        let told = try total(.bt, .t, fields) ?? .zero
        guard told.isRelativeTime else { return told }
        guard let now else { return nil }
        guard let absolute = told.adding(SenMLNumber(now.epochSeconds)) else {
            throw SenMLFault(field: "t", reason: "has more digits than can be held")
        }
        return absolute
    }

    private func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 512, first.isLetterOrDigit else { return false }
        return name.utf8.allSatisfy { $0.isLetterOrDigit || "-:./_".utf8.contains($0) }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        decimalDigit != nil || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
