"""The main job, once through: readings in over HTTP, months closed, statements, points, a redemption, deliveries."""

import argparse
import http.client
import json
import os
import secrets
import shutil
import signal
import sys
import time
import urllib.request
from datetime import date, datetime, timedelta
from pathlib import Path

from browser import Browser
from checks import Checks
from gateway import Gateway, Refused
from homes import COMMUNITIES, ZONE, Home, demo_homes, radio_home, wired_home
from receiver import Receiver
from replay import STRAY_METER, Replay
from town import AREAS, CITY, ROOT, Failed, Town, free_port, is_free, status_of

MARK = ".jieshui-demo"
NAMES = {code: name for code, _, name, _ in AREAS}
UNTIERED = "taiyuan-untiered"
ITEM = ("节水起泡器", "Tap aerator", 20)


def main() -> int:
    options = read_options()
    if not is_free(options.port):
        print(f"demo: port {options.port} is in use. Choose another: scripts/demo --port {options.port + 1}", file=sys.stderr)
        return 1
    folder = fresh_folder(options.data)
    # The demo city pays savings too: its year of readings is long enough to tell them from chance.
    os.environ.setdefault("JIESHUI_CLOSE_RULES", "rules-saving")
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    town, receiver, checks = Town(folder, options.port, options.database), Receiver(), Checks()
    try:
        if options.database:
            town.require_empty()
        began = time.monotonic()
        sign_ins = Story(town, receiver, checks).tell()
        if options.once:
            print()
            checks.equal("the server ends cleanly when asked", town.stop(), 0)
        print(f"\n{checks.summary()} ({time.monotonic() - began:.0f} s)")
        if options.once:
            return 1 if checks.failed else 0
        print_pages(options.port, sign_ins, folder)
        print("\n服务运行中，按 Ctrl-C 结束。 Serving; Ctrl-C ends it.")
        while not town.has_ended():
            time.sleep(0.5)
        print(f"demo: the server ended by itself: {town.log_tail()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n结束。 Ending.")
        return 1 if checks.failed or options.once else 0
    except (Failed, Refused, LookupError, OSError, http.client.HTTPException) as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    finally:
        town.stop()
        receiver.stop()


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the checks, with status 0 or 1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "demo", help="the demo's own folder, made anew")
    parser.add_argument("--database", metavar="ADDRESS", help="an empty database, as postgres://…, instead of a file in DIR")
    options = parser.parse_args()
    options.port = options.port or free_port()
    return options


def fresh_folder(path: Path) -> Path:
    """The demo's folder, empty. Only a folder that a demo made is ever emptied."""
    if path.exists() and any(path.iterdir()):
        if not (path / MARK).exists():
            sys.exit(f"demo: {path} holds something that no demo made; give another folder with --data.")
        shutil.rmtree(path)
    path.mkdir(parents=True, exist_ok=True)
    (path / MARK).write_text("Made by scripts/demo, and made anew by it.\n")
    return path.resolve()


