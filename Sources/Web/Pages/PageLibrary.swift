import Foundation
import Mustache

/// The templates, the words and the assets, opened when the server starts so that a bad image never serves.
public struct PageLibrary: Sendable {
    public let catalogue: TextCatalogue
    private let library: MustacheLibrary
    /// The files under `/assets`, by name.
    let assets: [String: [UInt8]]

    /// What the bundle lacks.
    public enum Failure: Error, Hashable {
        case missing(String)
        case broken(String, reason: String)
    }

    static let templates = [
        "alerts", "basis", "close-month", "codes", "community-points", "corrections", "csrf", "day-chart", "desk",
        "exchange", "explain", "first-statement", "held", "household", "layout", "message", "meter-alert", "objections",
        "outlook", "persons", "points", "readings", "resident-sign-in", "staff-home", "staff-sign-in", "statement",
        "sure", "unsent",
    ]
    static let assetNames = ["site.css", "icon.svg", "openapi.yaml"]

    /// Opens everything this module serves; throws `Failure` where a file is absent or does not parse.
    public init() throws {
        try self.init(bundle: Bundle.module)
    }

    init(bundle: Bundle) throws {
        var library = MustacheLibrary()
        for name in PageLibrary.templates {
            let text = String(decoding: try PageLibrary.read("Templates/\(name).mustache", bundle), as: UTF8.self)
            do { try library.register(text, named: name) } catch {
                throw Failure.broken(name, reason: "\(error)")
            }
        }
        self.library = library
        do { catalogue = try TextCatalogue(json: Data(try PageLibrary.read("Texts/texts.json", bundle))) } catch {
            throw Failure.broken("texts.json", reason: "\(error)")
        }
        var assets: [String: [UInt8]] = [:]
        for name in PageLibrary.assetNames { assets[name] = try PageLibrary.read("Assets/\(name)", bundle) }
        self.assets = assets
    }

    private static func read(_ path: String, _ bundle: Bundle) throws -> [UInt8] {
        let url = bundle.bundleURL.appendingPathComponent(path)
        guard let data = FileManager.default.contents(atPath: url.path) else { throw Failure.missing(path) }
        return [UInt8](data)
    }

    /// The page's HTML, with a title of its own.
    func render(_ page: some Page, in frame: PageFrame) -> String {
        var frame = frame
        frame.title = page.documentTitle(frame.title)
        let context: [String: Any] = ["t": frame.texts.words, "frame": frame.forTemplate, "page": page]
        return library.render(context, withTemplate: type(of: page).template) ?? ""
    }
}

/// A page's content, ready to be shown: words and whole numbers, nothing left to work out.
protocol Page: Sendable {
    static var template: String { get }

    /// What the page's `<title>` says, so that open pages are told apart; `words` are those of its route.
    func documentTitle(_ words: String) -> String
}

extension Page {
    func documentTitle(_ words: String) -> String { words }
}
