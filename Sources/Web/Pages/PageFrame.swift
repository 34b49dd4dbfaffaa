/// What surrounds every page: title, language switch, links, the form token and a notice.
public struct PageFrame: Sendable {
    let texts: Texts
    var title: String
    let audience: Audience
    /// Path and query of this page, for the language switch and the current link.
    let path: String
    /// Nil on pages without forms.
    let csrf: String?
    let isSignedIn: Bool
    let notice: Notice?

    enum Audience: String, Sendable { case resident, staff }

    /// The outcome of what was just done.
    struct Notice: Sendable {
        enum Kind: String, Sendable { case done, refused, info }
        let kind: Kind
        let heading: String
        let body: String
    }

    init(
        texts: Texts, title: String, audience: Audience, path: String, csrf: String?, isSignedIn: Bool,
        notice: Notice? = nil
    ) {
        self.texts = texts
        self.title = title
        self.audience = audience
        self.path = path
        self.csrf = csrf
        self.isSignedIn = isSignedIn
        self.notice = notice
    }

    /// The frame as the layout names it.
    struct ForTemplate: Sendable {
        let lang: String
        let otherLang: String
        let languageHref: String
        let title: String
        let audience: String
        let homeHref: String
        let isSignedIn: Bool
        let links: [Link]
        let signOutAction: String
        let csrf: String
        let notice: ShownNotice?
    }

    struct Link: Sendable {
        let href: String
        let label: String
        let isCurrent: Bool
    }

    struct ShownNotice: Sendable {
        let kind: String
        let role: String
        let heading: String
        let body: String
    }

    var forTemplate: ForTemplate {
        ForTemplate(
            lang: texts.language.tag, otherLang: texts.language.other.tag, languageHref: languageHref, title: title,
            audience: audience.rawValue, homeHref: audience == .staff ? "/staff" : "/", isSignedIn: isSignedIn,
            links: links, signOutAction: audience == .staff ? "/staff/sign-out" : "/sign-out", csrf: csrf ?? "",
            notice: notice.map {
                ShownNotice(
                    kind: $0.kind.rawValue, role: $0.kind == .refused ? "alert" : "status", heading: $0.heading,
                    body: $0.body)
            })
    }

    private var languageHref: String {
        let kept = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = kept.count > 1 ? kept[1].split(separator: "&").filter { !$0.hasPrefix("lang=") } : []
        let pairs = query.map(String.init) + ["lang=\(texts.language.other.rawValue)"]
        return "\(kept.first ?? "/")?\(pairs.joined(separator: "&"))"
    }

    private var links: [Link] {
        let places: [(String, String)] =
            audience == .resident
            ? [("/statement", "nav_statement"), ("/points", "nav_points")]
            : [
                ("/staff", "nav_home"), ("/staff/desk", "nav_desk"), ("/staff/points", "nav_economy"),
                ("/staff/close", "nav_close"),
                ("/staff/held", "nav_held"), ("/staff/alerts", "nav_alerts"), ("/staff/household", "nav_household"),
                ("/staff/readings", "nav_readings"),
                ("/staff/corrections", "nav_corrections"), ("/staff/persons", "nav_persons"),
                ("/staff/exchange", "nav_exchange"),
                ("/staff/codes", "nav_codes"),
            ]
        let here = path.prefix { $0 != "?" }
        return places.map { href, key in
            let isCurrent = here == href || (href != "/staff" && here.hasPrefix(href))
            return Link(href: href, label: texts(key), isCurrent: isCurrent)
        }
    }
}
