"""A gateway: collects its meters' readings by day and posts them, in one format, until they are answered."""

import http.client
import json
import time
from collections import Counter, defaultdict
from datetime import datetime, timezone

from homes import Home


class Refused(Exception):
    def __init__(self, status: int, body: bytes):
        super().__init__(f"{status} {body[:300].decode(errors='replace')}")
        self.status = status


class Gateway:
    def __init__(self, name: str, key: str, port: int, format: str):
        self.name, self.key, self.port, self.format = name, key, port, format
        self.counts: Counter[str] = Counter()
        self.entries: list[dict] = []
        self._connection: http.client.HTTPConnection | None = None

    def send_day(self, readings: list[tuple[Home, datetime, int]]) -> dict:
        writer = {"json": as_json, "ndjson": as_ndjson, "csv": as_csv}[self.format]
        kind, body = writer([(home.serial, at, litres) for home, at, litres in readings])
        return self.post("/v1/readings", kind, body)

    def post(self, path: str, kind: str, body: bytes, headers: dict[str, str] | None = None) -> dict:
        """Posts until it is answered with 200; a lost connection, 429 and 5xx are tried again, other answers raise."""
        for attempt in range(6):
            try:
                status, answer = self._once(path, kind, body, headers or {})
            except (OSError, http.client.HTTPException):
                self._connection = None
                status, answer = 0, b"no connection"
            if status == 200:
                return self._noted(json.loads(answer))
            if status not in (0, 429) and status < 500:
                break
            self.counts["tried again"] += 1
            time.sleep(0.2 * 2**attempt)
        raise Refused(status, answer)

    def _once(self, path: str, kind: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._connection.request(
            "POST", path, body, {"authorization": f"Bearer {self.key}", "content-type": kind, **headers})
        response = self._connection.getresponse()
        return response.status, response.read()

    def _noted(self, answer: dict) -> dict:
        self.counts["requests"] += 1
        for name in ("accepted", "held", "rejected"):
            self.counts[name] += answer[name]
        self.entries += answer.get("items", [])
        return answer


def by_day(homes: list[Home]) -> dict[str, list[tuple[Home, datetime, int]]]:
    """The readings of the homes by local date, in the order in which they were taken down."""
    days: dict[str, list[tuple[Home, datetime, int]]] = defaultdict(list)
    for home in homes:
        for at, litres in home.readings:
            days[at.date().isoformat()].append((home, at, litres))
    return dict(sorted(days.items()))


def cubic_metres(litres: int) -> str:
    return f"{litres // 1000}.{litres % 1000:03d}"


def as_json(readings: list[tuple[str, datetime, int]]) -> tuple[str, bytes]:
    items = [{"meter": serial, "at": at.isoformat(), "volume_m3": cubic_metres(l)} for serial, at, l in readings]
    return "application/json", json.dumps({"readings": items}).encode()


def as_ndjson(readings: list[tuple[str, datetime, int]]) -> tuple[str, bytes]:
    lines = [json.dumps({"meter": serial, "at": at.isoformat(), "volume_m3": cubic_metres(l)}) for serial, at, l in readings]
    return "application/x-ndjson", "\n".join(lines).encode()


def as_csv(readings: list[tuple[str, datetime, int]]) -> tuple[str, bytes]:
    rows = [f"{serial},{at.isoformat()},{l}" for serial, at, l in readings]
    return "text/csv", "\n".join(["meter,at,volume_l", *rows]).encode()


def cjt188_frame(address: str, litres: int, at: datetime | None) -> str:
    """A reply to 901F as hex; an all-zero clock where `at` is None."""
    def low_first(digits: str) -> bytes:
        return bytes.fromhex(digits)[::-1]

    volume = low_first(f"{litres // 10:08d}") + b"\x2c"
    clock = low_first(at.strftime("%Y%m%d%H%M%S")) if at else bytes(7)
    data = b"\x90\x1f\x00" + volume + volume + clock + b"\x00\x00"
    frame = b"\x68\x10" + low_first(address) + b"\x81" + bytes([len(data)]) + data
    return (b"\xfe\xfe\xfe" + frame + bytes([sum(frame) % 256]) + b"\x16").hex().upper()


def wmbusmeters_object(address: str, at: datetime, litres: int, status: str = "OK") -> dict:
    utc = at.astimezone(timezone.utc)
    return {
        "_": "telegram", "media": "cold water", "meter": "multical21", "name": "demo", "id": address,
        "total_m3": litres / 1000, "status": status, "timestamp": utc.strftime("%Y-%m-%dT%H:%M:%SZ")}
