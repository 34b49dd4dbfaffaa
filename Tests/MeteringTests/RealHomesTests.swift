import Foundation
import Metering
import Testing
import Water

/// The exam: 46 real homes over 12 months against what others computed from the same file.
@Suite struct RealHomesTests {
    /// Why a month's volume is not the oracle's, beyond how its ends are cut.
    ///
    /// The oracle's usage is the sum of the file's differences from 0 to 2,000 L: true of all its 546 rows.
    enum Reason {
        /// It leaves out a difference above 2,000 L after a silence; the registers know that volume.
        case silence
        /// It adds the rise to a reading stamped early and leaves out the fall after it: counted twice.
        case doubleStamp
        /// It leaves out water flowing back and adds the water that replaces it.
        case backflow
        /// It leaves out a rise out of a 12,288 L fall, and with it real use.
        case fall
        /// It leaves out the steps between two interleaved meters, and with them real use.
        case interleaved
    }

    static let named: [String: (ours: Int64, oracle: Int64, reason: Reason)] = [
        "12913a45 2016-03": (9_289, 9_549, .doubleStamp), "12913a45 2016-04": (8_756, 8_987, .doubleStamp),
        "12913a45 2016-05": (11_133, 11_196, .doubleStamp), "12913a45 2016-06": (7_735, 7_831, .doubleStamp),
        "12913a45 2016-07": (7_212, 7_258, .doubleStamp), "12913a45 2016-08": (8_676, 8_771, .doubleStamp),
        "12913a45 2016-09": (9_424, 9_430, .doubleStamp), "12913a45 2016-10": (10_355, 10_392, .doubleStamp),
        "326e83b5 2016-07": (13_945, 13_990, .doubleStamp), "53b44244 2016-10": (2_965, 2_966, .doubleStamp),
        "1bfb53a5 2016-08": (6_502, 2_225, .silence), "1bfb53a5 2016-09": (3_883, 2_731, .silence),
        "2fa96702 2016-07": (9_460, 6_542, .silence), "965950f5 2017-01": (16_894, 7_416, .silence),
        "a3eee6b3 2016-09": (13_581, 11_553, .silence), "a3eee6b3 2016-12": (28_128, 18_724, .silence),
        "ba70d0b8 2017-01": (1_703, 1, .silence), "d4dc1e9b 2016-04": (5_726, 84, .silence),
        "d4dc1e9b 2016-05": (6_690, 3_941, .silence),
        "219ffd09 2016-10": (6_170, 6_184, .backflow), "219ffd09 2016-11": (5_109, 5_127, .backflow),
        "219ffd09 2016-12": (6_187, 6_228, .backflow), "219ffd09 2017-01": (6_122, 6_161, .backflow),
        "219ffd09 2017-02": (5_223, 5_420, .backflow), "a77d9398 2016-12": (204, 206, .backflow),
        "f52f0ae6 2017-01": (6_836, 6_847, .backflow), "f7d6557e 2016-05": (2_810, 2_814, .backflow),
        "f7d6557e 2017-01": (2_378, 2_382, .backflow),
        "1de2cf65 2016-09": (6_906, 6_859, .fall), "9348c9bb 2017-01": (4_185, 4_052, .interleaved),
    ]

