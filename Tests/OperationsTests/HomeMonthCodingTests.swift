import Storage
import Testing
import Water

struct HomeMonthCodingTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)

    private func drawn(_ seed: UInt64) -> HomeMonth {
        var random = SeededRandom(seed: seed)
        func number() -> Int64 {
            Bool.random(using: &random)
                ? Int64.random(in: -9...9_999, using: &random) : Int64.random(in: .min ... .max, using: &random)
        }
        func some<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
        let days = (0..<Int.random(in: 0...31, using: &random)).map { index in
            let day = october.firstDay.advanced(by: index)
            return switch Int.random(in: 0...2, using: &random) {
            case 0: DayUse(day: day, litres: nil, state: .missing)
            case 1: DayUse(day: day, litres: number(), state: .estimated)
            default: DayUse(day: day, litres: number(), state: .measured)
            }
        }
        let kinds = FindingKind.allCases
        return HomeMonth(
            household: HouseholdID(number()), month: october, days: days, measuredLitres: number(),
            estimatedLitres: number(), monthSeconds: number(), missingSeconds: number(), qualifyingSeconds: number(),
            isBracketed: Bool.random(using: &random), zeroDays: Int(number()), persons: some(Int(number())),
            shareMillionths: some(number()), isPartial: Bool.random(using: &random),
            continuousFlows: (0..<Int.random(in: 0...3, using: &random)).map { _ in
                ContinuousFlow(
                    from: Instant(epochSeconds: number()), to: Instant(epochSeconds: number()), litresPerHour: number())
            },
            detectableLitresPerHour: number(),
            findings: (0..<Int.random(in: 0...4, using: &random)).map { _ in
                Finding(
                    kind: kinds[Int.random(in: kinds.indices, using: &random)], meter: MeterID(number()),
                    at: Instant(epochSeconds: number()), register: Volume(millilitres: number()),
                    before: some(Volume(millilitres: number())))
            },
            readingCount: Int(number()), lastReadingAt: some(Instant(epochSeconds: number())),
            readingsDigest: String(repeating: "ab", count: 32),
            night: some(NightUse(nights: Int(number()), litres: number(), lowestLitres: number())),
            sizes: (0..<Int.random(in: 0...3, using: &random)).map { index in
                PersonsFrom(day: october.firstDay.advanced(by: index), persons: some(Int(number())))
            },
            bylawMonths: (0..<Int.random(in: 0...3, using: &random)).map { back in
                MonthBasis(
                    month: october.advanced(by: -1 - back), litres: number(), missingHours: number(),
                    knownDays: Int(number()), version: Int(number()), hash: String(repeating: "cd", count: 32))
            },
            unjoinedOn: (0..<Int.random(in: 0...2, using: &random)).map { october.firstDay.advanced(by: $0) })
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `months frozen before means and exchanges were named are still read`(seed: UInt64) throws {
        var month = drawn(seed)
        (month.bylawMonths, month.unjoinedOn) = ([], [])
        let text = month.storedText
        #expect(text.hasPrefix("h5 ") && text.hasSuffix(" 0 0"))
        #expect(try HomeMonth(storedText: "h4 " + text.dropFirst(3).dropLast(4)) == month)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `frozen figures are read as they were written`(seed: UInt64) throws {
        let month = drawn(seed)
        let text = month.storedText
        #expect(try HomeMonth(storedText: text) == month)
        #expect(try HomeMonth(storedText: text).storedText == text)
    }

    @Test func `a month frozen as JSON is still read`() throws {
        let text = """
            {"bracketed":true,"days":[{"l":310,"n":20727,"s":"measured"},{"l":null,"n":20728,"s":"missing"}],\
            "detectable_lph":5,"digest":"\(String(repeating: "ab", count: 32))","estimated_l":0,"findings":[\
            {"at":1790784000,"before_ml":7000,"kind":"jump","meter":3,"ml":9000}],"flows":[\
            {"from":1790784000,"lph":6,"to":1790874000}],"household":12,"last_at":null,"measured_l":310,\
            "missing_s":86400,"month":24321,"month_s":172800,"partial":false,"persons":3,"qualifying_s":86400,\
            "readings":24,"share":null,"zero_days":0}
            """
        let month = try HomeMonth(storedText: text)
        #expect(month.household == HouseholdID(12) && month.days.count == 2 && month.litres == 310)
        #expect(month.findings.first?.kind == .jump && month.continuousFlows.first?.litresPerHour == 6)
        #expect(month.night == nil && month.sizes.isEmpty && month.lastReadingAt == nil)
        #expect(try HomeMonth(storedText: month.storedText) == month)
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `damaged text is refused and never traps`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bytes = Array(drawn(seed).storedText.utf8)
        for _ in 0..<20 {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 32...126, using: &random)
            if let read = try? HomeMonth(storedText: String(decoding: bytes, as: UTF8.self)) {
                #expect(read.days.count <= bytes.count)
            }
        }
        #expect(throws: DamagedBytes.self) { try HomeMonth(storedText: "") }
        #expect(throws: DamagedBytes.self) { try HomeMonth(storedText: "h2 1 2") }
    }
}
