import Foundation
import Ingest
import Testing
import Water

/// SplitMix64: small, seeded, the same everywhere.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct FuzzTests {
    private static let seeds: [WireFormat: String] = [
        .json: item(
            #""meter":"A1","at":"2026-10-01T00:00:00+08:00","volume_m3":"1.5"},{"meter":"水\ud83d\udca7","start":"2026-10-01T00:00:00Z","interval_s":3600,"registers_l":[1,null,2.50,"3"]"#
        ),
        .ndjson: #"{"meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1}"# + "\n\n"
            + #"{"meter":"B","start":"2026-10-01T00:00:00Z","interval_s":60,"registers_l":[2,3]}"#,
        .csv:
            "meter,at,volume_m3,protocol,driver\r\n\"A\",2026-10-01T00:00:00Z,1.5,wmbus,izar\nB,2026-10-01T00:00:00Z,2,,\n",
        .cjt188: """
        FEFEFE6810776655443322118109901F017856341200FFA116
        68104433221100337881161F9000007766552C007766552C3101221105152021841316 16
        """,
        .wmbusmeters:
            #"[{"media":"water","id":"20202020","meter":"izar","timestamp":"2026-10-01T00:00:00.5Z","total_m3":3.843,"status":"LEAK PREV_LEAKAGE","x":[{}]}]"#,
        .wmbus: """
        # an iPerl's, with a date to come
        1844AE4C4455223368077A55000000041389E20100023B0000
        """,
        .senml:
            #"[{"bn":"urn:dev:M1:","bt":1793462400,"bu":"m3","bv":1.5,"bver":10,"n":"volume","v":1e1},{"t":-5,"s":2,"u":"l/s"},{"vb":true},{"vd":"aGk","ut":3}]"#,
        .beacon:
            "Meter_ID,Read,Read_Unit,Read_Time,Estimated_Flag,Current_Leak_Rate\r\n1,\"2.5\",CCF,2026-10-01 00:59,0,0.5\n2,7,Gallons,2026-10-01 00:59:30,1,\n",
    ]

    @Test(arguments: WireFormat.allCases)
    func `no mutation of a body traps or breaks what a batch promises`(format: WireFormat) throws {
        let chosen = ProcessInfo.processInfo.environment["JIESHUI_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_261_124
        var random = Seeded(state: chosen)
        let original = Array(try #require(FuzzTests.seeds[format]).utf8)
        let bodies =
            format == .cjt188 ? [original, bytes(ofHex: String(decoding: original, as: UTF8.self))] : [original]
        for round in 0..<6_000 {
            var body = bodies[round % bodies.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&body, &random) }
            let said = "seed \(chosen) round \(round) body \(hex(body))"
            do throws(BodyRefusal) {
                check(try decode(body, as: format, receivedAt: nil, limits: DecodeLimits(readings: 50)), said)
            } catch {
                if case .malformed(let offset, _) = error { #expect((0...body.count).contains(offset), "\(said)") }
            }
        }
    }

    private func mutate(_ body: inout [UInt8], _ random: inout Seeded) {
        let alphabet = Array(#"{}[]",:\.-+eEuTZ0189nft "#.utf8) + [0, 10, 13, 0x16, 0x68, 0x80, 0xFF]
        let at = body.isEmpty ? 0 : Int.random(in: 0..<body.count, using: &random)
        let byte = alphabet.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<6, using: &random) {
        case 0: if !body.isEmpty { body[at] = byte }
        case 1: body.insert(byte, at: at)
        case 2: if !body.isEmpty { body.remove(at: at) }
        case 3: body.removeSubrange(at...)
        case 4: body.insert(contentsOf: body[at...].prefix(40), at: at)
        default: if !body.isEmpty { body[at] = UInt8.random(in: 0...255, using: &random) }
        }
    }

    private func check(_ batch: DecodedBatch, _ said: String) {
        #expect(batch.instants.count == batch.registers.count, "\(said)")
        var next = 0
        for run in batch.runs {
            #expect(run.range.lowerBound == next && !run.range.isEmpty, "\(said)")
            #expect((0..<batch.itemCount).contains(run.item), "\(said)")
            next = run.range.upperBound
        }
        #expect(next == batch.registers.count && next <= 50 && batch.itemCount <= 50, "\(said)")
        #expect(batch.registers.allSatisfy { (0...1_000_000_000_000_000_000).contains($0) }, "\(said)")
        #expect(batch.instants.allSatisfy { (946_684_800...253_402_387_199).contains($0) }, "\(said)")
        #expect(batch.rejections.map(\.item) == batch.rejections.map(\.item).sorted(), "\(said)")
        #expect(decodeLines(batch).count == batch.registers.count + batch.rejections.count, "\(said)")
        #expect(batch.alerts.allSatisfy { $0.raw.utf8.count <= 512 }, "\(said)")
    }
}
