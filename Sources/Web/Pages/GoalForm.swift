import Scoring
import Water

/// The form for the household's own goal, beside the month under way.
struct GoalForm: Sendable {
    /// Cubic metres: the goal that holds, or what was typed and refused.
    let typed: String
    /// What a goal may be, where one was refused; the form is open then.
    let refusal: String?

    /// What of a refused goal is shown again, in signs: as many as the field takes.
    private static let most = 12

    /// `refused` is what was typed and not taken; nil where nothing was.
    init(_ outlook: OutlookPart, refused: String?, texts t: Texts) {
        typed = refused.map { String($0.unicodeScalars.prefix(GoalForm.most)) } ?? outlook.goalField
        refusal = refused.map { _ in t("goal_refused_body") }
    }
}

extension Outlook {
    /// Without the warning of a goal that will be kept: to come near it is what the household aims at.
    var withoutKeptGoal: Outlook {
        var found = self
        found.warnings.removeAll { $0.limit == .goal && $0.percent < 100 }
        return found
    }
}
