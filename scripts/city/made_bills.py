"""Tariffs made for homes of the demo city, so that its bills show what Taiyuan's by the month never do: a period of two
months or a year, a version that starts inside a month, sizes that change inside a period, several bounds in one bill.
"""
import copy
import hashlib
import json
import shutil
from datetime import date, timedelta

from saving import month_before

FILE = """\
kind: tariff
format: 1
id: {id}
version: "{version}"
name_zh: 例
name_en: made
valid_from: {valid_from}
{valid_to}
certain_from: {certain_from}
basis: {basis}
{more}
household: {{base_persons: 1, extra_applies: {rule}, certain_to_persons: 5}}
tiers:
  - {{up_to_m3: "{first}", extra_m3: "0.031"}}
  - {{up_to_m3: "{second}", extra_m3: "0.047"}}
lines:
  - {{name: base, prices_yuan_per_m3: ["{price}", "2.9995", "3.1"]}}
  - {{name: sewage, price_yuan_per_m3: "0.9999"}}
  - {{name: garbage, price_yuan_per_month: "3.3333"}}
source: made
certainty: made
examples:
"""
EXAMPLE = """\
  - {{month: {month}, persons: {persons}, litres: 0, lines_fen: [0, 0, 0, 0, 333], total_fen: 333, assumptions: [{said}]}}
"""


def tariff(name, first, second, version="1", valid_from="2016-01-01", valid_to=None, certain_from=None, basis="year",
           more="", rule="per_person", price="1.2345", example="2016-02", said=""):
    text = FILE.format(
        id=name, version=version, valid_from=valid_from, valid_to=f"valid_to: {valid_to}" if valid_to else "# open",
        certain_from=certain_from or valid_from, basis=basis, more=more or "# no more", rule=rule, price=price,
        first=f"{first / 1000:.3f}", second=f"{second / 1000:.3f}")
    return text + "".join(EXAMPLE.format(month=example, persons=persons, said=said) for persons in (1, 2, 3))


