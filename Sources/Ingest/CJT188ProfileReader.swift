import Water

extension CJT188Profiles {
    /// The profiles that the program brings along.
    public static func builtIn() throws(MappingFaults) -> CJT188Profiles { try readBuiltIn.get() }

    private static let readBuiltIn = Result { () throws(MappingFaults) -> CJT188Profiles in
        try read(cjt188ProfileText, file: "built-in CJ/T 188 profiles", over: nil)
    }

    /// Reads a city's own profiles, which are added to the built-in ones and come before one of these that fits alike.
    ///
    /// Lines of `key: value`; empty lines and `#` comments are skipped; `profile: NAME` begins a profile, what it
    /// does not say is as in the built-in `standard`. The keys are in Formats.md. Every frame that a profile carries
    /// is decoded under it.
    /// - Parameter file: the name that faults are told with.
    /// - Throws: every fault found, at least one: also a built-in profile's name, a frame that does not decode to what
    ///   is said of it, two profiles that fit alike, and a file without any profile.
    public static func read(_ text: String, file: String) throws(MappingFaults) -> CJT188Profiles {
        try read(text, file: file, over: try builtIn())
    }

    private static func read(
        _ text: String, file: String, over known: CJT188Profiles?
    ) throws(MappingFaults) -> CJT188Profiles {
        var reader = CJT188ProfileReader(file: file, known: known)
        var number = 0
        for line in text.lines {
            number += 1
            reader.read(line.trimmed, number)
        }
        reader.endProfile()
        reader.refuseNothing()
        let all = reader.profiles + (known?.all ?? [])
        guard reader.faults.isEmpty, let standard = all.first(where: { $0.name == "standard" }) else {
            let missing = MappingFault(file: file, line: max(number, 1), reason: "no profile is named standard")
            throw MappingFaults(faults: reader.faults.isEmpty ? [missing] : reader.sortedFaults)
        }
        return CJT188Profiles(all: all, standard: standard)
    }
}

/// Reads profiles line by line and keeps every fault with its line.
private struct CJT188ProfileReader {
    private(set) var faults: [MappingFault] = []
    private(set) var profiles: [CJT188Profile] = []
    private let file: String
    /// The built-in ones; nil while these are read.
    private let known: CJT188Profiles?
    private var current: CJT188Profile?
    /// Where the current one begins.
    private var begun = 0
    private var seen: Set<String> = []
    private var proofs: [(line: Int, proof: CJT188Proof)] = []
    /// Faults of the profiles before the current one.
    private var faultsBefore = 0
    private var line = 0

    init(file: String, known: CJT188Profiles?) {
        self.file = file
        self.known = known
    }

    /// Frames are looked at only once their profile is whole, so their faults come after those of later lines.
    var sortedFaults: [MappingFault] { faults.sorted { $0.line < $1.line } }

    mutating func read(_ content: String, _ number: Int) {
        line = number
        if content.isEmpty || content.hasPrefix("#") { return }
        guard let colon = content.firstIndex(of: ":") else { return fail("a line is KEY: VALUE") }
        let key = content[..<colon].trimmed
        let value = content[content.index(after: colon)...].trimmed
        if value.isEmpty { return fail("\(key) has no value") }
        if key == "profile" { return begin(value) }
        guard current != nil else { return fail("\(key) stands before the first profile") }
        if !seen.insert(key).inserted, !key.hasPrefix("alarm "), key != "frame" {
            return fail("\(key) is given twice")
        }
        set(key, value)
    }

    private mutating func begin(_ name: String) {
        endProfile()
        faultsBefore = faults.count
        let allowed = name.utf8.allSatisfy { $0 == 45 || $0.decimalDigit != nil || (97...122).contains($0) }
        if !allowed || name.utf8.count > 64 { fail("a profile's name is 1 to 64 of a-z 0-9 -") }
        if profiles.contains(where: { $0.name == name }) { fail("the profile \(name) is given twice") }
        if known?.named(name) != nil { fail("the profile \(name) is built in: give this one another name") }
        current = CJT188Profile(name: name)
        begun = line
        seen = []
    }

    mutating func endProfile() {
        guard var profile = current else { return }
        if !seen.contains(where: { $0 == "alarms" || $0.hasPrefix("alarm ") }) {
            let standard = known?.named("standard") ?? profiles.first { $0.name == "standard" }
            profile.alarms = standard?.alarms ?? []
        }
        profile.proofs = proofs.map(\.proof)
        // One that is at fault itself would only be told its faults again.
        if faults.count == faultsBefore { prove(profile) }
        if let other = profiles.first(where: { $0.name != profile.name && $0.fitsAlike(profile) }) {
            let reason = "the profile \(profile.name) fits meters that \(other.name) fits by the same maker or type"
            faults.append(MappingFault(file: file, line: begun, reason: reason))
        }
        profiles.append(profile)
        current = nil
        proofs = []
    }

