"""A community system's end: takes webhooks, verifies their signatures, refuses the first one to see it come again."""

import base64
import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300


class Receiver:
    """Listens on a free port of 127.0.0.1. `secret` is set once the target is added."""

    def __init__(self) -> None:
        self.secret: str | None = None
        self.events: list[dict] = []
        self.refused_once: str | None = None
        self.bad_signatures = 0
        self.repeats = 0
        self._seen: set[str] = set()
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hooks/jieshui"

    def of_kind(self, kind: str) -> list[dict]:
        return [event for event in self.events if event.get("type") == kind]

    def wait_for(self, kind: str, count: int, seconds: float) -> int:
        """How many events of the kind have come once there are `count`, or the time is over."""
        end = time.monotonic() + seconds
        with self._changed:
            while len(self.of_kind(kind)) < count and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            return len(self.of_kind(kind))

    def answer_to_forgery(self) -> int:
        """The status that a body with a signature by another key gets."""
        body = b'{"type":"statements.closed"}'
        request = urllib.request.Request(self.url, body, {
            "webhook-id": "forged", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,Zm9yZ2Vk"})
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, headers, body: bytes) -> int:
        """The status to answer with."""
        with self._changed:
            identity = headers.get("webhook-id", "")
            if not verified(self.secret or "", headers, body):
                self.bad_signatures += 1
                return 401
            if self.refused_once is None:
                self.refused_once = identity
                return 500
            if identity in self._seen:
                self.repeats += 1
                return 204
            self._seen.add(identity)
            self.events.append({"webhook-id": identity, **json.loads(body)})
            self._changed.notify_all()
            return 204

    def came_again(self) -> bool:
        """True once the event that was refused has been taken under the same id."""
        return self.refused_once in self._seen

    def _handler(receiver):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                self.send_response(receiver.take(self.headers, body))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


def verified(secret: str, headers, body: bytes) -> bool:
    """Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, within five minutes. https://www.standardwebhooks.com"""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        identity, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        if not key or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
            return False
        text = f"{identity}.{timestamp}.".encode() + body
        wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        given = [part.partition(",")[2] for part in headers["webhook-signature"].split() if part.startswith("v1,")]
        return any(hmac.compare_digest(wanted, one) for one in given)
    except (KeyError, TypeError, ValueError):
        return False
