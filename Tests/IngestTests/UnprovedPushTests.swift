import Foundation
import Ingest
import Testing
import Water

/// What `jieshui decode push/PLATFORM` does.
@Suite struct UnprovedPushTests {
    private let mapping = "kind: properties\nmeter: @device\nregister: v\nunit: L"

    private func lines(_ push: Push, by mapping: String) throws -> [String] {
        decodeLines(push, try readings(push, by: mapping)).map(\.text)
    }

    /// A body of each platform with one reading, and the secrets and headers that the route would ask for.
    private static let bodies: [(Platform, String)] = [
        (.ctwing, #"{"messageType":"dataReport","deviceId":"D","timestamp":1600400064538,"payload":{"v":1}}"#),
        (
            .oceanconnect,
            #"{"notifyType":"deviceDataChanged","deviceId":"D","service":{"data":{"v":1},"eventTime":"20200918T033424Z"}}"#
        ),
        (
            .huaweiIoTDA,
            #"{"resource":"device.property","event":"report","event_time":"20200918T033424Z","notify_data":{"header":{"device_id":"D"},"body":{"services":[{"properties":{"v":1}}]}}}"#
        ),
        (.chirpstack, #"{"deviceInfo":{"devEui":"D"},"time":"2020-09-18T03:34:24.5+00:00","object":{"v":1}}"#),
        (
            .thethingsstack,
            #"{"end_device_ids":{"device_id":"D"},"uplink_message":{"received_at":"2020-09-18T03:34:24Z","decoded_payload":{"v":1}}}"#
        ),
        (
            .onenet,
            #"{"msg":{"at":1600400064538,"type":1,"dev_id":"D","value":0,"v":1},"nonce":"abcdefgh","signature":"wrong"}"#
        ),
        (.tencent, #"{"devicename":"D","timestamp":1600400064,"v":1}"#),
    ]

    @Test(arguments: bodies)
    func `every platform's body is read without its proof, and the last line says so`(
        platform: Platform, body: String
    ) throws {
        let event = platform == .chirpstack ? "up" : nil
        let push = try openUnproved(Array(body.utf8), from: platform, event: event)
        #expect(
            try lines(push, by: mapping) == [
                #"{"alerts":[],"alerts_past":[],"at":"2020-09-18T03:34:24Z","flags_raw":null,"index":0,"meter":"d","register_ml":1000,"status":"ok"}"#,
                #"{"ignored":0,"items":1,"readings":1,"rejected":0,"sender":"not proved","status":"push"}"#,
            ])
        #expect(Set(UnprovedPushTests.bodies.map(\.0)) == Set(Platform.allCases))
    }

    /// Where a token in the address suffices the route gives the same.
    @Test(arguments: bodies.filter { !$0.0.needsSignature })
    func `what is read is what the route takes from a sender that is proved`(platform: Platform, body: String) throws {
        let query = [("token", "s3cret"), ("event", "up")]
        let taken = try #require(
            receivePush(push(Array(body.utf8), query: query), from: platform, secrets: addressToken).accepted)
        let opened = try openUnproved(
            Array(body.utf8), from: platform, event: platform == .chirpstack ? "up" : nil)
        #expect(opened.messages == taken.messages && opened.ignored == taken.ignored)
    }

    @Test func `rejected items and ignored messages are counted apart`() throws {
        let services = #"{"service_id":"W","properties":{"v":1}},{"properties":{"v":-1}},{"service_id":"X"}"#
        let body = """
            {"resource":"device.property","event":"report","event_time":"20200918T033424Z",\
            "notify_data":{"header":{"device_id":"D"},"body":{"services":[\(services)]}}}
            """
        let push = try openUnproved(Array(body.utf8), from: .huaweiIoTDA)
        let all = try lines(push, by: mapping)
        #expect(all.count == 3)
        #expect(all[1] == #"{"field":"v","index":1,"reason":"a register is never negative","status":"rejected"}"#)
        #expect(all[2].hasPrefix(#"{"ignored":1,"items":2,"readings":1,"rejected":1,"#))
        let passed = try lines(push, by: "\(mapping)\nwhen: @service = W")
        #expect(passed.last?.hasPrefix(#"{"ignored":2,"items":1,"readings":1,"rejected":0,"#) == true)
    }

    @Test func `OneNET's window is asked about only where the time of receipt is told`() throws {
        let body = Array(try #require(UnprovedPushTests.bodies.first { $0.0 == .onenet }).1.utf8)
        let sent = Instant(epochSeconds: 1_600_400_064)
        #expect(try openUnproved(body, from: .onenet).messages.count == 1)
        #expect(try openUnproved(body, from: .onenet, receivedAt: sent + 60).messages.count == 1)
        #expect(throws: PushRefusal.outsideWindow(seconds: 14_401)) {
            try openUnproved(body, from: .onenet, receivedAt: sent + 14_401)
        }
    }

    /// `{"at":1600400064538,"type":1,"dev_id":"D","value":5}`, AES-128-CBC, key and vector `0123456789abcdef`.
    private static let sealed =
        "fZoWS2AEA9z0cn2fjRScT7qUNPtgVkQE0CYw6G3XeV7arjRhssx6KNNthR3K"
        + "D635OmV3G85/q2NDj6Iy/gNeUg=="

    @Test func `OneNET's safe mode is opened with the key`() throws {
        let body = Array(#"{"msg":"\#(UnprovedPushTests.sealed)"}"#.utf8)
        let key = Array("0123456789abcdef".utf8)
        let push = try openUnproved(body, from: .onenet, encryptionKey: key)
        let value = "kind: properties\nmeter: @device\nregister: value\nunit: L"
        #expect(try readings(push, by: value).batch.registers == [5_000])
        #expect(throws: PushRefusal.unopened(reason: "msg is no JSON and no key is set")) {
            try openUnproved(body, from: .onenet)
        }
        #expect(throws: PushRefusal.notConfigured(reason: "the encryption key is not of 16 bytes")) {
            try openUnproved(body, from: .onenet, encryptionKey: [1, 2, 3])
        }
    }

    @Test func `a body that is no push is refused as by the route`() {
        #expect(throws: PushRefusal.malformed(offset: 0, reason: "?event is missing")) {
            try openUnproved(Array("{}".utf8), from: .chirpstack)
        }
        #expect(throws: PushRefusal.malformed(offset: 0, reason: "messageType is missing")) {
            try openUnproved(Array("{}".utf8), from: .ctwing)
        }
        #expect(throws: PushRefusal.tooLarge(limit: 1_048_576)) {
            try openUnproved([UInt8](repeating: 0x20, count: 1_048_577), from: .tencent)
        }
        #expect(PushRefusal.malformed(offset: 3, reason: "no").reason == "byte 3: no")
    }
}