    /// A file that is named is meant to have profiles: one without any is cut off or another.
    mutating func refuseNothing() {
        if profiles.isEmpty, faults.isEmpty {
            line = 1
            fail("no profile is in the file: profile: NAME begins one")
        }
    }

    private mutating func prove(_ profile: CJT188Profile) {
        for (line, proof) in proofs {
            guard let reason = proof.fault(under: profile) else { continue }
            faults.append(
                MappingFault(file: file, line: line, reason: "the frame does not prove \(profile.name): \(reason)"))
        }
    }

    private mutating func set(_ key: String, _ value: String) {
        switch key {
        case "maker":
            let makers = parts(value) { $0.utf8.count == 4 && $0.isDecimal ? $0 : nil }
            current?.makers = makers
        case "type":
            let types = parts(value) { $0.byte.flatMap { (0x10...0x19).contains($0) ? $0 : nil } }
            current?.types = types
        case "frame": addProof(value)
        case "frames" where known == nil:
            let frames = value == "none" ? [] : parts(value) { $0.isEmpty ? nil : $0 }
            current?.frames = frames
        case "frames": fail("frames names the program's own tests: carry each frame as frame: HEX = REGISTER UNIT")
        case "litre decimals": if let number = number(value, 0...3) { current?.litreDecimals = number }
        case "settlement day":
            if let number = number(value, 1...28) {
                current?.settlementDay = number
                current?.isSettlementDayAssumed = false
            }
        case "identifier": if let word = word(value, CJT188Profile.IdentifierOrder.self) { current?.identifier = word }
        case "clock": if let word = word(value, ClockOrder.self) { current?.clock = word }
        case "half hours": if let word = word(value, CJT188Profile.HalfHourLabel.self) { current?.halfHours = word }
        case "half hour unit":
            if let word = word(value, CJT188Profile.HalfHourUnit.self) { current?.halfHourUnit = word }
        case "alarms": if value != "none" { fail("alarms is none, or there are lines alarm CODE") }
        case let key where key.hasPrefix("alarm "): setAlarm(key.dropFirst(6).trimmed, value)
        default: fail("no key is named \(key)")
        }
    }

    private mutating func addProof(_ text: String) {
        do throws(ItemFault) {
            proofs.append((line, try CJT188Proof(text)))
        } catch {
            fail("\(error.field): \(error.reason)")
        }
    }

    /// `alarm CODE: B.MASK = VALUE`, B 1 or 2 as sent, MASK and VALUE two hex digits.
    private mutating func setAlarm(_ name: String, _ value: String) {
        guard let code = AlertCode(rawValue: name) else { return fail("no alarm is named \(name)") }
        let sides = value.split(separator: "=", omittingEmptySubsequences: false).map(\.trimmed)
        let place = (sides.first ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2, place.count == 2, place[0] == "1" || place[0] == "2", let mask = place[1].byte,
            let expected = sides[1].byte, mask != 0, expected & ~mask == 0
        else { return fail("an alarm is B.MASK = VALUE, as 1.03 = 01, no bit of VALUE outside MASK") }
        current?.alarms.append(CJT188Alarm(code: code, byte: place[0] == "1" ? 0 : 1, mask: mask, value: expected))
    }

    /// The parts between `|`.
    private mutating func parts<Value>(_ text: String, _ read: (String) -> Value?) -> [Value] {
        let found = text.split(separator: "|", omittingEmptySubsequences: false).map { read($0.trimmed) }
        if found.contains(where: { $0 == nil }) { fail("\(text) is no list of these, separated by |") }
        return found.compactMap { $0 }
    }

    private mutating func number(_ text: String, _ bounds: ClosedRange<Int>) -> Int? {
        if let value = Int(text), bounds.contains(value) { return value }
        fail("\(text) is no whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        return nil
    }

    private mutating func word<Value: RawRepresentable & CaseIterable>(
        _ text: String, _ kind: Value.Type
    ) -> Value? where Value.RawValue == String {
        if let value = Value(rawValue: text) { return value }
        fail("\(text) is none of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    private mutating func fail(_ reason: String) {
        faults.append(MappingFault(file: file, line: line, reason: reason))
    }
}

extension CJT188Profile {
    /// Whether there are meters that both fit by as much: of these one would never be taken.
    fileprivate func fitsAlike(_ other: CJT188Profile) -> Bool {
        guard makers.isEmpty == other.makers.isEmpty, types.isEmpty == other.types.isEmpty else { return false }
        if makers.isEmpty, types.isEmpty { return false }
        let isOfMaker = makers.isEmpty || makers.contains { other.makers.contains($0) }
        let isOfType = types.isEmpty || types.contains { other.types.contains($0) }
        return isOfMaker && isOfType
    }
}

extension String {
    fileprivate var isDecimal: Bool { utf8.allSatisfy { $0.decimalDigit != nil } }
    /// The byte of two hex digits.
    fileprivate var byte: UInt8? {
        utf8.count == 2 && utf8.allSatisfy { $0.hexDigit != nil } ? UInt8(self, radix: 16) : nil
    }
}
