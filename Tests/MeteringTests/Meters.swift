import Metering
import Water

/// What the tests of this module build meters from.
enum Meters {
    static let start: Int64 = 1_790_784_000  // 2026-09-30T16:00:00Z, midnight of 1 October in Shanghai

    static func installation(
        meter: Int64 = 1, point: Int64 = 1, serial: String = "14010500012345", from: Int64 = 1_700_000_000,
        to: Int64? = nil, startRegister: Int64? = nil, finalRegister: Int64? = nil, resolution: Int64 = 1_000,
        nominalFlow: Int64? = nil, modulusLitres: Int64? = nil
    ) -> MeterInstallation {
        MeterInstallation(
            meter: MeterID(meter), usagePoint: UsagePointID(point), serial: serial,
            from: Instant(epochSeconds: from), to: to.map(Instant.init(epochSeconds:)),
            startRegister: startRegister.map(Volume.init(litres:)),
            finalRegister: finalRegister.map(Volume.init(litres:)), resolution: Volume(millilitres: resolution),
            nominalFlowLitresPerHour: nominalFlow, modulus: modulusLitres.map(Volume.init(litres:)))
    }

    /// Registers in litres, one an hour from `start`; nil is a gap.
    static func hourly(_ litres: [Int64?], from start: Int64 = Meters.start) -> [ReadingElement] {
        litres.enumerated().compactMap { index, register in
            register.map { element(start + Int64(index) * 3_600, $0) }
        }
    }

    static func element(_ at: Int64, _ litres: Int64, gateway: Int64 = 1) -> ReadingElement {
        ReadingElement(
            at: Instant(epochSeconds: at), register: Volume(litres: litres), gateway: GatewayID(gateway))
    }

    static func home(_ meters: [MeterReadings], share: Int64? = nil, from: Int64 = 0, to: Int64? = nil) -> HomeInput {
        HomeInput(
            household: HouseholdID(1),
            occupancy: (Instant(epochSeconds: from), to.map(Instant.init(epochSeconds:))), persons: 3,
            shareMillionths: share, meters: meters)
    }
}

/// SplitMix64: a small generator whose seed a failure prints.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
