"""What the demo's gateways send, and what must come of it."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta

from checks import Checks
from gateway import Gateway, by_day, cjt188_frame, wmbusmeters_object
from homes import SEED, ZONE, Home

STRAY_METER = "14010699999999"


class Replay:
    """Sends a year of days in order, as gateways do: some days twice, some late, some with faults among them."""

    def __init__(self, gateways: dict[str, Gateway], homes: list[Home], checks: Checks):
        self.gateways, self.homes, self.checks = gateways, homes, checks
        self.wanted: Counter[str] = Counter()
        self.late: tuple[Home, list[tuple[Home, datetime, int]]] | None = None
        self.requests = 0

    def send_all(self, late_home: Home, late_day: str, progress) -> None:
        source = random.Random(SEED + 3)
        areas = {area: by_day([home for home in self.homes if home.community == area]) for area in self.gateways}
        days = sorted({day for found in areas.values() for day in found})
        waiting: list[tuple[str, list]] = []
        for index, day in enumerate(days):
            for area, found in areas.items():
                readings = found.get(day, [])
                if day == late_day and area == late_home.community:
                    kept = [one for one in readings if one[0] is late_home]
                    self.late = (late_home, kept)
                    readings = [one for one in readings if one[0] is not late_home]
                if not readings:
                    continue
                if source.random() < 0.03:
                    waiting.append((area, readings))
                    continue
                self._send(area, readings)
                if source.random() < 0.05:
                    self._send(area, readings)
            if waiting and index % 3 == 2:
                self._send(*waiting.pop(0))
            progress(index + 1, len(days))
        for area, readings in waiting:
            self._send(area, readings)

    def send_late(self) -> int:
        assert self.late is not None
        home, readings = self.late
        self._send(home.community, readings)
        return len(readings)

    def send_faults(self, other_meter: Home) -> None:
        """One body with an unregistered meter, a value that is no number, a time ahead, a meter of another
        community and two good items; then a body that cannot be read at all."""
        gateway = self.gateways[self.homes[0].community]
        at = datetime.now(ZONE).replace(microsecond=0) - timedelta(hours=1)
        good = self.homes[0]
        last_at, last = max(good.readings)
        items = [
            {"meter": STRAY_METER, "at": at.isoformat(), "volume_m3": "12.000"},
            {"meter": good.serial, "at": at.isoformat(), "volume_m3": "12,5"},
            {"meter": good.serial, "at": (at + timedelta(days=2)).isoformat(), "volume_m3": "999.000"},
            {"meter": other_meter.serial, "at": at.isoformat(), "volume_m3": "1.000"},
            {"meter": good.serial, "at": last_at.isoformat(), "volume_m3": f"{last // 1000}.{last % 1000:03d}"},
            {
                "meter": good.serial, "start": (last_at + timedelta(hours=1)).isoformat(), "interval_s": 3600,
                "registers_l": [last, None, last + 4],
            },
        ]
        answer = gateway.post("/v1/readings", "application/json", json.dumps({"readings": items}).encode())
        self.requests += 1
        self.wanted.update(accepted=2, held=2, rejected=2)
        entries = {entry["index"]: entry for entry in answer["items"]}
        self.checks.equal("a batch with faults: accepted, held, rejected", [answer[k] for k in ("accepted", "held", "rejected")], [2, 2, 2])
        self.checks.that("the unregistered meter is held", entries.get(0, {}).get("status") == "held", entries.get(0))
        self.checks.that("a value that is no number is rejected by its field", entries.get(1, {}).get("field") == "volume_m3", entries.get(1))
        self.checks.that("a time ahead is held by its field", entries.get(2, {}).get("field") == "at", entries.get(2))
        self.checks.that("a meter of another community is rejected", entries.get(3, {}).get("status") == "rejected", entries.get(3))

    def send_frames(self, home: Home) -> None:
        """CJ/T 188 as hex, a frame a line; the last one from a meter whose clock has stopped at zero."""
        gateway = self.gateways[home.community]
        *clocked, (last_at, last) = home.readings
        body = "\n".join(cjt188_frame(home.serial, litres, at) for at, litres in clocked).encode()
        gateway.post("/v1/readings/cjt188", "text/plain", body)
        gateway.post(
            "/v1/readings/cjt188", "text/plain", cjt188_frame(home.serial, last, None).encode(),
            {"x-received-at": last_at.isoformat()})
        self.requests += 2
        self.wanted.update(accepted=len(home.readings))

    def send_telegrams(self, home: Home) -> None:
        """wmbusmeters posts one object a telegram; here as an array, one of them with a leak flag."""
        objects = [wmbusmeters_object(home.serial, at, litres) for at, litres in home.readings]
        objects[-1]["status"] = "LEAK"
        self.gateways[home.community].post("/v1/readings/wmbusmeters", "application/json", json.dumps(objects).encode())
        self.requests += 1
        self.wanted.update(accepted=len(objects))

    def _send(self, area: str, readings: list[tuple[Home, datetime, int]]) -> None:
        self.gateways[area].send_day(readings)
        self.requests += 1
        self.wanted.update(accepted=len(readings))

    def counted(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for gateway in self.gateways.values():
            total.update({name: gateway.counts[name] for name in ("accepted", "held", "rejected")})
        return total
