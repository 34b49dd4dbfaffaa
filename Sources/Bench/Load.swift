import ArgumentParser
import Foundation
import Water

/// How gateways send.
enum Shape: String, CaseIterable, ExpressibleByArgument {
    /// Whole days of 24 hourly registers, as compact series.
    case daily
    /// One reading each of 1,000 meters of one community, hour after hour.
    case concentrator
    /// As daily, each reading an object of its own.
    case objects
}

/// The readings of a run, cut into requests.
struct Load: Sendable {
    let shape: Shape
    let meters: Int
    let days: Int
    let seriesPerRequest: Int
    /// Of a hundred requests, how many are sent a second time.
    let duplicates: Int

    /// A local midnight of Asia/Shanghai, epoch seconds.
    private let start: Int64
    /// The meters of each concentrator: of one community, 1,000 at most.
    private let batches: [[Int]]
    private static let metersOfConcentrator = 1_000

    /// Meters stand in `communities` in turn.
    init(
        shape: Shape = .daily, meters: Int, days: Int, readingsPerRequest: Int, duplicates: Int = 0,
        communities: Int = 10
    ) {
        batches = (0..<communities).flatMap { community -> [[Int]] in
            let all = Array(stride(from: community, to: meters, by: communities))
            return stride(from: 0, to: all.count, by: Self.metersOfConcentrator).map {
                Array(all[$0..<min($0 + Self.metersOfConcentrator, all.count)])
            }
        }
        self.shape = shape
        self.meters = meters
        self.days = days
        self.duplicates = duplicates
        // Ends yesterday: what lies ahead of the server is set aside, not folded.
        let today = Int64(Date().timeIntervalSince1970) + 28_800
        start = (today / 86_400 - Int64(days)) * 86_400 - 28_800
        seriesPerRequest = max(1, readingsPerRequest / 24)
    }

    var readings: Int { meters * days * 24 }
    var requests: Int {
        shape == .concentrator
            ? batches.count * days * 24 : (meters * days + seriesPerRequest - 1) / seriesPerRequest
    }

    static func serial(_ meter: Int) -> String { "1401050\(padded(meter, 7))" }

    /// Series are numbered day by day, as meters report: all meters of a day, then the next day's.
    private func series(of request: Int) -> Range<Int> {
        request * seriesPerRequest..<min((request + 1) * seriesPerRequest, meters * days)
    }

    private func register(_ meter: Int, _ hour: Int) -> Int64 {
        Int64(10_000 + meter % 977) + Int64(hour) * 11 + Int64((hour * 7 + meter) % 11)
    }

    func eachReading(of request: Int, _ visit: (Int, Int64, Int64) -> Void) {
        if shape == .concentrator {
            let hour = request / batches.count
            for meter in batches[request % batches.count] {
                visit(meter, start + Int64(hour) * 3_600, register(meter, hour))
            }
            return
        }
        for series in series(of: request) {
            let (day, meter) = (series / meters, series % meters)
            for hour in 0..<24 {
                visit(meter, start + Int64(day * 24 + hour) * 3_600, register(meter, day * 24 + hour))
            }
        }
    }

    func body(of request: Int) -> [UInt8] {
        var text = Array(#"{"readings":["#.utf8)
        var isFirst = true
        func add(_ item: String) {
            if !isFirst { text.append(UInt8(ascii: ",")) }
            isFirst = false
            text.append(contentsOf: item.utf8)
        }
        if shape == .daily {
            for series in series(of: request) {
                let (day, meter) = (series / meters, series % meters)
                let start = Instant(epochSeconds: self.start + Int64(day) * 86_400).utc
                let registers = (0..<24).map { String(register(meter, day * 24 + $0)) }.joined(separator: ",")
                add(
                    #"{"meter":"\#(Self.serial(meter))","start":"\#(start)","interval_s":3600,"registers_l":[\#(registers)]}"#
                )
            }
        } else {
            var (at, time) = (Int64.min, "")
            eachReading(of: request) { meter, instant, litres in
                if instant != at { (at, time) = (instant, Instant(epochSeconds: instant).utc) }
                add(#"{"meter":"\#(Self.serial(meter))","at":"\#(time)","volume_l":\#(litres)}"#)
            }
        }
        text.append(contentsOf: "]}".utf8)
        return text
    }

    /// A JSON object a series, its values and their milliseconds as arrays: VictoriaMetrics' import.
    func seriesLines(of request: Int) -> [UInt8] {
        var text: [UInt8] = []
        for series in series(of: request) {
            let (day, meter) = (series / meters, series % meters)
            let first = start + Int64(day) * 86_400
            let values = (0..<24).map { String(register(meter, day * 24 + $0)) }.joined(separator: ",")
            let times = (0..<24).map { "\(first + Int64($0) * 3_600)000" }.joined(separator: ",")
            let metric = #"{"__name__":"register_l","meter":"\#(Self.serial(meter))"}"#
            text += Array(#"{"metric":\#(metric),"values":[\#(values)],"timestamps":[\#(times)]}\#n"#.utf8)
        }
        return text
    }

    /// A line a reading, the milliseconds last: the text form of Prometheus.
    func textLines(of request: Int) -> [UInt8] {
        var text: [UInt8] = []
        eachReading(of: request) { meter, at, litres in
            text += Array("register_l{meter=\"\(Self.serial(meter))\"} \(litres) \(at)000\n".utf8)
        }
        return text
    }

    /// The requests of a range in the order they are sent: repeats follow the request they repeat.
    func sent(_ requests: Range<Int>) -> [Int] {
        requests.flatMap { $0 * 7_919 % 100 < duplicates ? [$0, $0] : [$0] }
    }
}
