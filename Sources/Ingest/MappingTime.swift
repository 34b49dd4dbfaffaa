import Water

/// How a file or a device writes its times.
struct MappingTime: Sendable {
    private let forms: [TimeForm]
    private let zone: MappingZone
    /// Seconds of the day for a form without an hour.
    private let timeOfDay: Int64?
    /// Each text is tried by one after another.
    private static let mostForms = 16

    /// Reads `time format`, `zone` and `time of day`; RFC 3339 where no format is given.
    init?(_ reader: inout MappingReader) {
        let line = reader.entry("time format")?.line
        var forms: [TimeForm] = []
        for text in reader.alternatives("time format") {
            if let form = TimeForm(text) {
                forms.append(form)
            } else {
                reader.fail(
                    "\(text) is no form of a time: rfc3339, epoch_s, epoch_ms or as YYYY-MM-DD hh:mm:ss", line: line)
            }
        }
        if forms.isEmpty { forms = [.rfc3339] }
        if forms.count > MappingTime.mostForms {
            reader.fail("more than \(MappingTime.mostForms) forms of a time", line: line)
            forms.removeLast(forms.count - MappingTime.mostForms)
        }
        if TimeForm.clash(forms) { reader.fail("two forms of a time that the same text fits", line: line) }
        let zone = reader.entry("zone")
        self.zone = zone.flatMap { MappingZone($0.value) } ?? .city
        if let zone, MappingZone(zone.value) == nil {
            reader.fail("zone is city or an offset as +08:00", line: zone.line)
        }
        if zone == nil, forms.contains(where: \.needsZone) {
            reader.fail("a time without an offset needs the key zone: city or an offset as +08:00", line: line)
        }
        let daytime = reader.entry("time of day")
        timeOfDay = daytime.flatMap { MappingTime.secondsOfDay($0.value) }
        if let daytime, timeOfDay == nil { reader.fail("time of day is as 08:30", line: daytime.line) }
        if daytime == nil, forms.contains(where: \.needsTimeOfDay) {
            reader.fail("a date without an hour needs the key time of day", line: line)
        }
        self.forms = forms
    }

    private static func secondsOfDay(_ text: String) -> Int64? {
        guard let pattern = TimePattern("hh:mm"), let found = pattern.parts(of: text) else { return nil }
        return found.hour.map { $0 * 3_600 + (found.minute ?? 0) * 60 }
    }

    /// Epoch seconds by the first form that fits and gives an instant from 2000-01-01 on.
    func epochSeconds(_ text: String, cityOffset: Int64) throws(ValueFault) -> Int64 {
        var fault = ValueFault.notATime
        for form in forms {
            do throws(ValueFault) {
                guard let seconds = try form.epochSeconds(text, zone.offset(cityOffset), timeOfDay) else { continue }
                guard seconds >= Instant.earliestReading.epochSeconds else { throw .tooOld }
                if seconds <= latestInstant { return seconds }
            } catch {
                if case .notATime = fault { fault = error }
            }
        }
        throw fault
    }
}

/// Where local times are local.
enum MappingZone: Sendable, Hashable {
    case city
    /// Seconds east of UTC.
    case fixed(Int64)

    /// `city`, `Z` or `±HH:MM`.
    init?(_ text: String) {
        if text == "city" {
            self = .city
        } else if let offset = TimePattern("Z")?.parts(of: text)?.offset {
            self = .fixed(offset)
        } else {
            return nil
        }
    }

    func offset(_ city: Int64) -> Int64 {
        switch self {
        case .city: city
        case .fixed(let seconds): seconds
        }
    }
}

enum TimeForm: Sendable {
    case rfc3339, epochSeconds, epochMilliseconds
    case pattern(TimePattern)

    init?(_ text: String) {
        switch text {
        case "rfc3339": self = .rfc3339
        case "epoch_s": self = .epochSeconds
        case "epoch_ms": self = .epochMilliseconds
        default:
            guard let pattern = TimePattern(text), pattern.hasDate else { return nil }
            self = .pattern(pattern)
        }
    }

    var needsZone: Bool { if case .pattern(let pattern) = self { !pattern.hasOffset } else { false } }
    var needsTimeOfDay: Bool { if case .pattern(let pattern) = self { !pattern.hasHour } else { false } }

    /// nil where the text is not of this form.
    func epochSeconds(_ text: String, _ offset: Int64, _ timeOfDay: Int64?) throws(ValueFault) -> Int64? {
        switch self {
        case .rfc3339:
            let bytes = Array(text.utf8)
            do throws(ValueFault) {
                return try bytes.span.epochSeconds(in: 0..<bytes.count, fraction: .floored)
            } catch {
                // Another form may fit.
                if case .notATime = error { return nil }
                throw error
            }
        case .epochSeconds: return SenMLNumber(text)?.floored
        case .epochMilliseconds: return SenMLNumber(text)?.floored.map { floorDivide($0, by: 1_000) }
        case .pattern(let pattern):
            guard let found = pattern.parts(of: text), let day = found.day else { return nil }
            let second =
                found.hour.map { $0 * 3_600 + (found.minute ?? 0) * 60 + (found.second ?? 0) } ?? timeOfDay ?? 0
            return Int64(day.number) * 86_400 + second - (found.offset ?? offset)
        }
    }
}
