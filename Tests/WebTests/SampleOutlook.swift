import Water

@testable import Scoring
@testable import Web

extension Samples {
    /// A month under way with a forecast, gaps and estimated days, a goal, a warning and water that runs.
    var outlook: Outlook {
        Outlook(
            month: month.next, knownDays: 12, estimatedDays: 3, soFarLitres: 4_300, daysLeft: 18,
            gapDays: 2, dataUntil: instant(day: 14, hour: 8),
            basis: (1...28).map { Int64(260 + $0 * 97 % 320) },
            forecast: .init(
                lowestLitres: 9_900, expectedLitres: 11_500, highestLitres: 13_100, bill: statementBefore.bill),
            goalLitres: 10_000,
            warnings: [.init(limit: .norm, limitLitres: 12_600, usedLitres: 11_500)],
            flow: .init(
                stretch: ContinuousFlow(
                    from: instant(day: 10, hour: 6), to: instant(day: 14, hour: 8), litresPerHour: 20),
                isRunning: true),
            isQuietAgain: false)
    }
}
