"""Kills the server in the middle of ingest and asks afterwards for every reading that was answered."""

import argparse
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from homes import COMMUNITIES, SEED, ZONE, Home
from town import CITY, Failed, Town, free_port

SENDERS = 4
METERS_EACH = 2
READINGS_EACH = 120
START = datetime(2026, 1, 1, tzinfo=ZONE)
STEP = timedelta(seconds=20)


class Sender(threading.Thread):
    """Posts ever later readings of its own meters and writes down which it was answered."""

    def __init__(self, port: int, key: str, meters: list[Home], positions: dict[str, int]):
        super().__init__(daemon=True)
        self.port, self.key, self.meters, self.positions = port, key, meters, positions
        self.sent: dict[str, set[tuple[str, int]]] = {home.serial: set() for home in meters}
        self.answered: dict[str, set[tuple[str, int]]] = {home.serial: set() for home in meters}
        self.broken_off = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        while True:
            batch = [(home.serial, *self._next(home.serial)) for home in self.meters for _ in range(READINGS_EACH)]
            items = [{"meter": serial, "at": at, "volume_m3": f"{l // 1000}.{l % 1000:03d}"} for serial, at, l in batch]
            for serial, at, litres in batch:
                self.sent[serial].add((at, litres))
            try:
                connection.request("POST", "/v1/readings", json.dumps({"readings": items}), headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.broken_off += 1
                return
            if response.status != 200 or answer["accepted"] != len(batch):
                self.wrong.append(f"{response.status} {str(answer)[:300]}")
                return
            for serial, at, litres in batch:
                self.answered[serial].add((at, litres))

    def _next(self, serial: str) -> tuple[str, int]:
        position = self.positions[serial] = self.positions[serial] + 1
        return (START + STEP * position).isoformat(), position


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/crash-test", description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=20)
    parser.add_argument("--database", metavar="ADDRESS", help="an empty database, as postgres://…, instead of a file")
    options = parser.parse_args()
    rounds = options.rounds
    source = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="jieshui-crash-") as folder:
        town = Town(Path(folder), free_port(), options.database)
        if options.database:
            town.require_empty()
        homes = [
            Home(f"1060302{n:04d}", COMMUNITIES[n % 3], 2, f"14010630{n:06d}", [(START, 0)])
            for n in range(SENDERS * METERS_EACH)
        ]
        town.make(homes, {})
        key = town.secret("jsg_", "gateway", "add", "crash-test", "--area", CITY)
        positions = {home.serial: 0 for home in homes}
        kept: dict[str, set[tuple[str, int]]] = {home.serial: set() for home in homes}
        sent: dict[str, set[tuple[str, int]]] = {home.serial: set() for home in homes}
        try:
            for number in range(1, rounds + 1):
                if not one_round(number, town, homes, key, positions, kept, sent, source):
                    return 1
        finally:
            town.kill()
    answered = sum(len(found) for found in kept.values())
    unanswered = sum(len(found) for found in sent.values()) - answered
    print(
        f"crash-test: {rounds} rounds, {answered} readings answered and all there, none that was not sent, "
        f"{unanswered} sent but not answered.")
    return 0


def one_round(number, town, homes, key, positions, kept, sent, source) -> bool:
    town.serve("--log-level", "error")
    senders = [
        Sender(town.port, key, homes[n * METERS_EACH : (n + 1) * METERS_EACH], positions) for n in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    time.sleep(0.4 + 1.6 * source.random())
    town.kill()
    for sender in senders:
        sender.join(30)
    answered = 0
    for sender in senders:
        for serial, readings in sender.answered.items():
            kept[serial] |= readings
            sent[serial] |= sender.sent[serial]
            answered += len(readings)
    town.serve("--log-level", "error")
    lost, invented = compare(town, kept, sent)
    town.stop()
    wrong = [text for sender in senders for text in sender.wrong]
    broken_off = sum(sender.broken_off for sender in senders)
    good = lost == 0 and invented == 0 and not wrong and answered > 0 and broken_off > 0
    print(
        f"round {number}: {answered} answered, {broken_off} requests broken off, {lost} lost, {invented} never sent"
        f"{'' if good else '  FAILED'}{' ' + wrong[0] if wrong else ''}")
    return good


def compare(town: Town, kept, sent) -> tuple[int, int]:
    """How many answered readings are not there, and how many are there that were never sent.

    The list is of a set: that none counts twice is proved where sets are folded, not here.
    """
    lost = invented = 0
    for serial, readings in kept.items():
        found = set()
        for line in town.run("export", "readings", "--meter", serial).splitlines():
            at, _, register = line.partition(",")
            found.add((datetime.fromisoformat(at), int(register)))
        lost += len({(datetime.fromisoformat(at), l * 1000) for at, l in readings} - found)
        invented += len(found - {(datetime.fromisoformat(at), l * 1000) for at, l in sent[serial]})
    return lost, invented


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"crash-test: {failure}")
