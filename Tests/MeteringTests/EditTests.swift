import Metering
import Testing
import Water

@Suite struct EditTests {
    static func edit(
        _ action: EditAction, hour: Int64, _ litres: Int64, decided: Int64 = 0, by: Int64 = 1
    ) -> ReadingEdit {
        ReadingEdit(
            at: Instant(epochSeconds: Meters.start + hour * 3_600), register: Volume(litres: litres), action: action,
            by: StaffID(by), decidedAt: Instant(epochSeconds: Meters.start + 1_000_000 + decided),
            reason: "seen on site")
    }

    /// Decisions on some of the elements and on registers nobody sent.
    static func someEdits(of elements: [ReadingElement], _ random: inout SeededGenerator) -> [ReadingEdit] {
        (0..<12).compactMap { _ in
            guard let one = elements.randomElement(using: &random),
                let action = EditAction.allCases.randomElement(using: &random)
            else { return nil }
            let off = Bool.random(using: &random) ? 0 : Int64.random(in: 0...30_000, using: &random) * 1_000
            return ReadingEdit(
                at: one.at, register: Volume(millilitres: one.register.millilitres + off), action: action,
                by: StaffID(Int64.random(in: 1...2, using: &random)),
                decidedAt: Instant(epochSeconds: Int64.random(in: 0...5, using: &random)), reason: "r")
        }
    }

    private func judged(_ registers: [Int64?], _ edits: [ReadingEdit]) -> JudgedMeter {
        judge(
            MeterReadings(installation: Meters.installation(), elements: Meters.hourly(registers), edits: edits),
            rules: .standard)
    }

    private func litres(_ judged: JudgedMeter) -> Int64? {
        guard let first = judged.believed.first, let last = judged.believed.last else { return nil }
        return (last.counted - first.counted).flooredLitres
    }

    static let burst: [Int64?] = [100, 101, 102, 9_903, 9_904, 9_905, 9_906]

    @Test func `a rise that no meter passes counts once staff accept its register`() throws {
        #expect(litres(judged(Self.burst, [])) == 5)
        let accepted = judged(Self.burst, [Self.edit(.accept, hour: 3, 9_903)])
        #expect(litres(accepted) == 9_806)
        #expect(accepted.believed.map(\.rule)[3] == .acceptedByStaff)
        #expect(accepted.findings.isEmpty)
    }

    @Test func `an acceptance stands alone among the registers of its instant`() {
        let elements =
            Meters.hourly([100, 110, 120, 130]) + [Meters.element(Meters.start + 3_600, 111)]
        let judged = judge(
            MeterReadings(
                installation: Meters.installation(), elements: elements, edits: [Self.edit(.accept, hour: 1, 111)]),
            rules: .standard)
        #expect(judged.believed.map(\.register.flooredLitres) == [100, 111, 120, 130])
        #expect(judged.disbelieved.map(\.register.flooredLitres) == [110])
    }

    @Test func `what staff reject is left out and stays to be seen`() {
        let stuck: [Int64?] = [100, 110, 110, 110, 150, 160]
        let judged = judged(stuck, [Self.edit(.reject, hour: 2, 110), Self.edit(.reject, hour: 3, 110)])
        #expect(judged.believed.map(\.register.flooredLitres) == [100, 110, 150, 160])
        #expect(judged.disbelieved.map(\.rule) == [.rejectedByStaff, .rejectedByStaff])
        #expect(judged.disbelieved.map(\.quality) == [.rejectedCertainly, .rejectedCertainly])
        #expect(judged.disbelieved.map(\.reason) == [nil, nil])
        #expect(judged.findings.isEmpty)
        #expect(litres(judged) == 60)
    }

    @Test func `of two conflicting registers the other is believed once staff reject one`() {
        let elements = Meters.hourly([100, 110, 120, 130]) + [Meters.element(Meters.start + 3_600, 111)]
        let judged = judge(
            MeterReadings(
                installation: Meters.installation(), elements: elements, edits: [Self.edit(.reject, hour: 1, 110)]),
            rules: .standard)
        #expect(judged.believed.map(\.register.flooredLitres) == [100, 111, 120, 130])
        #expect(judged.findings.isEmpty)
    }

