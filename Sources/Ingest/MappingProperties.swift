import Water

/// How JSON properties become readings. Keys of its file, paths as `a.b.c`, `@NAME` for what the envelope says:
///
/// - `root`: the object that the other paths start from.
/// - `meter` (required): paths, the first that is there; `protocol`: serial (default), cjt188, wmbus.
/// - `time`: paths, `@time` (default) for the platform's; `time format`, `zone`, `time of day`.
/// - `register`: paths; `list`, `list time`, `list register`: a list of objects with a reading each. At least one of
///   the two. `unit` (required): m3, L, mL, gal, kgal, ft3, ccf.
/// - `when`: messages that do not answer it are ignored; `alarm CODE`.
public struct PropertyMapping: Sendable {
    let root: String?
    let meter: [String]
    let `protocol`: String
    let time: [String]
    let times: MappingTime
    let register: [String]
    let unit: MappingUnit
    let list: MappedList?
    let when: [MappingCondition]
    let alarms: [MappingAlarm]

    struct MappedList {
        let path: String
        let time: String
        let register: String
    }

    /// nil where a fault was told to the reader.
    init?(_ reader: inout MappingReader) {
        root = reader.text("root")
        meter = reader.required("meter")
        `protocol` = reader.word("protocol", of: protocolWords) ?? "serial"
        let time = reader.alternatives("time")
        self.time = time.isEmpty ? ["@time"] : time
        let times = MappingTime(&reader)
        register = reader.alternatives("register")
        let unit = reader.word("unit", of: unitWords)
        if unit == nil, !reader.has("unit") { reader.fail("the key unit is missing") }
        if let path = reader.text("list") {
            let time = reader.required("list time").first
            let register = reader.required("list register").first
            list = MappedList(path: path, time: time ?? "", register: register ?? "")
        } else {
            list = nil
            if register.isEmpty { reader.fail("needs one of the keys register and list") }
        }
        when = reader.conditions("when")
        alarms = reader.alarms()
        guard let times, let unit, reader.faults.isEmpty else { return nil }
        self.times = times
        self.unit = unit
    }
}

/// How a device's own bytes are read. Keys of its file:
///
/// - `format` (required): cjt188, oms, axioma_w1.
/// - `field`: the path in the properties where the bytes stand as text, with `coding`: base64 or hex; without it the
///   bytes that the envelope holds.
/// - `meter`, `protocol`: as for properties; only for axioma_w1, whose bytes do not name the meter, and needed there.
/// - `history`: for axioma_w1, needed there: full_hours (its 23 hours end at the full hour before the payload's time),
///   before_payload (at that time), none (only the register now).
/// - `checksum`: strict (default) or lenient, and `profile`: the name of the profile for every frame; only for cjt188.
/// - `when`: messages that do not answer it are ignored.
public struct BytesMapping: Sendable {
    let format: DeviceFormat
    let field: (path: String, coding: ByteCoding)?
    let meter: [String]
    let `protocol`: String
    let history: AxiomaHistory
    /// nil for strict checksums and the profile that a frame's maker and type choose.
    let cjt188: CJT188Options?
    let when: [MappingCondition]

    /// `profiles`: those that it may name; nil for the built-in ones. nil where a fault was told to the reader.
    init?(_ reader: inout MappingReader, _ profiles: CJT188Profiles?) {
        let format = reader.word("format", of: DeviceFormat.words)
        if format == nil, !reader.has("format") { reader.fail("the key format is missing") }
        let path = reader.text("field")
        let coding = reader.word("coding", of: ["base64": ByteCoding.base64, "hex": .hex])
        if (path == nil) != (coding == nil) { reader.fail("field and coding belong together") }
        if let path, let coding { field = (path, coding) } else { field = nil }
        if format == .axiomaW1 {
            meter = reader.required("meter")
            `protocol` = reader.word("protocol", of: protocolWords) ?? "serial"
            let words: [String: AxiomaHistory] = [
                "none": .none, "before_payload": .beforePayload, "full_hours": .fullHours,
            ]
            let history = reader.word("history", of: words)
            if history == nil, !reader.has("history") { reader.fail("the key history is missing") }
            self.history = history ?? .none
        } else {
            (meter, `protocol`, history) = ([], "serial", .none)
        }
        cjt188 = format == .cjt188 ? BytesMapping.options(&reader, profiles) : nil
        when = reader.conditions("when")
        guard let format, reader.faults.isEmpty else { return nil }
        self.format = format
    }

    private static func options(_ reader: inout MappingReader, _ given: CJT188Profiles?) -> CJT188Options? {
        let modes = Dictionary(uniqueKeysWithValues: CJT188Options.Checksum.allCases.map { ($0.rawValue, $0) })
        let checksum = reader.word("checksum", of: modes)
        let profiles: CJT188Profiles
        do throws(MappingFaults) {
            if let given { profiles = given } else { profiles = try CJT188Profiles.builtIn() }
        } catch {
            reader.fail(error.description)
            return nil
        }
        let names = Dictionary(uniqueKeysWithValues: profiles.all.map { ($0.name, $0) })
        let profile = reader.word("profile", of: names)
        if checksum == nil, profile == nil { return nil }
        return CJT188Options(profiles: profiles, profile: profile, checksum: checksum ?? .strict)
    }
}

/// The byte formats that a platform's message may hold.
enum DeviceFormat: Sendable {
    /// CJ/T 188 frames.
    case cjt188
    /// A wireless M-Bus telegram.
    case oms
    /// Axioma Qalcosonic W1, enhanced 24 h payload.
    case axiomaW1

    static let words: [String: DeviceFormat] = ["cjt188": .cjt188, "oms": .oms, "axioma_w1": .axiomaW1]
}

enum ByteCoding: Sendable { case base64, hex }
