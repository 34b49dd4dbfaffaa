/// The platforms that push devices' messages to us.
public enum Platform: String, CaseIterable, Sendable {
    /// China Telecom CTWing (AEP).
    case ctwing
    /// China Mobile OneNET: NB-IoT push (legacy and 2023) and Studio.
    case onenet
    /// Huawei Cloud IoTDA.
    case huaweiIoTDA = "huawei-iotda"
    /// Huawei OceanConnect, the older China Telecom NB-IoT platform.
    case oceanconnect
    /// ChirpStack v4, a LoRaWAN network server.
    case chirpstack
    /// The Things Stack v3, a LoRaWAN network server.
    case thethingsstack
    /// Tencent Cloud IoT's rule engine.
    case tencent

    /// The kinds of proof that the platform can give; the first is given in every set-up that offers it.
    public var proofKinds: [SenderProof.Kind] {
        switch self {
        case .ctwing, .oceanconnect: [.clientCertificate, .query, .basic]
        case .onenet, .tencent: [.signature, .query]
        case .huaweiIoTDA: [.signature, .query, .basic, .clientCertificate]
        case .chirpstack: [.header, .basic, .query]
        case .thethingsstack: [.basic, .header, .query]
        }
    }

    /// True where the platform checks an address by GET before it pushes to it.
    public var checksAddress: Bool { self == .onenet || self == .tencent }

    /// True where a sender is believed only by its signature: without one anybody who knows the address could push.
    public var needsSignature: Bool { self == .onenet || self == .tencent }
}
