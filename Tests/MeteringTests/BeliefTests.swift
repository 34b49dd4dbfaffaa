import Metering
import Testing
import Water

@Suite struct BeliefTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// Litres an hour apart; nil is a gap.
        let registers: [Int64?]
        /// Hours whose register is not believed.
        let leftOut: [Int]
        let findings: [FindingKind]
        /// Litres counted from the first to the last believed register.
        let litres: Int64
        var modulus: Int64?
    }

    static let flat = [Int64?](repeating: 100, count: 6)
    static let cases: [Case] = [
        Case(testDescription: "a clean rise", registers: [1, 2, 3, 3, 9], leftOut: [], findings: [], litres: 8),
        Case(
            testDescription: "a lone 12,288 L below", registers: [20_000, 20_001, 7_713, 20_003, 20_004],
            leftOut: [2], findings: [.fallingRegister], litres: 4),
        Case(
            testDescription: "a lone 12,288 L above", registers: [20_000, 20_001, 32_290, 20_003, 20_004],
            leftOut: [2], findings: [.jump], litres: 4),
        Case(
            testDescription: "a jump that stays", registers: [20_000, 20_000, 20_001, 32_290, 32_291, 32_300, 32_301],
            leftOut: [], findings: [.stepUp], litres: 12),
        Case(
            testDescription: "a jump that stays is not counted later",
            registers: [5, 6, 7, 8, 12_297, 12_298, 12_299, 12_300, 12_301, 12_302, 12_303], leftOut: [],
            findings: [.stepUp], litres: 9),
        Case(
            testDescription: "a jump not borne out yet", registers: [20_000, 20_001, 20_002, 32_290, 32_291],
            leftOut: [3, 4], findings: [.jump, .jump], litres: 2),
        Case(
            testDescription: "a restart at zero", registers: [5_000, 5_001, 5_002, 5_003, 0, 1, 4, 9], leftOut: [],
            findings: [.reset], litres: 12),
        Case(
            testDescription: "a rollover", registers: [99_999_990, 99_999_998, 3, 5, 6], leftOut: [],
            findings: [.rollover], litres: 16, modulus: 100_000_000),
        Case(
            testDescription: "the same fall without a modulus is a restart",
            registers: [99_999_980, 99_999_990, 99_999_998, 3, 5, 6], leftOut: [], findings: [.reset], litres: 21),
        Case(
            testDescription: "water flowing back is netted",
            registers: [100, 104, 104, 101, 101, 103, 103, 106, 110], leftOut: [], findings: [.reverseFlow],
            litres: 10),
        Case(
            testDescription: "water flowing back in an empty home", registers: flat + [98, 98, 98, 97, 97, 97],
            leftOut: [], findings: [.reverseFlow, .reverseFlow], litres: 0),
        Case(
            testDescription: "two interleaved meters",
            registers: [500, 501, 501, 9_000, 503, 9_100, 504, 9_200, 506, 9_300, 507, 508, 508],
            leftOut: [3, 5, 7, 9],
            findings: [.jump, .jump, .jump, .jump], litres: 8),
        Case(
            testDescription: "a fall that recovers within two readings", registers: [500, 560, 448, 561, 570],
            leftOut: [2], findings: [.fallingRegister], litres: 70),
    ]

    @Test(arguments: cases) func `no anomaly becomes consumption, and each is named`(_ one: Case) throws {
        let installation = Meters.installation(modulusLitres: one.modulus)
        let judged = judge(
            MeterReadings(installation: installation, elements: Meters.hourly(one.registers)), rules: .standard)
        #expect(judged.disbelieved.map { Int(($0.at.epochSeconds - Meters.start) / 3_600) } == one.leftOut)
        #expect(judged.findings.map(\.kind) == one.findings)
        let first = try #require(judged.believed.first)
        let last = try #require(judged.believed.last)
        #expect((last.counted - first.counted).millilitres == one.litres * 1_000)
    }

    @Test func `of several registers at one instant the only fitting one is believed`() {
        var elements = Meters.hourly([100, 110, 120, 130])
        elements.append(Meters.element(Meters.start + 3_600, 9_000, gateway: 2))
        let judged = judge(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        #expect(judged.believed.map(\.register.flooredLitres) == [100, 110, 120, 130])
        #expect(judged.findings.map(\.kind) == [.conflict, .conflict])
        #expect(judged.disbelieved.map(\.register.flooredLitres) == [9_000])
    }

    @Test func `of two fitting registers at one instant none is believed`() {
        var elements = Meters.hourly([100, 110, 120, 130])
        elements.append(Meters.element(Meters.start + 3_600, 111))
        let judged = judge(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        #expect(judged.believed.map(\.register.flooredLitres) == [100, 120, 130])
        #expect(judged.findings.map(\.kind) == [.conflict, .conflict])
    }

    @Test func `the same register from two gateways is no conflict`() {
        let elements = Meters.hourly([1, 2]) + [Meters.element(Meters.start + 3_600, 2, gateway: 9)]
        let judged = judge(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        #expect(judged.findings.isEmpty)
        #expect(judged.believed.count == 2)
    }

    @Test func `a jump that stays is not counted however rarely the meter is read`() {
        for hours in [1, 2, 3] as [Int64] {
            for flow in [1_600, 2_500, 4_000] as [Int64] {
                let elements = (0..<40).map { index in
                    Meters.element(
                        Meters.start + Int64(index) * hours * 3_600, Int64(index) + (index < 20 ? 0 : 16_000))
                }
                let judged = judge(
                    MeterReadings(installation: Meters.installation(nominalFlow: flow), elements: elements),
                    rules: .standard)
                let counted = judged.believed.map(\.counted.millilitres)
                #expect((counted.last ?? 0) - (counted.first ?? 0) <= 39_000, "\(hours) h, Q3 \(flow)")
            }
        }
    }

    @Test func `reverse flow is netted for seven days and then forgotten`() throws {
        for (days, litres) in [(5, 7), (8, 10)] as [(Int64, Int64)] {
            let empty = (0..<(days * 24)).map { Meters.element(Meters.start + (3 + $0) * 3_600, 97) }
            let use = (1...3).map { Meters.element(Meters.start + (2 + days * 24 + $0) * 3_600, 107) }
            let elements = Meters.hourly([100, 100, 100]) + empty + use
            let judged = judge(
                MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
            #expect(judged.findings.map(\.kind) == [.reverseFlow])
            let last = try #require(judged.believed.last)
            #expect(last.counted == Volume(litres: 100 + litres), "\(days) days")
        }
    }

    @Test func `a register noted at an exchange stands against a reading at that instant`() {
        let readings = MeterReadings(
            installation: Meters.installation(from: Meters.start, startRegister: 7),
            elements: Meters.hourly([9, 10, 12, 15]))
        let judged = judge(readings, rules: .standard)
        #expect(judged.believed.map(\.register.flooredLitres) == [7, 10, 12, 15])
        #expect(judged.believed.map(\.isNoted) == [true, false, false, false])
        #expect(judged.disbelieved.map(\.reason) == [.conflict])
    }

    @Test func `readings outside the installation are not the meter's`() {
        let readings = MeterReadings(
            installation: Meters.installation(from: Meters.start + 3_600, to: Meters.start + 3 * 3_600),
            elements: Meters.hourly([9_000, 10, 12, 15, 0]))
        #expect(judge(readings, rules: .standard).believed.map(\.register.flooredLitres) == [10, 12, 15])
    }

    @Test func `runs are the stretches between unknown steps`() {
        let elements = Meters.hourly([5_000, 5_001, 5_002, 0, 1, 4, 9])
        let judged = judge(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        #expect(judged.runs == [0..<3, 3..<7])
        #expect(judged.believed[3].quality == .acceptedSuspicious)
    }

    @Test func `a monthly reading mistyped too high gives way to the next two`() {
        let month: Int64 = 30 * 86_400
        let elements = [10_000, 20_000, 90_000, 30_000, 40_000, 50_000].enumerated().map {
            Meters.element(Meters.start + Int64($0.offset) * month, $0.element)
        }
        let judged = judge(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        #expect(judged.disbelieved.map(\.register.flooredLitres) == [90_000])
        #expect(judged.disbelieved.map(\.quality) == [.rejectedCertainly])
    }

    @Test func `hostile registers, instants and settings are left out without a trap`() {
        let hostile: [Int64] = [.max, .min, 0, -1, .max - 1, 4_611_686_018_427_387_904, 1]
        var elements: [ReadingElement] = Meters.hourly([1, 2, 3, 4, 5, 6])
        for at in hostile {
            for register in hostile {
                elements.append(
                    ReadingElement(
                        at: Instant(epochSeconds: at), register: Volume(millilitres: register), gateway: GatewayID(0)))
            }
        }
        for (index, register) in hostile.enumerated() {
            elements.append(
                ReadingElement(
                    at: Instant(epochSeconds: Meters.start + 5_400 + Int64(index)),
                    register: Volume(millilitres: register), gateway: GatewayID(0)))
        }
        let installation = MeterInstallation(
            meter: MeterID(1), usagePoint: UsagePointID(1), serial: "", from: Instant(epochSeconds: .min), to: nil,
            startRegister: Volume(millilitres: .max), finalRegister: nil, resolution: Volume(millilitres: .max),
            nominalFlowLitresPerHour: .max, modulus: Volume(millilitres: .max))
        let judged = judge(MeterReadings(installation: installation, elements: elements), rules: .standard)
        let counted = judged.believed.map(\.counted)
        #expect(counted == counted.sorted())
    }
}
