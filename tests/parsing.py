"""Every parser of the sources, each as a function of one answer, with recordings to begin from.

The rule to know: what comes in may be anything. Out come pages of items, of which each has one counted outcome, or CollectError, or
Trouble; everything else is a defect. An answer is given to every question of a walk, so that walks without end show too.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser

from crawlers.collectors import reddit
from crawlers.mapping import is_collector, mapped_again, source
from crawlers.post import Post, post_to_json
from crawlers.run import Counts, Outcome
from crawlers.settings import USER_AGENT
from crawlers.sorter import Sorter
from crawlers.source import CollectError, Cursor, Page
from crawlers.target import BrokenTarget, Target, read_target
from crawlers.trouble import Trouble
from tests.recording import BRANDS, COLLECTED

MOST = 1_000
"""Questions of one walk: its limits allow a few hundred."""


class Defect(AssertionError):
    """What must hold of every answer does not."""


@dataclass(frozen=True)
class Parser:
    """One way to read an answer."""

    name: str
    target: str
    """Text of the target's file, without `enabled`."""
    seeds: tuple[bytes, ...]
    fixed: Mapping[str, bytes] = field(default_factory=dict)
    """Part of an address -> what is answered there whatever is tried."""
    only: str = ""
    """Part of the addresses that get the answer."""
    elsewhere: bytes = b"<html/>"
    """What stands at the other addresses."""
    file: str = "answer"
    """Name of the file that a source of files reads."""

    def outcomes(self, content: bytes, folder: Path) -> Counts:
        """What becomes of an answer: the items that it holds, each counted. Raises CollectError, Trouble, Defect."""
        counts, refused = self.told(content, folder)
        if refused is not None:
            raise refused
        return counts

    def told(self, content: bytes, folder: Path) -> tuple[Counts, CollectError | Trouble | None]:
        """The same, of what was handed over before an answer was refused, and by what it was. Raises Defect."""
        target, counts = made(self.name, self.target, folder), Counts()
        try:
            _, cursor = counted(target, self._pages(target, content, folder, {}), counts)
        except (CollectError, Trouble) as refused:
            return counts, refused
        with suppress(CollectError, Trouble):  # the next run goes on from there, and meets the same answer
            counted(target, self._pages(target, content, folder, cursor))
        return counts, None

    def _pages(self, target: Target, content: bytes, folder: Path, cursor: Cursor) -> Iterator[Page]:
        if target.kind == "reddit":
            return _reddit(target, lambda url: self._answer(url, content), folder, cursor)
        if is_collector(target.kind):
            path = target.folder / self.file
            path.write_bytes(content)
            pages: Iterator[Page] = source(target.kind).walk(target, cursor, since=None, data=folder)
            return pages
        return _walked(target, cursor, lambda url: self._answer(url, content))

    def _answer(self, url: str, content: bytes) -> bytes:
        return next((body for part, body in self.fixed.items() if part in url), content if self.only in url else self.elsewhere)


def counted(target: Target, pages: Iterator[Page], counts: Counts | None = None) -> tuple[Counts, Cursor]:
    """The outcomes of all items, and the last cursor. Raises Defect where they don't add up, or what is kept can't be read again."""
    cursor: Cursor = {}
    counts = Counts() if counts is None else counts
    seen, sorter, items = _Seen(), Sorter(target, BRANDS, None), 0
    for page in pages:
        cursor = json.loads(json.dumps(page.cursor).encode("utf-8", "replace"))
        for item in page.items:
            items += 1
            outcome, post, line = sorter.sort(item, COLLECTED, seen, counts)
            counts.outcomes[outcome] += 1
            if post is not None and line is not None:
                _check_kept(post, line, target)
    if sum(counts.outcomes.values()) != items or sum(counts.reasons.values()) != counts.outcomes[Outcome.REJECTED]:
        raise Defect(f"{items} items, but {counts}")
    return counts, cursor


def _check_kept(post: Post, line: dict[str, Any], target: Target) -> None:
    """What is kept of a post gives the same post again."""
    kept = json.loads(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))
    again = mapped_again(kept["raw"], target, COLLECTED, post.about, post.official)
    before, after = (json.dumps(post_to_json(each), ensure_ascii=False).encode() for each in (post, again))
    if before != after:
        raise Defect(f"mapped again it is another post: {after.decode()} instead of {before.decode()}")


