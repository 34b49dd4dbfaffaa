"""The `jieshui` command as an operator uses it: making a city, starting and stopping its server."""

import csv
import http.client
import os
import signal
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path

from homes import COMMUNITIES, Home

ROOT = Path(__file__).resolve().parents[2]
CITY = "140100"
AREAS = [
    ("140106", "district", "迎泽区", CITY),
    ("140106003", "street", "示范街道", "140106"),
    ("140106003001", "community", "汾河苑社区", "140106003"),
    ("140106003002", "community", "双塔里社区", "140106003"),
    ("140106003003", "community", "桃园社区", "140106003"),
    ("140106003001001", "grid", "第一网格", "140106003001"),
    ("140106003001001-03", "building", "3号楼", "140106003001001"),
    ("140106003002001", "grid", "第一网格", "140106003002"),
    ("140106003003001", "grid", "第一网格", "140106003003"),
]
PLACES = dict(zip(COMMUNITIES, ("140106003001001-03", "140106003002001", "140106003003001")))


class Failed(Exception):
    """A command that ended with another status than 0, or a server that did not come up."""


class Town:
    def __init__(self, folder: Path, port: int, address: str | None = None):
        """`address` names an empty database of its own; without it the city is a file in the folder."""
        self.folder, self.port = folder, port
        binary = os.environ.get("JIESHUI_BINARY") or "jieshui"
        self.binary = str(Path(binary).resolve()) if os.sep in binary else binary
        self.address = address or f"sqlite:{folder / 'city.sqlite'}"
        self._server: subprocess.Popen | None = None

    def run(self, *arguments: str) -> str:
        """Standard output of a command; raises with its standard error where it fails."""
        done = self._ended(*arguments)
        if done.returncode != 0:
            raise Failed(f"jieshui {' '.join(arguments)}: status {done.returncode}\n{done.stderr}{done.stdout}")
        return done.stdout

    def require_empty(self) -> None:
        """Refuses a database that cannot be used or has a city already: none is ever emptied."""
        done = self._ended("gateway", "list")
        if done.returncode == 0:
            raise Failed("the database holds a city already: name an empty one with --database.")
        if "run jieshui init" not in done.stderr:
            raise Failed(done.stderr.strip())

    def make(self, homes: list[Home], addresses: dict[str, tuple[str, str]]) -> None:
        """City, areas, households and meters; `addresses` gives meters by serial a protocol and an address."""
        self.run("init", "--city", "太原市", "--zone", "Asia/Shanghai", "--code", CITY)
        self.take("areas", ["code", "kind", "name", "parent"], AREAS)
        self.take(
            "households", ["number", "area", "persons", "persons_from", "usage_point", "moved_in", "tariff"],
            [
                (home.number, PLACES[home.community], home.persons or "", first(home).date(), home.point,
                 first(home).date(), home.tariff)
                for home in homes
            ])
        self.take(
            "meters", ["serial", "usage_point", "installed_at", "resolution_l", "q3_m3h", "cjt188", "wmbus"],
            [
                (
                    home.serial, home.point, first(home).replace(hour=0, minute=0, second=0).isoformat(),
                    10 if kind == "cjt188" else 1, "2.5",
                    address if kind == "cjt188" else "", address if kind == "wmbus" else "",
                )
                for home in homes
                for kind, address in [addresses.get(home.serial, ("", ""))]
            ])

    def take(self, kind: str, header: list[str], rows: list[tuple]) -> None:
        path = self.folder / f"{kind}.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        self.run("import", kind, str(path))

    def _ended(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.binary, *arguments, "--database", self.address], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            cwd=ROOT)

    def secret(self, prefix: str, *arguments: str) -> str:
        """The first word of a command's output that begins with `prefix`."""
        output = self.run(*arguments)
        for word in output.split():
            if word.startswith(prefix):
                return word
        raise Failed(f"no {prefix}… in the output of jieshui {' '.join(arguments)}")

    def serve(self, *arguments: str) -> None:
        log = open(self.folder / "server.log", "ab")
        self._server = subprocess.Popen(
            [self.binary, "serve", "--port", str(self.port), "--database", self.address, *arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True)
        for _ in range(600):
            if self._server.poll() is not None:
                raise Failed(f"the server ended with status {self._server.returncode}: {self.log_tail()}")
            if status_of(self.port, "/healthz") == 200:
                return
            time.sleep(0.05)
        raise Failed(f"the server did not answer within 30 s: {self.log_tail()}")

    def stop(self) -> int:
        """Ends the server as an operator would; its exit status, or -9 where it had to be killed."""
        if self._server is None:
            return 0
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._server.returncode

    def kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()

    @property
    def process(self) -> int:
        """The server's process number."""
        if self._server is None:
            raise Failed("the server was not started")
        return self._server.pid

    def has_ended(self) -> bool:
        return self._server is not None and self._server.poll() is not None

    def log_tail(self) -> str:
        text = (self.folder / "server.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-12:])


def first(home: Home) -> datetime:
    return min(at for at, _ in home.readings)


def status_of(port: int, path: str) -> int:
    """The status of a GET; 0 without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
