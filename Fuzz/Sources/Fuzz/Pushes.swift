import Crypto
import Foundation
import Ingest
import Water

extension FuzzTarget {
    /// Every platform's envelope with every kind of mapping inside it.
    static let pushes: [FuzzTarget] = Platform.allCases.map { platform in
        FuzzTarget(name: "push-\(platform.rawValue)") { checkPush($0, from: platform) }
    }

    private static let token = "our-token"

    private static let texts = [
        """
        kind: properties
        root: payload.serviceData.MeterData
        meter: meterCode | @imei | @device
        time: readTime | @time
        time format: YYYY-MM-DD hh:mm:ss | epoch_s
        zone: city
        register: amount
        list: items
        list time: time
        list register: amount
        unit: m3
        alarm leak: value > 0
        """,
        "kind: properties\nmeter: @device | @imei\nregister: value | v\nunit: ccf\nalarm leak: value > 0",
        "kind: properties\nmeter: @device\ntime: data.params.Volume.time\ntime format: epoch_ms\n"
            + "register: data.params.Volume.value\nunit: mL",
        "kind: bytes\nformat: cjt188\nfield: payload\ncoding: hex", "kind: bytes\nformat: cjt188",
        "kind: bytes\nformat: oms\nfield: APPdata\ncoding: base64",
        "kind: bytes\nformat: axioma_w1\nmeter: @eui\nhistory: full_hours",
    ]

    private static let mappings = texts.map { mapping(of: $0) }

    private static func checkPush(_ input: [UInt8], from platform: Platform) {
        let (choice, body) = split(input)
        var proofs: [SenderProof] = [.query(name: "token", value: "s3cret")]
        if platform.needsSignature { proofs.append(.signature(token: token)) }
        let key = choice & 128 == 0 ? nil : Array("0123456789abcdef".utf8)
        let secrets = PushSecrets(proofs: proofs, encryptionKey: key)
        switch receivePush(request(body, platform), from: platform, secrets: secrets) {
        case .handshake: promise(false, "a POST is no handshake")
        case .refused: break
        case .push(let push): check(push, mappings[(choice & 127) % mappings.count])
        }
    }

    private static func check(_ push: Push, _ mapping: Mapping) {
        do throws(BodyRefusal) {
            let found = try decodePush(push, by: mapping, limits: DecodeLimits(readings: 40)) { _ in Array(0..<16) }
            checkBatch(found.batch, limit: 40)
        } catch {
            promise(error == .tooManyReadings(limit: 40) || error != .tooLarge(limit: 0), "\(error)")
        }
    }

    /// With a signature that fits, so that what lies behind it is reached.
    private static func request(_ body: [UInt8], _ platform: Platform) -> PushRequest {
        let nonce = "abcdefgh"
        var sent = body
        if platform == .onenet, let message = message(in: body) {
            let signed = Array((token + nonce).utf8) + message
            let signature = Data(Insecure.MD5.hash(data: Data(signed))).base64EncodedString()
            sent = Array(#"{"msg":"#.utf8) + message
            sent += Array(#","nonce":"\#(nonce)","signature":"\#(signature)","msg_signature":"\#(signature)"}"#.utf8)
        }
        // Tencent's is over these three and not over the body: sha1("1600400064n1our-token").
        let headers = [
            "timestamp": "1600400064", "nonce": "n1", "signature": "228b7be7e1958476adea26bd570bb07875826fe8",
        ]
        return PushRequest(
            method: .post, query: [("token", "s3cret"), ("event", "up")],
            header: { headers[$0.lowercased()] }, body: sent, receivedAt: Instant(epochSeconds: 1_600_400_070))
    }

    /// OneNET's inputs are the message alone, to be signed here.
    private static func message(in body: [UInt8]) -> [UInt8]? { body.isEmpty ? nil : body }
}
