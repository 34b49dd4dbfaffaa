import Foundation
import Water

/// The readings of a run: each request holds whole days of 24 hourly registers as compact series.
struct Load: Sendable {
    let meters: Int
    let days: Int
    let seriesPerRequest: Int

    /// A local midnight of Asia/Shanghai, epoch seconds.
    private let start: Int64

    init(meters: Int, days: Int, readingsPerRequest: Int) {
        self.meters = meters
        self.days = days
        // Ends yesterday: what lies ahead of the server is set aside, not folded.
        let today = Int64(Date().timeIntervalSince1970) + 28_800
        start = (today / 86_400 - Int64(days)) * 86_400 - 28_800
        seriesPerRequest = max(1, readingsPerRequest / 24)
    }

    var readings: Int { meters * days * 24 }
    var requests: Int { (meters * days + seriesPerRequest - 1) / seriesPerRequest }

    static func serial(_ meter: Int) -> String { "1401050\(padded(meter, 7))" }

    /// Series are numbered day by day, as meters report: all meters of a day, then the next day's.
    private func series(of request: Int) -> Range<Int> {
        request * seriesPerRequest..<min((request + 1) * seriesPerRequest, meters * days)
    }

    private func register(_ meter: Int, _ hour: Int) -> Int64 {
        Int64(10_000 + meter % 977) + Int64(hour) * 11 + Int64((hour * 7 + meter) % 11)
    }

    func eachReading(of request: Int, _ visit: (Int, Int64, Int64) -> Void) {
        for series in series(of: request) {
            let (day, meter) = (series / meters, series % meters)
            for hour in 0..<24 {
                let at = self.start + Int64(day * 24 + hour) * 3_600
                visit(meter, at, register(meter, day * 24 + hour))
            }
        }
    }

    func body(of request: Int) -> [UInt8] {
        let items = series(of: request).map { series in
            let (day, meter) = (series / meters, series % meters)
            let start = Instant(epochSeconds: self.start + Int64(day) * 86_400).utc
            let registers = (0..<24).map { String(register(meter, day * 24 + $0)) }.joined(separator: ",")
            return
                #"{"meter":"\#(Self.serial(meter))","start":"\#(start)","interval_s":3600,"registers_l":[\#(registers)]}"#
        }
        return Array(#"{"readings":[\#(items.joined(separator: ","))]}"#.utf8)
    }
}
