import Ingest
import Testing
import Water

/// Times that an envelope gives and that are none.
@Suite struct PlatformTimeTests {
    private let mapping = "kind: properties\nmeter: @device\nregister: v\nunit: L\nwhen: @service = W | X"
    private static let unreadable = "no time from 2000 on with its offset, as 20261001T000000Z"

    /// Two services; the second gives no time of its own.
    private func iotda(_ member: String, outer: String = #""20261129T010500Z""#) throws -> Push {
        let services = """
            [{"service_id":"W","properties":{"v":1}\(member)},{"service_id":"X","properties":{"v":2}}]
            """
        let body = """
            {"resource":"device.property","event":"report","event_time":\(outer),\
            "notify_data":{"header":{"device_id":"D"},"body":{"services":\(services)}}}
            """
        return try #require(receivePush(push(Array(body.utf8)), from: .huaweiIoTDA, secrets: addressToken).accepted)
    }

    @Test(arguments: [
        #""20261129T090500""#, #""2026-11-29 09:05:00""#, #""2026-11-29T09:05:00""#, #""soon""#, "true", "{}", "[]",
        #""19991231T235959Z""#,
    ])
    func `a service whose event_time cannot be read is rejected, and no other time is put in its place`(
        time: String
    ) throws {
        let batch = try readings(iotda(#","event_time":\#(time)"#), by: mapping).batch
        #expect(faults(batch) == ["event_time: \(PlatformTimeTests.unreadable)"])
        #expect(batch.rejections.map(\.item) == [0])
        #expect(batch.registers == [2_000])
        #expect(batch.instants == [1_795_914_300])
    }

    @Test(arguments: ["", #","event_time":null"#, #","event_time":"""#])
    func `an event_time that is not given is the request's`(member: String) throws {
        let batch = try readings(iotda(member), by: mapping).batch
        #expect(batch.instants == [1_795_914_300, 1_795_914_300])
        #expect(batch.rejections.isEmpty)
    }

    @Test func `the request's event_time counts where a service has none of its own`() throws {
        let batch = try readings(iotda(#","event_time":"20261129T010500Z""#, outer: #""soon""#), by: mapping).batch
        #expect(batch.instants == [1_795_914_300])
        #expect(faults(batch) == ["event_time: \(PlatformTimeTests.unreadable)"])
        #expect(batch.rejections.map(\.item) == [1])
    }

    @Test func `a message that the mapping passes over is not rejected for its time`() throws {
        let found = try readings(iotda(#","event_time":"soon""#), by: mapping.replacing("W | ", with: ""))
        #expect(found.ignored == 1 && found.batch.rejections.isEmpty && found.batch.registers == [2_000])
    }

    private func unproved(_ body: String, _ platform: Platform) throws -> Push {
        try openUnproved(Array(body.utf8), from: platform, event: platform == .chirpstack ? "up" : nil)
    }

    @Test(arguments: [
        (Platform.tencent, #"{"devicename":"D","timestamp":"rubbish","v":1}"#, "timestamp"),
        (.tencent, #"{"devicename":"D","timestamp":900000000,"v":1}"#, "timestamp"),
        (.tencent, #"{"devicename":"D","timestamp":null,"time":"soon","v":1}"#, "time"),
        (
            .ctwing, #"{"messageType":"dataReport","deviceId":"D","timestamp":"soon","payload":{"v":1}}"#, "timestamp"
        ),
        (.chirpstack, #"{"deviceInfo":{"devEui":"D"},"time":"soon","object":{"v":1}}"#, "time"),
        (
            .thethingsstack,
            #"{"end_device_ids":{"device_id":"D"},"uplink_message":{"received_at":"soon","decoded_payload":{"v":1}}}"#,
            "received_at"
        ),
    ])
    func `a platform's own time that cannot be read is told by its name`(
        platform: Platform, body: String, field: String
    ) throws {
        let mapping = "kind: properties\nmeter: @device\nregister: v\nunit: L"
        let batch = try readings(unproved(body, platform), by: mapping).batch
        #expect(faults(batch) == ["\(field): \(PlatformTimeTests.unreadable)"])
        let absent = body.replacing(#"900000000"#, with: "null").replacing(#""soon""#, with: "null")
            .replacing(#""rubbish""#, with: "null")
        let missing = try readings(unproved(absent, platform), by: mapping).batch
        #expect(faults(missing) == ["\(platform == .tencent ? "timestamp" : field): is missing"])
        let good = absent.replacing("null", with: "1790848800")
        #expect(try readings(unproved(good, platform), by: mapping).batch.instants == [1_790_848_800])
    }

    @Test func `a list's readings do not need a time of the platform's that cannot be read`() throws {
        let body = #"{"devicename":"D","timestamp":"rubbish","l":[{"t":1790848800,"v":1}]}"#
        let list = "kind: properties\nmeter: @device\nunit: L\nlist: l\nlist time: t\nlist register: v"
        let mapping = "\(list)\ntime format: epoch_s"
        #expect(try readings(unproved(body, .tencent), by: mapping).batch.registers == [1_000])
        let both = body.replacing("}]", with: #"}],"v":2"#)
        let batch = try readings(unproved(both, .tencent), by: "\(mapping)\nregister: v").batch
        #expect(faults(batch) == ["timestamp: \(PlatformTimeTests.unreadable)"])
    }

    @Test func `a telegram that needs the platform's time is rejected by it where it cannot be read`() throws {
        let body = """
            {"notifyType":"deviceDataChanged","deviceId":"D","service":{"data":\
            {"payload":"1844AE4C4455223368077A55000000041389E20100023B0000"},"eventTime":"20261129T0905"}}
            """
        let mapping = "kind: bytes\nformat: oms\nfield: payload\ncoding: hex"
        let batch = try readings(unproved(body, .oceanconnect), by: mapping).batch
        #expect(faults(batch) == ["eventTime: \(PlatformTimeTests.unreadable)"])
    }

    /// A message without any time whose device says `p`, and the platform's key of its time.
    private static let timeless: [(Platform, String, String)] = [
        (.ctwing, #"{"messageType":"dataReport","deviceId":"D","payload":{"p":"%"}}"#, "timestamp"),
        (.onenet, #"{"msg":{"notifyType":"property","deviceName":"D","p":"%"}}"#, "at"),
        (
            .huaweiIoTDA,
            #"{"resource":"device.property","event":"report","notify_data":{"header":{"device_id":"D"},"body":"#
                + #"{"services":[{"service_id":"W","properties":{"p":"%"}}]}}}"#, "event_time"
        ),
        (
            .huaweiIoTDA,
            #"{"resource":"device.message","event":"report","notify_data":{"header":{"device_id":"D"},"#
                + #""body":{"p":"%"}}}"#, "event_time"
        ),
        (
            .oceanconnect, #"{"notifyType":"deviceDataChanged","deviceId":"D","service":{"data":{"p":"%"}}}"#,
            "eventTime"
        ),
        (.chirpstack, #"{"deviceInfo":{"devEui":"D"},"object":{"p":"%"}}"#, "time"),
        (
            .thethingsstack, #"{"end_device_ids":{"device_id":"D"},"uplink_message":{"decoded_payload":{"p":"%"}}}"#,
            "received_at"
        ),
        (.tencent, #"{"devicename":"D","p":"%"}"#, "timestamp"),
    ]

    @Test(arguments: timeless)
    func `a message whose platform tells no time is rejected by the platform's key where its time is needed`(
        platform: Platform, body: String, key: String
    ) throws {
        for time in ["", "time: @time\n"] {
            let mapping = "kind: properties\nmeter: @device\n\(time)register: p\nunit: L"
            let batch = try readings(unproved(body.replacing("%", with: "1"), platform), by: mapping).batch
            #expect(faults(batch) == ["\(key): is missing"])
        }
        let frame = hex(cjt188Frame(data: [0x1F, 0x90, 0x00, 0x45, 0x23, 0x01, 0x00, 0x05, 0x00]))
        let mapping = "kind: bytes\nfield: p\ncoding: hex\nformat: "
        let frames = try readings(unproved(body.replacing("%", with: frame), platform), by: mapping + "cjt188").batch
        #expect(faults(frames) == ["\(key): is missing, and the frame has no clock"])
        let telegram = body.replacing("%", with: "1844AE4C4455223368077A55000000041389E20100023B0000")
        let found = try readings(unproved(telegram, platform), by: mapping + "oms")
        #expect(faults(found.batch) == ["\(key): is missing, and the frame has no clock"])
    }

    @Test func `of several frames only those without a clock need the platform's time`() throws {
        let frames = hex(cjt188Frame(data: cjt188Reply()) + cjt188Frame(data: [0x1F, 0x90, 0, 0, 0, 1, 0, 0, 0]))
        let body = """
            {"notifyType":"deviceDataChanged","deviceId":"D","service":{"data":{"p":"\(frames)"},"eventTime":"soon"}}
            """
        let mapping = "kind: bytes\nformat: cjt188\nfield: p\ncoding: hex"
        let batch = try readings(unproved(body, .oceanconnect), by: mapping).batch
        #expect(batch.registers == [123_450_000])
        #expect(faults(batch) == ["eventTime: \(PlatformTimeTests.unreadable)"])
        #expect(batch.rejections.map(\.item) == [1])
    }

    @Test func `OceanConnect's eventTime rejects a frame likewise`() throws {
        let frame = "FEFEFE6810776655443322118109901F017856341200FFA116"
        let body = """
            {"notifyType":"deviceDataChanged","deviceId":"D",\
            "service":{"serviceId":"W","data":{"payload":"\(frame)"},"eventTime":"20261129T0905"}}
            """
        let found = try #require(
            receivePush(push(Array(body.utf8)), from: .oceanconnect, secrets: addressToken).accepted)
        let batch = try readings(found, by: "kind: bytes\nformat: cjt188\nfield: payload\ncoding: hex").batch
        #expect(faults(batch) == ["eventTime: \(PlatformTimeTests.unreadable)"])
        #expect(batch.registers.isEmpty)
    }
}
