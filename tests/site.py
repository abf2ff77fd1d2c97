"""A site on loopback for tests and benchmarks: answers set by the test, and every request noted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

from crawlers.archive import Archive
from crawlers.collect import collect
from crawlers.post import Post
from crawlers.run import Run
from crawlers.target import BrokenTarget, Target, read_target


@dataclass
class Answer:
    """What the site says to one request."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    """Seconds between two bytes of the body."""


@dataclass
class Request:
    """What the site was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    at: float = field(default_factory=time.monotonic)


Page = Answer | bytes | str | Callable[[Request], Answer]


class Site:
    """`site.pages[path] = answer` (bytes, text, Answer, or a function of the request); `site.asked` are the requests."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[Request] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else half of the answers wait 40 ms for the other side to say that it has their headers

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, self.path, dict(self.headers), body)
                site.asked.append(request)
                answer = site.answer(request)
                content = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(content))} | answer.headers
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):  # whoever asked has had enough
                    self.say(content, answer.pause)

            def say(self, content: bytes, pause: float) -> None:
                for part in [content] if not pause else [content[at : at + 1] for at in range(len(content))]:
                    self.wfile.write(part)
                    time.sleep(pause)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                return None

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128  # of five, the default, the next ones that knock at once wait a second

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def answer(self, request: Request) -> Answer:
        """The answer set for the path with its query, else for the path alone, else 404."""
        page = self.pages.get(request.path, self.pages.get(request.path.partition("?")[0], Answer("not here", 404)))
        if callable(page):
            return page(request)
        return page if isinstance(page, Answer) else Answer(page)

    def paths(self, *, robots: bool = False) -> list[str]:
        """Paths asked for so far, in order."""
        return [request.path for request in self.asked if robots or request.path != "/robots.txt"]


S = TypeVar("S", bound=Site)


@contextmanager
def serving(running: S) -> Iterator[S]:
    """The site while it runs, stopped at the end."""
    thread = threading.Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.server.shutdown()
        running.server.server_close()


@contextmanager
def site() -> Iterator[Site]:
    """A running site without pages, stopped at the end."""
    with serving(Site()) as running:
        yield running


class Place:
    """A configuration and a data folder for tests, with targets that watch a site."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data = folder / "config", folder / "data"
        (self.config / "targets").mkdir(parents=True)
        brands = "brands:\n  - {slug: vestarna, name: Вестарна, ours: true}\n  - {slug: dukator, name: Дукатор}\n"
        (self.config / "brands.yaml").write_text(brands, encoding="utf-8")

    def target(self, name: str, text: str) -> Target:
        """A target with this file."""
        path = self.config / "targets" / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        target = read_target(path)
        assert not isinstance(target, BrokenTarget), str(target.error)
        return target

    def collect(self, target: Target) -> Run:
        """One run, by the real spider in a process of its own."""
        return collect(target, data=self.data, config=self.config)

    def posts(self, target: Target) -> list[Post]:
        """All posts kept so far, in order."""
        return [post for batch in Archive(self.data).batches(target.name) for post in batch.posts()]
