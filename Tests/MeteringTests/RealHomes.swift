import Foundation
import Metering
import Water

/// The 46 homes of the DAIAD trial and what others computed from them, read from the shared data beside the package.
struct RealHomes {
    let calendar: CityCalendar
    /// By household, in the file's order of households.
    let meters: [(household: String, readings: MeterReadings)]
    /// The file's own differences, litres, in its order.
    let differences: [String: [(at: Instant, litres: Int64)]]

    static let months: [BillingMonth] = (0..<12).compactMap { BillingMonth(year: 2016, month: 3)?.advanced(by: $0) }

    /// nil, with a printed message, where the data is absent; that is an error in CI. Read once a run.
    static func load() throws -> RealHomes? { try loaded.get() }

    private static let loaded = Result { try read() }

    /// The elements a caller loads for `month`: the window's day rows, then the nearest ones beyond it while a month
    /// end is open.
    func window(of readings: MeterReadings, month: BillingMonth) -> MeterReadings {
        let span = MonthSpan(month, calendar: calendar)
        var window = readingWindow(for: month, calendar: calendar)
        while true {
            let start = readings.elements.partitioningIndex { $0.at >= window.from }
            let end = readings.elements.partitioningIndex { $0.at >= window.to }
            let loaded = MeterReadings(
                installation: readings.installation, elements: Array(readings.elements[start..<end]))
            let open = unbracketed(judge(loaded, rules: .standard), month: span)
            let needsOlder = open.older && start > 0
            let needsNewer = open.newer && end < readings.elements.count
            if needsOlder { window.from = calendar.start(of: calendar.day(of: readings.elements[start - 1].at)) }
            if needsNewer { window.to = calendar.interval(of: calendar.day(of: readings.elements[end].at)).end }
            if !needsOlder, !needsNewer { return loaded }
        }
    }

    /// The home's month from what a caller loads for it.
    func month(_ month: BillingMonth, of readings: MeterReadings) -> HomeMonth {
        measure(
            Meters.home([window(of: readings, month: month)]), month: month, calendar: calendar, rules: .standard)
    }

    private static func read() throws -> RealHomes? {
        guard let folder = try folder(), let calendar = CityCalendar(zone: "Europe/Madrid") else { return nil }
        let bytes = try unzipped(folder.appendingPathComponent("daiad-hourly.csv.gz"))
        var homes: [(String, [ReadingElement])] = []
        var differences: [String: [(at: Instant, litres: Int64)]] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
            let fields = line.split(separator: UInt8(ascii: ";"))
            guard fields.count == 4, let register = litres(fields[2]), let difference = litres(fields[3]) else {
                throw Unreadable(line: String(decoding: line, as: UTF8.self))
            }
            let household = String(decoding: fields[0], as: UTF8.self)
            if homes.last?.0 != household { homes.append((household, [])) }
            let at = try instant(fields[1], after: homes[homes.count - 1].1.last?.at, calendar: calendar)
            homes[homes.count - 1].1.append(
                ReadingElement(at: at, register: Volume(litres: register), gateway: GatewayID(1)))
            differences[household, default: []].append((at, difference))
        }
        let meters = homes.enumerated().map { number, home in
            let installation = MeterInstallation(
                meter: MeterID(Int64(number + 1)), usagePoint: UsagePointID(Int64(number + 1)), serial: home.0,
                from: calendar.start(of: LocalDay(year: 2016, month: 1, day: 1) ?? LocalDay(number: 0)), to: nil,
                startRegister: nil, finalRegister: nil, resolution: Volume(litres: 1),
                nominalFlowLitresPerHour: nil, modulus: nil)
            return (home.0, MeterReadings(installation: installation, elements: home.1.sorted()))
        }
        return RealHomes(calendar: calendar, meters: meters, differences: differences)
    }

    /// Lines of one of the households' CSV files, the header left out.
    static func lines(of file: String) throws -> [[String]] {
        guard let folder = try folder() else { return [] }
        let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        return text.split(whereSeparator: \.isNewline).dropFirst().map { $0.split(separator: ",").map(String.init) }
    }

    struct Absent: Error {}
    struct Unreadable: Error { let line: String }

    private static func folder() throws -> URL? {
        let environment = ProcessInfo.processInfo.environment
        let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let shared =
            environment["JIESHUI_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
            ?? package.deletingLastPathComponent().appendingPathComponent("shared/data")
        let folder = shared.appendingPathComponent("households")
        if FileManager.default.fileExists(atPath: folder.path) { return folder }
        if environment["CI"] == "true" { throw Absent() }
        print("skipped: no shared data at \(folder.path)")
        return nil
    }

    private static func unzipped(_ file: URL) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return data
    }

    /// Whole litres; `2e+05` is how the file writes 200000.
    private static func litres(_ field: Data) -> Int64? {
        let parts = field.split(separator: UInt8(ascii: "e"))
        guard let digits = Int64(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        guard parts.count == 2 else { return digits }
        let zeros = Int(String(decoding: parts[1].dropFirst(), as: UTF8.self)) ?? 0
        return (0..<zeros).reduce(digits) { value, _ in value * 10 }
    }

    /// Local `dd/mm/yyyy HH:MM:SS`. Of the two instants of a repeated hour the first after the line before it.
    private static func instant(_ field: Data, after last: Instant?, calendar: CityCalendar) throws -> Instant {
        let numbers = field.split { $0 < 48 || $0 > 57 }.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 6, let day = LocalDay(year: numbers[2], month: numbers[1], day: numbers[0]) else {
            throw Unreadable(line: String(decoding: field, as: UTF8.self))
        }
        let second = Int64(numbers[3] * 3_600 + numbers[4] * 60 + numbers[5])
        let local = Instant(epochSeconds: Int64(day.number) * 86_400 + second)
        let candidates = [local - 7_200, local - 3_600].filter { local - calendar.offset(at: $0) == $0 }
        guard let fallback = candidates.last else { throw Unreadable(line: String(decoding: field, as: UTF8.self)) }
        return candidates.first { candidate in last.map { $0 < candidate } ?? true } ?? fallback
    }
}

extension [ReadingElement] {
    /// The first index from which on `isLate` holds.
    fileprivate func partitioningIndex(where isLate: (ReadingElement) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isLate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