class _Seen:
    """What was met before, in memory."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}

    def find(self, key: str) -> tuple[str, str] | None:
        return self._known.get(key)

    def add(self, key: str, content: str = "", figures: str = "") -> None:
        self._known[key] = (content, figures)


class _Sink:
    """What a spider asks its sink."""

    cursor: Cursor
    since = None
    left = None
    full = False

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def seen(self, post_id: str) -> bool:
        return False


@cache
def made(name: str, text: str, folder: Path) -> Target:
    """The target of a parser, in a configuration folder of its own. Sets what the environment has to hold."""
    os.environ |= {"MOLVA_DATA": str(folder), "MOLVA_REDDIT_ID": "id", "MOLVA_REDDIT_SECRET": "secret", "MOLVA_KEY": "secret"}
    path = folder / re.sub(r"\W", "_", name) / "targets" / "fuzzed.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    (path.parent.parent / "brands.yaml").write_text(BRANDS.model_dump_json(exclude_none=True), encoding="utf-8")
    target = read_target(path)
    assert not isinstance(target, BrokenTarget), str(target.error)
    return target


def _walked(target: Target, cursor: Cursor, body_of: Callable[[str], bytes]) -> Iterator[Page]:
    """The pages of one walk of a spider whose every question is answered."""
    [kind] = [each for each in vars(source(target.kind)).values() if getattr(each, "name", None) == target.kind]
    spider = kind.__new__(kind)
    Spider.__init__(spider)
    spider.target = target
    spider.failures_told = {}
    spider.begin(_Sink(cursor))
    asked = 0

    async def answered(request: Request) -> Response:
        nonlocal asked
        asked += 1
        if asked > MOST:
            raise Defect("asks without end")
        return Response(request.url, 200, {}, body_of(request.url), request=request)

    spider.answered = answered
    pages: list[Page] = []
    wrong: BaseException | None = None

    async def collected() -> None:
        async for page in _pages(spider.start(), answered):
            pages.append(page)

    try:
        asyncio.run(collected())
    except (CollectError, Trouble) as error:
        wrong = error
    yield from pages
    if wrong is not None:
        raise wrong


async def _pages(given: AsyncIterator[Any], answered: Callable[[Request], Any]) -> AsyncIterator[Page]:
    """The pages that a walk gives, and those that the callbacks of its requests give."""
    todo = [each async for each in _each(given)]
    while todo:
        each = todo.pop(0)
        if isinstance(each, Page):
            yield each
        else:
            todo += [more async for more in _each(each.callback(await answered(each)))]


async def _each(given: Any) -> AsyncIterator[Any]:
    if hasattr(given, "__aiter__"):
        async for each in given:
            yield each
    else:
        for each in given or ():
            yield each


class _Reddit:
    """What praw asks through, answered."""

    def __init__(self, body_of: Callable[[str], bytes]) -> None:
        self.body_of, self.asked = body_of, 0

    def __call__(self, *args: Any, **kwargs: Any) -> _Reddit:
        return self

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        import requests

        self.asked += 1
        if self.asked > MOST:
            raise Defect("asks without end")
        response = requests.Response()
        response.status_code = 200
        response._content = b'{"access_token": "x", "expires_in": 3600, "scope": "*"}' if "access_token" in url else self.body_of(url)
        return response

    def close(self) -> None:
        """Nothing is open."""

    oauth_url, reddit_url = "https://oauth.reddit.example", "https://www.reddit.example"


def _reddit(target: Any, body_of: Callable[[str], bytes], folder: Path, cursor: Cursor) -> Iterator[Page]:
    with patch.object(reddit, "PolitePraw", _Reddit(body_of)), patch("prawcore.sessions.time.sleep"):
        yield from reddit.walk(target, cursor, since=None, data=folder)


def robots(content: bytes) -> None:
    """Read a robots.txt as the middlewares do."""
    parser = ProtegoRobotParser(content, None)
    parser.allowed("https://a.example/x?y=1", USER_AGENT)
    float(parser.rp.crawl_delay(USER_AGENT) or 0)
