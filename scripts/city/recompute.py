"""What a closed month's figures are, recomputed from an export: readings, comparison. Follows VerifyMonth.md."""
import bisect
import hashlib


def floor_div(a, b):
    return a // b


def half_up(numerator, denominator):
    """The nearest integer, halves away from zero."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    quotient, rest = divmod(abs(numerator), abs(denominator))
    return sign * (quotient + (1 if 2 * rest >= abs(denominator) else 0))


# Readings

def believed_series(meter, rules):
    """The registers of a series that needs no judging, with noted ones; None where it does."""
    if meter["edits"]:
        return None
    start = max(meter["from"], 946684800)
    end = min(meter["to"] if meter["to"] is not None else 4102444799, 4102444799)
    series = []
    if meter["start_register_ml"] is not None:
        series.append((start, meter["start_register_ml"], True))
    for at, register in meter["readings"]:
        if at < start or at > end:
            continue
        if series and at == series[-1][0] and register == series[-1][1]:
            if series[-1][2]:
                series[-1] = (at, register, False)
            continue
        series.append((at, register, False))
    if meter["final_register_ml"] is not None and meter["to"] is not None:
        if not series or series[-1][:2] != (end, meter["final_register_ml"]):
            series.append((end, meter["final_register_ml"], True))
    flow = min(max(meter["nominal_flow_lph"] or rules["default_nominal_flow_lph"], 1), 1_000_000)
    most = min(flow * min(max(rules["overload_hundredths"], 100), 1000) * 10, rules["pipe_capacity_lph"] * 1000)
    for before, after in zip(series, series[1:]):
        seconds, rise = after[0] - before[0], after[1] - before[1]
        if seconds <= 0 or rise < 0 or before[1] < 0:
            return None
        length = min(seconds, 320_000_000) + rules["stamp_slack_seconds"]
        if (rise - meter["resolution_ml"]) * 3600 > most * length:
            return None
        beyond = min(seconds, 320_000_000) - 3600
        if beyond > 0 and rise > most + flow * 1000 // 30 * beyond // 3600:
            return None
    if any(register < 0 or register > 10 ** 15 for _, register, _ in series):
        return None
    return series


def boundary(series, instants, at):
    """The register at an instant by elapsed seconds, floored to the litre, and the pair's length; None outside."""
    place = bisect.bisect_right(instants, at)
    if place == 0:
        return None
    before = series[place - 1]
    if before[0] == at:
        return floor_div(before[1], 1000), 0
    if place == len(series):
        return None
    after = series[place]
    volume = (after[1] - before[1]) * (at - before[0]) // (after[0] - before[0])
    return floor_div(before[1] + volume, 1000), after[0] - before[0]


