"""A browser without pictures: follows redirects, keeps cookies, reads forms and sends them."""

import http.client
import json
import urllib.parse
from html.parser import HTMLParser
from http.cookies import SimpleCookie


class Page:
    def __init__(self, status: int, path: str, html: str):
        self.status, self.path, self.html = status, path, html
        self._reader = _Reader()
        self._reader.feed(html)

    @property
    def text(self) -> str:
        """The words of the page, single spaces between them."""
        return " ".join(" ".join(self._reader.words).split())

    def forms(self, action: str) -> list[dict[str, str]]:
        """Each form sent to `action`: its fields with their values, and `_action`."""
        return [form for form in self._reader.forms if form["_action"].partition("?")[0] == action]


class Browser:
    def __init__(self, port: int):
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        return self._load("GET", path, None)

    def send(self, page: Page, action: str, which: int = 0, **fields: str) -> Page:
        """Sends a form of the page with its hidden fields, and `fields` filled in."""
        found = page.forms(action)
        if len(found) <= which:
            raise LookupError(f"{page.path} ({page.status}) has no form to {action}: {page.text[:200]}")
        form = {name: value for name, value in found[which].items() if name != "_action"}
        return self._load("POST", found[which]["_action"], urllib.parse.urlencode({**form, **fields}))

    def post_json(self, path: str, value: object, csrf: str) -> tuple[int, dict]:
        """A call of the API with the signed-in session: its status and its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"cookie": self._cookies(), "content-type": "application/json", "x-csrf-token": csrf}
        connection.request("POST", path, json.dumps(value), headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text or b"{}")

    def _cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _load(self, method: str, path: str, body: str | None) -> Page:
        for _ in range(5):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            headers = {"cookie": self._cookies()}
            if body is not None:
                headers["content-type"] = "application/x-www-form-urlencoded"
                headers["origin"] = f"http://127.0.0.1:{self.port}"
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            html = response.read().decode(errors="replace")
            for cookie in response.headers.get_all("set-cookie") or []:
                for name, morsel in SimpleCookie(cookie).items():
                    self.cookies[name] = morsel.value
            connection.close()
            if response.status not in (302, 303):
                return Page(response.status, path, html)
            method, body = "GET", None
            path = urllib.parse.urljoin(path, response.headers["location"])
        raise LookupError(f"{path} redirects again and again")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self.words: list[str] = []
        self._open: dict[str, str] | None = None
        self._select: str | None = None
        self._silent = 0

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        if tag in ("script", "style", "title"):
            self._silent += 1
        if tag == "form":
            self._open = {"_action": values.get("action", "")}
            self.forms.append(self._open)
        if self._open is None:
            return
        if tag == "input" and values.get("name"):
            self._open[values["name"]] = values.get("value", "")
        if tag == "select":
            self._select = values.get("name")
        if tag == "option" and self._select and (self._select not in self._open or "selected" in values):
            self._open[self._select] = values.get("value", "")

    def handle_endtag(self, tag):
        if tag in ("script", "style", "title"):
            self._silent -= 1
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = None

    def handle_data(self, data):
        if not self._silent:
            self.words.append(data)
