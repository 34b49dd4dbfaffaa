import Metering
import Testing
import Water

@Suite struct AnomalyTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// Litres an hour apart; nil is a gap.
        let registers: [Int64?]
        let kinds: [AnomalyKind]
        /// Litres counted from the first to the last believed register.
        let litres: Int64
        /// Rules of readings that are not simply believed, by hour.
        var rules: [Int64: QualityRule] = [:]
        var modulus: Int64?
        var nominalFlow: Int64?
    }

    static let falls: [Case] = [
        Case(
            testDescription: "through the modulus", registers: [99_999_990, 99_999_998, 3, 5, 6], kinds: [.rollover],
            litres: 16, rules: [2: .rollover], modulus: 100_000_000),
        Case(
            testDescription: "again from zero", registers: [5_000, 5_001, 5_002, 5_003, 0, 1, 4, 9], kinds: [.reset],
            litres: 12, rules: [4: .restart]),
        Case(
            testDescription: "another register goes on lower",
            registers: [5_000, 5_001, 5_002, 5_003, 731, 732, 735, 736], kinds: [.suspectedExchange], litres: 8,
            rules: [4: .restart]),
        Case(
            testDescription: "another register goes on higher",
            registers: [5_000, 5_001, 5_002, 5_003, 44_731, 44_732, 44_735, 44_736], kinds: [.suspectedExchange],
            litres: 8, rules: [4: .restart]),
        Case(
            testDescription: "water flowing back", registers: [100, 104, 104, 101, 101, 103, 103, 106, 110],
            kinds: [.reverseFlow], litres: 10, rules: [3: .reverseFlow]),
        Case(
            testDescription: "one register a little low", registers: [100, 104, 104, 102, 104, 105],
            kinds: [.reverseFlow], litres: 5, rules: [3: .misfit]),
        Case(
            testDescription: "a register before its time", registers: [100, 160, 131, 170, 171], kinds: [.misstamped],
            litres: 71, rules: [1: .misfit]),
        Case(
            testDescription: "an old register sent anew", registers: [500, 560, 610, 508, 640, 641],
            kinds: [.misstamped], litres: 141, rules: [3: .misfit]),
        Case(
            testDescription: "two bits lower", registers: [20_000, 20_001, 7_713, 20_003, 20_004],
            kinds: [.bitFlip], litres: 4, rules: [2: .misfit]),
        Case(
            testDescription: "one bit higher", registers: [20_000, 20_001, 36_386, 20_003, 20_004],
            kinds: [.bitFlip], litres: 4, rules: [2: .misfit]),
        Case(
            testDescription: "a bit that stays", registers: [20_000, 20_001, 20_002, 36_387, 36_388, 36_390, 36_391],
            kinds: [.bitFlip], litres: 6, rules: [3: .restart]),
        Case(
            testDescription: "a digit mistyped", registers: [20_000, 20_001, 70_002, 20_003, 20_004],
            kinds: [.wrongDigit], litres: 4, rules: [2: .misfit]),
        Case(
            testDescription: "cubic metres as litres", registers: [20_000, 20_001, 20, 20_003, 20_004],
            kinds: [.wrongUnit], litres: 4, rules: [2: .misfit]),
        Case(
            testDescription: "millilitres as litres", registers: [20_000, 20_001, 20_002_000, 20_003, 20_004],
            kinds: [.wrongUnit], litres: 4, rules: [2: .misfit]),
        Case(
            testDescription: "zero for a meter that does not answer",
            registers: [20_000, 20_001, 0, 0, 20_003, 20_004],
            kinds: [.zeroRegister, .zeroRegister], litres: 4, rules: [2: .misfit, 3: .misfit]),
        Case(
            testDescription: "too low for no known reason", registers: [20_000, 20_001, 14_444, 20_003, 20_004],
            kinds: [.dip], litres: 4, rules: [2: .misfit]),
        Case(
            testDescription: "too high for no known reason", registers: [20_000, 20_001, 77_777, 20_003, 20_004],
            kinds: [.spike], litres: 4, rules: [2: .misfit]),
        Case(
            testDescription: "below zero", registers: [20, 21, -4, 23], kinds: [.impossibleRegister], litres: 3,
            rules: [2: .impossibleRegister]),
    ]

    static let others: [Case] = [
        Case(testDescription: "nothing", registers: [1, 2, 3, 3, 9, 400], kinds: [], litres: 399),
        Case(
            testDescription: "two interleaved meters",
            registers: [500, 501, 501, 9_001, 503, 9_117, 504, 9_204, 506, 9_333, 507, 508, 508],
            kinds: [.interleaved], litres: 8, rules: [3: .misfit, 5: .misfit, 7: .misfit, 9: .misfit]),
        Case(
            testDescription: "above Q3 and within Q4", registers: [100, 101, 2_900, 2_901], kinds: [.aboveNominalFlow],
            litres: 2_801, rules: [2: .aboveNominalFlow]),
        Case(
            testDescription: "above Q4 and within the pipe, staying",
            registers: [100, 101, 102, 9_903, 9_904, 9_905, 9_906], kinds: [.overloadFlow], litres: 5,
            rules: [3: .restart]),
        Case(
            testDescription: "above the pipe whatever Q3 the registry gives",
            registers: [100, 101, 102, 21_103, 21_104, 21_105, 21_106], kinds: [.suspectedExchange], litres: 5,
            rules: [3: .restart], nominalFlow: 63_000),
        Case(
            testDescription: "at the modulus", registers: [998, 999, 1_000, 1_001],
            kinds: [.beyondModulus, .beyondModulus],
            litres: 3, modulus: 1_000),
        Case(
            testDescription: "three days' silence", registers: [100] + .init(repeating: nil, count: 71) + [800, 801],
            kinds: [.silence], litres: 701),
        Case(
            testDescription: "thirty cubic metres within a day",
            registers: [100] + .init(repeating: nil, count: 23) + [30_100, 30_101], kinds: [.improbableRise],
            litres: 30_001, rules: [24: .improbableRise]),
        Case(
            testDescription: "another register after twenty days' silence",
            registers: [99, 99, 100, 101] + .init(repeating: nil, count: 479) + [500_101, 500_102, 500_103, 500_104],
            kinds: [.silence, .suspectedExchange], litres: 5, rules: [483: .restart]),
        Case(
            testDescription: "a hundred and fifty cubic metres in twenty days' silence",
            registers: [100, 101] + .init(repeating: nil, count: 479) + [150_101, 150_102],
            kinds: [.improbableRise, .silence], litres: 150_002, rules: [481: .improbableRise]),
        Case(
            testDescription: "nought before a high register", registers: [0, 250_000, 250_001, 250_003, 250_004],
            kinds: [.dip], litres: 4, rules: [0: .unconfirmed]),
        Case(
            testDescription: "nine days' stillness", registers: .init(repeating: 100, count: 217) + [101], kinds: [],
            litres: 1),
        Case(
            testDescription: "stuck for two days, then made up for it",
            registers: (0..<48).map { $0 * 21 } + .init(repeating: 987, count: 48) + [1_995, 2_016, 2_037],
            kinds: [.caughtUp], litres: 2_037),
    ]

    @Test(arguments: falls + others) func `each anomaly is told apart and none is consumption`(_ one: Case) throws {
        let readings = MeterReadings(
            installation: Meters.installation(nominalFlow: one.nominalFlow, modulusLitres: one.modulus),
            elements: Meters.hourly(one.registers))
        let examined = examine(readings, rules: .standard)
        #expect(examined.anomalies.map(\.kind) == one.kinds)
        let first = try #require(examined.judged.believed.first)
        let last = try #require(examined.judged.believed.last)
        #expect((last.counted - first.counted).millilitres == one.litres * 1_000)
        let odd = examined.readings.filter { ![.follows, .first].contains($0.rule) }
        let rules = odd.map { (($0.at.epochSeconds - Meters.start) / 3_600, $0.rule) }
        #expect(Dictionary(rules) { first, _ in first } == one.rules)
        #expect(examined.readings.count == one.registers.compactMap(\.self).count)
        #expect(examined.judged == judge(readings, rules: .standard))
    }

    @Test func `every rule stands for one quality code, and every code has a rule`() {
        let codes = Dictionary(grouping: QualityRule.allCases, by: \.quality.rawValue).mapValues { $0.map(\.rawValue) }
        #expect(
            codes == [
                0: ["ahead", "outside_installation"],
                1: ["misfit", "coarser", "rejected_by_staff", "impossible_time", "impossible_register"],
                2: ["unconfirmed", "other_unit", "nought", "conflict"],
                3: [
                    "rollover", "reverse_flow", "restart", "only_fitting", "above_nominal_flow", "improbable_rise",
                    "standstill", "resolution_change",
                ],
                4: ["follows", "first", "noted", "accepted_by_staff", "entered_by_staff"],
            ])
    }

    @Test func `eleven days without a litre are named, and the home's readings are suspicious`() {
        let still = [Int64?](repeating: 100, count: 11 * 24 + 1)
        let examined = examine(
            MeterReadings(installation: Meters.installation(), elements: Meters.hourly([90] + still + [101])),
            rules: .standard)
        #expect(examined.anomalies.map(\.kind) == [.standstill])
        #expect(examined.anomalies.map(\.count) == [265])
        #expect(examined.readings.count { $0.quality == .acceptedSuspicious } == 264)
    }

    @Test func `times that cannot be are listed and not judged`() {
        let now = Meters.start + 4 * 3_600
        let odd = [
            Meters.element(946_684_799, 5), Meters.element(4_102_444_800, 5), Meters.element(now + 601, 50_000),
            Meters.element(1_600_000_000, 5),
        ]
        let due = Meters.hourly([10, 11, 12, 13, 14]) + [Meters.element(now + 600, 15)]
        let examined = examine(
            MeterReadings(installation: Meters.installation(), elements: due + odd), rules: .standard,
            now: Instant(epochSeconds: now))
        #expect(
            examined.anomalies.map(\.kind) == [.impossibleTime, .outsideInstallation, .ahead, .impossibleTime])
        #expect(examined.judged.believed.map(\.register.flooredLitres) == [10, 11, 12, 13, 14, 15])
        let rules: [QualityRule] = [
            .impossibleTime, .outsideInstallation, .first, .follows, .follows, .follows, .follows, .follows, .ahead,
            .impossibleTime,
        ]
        #expect(examined.readings.map(\.rule) == rules)
    }

    @Test func `conflicting and repeated stamps are named with their senders`() {
        let elements =
            Meters.hourly([100, 110, 120, 130]) + [
                Meters.element(Meters.start + 3_600, 9_000, gateway: 2),
                Meters.element(Meters.start + 7_200, 120, gateway: 3),
            ]
        let examined = examine(
            MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        #expect(examined.anomalies.map(\.kind) == [.conflictingStamps, .repeatedByGateways])
        #expect(examined.anomalies.map(\.count) == [2, 1])
        #expect(examined.readings.map(\.rule) == [.first, .onlyFitting, .conflict, .follows, .follows])
        #expect(examined.readings.map { $0.gateways.map(\.value) } == [[1], [1], [2], [1, 3], [1]])
    }

    @Test func `a register that begins to move by tens of litres is named where it begins`() {
        let fine = (0..<20).map { Int64(1_003 + $0 * 7) }
        let coarse = (1...20).map { Int64(1_140 + $0 * 10) }
        let both = examine(
            MeterReadings(installation: Meters.installation(), elements: Meters.hourly(fine + coarse)),
            rules: .standard)
        #expect(both.anomalies.map(\.kind) == [.resolutionChange])
        #expect(both.anomalies.map(\.register.flooredLitres) == [1_150])
        #expect(both.anomalies.map(\.before?.millilitres) == [1_000])
        let back = examine(
            MeterReadings(installation: Meters.installation(), elements: Meters.hourly(coarse + fine.map { $0 + 400 })),
            rules: .standard)
        #expect(back.anomalies.map(\.kind) == [.resolutionChange])
        let throughout = examine(
            MeterReadings(installation: Meters.installation(), elements: Meters.hourly(coarse)), rules: .standard)
        #expect(throughout.anomalies.map(\.kind) == [.resolutionMismatch])
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `order and repeats change nothing of an examination`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let elements = BeliefPropertyTests.dirty(&random)
        let edits = EditTests.someEdits(of: elements, &random)
        let installation = Meters.installation(modulusLitres: 100_000_000)
        let once = examine(
            MeterReadings(installation: installation, elements: elements, edits: edits), rules: .standard)
        let shuffled = MeterReadings(
            installation: installation, elements: (elements + elements).shuffled(using: &random),
            edits: (edits + edits).shuffled(using: &random))
        #expect(examine(shuffled, rules: .standard) == once, "seed \(seed)")
        let distinct = Set(elements.map { "\($0.at.epochSeconds) \($0.register.millilitres)" })
        let sent = once.readings.filter { !$0.isEntered }.map { "\($0.at.epochSeconds) \($0.register.millilitres)" }
        #expect(Set(sent) == distinct, "seed \(seed): what was sent stays")
        #expect(sent.count == distinct.count, "seed \(seed)")
    }

    @Test func `hostile registers are examined without a trap`() {
        let hostile: [Int64] = [
            .max, .min, 0, -1, .max - 1, 1 << 50, 1, 1_000_000_000_000_000, 999_999_999_999_999, 1 << 49,
        ]
        var elements: [ReadingElement] = Meters.hourly([1, 2, 3, 4, 5, 6])
        for (number, at) in hostile.enumerated() {
            for register in hostile {
                for at in [at, Meters.start + 1_800 + Int64(number) * 3_600] {
                    elements.append(
                        ReadingElement(
                            at: Instant(epochSeconds: at), register: Volume(millilitres: register),
                            gateway: GatewayID(0)))
                }
            }
        }
        var random = SeededGenerator(seed: 1)
        let edits = elements.map {
            ReadingEdit(
                at: $0.at, register: $0.register, action: EditAction.allCases.randomElement(using: &random) ?? .accept,
                by: StaffID(1), decidedAt: Instant(epochSeconds: .max), reason: "")
        }
        let examined = examine(
            MeterReadings(installation: Meters.installation(resolution: 1), elements: elements, edits: edits),
            rules: .standard, now: Instant(epochSeconds: .max))
        let counted = examined.judged.believed.map(\.counted)
        #expect(counted == counted.sorted())
    }
}
