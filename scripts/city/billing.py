"""What a month's volume costs, recomputed from an export: tariff versions, sizes, periods. Follows VerifyMonth.md."""
import hashlib
import json
from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction

from recompute import half_up

MONTHS_OF = {"month": 1, "two_months": 2, "year": 12}
MOST_LITRES = 10 ** 12
MOST_PERSONS = 100


# Tariffs

def versions(tariff):
    """The versions that price the month, oldest first; None where the export does not have their content."""
    if "earlier_parts" not in tariff:
        return None if tariff["has_earlier_parts"] or tariff["basis"] != "month" else [tariff]
    return tariff["earlier_parts"] + [tariff]


def digest_of(tariff):
    """The digest of what decides a bill; None where the export does not have all of it."""
    parts = versions(tariff)
    if parts is None or "valid_from" not in tariff:
        return None
    joined = [part["version"] for part in parts[:-1]]
    own = tariff["version"].removeprefix("+".join(joined) + "+") if joined else tariff["version"]
    digests = [digest({**part, "version": version}) for part, version in zip(parts, joined + [own])]
    return sha256(digests) if joined else digests[0]


def digest(version):
    meaning = {key: version[key] for key in
               ("id", "version", "valid_from", "certain_from", "basis", "base_persons", "certain_to_persons")}
    meaning["valid_to"] = None
    meaning["extra_applies"] = version["household_rule"]
    meaning["bounds_litres"] = [[bound["litres"], bound["extra_litres"]] for bound in version["bounds"]]
    meaning["lines"] = [[line["name"], line["prices"] if line["kind"] == "tiered" else line["prices"][0]] +
                        (["month"] if line["kind"] == "fixed" else []) for line in version["lines"]]
    for key in ("certain_to", "certainty_level"):
        if version[key] is not None:
            meaning[key] = version[key]
    if version["first_period"] != "whole":
        meaning["first_period"] = version["first_period"]
    return sha256(meaning)


