import Foundation
import Ingest
import Testing
import Water

@Suite struct WMBusMetersTests {
    private func body(_ members: String) -> String {
        #"{"_":"telegram","media":"water","meter":"izar","name":"A","id":"208962F3","timestamp":"2026-10-01T00:00:00Z","#
            + members + "}"
    }

    private func states(_ members: String) throws -> [String] {
        let batch = try decoded(body(members), as: .wmbusmeters)
        return batch.alerts.flatMap(\.alerts).map { "\($0.isCurrent ? "now" : "was") \($0.code.rawValue) \($0.raw)" }
    }

    @Test(
        arguments: [
            ("1248.146", 1_248_146_000), ("0", 0), ("7177.666667", 7_177_666_667), ("49.5849", 49_584_900),
            ("1.000000000", 1_000_000),
        ] as [(String, Int64)])
    func `the total is exact`(total: String, millilitres: Int64) throws {
        let batch = try decoded(body(#""total_m3":"# + total), as: .wmbusmeters)
        #expect(batch.registers == [millilitres])
        #expect(batch.instants == [1_790_812_800])
        #expect(batch.runs.map(\.address.text) == ["wmbus:208962f3@izar"])
        #expect(batch.alerts.isEmpty)
    }

    @Test(
        arguments: [
            (#""status":"LEAK""#, "total_m3: the telegram has no total"),
            (#""total_m3":null"#, "total_m3: the telegram has no total"),
            (#""total_m3":"5""#, "total_m3: not a plain decimal number"),
            (#""total_m3":1e3"#, "total_m3: exponents are refused"),
            (#""total_m3":-1"#, "total_m3: a register is never negative"),
            (#""total_m3":1,"total_m3":1"#, "total_m3: given twice"),
            (#""total_m3":1,"id":"208962F3""#, "id: given twice"),
        ] as [(String, String)])
    func `a telegram without a usable total is rejected`(members: String, fault: String) throws {
        let batch = try decoded(body(members), as: .wmbusmeters)
        #expect(faults(batch) == [fault])
        #expect(batch.registers.isEmpty && batch.runs.isEmpty)
        #expect(batch.alerts.flatMap(\.alerts).map(\.code) == (members.contains("LEAK") ? [.leak] : []))
    }

    @Test(
        arguments: [
            (#""media":"gas""#, "media: not water"), (#""media":"heat""#, "media: not water"),
            (#""media":"waste water""#, "media: not water"), (#""media":"heat/cooling load""#, "media: not water"),
            (#""media":7"#, "media: must be a string"), (#""id":"1234""#, "id: not 8 hex digits"),
            (#""id":"1234567G""#, "id: not 8 hex digits"), (#""id":null"#, "id: is missing"),
            (#""meter":"a b""#, "meter: not 1 to 64 of 0-9 a-z - _ . :"),
            (#""timestamp":null"#, "timestamp: is missing"),
            (#""timestamp":"1111-11-11T11:11:11Z""#, "timestamp: before 2000-01-01"),
            (#""timestamp":"2026-10-01 00:00:00""#, "timestamp: not a time as 2026-10-01T00:00:00+08:00"),
            (#""timestamp":"2026-10-01T00:00:00""#, "timestamp: a time needs an offset, as +08:00 or Z"),
        ] as [(String, String)])
    func `a telegram that is not a water meter's at a time is rejected`(member: String, fault: String) throws {
        let key = try #require(member.split(separator: ":").first)
        var parts = [
            #""media":"water""#, #""meter":"izar""#, #""id":"208962f3""#, #""timestamp":"2026-10-01T00:00:00Z""#,
            #""total_m3":1"#, #""status":"LEAK""#,
        ]
        parts.removeAll { $0.hasPrefix(key) }
        let batch = try decoded("{" + (parts + [member]).joined(separator: ",") + "}", as: .wmbusmeters)
        #expect(faults(batch) == [fault])
        #expect(batch.registers.isEmpty && batch.alerts.isEmpty)
    }

    @Test func `a telegram without a timestamp takes the time of receipt, one with a timestamp keeps its own`() throws {
        let heard = Instant(epochSeconds: 1_795_957_200)
        let bare = #"{"media":"water","id":"208962F3","total_m3":1,"status":"LEAK"}"#
        for text in [bare, bare.replacing(#""media""#, with: #""timestamp":null,"media""#)] {
            let batch = try decoded(text, as: .wmbusmeters, receivedAt: heard)
            #expect(faults(batch) == [] && batch.findings.isEmpty)
            #expect(batch.instants == [1_795_957_200])
            #expect(batch.alerts.map(\.at) == [heard])
        }
        #expect(
            try decoded(body(#""total_m3":1"#), as: .wmbusmeters, receivedAt: heard).instants == [1_790_812_800])
        let old = Instant(epochSeconds: 0)
        #expect(
            try faults(decoded(bare, as: .wmbusmeters, receivedAt: old)) == ["timestamp: before 2000-01-01"])
        #expect(try faults(decoded(bare, as: .wmbusmeters)) == ["timestamp: is missing"])
    }

    @Test func `fractions of a second are floored and nulls and unknown keys are passed over`() throws {
        let text =
            #"{"rssi_dbm":-57,"x":{"a":[1,{"b":null}]},"media":null,"id":"00000001","meter":null,"status":null,"#
            + #""timestamp":"2026-10-01T00:00:00.999999999+00:00","total_m3":1}"#
        let batch = try decoded(text, as: .wmbusmeters)
        #expect(faults(batch) == [])
        #expect(batch.instants == [1_790_812_800])
        #expect(batch.runs.map(\.address.text) == ["wmbus:00000001"])
    }

    @Test(arguments: ["%,%", "[%,%]", "%%", "%\n%\n", " [ % ] %", "[%][%]"])
    func `one object, an array and objects in a row are read alike`(pattern: String) throws {
        let pattern = pattern == "%,%" ? "%\r\n\r\n%" : pattern
        let batch = try decoded(pattern.replacing("%", with: body(#""total_m3":2"#)), as: .wmbusmeters)
        #expect(batch.registers == [2_000_000, 2_000_000])
        #expect(batch.runs.map(\.item) == [0, 1])
    }

    @Test(arguments: ["", "  ", "x", "[", "{", "{}x", "{},{}", "[{}", "[{},]", #"{"a":1"#, #"{"total_m3":01}"#])
    func `malformed bodies are refused`(text: String) {
        #expect(throws: BodyRefusal.self) { try decoded(text, as: .wmbusmeters) }
    }

    @Test func `the order of keys changes nothing`() throws {
        let members = [
            #""media":"water""#, #""meter":"izar""#, #""id":"208962f3""#, #""timestamp":"2026-10-01T00:00:00Z""#,
            #""total_m3":1.5"#, #""status":"LEAK PREV_LEAKAGE""#,
        ]
        let expected = summary(try decoded("{" + members.joined(separator: ",") + "}", as: .wmbusmeters))
        for order in permutations(of: members) {
            #expect(summary(try decoded("{" + order.joined(separator: ",") + "}", as: .wmbusmeters)) == expected)
        }
    }

    @Test(
        arguments: [
            (#""status":"OK""#, []), (#""status":"""#, []), (#""current_alarms":"no_alarm""#, []),
            (#""status":"LEAK BURST""#, ["now leak LEAK", "now burst BURST"]),
            (
                #""status":"PREV_LEAKAGE WAS_TAMPERED P_REVERSE_FLOW""#,
                [
                    "was leak PREV_LEAKAGE", "was tamper WAS_TAMPERED", "was backflow P_REVERSE_FLOW",
                ]
            ),
            (
                #""status":"NO_FLOW_PREV_MONTH DRY HIGH_TEMPERATURE_THIS_MONTH""#,
                [
                    "now dry DRY", "was no_consumption NO_FLOW_PREV_MONTH",
                    "was temperature HIGH_TEMPERATURE_THIS_MONTH",
                ]
            ),
            (
                #""current_alarms":"meter_blocked,mechanical_fraud","previous_alarms":"mechanical_fraud""#,
                [
                    "now blocked meter_blocked", "now tamper mechanical_fraud", "was tamper mechanical_fraud",
                ]
            ),
            (#""current_status":"OK","historic_status":"MINIMUM_FLOW""#, ["was underrange MINIMUM_FLOW"]),
            (#""status":"DRY","current_status":"DRY","time_dry":"22-31 days""#, ["now dry DRY"]),
            (#""status":"OK","time_leaking":"1-8 hours","time_dry":"""#, ["was leak time_leaking=1-8 hours"]),
            (#""leak_date":"2024-04-25","fraud_date":null"#, ["was leak leak_date=2024-04-25"]),
            (#""status":"ERROR_FLAGS_800 UNKNOWN_E0""#, ["now unknown ERROR_FLAGS_800", "now unknown UNKNOWN_E0"]),
            (#""status":"PREV_NOVELTY""#, ["was unknown PREV_NOVELTY"]), (#""status":128"#, ["now unknown 128"]),
            (#""contents":"BACKFLOW LEAK_DATE","power_mode":"SAVING""#, []),
            (
                #""status":"LEAKAGE_OR_NO_USAGE POWER_LOW""#,
                [
                    "now leak LEAKAGE_OR_NO_USAGE", "now no_consumption LEAKAGE_OR_NO_USAGE",
                    "now battery_low POWER_LOW",
                ]
            ),
        ] as [(String, [String])])
    func `alarm words keep their tense and their text`(members: String, expected: [String]) throws {
        #expect(try states(members + #","total_m3":1"#) == expected)
    }

    @Test func `a long status is cut at 512 bytes`() throws {
        let batch = try decoded(
            body(#""status":"\#(String(repeating: "水", count: 900))","total_m3":1"#), as: .wmbusmeters)
        let raw = try #require(batch.alerts.first?.raw)
        #expect(raw.utf8.count == 510)
        #expect(batch.alerts.first?.alerts.map(\.code) == [.unknown])
    }
}

/// Real telegrams as the gateway program posts them, with the placeholder timestamp replaced.
@Suite struct WMBusTelegramTests {
    private let at = "2026-10-01T00:00:00Z"

    @Test func `every telegram of water meters is accepted with its volume and its flags`() throws {
        guard let telegrams = try sharedLines("wmbus/telegrams.jsonl") else { return }
        #expect(telegrams.count == 112)
        var withoutTotal: [String] = []
        var unknownWords: Set<String> = []
        for telegram in telegrams {
            var expected = try #require(telegram["expected_json"] as? [String: Any])
            expected["timestamp"] = at
            let body = try JSONSerialization.data(withJSONObject: expected)
            let batch = try decode(Array(body), as: .wmbusmeters, receivedAt: nil)
            let name = "\(expected["meter"] ?? "") \(expected["id"] ?? "")"
            if let total = expected["total_m3"] as? NSNumber {
                let register = try millilitres(total)
                #expect(faults(batch) == [], "\(name)")
                #expect(batch.registers == [register], "\(name)")
                #expect(batch.instants == [1_790_812_800], "\(name)")
                #expect(batch.runs.first?.address.address == (expected["id"] as? String)?.lowercased(), "\(name)")
                #expect(batch.runs.first?.address.driver == expected["meter"] as? String, "\(name)")
            } else {
                #expect(batch.rejections.map(\.field) == ["total_m3"], "\(name)")
                withoutTotal.append(name)
            }
            let status = expected["status"] as? String
            #expect(batch.alerts.first?.raw.hasPrefix(status ?? "") != false, "\(name)")
            let words = status.map { $0.split(separator: " ").map(String.init).filter { $0 != "OK" } } ?? []
            #expect(Set(words).isSubset(of: batch.alerts.flatMap(\.alerts).map(\.raw)), "\(name)")
            for alert in batch.alerts.flatMap(\.alerts) where alert.code == .unknown { unknownWords.insert(alert.raw) }
        }
        #expect(
            withoutTotal.sorted() == [
                "engelmann_faw 20254060", "hydrus 56465646", "lse_07_17 13963399", "mkradio4a 01770002",
            ])
        #expect(
            unknownWords.sorted() == [
                "ERROR", "ERROR_FLAGS_1100", "ERROR_FLAGS_28", "ERROR_FLAGS_800", "HF",
                "P_DETECTION_WITHOUT_CHANGES", "P_MBUS_DISCONNECTED", "STATUS_1BBF80", "UNKNOWN_E0",
            ])
    }

    /// The shortest decimal of the number, exactly: the way the program printed it.
    private func millilitres(_ number: NSNumber) throws -> Int64 {
        let printed = Decimal(string: String(number.doubleValue)) ?? number.decimalValue
        return try #require(ExactDecimal("\(printed)")?.scaled(toDecimals: 6), "\(number)")
    }

    @Test func `every flag of the drivers' tables has a meaning or is known to have none`() throws {
        guard let data = try sharedData("wmbus/alarm-bits.csv") else { return }
        let rows = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).dropFirst()
        var unknown: Set<String> = []
        for row in rows {
            let cells = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            // Of these tables the values are durations or the parts of a telegram, not alarms.
            if ["CONTENTS", "POWER_MODE"].contains(cells[3]) || cells[4] == "IndexToString" { continue }
            let body =
                #"{"media":"water","id":"00000001","timestamp":"\#(at)","total_m3":1,"status":"\#(cells[5])"}"#
            let alerts = try decoded(body, as: .wmbusmeters).alerts.flatMap(\.alerts)
            if alerts.contains(where: { $0.code == .unknown }) { unknown.insert(cells[5]) }
            let isPast = ["P_", "PREV_", "WAS_"].contains { cells[5].hasPrefix($0) } || cells[5].hasSuffix("_MONTH")
            #expect(alerts.allSatisfy { $0.isCurrent != isPast }, "\(cells[5])")
        }
        #expect(
            unknown.sorted() == [
                "DETECTION_WITHOUT_CHANGES", "HF", "MBUS_DISCONNECTED", "P_DETECTION_WITHOUT_CHANGES",
                "P_MBUS_DISCONNECTED", "SERVICE_EVENT", "TWO_WAY_COM_BLOCK", "WootPleaseHelpOutHere",
            ])
    }
}