class MadeBills:
    """Four homes with bills of their own in a month that ends a period of two. `litres`: by home and month."""

    def __init__(self, closed, litres):
        self.month = next(month for month in reversed(closed)
                          if int(month[-2:]) % 2 == 0 and month_before(month, 1) in closed)
        self.before = month_before(self.month, 1)
        self.january = next(month for month in closed if month[:4] == self.month[:4])
        # A tariff that opens with the year has whole bounds: it would show nothing.
        self.opening = self.month if self.before.endswith("-01") else self.before
        self.litres = {home: months for home, months in litres.items()
                       if min(months.get(self.month, 0), months.get(self.before, 0)) > 600}
        most = sorted(self.litres, key=lambda home: self.litres[home][self.month], reverse=True)
        self.two, self.year, self.days, self.sizes = most[:4]

    def bounds(self, home, since, first, second):
        """Bounds at two parts of a thousand of the home's month, after what it used in the period since."""
        used, own = self.litres[home], self.litres[home][self.month]
        before = sum(litres for month, litres in used.items() if since <= month < self.month)
        return before + own * first // 1000, before + own * second // 1000

    def write(self, source, folder):
        """The folder of tariffs with the made ones."""
        shutil.copytree(source, folder)
        opening = f"{self.opening}-01"
        first, last = date.fromisoformat(opening), date(int(self.month[:4]), 12, 31)
        year = (last - date(last.year, 1, 1)).days + 1
        by_days = [bound * year // ((last - first).days + 1) for bound in self.bounds(self.days, self.opening, 400, 700)]
        for file, text in {
            "two-1": tariff("made-two", *self.bounds(self.two, self.before, 200, 9000), valid_to=f"{self.month}-10",
                            basis="two_months", price="1.1"),
            "two-2": tariff("made-two", *self.bounds(self.two, self.before, 550, 800), version="2",
                            valid_from=f"{self.month}-11", basis="two_months", example="2036-02"),
            "year": tariff("made-year", *self.bounds(self.year, self.january, 333, 666)),
            "days": tariff("made-days", *by_days, valid_from=opening, certain_from=f"{self.month}-02", rule="once",
                           more="first_period: by_days\ncertainty_level: low", example="2036-02",
                           said="figures_uncertain"),
        }.items():
            (folder / f"{file}.yaml").write_text(text, encoding="utf-8")

    def register(self, run):
        """The homes' tariffs, and how many live there from days inside the period on."""
        for home, name, month in ((self.two, "made-two", self.before), (self.year, "made-year", self.january),
                                  (self.days, "made-days", self.opening)):
            run("tariff", "assign", home, name, "--from", month)
        for home, persons, day in ((self.year, 4, f"{self.before}-15"), (self.year, 6, f"{self.month}-20"),
                                   (self.days, "unknown", f"{self.month}-05"), (self.sizes, 7, f"{self.month}-17")):
            run("persons", home, str(persons), "--from", day)

    def shown(self, lines):
        """What the month's bills lack of what they are made to show."""
        bodies = {line["household"]: json.loads(line["body"]) for line in lines if line["type"] == "statement"}
        bills = {home: bodies[home]["billing"]["bill"] for home in (self.two, self.year, self.days, self.sizes)}

        def tiers(home, name):
            return sum(line["litres"] > 0 for line in bills[home]["lines"] if line["name"] == name)

        wanted = {
            "a version until the 10th, over one bound": (tiers(self.two, f"base-until-{self.month}-10"), 2),
            "one from the 11th, over two bounds": (tiers(self.two, "base"), 3),
            "a year over two bounds": (tiers(self.year, "base"), 3),
            "a year that begins with its tariff": (tiers(self.days, "base"), 3),
            "sizes of a year": (len(bodies[self.year]["analysis"]["sizes"]), 3),
            "sizes of a month": (len(bodies[self.sizes]["analysis"]["sizes"]), 2),
            "a size beyond the rule": (bills[self.year]["assumptions"], ["persons_beyond_rule"]),
            "assumptions": (bills[self.days]["assumptions"],
                            ["month_before_certain", "persons_unknown", "figures_uncertain"]),
        }
        return [f"{what}: {found}, not {due}" for what, (found, due) in wanted.items() if found != due]

    def older(self, lines):
        """The file as an earlier version exports it."""
        later = ("valid_from", "valid_to", "certain_from", "certain_to", "certainty_level", "certain_to_persons",
                 "first_period", "earlier_parts", "tariff_since", "earlier_months")
        return [{key: value for key, value in line.items() if key not in later} for line in lines]

    def marked(self, lines):
        """The file where a home with a bill by the year waits for its correction, and knows less than it will."""
        lines = copy.deepcopy(lines)
        for line in lines:
            if line.get("household", line.get("number")) == self.year:
                line["is_marked"] = True
                if line["type"] == "household":
                    line["earlier_months"][0]["litres"] += 1000
                    line["sizes"][-1]["persons"] += 1
        return lines

    def alterations(self, lines):
        """One figure of a bill changed, and what must be found."""
        def changed(change):
            other = copy.deepcopy(lines)
            change(other)
            return other

        def home(lines, number):
            return next(line for line in lines if line["type"] == "household" and line["number"] == number)

        def made(lines, name):
            return next(line for line in lines if line["type"] == "tariff" and line["id"] == name)

        def restated(number, change):
            """With a statement whose hash is right again."""
            def alter(lines):
                line = next(line for line in lines if line["type"] == "statement" and line["household"] == number)
                body = json.loads(line["body"])
                change(body)
                line["body"] = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                line["hash"] = hashlib.sha256(line["body"].encode()).hexdigest()
            return alter

        def move(key, amount, first, second):
            def change(body):
                body["billing"]["bill"]["lines"][first][key] -= amount
                body["billing"]["bill"]["lines"][second][key] += amount
            return change

        def earlier(lines):
            home(lines, self.year)["earlier_months"][-1]["litres"] += 1

        def both_earlier(lines):
            home(lines, self.year)["earlier_months"][0]["litres"] += 100
            restated(self.year, lambda body: body["analysis"].update(
                period_litres=body["analysis"]["period_litres"] + 100))(lines)

        def older_price(lines):
            made(lines, "made-two")["earlier_parts"][0]["lines"][0]["prices"][0] = "1.2"

        def older_end(lines):
            tariff = made(lines, "made-two")
            tariff["valid_from"], tariff["earlier_parts"][0]["valid_to"] = f"{self.month}-12", f"{self.month}-11"

        def opening(lines):
            made(lines, "made-days")["first_period"] = "whole"

        def size_day(lines):
            sizes = home(lines, self.sizes)["sizes"]
            sizes[-1]["from"] = f"{date.fromisoformat(sizes[-1]['from']) + timedelta(days=1)}"
            restated(self.sizes, lambda body: body["analysis"].update(sizes=sizes))(lines)

        def tariff_since(lines):
            home(lines, self.two)["tariff_since"] = self.month

        for name, figure, change in (
            ("litres between tiers", "bill.lines", restated(self.two, move("litres", 1, 0, 1))),
            ("litres between versions", "bill.lines", restated(self.two, move("litres", 1, 0, 5))),
            ("fen between lines", "bill.lines", restated(self.sizes, move("fen", 1, 0, 3))),
            ("litres of the year", "bill.lines", restated(self.year, move("litres", 10, 1, 2))),
            ("an assumption", "bill.assumptions", restated(self.days, lambda body: body["billing"]["bill"].update(
                assumptions=[]))),
            ("a bound", "bill.bounds_litres", restated(self.year, lambda body: body["billing"]["bill"].update(
                bounds_litres=[bound + 1 for bound in body["billing"]["bill"]["bounds_litres"]]))),
            ("the month before", "bill.period_litres", earlier), ("and what is said of it", "bill.lines", both_earlier),
            ("an older price", "bill.lines", older_price), ("an older price's digest", "tariff.content", older_price),
            ("the day of a version", "bill.lines", older_end), ("how a year begins", "bill.bounds_litres", opening),
            ("the day of a size", "bill.bounds_litres", size_day), ("since when", "bill.period_litres", tariff_since),
        ):
            yield name, figure, changed(change)