def sha256(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# Days

def days_of(month):
    """The days of a month, YYYY-MM."""
    year, number = map(int, month.split("-"))
    return between(date(year, number, 1), date(year, number, monthrange(year, number)[1]))


def between(first, last):
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def period_of(version, month):
    """The days of the version's period that the month lies in, and those of them that its bounds are for."""
    year, number = map(int, month.split("-"))
    length = MONTHS_OF[version["basis"]]
    first = (number - 1) // length * length + 1
    last = first + length - 1
    period = between(date(year, first, 1), date(year, last, monthrange(year, last)[1]))
    opening = date.fromisoformat(version.get("valid_from", "0001-01-01"))
    if version["basis"] != "month" and version.get("first_period") == "by_days" and opening >= period[0]:
        return period, [day for day in period if day >= opening]
    return period, period


def litres_before(tariff, home, month):
    """What earlier statements say of the tariff's period, of the months that the tariff was the home's."""
    first = f"{period_of(tariff, month)[1][0]:%Y-%m}"
    if home["tariff_since"]:
        first = max(first, home["tariff_since"])
    return sum(one["litres"] for one in home["earlier_months"] if first <= one["month"] < month)


def persons_on(days, sizes, known):
    """How many lived there on each of the days; None where it is not known. What begins after `known` says nothing."""
    entries = sorted((date.fromisoformat(entry["from"]), place, entry["persons"]) for place, entry in enumerate(sizes))
    entries = [(begin, persons) for begin, _, persons in entries if begin <= known]
    found, persons, place = [], None, 0
    for day in days:
        while place < len(entries) and entries[place][0] <= day:
            persons = entries[place][1]
            place += 1
        found.append(persons)
    return found


# The bill

def bounds_of(version, persons, period_days):
    """The mean of the bounds that each day's size gives."""
    base, found = version["base_persons"], []
    for bound in version["bounds"]:
        litres = 0
        for size in persons:
            above = max(0, (base if size is None else size) - base)
            times = {"per_person": above, "once": min(above, 1), "never": 0}[version["household_rule"]]
            litres += bound["litres"] + bound["extra_litres"] * times
        found.append(half_up(litres, period_days))
    return found


def fen(price, litres):
    """litres / 1000 m³ × price in yuan × 100, half up."""
    product = Fraction(price) * litres / 10
    return half_up(product.numerator, product.denominator)


class Part:
    """The days of a month that one version prices, with the litres that fall to them."""

    def __init__(self, version, month, days, sizes, litres, before):
        self.version, self.days, self.litres = version, days, litres
        self.month = days_of(month)
        period, filled = (self.month, days) if version["basis"] == "month" else period_of(version, month)
        self.before = 0 if version["basis"] == "month" else before
        self.persons = persons_on(filled, sizes, self.month[-1])
        self.bounds = bounds_of(version, self.persons, len(period))

    def volumes(self):
        """The litres of each tier: what this part's stretch shares with the tier's."""
        start, end = self.before, self.before + self.litres
        edges = [0] + self.bounds + [max(end, *self.bounds, 0)]
        return [max(0, min(end, high) - max(start, low)) for low, high in zip(edges, edges[1:])]

    def lines(self):
        """`name`, `tier`, `litres`, `price`, `fen`, `unit` of each."""
        suffix = "" if self.days[-1] == self.month[-1] else f"-until-{self.days[-1]}"
        found = []
        for line in self.version["lines"]:
            name = line["name"] + suffix
            if line["kind"] == "tiered":
                found += [[name, tier, litres, price, fen(price, litres), None]
                          for tier, (litres, price) in enumerate(zip(self.volumes(), line["prices"]), 1)]
            elif line["kind"] == "flat":
                price = line["prices"][0]
                found.append([name, None, self.litres, price, fen(price, self.litres), None])
            else:
                price = line["prices"][0]
                share = Fraction(price) * 100 * len(self.days) / len(self.month)
                found.append([name, None, 0, price, half_up(share.numerator, share.denominator), "month"])
        return found

    def assumptions(self):
        if "certain_from" not in self.version:
            return None
        least, most = date.fromisoformat(self.version["certain_from"]), self.version["certain_to"]
        beyond = self.version["certain_to_persons"]
        return {
            "month_before_certain": self.days[0] < least,
            "persons_unknown": None in self.persons,
            "persons_beyond_rule": any(size is not None and size > beyond for size in self.persons),
            "month_after_certain": most is not None and self.days[-1] > date.fromisoformat(most),
            "figures_uncertain": self.version["certainty_level"] == "low",
        }


def parts_of(tariff, month, sizes, litres, before):
    """The month's parts, oldest first: the litres are shared out by days, each cut rounded half up."""
    days, found, spent = days_of(month), [], 0
    for version in versions(tariff):
        first, last = version.get("valid_from"), version.get("valid_to")
        own = [day for day in days if (first is None or f"{day}" >= first) and (last is None or f"{day}" <= last)]
        if not own:
            continue
        until = half_up(litres * ((own[-1] - days[0]).days + 1), len(days))
        found.append(Part(version, month, own, sizes, until - spent, before + spent))
        spent = until
    return found


def bill(tariff, month, sizes, litres, before):
    """The bill of a month: the figures of a statement's, or why there is none."""
    if not 0 <= litres <= MOST_LITRES or not 0 <= before <= MOST_LITRES:
        refused = "litres_out_of_range"
    elif any(not 1 <= size["persons"] <= MOST_PERSONS for size in sizes if size["persons"] is not None):
        refused = "persons_out_of_range"
    else:
        refused = None
    parts = parts_of(tariff, month, sizes, litres, before)
    if sum(len(part.days) for part in parts) < len(days_of(month)):
        refused = "outside_validity"
    if refused:
        return {"refused": refused}
    last = parts[-1]
    lines = [line for part in [last] + parts[:-1] for line in part.lines()]
    assumed = [part.assumptions() for part in parts]
    position = last.before + last.litres
    tier = sum(bound < position for bound in last.bounds) + 1
    return {
        "refused": None, "lines": lines, "total_fen": sum(line[4] for line in lines), "bounds_litres": last.bounds,
        "persons": persons_on(last.month, sizes, last.month[-1])[-1] or last.version["base_persons"], "tier": tier,
        "litres_to_next_tier": last.bounds[tier - 1] - position if tier <= len(last.bounds) else None,
        "assumptions": None if None in assumed else [name for name in assumed[0] if any(one[name] for one in assumed)],
    }
