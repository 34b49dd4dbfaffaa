import Metering
import Testing
import Water

@Suite struct DirtiedSpanTests {
    private func span(_ before: [ReadingElement], adding late: [ReadingElement]) -> [Int64]? {
        let installation = Meters.installation()
        let old = judge(MeterReadings(installation: installation, elements: before), rules: .standard)
        let new = judge(MeterReadings(installation: installation, elements: before + late), rules: .standard)
        return dirtiedSpan(before: old, after: new).map {
            [($0.from.epochSeconds - Meters.start) / 3_600, ($0.to.epochSeconds - Meters.start) / 3_600]
        }
    }

    @Test func `a late reading dirties from the believed register before it to the one after`() {
        let gap = Meters.hourly([10, 11, nil, nil, 20, 21])
        #expect(span(gap, adding: [Meters.element(Meters.start + 2 * 3_600, 12)]) == [1, 4])
    }

    @Test func `a late last reading dirties from the one before it`() {
        #expect(span(Meters.hourly([10, 11]), adding: Meters.hourly([nil, nil, 15])) == [1, 2])
    }

    @Test func `a first reading dirties its own instant`() {
        #expect(span([], adding: Meters.hourly([nil, 15])) == [1, 1])
    }

    @Test func `a disbelieved reading dirties its neighbours' span`() {
        let odd = Meters.element(Meters.start + 2 * 3_600 + 1_800, 90_000)
        #expect(span(Meters.hourly([10, 11, 12, 13, 14, 15]), adding: [odd]) == [2, 3])
    }

    @Test func `a repeat dirties nothing`() {
        let elements = Meters.hourly([10, 11, 12])
        #expect(span(elements, adding: elements) == nil)
    }

    @Test func `what makes a jump credible dirties back to the jump`() {
        let jumped = Meters.hourly([10, 11, 12, 13, 50_000, 50_001])
        #expect(span(jumped, adding: Meters.hourly([nil, nil, nil, nil, nil, nil, 50_002])) == [3, 6])
    }
}