def measured_split(series, instants, end, rules):
    """The longest pair over which a split is measured: 3 h, or 1.5 lower median gaps of the 30 days up to the end."""
    last = bisect.bisect_right(instants, end) - 1
    gaps, index = [], last
    while index > 0 and instants[index - 1] >= end - 30 * 86400:
        gaps.append(instants[index] - instants[index - 1])
        index -= 1
    if last < 0 or not gaps:
        return rules["split_floor_seconds"]
    usual = sorted(gaps)[(len(gaps) - 1) // 2]
    return max(rules["split_floor_seconds"],
               usual * rules["usual_interval_numerator"] // rules["usual_interval_denominator"])


def midnights(month):
    """Local midnights of the month and the next one's first, by the zone's own rules."""
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo
    zone = ZoneInfo(month["zone"])
    year, number = map(int, month["month"].split("-"))
    day = datetime(year, number, 1)
    found = []
    while True:
        found.append(int(day.replace(tzinfo=zone).timestamp()))
        if day.month != number:
            return found
        day += timedelta(days=1)


def digest_like(stated, serial, pairs):
    """The digest of a meter's registers without decisions of staff, in the form that the one stated has."""
    if not stated.startswith("v2:"):
        return hashlib.sha256("".join(f"{serial},{at},{register}\n" for at, register in pairs).encode()).hexdigest()
    spelled, before = bytearray(), (0, 0)

    def unsigned(value):
        while value >= 128:
            spelled.append(value & 127 | 128)
            value >>= 7
        spelled.append(value)

    name = serial.encode()
    unsigned(len(name))
    spelled.extend(name)
    unsigned(len(pairs))
    for pair in pairs:
        for value, earlier in zip(pair, before):
            step = value - earlier
            unsigned(2 * step if step >= 0 else -2 * step - 1)
        before = pair
    unsigned(0)
    return "v2:" + hashlib.sha256(spelled).hexdigest()


def digest_agrees(home, span, stated):
    """Whether a digest is of the home's readings, where they need judging: the lines reach from a believed register
    before the month to one after it, and any near ones may be those. None where a rule beyond that is needed."""
    if len(home["meters"]) != 1 or home["meters"][0]["edits"]:
        return None
    meter = home["meters"][0]
    if home["moved_in"] > span["start"] or (home["moved_out"] or span["end"]) < span["end"]:
        return None
    pairs = {tuple(pair) for pair in meter["readings"]}
    for at, register in ((meter["from"], meter["start_register_ml"]), (meter["to"], meter["final_register_ml"])):
        if at is not None and register is not None:
            pairs.add((at, register))
    pairs = sorted(pair for pair in pairs if meter["from"] <= pair[0] <= (meter["to"] or pair[0]))
    start, end = max(span["start"], meter["from"]), min(span["end"], meter["to"] or span["end"])
    lows = [at for at, _ in pairs if at <= start][-40:] + [start]
    highs = [at for at, _ in pairs if at >= end][:40] + [end]
    for low in reversed(lows):
        for high in highs:
            if digest_like(stated, meter["serial"], [pair for pair in pairs if low <= pair[0] <= high]) == stated:
                return True
    return False


def measure(home, file, stated):
    """Days, totals, seconds and the digest, in the form of the one stated, of a home with one meter all month; None
    where a rule beyond that is needed."""
    rules, span = file.rules, file.month
    if home["share_millionths"] is not None or home.get("usage_points", 1) != 1 or len(home["meters"]) != 1:
        return None
    meter = home["meters"][0]
    start, end = span["start"], span["end"]
    if meter["from"] > start or (meter["to"] is not None and meter["to"] < end):
        return None
    if home["moved_in"] > start or (home["moved_out"] is not None and home["moved_out"] < end):
        return None
    series = believed_series(meter, rules)
    if series is None:
        return None
    instants = [one[0] for one in series]
    longest = measured_split(series, instants, end, rules)
    nights = midnights(span)
    days, states, measured, estimated, zero_days = [], "", 0, 0, 0
    for opening_at, closing_at in zip(nights, nights[1:]):
        opening, closing = boundary(series, instants, opening_at), boundary(series, instants, closing_at)
        if opening is None or closing is None:
            days.append(None)
            states += "x"
            continue
        litres = closing[0] - opening[0]
        days.append(litres)
        if max(opening[1], closing[1]) > longest:
            states += "e"
            estimated += litres
            low = bisect.bisect_right(instants, opening_at) - 1
            zero_days += series[low][1] == series[bisect.bisect_left(instants, closing_at)][1] and litres == 0
        else:
            states += "m"
            measured += litres
            zero_days += litres == 0
    missing = unqualified = 0
    if not series:
        missing = unqualified = end - start
    else:
        missing += max(0, min(instants[0], end) - start) + max(0, end - max(instants[-1], start))
        unqualified = missing
        for before, after in zip(instants, instants[1:]):
            if after - before > rules["qualifying_pair_seconds"]:
                unqualified += max(0, min(after, end) - max(before, start))
    low_index = max(bisect.bisect_right(instants, start) - 1, 0)
    low = min(instants[low_index], start) if series else start
    high_index = bisect.bisect_left(instants, end)
    high = max(instants[high_index], end) if high_index < len(series) else end
    pairs = [(at, register) for at, register, _ in series if low <= at <= high]
    return {
        "daily_litres": days, "daily_states": states, "measured_litres": measured, "estimated_litres": estimated,
        "litres": measured + estimated, "missing_hours": -(-missing // 3600), "missing_seconds": missing,
        "qualifying_seconds": end - start - unqualified,
        "is_bracketed": boundary(series, instants, start) is not None and boundary(series, instants, end) is not None,
        "zero_days": zero_days,
        "readings": sum(1 for at, _, noted in series if start <= at < end and not noted),
        "digest": digest_like(stated, meter["serial"], pairs),
        "leaks": flows(series, instants, meter, home, span, rules) if "continuous_flow_hours" in rules else None,
    }


def flows(series, instants, meter, home, span, rules):
    """Stretches of whole clock hours, 24 or more, in each of which the rule's litres flowed; as a statement has them."""
    start, end = span["start"], span["end"]
    hours, rate = rules["continuous_flow_hours"], rules["continuous_flow_litres_per_hour"]
    first = max(start - 7 * 86400, home["moved_in"])
    place = max(bisect.bisect_right(instants, first), 1)
    segments, since = [], None
    while place < len(series) and instants[place - 1] < end:
        seconds, volume = instants[place] - instants[place - 1], series[place][1] - series[place - 1][1]
        if seconds <= rules["split_floor_seconds"] and (volume + meter["resolution_ml"]) * 3600 >= rate * 1000 * seconds:
            since = max(instants[place - 1], first) if since is None else since
        elif since is not None:
            segments.append((since, instants[place - 1]))
            since = None
        place += 1
    if since is not None:
        segments.append((since, min(instants[place - 1], end)))
    found = []
    for low, high in segments:
        run, hour = [], -(-low // 3600) * 3600
        while True:
            ends = hour + 3600
            pair = (boundary(series, instants, hour), boundary(series, instants, ends)) if ends <= high else (None, None)
            litres = pair[1][0] - pair[0][0] if None not in pair else -1
            if litres >= rate:
                run.append(litres)
            else:
                if len(run) >= hours and hour > start:
                    found.append({"from_epoch_seconds": hour - 3600 * len(run), "hours": len(run),
                                  "litres_per_hour": min(run[-24:]), "to_epoch_seconds": hour})
                run = []
            if ends > high:
                break
            hour = ends
    return found


def lived_in(home, span):
    """Whether a household lived there at any time of the month."""
    return home["moved_in"] < span["end"] and (home["moved_out"] is None or home["moved_out"] > span["start"])


# Comparison

class Distribution:
    def __init__(self, stored):
        self.figures, self.homes, figure = [], [], 0
        for step, count in zip(stored["litres"], stored["homes"]):
            figure += step
            self.figures.append(figure)
            self.homes.append(count)
        self.total = sum(self.homes)

    def counts(self, figure):
        lower = sum(count for value, count in zip(self.figures, self.homes) if value < figure)
        equal = sum(count for value, count in zip(self.figures, self.homes) if value == figure)
        return lower, equal

    def at_rank(self, rank):
        for value, count in zip(self.figures, self.homes):
            rank -= count
            if rank <= 0:
                return value
        return None

    def median(self):
        return half_up(self.at_rank((self.total + 1) // 2) + self.at_rank(self.total // 2 + 1), 2)

    def nearest_rank(self, percent):
        return self.at_rank(max(1, -(-percent * self.total // 100)))


def cohort_of(file):
    for cohort in file.cohorts:
        distribution = Distribution(cohort["distribution"])
        if distribution.total >= file.rules["minimum_private_homes"]:
            return cohort, distribution
    return None


def standing(statement, rules):
    """Equivalised litres of a rankable home, else the reason it is not."""
    use, quality, persons = statement["use"], statement["quality"], statement["persons"]
    if quality["missing_seconds"] == 0 and all(day is None for day in use["daily_litres"]):
        return "not_lived_in"
    if statement["is_shared"]:
        return "shared"
    if persons is None:
        return "unknown_persons"
    if not 1 <= persons <= len(rules["scale_millionths"]):
        return "persons_outside_scale"
    if quality["is_partial"]:
        return "partial"
    if not quality["is_bracketed"]:
        return "not_joined" if quality.get("unjoined_on") else "not_bracketed"
    if quality["qualifying_seconds"] * 100 < quality["month_seconds"] * rules["qualifying_percent"]:
        return "too_little_measured"
    if quality["missing_seconds"] > 0:
        return "gap"
    if use["litres"] < 0:
        return "out_of_range"
    if use["litres"] < rules["vacancy_litres_per_day"] * len(use["daily_litres"]):
        return "vacant"
    if quality["zero_days"] > rules["absence_zero_days"]:
        return "absent"
    return half_up(use["litres"] * 1_000_000, rules["scale_millionths"][persons - 1])
