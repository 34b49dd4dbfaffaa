import Foundation
import Ingest
import Testing
import Water

/// Seeded mutations: whatever comes, a push is refused or keeps what it promises, and nothing traps.
@Suite struct PlatformMutationTests {
    private static let chosen =
        ProcessInfo.processInfo.environment["JIESHUI_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_261_125
    private static let token = "our-token"

    private static let mappings: [String] = [
        PlatformSampleTests.junXiang,
        "kind: properties\nmeter: @device | @imei\nregister: value | v\nunit: ccf\nalarm leak: value > 0",
        "kind: properties\nmeter: @device\ntime: data.params.Volume.time\ntime format: epoch_ms\n"
            + "register: data.params.Volume.value\nunit: mL",
        "kind: bytes\nformat: cjt188\nfield: payload\ncoding: hex", "kind: bytes\nformat: cjt188",
        "kind: bytes\nformat: oms\nfield: APPdata\ncoding: base64",
        "kind: bytes\nformat: axioma_w1\nmeter: @eui\nhistory: full_hours",
    ]

    private static let bodies: [(Platform, String)] = [
        (
            .ctwing,
            #"{"messageType":"dataReport","deviceId":"D","timestamp":1600400064538,"payload":{"serviceData":{"MeterData":{"meterCode":"10012190005493","readTime":"2020-09-18 11:34:24","amount":1.5,"valveStatus":0,"items":[{"time":"2020-09-18 10:00:00","amount":"1.25"},{"time":"x"}]}}}}"#
        ),
        (
            .oceanconnect,
            #"{"notifyType":"deviceDatasChanged","deviceId":"D","services":[{"data":{"payload":"FEFEFE6810776655443322118109901F017856341200FFA116"},"eventTime":"20200918T033424Z"},{"data":{"value":"7.5","APPdata":"aGk="}}]}"#
        ),
        (
            .huaweiIoTDA,
            #"{"resource":"device.property","event":"report","event_time":"20200918T033424Z","notify_data":{"header":{"device_id":"D"},"body":{"services":[{"service_id":"W","properties":{"v":1}}]}}}"#
        ),
        (
            .chirpstack,
            #"{"deduplicationId":"x","time":"2026-09-02T23:09:40.123456789+00:00","deviceInfo":{"devEui":"0102030405060708","tags":{"a":"b"}},"fPort":100,"data":"Aa6smGoAMhcAAAAAAAAAAAAAgAOAAFQADkAFEABIAAJAAgAAIAAAAAAAAAAAAAAAAAAA"}"#
        ),
        (
            .thethingsstack,
            #"{"end_device_ids":{"device_id":"d","dev_eui":"0102"},"received_at":"2020-02-12T15:15:46.014773143Z","uplink_message":{"frm_payload":"gkHe","decoded_payload":{"v":1.5}}}"#
        ),
        (
            .onenet,
            #"{"msg":[{"at":1600400064538,"imei":"1","type":1,"ds_id":"a","value":-115},{"notifyType":"property","deviceName":"d","data":{"params":{"Volume":{"value":3,"time":1600400064538}}}}],"nonce":"abcdefgh","signature":"SIGNATURE"}"#
        ),
        (.tencent, #"{"devicename":"d","timestamp":1600400064,"payload":{"v":1},"value":"2"}"#),
    ]

    private func secrets(_ platform: Platform) -> PushSecrets {
        var proofs: [SenderProof] = [.query(name: "token", value: "s3cret")]
        if platform.needsSignature { proofs.append(.signature(token: PlatformMutationTests.token)) }
        return PushSecrets(proofs: proofs, encryptionKey: Array("0123456789abcdef".utf8))
    }

    /// The request with a signature over what it became.
    private func request(_ body: [UInt8], _ platform: Platform) -> PushRequest {
        let query = [("token", "s3cret"), ("event", "up")]
        var body = body
        let text = String(decoding: body, as: UTF8.self)
        if platform == .onenet, let start = text.firstRange(of: "\"msg\":")?.upperBound,
            let end = text.firstRange(of: ",\"nonce\"")?.lowerBound, start < end
        {
            let message = String(text[start..<end])
            let signature = oneNETSigned(token: PlatformMutationTests.token, nonce: "abcdefgh", message: message)
            body = Array(text.replacing("SIGNATURE", with: signature).utf8)
        }
        // The signature of Tencent is over these three and not over the body: sha1("1600400064n1our-token").
        let headers = [
            "Timestamp": "1600400064", "Nonce": "n1", "Signature": "228b7be7e1958476adea26bd570bb07875826fe8",
        ]
        return push(body, query: query, headers: headers, at: 1_600_400_070)
    }

    @Test(arguments: bodies.indices)
    func `no mutation of a push traps or breaks what it promises`(index: Int) throws {
        let (platform, text) = PlatformMutationTests.bodies[index]
        let mappings = try PlatformMutationTests.mappings.map { try Mapping.read($0, file: "m") }
        var random = Seeded(state: PlatformMutationTests.chosen &+ UInt64(index))
        var accepted = 0
        for round in 0..<1_200 {
            var body = Array(text.utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) { mutate(&body, &random) }
            let said = "seed \(PlatformMutationTests.chosen) \(platform) round \(round): \(hex(body))"
            switch receivePush(request(body, platform), from: platform, secrets: secrets(platform)) {
            case .handshake: Issue.record("a POST is no handshake: \(said)")
            case .refused(.malformed(let offset, _)): #expect((0...body.count + 24).contains(offset), "\(said)")
            case .refused: break
            case .push(let found):
                accepted += 1
                for mapping in mappings { try check(found, mapping, said) }
            }
        }
        #expect(accepted > 150, "seed \(PlatformMutationTests.chosen) \(platform): only \(accepted) were read")
    }

    private func check(_ push: Push, _ mapping: Mapping, _ said: String) throws {
        let found: PushReadings
        do throws(BodyRefusal) {
            found = try decodePush(push, by: mapping, limits: DecodeLimits(readings: 40))
        } catch {
            return
        }
        let batch = found.batch
        #expect(batch.instants.count == batch.registers.count, "\(said)")
        var next = 0
        for run in batch.runs {
            #expect(run.range.lowerBound == next && (0..<batch.itemCount).contains(run.item), "\(said)")
            next = run.range.upperBound
        }
        #expect(next == batch.registers.count && next <= 40, "\(said)")
        #expect(batch.registers.allSatisfy { (0...1_000_000_000_000_000_000).contains($0) }, "\(said)")
        #expect(batch.instants.allSatisfy { (946_684_800...253_402_387_199).contains($0) }, "\(said)")
        #expect(decodeLines(batch).count == batch.registers.count + batch.rejections.count, "\(said)")
    }

    private func mutate(_ body: inout [UInt8], _ random: inout Seeded) {
        let words = [
            "9999999999999999999", "-1", "null", "[]", "{}", "\"\"", "1e9", "0.0000001", ",", "\\u0000", "\u{6C34}",
        ]
        let at = body.isEmpty ? 0 : Int.random(in: 0..<body.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: if !body.isEmpty { body[at] = UInt8.random(in: 0...255, using: &random) }
        case 1: body.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: at)
        case 2: if !body.isEmpty { body.remove(at: at) }
        case 3: if Int.random(in: 0..<8, using: &random) == 0 { body.removeSubrange(at...) }
        case 4: body.insert(contentsOf: body[at...].prefix(30), at: at)
        default: replaceNumber(&body, from: at, with: words.randomElement(using: &random) ?? "")
        }
    }

    /// Replaces the run of digits at or after a place: what reaches the arithmetic.
    private func replaceNumber(_ body: inout [UInt8], from at: Int, with word: String) {
        guard let start = body[at...].firstIndex(where: { (48...57).contains($0) }) else { return }
        let end = body[start...].firstIndex { !(48...57).contains($0) } ?? body.endIndex
        body.replaceSubrange(start..<end, with: Array(word.utf8))
    }

    @Test func `no mutation of a mapping or of its table traps`() throws {
        var random = Seeded(state: PlatformMutationTests.chosen)
        let handheld = Array((MappingFileTests.handheld + "\nalarm leak: 备注 != 好\nwhen: 序号 > 0").utf8)
        let table = Array("序号,表号,抄表时间,本期读数,备注\n1,A1,2026-10-01 08:30:00,123.456,漏\n2,\"B\"\"\",2026/1/2 3:04,7,好".utf8)
        var (readMappings, readTables) = (0, 0)
        for round in 0..<3_000 {
            var (mapping, body) = (handheld, table)
            if round % 2 == 0 { mutate(&mapping, &random) } else { for _ in 0..<3 { mutate(&body, &random) } }
            let said = "seed \(PlatformMutationTests.chosen) round \(round)"
            do throws(MappingFaults) {
                guard case .table(let read) = try Mapping.read(String(decoding: mapping, as: UTF8.self), file: "m")
                else {
                    continue
                }
                readMappings += 1
                do throws(BodyRefusal) {
                    let batch = try decodeTable(body, by: read, limits: DecodeLimits(readings: 9))
                    readTables += 1
                    #expect(batch.registers.count == batch.instants.count && batch.itemCount <= 9, "\(said)")
                } catch {
                    if case .malformed(let offset, _) = error { #expect((0...body.count).contains(offset), "\(said)") }
                }
            } catch {
                #expect(!error.faults.isEmpty, "\(said)")
                #expect(error.faults.allSatisfy { $0.line >= 1 }, "\(said)")
            }
        }
        #expect(readMappings > 1_500 && readTables > 400, "\(readMappings) mappings, \(readTables) tables")
    }
}
