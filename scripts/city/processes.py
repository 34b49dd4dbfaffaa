"""Several processes on one PostgreSQL database: nothing answered is lost, nothing is done twice, and failures are told."""

import argparse
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from crash import compare
from homes import COMMUNITIES, SEED, ZONE, Home
from town import CITY, ROOT, Failed, Town, free_port

SENDERS = 4
METERS_EACH = 3
READINGS_EACH = 60
STEP = timedelta(minutes=10)
# The last whole month but one: long over, so that it may be closed.
MONTH = (datetime.now(ZONE).replace(day=1) - timedelta(days=40)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


class Cluster:
    """A PostgreSQL server of our own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.address = self._do("start").strip()

    def _do(self, command: str) -> str:
        done = subprocess.run(
            [str(ROOT / "scripts/postgres"), command, str(self.folder)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"scripts/postgres {command}: {done.stderr}")
        return done.stdout

    def restart(self) -> None:
        self._do("restart")

    def crash(self) -> None:
        self._do("kill")
        self._do("start")

    def remove(self) -> None:
        self._do("remove")

    def ask(self, sql: str, database: str | None = None) -> str:
        address = self.address if database is None else self.address.replace("/jieshui?", f"/{database}?")
        done = subprocess.run(
            ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", address, "-c", sql], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{sql}: {done.stderr}")
        return done.stdout.strip()


class Sender(threading.Thread):
    """Posts ever later readings of its own meters, to one server and then the other, each until it is answered."""

    def __init__(self, ports: list[int], key: str, meters: list[Home]):
        super().__init__(daemon=True)
        self.ports, self.key, self.meters = ports, key, meters
        self.sent: dict[str, set[tuple[str, int]]] = {home.serial: set() for home in meters}
        self.position = 0
        self.refused = 0
        self.wrong: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.is_set() and not self.wrong:
            batch = []
            for _ in range(READINGS_EACH):
                self.position += 1
                at = (MONTH - timedelta(days=1) + STEP * self.position).isoformat()
                batch += [(home.serial, at, 1_000 + 2 * self.position) for home in self.meters]
            if MONTH - timedelta(days=1) + STEP * self.position > datetime.now(ZONE):
                return
            self._post(batch)
            for serial, at, litres in batch:
                self.sent[serial].add((at, litres))

    def _post(self, batch: list[tuple[str, str, int]]) -> None:
        items = [{"meter": serial, "at": at, "volume_m3": f"{l // 1000}.{l % 1000:03d}"} for serial, at, l in batch]
        body = json.dumps({"readings": items})
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        for attempt in range(600):
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[attempt % len(self.ports)], timeout=30)
            try:
                connection.request("POST", "/v1/readings", body, headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
                if response.status == 200:
                    if answer["accepted"] != len(batch):
                        self.wrong.append(str(answer)[:300])
                    return
                if response.status not in (500, 503):
                    self.wrong.append(f"{response.status} {answer}")
                    return
            except (OSError, http.client.HTTPException, ValueError):
                pass
            finally:
                connection.close()
            self.refused += 1
            time.sleep(0.1)
        self.wrong.append("600 tries without an answer")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/processes-test", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=12, help="of load")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jieshui-processes-") as folder:
        cluster = Cluster(Path(folder) / "postgres")
        towns = [Town(Path(folder), free_port(), cluster.address) for _ in range(2)]
        try:
            homes = [
                Home(f"1060303{n:04d}", COMMUNITIES[n % 3], 1 + n % 4, f"14010640{n:06d}", [(MONTH - timedelta(days=2), 0)])
                for n in range(SENDERS * METERS_EACH)
            ]
            towns[0].make(homes, {})
            load(towns, cluster, homes, options.seconds)
            close_by_two(towns, cluster, len(homes))
            bad_days(towns[0], cluster)
        finally:
            for town in towns:
                town.kill()
            cluster.remove()
    return 0


def load(towns: list[Town], cluster: Cluster, homes: list[Home], seconds: float) -> None:
    key = towns[0].secret("jsg_", "gateway", "add", "processes-test", "--area", CITY)
    for town in towns:
        town.serve("--log-level", "critical")
    senders = [
        Sender([town.port for town in towns], key, homes[n * METERS_EACH : (n + 1) * METERS_EACH]) for n in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    source = random.Random(SEED)
    ends = time.monotonic() + seconds
    done: dict[str, int] = {}
    while time.monotonic() < ends or len(done) < 4:
        time.sleep(0.3 + source.random())
        what = ("server killed", "connections ended", "database restarted", "database killed")[sum(done.values()) % 4]
        trouble(what, towns[source.randrange(2)], cluster)
        done[what] = done.get(what, 0) + 1
    for sender in senders:
        sender.enough.set()
    for sender in senders:
        sender.join(90)
    wrong = [text for sender in senders for text in sender.wrong]
    expect(not wrong and not any(sender.is_alive() for sender in senders), f"every batch was answered in the end {wrong[:1]}")
    sent = {serial: readings for sender in senders for serial, readings in sender.sent.items()}
    lost, invented = settled(towns[0], sent)
    count = sum(len(readings) for readings in sent.values())
    told = ", ".join(f"{times} × {what}" for what, times in sorted(done.items()))
    expect(lost == 0 and invented == 0 and count > 0, f"{count} readings answered by two servers, {lost} lost, {invented} invented; {told}")
    expect(sum(sender.refused for sender in senders) > 0, "the troubles were felt: some requests had to be sent again")


def trouble(what: str, town: Town, cluster: Cluster) -> None:
    if what == "server killed":
        town.kill()
        town.serve("--log-level", "critical")
    elif what == "connections ended":
        cluster.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'jieshui'")
    elif what == "database restarted":
        cluster.restart()
    else:
        cluster.crash()


def settled(town: Town, sent) -> tuple[int, int]:
    """What is lost and invented once the journal is folded; a minute is enough for that."""
    for _ in range(60):
        lost, invented = compare(town, sent, sent)
        if lost == 0:
            break
        time.sleep(1)
    return lost, invented


def close_by_two(towns: list[Town], cluster: Cluster, homes: int) -> None:
    month = MONTH.strftime("%Y-%m")
    closing = [
        subprocess.Popen(
            [town.binary, "close", month, "--database", town.address], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=ROOT)
        for town in towns
    ]
    outputs = [process.communicate(timeout=120) for process in closing]
    expect(all(process.returncode == 0 for process in closing), f"two processes closed {month}: {' / '.join(o[0].strip() for o in outputs)} {outputs[0][1]}{outputs[1][1]}")
    counted = cluster.ask("SELECT count(*), count(DISTINCT (community_id, household_id)) FROM statement")
    expect(counted == f"{homes}|{homes}", f"{homes} homes have one statement each ({counted})")
    events = cluster.ask("SELECT count(*) FROM outbox_event WHERE kind = 'statements.closed'")
    expect(events == "3", f"each community was told once ({events} events)")


def bad_days(town: Town, cluster: Cluster) -> None:
    """Each with the message an operator reads."""
    cluster.ask("CREATE ROLE guest LOGIN")
    plain = cluster.address
    told(town, plain.replace("/jieshui?", "/nowhere?"), "createdb", "a database that is not there")
    told(town, plain.replace("postgres@", "nobody_known@"), "make the user", "a user that is not there")
    told(town, plain.replace("postgres@", "guest@"), "grant it to the user", "a user without rights")
    cluster.ask("CREATE ROLE locked LOGIN PASSWORD 'right'")
    rules = cluster.ask("SHOW hba_file")
    cluster.ask(f"COPY (VALUES ('local all locked scram-sha-256'), ('local all all trust')) TO '{rules}'")
    cluster.ask("SELECT pg_reload_conf()")
    told(town, plain.replace("postgres@", "locked:wrong@"), "correct the user or password", "a wrong password")
    told(town, plain.replace("postgres@", "locked:right@"), "grant it to the user", "the right password")
    told(town, "postgres://postgres@/jieshui?host=%2Fnowhere&connect_timeout=2", "is the server running", "no server")
    cluster.ask("CREATE DATABASE empty_one")
    told(town, plain.replace("/jieshui?", "/empty_one?"), "run jieshui init", "an empty database")
    cluster.ask("CREATE DATABASE odd ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    told(town, plain.replace("/jieshui?", "/odd?"), "--encoding=UTF8", "a database in another encoding")
    number = cluster.ask("SELECT max(number) FROM schema_migration")
    cluster.ask("INSERT INTO schema_migration VALUES (999, 'later', 0)")
    told(town, plain, "run a newer jieshui", "a schema newer than the program")
    cluster.ask(f"DELETE FROM schema_migration WHERE number IN (999, {number})")
    told(town, plain, "run jieshui migrate", "a schema older than the program")
    cluster.ask(f"INSERT INTO schema_migration VALUES ({number}, 'as before', 0)")
    read_only = f"{plain}&options=-cdefault_transaction_read_only%3Don"
    told(town, plain, None, "the database itself is well again")
    told(town, read_only, None, "reading from a server that takes no writes")
    told(town, read_only, "name the primary", "writing to a server that takes no writes", "add", "late", "--area", CITY)
    cluster.ask("ALTER ROLE locked CONNECTION LIMIT 0")
    told(town, plain.replace("postgres@", "locked:right@"), "raise the server's limit", "no connection left")


def told(town: Town, address: str, words: str | None, what: str, *arguments: str) -> None:
    done = subprocess.run(
        [town.binary, "gateway", *(arguments or ["list"]), "--database", address], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT)
    text = " ".join(done.stderr.split())
    if words is None:
        expect(done.returncode == 0, f"{what}: works {text}")
    else:
        expect(done.returncode != 0 and words in text, f"{what}: {text}")


def expect(holds: bool, claim: str) -> None:
    print(f"{'ok' if holds else 'FAILED'}  {claim}")
    if not holds:
        raise Failed(claim)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"processes-test: {failure}")
