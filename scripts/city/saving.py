"""A home against its own past, recomputed from the levels that its statement names. Follows VerifyMonth.md."""
from recompute import half_up

REGISTER_FINDINGS = ("falling_register", "reset", "step_up", "reverse_flow", "tamper")


def month_before(month, back):
    year, number = map(int, month.split("-"))
    place = year * 12 + number - 1 - back
    return f"{place // 12}-{place % 12 + 1:02d}"


def saving(statement, place, median, rules):
    """The member `saving` of a statement, from the levels that it names of earlier months."""
    stated = statement["saving"]
    persons = stated.get("level_persons", [statement["persons"]] * len(stated["level_permille"]))
    levels = [level for level, size in zip(stated["level_permille"], persons) if size in (0, statement["persons"])]
    found = {
        "band_percent_at_least": rules["band_percent_at_least"],
        "band_percent_of_range": rules["band_percent_of_range"], "points_at_most": rules["points_at_most"],
        "points_per_percent": rules["points_per_percent"], "level_months": stated["level_months"],
        "level_permille": stated["level_permille"], "own_permille": None, "not_judged": None, "usual_permille": None,
        "lowest_permille": None, "band_permille": None, "higher_permille": None, "gain_permille": None,
        "percent": None,
    }
    if "level_persons" in stated:
        found["level_persons"] = persons
    if isinstance(place, str) or median is None or median <= 0:
        return {**found, "not_judged": "unranked"}
    if statement["quality"]["zero_days"] > rules["zero_days_at_most"]:
        return {**found, "not_judged": "absent"}
    if any(kind in statement["findings"] for kind in REGISTER_FINDINGS):
        return {**found, "not_judged": "register"}
    own = found["own_permille"] = half_up(place * 1000, median)
    if not persons or stated["level_months"][-1] != month_before(statement["month"], 1):
        return {**found, "not_judged": "no_last_month"}
    if persons[-1] not in (0, statement["persons"]):
        return {**found, "not_judged": "size_changed"}
    earlier = sorted(levels[:-1])
    if not rules["months_at_least"] <= len(earlier) <= rules["months_at_most"]:
        return {**found, "not_judged": "too_few_months"}
    usual = half_up(earlier[(len(earlier) - 1) // 2] + earlier[len(earlier) // 2], 2)
    if usual <= 0:
        return {**found, "not_judged": "too_few_months"}
    band = max(half_up((usual - earlier[0]) * rules["band_percent_of_range"], 100),
               half_up(usual * rules["band_percent_at_least"], 100))
    now = max(levels[-1], own)
    gain = usual - band - now
    return {**found, "usual_permille": usual, "lowest_permille": earlier[0], "band_permille": band,
            "higher_permille": now, "gain_permille": gain, "percent": max(0, gain) * 100 // usual}
