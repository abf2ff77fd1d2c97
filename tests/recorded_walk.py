"""A source of the shared walk, walked in this process over recorded answers: everything is real but the network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from scrapy import Request
from scrapy.http import Response

from crawlers.archive import Archive
from crawlers.listing import Listing, ListingSpider
from crawlers.mapping import as_its_source_says, source
from crawlers.post import Post
from crawlers.run import Outcome, Run
from crawlers.sink import sink_of
from crawlers.source import CollectError
from crawlers.target import BrokenTarget, Target, read_target
from crawlers.trouble import Trouble
from tests.recording import RECORDED
from tests.site import Answer

REAL = Path(__file__).resolve().parents[2] / "shared" / "fixtures"
"""Answers of the platforms; the README.txt of each folder says which are real."""
needs_real = pytest.mark.skipif(not (REAL / "api").is_dir(), reason="requires: ../shared/fixtures/api")
COLLECTED = datetime(2026, 9, 5, 12, tzinfo=UTC)
Page = Answer | str | dict[str, Any] | list[Any] | Callable[[], Any]


class Walk:
    """`walk.pages[part of an address] = answer`; `walk.asked` are the addresses asked for, `walk.requests` with their headers."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config, self.data = folder / "config", folder / "data"
        (self.config / "targets").mkdir(parents=True)
        (self.config / "brands.yaml").write_text("brands:\n  - {slug: vestarna, name: Вестарна, ours: true}\n", encoding="utf-8")
        monkeypatch.setenv("MOLVA_CONFIG", str(self.config))
        monkeypatch.setenv("MOLVA_DATA", str(self.data))
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []

    def target(self, text: str) -> Any:
        """The target of a file with this text."""
        path = self.config / "targets" / "walked.yaml"
        path.write_text(text, encoding="utf-8")
        found = read_target(path)
        assert not isinstance(found, BrokenTarget), str(found.error)
        return found

    @property
    def asked(self) -> list[str]:
        """Path and query of each request since the last time; what is escaped in them stands as people write it."""
        asked = [unquote(request.url.split("://", 1)[1].partition("/")[2]) for request in self.requests]
        self.requests.clear()
        return asked

    async def answered(self, request: Request) -> Response:
        """The answer of the last part given that the address has; none is a mistake of the test."""
        self.requests.append(request)
        url = unquote(request.url)
        page = self.pages[[part for part in self.pages if part in url][-1]]
        page = page() if callable(page) else page
        answer = page if isinstance(page, Answer) else Answer(page if isinstance(page, str) else json.dumps(page))
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        return Response(request.url, answer.status, dict(answer.headers), body, request=request)

    def collect(self, target: Target, since: str = "") -> Run:
        """One run; of collecting again from a day, where `since` says it."""
        spider = spider_of(target, since)
        begin = datetime.fromisoformat(f"{since}T00:00Z") if since else None
        with sink_of(target, data=self.data, config=self.config, since=begin) as sink:
            spider.begin(sink)
            spider.answered = self.answered  # type: ignore[method-assign]

            async def walked() -> None:
                async for page in spider.start():
                    sink.take(page)

            try:
                asyncio.run(walked())
            except CollectError as error:
                return sink.close(str(error))
            return sink.close()

    def kept(self, target: Target) -> int:
        """Posts that one run keeps; it must not fail."""
        run = self.collect(target)
        assert run.error is None, run.error
        return run.counts.outcomes[Outcome.KEPT]

    def posts(self) -> dict[str, Post]:
        """Every post kept so far, by its text."""
        return {post.text: post for batch in Archive(self.data).batches("walked") for post in batch.posts()}


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def silent() -> Page:
    """The answer of a host that lets nothing be asked for."""
    raise Trouble("the host asked to be left alone", transient=True, of_host=True)


def spider_of(target: Target, since: str = "") -> ListingSpider[Any]:
    """The spider of a target that stands in the configuration folder."""
    [kind] = [each for each in vars(source(target.kind)).values() if getattr(each, "name", None) == target.kind]
    found: ListingSpider[Any] = kind(target=target.name, since=since)
    return found


def recorded(kind: str, name: str) -> str:
    """An answer of our own making."""
    return (RECORDED / kind / name).read_text(encoding="utf-8")


def real(path: str) -> str:
    """An answer out of `REAL`."""
    return (REAL / path).read_text(encoding="utf-8")


def response(url: str, body: str = "", **headers: str) -> Response:
    """An answer for `read`."""
    return Response(url, headers=dict(headers), body=body.encode())


def read(kind: type[ListingSpider[Any]], target: Target, answer: Any, url: str) -> tuple[Listing, list[Post]]:
    """What a source makes of one answer at an address; nothing is asked for."""
    spider = kind.__new__(kind)
    spider.target = target
    listing = spider.read(answer, response(url))
    return listing, [as_its_source_says(raw, target, COLLECTED) for raw in listing.raws]
