import Testing
import Water

@testable import Web

struct ChartTests {
    let texts: Texts

    init() throws { texts = try PageLibrary().catalogue[.zh] }

    private func chart(_ uses: [(Int64?, MeasureState)], reference: Int64? = nil) -> DayChart {
        let days = uses.enumerated().map {
            DayUse(day: LocalDay(number: 20_000 + Int32($0)), litres: $1.0, state: $1.1)
        }
        return DayChart(days: days, referenceLitres: reference, texts: texts)
    }

    @Test func `a gap, a zero, a small, an estimated and a full day look different`() {
        let bars = chart([(nil, .missing), (0, .measured), (1, .measured), (50, .estimated), (100, .measured)]).bars
        #expect(bars.map(\.kind) == ["missing", "nothing", "measured", "estimated", "measured"])
        #expect(bars.map(\.barHeight) == [200, 3, 3, 100, 200])
        #expect(bars.map(\.y) == [0, 197, 197, 100, 0])
    }

    @Test func `a day before moving in is no gap`() {
        let days = [1, 2].map { DayUse(day: LocalDay(number: $0), litres: nil, state: .missing) }
        let lived = LocalDay(number: 2)...LocalDay(number: 9)
        let chart = DayChart(days: days, lived: lived, referenceLitres: nil, texts: texts)
        #expect(chart.bars.map(\.kind) == ["away", "missing"])
        #expect(chart.bars[0].title.contains("未入住") && chart.bars[1].title.contains("没有数据"))
        #expect(chart.legend.map(\.kind) == ["measured", "missing", "away"])
        #expect(chart.label.contains("1 天没有数据") && chart.label.contains("1 天未入住"))
        let row = StatementPage.DayRow(days[0], lived: lived, texts)
        #expect(row.state == texts("state_away") && self.chart([(nil, .missing)]).bars[0].kind == "missing")
    }

    @Test func `of a month estimated whole the total is not said to be known`() {
        let days = [DayUse(day: LocalDay(number: 20_000), litres: 300, state: .estimated)]
        func labels(_ isWhole: Bool) -> [String] {
            DayChart(days: days, isEstimatedWhole: isWhole, referenceLitres: nil, texts: texts).legend.map(\.label)
        }
        let (known, unknown) = (texts("legend_estimated"), texts("legend_estimated_whole"))
        #expect(labels(false).contains(known) && !labels(false).contains(unknown))
        #expect(labels(true).contains(unknown) && !labels(true).contains(known))
    }

    @Test(
        arguments: [
            (0, 10), (10, 10), (11, 20), (41, 60), (99, 100), (101, 200), (640, 800), (801, 1_000), (123_456, 200_000),
        ] as [(Int64, Int64)])
    func `the scale ends at a round number no day passes`(_ litres: Int64, _ top: Int64) {
        #expect(DayChart.scaleTop(for: litres) == top)
    }

    @Test func `the largest volume and an empty month are drawn without a trap`() {
        #expect(chart([(Int64.max, .measured)]).bars[0].barHeight == DayChart.boxHeight)
        #expect(chart([]).bars.isEmpty)
    }

    @Test func `the norm is drawn where it fits the scale`() {
        #expect(chart([(100, .measured)], reference: 50).reference == 100)
        #expect(chart([(100, .measured)], reference: 101).reference == nil)
    }
}
