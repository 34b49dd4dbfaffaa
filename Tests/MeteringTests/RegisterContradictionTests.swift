import Metering
import Testing
import Water

/// What speaks against a register that a person gives.
@Suite struct RegisterContradictionTests {
    /// Hourly, ten litres each: 1,000 L at the start, 1,100 L after ten hours.
    private func judged(_ installation: MeterInstallation = Meters.installation()) -> JudgedMeter {
        let registers = (0...10).map { Int64?.some(1_000 + Int64($0) * 10) }
        return judge(
            MeterReadings(installation: installation, elements: Meters.hourly(registers)), rules: .standard)
    }

    private func found(
        _ litres: Int64, after seconds: Int64, in judged: JudgedMeter
    ) -> RegisterContradiction? {
        contradiction(
            of: Volume(litres: litres), at: Instant(epochSeconds: Meters.start + seconds), to: judged,
            rules: .standard)
    }

    /// Litres, seconds after the start, what is found and beside which register's litres.
    static let cases: [(Int64, Int64, RegisterContradiction.Kind?, Int64)] = [
        // Half an hour after 1,100 L, the last: 1,667 L pass, and a litre and two minutes' 104 L for the clocks.
        (1_100, 37_800, nil, 0), (1_099, 37_800, nil, 0), (1_098, 37_800, .belowEarlier, 1_100),
        (2_767, 37_800, nil, 0), (2_768, 37_800, .beyondFlowSinceEarlier, 1_100),
        (900_000, 37_800, .beyondFlowSinceEarlier, 1_100),
        // The reading of the very instant counts as one before.
        (1_050, 18_000, nil, 0), (1_040, 18_000, .belowEarlier, 1_050),
        // Between two, within a step of either.
        (1_055, 19_800, nil, 0), (1_061, 19_800, nil, 0), (1_062, 19_800, .aboveLater, 1_060),
        // Before the first nothing but the later one speaks.
        (990, -60, nil, 0), (700, -60, .beyondFlowUntilLater, 1_000), (1_002, -60, .aboveLater, 1_000),
        (0, -86_400, nil, 0),
    ]

    @Test(arguments: cases)
    func `a register is held against what was believed before it, else after it`(
        litres: Int64, seconds: Int64, kind: RegisterContradiction.Kind?, beside: Int64
    ) throws {
        let found = found(litres, after: seconds, in: judged())
        #expect(found?.kind == kind)
        guard kind != nil else { return }
        let one = try #require(found)
        #expect(one.given == Volume(litres: litres) && one.register == Volume(litres: beside))
        #expect(one.difference == Volume(litres: abs(litres - beside)))
    }

    @Test func `what passes is told with it, and by the meter's own flow`() throws {
        let half = try #require(found(5_000, after: 37_800, in: judged()))
        // 3,125 L/h over 1,920 s, and a litre.
        #expect(half.most == Volume(millilitres: 1_667_666) && half.at.epochSeconds == Meters.start + 36_000)
        let large = judged(Meters.installation(nominalFlow: 100_000))
        #expect(found(5_000, after: 37_800, in: large) == nil)
        // The pipe passes 14,400 L/h, whatever the meter.
        #expect(found(9_000, after: 37_800, in: large)?.most == Volume(litres: 7_681))
    }

    @Test func `a coarse register may stand a step lower, and one that went round may be small`() {
        let coarse = judged(Meters.installation(resolution: 100_000))
        #expect(found(1_000, after: 37_800, in: coarse) == nil)
        #expect(found(999, after: 37_800, in: coarse)?.kind == .belowEarlier)
        let round = judged(Meters.installation(modulusLitres: 1_200))
        #expect(found(20, after: 37_800, in: round) == nil)
        #expect(found(20, after: 37_800, in: judged())?.kind == .belowEarlier)
    }

    @Test func `a meter without a reading speaks against nothing, and a register beyond all meters is no sum`() {
        let silent = judge(MeterReadings(installation: Meters.installation(), elements: []), rules: .standard)
        #expect(found(900_000, after: 0, in: silent) == nil)
        let most = Volume(millilitres: .max)
        let beyond = contradiction(
            of: most, at: Instant(epochSeconds: Meters.start + 37_800), to: judged(), rules: .standard)
        #expect(beyond?.kind == .beyondFlowSinceEarlier)
    }
}
