import Tariffs
import Testing
import Water

struct FileTests {
    @Test func `every shipped file proves its own examples`() throws {
        let shelf = try loadTariffs(shippedFiles())
        #expect(
            shelf.tariffs.map(\.id) == [
                "beijing", "guangzhou", "hangzhou", "shanghai", "shenzhen", "shenzhen-collective", "shenzhen-combined",
                "taiyuan", "taiyuan-untiered", "wuxi",
            ])
        #expect(shelf.rules.map(\.id) == ["rules", "rules-saving"])
        #expect(shelf.rules[0].scaleMillionths.count == 20)
    }

    @Test func `comments and examples leave a digest as it is, a price does not`() throws {
        let text = try shippedText("taiyuan.yaml")
        let digest = try loadTariffs([("a", text)]).tariffs[0].digest
        #expect(try loadTariffs([("b", "# more\n" + text)]).tariffs[0].digest == digest)
        let flat = text.replacing("\"0.50\"", with: "\"0.500\"")
        #expect(try loadTariffs([("c", flat)]).tariffs[0].digest != digest)
    }

    /// What is replaced in taiyuan.yaml, by what, the line's text that is blamed, and the reason.
    static let badTariffs: [(String, String, String, FileRefusal.Reason)] = [
        ("basis: month", "basis: month\ncolour: blue", "colour: blue", .unknownKey("colour")),
        ("  base_persons: 3", "  base_persons: 3\n  pets: 1", "  pets: 1", .unknownKey("pets")),
        ("basis: month\n", "", "kind: tariff", .missingKey("basis")),
        ("basis: month", "basis: month\nbasis: year", "basis: month", .repeatedKey("basis")),
        (
            "basis: month", "basis: week", "basis: week",
            .badValue(key: "basis", expected: "one of month, two_months, year")
        ),
        ("kind: tariff", "kind: menu", "kind: menu", .badValue(key: "kind", expected: "one of tariff, rules")),
        ("kind: tariff\n", "", "format: 1", .missingKey("kind")),
        ("format: 1", "format: 2", "format: 2", .badValue(key: "format", expected: "a whole number from 1 to 1")),
        ("id: taiyuan", "id: Tai Yuan", "id: Tai Yuan", .badValue(key: "id", expected: "1 to 32 of 0-9 a-z - _")),
        ("\"0.50\"", "0.50", "    price_yuan_per_m3: 0.50", .unquotedDecimal(key: "price_yuan_per_m3")),
        (
            "\"0.50\"", "\"0.50001\"", "    price_yuan_per_m3: \"0.50001\"",
            .tooManyDecimals(key: "price_yuan_per_m3", allowed: 4)
        ),
        (
            "up_to_m3: \"9\"", "up_to_m3: \"9.0005\"", "up_to_m3: \"9.0005\"",
            .tooManyDecimals(key: "up_to_m3", allowed: 3)
        ),
        (
            "\"0.50\"", "\"-0.50\"", "    price_yuan_per_m3: \"-0.50\"",
            .badValue(key: "price_yuan_per_m3", expected: "a decimal from 0 to 1000")
        ),
        (
            "\"0.50\"", "\"5e-1\"", "    price_yuan_per_m3: \"5e-1\"",
            .badValue(key: "price_yuan_per_m3", expected: "a decimal from 0 to 1000")
        ),
        ("up_to_m3: \"13.5\"", "up_to_m3: \"9\"", "  - up_to_m3: \"9\"\n    extra_m3: \"4.5\"", .tiersOutOfOrder),
        ("extra_m3: \"4.5\"", "extra_m3: \"2\"", "  - up_to_m3: \"13.5\"", .tiersOutOfOrder),
        (
            "\"2.30\", \"4.60\"", "\"2.30\"", "    prices_yuan_per_m3: [\"2.30\"",
            .priceCount(line: "base", prices: 2, tiers: 3)
        ),
        ("name: sewage", "name: base", "  - name: base\n    price_yuan", .repeatedName("base")),
        (
            "valid_from: 2016-01-01", "valid_from: 2016-02-30", "valid_from: 2016-02-30",
            .badValue(key: "valid_from", expected: "a date YYYY-MM-DD")
        ),
        (
            "basis: month", "valid_to: 2015-12-31\nbasis: month", "valid_to: 2015-12-31",
            .reversed(from: "valid_from", to: "valid_to")
        ),
        (
            "total_fen: 2240", "total_fen: 2241", "  - month: 2018-08",
            .exampleFails(stated: "total 2241", computed: "total 2240")
        ),
        (
            "[2070, 2070, 851, 737]", "[2070, 2070, 852, 737]", "  - month: 2026-10\n    persons: 2",
            .exampleFails(stated: "lines [2070, 2070, 852, 737]", computed: "lines [2070, 2070, 851, 737]")
        ),
        (
            "assumptions: [persons_beyond_rule, month_after_certain]", "assumptions: [month_after_certain]",
            "  - month: 2026-10\n    persons: 5",
            .exampleFails(
                stated: "assumptions [\"month_after_certain\"]",
                computed: "assumptions [\"persons_beyond_rule\", \"month_after_certain\"]")
        ),
        (
            "refused: outside_validity", "refused: persons_out_of_range", "  - month: 2015-12",
            .exampleFails(stated: "persons_out_of_range", computed: "outside_validity")
        ),
        (
            "name: sewage", "name: sewage\n    price_yuan_per_month: \"1\"", "  - name: sewage",
            .badValue(
                key: "lines", expected: "one of price_yuan_per_m3, prices_yuan_per_m3, price_yuan_per_month")
        ),
        (
            "certainty_level: medium", "certainty_level: sure", "certainty_level: sure",
            .badValue(key: "certainty_level", expected: "one of high, medium, low")
        ),
        (
            "certain_to: 2025-05-31", "certain_to: 2018-07-11", "certain_to: 2018-07-11",
            .reversed(from: "certain_from", to: "certain_to")
        ),
        (
            "certain_from: 2018-07-12", "certain_from: sometime", "certain_from: sometime",
            .badValue(key: "certain_from", expected: "a date YYYY-MM-DD")
        ),
        (
            "    persons: 2\n", "    persons: [{from: 2026-01-01, people: 2}]\n", "    persons: [",
            .unknownKey("people")
        ),
        ("id: taiyuan", "id: [taiyuan", "version: ", .notYAML("did not find expected ',' or ']'")),
    ]

    @Test(arguments: badTariffs)
    func `a bad tariff file is refused by file, line and reason`(
        old: String, new: String, blamed: String, reason: FileRefusal.Reason
    ) throws {
        try expectRefusal(of: "taiyuan.yaml", old, new, blamed, reason)
    }

    static let badRules: [(String, String, String, FileRefusal.Reason)] = [
        ("  benchmark_percentile: 20", "  benchmark: 20", "  benchmark: 20", .unknownKey("benchmark")),
        (
            "    - 1000000\n", "", "    - 1464086",
            .badValue(key: "millionths_by_persons", expected: "1 to 100 entries that start at 1000000")
        ),
        (
            "    - 2143547", "    - 1143547", "    - 1143547",
            .badValue(key: "millionths_by_persons", expected: "rising")
        ),
        (
            "    - percentile_at_most: 50", "    - percentile_at_most: 20",
            "    - percentile_at_most: 20\n      points: 20", .bandsOutOfOrder
        ),
        ("norm_rule: norm", "norm_rule: band", "  norm_rule: band", .repeatedName("band")),
        (
            "clawback_floor_points: -200", "clawback_floor_points: 1", "  clawback_floor_points: 1",
            .badValue(key: "clawback_floor_points", expected: "a whole number from -1000000 to 0")
        ),
        (
            "minimum_published_homes: 15", "minimum_published_homes: 9", "  minimum_published_homes: 9",
            .badValue(key: "minimum_published_homes", expected: "at least minimum_private_homes")
        ),
        (
            "equivalised_litres: 6830", "equivalised_litres: 6831", "    - litres: 10000",
            .exampleFails(stated: "6831 L", computed: "6830 L")
        ),
        (
            "litres: 15680", "litres: 15681", "    - persons: 4\n      days: 28",
            .exampleFails(stated: "15681 L", computed: "15680 L")
        ),
        (
            "total_points: 40", "total_points: 50", "    - percentile: 20\n      litres",
            .exampleFails(stated: "points [30, 10], total 50", computed: "points [30, 10], total 40")
        ),
    ]

    @Test(arguments: badRules)
    func `a bad rule file is refused by file, line and reason`(
        old: String, new: String, blamed: String, reason: FileRefusal.Reason
    ) throws {
        try expectRefusal(of: "rules-v1.yaml", old, new, blamed, reason)
    }

    private static let report = """
        report:
          history: DAIAD trial A, 46 homes, 2016-03 to 2017-02, one cohort, no programme of savings
          judged: 77
          paid: 3
          points: 8
          paid_at_a_fifth_less: 32
          # What all points together, band, norm and savings, cost, and who gains.
          communities:
            - name: DAIAD trial A
              home_months: 552
              points: 8398
              points_per_100_homes_a_month: 1521
              saving_points: 8
          sizes:
            - persons: 1
              home_months: 96
              points: 1684
              points_per_100_homes_a_month: 1754
              saving_points: 4
            - persons: 2
              home_months: 132
              points: 1630
              points_per_100_homes_a_month: 1235
              saving_points: 0
            - persons: 3
              home_months: 96
              points: 1580
              points_per_100_homes_a_month: 1646
              saving_points: 0
            - persons: 4
              home_months: 180
              points: 2954
              points_per_100_homes_a_month: 1641
              saving_points: 4
            - persons: 5
              home_months: 48
              points: 550
              points_per_100_homes_a_month: 1146
              saving_points: 0

        """

    static let badReports: [(String, String, String, FileRefusal.Reason)] = [
        ("  paid: 3", "  paid: 78", "  paid: 78", .badValue(key: "paid", expected: "at most judged")),
        (
            "less: 32", "less: 78", "  paid_at_a_fifth_less: 78",
            .badValue(key: "paid_at_a_fifth_less", expected: "at most judged")
        ),
        // 4 of 77 are 52 ‰.
        ("  paid: 3", "  paid: 4", "  paid: 4", .badValue(key: "paid", expected: "at most 50 ‰ of judged")),
        (report, "", "  rule: saving", .missingKey("report")),
        (
            "a_month: 1754", "a_month: 1755", "      points_per_100_homes_a_month: 1755",
            .badValue(key: "points_per_100_homes_a_month", expected: "points × 100 ÷ home_months, half up")
        ),
        (
            "saving_points: 8", "saving_points: 7", "    - persons: 1\n      home_months: 96",
            .badValue(key: "sizes", expected: "home-months and points that come to those of communities")
        ),
        (
            "  points: 8\n", "  points: 9\n", "    - name: DAIAD trial A",
            .badValue(key: "communities", expected: "saving_points that come to points")
        ),
        (
            "  judged: 77", "  judged: 553", "  judged: 553",
            .badValue(key: "judged", expected: "at most the home-months")
        ),
        (
            "    - persons: 5", "    - persons: 4", "    - persons: 4\n      home_months: 48",
            .badValue(key: "persons", expected: "rising")
        ),
    ]

    @Test(arguments: badReports)
    func `rules that pay savings are refused without a report that can be and lies within the announced share`(
        old: String, new: String, blamed: String, reason: FileRefusal.Reason
    ) throws {
        try expectRefusal(of: "rules-saving.yaml", old, new, blamed, reason)
    }

    @Test func `rules on trial need no report yet, though one that is there must be possible`() throws {
        let text = try shippedText("rules-saving.yaml")
        let without = try loadTrialRules(file: "x", text: text.replacing(Self.report, with: ""))
        #expect(without?.saving != nil)
        #expect(without?.savingReport == nil)
        let above = try loadTrialRules(file: "x", text: text.replacing("  paid: 3", with: "  paid: 4"))
        #expect(above?.savingReport?.paid == 4)
        #expect(throws: FileRefusal.self) {
            try loadTrialRules(file: "x", text: text.replacing("  paid: 3", with: "  paid: 78"))
        }
        #expect(try loadTrialRules(file: "x", text: shippedText("taiyuan.yaml")) == nil)
    }

    private func expectRefusal(
        of name: String, _ old: String, _ new: String, _ blamed: String, _ reason: FileRefusal.Reason
    ) throws {
        let text = try shippedText(name)
        #expect(text.contains(old))
        let changed = text.replacing(old, with: new, maxReplacements: 1)
        let place = try #require(changed.ranges(of: blamed).last?.lowerBound)
        let line = changed[..<place].count { $0.isNewline } + 1
        let refusal = #expect(throws: FileRefusal.self) { try loadTariffs([(name, changed)]) }
        #expect(refusal?.file == name)
        #expect(refusal?.reason == reason)
        #expect(refusal?.line == line)
    }

    @Test func `two examples are too few`() throws {
        let text = try shippedText("taiyuan.yaml")
        let third = try #require(text.ranges(of: "  # 9 m3 + 4.5 m3").first?.lowerBound)
        let refusal = #expect(throws: FileRefusal.self) { try loadTariffs([("few.yaml", String(text[..<third]))]) }
        #expect(refusal?.reason == .tooFewExamples(kind: "bills", found: 2, needed: 3))
    }

    @Test(arguments: ["", "42", "- a\n- b", "kind: tariff\n---\nkind: tariff", "\u{7}", "a: &x [*x]"])
    func `text that is no tariff is refused without a trap`(text: String) {
        #expect(throws: FileRefusal.self) { try loadTariffs([("x", text)]) }
    }

    /// Last day of the first version, first day of the second, and the reason the pair is refused for.
    static let successions: [(String?, String, FileRefusal.Reason?)] = [
        ("2026-12-31", "2027-01-01", nil),
        ("2026-12-31", "2027-01-02", .leavesGap(after: "one.yaml")),
        ("2026-12-31", "2026-12-31", .overlaps(file: "one.yaml")),
        (nil, "2027-01-01", .overlaps(file: "one.yaml")),
    ]

    @Test(arguments: successions)
    func `versions of one tariff follow each other without overlap or gap`(
        end: String?, start: String, reason: FileRefusal.Reason?
    ) throws {
        let text = try shippedText("taiyuan.yaml")
        let first = end.map { text.replacing("basis: month", with: "valid_to: \($0)\nbasis: month") } ?? text
        let second = flatTariff(start: start)
        let files = [("two.yaml", second), ("one.yaml", first)]
        if let reason {
            let refusal = #expect(throws: FileRefusal.self) { try loadTariffs(files) }
            #expect(refusal?.reason == reason)
            #expect(refusal?.file == "two.yaml")
        } else {
            let shelf = try loadTariffs(files)
            #expect(shelf.tariffs.map(\.version) == ["2018-07", "flat"])
            #expect(shelf.tariff("taiyuan", in: try #require(BillingMonth("2026-12")))?.version == "2018-07")
            #expect(shelf.tariff("taiyuan", in: try #require(BillingMonth("2027-01")))?.version == "flat")
            #expect(shelf.tariff("taiyuan", in: try #require(BillingMonth("2015-01"))) == nil)
        }
    }

    @Test func `a version that is used twice is told at its line, though the files meet`() throws {
        let first = try shippedText("taiyuan.yaml")
            .replacing("basis: month", with: "valid_to: 2026-12-31\nbasis: month")
        let second = flatTariff(start: "2027-01-01").replacing("version: flat", with: "version: 2018-07")
        let refusal = #expect(throws: FileRefusal.self) {
            try loadTariffs([("two.yaml", second), ("one.yaml", first)])
        }
        #expect(refusal?.description == "two.yaml:4: the version `2018-07` is used already by one.yaml")
    }

    @Test func `every broken file is told, each in one line`() throws {
        let good = Array(try shippedText("taiyuan.yaml").utf8)
        // 居民 in GB 18030.
        let chinese = Array("name_zh: ".utf8) + [0xBE, 0xD3, 0xC3, 0xF1]
        let files = [
            (name: "a.yaml", bytes: Array("kind: menu".utf8)), (name: "b.yaml", bytes: good),
            (name: "c.yaml", bytes: chinese), (name: "d.yaml", bytes: Array("format: 1".utf8)),
        ]
        guard case .failure(let refusals) = readTariffs(files) else {
            Issue.record("broken files were taken")
            return
        }
        #expect(
            refusals.description == """
                a.yaml:1: `kind` must be one of tariff, rules
                c.yaml:1: not UTF-8: save the file in that encoding
                d.yaml:1: missing key `kind`
                """)
    }

    @Test func `a file that could not be read is told with the broken ones, and no gap is seen in its place`() throws {
        let text = try shippedText("taiyuan.yaml")
            .replacing("basis: month", with: "valid_to: 2026-12-31\nbasis: month")
        let unread = FileRefusal(file: "b.yaml", line: 1, reason: .unreadable("closed to this user"))
        let later = flatTariff(start: "2027-02-01")
        let files = [("a.yaml", text), ("c.yaml", later)].map { ($0.0, Array($0.1.utf8)) }
        guard case .failure(let refusals) = readTariffs(files, besides: [unread]) else {
            Issue.record("a folder with a file that could not be read was taken")
            return
        }
        #expect(refusals.description == "b.yaml:1: cannot be read: closed to this user")
        guard case .failure(let more) = readTariffs(files + [("d.yaml", Array("kind: menu".utf8))], besides: [unread])
        else {
            Issue.record("a broken file was taken")
            return
        }
        #expect(more.all.map(\.file) == ["b.yaml", "d.yaml"])
    }

    @Test func `files that do not follow each other are told one by one`() throws {
        let text = try shippedText("taiyuan.yaml")
        let later = flatTariff(start: "2027-01-01")
        let latest = flatTariff(start: "2027-02-01").replacing("version: flat", with: "version: flatter")
        let files = [("a.yaml", text), ("b.yaml", later), ("c.yaml", latest)].map { ($0.0, Array($0.1.utf8)) }
        guard case .failure(let refusals) = readTariffs(files) else {
            Issue.record("overlapping files were taken")
            return
        }
        #expect(refusals.all.map(\.reason) == [.overlaps(file: "a.yaml"), .overlaps(file: "b.yaml")])
    }

    private func flatTariff(start: String) -> String {
        """
        kind: tariff
        format: 1
        id: taiyuan
        version: flat
        name_zh: 一价
        name_en: flat
        valid_from: \(start)
        certain_from: \(start)
        basis: month
        household: {base_persons: 3, extra_applies: never, certain_to_persons: 100}
        tiers: []
        lines: [{name: base, price_yuan_per_m3: "1"}]
        source: none
        certainty: none
        examples:
          - {month: 2028-01, persons: 3, litres: 1000, lines_fen: [100], total_fen: 100, assumptions: []}
          - {month: 2028-01, persons: 3, litres: 5, lines_fen: [1], total_fen: 1, assumptions: []}
          - {month: 2028-01, persons: 3, litres: 4, lines_fen: [0], total_fen: 0, assumptions: []}
        """
    }
}
