import Water

/// What a telegram says under one of its status keys.
struct FlagText {
    /// How a key speaks of alarms.
    enum Kind {
        /// Words of what is so now.
        case current
        /// Words of what was so.
        case past
        /// Not words but a date or a duration, which tells that something was so.
        case remembered(AlertCode)
    }

    let key: String
    let kind: Kind
    let text: String

    /// The status keys of the drivers seen, in the order alerts are listed.
    static let keys: [(String, Kind)] = [
        ("status", .current), ("current_status", .current), ("current_alarms", .current),
        ("error_flags", .current), ("error_code", .current), ("frame_status", .current),
        ("historic_status", .past), ("previous_alarms", .past), ("fraud_type", .past),
        ("leak_date", .remembered(.leak)), ("fraud_date", .remembered(.tamper)),
        ("time_leaking", .remembered(.leak)), ("time_bursting", .remembered(.burst)),
        ("time_dry", .remembered(.dry)), ("time_reversed", .remembered(.backflow)),
    ]

    /// All texts as the device gave them, the status first without its name; at most 512 bytes.
    static func summary(_ flags: [FlagText]) -> String {
        let ordered = keys.compactMap { key, _ in flags.first { $0.key == key } }
        let status = ordered.first?.key == "status" ? ordered[0].text : nil
        var parts: [String] = status.map { [$0] } ?? []
        for flag in ordered where flag.key != "status" && flag.text != status && !flag.text.isEmpty {
            parts.append("\(flag.key)=\(flag.text)")
        }
        return shortened(parts.joined(separator: " "))
    }
}

/// At most 512 bytes of a device's text.
private func shortened(_ text: String) -> String {
    var end = text.endIndex
    while text[..<end].utf8.count > 512 { end = text.index(before: end) }
    return String(text[..<end])
}

/// Translates the words of meter drivers into the one vocabulary.
///
/// Source of the words: the drivers' alarm tables and protocols.md, section 7. A word in no table becomes `unknown`
/// and keeps its text.
struct AlarmWords {
    /// The one translation, made once: its table is longer than a telegram.
    static let known = AlarmWords()

    private let codes: [String: [AlertCode]]

    private init() {
        var codes: [String: [AlertCode]] = [:]
        for (meanings, words) in alarmTable {
            for word in words.split(whereSeparator: \.isWhitespace) { codes[String(word)] = meanings }
        }
        self.codes = codes
    }

    /// Current alerts first, each word once.
    func alerts(of flags: [FlagText]) -> [Alert] {
        let ordered = FlagText.keys.compactMap { key, _ in flags.first { $0.key == key } }
        var found: [Alert] = []
        for flag in ordered {
            switch flag.kind {
            case .current, .past:
                let isCurrent = if case .current = flag.kind { true } else { false }
                for word in flag.text.split(whereSeparator: { $0 == " " || $0 == "," }) {
                    add(String(word), isCurrent: isCurrent, to: &found)
                }
            case .remembered(let code):
                let isKnown = found.contains { $0.code == code && $0.isCurrent }
                if flag.text.isEmpty || isKnown { continue }
                found.append(Alert(code: code, isCurrent: false, raw: shortened("\(flag.key)=\(flag.text)")))
            }
        }
        return found.filter(\.isCurrent) + found.filter { !$0.isCurrent }
    }

    private func add(_ word: String, isCurrent: Bool, to found: inout [Alert]) {
        var name = word.uppercased()
        var isPast = !isCurrent
        if codes[name] == nil {
            // P_ is a bit that stays set after its cause is gone ("has been detected").
            for prefix in ["PREV_", "WAS_", "P_"] where name.hasPrefix(prefix) {
                name.removeFirst(prefix.count)
                isPast = true
                break
            }
            for suffix in ["_THIS_MONTH", "_PREV_MONTH"] where name.hasSuffix(suffix) {
                name.removeLast(suffix.count)
                isPast = true
            }
        }
        for code in codes[name] ?? [.unknown] {
            let alert = Alert(code: code, isCurrent: !isPast, raw: shortened(word))
            if !found.contains(alert) { found.append(alert) }
        }
    }
}

/// Meanings and the words that carry them.
private let alarmTable: [([AlertCode], String)] = [
    // Nothing is wrong: the absence of an alarm, or a state of the radio or the clock.
    ([], "OK NO_ALARM NO_TYPE_INFO SUMMER_TIME HISTORICAL_INDICATION INSTALL_FRAME SAVING BUSY"),
    // ALARM and ABNORMAL_CONDITION are the standard's status bits for "water always running" and the like.
    ([.leak], "LEAK LEAKAGE LEAKING LEAK_FLOW_LOW LEAK_FLOW_HIGH CONTINUOUS_FLOW ALARM ABNORMAL_CONDITION"),
    // One bit for either cause; staff see both.
    ([.leak, .noConsumption], "LEAKAGE_OR_NO_USAGE"),
    ([.burst], "BURST BURSTING BROKEN_PIPE"),
    ([.backflow], "BACKFLOW BACK_FLOW BACKFLOWING REVERSE REVERSE_FLOW"),
    ([.dry], "DRY"),
    ([.noConsumption], "NO_CONSUMPTION NO_FLOW MEASUREMENT_UNCHANGED"),
    ([.blocked], "BLOCKED METER_BLOCKED"),
    ([.overrange], "OVERFLOW FLOW_ABOVE_Q4 MAXIMUM_FLOW MAX_SPEED_EXCEEDED OVERLOAD UNDERSIZED"),
    ([.underrange], "UNDERFLOW MINIMUM_FLOW OVERSIZED"),
    (
        [.tamper],
        """
        TAMPER TAMPERED SABOTAGE MANIPULATION MAGNETIC_FIELD MAGNETIC_MANIPULATION MAGNETIC_FRAUD_ATTEMPT
        SENSOR_FRAUD SENSOR_FRAUD_ATTEMPT MECHANICAL_FRAUD STRONG_LIGHT
        """
    ),
    ([.removed], "REMOVED MODULE_REMOVED REMOVAL_DETECTED DEVICE_DISCONNECTED"),
    ([.submerged], "SUBMARINE"),
    (
        [.batteryLow],
        "BATTERY BATTERY_LOW LOW_BATTERY POWER_LOW BATTERY_EOL BATTERY_VOLTAGE_ERROR BATTERY_LIFETIME_THRESHOLD_EXCEEDED"
    ),
    ([.temperature], "HIGH_TEMPERATURE LOW_ABIENT_TEMPERATURE LOW_AMBIENT_TEMPERATURE WRONG_TEMPERATURE"),
    (
        [.permanentError],
        """
        PERMANENT_ERROR VOLUME_DETECTION_COILS_DEFECT SENSOR_ERROR SW_ERROR MEMORY_ERROR ELECTRONICS_ERROR
        TEMPERATURE_ELECTRONICS_ERROR SUPPLY_SENSOR_INTERRUPTED RETURN_SENSOR_INTERRUPTED
        SHORT_CIRCUIT_SUPPLY_SENSOR SHORT_CIRCUIT_RETURN_SENSOR CLOCK_HAND_ERROR DETECTOR_ERROR DEVICE_ACCESS_ERROR
        """
    ),
    (
        [.temporaryError],
        "TEMPORARY_ERROR RESET PROCESSOR_RESET MEASUREMENT MEASUREMENT_ERROR CRC_ERROR CS"
    ),
]
