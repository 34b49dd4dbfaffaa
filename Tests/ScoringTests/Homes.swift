import Foundation
import Scoring
import Tariffs
import Testing
import Water

/// The shipped tariff and rules.
struct Shipped {
    let tariff: Tariff
    let rules: RuleSet
    /// Those that pay savings too.
    let savingRules: RuleSet
    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("tariffs")
    static let month = BillingMonth(number: 2_026 * 12 + 9)

    init() throws {
        let folder = Shipped.folder
        let files = try ["taiyuan.yaml", "rules-v1.yaml", "rules-saving.yaml"].map {
            ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8))
        }
        let shelf = try loadTariffs(files)
        tariff = try #require(shelf.tariff("taiyuan", in: Shipped.month))
        rules = try #require(shelf.rules("rules", in: Shipped.month))
        savingRules = try #require(shelf.rules("rules-saving", in: Shipped.month))
    }
}

/// A fully measured October 2026 of `litres`, the last day taking what does not divide by 31.
func home(litres: Int64 = 9_300, persons: Int? = 3) -> HomeMonth {
    let month = Shipped.month
    let days = (0..<31).map { index in
        DayUse(
            day: month.firstDay.advanced(by: index), litres: litres / 31 + (index == 30 ? litres % 31 : 0),
            state: .measured)
    }
    let seconds: Int64 = 31 * 86_400
    return HomeMonth(
        household: HouseholdID(1), month: month, days: days, measuredLitres: litres, estimatedLitres: 0,
        monthSeconds: seconds, missingSeconds: 0, qualifyingSeconds: seconds, isBracketed: true, zeroDays: 0,
        persons: persons, shareMillionths: nil, isPartial: false, continuousFlows: [], detectableLitresPerHour: 1,
        findings: [], readingCount: 744, lastReadingAt: Instant(epochSeconds: 1_793_462_400),
        readingsDigest: String(repeating: "ab", count: 32))
}

extension HomeMonth {
    func with(_ change: (inout HomeMonth) -> Void) -> HomeMonth {
        var changed = self
        change(&changed)
        return changed
    }
}

let area = CohortArea(id: AreaID(7), kind: .community, code: "140105001001")

/// SplitMix64: the seed stands in the failing test's arguments.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