    @Test func `an entered register joins the set, and a mistyped one is still no consumption`() {
        let entered = judged([100, 110, nil, nil, 150], [Self.edit(.enter, hour: 2, 120)])
        #expect(entered.believed.map(\.register.flooredLitres) == [100, 110, 120, 150])
        #expect(entered.believed.map(\.rule)[2] == .enteredByStaff)
        #expect(entered.believed.map(\.isEntered) == [false, false, true, false])
        let mistyped = judged(
            [98, 99, 100, 110, nil, 150, 151, 152], [Self.edit(.enter, hour: 4, 120_000)])
        #expect(mistyped.believed.map(\.register.flooredLitres) == [98, 99, 100, 110, 120_000, 150, 151, 152])
        #expect(litres(mistyped) == 14)
        #expect(mistyped.findings.map(\.kind) == [.stepUp, .reset])
    }

    @Test func `a withdrawal brings back what the rules say`() {
        let plain = judged(Self.burst, [])
        let withdrawn = judged(
            Self.burst,
            [
                Self.edit(.accept, hour: 3, 9_903), Self.edit(.withdraw, hour: 3, 9_903, decided: 1),
                Self.edit(.enter, hour: 1, 99), Self.edit(.withdraw, hour: 1, 99, decided: 1),
            ])
        #expect(withdrawn == plain)
        let again = judged(
            Self.burst,
            [
                Self.edit(.withdraw, hour: 3, 9_903, decided: 1), Self.edit(.accept, hour: 3, 9_903),
                Self.edit(.accept, hour: 3, 9_903, decided: 2),
            ])
        #expect(litres(again) == 9_806)
    }

    @Test func `of two registers accepted at one instant the one decided last stands`() {
        let edits = [Self.edit(.accept, hour: 1, 105), Self.edit(.enter, hour: 1, 107, decided: 1)]
        for edits in [edits, edits.reversed()] {
            let judged = judged([100, nil, 110, 120], edits)
            #expect(judged.believed.map(\.register.flooredLitres) == [100, 107, 110, 120])
            #expect(judged.disbelieved.map(\.rule) == [.conflict])
        }
    }

    @Test func `an edit dirties from the believed register before it to the one after, and changes the digest`() throws
    {
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        let plain = MeterReadings(installation: Meters.installation(), elements: Meters.hourly(Self.burst))
        var edited = plain
        edited.edits = [Self.edit(.accept, hour: 3, 9_903)]
        let span = try #require(
            dirtiedSpan(before: judge(plain, rules: .standard), after: judge(edited, rules: .standard)))
        #expect(span.from.epochSeconds == Meters.start + 2 * 3_600)
        #expect(span.to.epochSeconds == Meters.start + 3 * 3_600)
        let homes = [plain, edited].map {
            measure(Meters.home([$0]), month: month, calendar: calendar, rules: .standard)
        }
        #expect(homes[0].readingsDigest != homes[1].readingsDigest)
        edited.edits.append(Self.edit(.withdraw, hour: 3, 9_903, decided: 9))
        #expect(measure(Meters.home([edited]), month: month, calendar: calendar, rules: .standard) == homes[0])
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `what staff accept or enter is believed and what they reject is not`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let elements = BeliefPropertyTests.dirty(&random)
        let edits = Self.someEdits(of: elements, &random)
        let judged = judge(
            MeterReadings(installation: Meters.installation(), elements: elements, edits: edits), rules: .standard)
        let believed = Dictionary(uniqueKeysWithValues: judged.believed.map { ($0.at, $0.register) })
        for edit in judged.edits {
            switch edit.action {
            case .reject: #expect(believed[edit.at] != edit.register, "seed \(seed)")
            case .accept, .enter:
                let isAlone = judged.edits.count { $0.at == edit.at && $0.action != .reject } == 1
                if isAlone { #expect(believed[edit.at] == edit.register, "seed \(seed)") }
            case .withdraw: Issue.record("a withdrawal stands for nothing")
            }
        }
        let counted = judged.believed.map(\.counted)
        #expect(counted == counted.sorted(), "seed \(seed)")
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `an edit changes belief within seven days of it alone`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let elements = BeliefPropertyTests.dirty(&random)
        let edit = try #require(Self.someEdits(of: elements, &random).first { $0.action != .withdraw })
        let before = judge(MeterReadings(installation: Meters.installation(), elements: elements), rules: .standard)
        let after = judge(
            MeterReadings(installation: Meters.installation(), elements: elements, edits: [edit]), rules: .standard)
        func far(_ judged: JudgedMeter) -> [BelievedReading.Key] {
            judged.believed.filter { abs($0.at - edit.at) > 7 * 86_400 }.map(\.key)
        }
        #expect(far(before) == far(after), "seed \(seed)")
    }
}
