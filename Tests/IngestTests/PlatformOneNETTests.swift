import Foundation
import Ingest
import Testing
import Water

@Suite struct PlatformOneNETTests {
    private let token = "our-token"
    private var secrets: PushSecrets { PushSecrets(proofs: [.signature(token: token)]) }

    /// A kept body with the signature that our token gives it.
    private func signed(_ name: String) throws -> (body: [UInt8], text: String, asSent: [UInt8])? {
        guard let data = try sharedData("envelopes/\(name)") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        let parsed = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let key = parsed["signature"] == nil ? "msg_signature" : "signature"
        let message = try (parsed["msg"] as? String) ?? object(after: "msg", in: text)
        let ours = oneNETSigned(token: token, nonce: try #require(parsed["nonce"] as? String), message: message)
        let theirs = try #require(parsed[key] as? String)
        return (Array(text.replacing(theirs, with: ours).utf8), message, Array(data))
    }

    @Test(arguments: [
        ("onenet_nb_legacy_object_msg.json", 1_555_904_805, "523444202", "3300_0_5700"),
        ("onenet_nb_2023_suite.json", 1_698_225_805, "NB_12208", "3301_0_5700"),
        ("onenet_nb_legacy_hex_payload.json", 1_594_199_318, "606702219", "3300_0_5706"),
    ])
    func `a message that is an object is signed as it stands in the body`(
        name: String, at: Int64, device: String, stream: String
    ) throws {
        guard let sample = try signed(name) else { return }
        let found = try #require(
            receivePush(push(sample.body, at: at + 60), from: .onenet, secrets: secrets).accepted)
        #expect(found.messages.map(\.attributes["device"]) == [device])
        #expect(found.messages[0].attributes["ds_id"] == stream)
        #expect(found.messages[0].at == Instant(epochSeconds: at))
        #expect(found.messages[0].properties == Array(sample.text.utf8))
        let theirs = receivePush(push(sample.asSent, at: at + 60), from: .onenet, secrets: secrets)
        #expect(theirs.refusal == .wrongProof(part: "signature"))
    }

