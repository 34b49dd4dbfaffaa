import Hummingbird
import Logging

/// What somebody typed into a form that was not taken, to be copied: words and numbers of that very request, never a
/// password, a code or a token.
struct Unsent: Sendable {
    let entries: [Entry]

    struct Entry: Sendable {
        let label: String
        let typed: String
    }
}

extension Unsent {
    /// nil where nothing of the kind was typed, or the page of another site sent the form: whose words they are would not
    /// be seen beside ours.
    init?(_ form: Form, of request: Request, _ t: Texts) {
        guard request.header("Sec-Fetch-Site").map({ $0 == "same-origin" }) ?? true else { return nil }
        let entries = Unsent.fields(of: request.uri.path).compactMap { field -> Entry? in
            let typed = String(form.text(field.name).prefix(field.most))
            return typed.isEmpty ? nil : Entry(label: t(field.label), typed: typed)
        }
        if entries.isEmpty { return nil }
        self.init(entries: entries)
    }

    /// Something of the form that is posted to this address is kept.
    static func isKept(of path: String) -> Bool { !fields(of: path).isEmpty }

    /// The fields with what was typed, each with the most signs it takes and the text of its label, in the form's order.
    private static func fields(of path: String) -> [(name: String, most: Int, label: String)] {
        switch path {
        case "/staff/household": [("text", 500, "note_text")]
        case "/staff/codes": [("numbers", 4_000, "codes_numbers")]
        case "/staff/readings":
            [("at", 16, "readings_at"), ("register", 20, "readings_register"), ("reason", 200, "edit_reason")]
        case "/staff/exchange":
            [
                ("old", 64, "exchange_old"), ("final", 20, "exchange_final"), ("new", 64, "exchange_new"),
                ("start", 20, "exchange_start"), ("at", 16, "exchange_at"),
            ]
        case _ where path.hasPrefix("/statements/") && path.hasSuffix("/objection"):
            [("text", 500, "objection_label")]
        default: []
        }
    }
}

/// Thrown where a form's token is missing or old: the answer is `Problem.formExpired`, with what was typed.
struct FormNotTaken: Error {
    let form: Form
}

extension WebServices {
    /// Throws `FormNotTaken` unless the form carries the session's token.
    func requireToken(of form: Form, _ expected: String) throws {
        do { try requireSame(form.raw("csrf"), expected) } catch { throw FormNotTaken(form: form) }
    }

    /// The way in, with what was typed into a form whose session had ended.
    func signInPage(_ audience: PageFrame.Audience, keeping unsent: Unsent, _ request: Request) -> Response {
        let t = texts(for: request)
        let notice = PageFrame.Notice(kind: .refused, heading: t("session_over"), body: t("session_over_body"))
        return switch audience {
        case .resident:
            answerBeforeSignIn(
                ResidentSignInPage(number: "", unsent: unsent), "resident_sign_in_title", request, .resident,
                notice: notice)
        case .staff:
            answerBeforeSignIn(
                StaffSignInPage(name: "", unsent: unsent), "staff_sign_in_title", request, .staff, notice: notice)
        }
    }
}

extension ErrorMiddleware {
    /// What was typed into a form that was refused before its body was read; nil where nothing of it is kept. The sender is
    /// not known: little is read, and not for long.
    func unsent(of request: Request, _ context: WebContext) async -> Unsent? {
        guard request.method == .post, Unsent.isKept(of: request.uri.path), !request.waitsToBeAsked else { return nil }
        do {
            let form = try await services.readForm(request, of: context.connection)
            return Unsent(form, of: request, services.texts(for: request))
        } catch {
            context.logger.warning("form of an ended session not read", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
