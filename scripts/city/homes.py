"""The homes of the demo city: real ones where the trial's files are at hand, else made ones from a seed."""

import csv
import gzip
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

ZONE = timezone(timedelta(hours=8))  # Asia/Shanghai has had no summer time since 1991.
SEED = 20_161
COMMUNITIES = ("140106003001", "140106003002", "140106003003")
LAST_FULL_DAY_OF_TRIAL = date(2017, 2, 27)


@dataclass
class Home:
    number: str
    community: str
    persons: int | None
    serial: str
    readings: list[tuple[datetime, int]] = field(default_factory=list)
    """Local times with their zone, and cumulative litres, as the meter sent them: not sorted, not cleaned."""
    tariff: str = ""
    """The id of a tariff beside the city's."""

    @property
    def point(self) -> str:
        return f"P{self.number}"


def demo_homes(data: Path | None, month_after: date) -> list[Home]:
    """46 homes whose readings end on the first day of `month_after`, in three communities."""
    found = real_homes(data, month_after) if data else made_homes(month_after)
    sizes = (18, 16, 12)
    areas = [area for area, size in zip(COMMUNITIES, sizes) for _ in range(size)]
    for index, home in enumerate(found):
        home.community = areas[index % len(areas)]
    return found


def real_homes(folder: Path, month_after: date) -> list[Home]:
    """The DAIAD trial's hourly registers, moved by whole days.

    The trial's wall clock (Alicante) is taken as the city's wall clock, so that a day stays a day. The trial ends at
    about 23:00 of 2017-02-28; a month's end needs a register after its midnight, so the last full day, 2017-02-27,
    becomes the last day of the month and 2017-02-28 the first of the next. Nothing else is changed: falling
    registers, double stamps and gaps are sent as they are. `2e+05` is how the file writes 200000.
    """
    shift = month_after - timedelta(days=1) - LAST_FULL_DAY_OF_TRIAL
    with open(folder / "daiad-persons.csv", newline="") as file:
        persons = {row["household"]: row["persons"] for row in csv.DictReader(file)}
    homes: dict[str, Home] = {}
    with gzip.open(folder / "daiad-hourly.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            key = row["user key"]
            home = homes.get(key)
            if home is None:
                known = persons.get(key, "").strip()
                home = homes[key] = new_home(len(homes), int(known) if known else None)
            stamp = row["datetime"]
            at = datetime(
                int(stamp[6:10]), int(stamp[3:5]), int(stamp[0:2]),
                int(stamp[11:13]), int(stamp[14:16]), int(stamp[17:19]), tzinfo=ZONE)
            home.readings.append((at + shift, whole_litres(row["meter reading"])))
    return list(homes.values())


def whole_litres(text: str) -> int:
    """An exact whole number, also where it is written with an exponent."""
    digits, _, exponent = text.partition("e+")
    return int(digits) * 10 ** int(exponent or 0)


def made_homes(month_after: date, count: int = 46, days: int = 120) -> list[Home]:
    """Homes of 1 to 5 persons with habits of their own; some leak, some are away, some have gaps. Same seed, same homes."""
    source = random.Random(SEED)
    first = datetime(month_after.year, month_after.month, 1, tzinfo=ZONE) - timedelta(days=days - 1)
    homes = []
    for index in range(count):
        size = 1 + int(source.random() * 5)
        home = new_home(index, None if index % 23 == 22 else size)
        thrift = 0.6 + 0.8 * source.random()
        minute, second = int(source.random() * 60), int(source.random() * 60)
        register = 20_000 + int(source.random() * 400_000)
        away = day_span(source, days) if index % 11 == 3 else range(0)
        leak = day_span(source, days) if index % 13 == 5 else range(0)
        gap = day_span(source, days, 6) if index % 9 == 7 else range(0)
        for hour in range(days * 24):
            day = hour // 24
            if day not in away:
                register += hourly_litres(source, hour % 24, size, thrift)
            if day in leak:
                register += 6 + int(source.random() * 3)
            if day in gap or source.random() < 0.004:
                continue
            home.readings.append((first + timedelta(hours=hour, minutes=minute, seconds=second), register))
        homes.append(home)
    return homes


def day_span(source: random.Random, days: int, longest: int = 18) -> range:
    """Some days in a row, most of them in the last month."""
    start = days - 30 + int(source.random() * 8)
    return range(start, start + longest // 2 + int(source.random() * longest / 2))


def hourly_litres(source: random.Random, hour: int, size: int, thrift: float) -> int:
    busy = {6: 0.5, 7: 0.8, 8: 0.5, 11: 0.4, 12: 0.6, 18: 0.7, 19: 0.8, 20: 0.7, 21: 0.6, 22: 0.4}.get(hour, 0.1)
    if source.random() > busy:
        return 0
    return int(thrift * size**0.55 * (4 + 28 * source.random()))


def new_home(index: int, persons: int | None) -> Home:
    return Home(
        number=f"1060301{index + 1:04d}", community=COMMUNITIES[0], persons=persons,
        serial=f"14010626{index + 1:06d}")


def radio_home(month_after: date) -> Home:
    """A made home whose meter is heard by wireless M-Bus twice a day, over the last 40 days."""
    source = random.Random(SEED + 1)
    home = Home("10603019001", COMMUNITIES[0], 2, "76348799")
    start = datetime(month_after.year, month_after.month, 1, 6, 30, tzinfo=ZONE) - timedelta(days=40)
    register = 6_408
    for half_day in range(81):
        register += int(60 + 90 * source.random())
        home.readings.append((start + timedelta(hours=12 * half_day), register))
    return home


def wired_home(month_after: date) -> Home:
    """A made home whose CJ/T 188 meter counts tens of litres and is read once a day, over the last 40 days."""
    source = random.Random(SEED + 2)
    home = Home("10603019002", COMMUNITIES[1], 3, "00140106889002")
    start = datetime(month_after.year, month_after.month, 1, 0, 10, tzinfo=ZONE) - timedelta(days=40)
    register = 51_230
    for day in range(41):
        register += 10 * int(18 + 22 * source.random())
        home.readings.append((start + timedelta(days=day), register))
    return home
