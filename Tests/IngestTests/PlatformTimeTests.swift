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
