import Foundation
import Testing

@testable import Web

struct StyleTests {
    let sheet: String

    init() throws { sheet = String(decoding: try #require(try PageLibrary().assets["site.css"]), as: UTF8.self) }

    /// A colour of the sheet's `:root` as three parts of 0 to 1.
    private func colour(_ name: String) throws -> [Double] {
        let found = try #require(try Regex("--\(name): #([0-9a-f]{6});").firstMatch(in: sheet))
        let hex = String(try #require(found.output[1].substring))
        let value = try #require(Int(hex, radix: 16))
        return [value >> 16, value >> 8 & 255, value & 255].map { Double($0) / 255 }
    }

    /// WCAG 2: relative luminance of an sRGB colour.
    private func luminance(_ parts: [Double]) -> Double {
        let linear = parts.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    @Test(arguments: [
        ("ink", "paper"), ("ink", "ground"), ("soft", "paper"), ("soft", "ground"), ("deep", "paper"),
        ("deep", "ground"), ("deep", "pale"), ("soft", "pale"), ("paper", "deep"), ("paper", "deep-hover"),
        ("green", "pale-green"),
        ("soft", "pale-green"), ("amber", "pale-amber"), ("ink", "pale-amber"), ("ink", "pale-red"),
        ("red", "pale-red"),
    ])
    func `text stands out from its ground by 4.5 to 1 at least`(_ text: String, _ ground: String) throws {
        let pair = try [luminance(colour(text)), luminance(colour(ground))].sorted()
        #expect((pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5)
    }

    @Test func `residents' text is 20 px, its lines 1.6 apart, and what is touched 60 px`() {
        #expect(sheet.contains("font: 1.25rem/1.6 "))
        #expect(sheet.contains("--touch: 60px;"))
    }

    @Test func `a resident's book of points is a card a row on a phone, whatever the letters' size`() throws {
        let samples = try Samples(try PageLibrary().catalogue[.zh])
        let html = try PageLibrary().render(
            samples.points, in: samples.frame("points", path: "/points", isStaff: false))
        #expect(html.contains("<table class=\"figures cards\">") && html.contains("<td data-name=\""))
        let cards = try #require(sheet.firstMatch(of: /\.cards \.number \+ td \{([^}]*)\}/)).1
        #expect(cards.contains("flex-wrap: wrap") && cards.contains("white-space: normal"))
    }

    @Test func `links in staff's tables are 44 px for a finger`() throws {
        let rule = try #require(sheet.firstMatch(of: /\.staff td a, \.staff th a[^{]*\{([^}]*)\}/)).1
        #expect(rule.contains("min-height: 44px") && rule.contains("min-width: 44px"))
    }

    @Test func `no size of text is below 18 px on a resident's page`() {
        // In rem of 16 px, or in em of the body's 20 px.
        for match in sheet.matches(of: /font-size: ([0-9.]+)(rem|em)/) {
            let size = (Double(match.1) ?? 0) * (match.2 == "rem" ? 16 : 20)
            #expect(size >= 18, "\(match.0)")
        }
    }

    @Test func `the sheet names nothing of another place`() {
        #expect(!sheet.contains("url(h") && !sheet.contains("@import") && !sheet.contains("//"))
    }

    @Test func `letters of twice the size break neither names nor columns`() throws {
        // Name and figure of a bar take a line each where they do not fit one.
        let bars = try #require(sheet.firstMatch(of: /\n\.tiers li, \.scale li \{([^}]*)\}/)).1
        #expect(bars.contains("display: flex") && bars.contains("flex-wrap: wrap"))
        #expect(sheet.contains(".tier-name, .scale-name { word-break: keep-all; }"))
        let headings = try #require(sheet.firstMatch(of: /\nh1, h2, h3 \{([^}]*)\}/)).1
        #expect(headings.contains("word-break: keep-all"))
        // The width in rem follows the reader's own size.
        let narrow = try #require(sheet.components(separatedBy: "@media (max-width: 22rem)").dropFirst().first)
        #expect(narrow.contains(".chart-days li:nth-child(14n + 8) { visibility: hidden; }"))
        #expect(narrow.contains(".stacked tr { display: flex; flex-wrap: wrap;"))
        let samples = try Samples(try PageLibrary().catalogue[.zh])
        let html = try PageLibrary().render(
            samples.statement, in: samples.frame("statement", path: "/", isStaff: false))
        #expect(html.components(separatedBy: "<table class=\"figures stacked\">").count == 3)
    }

    @Test func `a printed statement says what it rests on, its days and who sees it`() throws {
        let samples = try Samples(try PageLibrary().catalogue[.zh])
        let page = samples.statement
        let html = try PageLibrary().render(page, in: samples.frame("statement", path: "/", isStaff: false))
        let printed = html.matches(of: /<div class="print-only[^>]*>(.*?)<\/div>/.dotMatchesNewlines())
            .map { String($0.1) }.joined()
        let compared = try #require(page.comparison?.explanation)
        for words in page.basis + page.readers + compared + page.dayRows.map(\.day) + [page.digest] {
            #expect(printed.contains(words), "\(words)")
        }
        let (screen, paper) = try halves()
        #expect(screen.contains(".print-only { display: none; }") && paper.contains(".print-only { display: block;"))
        // None of it is printed twice where it was opened.
        for key in ["days_table_open", "compare_how_open", "basis_open", "readers_open"] {
            let opened = "<details class=\"screen-only\">\n<summary>\(samples.texts(key))</summary>"
            #expect(html.contains(opened), "\(key)")
        }
    }

    /// The sheet before and from where paper begins.
    private func halves() throws -> (screen: String, paper: String) {
        let parts = sheet.components(separatedBy: "@media print")
        try #require(parts.count == 2)
        return (parts[0], parts[1])
    }
}
