"""The demo's web server, on loopback only, and the hand that publishes the reserve while it runs.

The rule to know: it never listens on anything but 127.0.0.1, because its people and companies are invented.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.page import Answer, answer
from demo.shelf import Published, Shelf

HOST = "127.0.0.1"


class Server(ThreadingHTTPServer):
    """Serves what the shelf shows. `port` 0 takes a free one; OSError when the port is taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, shelf: Shelf, port: int) -> None:
        self.shelf = shelf
        super().__init__((HOST, port), Reader)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Reader(BaseHTTPRequestHandler):
    """One request of a reader."""

    server: Server
    server_version = "MolvaDemo"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        page = answer(self.server.shelf.published(), unquote(asked.path), dict(parse_qsl(asked.query)), f"{HOST}:{self.server.port}")
        self._send(page)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Silent: crawlers come every minute."""

    def _send(self, page: Answer) -> None:
        tag = f'"{hashlib.blake2b(page.body, digest_size=8).hexdigest()}"'
        status = HTTPStatus.NOT_MODIFIED if page.status == HTTPStatus.OK and self._has(tag, page.modified) else HTTPStatus(page.status)
        self.send_response(status)
        if page.status == HTTPStatus.OK:
            self.send_header("ETag", tag)
        if page.modified:
            self.send_header("Last-Modified", format_datetime(page.modified.astimezone(UTC), usegmt=True))
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(page.body)

    def _has(self, tag: str, modified: datetime | None) -> bool:
        """Whether the reader holds this very page; a tag, where given, decides alone (RFC 9110, 13.2.2)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return tag in [part.strip().removeprefix("W/") for part in tags.split(",")]
        since = self.headers.get("If-Modified-Since")
        if since is None or modified is None:
            return False
        try:
            held = parsedate_to_datetime(since)
        except ValueError:
            return False
        return held.tzinfo is not None and modified.replace(microsecond=0) <= held


def publish(shelf: Shelf, interval: float, stop: threading.Event, told: Callable[[Published | None], None]) -> None:
    """Release one post of the reserve every `interval` seconds until `stop` is set or none is left; tells each, then None."""
    while not stop.wait(interval):
        post = shelf.release(datetime.now(UTC))
        told(post)
        if post is None:
            return
