import Foundation
import Ingest
import Testing
import Water

@Suite struct PlatformPayloadTests {
    private func uplink(_ hex: String, port: Int = 100) throws -> Push {
        let data = Data(bytes(ofHex: hex)).base64EncodedString()
        let body =
            #"{"deduplicationId":"x","time":"2026-09-02T23:09:40.123456789+00:00","deviceInfo":{"devEui":"0102030405060708"},"fPort":\#(port),"data":"\#(data)"}"#
        let request = push(Array(body.utf8), query: [("event", "up"), ("token", "s3cret")])
        return try #require(receivePush(request, from: .chirpstack, secrets: addressToken).accepted)
    }

    private func mapping(_ history: String) -> String {
        "kind: bytes\nformat: axioma_w1\nmeter: @eui\nhistory: \(history)\nwhen: @f_port = 100"
    }

    private func sample() throws -> (hex: String, expected: [String: Any])? {
        guard let data = try sharedData("lorawan/axioma_w1_enhanced_24h.json") else { return nil }
        let parsed = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return (try #require(parsed["hex"] as? String), try #require(parsed["expected"] as? [String: Any]))
    }

    @Test(arguments: [("before_payload", Int64(0)), ("full_hours", 574)])
    func `an Axioma uplink gives the 24 registers that its hours add up to`(history: String, shift: Int64) throws {
        guard let (hex, expected) = try sample() else { return }
        let batch = try readings(uplink(hex), by: mapping(history)).batch
        let sent = try #require(expected["timestamp_unix"] as? Int64)
        #expect(batch.instants == (0...23).map { sent - shift - Int64(23 - $0) * 3_600 })
        let hours = try #require(expected["hourly_deltas_l"] as? [Int])
        let steps = zip(batch.registers, batch.registers.dropFirst()).map { Int($1 - $0) / 1_000 }
        #expect(steps == hours)
        #expect(batch.registers.first == 5_938_000)
        #expect(batch.registers.last == 6_054_000)
        #expect(batch.runs.map(\.address.text) == ["serial:0102030405060708"])
        #expect(batch.alerts.map(\.alerts) == [[]] && batch.alerts.map(\.raw) == ["00"])
        #expect(batch.rejections.isEmpty)
    }

    @Test func `without its history the register now is the one reading`() throws {
        guard let (hex, _) = try sample() else { return }
        let batch = try readings(uplink(hex), by: mapping("none")).batch
        #expect(batch.registers == [6_054_000])
        #expect(batch.instants == [1_788_390_574])
    }

    @Test(arguments: [
        ("04", ["battery_low"]), ("08", ["permanent_error"]), ("10", ["dry"]),
        ("14", ["battery_low", "temporary_error"]),
        ("60", ["backflow"]), ("A0", ["burst"]), ("20", ["leak"]), ("80", ["temperature"]),
        ("E0", ["backflow", "burst"]),
        ("40", ["unknown"]), ("01", ["unknown"]), ("24", ["leak", "battery_low"]),
    ])
    func `Axioma's overlapping status bits are told apart`(status: String, codes: [String]) throws {
        let hex = "01AEAC986A\(status)32170000" + String(repeating: "00", count: 41)
        let batch = try readings(uplink(hex), by: mapping("none")).batch
        #expect(batch.alerts.map { $0.alerts.map(\.code.rawValue) } == [codes])
    }

    @Test(arguments: [
        ("", "payload: is missing"), ("0102", "length: 2 bytes where 51 belong"),
        ("02" + String(repeating: "00", count: 50), "version: not 01: 02"),
        ("01" + String(repeating: "00", count: 50), "at: before 2000-01-01"),
        ("01AEAC986A" + String(repeating: "00", count: 45) + "04", "multiplier: 1 is not known"),
    ])
    func `what is no such payload is rejected`(hex: String, fault: String) throws {
        let found = try uplink(hex)
        if hex.isEmpty { return #expect(found.messages.isEmpty && found.ignored == 1) }
        #expect(try faults(readings(found, by: mapping("none")).batch) == [fault])
    }

    @Test func `another port is another payload and passed over`() throws {
        guard let (hex, _) = try sample() else { return }
        let found = try readings(uplink(hex, port: 2), by: mapping("none"))
        #expect(found.batch.itemCount == 0 && found.ignored == 1)
    }

    @Test func `on another port than the payload's own it is rejected, unless the mapping asks for that port`() throws {
        guard let (hex, _) = try sample() else { return }
        let mapping = "kind: bytes\nformat: axioma_w1\nmeter: @eui\nhistory: none"
        #expect(try readings(uplink(hex), by: mapping).batch.registers == [6_054_000])
        #expect(try faults(readings(uplink(hex, port: 2), by: mapping).batch) == ["f_port: 2 where 100 belongs"])
        let asked = "\(mapping)\nwhen: @f_port = 2 | 3"
        #expect(try readings(uplink(hex, port: 2), by: asked).batch.registers == [6_054_000])
        // The Things Stack leaves out a port of 0.
        let payload = Data(bytes(ofHex: hex)).base64EncodedString()
        let body =
            #"{"end_device_ids":{"dev_eui":"0102030405060708"},"uplink_message":{"frm_payload":"\#(payload)"}}"#
        let portless = try openUnproved(Array(body.utf8), from: .thethingsstack)
        #expect(try faults(readings(portless, by: mapping).batch) == ["f_port: 0 where 100 belongs"])
        // A platform that is no LoRaWAN server knows no port.
        let field = "\(mapping.replacing("@eui", with: "@device"))\nfield: d\ncoding: hex"
        #expect(try readings(message(#"{"d":"\#(hex)"}"#), by: field).batch.registers == [6_054_000])
    }

    @Test(arguments: [
        (
            Platform.chirpstack,
            #"{"time":"2026-10-01T10:00:00Z","deviceInfo":{"devEui":"D"},"data":"%","object":{"v":5}}"#, "data"
        ),
        (
            .thethingsstack,
            #"{"received_at":"2026-10-01T10:00:00Z","end_device_ids":{"device_id":"D"},"#
                + #""uplink_message":{"frm_payload":"%","object":{"v":5}}}"#, "frm_payload"
        ),
    ])
    func `a payload that is no base64 rejects its message by the platform's key, where it is what is read`(
        platform: Platform, body: String, key: String
    ) throws {
        func opened(_ rest: String) throws -> Push {
            let name = platform == .chirpstack ? "object" : "decoded_payload"
            let text = body.replacing("%", with: "gk!e").replacing(#","object":{"v":5}"#, with: rest)
                .replacing("object", with: name)
            return try openUnproved(Array(text.utf8), from: platform, event: platform == .chirpstack ? "up" : nil)
        }
        for rest in ["", #","object":{"v":5}"#] {
            let batch = try readings(opened(rest), by: "kind: bytes\nformat: oms").batch
            #expect(faults(batch) == ["\(key): not base64"])
        }
        let decoded = "kind: properties\nmeter: @device\nregister: v\nunit: L"
        #expect(try readings(opened(#","object":{"v":5}"#), by: decoded).batch.registers == [5_000])
    }

    private func message(_ payload: String) throws -> Push {
        let body = #"{"messageType":"dataReport","deviceId":"D1","timestamp":1790848800000,"payload":\#(payload)}"#
        return try #require(receivePush(push(Array(body.utf8)), from: .ctwing, secrets: addressToken).accepted)
    }

    private let plain = "kind: properties\nmeter: no\ntime: at\ntime format: epoch_s\nregister: v\nunit: L"

    @Test(arguments: [
        (#"{"no":"A","at":1790848800,"v":-1}"#, "v: a register is never negative"),
        (#"{"no":"A","at":1790848800,"v":1.0E7}"#, "v: exponents are refused"),
        (#"{"no":"A","at":1790848800,"v":null}"#, "v: is missing"),
        (#"{"no":"A","at":1790848800,"v":[1]}"#, "v: is missing"),
        (#"{"no":"A","v":1}"#, "at: is missing"),
        (#"{"no":"A","at":"now","v":1}"#, "at: not a time of the forms given"),
        (#"{"at":1790848800,"v":1}"#, "no: is missing"),
        (#"{"no":"A B","at":1790848800,"v":1}"#, "no: not 1 to 64 of 0-9 a-z - _ . :"),
    ])
    func `a property that cannot be is rejected by its path`(payload: String, fault: String) throws {
        #expect(try faults(readings(message(payload), by: plain).batch) == [fault])
    }

    @Test func `the platform's time serves where the mapping says so`() throws {
        let mapping = "kind: properties\nmeter: @device\ntime: at | @time\ntime format: epoch_s\nregister: v\nunit: L"
        #expect(try readings(message(#"{"v":"5"}"#), by: mapping).batch.instants == [1_790_848_800])
        #expect(try readings(message(#"{"v":"5","at":1790840000}"#), by: mapping).batch.instants == [1_790_840_000])
    }

    @Test func `in a list a gap is no fault and a bad value is rejected by its place`() throws {
        let mapping =
            "kind: properties\nmeter: @device\nunit: L\nlist: l\nlist time: t\nlist register: v\ntime format: epoch_s"
        let list = #"[{"t":1790848800,"v":1},{"t":1790848860,"v":null},{"t":1790848920,"v":-1},{"v":4},5]"#
        let batch = try readings(message(#"{"l":\#(list)}"#), by: mapping).batch
        #expect(batch.registers == [1_000])
        #expect(batch.rejections.map(\.offset) == [2, 3, 4])
        #expect(
            faults(batch) == ["v: a register is never negative", "t: is missing", "v: not an object of the list"])
        #expect(batch.itemCount == 1)
        #expect(try faults(readings(message("{}"), by: mapping).batch) == ["l: is missing"])
    }

    @Test(arguments: [
        (#"{"t":1790848860}"#, "v: is missing"), (#"{"t":1790848860,"w":2}"#, "v: is missing"),
        (#"{"t":1790848860,"v":""}"#, "v: is empty"), (#"{"t":1790848860,"v":"undefined"}"#, "v: is empty"),
        (#"{"t":1790848860,"v":{}}"#, "v: must be a number or a string"),
        (#"{"t":1790848860,"v":[2]}"#, "v: must be a number or a string"),
        (#"{"t":1790848860,"v":true}"#, "v: not a plain decimal number"),
        (#"{"t":null,"v":2}"#, "t: is missing"), (#"{"t":"","v":2}"#, "t: is empty"),
        (#"{"t":[1790848860],"v":2}"#, "t: must be a number or a string"),
        ("2", "v: not an object of the list"), (#""2""#, "v: not an object of the list"),
        ("null", "v: not an object of the list"), ("[]", "v: not an object of the list"),
    ])
    func `an element of a list without a register or a time is rejected by its place and the others are kept`(
        element: String, fault: String
    ) throws {
        let mapping =
            "kind: properties\nmeter: @device\nunit: L\nlist: l\nlist time: t\nlist register: v\ntime format: epoch_s"
        let list = #"[{"t":1790848800,"v":1},\#(element),{"t":1790848920,"v":3}]"#
        let batch = try readings(message(#"{"l":\#(list)}"#), by: mapping).batch
        #expect(batch.registers == [1_000, 3_000])
        #expect(batch.rejections.map(\.offset) == [1])
        #expect(faults(batch) == [fault])
    }

    @Test func `messages are counted together`() throws {
        let services = String(repeating: #"{"serviceId":"W","data":{"v":1}},"#, count: 3).dropLast()
        let body = #"{"notifyType":"deviceDatasChanged","deviceId":"D","services":[\#(services)]}"#
        let found = try #require(
            receivePush(push(Array(body.utf8)), from: .oceanconnect, secrets: addressToken).accepted)
        let mapping = try Mapping.read("kind: properties\nmeter: @device\nregister: v\nunit: L", file: "m")
        #expect(try decodePush(found, by: mapping).batch.itemCount == 3)
        #expect(throws: BodyRefusal.tooManyReadings(limit: 2)) {
            try decodePush(found, by: mapping, limits: DecodeLimits(readings: 2))
        }
    }

    @Test func `the mapping says how its gateway's frames are read`() throws {
        let data = cjt188Reply(volume: [0x45, 0x23, 0x01, 0x00], unit: 0x29, identifier: [0x90, 0x1F])
        let good = cjt188Frame(data: data)
        var damaged = good
        damaged[damaged.count - 2] &+= 1
        let mapping = "kind: bytes\nformat: cjt188"
        #expect(try readings(uplink(hex(good)), by: mapping).batch.registers == [123_450])
        let whole = try readings(uplink(hex(good)), by: "\(mapping)\nprofile: whole-litres").batch
        #expect(whole.registers == [12_345_000])
        let strict = try readings(uplink(hex(damaged)), by: "\(mapping)\nchecksum: strict").batch
        #expect(strict.registers.isEmpty && strict.rejections.map(\.field) == ["checksum"])
        let lenient = try readings(uplink(hex(damaged)), by: "\(mapping)\nchecksum: lenient").batch
        #expect(lenient.registers == [123_450] && lenient.findings.map(\.field).contains("checksum"))
    }

    @Test func `a city's profiles are chosen by maker inside a push, and by the mapping that names one`() throws {
        let profiles = try CJT188Profiles.read(
            "profile: city-east\nmaker: 1122\nlitre decimals: 0\n\nprofile: city-west\nlitre decimals: 1", file: "own")
        let found = try uplink(hex(cjt188Frame(data: cjt188Reply(unit: 0x29))))
        func registers(_ lines: String, _ options: CJT188Options?) throws -> [Int64] {
            let mapping = try Mapping.read("kind: bytes\nformat: cjt188\(lines)", file: "m", profiles: profiles)
            return try decodePush(found, by: mapping, cjt188: options).batch.registers
        }
        let options = CJT188Options(profiles: profiles)
        #expect(try registers("", nil) == [123_450])
        #expect(try registers("", options) == [12_345_000])
        #expect(try registers("\nprofile: city-west", options) == [1_234_500])
        // A mapping that only says how strict to be leaves the choice to the maker.
        #expect(try registers("\nchecksum: lenient", options) == [12_345_000])
        #expect(throws: MappingFaults.self) {
            try Mapping.read("kind: bytes\nformat: cjt188\nprofile: city-west", file: "m")
        }
    }

    @Test func `a table's mapping reads no push`() throws {
        let mapping = try Mapping.read(MappingFileTests.handheld, file: "m")
        #expect(throws: BodyRefusal.malformed(offset: 0, reason: "a table's mapping reads no push")) {
            try decodePush(message("{}"), by: mapping)
        }
    }

    /// Plain telegrams of the kept list, as a LoRaWAN or NB-IoT device would carry them.
    @Test func `a telegram inside a push is read as one that was heard`() throws {
        guard let lines = try sharedLines("wmbus/telegrams.jsonl") else { return }
        var compared = 0
        for line in lines {
            guard let hex = (line["telegram_hex"] ?? line["telegram"] ?? line["hex"]) as? String else { continue }
            let bytes = bytes(ofHex: hex)
            let heard = try decodeTelegram(
                bytes, receivedAt: Instant(epochSeconds: 1_788_390_580), clockOffsetSeconds: 28_800, keys: { _ in nil })
            let found = try uplink(hex)
            let pushed = try readings(found, by: "kind: bytes\nformat: oms")
            #expect(decodeLines(pushed.batch) == decodeLines(heard.batch))
            #expect(pushed.undecoded == heard.undecoded)
            compared += heard.batch.registers.count
        }
        #expect(compared > 0)
    }
}
