import Foundation
import Ingest
import Testing
import Water

/// Real telegrams with what the gateway program wmbusmeters makes of them.
@Suite struct WMBusExamTests {
    /// Diehl's default key, which the program tries where none is given (its source, manufacturer_specificities.cc).
    private static let diehl = bytes(ofHex: "51728910E66D83F851728910E66D83F8")

    /// Telegrams by number that give no reading, and why.
    private static let refused: [String: Set<Int>] = [
        // CI A0 to A2, or nothing but a block of the maker's own form, or its own quantity FF5F.
        "maker": [
            2, 3, 4, 5, 6, 7, 11, 14, 17, 20, 21, 22, 26, 28, 29, 30, 70, 72, 74, 97, 98, 99, 101, 114, 120, 121, 123,
            124, 125, 129, 153, 154, 158, 160, 167,
        ],
        // DES (mode 2), and a maker's mode 16.
        "security": [1, 131],
        // An edited sample: its full frame's checksum is that of another flow.
        "crc": [86],
        // Its first byte was edited.
        "length": [155],
        // Half a byte was lost from the file.
        "telegram": [116],
    ]

    private struct Sample {
        let number: Int
        let expected: [String: Any]
        let result: TelegramBatch
    }

    private func samples() throws -> [Sample]? {
        try sharedLines("wmbus/telegrams.jsonl")?.map { line in
            let number = try #require(line["n"] as? Int)
            let text = try #require(line["telegram_hex"] as? String)
            let key = (line["key"] as? String).map { bytes(ofHex: $0) } ?? (number == 56 ? WMBusExamTests.diehl : nil)
            // Heard when its clock says, for one that is years behind is taken for reset.
            let heard: [Instant?] = [nil, Instant(epochSeconds: 1_795_564_800)]
            let results = try heard.map { at in
                try telegrams(text, keys: { _ in key?.count == 16 ? key : nil }, receivedAt: at)
            }
            let needsTime = results[0].batch.rejections.contains { $0.field == "at" }
            return Sample(
                number: number, expected: try #require(line["expected_json"] as? [String: Any]),
                result: results[needsTime ? 1 : 0])
        }
    }

    @Test func `every telegram of the standard's form is decoded, and the rest are refused for their reason`() throws {
        guard let samples = try samples() else { return }
        var refused: [String: Set<Int>] = [:]
        for sample in samples {
            for fault in sample.result.batch.rejections { refused[fault.field, default: []].insert(sample.number) }
            let isRefused = !sample.result.batch.rejections.isEmpty
            #expect(sample.result.batch.registers.isEmpty == isRefused, "\(sample.number)")
        }
        #expect(refused == WMBusExamTests.refused)
        #expect(samples.count == 112 && samples.count - refused.values.map(\.count).reduce(0, +) == 72)
    }

    @Test func `the register, the address and the meter's time are those expected`() throws {
        guard let samples = try samples() else { return }
        var compared = 0
        for sample in samples where sample.result.batch.rejections.isEmpty {
            let batch = sample.result.batch
            let run = try #require(batch.runs.first, "\(sample.number)")
            #expect(run.address.address == sample.expected["id"] as? String, "\(sample.number)")
            guard let total = sample.expected["total_m3"] as? NSNumber else { continue }
            // The one sample whose expected value the file says was not verified: its bytes say 5648 L.
            let expected = sample.number == 161 ? 5_648_000 : try millilitres(total)
            #expect(batch.registers.first == expected, "\(sample.number)")
            compared += 1
            let time = ["meter_datetime", "device_datetime"].compactMap { sample.expected[$0] as? String }.first
            // The program passes over two bits of the clock: invalid (147, 148) and summer time (33).
            guard let time, ![33, 147, 148].contains(sample.number) else { continue }
            #expect(batch.instants.first.map { local($0).hasPrefix(time) } == true, "\(sample.number)")
        }
        #expect(compared == 68)
    }

    @Test func `history is that expected, no more and no less`() throws {
        guard let samples = try samples() else { return }
        var compared = 0
        for sample in samples where sample.result.batch.rejections.isEmpty {
            let batch = sample.result.batch
            var expected = try history(sample.expected)
            // BCD 80000000 is a meter's mark for none; and dates that the driver reckons, not the telegram.
            if sample.number == 95 { expected = [] }
            if [147, 148].contains(sample.number) { expected = expected.filter { $0 == "2026-01-01T00:00=0" } }
            let skipped = sample.expected["total_m3"] is NSNumber ? 1 : 0
            var found = Set(
                zip(batch.instants, batch.registers).dropFirst(skipped).map {
                    "\(local($0).dropLast(3))=\($1)"
                        .replacing(" ", with: "T")
                })
            // The program does not show profiles of these (132, 133, 161).
            if [132, 133, 161].contains(sample.number) {
                #expect(found.count == 15, "\(sample.number)")
                found = []
                expected = []
            }
            #expect(found == expected, "\(sample.number)")
            compared += found.count
        }
        #expect(compared == 67)
    }

    /// `local time=register` of each pair of a volume and a date under matching names.
    private func history(_ expected: [String: Any]) throws -> Set<String> {
        var found: Set<String> = []
        for (key, value) in expected {
            guard let volume = value as? NSNumber, let dates = dateKeys(of: key) else { continue }
            guard let date = dates.compactMap({ expected[$0] as? String }).first else { continue }
            found.insert("\(try midnight(date))=\(try millilitres(volume))")
        }
        return found
    }

    private func dateKeys(of key: String) -> [String]? {
        let single = [
            "target_m3": ["target_date", "target_datetime"], "target_year_m3": ["target_year_date"],
            "due_m3": ["due_date"], "due_date_m3": ["due_date"], "due_17_date_m3": ["due_17_date"],
            "consumption_at_set_date_m3": ["set_date", "set_datetime"], "total_at_set_date_m3": ["set_date"],
            "total_at_date_m3": ["at_date"], "consumption_at_reporting_date_m3": ["reporting_date"],
            "volume_year_period_m3": ["meter_year_period_end_date"],
            "volume_month_period_m3": ["meter_month_period_end_datetime"],
        ]
        if let names = single[key] { return names }
        if let match = key.wholeMatch(of: #/consumption_at_set_date_(\d+)_m3/#) { return ["set_date_\(match.1)"] }
        if let match = key.wholeMatch(of: #/consumption_at_history_(\d+)_m3/#) { return ["history_\(match.1)_date"] }
        if let match = key.wholeMatch(of: #/target_(\d+)_m3/#) { return ["target_\(match.1)_date"] }
        return nil
    }

    /// A date alone is its end, the first of a month its beginning.
    private func midnight(_ text: String) throws -> String {
        if text.count > 10 { return text.replacing(" ", with: "T") }
        let day = try #require(LocalDay(text))
        return "\(day.date.day == 1 ? day : day.advanced(by: 1))T00:00"
    }

    private func local(_ seconds: Int64) -> String {
        Instant(epochSeconds: seconds + 28_800).utc.replacing("T", with: " ").replacing("Z", with: "")
    }

    /// The shortest decimal of the number, exactly: the way the program printed it.
    private func millilitres(_ number: NSNumber) throws -> Int64 {
        let printed = Decimal(string: String(number.doubleValue)) ?? number.decimalValue
        return try #require(ExactDecimal("\(printed)")?.scaled(toDecimals: 6), "\(number)")
    }
}