    @Test func `a value is read where its stream is the one asked for`() throws {
        guard let sample = try signed("onenet_nb_2023_suite.json") else { return }
        let found = try #require(
            receivePush(push(sample.body, at: 1_698_225_900), from: .onenet, secrets: secrets).accepted)
        let mapping = "kind: properties\nmeter: @imei\nregister: value\nunit: L\nwhen: ds_id = 3301_0_5700"
        let taken = try readings(found, by: mapping)
        #expect(taken.batch.registers == [117_500])
        #expect(taken.batch.instants == [1_698_225_805])
        #expect(taken.batch.runs.map(\.address.address) == ["777957800456909"])
        let passed = try readings(found, by: mapping.replacing("5700", with: "5706"))
        #expect(passed.batch.itemCount == 0 && passed.ignored == 1)
    }

    @Test func `another order of the same members is another message`() throws {
        guard let sample = try signed("onenet_nb_legacy_object_msg.json") else { return }
        let spaced = String(decoding: sample.body, as: UTF8.self).replacing("\"type\": 1", with: "\"type\":1")
        let outcome = receivePush(push(Array(spaced.utf8), at: 1_555_904_900), from: .onenet, secrets: secrets)
        #expect(outcome.refusal == .wrongProof(part: "signature"))
    }

    @Test func `a signed message older than the platform's repeats is a replay`() throws {
        guard let sample = try signed("onenet_nb_2023_suite.json") else { return }
        func outcome(_ seconds: Int64) -> PushOutcome {
            receivePush(push(sample.body, at: 1_698_225_805 + seconds), from: .onenet, secrets: secrets)
        }
        #expect(outcome(14_400).accepted != nil)
        #expect(outcome(14_401).refusal == .outsideWindow(seconds: 14_401))
        #expect(outcome(-900).accepted != nil)
        #expect(outcome(-901).refusal == .outsideWindow(seconds: -901))
    }

    @Test func `Studio's placeholder is refused by its signature, and as no message once signed`() throws {
        guard let sample = try signed("onenet_studio_push_doc_sample.json") else { return }
        #expect(
            receivePush(push(sample.asSent), from: .onenet, secrets: secrets).refusal == .wrongProof(part: "signature"))
        #expect(
            receivePush(push(sample.body), from: .onenet, secrets: secrets).refusal
                == .unopened(reason: "msg is no JSON and no key is set"))
    }

    private static let thing =
        #"{"deviceId":"d1","deviceName":"水表1","notifyType":"property","data":{"params":{"Volume":{"value":12.345,"time":1790848800123}}}}"#

    private func studio(_ message: String, id: String = "37", time: String = "1790848801000") -> [UInt8] {
        let signature = oneNETSigned(token: token, nonce: "abcdefgh", message: message)
        let quoted = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return Array(
            #"{"msg":"\#(quoted)","nonce":"abcdefgh","signature":"\#(signature)","time":\#(time),"id":"\#(id)"}"#
                .utf8)
    }

    private static let thingMapping = """
        kind: properties
        meter: @device
        time: data.params.Volume.time
        time format: epoch_ms
        register: data.params.Volume.value
        unit: m3
        """

    @Test func `Studio's thing model is read out of the string`() throws {
        let body = studio(PlatformOneNETTests.thing.replacing("水表1", with: "M-1"))
        let found = try #require(receivePush(push(body, at: 1_790_848_900), from: .onenet, secrets: secrets).accepted)
        #expect(found.repeatKey == "37")
        #expect(found.messages[0].at == Instant(epochSeconds: 1_790_848_801))
        let batch = try readings(found, by: PlatformOneNETTests.thingMapping).batch
        #expect(batch.registers == [12_345_000])
        #expect(batch.instants == [1_790_848_800])
        #expect(batch.runs.map(\.address.text) == ["serial:m-1"])
    }

    @Test func `lists of messages are read one by one, and states are ignored`() throws {
        let list =
            #"[{"type":1,"dev_id":1,"ds_id":"a","value":5,"at":1790848800000},{"type":2,"status":1,"dev_id":1},{"type":7}]"#
        let body = studio(list)
        let found = try #require(receivePush(push(body, at: 1_790_848_900), from: .onenet, secrets: secrets).accepted)
        #expect(found.messages.count == 1 && found.ignored == 2)
        let empty = receivePush(push(studio("[]"), at: 1_790_848_900), from: .onenet, secrets: secrets)
        #expect(empty.accepted?.messages.isEmpty == true && empty.accepted?.ignored == 1)
    }

    private static let timeless = #"{"deviceName":"M-1","notifyType":"property","data":{"v":5}}"#
    private static let timelessPoint = #"{"type":1,"dev_id":1,"ds_id":"a","value":5}"#
    private static let byEnvelope = "kind: properties\nmeter: @device\nregister: data.v | value\nunit: L"

    @Test func `a message without a signed time is taken only where the envelope's time is near`() throws {
        for message in [PlatformOneNETTests.timeless, PlatformOneNETTests.timelessPoint] {
            let body = studio(message)
            func outcome(_ seconds: Int64) -> PushOutcome {
                receivePush(push(body, at: 1_790_848_801 + seconds), from: .onenet, secrets: secrets)
            }
            for seconds: Int64 in [14_400, -900] {
                let found = try #require(outcome(seconds).accepted)
                let batch = try readings(found, by: PlatformOneNETTests.byEnvelope).batch
                #expect(batch.instants == [1_790_848_801] && batch.registers == [5_000])
            }
            #expect(outcome(14_401).refusal == .outsideWindow(seconds: 14_401))
            #expect(outcome(-901).refusal == .outsideWindow(seconds: -901))
        }
    }

    @Test(arguments: [
        ("null", "at: is missing"), (#""soon""#, "time: no time from 2000 on with its offset, as 20261001T000000Z"),
    ])
    func `a message without any time that can be read is no reading`(time: String, fault: String) throws {
        for message in [PlatformOneNETTests.timeless, PlatformOneNETTests.timelessPoint] {
            let body = studio(message, time: time)
            let found = try #require(
                receivePush(push(body, at: 1_790_848_900), from: .onenet, secrets: secrets).accepted)
            #expect(try faults(readings(found, by: PlatformOneNETTests.byEnvelope).batch) == [fault])
        }
    }

    @Test func `in a list only messages outside the window are rejected, and all of them refuse the request`() throws {
        func point(_ at: String) -> String { #"{"type":1,"dev_id":1,"ds_id":"a","value":5,"at":\#(at)}"# }
        let (late, early) = (point("1790834499000"), point("1790849801000"))
        func outcome(_ points: [String]) -> PushOutcome {
            let body = studio("[\(points.joined(separator: ","))]")
            return receivePush(push(body, at: 1_790_848_900), from: .onenet, secrets: secrets)
        }
        let found = try #require(outcome([late, point("1790848800000"), early, point(#""soon""#)]).accepted)
        let batch = try readings(found, by: PlatformOneNETTests.byEnvelope).batch
        #expect(batch.instants == [1_790_848_800])
        #expect(batch.rejections.map(\.item) == [0, 2, 3])
        #expect(
            faults(batch) == [
                "at: 14401 s behind the time of receipt, which no repeat explains",
                "at: 901 s ahead of the time of receipt, which no repeat explains",
                "at: no time from 2000 on with its offset, as 20261001T000000Z",
            ])
        let refusal = try #require(outcome([late, early]).refusal)
        #expect(refusal == .outsideWindow(seconds: 14_401))
        #expect(refusal.reason == "the signed time is 14401 s behind the time of receipt")
    }

    /// `thing` with M-1, AES-128-CBC, key and vector `0123456789abcdef`, made with openssl.
    private static let sealed =
        "Gy6U78VzJVhU3+nDa610TjEPO6bgNbnBdSbMg1tFRAM+weRChnMFuc4BQ8fCXPucDVjoIGlj03zYJKapZDcU/B"
        + "3OAn7nUWdUabvin6XypaJffZ0EcVL63U0H5WAUcGH6KKFxrilcGSGW+d3E7BXJJX060ljyulimuhiCdxB2uC0="

    @Test func `the safe mode is opened with the gateway's key and no other`() throws {
        let message = PlatformOneNETTests.sealed
        let body = studio(message)
        func outcome(_ key: String?) -> PushOutcome {
            receivePush(
                push(body, at: 1_790_848_900), from: .onenet,
                secrets: PushSecrets(proofs: [.signature(token: token)], encryptionKey: key.map { Array($0.utf8) }))
        }
        let found = try #require(outcome("0123456789abcdef").accepted)
        #expect(try readings(found, by: PlatformOneNETTests.thingMapping).batch.registers == [12_345_000])
        #expect(outcome(nil).refusal == .unopened(reason: "msg is no JSON and no key is set"))
        #expect(outcome("0123456789abcdeX").accepted == nil)
        #expect(outcome("short").refusal?.status == 403)
    }

    @Test func `the address is checked by a signed GET, a plus sign having become a space or not`() {
        // This nonce gives a signature with a plus sign in it.
        let nonce = (0..<1_000).map { "n\($0)" }.first {
            oneNETSigned(token: token, nonce: $0, message: "x/y z").contains("+")
        }
        let signature = oneNETSigned(token: token, nonce: nonce ?? "", message: "x/y z")
        func outcome(_ signature: String) -> PushOutcome {
            receivePush(
                PushRequest(
                    method: .get, query: [("msg", "x/y z"), ("nonce", nonce ?? ""), ("signature", signature)], body: [],
                    receivedAt: Instant(epochSeconds: 1_790_848_800)), from: .onenet, secrets: secrets)
        }
        #expect(outcome(signature).handshakeAnswer == "x/y z")
        #expect(outcome(signature.replacing("+", with: " ")).handshakeAnswer == "x/y z")
        #expect(outcome("AAAA").refusal == .wrongProof(part: "signature"))
    }
}
