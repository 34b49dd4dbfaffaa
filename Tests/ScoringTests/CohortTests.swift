import Scoring
import Tariffs
import Testing
import Water

struct CohortTests {
    private func figures(_ seed: UInt64, count: Int, distinct: Int64) -> [Int64] {
        var random = SeededGenerator(state: seed)
        return (0..<count).map { _ in Int64.random(in: 0..<distinct, using: &random) * 37 }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a percentile is what counting every other home gives`(seed: UInt64) throws {
        let all = figures(seed, count: Int(seed) + 1, distinct: seed % 3 == 0 ? 4 : 1_000)
        let distribution = Distribution(of: all)
        for (index, own) in all.enumerated() {
            let others = all.indices.filter { $0 != index }.map { all[$0] }
            let lower = others.count { $0 < own }
            let equal = others.count { $0 == own }
            let rank = try #require(distribution.rank(of: own, frozen: own))
            #expect(rank == Rank(lowerHomes: lower, equalHomes: equal, otherHomes: all.count - 1))
            #expect(rank.percentile == Int64(100 * (2 * lower + equal) / (2 * (all.count - 1))))
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a corrected or late figure is compared with the other frozen homes`(seed: UInt64) {
        let all = figures(seed, count: 30, distinct: 12)
        let distribution = Distribution(of: all)
        for frozen in [nil, all[0], all[1]] as [Int64?] {
            var others = all
            if let frozen, let index = others.firstIndex(of: frozen) { others.remove(at: index) }
            for own in [0, 37, 40, 200, 10_000] as [Int64] {
                let rank = distribution.rank(of: own, frozen: frozen)
                #expect(rank?.lowerHomes == others.count { $0 < own })
                #expect(rank?.equalHomes == others.count { $0 == own })
                #expect(rank?.otherHomes == others.count)
            }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `order and grouping change nothing`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let all = figures(seed, count: 200, distinct: 50)
        let whole = Distribution(of: all)
        #expect(Distribution(of: all.shuffled(using: &random)) == whole)
        let parts = stride(from: 0, to: 200, by: 23).map { Distribution(of: all[$0..<min(200, $0 + 23)]) }
        #expect(Distribution(merging: parts.shuffled(using: &random)) == whole)
        #expect(Distribution(json: whole.json.bytes) == whole)
        let sorted = all.sorted()
        #expect(whole.median == divideHalfUp(sorted[99] + sorted[100], by: 2))
        #expect(whole.nearestRank(percent: 20) == sorted[39])
    }

    /// Figures, median, nearest-rank 20th.
    static let anchors: [([Int64], Int64?, Int64?)] = [
        ([], nil, nil),
        ([5], 5, 5),
        ([5, 8], 7, 5),
        ([1, 2, 3, 4, 5], 3, 1),
        ([1, 2, 3, 4, 5, 6], 4, 2),
        ([9, 9, 9, 9], 9, 9),
    ]

    @Test(arguments: anchors)
    func `median and best fifth are ranks, not interpolations`(figures: [Int64], median: Int64?, best: Int64?) {
        #expect(Distribution(of: figures).median == median)
        #expect(Distribution(of: figures).nearestRank(percent: 20) == best)
    }

    @Test func `a home alone has no rank and equals share the middle`() {
        #expect(Distribution(of: [5]).rank(of: 5, frozen: 5) == nil)
        #expect(Distribution.empty.rank(of: 5, frozen: nil) == nil)
        let equal = Distribution(of: [Int64](repeating: 4, count: 12))
        #expect(equal.rank(of: 4, frozen: 4)?.percentile == 50)
        #expect(Distribution(of: [1, 2]).rank(of: 1, frozen: 1)?.percentile == 0)
        #expect(Distribution(of: [1, 2]).rank(of: 2, frozen: 2)?.percentile == 100)
    }

    @Test(arguments: [
        "", "{}", "{\"homes\":[1],\"litres\":[]}", "{\"homes\":[0],\"litres\":[1]}", "{\"homes\":[1],\"litres\":[-1]}",
        "{\"homes\":[1,1],\"litres\":[1,0]}", "{\"homes\":[9223372036854775807],\"litres\":[1]}",
        "{\"homes\":[1],\"litres\":[9223372036854775807]}", "{\"homes\":[1],\"litres\":[1]} x",
    ])
    func `a damaged stored distribution is refused`(text: String) {
        #expect(Distribution(json: Array(text.utf8)) == nil)
    }

    private func chain(_ community: Int64, street: Int64) -> [CohortArea] {
        [
            CohortArea(id: AreaID(community), kind: .community, code: "c\(community)"),
            CohortArea(id: AreaID(street), kind: .street, code: "s\(street)"),
            CohortArea(id: AreaID(200), kind: .district, code: "d200"),
            CohortArea(id: AreaID(300), kind: .city, code: "300"),
        ]
    }

    /// Homes in community 1 and 2 (street 100), 3 (street 101); the areas found for each.
    static let widenings: [([Int], [String?])] = [
        ([10, 10, 10], ["c1", "c2", "c3"]),
        ([9, 1, 10], ["s100", "s100", "c3"]),
        ([9, 0, 1], ["d200", "d200", "d200"]),
        ([9, 0, 0], [nil, nil, nil]),
        ([0, 0, 10], ["d200", "d200", "c3"]),
        ([4, 6, 3], ["s100", "s100", "d200"]),
    ]

    @Test(arguments: widenings)
    func `a cohort widens by area until ten homes`(homes: [Int], expected: [String?]) throws {
        let chains = [
            AreaID(1): chain(1, street: 100), AreaID(2): chain(2, street: 100), AreaID(3): chain(3, street: 101),
        ]
        var figures: [CommunityID: [Int64]] = [:]
        for (index, count) in homes.enumerated() {
            figures[CommunityID(Int64(index) + 1)] = (0..<count).map { Int64($0) * 100 }
        }
        let rules = try Shipped().rules.cohort
        let cohorts = Cohorts(figures: figures, chains: chains, rules: rules)
        let found = [1, 2, 3].map { cohorts.cohort(along: chains[AreaID($0)] ?? [])?.area.code }
        #expect(found == expected)
        let again = Cohorts(frozen: cohorts.byArea.values, rules: rules)
        #expect([1, 2, 3].map { again.cohort(along: chains[AreaID($0)] ?? [])?.area.code } == expected)
    }

    @Test func `the benchmark is shown from fifteen homes on, to the nearest 100 litres`() throws {
        let rules = try Shipped().rules.cohort
        func cohort(_ homes: Int) -> Cohort {
            Cohort(area: area, distribution: Distribution(of: (1...homes).map { Int64($0) * 1_050 }), rules: rules)
        }
        #expect(cohort(14).benchmarkLitres == nil)
        #expect(cohort(14).medianLitres == 7_875)
        // Nearest rank ceil(0.2 × 15) = 3: 3,150, half up.
        #expect(cohort(15).benchmarkLitres == 3_200)
        #expect(cohort(15).homes == 15)
    }
}
