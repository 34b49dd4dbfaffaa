/// Sign-in of a resident: the number typed before is kept, the code never.
struct ResidentSignInPage: Page {
    static let template = "resident-sign-in"
    let number: String
    /// Of a form that was sent after the session had ended.
    var unsent: Unsent?
}

struct StaffSignInPage: Page {
    static let template = "staff-sign-in"
    let name: String
    var unsent: Unsent?
}

/// One message and one way on: errors and dead ends.
struct MessagePage: Page {
    static let template = "message"
    let heading: String
    let body: String
    /// The request's number, for a call to the help desk.
    let request: String?
    let href: String
    let action: String
    /// Of a form that was not taken.
    var unsent: Unsent?
}