    @Test func `every month equals the oracle but for its ends, or is named with the reason`() throws {
        guard let homes = try RealHomes.load() else { return }
        let oracle = Dictionary(
            uniqueKeysWithValues: try RealHomes.lines(of: "taiyuan-bills-oracle.csv").map {
                ("\($0[0]) \($0[1])", $0[4])
            })
        var equal = 0
        var cut = 0
        var unbracketed = 0
        var differing: Set<String> = []
        for (household, readings) in homes.meters {
            for month in RealHomes.months {
                guard let usage = oracle["\(household) \(month)"] else { continue }
                let litres = try #require(ExactDecimal(usage, maximumDecimals: 9)?.scaled(toDecimals: 3))
                let home = homes.month(month, of: readings)
                let differences = homes.differences[household, default: []].filter { (0...2_000).contains($0.litres) }
                let oracleSum = differences.reduce(0) {
                    homes.calendar.month(of: $1.at) == month ? $0 + $1.litres : $0
                }
                #expect(oracleSum == litres)
                let known = home.days.filter { $0.state != .missing }
                let from = homes.calendar.start(of: try #require(known.first).day)
                let to = homes.calendar.interval(of: try #require(known.last).day).end
                let sum = differences.reduce(0) { $1.at > from && $1.at <= to ? $0 + $1.litres : $0 }
                if home.litres == litres {
                    equal += 1
                } else if (-across(from, readings)...across(to, readings)).contains(home.litres - sum) {
                    if known.count == home.days.count { cut += 1 } else { unbracketed += 1 }
                } else {
                    let key = "\(household.prefix(8)) \(month)"
                    differing.insert(key)
                    #expect(Self.named[key]?.ours == home.litres, "\(key): \(home.litres), oracle \(litres)")
                    #expect(Self.named[key]?.oracle == litres, "\(key): \(home.litres), oracle \(litres)")
                }
            }
        }
        #expect(differing == Set(Self.named.keys))
        #expect(equal + cut + unbracketed + differing.count == 546)
        print("oracle months: \(equal) equal, \(cut) cut elsewhere, \(unbracketed) short of an unbracketed day")
    }

    /// Litres of the pair around `instant`, which the oracle gives to the month of its later reading.
    private func across(_ instant: Instant, _ readings: MeterReadings) -> Int64 {
        guard let after = readings.elements.firstIndex(where: { $0.at > instant }), after > 0,
            readings.elements[after - 1].at < instant
        else { return 0 }
        return abs((readings.elements[after].register - readings.elements[after - 1].register).flooredLitres)
    }

    @Test func `what readingWindow names is enough for every month`() throws {
        guard let homes = try RealHomes.load() else { return }
        for (household, readings) in homes.meters {
            for month in RealHomes.months {
                let all = measure(Meters.home([readings]), month: month, calendar: homes.calendar, rules: .standard)
                let few = homes.month(month, of: readings)
                #expect(all == few, "\(household.prefix(8)) \(month)")
            }
        }
    }

    /// 10 of the 98 stretches never show less than 4 L an hour; nine of them pass over silences of 9 to 1,769 hours.
    @Test func `the stretches of continuous flow that others found are found where no hour is missing`() throws {
        guard let homes = try RealHomes.load() else { return }
        let lines = try RealHomes.lines(of: "continuous-flow-48h.csv")
        var found: [String: Set<ContinuousFlow>] = [:]
        for (household, readings) in homes.meters {
            for month in RealHomes.months {
                let home = homes.month(month, of: readings)
                found[String(household.prefix(8)), default: []].formUnion(home.continuousFlows)
            }
        }
        func overlaps(_ flow: ContinuousFlow, _ line: [String]) -> Bool {
            homes.calendar.format(flow.from) < line[2] && homes.calendar.format(flow.to) > line[1]
        }
        let leak = try #require(lines.first { $0[0] == "326e83b5" && $0[1].hasPrefix("2016-08-13") })
        let flows = found["326e83b5", default: []].filter { overlaps($0, leak) }
        #expect(flows.map(\.hours) == [58])
        #expect(flows.map(\.litresPerHour) == [7])
        for (household, flows) in found {
            for flow in flows where flow.hours >= 50 {
                let isTheirs = lines.contains { $0[0] == household && overlaps(flow, $0) }
                #expect(isTheirs, "\(household) \(homes.calendar.format(flow.from)) \(flow.hours) h")
            }
        }
        #expect(found.values.reduce(0) { $0 + $1.count } == 46)
    }

    @Test func `shuffled and sent three times, the real homes measure the same`() throws {
        guard let homes = try RealHomes.load() else { return }
        var random = SeededGenerator(seed: 20_161_030)
        let month = RealHomes.months[7]
        for (household, readings) in homes.meters {
            let repeated = MeterReadings(
                installation: readings.installation,
                elements: (readings.elements + readings.elements + readings.elements).shuffled(using: &random))
            let once = measure(Meters.home([readings]), month: month, calendar: homes.calendar, rules: .standard)
            let thrice = measure(Meters.home([repeated]), month: month, calendar: homes.calendar, rules: .standard)
            #expect(once == thrice, "\(household.prefix(8))")
        }
    }
}
