import Foundation
import Ingest
import Testing
import Water

/// Every body of the kept samples, through its platform.
@Suite struct PlatformSampleTests {
    static let junXiang = """
        # JunXiang NB-IoT meter on CTWing
        kind: properties
        root: serviceData.MeterData
        meter: meterCode
        time: readTime
        time format: YYYY-MM-DD hh:mm:ss
        zone: +08:00
        register: amount
        unit: m3
        list: items
        list time: time
        list register: amount
        alarm valve_closed: valveStatus = 0
        alarm tamper: magneticStatus = 1
        alarm permanent_error: faultStatus = 1
        alarm battery_low: batteryStatus = 1
        alarm backflow: reverseQuantity > 0
        """

    private func sample(_ name: String) throws -> [UInt8]? { try sharedData("envelopes/\(name)").map(Array.init) }

    private func accepted(_ body: [UInt8], _ platform: Platform) throws -> Push {
        try #require(receivePush(push(body), from: platform, secrets: addressToken).accepted)
    }

    @Test func `a CTWing water meter's day is 24 hourly registers and the one it read last`() throws {
        guard let body = try sample("ctwing_dataReport_water_junxiang_hourly.json") else { return }
        let push = try accepted(body, .ctwing)
        #expect(push.ignored == 0)
        #expect(
            push.messages.map(\.attributes) == [
                [
                    "device": "1f9471c63f6947359722f34471e8c7ff", "imei": "867726036580035", "product": "10094053",
                    "service": "SystemCmdRawData", "topic": "v1/up/ad19prof",
                ]
            ])
        #expect(push.messages[0].at == Instant(epochSeconds: 1_600_400_064))
        let batch = try readings(push, by: PlatformSampleTests.junXiang).batch
        #expect(batch.itemCount == 1)
        #expect(batch.rejections.isEmpty)
        #expect(batch.runs.map(\.address.text) == ["serial:10012190005493"])
        #expect(batch.registers == [Int64](repeating: 0, count: 25))
        // 2020-09-17 11:00 to 2020-09-18 10:00 by the hour, then 11:34:24, all +08:00.
        #expect(batch.instants == (0..<24).map { 1_600_311_600 + $0 * 3_600 } + [1_600_400_064])
        #expect(batch.alerts.map(\.alerts) == [[]])
        #expect(batch.alerts[0].raw == "valveStatus=1 magneticStatus=0 faultStatus=0 batteryStatus=0 reverseQuantity=0")
    }

    @Test func `CTWing's bytes are looked at where the mapping says`() throws {
        for (name, field) in [
            ("ctwing_dataReport_doc_sample.json", "Updata"), ("ctwing_dataReport_passthrough_lwm2m.json", "APPdata"),
        ] {
            guard let body = try sample(name) else { return }
            let push = try accepted(body, .ctwing)
            #expect(push.messages.count == 1)
            let mapping = "kind: bytes\nformat: cjt188\nfield: \(field)\ncoding: base64"
            // Neither is CJ/T 188, and neither is taken for it.
            #expect(try readings(push, by: mapping).batch.rejections.map(\.field) == ["frame"])
        }
    }

    @Test func `CTWing's other messages are ignored and counted`() throws {
        for name in ["ctwing_commandResponse.json", "ctwing_deviceOnlineOfflineReport.json"] {
            guard let body = try sample(name) else { return }
            let push = try accepted(body, .ctwing)
            #expect(push.messages.isEmpty && push.ignored == 1)
        }
    }

    @Test func `IoTDA's body is found inside notify_data and beside it`() throws {
        guard let report = try sample("huawei_iotda_device_property_report.json"),
            let full = try sample("huawei_iotda_real_header_amqp_excerpt.json"),
            let status = try sample("huawei_iotda_device_status_update_doc.json")
        else { return }
        let push = try accepted(report, .huaweiIoTDA)
        #expect(
            push.messages.map(\.attributes) == [
                ["device": "6857a366d582f2001833e1e6_8888", "service": "STM32F407VET6"]
            ])
        #expect(push.messages[0].at?.utc == "2025-06-30T12:21:21Z")
        let mapping = "kind: properties\nmeter: @device\nregister: RES_s\nunit: m3\nwhen: TYPE = detection"
        let batch = try readings(push, by: mapping).batch
        #expect(batch.registers == [20_100_000])
        #expect(batch.runs.map(\.address.address) == ["6857a366d582f2001833e1e6_8888"])
        let whole = try accepted(full, .huaweiIoTDA)
        #expect(whole.messages[0].attributes["node"] == "vehicle_safety")
        #expect(whole.messages[0].at?.utc == "2026-07-03T18:35:19Z")
        #expect(whole.repeatKey == "65fb87b2-70dd-4f34-adae-c5e668fd9b2e")
        let changed = try accepted(status, .huaweiIoTDA)
        #expect(changed.messages.isEmpty && changed.ignored == 1)
        // The documentation's place of the body, with a report.
        let text = String(decoding: status, as: UTF8.self).replacing("device.status", with: "device.property")
            .replacing("\"update\"", with: "\"report\"")
            .replacing(#""status": "ONLINE""#, with: #""services":[{"service_id":"W","properties":{"v":1}}]"#)
        #expect(try accepted(Array(text.utf8), .huaweiIoTDA).messages.map { $0.attributes["service"] } == ["W"])
    }

    @Test(arguments: [
        (#""notify_data":{"header":{"device_id":"D"},"body":null},"body":BODY"#, 1, 0),
        (#""notify_data":{"header":{"device_id":"D"},"body":{}},"body":BODY"#, 1, 0),
        (#""notify_data":{"header":{"device_id":"D"},"body":BODY},"body":null"#, 1, 0),
        (#""notify_data":{"header":{"device_id":"D"},"body":BODY},"body":{"services":[]}"#, 1, 0),
        (#""notify_data":{"header":{},"body":null}"#, 0, 1), (#""notify_data":{"header":{},"body":{}}"#, 0, 1),
        (#""notify_data":{"body":{"services":[]}}"#, 0, 1), (#""notify_data":{"body":{"services":null}}"#, 0, 1),
        (#""body":{}"#, 0, 1), (#""notify_data":{"body":{"services":[{"service_id":"W"},null]}}"#, 0, 2),
    ])
    func `IoTDA's body is the one with anything in it, and one without a service is counted`(
        parts: String, messages: Int, ignored: Int
    ) throws {
        let full = #"{"services":[{"service_id":"W","event_time":"20261129T010500Z","properties":{"v":1}}]}"#
        let body = #"{"resource":"device.property","event":"report",\#(parts.replacing("BODY", with: full))}"#
        let push = try accepted(Array(body.utf8), .huaweiIoTDA)
        #expect(push.messages.count == messages && push.ignored == ignored)
        let mapping = "kind: properties\nmeter: @device\nregister: v\nunit: L"
        #expect(try readings(push, by: mapping).batch.registers == [Int64](repeating: 1_000, count: messages))
    }

    @Test func `OceanConnect's hex payload reaches the frame decoder`() throws {
        guard let body = try sample("huawei_oceanconnect_deviceDataChanged.json") else { return }
        let push = try accepted(body, .oceanconnect)
        #expect(push.messages[0].at?.utc == "2018-08-06T09:34:36Z")
        #expect(push.messages[0].attributes["service"] == "ServiceAPI")
        let mapping = "kind: bytes\nformat: cjt188\nfield: payload\ncoding: hex"
        #expect(try readings(push, by: mapping).batch.rejections.map(\.field) == ["frame"])
        // A frame in its place (protocols.md, cjt-02's source) is read.
        let frame = "FEFEFE6810776655443322118109901F017856341200FFA116"
        let text = String(decoding: body, as: UTF8.self)
            .replacing("d1086370303300050110000000000000000000000000000000ff92e9", with: frame)
        let batch = try readings(accepted(Array(text.utf8), .oceanconnect), by: mapping).batch
        #expect(batch.registers == [123_456_780_000])
        // Its short form has no clock: the platform's time serves.
        #expect(batch.instants == [1_533_548_076])
    }

    @Test func `ChirpStack's uplink carries bytes, every other event is ignored`() throws {
        for event in ["up", "ack", "integration", "join", "location", "log", "status", "txack"] {
            guard let body = try sample("chirpstack_v4_\(event).json") else { return }
            let request = push(body, query: [("event", event)], headers: ["X-Key": "abc"])
            let secrets = PushSecrets(proofs: [.header(name: "X-Key", value: "abc")])
            let found = try #require(receivePush(request, from: .chirpstack, secrets: secrets).accepted)
            #expect(found.messages.count == (event == "up" ? 1 : 0) && found.ignored == (event == "up" ? 0 : 1))
            guard event == "up" else { continue }
            #expect(found.repeatKey == "3ac7e3c4-4401-4b8d-9386-a5c902f9202d")
            #expect(found.messages[0].bytes == [0xAA])
            #expect(found.messages[0].at?.utc == "2022-07-18T09:34:15Z")
            #expect(
                found.messages[0].attributes == [
                    "device": "0101010101010101", "eui": "0101010101010101", "name": "Test device",
                    "product": "Test device-profile", "f_port": "1", "tag.key": "value",
                ])
        }
    }

    @Test func `The Things Stack leaves out what is zero, and a body that is no JSON is refused where it breaks`()
        throws
    {
        guard let body = try sample("tts_v3_uplink.json"),
            let invalid = try sample("tts_v3_uplink.as_published_invalid.txt")
        else { return }
        let found = try accepted(body, .thethingsstack)
        #expect(found.messages[0].bytes == [0x82, 0x41, 0xDE])
        #expect(
            found.messages[0].attributes == [
                "device": "dev1", "eui": "0004A30B001C0530", "product": "the-things-uno", "f_port": "0",
            ])
        #expect(found.messages[0].at?.utc == "2020-02-12T15:15:45Z")
        let refusal = receivePush(push(invalid), from: .thethingsstack, secrets: addressToken).refusal
        let text = String(decoding: invalid, as: UTF8.self)
        let attributes = try #require(text.firstRange(of: "\"attributes\"")).upperBound
        let second = try #require(text[attributes...].firstRange(of: "\"received_at\""))
        let offset = text.utf8.distance(from: text.startIndex, to: second.lowerBound)
        #expect(refusal == .malformed(offset: offset, reason: "expected a comma or the end of the list"))
    }

    @Test func `a message of Tencent's rule without a register is ignored and counted`() throws {
        func found(_ members: String, _ mapping: String) throws -> PushReadings {
            let body = #"{"devicename":"d","timestamp":1790848800\#(members)}"#
            return try readings(openUnproved(Array(body.utf8), from: .tencent), by: mapping)
        }
        let mapping = "kind: properties\nroot: payload\nmeter: @device\nregister: v | w\nunit: L"
        for silent in [#","status":"online""#, #","payload":{"status":"online"}"#, #","payload":null"#, #","v":1"#] {
            let taken = try found(silent, mapping)
            #expect(taken.ignored == 1 && taken.batch.itemCount == 0, "\(silent)")
        }
        #expect(try found(#","payload":{"w":1}"#, mapping).batch.registers == [1_000])
        // A register that is there and is none is a fault.
        #expect(try faults(found(#","payload":{"v":null}"#, mapping).batch) == ["v: is missing"])
        let list = "kind: properties\nmeter: @device\nunit: L\nlist: l\nlist time: t\nlist register: v"
        #expect(try found(#","status":"online""#, list).ignored == 1)
        #expect(try faults(found(#","l":[]"#, list).batch) == ["l: is missing"])
        let bytes = "kind: bytes\nformat: cjt188\nfield: data.frame\ncoding: hex"
        #expect(try found(#","status":"online""#, bytes).ignored == 1)
        #expect(try faults(found(#","data":{"frame":""}"#, bytes).batch) == ["data.frame: is missing"])
    }

    @Test func `a join and a simulated uplink of The Things Stack are ignored`() throws {
        for rest in [
            #""join_accept":{}"#, #""uplink_message":{"frm_payload":"gkHe"},"simulated":true"#,
            #""uplink_message":{"f_cnt":3}"#,
        ] {
            let found = try accepted(Array(#"{"end_device_ids":{"device_id":"a"},\#(rest)}"#.utf8), .thethingsstack)
            #expect(found.messages.isEmpty && found.ignored == 1, "\(rest)")
        }
    }
}
