import Scoring
import Tariffs
import Water

/// The home against its own earlier months, with every number that the result rests on.
struct SavingPart: Sendable {
    /// What came of it, in a sentence.
    let result: String
    /// The steps, so that it can be redone.
    let steps: [String]
    let hasLevels: Bool
    let levels: [Level]

    struct Level: Sendable {
        let month: String
        let level: String
    }

    init(_ saving: Saving, of statement: Statement, texts t: Texts) {
        func permille(_ value: Int64) -> String { t("n_permille", ["n": t.number(value)]) }
        let counted = saving.counted(for: statement.persons)
        var steps: [String] = []
        if let own = saving.own, let size = statement.equivalised, let cohort = statement.cohort {
            steps.append(
                t(
                    "saving_step_own",
                    [
                        "own": t.number(size.litres), "median": t.number(cohort.medianLitres), "level": permille(own),
                    ]))
        }
        if let found = saving.judgement, let last = counted.last, let own = saving.own {
            steps += [
                t(
                    "saving_step_two",
                    ["last": permille(last.permille), "own": permille(own), "now": permille(found.now)]),
                t(
                    "saving_step_usual",
                    [
                        "n": "\(counted.count - 1)", "usual": permille(found.usual),
                        "lowest": permille(found.lowest),
                    ]),
                t(
                    "saving_step_band",
                    [
                        "band": permille(found.band), "usual": t.number(found.usual),
                        "lowest": t.number(found.lowest), "range": t.number(saving.bandPercentOfRange),
                        "least": t.number(saving.bandPercentAtLeast),
                    ]),
                t(
                    // Less than nothing is no part of the usual level.
                    found.gain > 0 ? "saving_step_gain" : "saving_step_gain_none",
                    [
                        "usual": t.number(found.usual), "band": t.number(found.band), "now": t.number(found.now),
                        "gain": permille(found.gain), "percent": t.number(found.percent),
                    ]),
            ]
            result = t(
                found.percent > 0 ? "saving_found" : found.now < found.usual ? "saving_chance" : "saving_none",
                ["percent": t.number(found.percent)])
        } else {
            result = t("saving_not_\(saving.notJudged?.rawValue ?? "")")
        }
        self.steps = steps
        levels = saving.levels.map { level in
            let text = permille(level.permille)
            guard let persons = level.persons, !level.counts(for: statement.persons) else {
                return Level(month: t.month(level.month), level: text)
            }
            return Level(
                month: t.month(level.month),
                level: t("saving_level_other_size", ["level": text, "n": "\(persons)"]))
        }
        hasLevels = !levels.isEmpty
    }
}
