import Hummingbird
import Water

extension WebServices {
    /// The words of the request's language: the query's, else the cookie's, else Chinese.
    func texts(for request: Request) -> Texts {
        let name = request.query("lang") ?? request.cookies[WebServices.languageCookie]?.value ?? ""
        return pages.catalogue[Language(rawValue: name) ?? .zh]
    }

    /// A page for somebody signed in. `path` is where the page is had with what it is about, for the language switch
    /// after a form was posted.
    func answer(
        _ page: some Page, _ title: String, _ request: Request, _ audience: PageFrame.Audience, csrf: String,
        notice: PageFrame.Notice? = nil, path: String? = nil
    ) -> Response {
        let texts = texts(for: request)
        let shown = request.method == .post ? path ?? request.pageTarget : request.pageTarget
        let frame = PageFrame(
            texts: texts, title: texts(title), audience: audience, path: shown, csrf: csrf, isSignedIn: true,
            notice: notice)
        return withLanguage(.html(pages.render(page, in: frame)), request)
    }

    /// A page's address with the values that are not empty, percent-encoded.
    static func path(_ page: String, _ values: KeyValuePairs<String, String>) -> String {
        let pairs = values.filter { !$0.value.isEmpty }.map { "\($0.key)=\(percentEncoded($0.value))" }
        return pairs.isEmpty ? page : "\(page)?\(pairs.joined(separator: "&"))"
    }

    /// All but the unreserved signs of RFC 3986, 2.3.
    private static func percentEncoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { found, byte in
            let sign = Unicode.Scalar(byte)
            let isPlain = byte < 128 && (sign.properties.isAlphabetic || (48...57).contains(byte))
            found += isPlain || "-._~".unicodeScalars.contains(sign) ? String(Character(sign)) : "%\(hex([byte]))"
        }
    }

    /// A page with a form for somebody not signed in yet.
    func answerBeforeSignIn(
        _ page: some Page, _ title: String, _ request: Request, _ audience: PageFrame.Audience,
        notice: PageFrame.Notice? = nil
    ) -> Response {
        let texts = texts(for: request)
        let (token, isNew) = formToken(request)
        let frame = PageFrame(
            texts: texts, title: texts(title), audience: audience, path: request.pageTarget, csrf: token,
            isSignedIn: false, notice: notice)
        let refused = notice?.kind == .refused
        var response = withLanguage(.html(pages.render(page, in: frame), status: refused ? 403 : 200), request)
        if isNew { setCookie(WebServices.formCookie, token, seconds: nil, strict: true, on: &response) }
        return response
    }

    /// Keeps a language chosen by the query.
    private func withLanguage(_ response: Response, _ request: Request) -> Response {
        guard let chosen = request.query("lang").flatMap(Language.init(rawValue:)) else { return response }
        var response = response
        setCookie(WebServices.languageCookie, chosen.rawValue, seconds: 31_536_000, on: &response)
        return response
    }
}