class Story:
    """What the demo does, in order. Every step checks what it did."""

    def __init__(self, town: Town, receiver: Receiver, checks: Checks):
        self.town, self.receiver, self.checks = town, receiver, checks
        # Two days into a month at the earliest, so that the first day of it is over.
        self.month_after = (datetime.now(ZONE) - timedelta(days=2)).date().replace(day=1)
        self.months: list[str] = []
        self.statements: dict[str, dict] = {}

    def tell(self) -> dict[str, str]:
        self.make_city()
        self.start()
        self.replay()
        self.close()
        self.look_at_statements()
        self.take_deliveries()
        sign_ins = self.redeem()
        self.send_late()
        return sign_ins

    def say(self, chinese: str, english: str) -> None:
        print(f"\n{chinese}\n{english}")

    def make_city(self) -> None:
        data = ROOT.parent / "shared" / "data" / "households"
        is_real = (data / "daiad-hourly.csv.gz").exists()
        homes = demo_homes(data if is_real else None, self.month_after)
        self.hourly = homes
        self.radio, self.wired = radio_home(self.month_after), wired_home(self.month_after)
        self.wired.persons = None
        self.wired.tariff = UNTIERED
        self.homes = homes + [self.radio, self.wired]
        kind = "real homes, their dates moved by whole days" if is_real else "made homes from a seed"
        self.say(
            f"1. 建立示范城市：太原市 3 个社区，{len(self.homes)} 户。",
            f"   A city of 3 communities and {len(self.homes)} homes: {len(homes)} {kind}, and 2 made ones on radio and wire.")
        self.town.make(
            self.homes,
            {self.radio.serial: ("wmbus", self.radio.serial), self.wired.serial: ("cjt188", self.wired.serial)})
        for area in COMMUNITIES:
            self.town.run(
                "item", "add", ITEM[0], "--english", ITEM[1], "--area", area, "--points", str(ITEM[2]), "--stock", "5")
        self.password = self.town.run(
            "staff", "add", "desk", "--area", CITY, "--role", "administrator", "--generate").split()[-1]
        secrets = self.town.run(
            "target", "add", "community-system", "--url", self.receiver.url, "--area", CITY,
            "--entitled", "--purpose", "demo").split()
        self.receiver.secret, self.pull_key = secrets[secrets.index("secret") + 1], secrets[secrets.index("pull_key") + 1]

    def start(self) -> None:
        formats = ("json", "ndjson", "csv")
        self.gateways = {
            area: Gateway(
                f"gateway-{format}",
                self.town.secret("jsg_", "gateway", "add", f"gateway-{format}", "--area", area),
                self.town.port, format)
            for area, format in zip(COMMUNITIES, formats)
        }
        self.town.serve("--log-level", "notice", "--allow-private-targets")
        self.checks.equal("the server is up: /healthz and /readyz", [status_of(self.town.port, p) for p in ("/healthz", "/readyz")], [200, 200])

    def replay(self) -> None:
        count = sum(len(home.readings) for home in self.homes)
        self.say(
            f"2. 三个网关经 HTTP 上报 {count} 条读数（JSON、NDJSON、CSV、CJ/T 188、wmbusmeters），含重发、迟到和错误。",
            f"   Three gateways send {count} readings over HTTP, with repeats, late days and faults among them.")
        last_month = self.month_after - timedelta(days=1)
        replay = self.replayed = Replay(self.gateways, self.hourly, self.checks)
        began = time.monotonic()
        replay.send_all(self.late_home(last_month), last_month.replace(day=15).isoformat(), progress_bar("  "))
        replay.send_frames(self.wired)
        replay.send_telegrams(self.radio)
        other = next(home for home in self.hourly if home.community != self.hourly[0].community)
        replay.send_faults(other)
        seconds = time.monotonic() - began
        print(f"  {sum(replay.wanted.values())} items in {replay.requests} requests, {seconds:.1f} s with the client's own work")
        self.checks.equal("items accepted, held, rejected", dict(replay.counted()), dict(replay.wanted))
        bad = Gateway("bad", self.gateways[COMMUNITIES[0]].key, self.town.port, "json")
        self.checks.equal("a body that cannot be read is 400", refused_with(bad, b'{"readings":[{]}'), 400)
        stranger = Gateway("stranger", "jsg_" + "0" * 64, self.town.port, "json")
        self.checks.equal("a wrong key is 401", refused_with(stranger, b'{"readings":[]}'), 401)

    def late_home(self, month: date) -> Home:
        """The home of the first community with most readings on the 15th."""
        day = month.replace(day=15)
        return max(
            (home for home in self.hourly if home.community == COMMUNITIES[0]),
            key=lambda home: sum(at.date() == day for at, _ in home.readings))

    def close(self) -> None:
        first_day = min(min(at for at, _ in home.readings) for home in self.hourly).date()
        month = (first_day.replace(day=1) + timedelta(days=32)).replace(day=1)
        while month < self.month_after:
            self.months.append(month.strftime("%Y-%m"))
            month = (month + timedelta(days=32)).replace(day=1)
        self.say(
            f"3. 结算 {len(self.months)} 个月：{self.months[0]} 至 {self.months[-1]}。",
            f"   Close {len(self.months)} months: measure every home, then statements, ranks and points.")
        for month in self.months:
            answer = self.town.run("close", month, "--early")
            print(f"  {answer.strip()}")
        before = self.town.run("statement", self.homes[0].number, self.months[-1], "--json")
        again = self.town.run("close", self.months[-1], "--early").strip()
        self.checks.that("closing a month again changes nothing", " 0 statements" in again, again)
        after = self.town.run("statement", self.homes[0].number, self.months[-1], "--json")
        self.checks.that("and leaves the statement byte for byte", before == after)

    def look_at_statements(self) -> None:
        month = self.months[-1]
        self.say(f"4. {month} 的节水账单。", f"   The statements of {month}.")
        for home in self.homes:
            self.statements[home.number] = json.loads(self.town.run("statement", home.number, month, "--json"))
        found = list(self.statements.values())
        ranked = [one for one in found if one["rank"]]
        earning = [one for one in found if one["points"]["total_points"] > 0]
        self.checks.equal("a statement for every home", len(found), len(self.homes))
        self.checks.at_least("homes ranked", len(ranked), 20)
        self.checks.at_least("homes that earned points", len(earning), 10)
        judged = [one for one in found if one["saving"]["percent"] is not None]
        # Six months and the two compared.
        if len(self.months) >= 8:
            self.checks.at_least("homes compared with their own past", len(judged), 10)
        self.checks.that("unknown persons are not ranked", self.statements[self.wired.number]["rank"] is None, self.statements[self.wired.number]["unranked"])
        self.checks.equal(
            "the home without tiers is billed by its own tariff, the others by the city's",
            {number for number, one in self.statements.items() if one["tariff"]["id"] == UNTIERED}, {self.wired.number})
        whole = [one for one in found if None not in one["use"]["daily_litres"]]
        self.checks.that(
            f"days add up to the month in all {len(whole)} statements without a gap",
            len(whole) > 0 and all(sum(one["use"]["daily_litres"]) == one["use"]["litres"] for one in whole))
        registers = self.radio.readings[-1][1] - self.radio.readings[0][1]
        use = self.statements[self.radio.number]["use"]["litres"]
        self.checks.that("the radio home's month is within what its registers moved", 0 < use < registers, f"{use} of {registers} L in 40 days")
        leaks = sum(bool(one["leaks"]) for one in found)
        reasons = sorted({one["unranked"] for one in found if one["unranked"]})
        print(f"  {len(ranked)} ranked, {len(earning)} earned points, {leaks} with continuous flow; not ranked: {', '.join(reasons) or 'none'}")

    def take_deliveries(self) -> None:
        wanted = len(COMMUNITIES) * len(self.months)
        self.say("5. 结果送达社区系统（本机接收端验证签名，并故意拒收第一次）。", "   Results go to a receiver here, which verifies signatures and refuses the first one once.")
        self.checks.equal("statements.closed events with a valid signature", self.receiver.wait_for("statements.closed", wanted, 40), wanted)
        self.checks.that("the refused one came again with the same webhook-id", self.receiver.came_again(), self.receiver.refused_once)
        pulled = 0
        for area in COMMUNITIES:
            path = f"/v1/communities/{area}/statements?month={self.months[-1]}"
            pulled += len(get_json(self.town.port, path, self.pull_key)["statements"])
        self.checks.equal("statements that the entitled system pulls", pulled, len(self.homes))
        self.checks.equal("signatures that did not verify", self.receiver.bad_signatures, 0)
        self.checks.equal("a forged delivery is refused by the receiver", self.receiver.answer_to_forgery(), 401)

    def redeem(self) -> dict[str, str]:
        self.say("6. 居民用积分兑换，社区窗口核销。", "   A resident redeems points; the desk confirms.")
        resident = max(self.homes, key=lambda home: self.statements[home.number]["points"]["total_points"])
        month = self.months[-1]
        browser, page = self.sign_in(resident)
        statement = browser.get(f"/statements/{month}")
        litres = f"{self.statements[resident.number]['use']['litres']:,}"
        self.checks.that(f"the statement page of {resident.number} is 200 and shows its litres", statement.status == 200 and litres in statement.text, f"{statement.status}, {litres} L")
        points = browser.get("/points")
        form = points.forms("/points/hold")[0]
        wish = {"id": secrets.token_hex(16), "item_id": int(form["item"])}
        status, held = browser.post_json("/v1/redemptions", wish, form["csrf"])
        code = held.get("desk_code", "")
        self.checks.that("the resident holds an item by the API and gets a code", status == 201 and len(code) == 8, f"{status} {code}")
        again = browser.post_json("/v1/redemptions", wish, form["csrf"])[1].get("desk_code")
        self.checks.equal("asking again with the same id gives the same code", again, code)
        desk = Browser(self.town.port)
        signed_in = desk.send(desk.get("/staff/sign-in"), "/staff/sign-in", name="desk", password=self.password)
        self.checks.equal("staff sign in", (signed_in.status, "/staff" in signed_in.path), (200, True))
        found = desk.send(desk.get("/staff/desk"), "/staff/desk", code=code, community=resident.community)
        self.checks.that("the desk sees the item", found.status == 200 and ITEM[0] in found.text)
        confirmed = desk.send(found, "/staff/desk/confirm")
        self.checks.that("the desk confirms", confirmed.status == 200 and "已核销" in confirmed.text)
        stock = self.town.run("item", "list", "--area", resident.community)
        self.checks.that("one piece is taken from stock", "1 taken" in stock, stock.strip())
        self.checks.equal("redemption.confirmed reached the receiver", self.receiver.wait_for("redemption.confirmed", 1, 20), 1)
        held_page = desk.get("/staff/held")
        self.checks.that("staff see the unregistered meter", held_page.status == 200 and STRAY_METER in held_page.text)
        alerts = desk.get("/staff/alerts")
        self.checks.that("staff see the radio meter's alert", alerts.status == 200 and self.radio.serial in alerts.text)
        return {"household": resident.number, "code": self.code_of(resident), "password": self.password}

    def sign_in(self, home: Home):
        browser = Browser(self.town.port)
        page = browser.send(browser.get("/sign-in"), "/sign-in", number=home.number, code=self.code_of(home))
        self.checks.equal(f"resident {home.number} signs in by a one-time code", (page.status, "sign-in" in page.path), (200, False))
        return browser, page

    def code_of(self, home: Home) -> str:
        return self.town.run("code", "make", home.number).split()[-1]

    def send_late(self) -> None:
        assert self.replayed.late is not None
        home, readings = self.replayed.late
        self.say(
            f"7. 结算后补抄 {home.number} 的 {len(readings)} 条读数。",
            f"   {len(readings)} readings of {home.number} come after the close: the statement stays, the home is marked.")
        self.replayed.send_late()
        browser, _ = self.sign_in(home)
        notice = "出账后又有了变动"
        end = time.monotonic() + 20
        page = browser.get(f"/statements/{self.months[-1]}")
        while notice not in page.text and time.monotonic() < end:
            time.sleep(0.5)
            page = browser.get(f"/statements/{self.months[-1]}")
        self.checks.that("its statement says that readings came late", notice in page.text)
        now = json.loads(self.town.run("statement", home.number, self.months[-1], "--json"))
        self.checks.that("and is the same statement", now == self.statements[home.number])


def refused_with(gateway: Gateway, body: bytes) -> int:
    try:
        gateway.post("/v1/readings", "application/json", body)
    except Refused as refusal:
        return refusal.status
    return 200


def get_json(port: int, path: str, key: str) -> dict:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def progress_bar(indent: str):
    """A bar on a terminal, nothing otherwise."""
    def show(done: int, total: int) -> None:
        if sys.stdout.isatty():
            filled = 30 * done // total
            print(f"\r{indent}[{'#' * filled}{'.' * (30 - filled)}] day {done} of {total}", end="" if done < total else "\n")

    return show


def print_pages(port: int, sign_ins: dict[str, str], folder: Path) -> None:
    print(
        f"""
居民 Residents   http://127.0.0.1:{port}/           户号 number {sign_ins['household']}   一次性登录码 one-time code {sign_ins['code']}
工作人员 Staff   http://127.0.0.1:{port}/staff      姓名 name desk   密码 password {sign_ins['password']}
接口说明 API     http://127.0.0.1:{port}/openapi.yaml
数据 Data        {folder}""")


if __name__ == "__main__":
    sys.exit(main())
