import Ingest
import Testing
import Water

@Suite struct DecodedLinesTests {
    @Test func `lines follow the body, a series before its bad values`() throws {
        let series = #"{"meter":"B","start":"2026-10-01T00:00:00Z","interval_s":60,"registers_l":[2,-3,4]}"#
        let batch = try decoded(#"{"readings":[{"meter":"A"},\#(series),7]}"#, as: .json)
        let lines = [
            #"{"field":"at","index":0,"reason":"is missing","status":"rejected"}"#,
            #"{"alerts":[],"alerts_past":[],"at":"2026-10-01T00:00:00Z","flags_raw":null,"index":1,"meter":"b","register_ml":2000,"status":"ok"}"#,
            #"{"alerts":[],"alerts_past":[],"at":"2026-10-01T00:02:00Z","flags_raw":null,"index":1,"meter":"b","register_ml":4000,"status":"ok"}"#,
            #"{"field":"registers_l","index":1,"offset":1,"reason":"a register is never negative","status":"rejected"}"#,
            #"{"field":"item","index":2,"reason":"not an object","status":"rejected"}"#,
        ]
        #expect(decodeLines(batch).map(\.text) == lines)
    }

    @Test func `what is and what was are told apart, also beside a rejection`() throws {
        let telegram =
            #"{"media":"water","id":"0000000A","timestamp":"2026-10-01T00:00:00Z","status":"MAGNETIC_FIELD STRONG_LIGHT PREV_LEAKAGE"}"#
        #expect(
            summary(try decoded(telegram, as: .wmbusmeters))
                == #"{"alerts":["tamper"],"alerts_past":["leak"],"at":"2026-10-01T00:00:00Z","field":"total_m3","flags_raw":"MAGNETIC_FIELD STRONG_LIGHT PREV_LEAKAGE","index":0,"meter":"0000000a","reason":"the telegram has no total","status":"rejected"}"#
        )
    }
}
