import Ingest
import Testing
import Water

@Suite struct BeaconTests {
    @Test func `the report that is kept gives its two registers`() throws {
        guard let report = try sharedData("envelopes/ami_beacon360_report.csv") else { return }
        let batch = try decode(Array(report), as: .beacon, receivedAt: nil, clockOffsetSeconds: -7 * 3_600)
        #expect(batch.itemCount == 2)
        #expect(batch.rejections.isEmpty)
        // 227.6 × 100 ft³ of 28.316846592 L; 00:59 and 01:59 seven hours west.
        #expect(batch.registers == [644_491_428, 644_491_428])
        #expect(batch.instants == [1_722_499_140, 1_722_502_740])
        #expect(Set(batch.runs.map(\.address.text)) == ["serial:1470158170"])
        #expect(batch.alerts.map(\.alerts) == [[], []])
        #expect(Set(batch.alerts.map(\.raw)) == ["Battery_Level=good"])
    }

    private func rows(_ changes: (String) -> String) throws -> DecodedBatch {
        let header =
            "Meter_ID,Meter_SN,Endpoint_SN,Read,Read_Unit,Read_Time,Estimated_Flag,Current_Leak_Rate,Battery_Level"
        let row = changes("1470158170,,130615549,10,Gallons,2026-10-01 00:59,0,,good")
        return try decoded("\(header)\n\(row)", as: .beacon)
    }

    @Test func `an estimated row is no reading`() throws {
        let batch = try rows { $0.replacing(",0,,", with: ",1,,") }
        #expect(faults(batch) == ["Estimated_Flag: rows of this kind are not taken"])
        #expect(batch.registers.isEmpty)
    }

    @Test func `a leak rate above zero is a leak, a low battery is told`() throws {
        let batch = try rows { $0.replacing(",0,,good", with: ",0,1.25,low") }
        #expect(batch.alerts.map { $0.alerts.map(\.code.rawValue) } == [["leak", "battery_low"]])
        #expect(batch.registers == [37_854])
    }

    @Test func `the meter's own number comes before the report's`() throws {
        #expect(try rows { $0.replacing(",,130", with: ",SN7,130") }.runs.map(\.address.text) == ["serial:sn7"])
        #expect(try rows { $0.replacing("1470158170,,", with: ",,") }.runs.map(\.address.text) == ["serial:130615549"])
    }

    @Test func `a unit that is no volume rejects the row`() throws {
        #expect(try faults(rows { $0.replacing("Gallons", with: "kWh") }) == ["Read_Unit: no unit of water"])
    }
}
