"""Offers the server more than it may take at once: it must refuse politely, stay small and lose nothing it answered.

Counted: of 40 bodies of nearly 8 MiB, each sent but for its last byte before any is ended, 128 MiB have room. The
others are answered 503 with Retry-After while they wait. Then, with --seconds, many connections send without a pause.
"""

import argparse
import json
import socket
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from homes import COMMUNITIES, ZONE, Home
from town import CITY, Failed, Town, free_port

CONNECTIONS = 40
BODY = 8_000_000
AT_ONCE = 128 * 1024 * 1024
READINGS = 400
START = datetime(2026, 1, 1, tzinfo=ZONE)
STEP = timedelta(seconds=20)
MOST_MEMORY = 900
"""MiB at the peak: the bodies' room, the same again while they are decoded and copied, and what a debug build needs."""


def body_of(home: Home, first: int, size: int = 0) -> tuple[bytes, set[int]]:
    """A body of READINGS readings from a position on, filled up with blanks to a size; and their positions."""
    positions = range(first, first + READINGS)
    items = [
        {"meter": home.serial, "at": (START + STEP * p).isoformat(), "volume_m3": f"{p // 1000}.{p % 1000:03d}"}
        for p in positions
    ]
    text = json.dumps({"readings": items}).encode()
    return text + b" " * (size - len(text)), set(positions)


class Answer:
    def __init__(self, raw: bytes):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0
        self.headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}

    def is_polite_refusal(self) -> bool:
        """429 or 503, as a problem document, with a time to wait."""
        return (
            self.status in (429, 503)
            and self.headers.get("content-type", "").startswith("application/problem+json")
            and self.headers.get("retry-after", "").isdigit()
        )


class Client:
    """One request on a connection of its own, sent in two parts."""

    def __init__(self, port: int, key: str, body: bytes):
        self.body = body
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        head = (
            f"POST /v1/readings HTTP/1.1\r\nHost: flood\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.socket.sendall(head.encode())

    def send_most(self) -> None:
        self.socket.sendall(self.body[:-1])

    def end(self) -> Answer:
        self.socket.sendall(self.body[-1:])
        raw = b""
        while part := self.socket.recv(65_536):
            raw += part
        self.socket.close()
        return Answer(raw)


def counted(town: Town, key: str, homes: list[Home], kept: dict[str, set[int]]) -> str | None:
    """All bodies but their last bytes, then the ends. What is wrong, or nothing."""
    made = [body_of(home, 1, BODY) for home in homes]
    clients = [Client(town.port, key, body) for body, _ in made]
    threads = [threading.Thread(target=client.send_most, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    answers = [client.end() for client in clients]
    taken = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.is_polite_refusal()]
    for home, (_, positions), answer in zip(homes, made, answers):
        if answer.status == 200:
            kept[home.serial] |= positions
    print(f"{len(answers)} bodies of {BODY} bytes at once: {len(taken)} answered 200, {len(refused)} refused politely.")
    if len(taken) + len(refused) != len(answers):
        return f"answers of another kind: {sorted({answer.status for answer in answers})}"
    if len(refused) < CONNECTIONS - AT_ONCE // BODY - 1:
        return "more bodies were let in than have room"
    if not taken:
        return "no body was let in"
    return None


def pressed(town: Town, key: str, homes: list[Home], kept: dict[str, set[int]], seconds: int) -> str | None:
    """Every connection sends large bodies without a pause and never waits as it is told. What is wrong, or nothing."""
    ends = time.monotonic() + seconds
    counts: dict[int, int] = {}
    impolite: list[int] = []
    lock = threading.Lock()

    def press(home: Home) -> None:
        first = READINGS + 1
        while time.monotonic() < ends:
            body, positions = body_of(home, first, BODY)
            try:
                client = Client(town.port, key, body)
                client.send_most()
                answer = client.end()
            except OSError:
                with lock:
                    counts[-1] = counts.get(-1, 0) + 1
                continue
            with lock:
                counts[answer.status] = counts.get(answer.status, 0) + 1
                if answer.status == 200:
                    kept[home.serial] |= positions
                elif not answer.is_polite_refusal():
                    impolite.append(answer.status)
            first += READINGS if answer.status == 200 else 0

    threads = [threading.Thread(target=press, args=(home,), daemon=True) for home in homes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 120)
    said = ", ".join(f"{count} × {status if status > 0 else 'broken off'}" for status, count in sorted(counts.items()))
    print(f"{len(homes)} connections for {seconds} s: {said}.")
    return f"refused in another way: {sorted(set(impolite))}" if impolite else None


def missing(town: Town, kept: dict[str, set[int]]) -> int:
    """Readings that were answered 200 and are not there."""
    lost = 0
    for serial, positions in kept.items():
        if positions:
            found = {line.partition(",")[2] for line in town.run("export", "readings", "--meter", serial).splitlines()}
            lost += sum(str(position * 1000) not in found for position in positions)
    return lost


def peak_memory(process: int) -> int:
    """MiB that the server held at most."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise Failed("the system tells no peak memory")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/flood-test", description=__doc__)
    parser.add_argument("--seconds", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jieshui-flood-") as folder:
        town = Town(Path(folder), free_port())
        homes = [
            Home(f"1060303{n:04d}", COMMUNITIES[n % 3], 2, f"14010640{n:06d}", [(START, 0)])
            for n in range(CONNECTIONS)
        ]
        town.make(homes, {})
        key = town.secret("jsg_", "gateway", "add", "flood-test", "--area", CITY)
        kept: dict[str, set[int]] = {home.serial: set() for home in homes}
        try:
            town.serve("--log-level", "error")
            wrong = counted(town, key, homes, kept)
            if not wrong and options.seconds:
                wrong = pressed(town, key, homes, kept, options.seconds)
            peak = peak_memory(town.process)
            # What is in the journal is folded by a server that starts again.
            town.stop()
            town.serve("--log-level", "error")
            lost = missing(town, kept)
        finally:
            town.kill()
    answered = sum(len(positions) for positions in kept.values())
    print(f"flood-test: {answered} readings answered, {lost} lost, {peak} MiB at most{f'; {wrong}' if wrong else ''}.")
    return 1 if wrong or lost or peak > MOST_MEMORY else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"flood-test: {failure}")
