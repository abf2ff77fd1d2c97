"""Places with an interface for programs: lists of posts in JSON, newest first, page after page, and the threads below posts.

The rule to know: a source says where its lists begin, what a page of one holds and what a post is; the way through the pages,
the cursor and the threads are the same for all. A thread is read again when its post stands on a page that is walked and
counts another number of replies than were read.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from scrapy import Request
from scrapy.http import Response

from crawlers.interval import Descent
from crawlers.page import decode
from crawlers.platforms import PlatformTarget
from crawlers.source import CollectError, Cursor, Item, Page
from crawlers.spider import TargetSpider, Trouble, content_type, refusal

P = TypeVar("P", bound=PlatformTarget)

REMEMBERED = 2_000
"""Threads whose number of replies is kept."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list or of a thread."""

    raws: tuple[dict[str, Any], ...] = ()
    following: str | None = None
    """Address of the page after it."""


@dataclass(frozen=True, slots=True)
class Thread:
    """The replies to a post."""

    id: str
    """The post's own id; each reply has it as `thread` in its raw item."""
    address: str
    """Where they begin."""
    replies: int
    """How many there are by the post's own count."""


class ListingSpider(TargetSpider[P], Generic[P]):
    """Walks the lists of a place. A source overrides `lists`, `read` and, where there are threads, `thread`."""

    by_robots: ClassVar[bool] = False
    """Whether robots.txt is asked: it speaks of pages; an interface made for programs has rules of its own."""

    async def lists(self) -> dict[str, str]:
        """Name of each list of the target -> address of its first page. Raises Trouble."""
        raise NotImplementedError

    def read(self, answer: Any, response: Response) -> Listing:
        """What a page of a list or of a thread holds. Raises CollectError for what the interface never says."""
        raise NotImplementedError

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        """The thread below a post; None where it has none, or is one's reply itself."""

    def request(self, url: str) -> Request:
        """The request of an address; a source adds its key here, so that neither cursor nor batch ever holds it."""
        return Request(url, headers={"Accept": "application/json"}, dont_filter=True)

    def secret(self, key: str) -> str | None:
        """What the variable that the target's `key` names holds; None where the target names none. Raises CollectError."""
        variable = self.target.keys.get(key)
        if variable is None:
            return None
        if not (value := os.environ.get(variable)):
            raise CollectError(f"the environment variable {variable} isn't set: it holds the key of this target")
        return value

    def complaint(self, answer: Any) -> str | None:
        """What an answer says instead of what was asked for; None where it complains of nothing."""
        error = answer.get("error") if isinstance(answer, dict) else None
        return str(error) if error else None

    async def start(self) -> AsyncIterator[Page]:
        self.state = State(self.cursor)
        async for page in self.walk():
            yield page
            await asyncio.sleep(0)  # the page is kept before `full` is asked again

    async def walk(self) -> AsyncIterator[Page]:
        """All lists in turn; one that fails does not keep the others from being walked."""
        failed = []
        try:
            lists = await self.lists()
        except Trouble as trouble:
            raise CollectError(str(trouble)) from trouble
        for name, start in lists.items():
            try:
                async for page in self.descend(name, start):
                    yield page
            except Trouble as trouble:
                failed.append(str(trouble))
            if self.full():
                return
        if failed:
            raise CollectError("; ".join(failed))

    async def descend(self, name: str, start: str) -> AsyncIterator[Page]:
        """One list down to what is known, each page with the threads of its posts."""
        descent = Descent(self.state.lists.get(name, {}), start)
        left = self.target.pages
        while descent.address and left > 0 and not self.full():
            left -= 1
            listing = await self.get(descent.address)
            address = descent.address
            known, old = self.look(listing.raws)
            if listing.raws:
                descent.took(known, listing.following, old=old)
            else:
                descent.nothing(honest=True)
            self.state.lists[name] = descent.cursor()
            yield self.page(listing, address)
            if self.target.comments and not old:
                async for page in self.threads(listing):
                    yield page

    async def threads(self, listing: Listing) -> AsyncIterator[Page]:
        """The replies to the posts of a page, where their number has changed."""
        for raw in listing.raws:
            thread = self.thread(raw)
            if thread is None or self.state.threads.get(thread.id, 0) == thread.replies:
                continue
            address: str | None = thread.address
            left = self.target.pages
            while address and left > 0 and not self.full():
                left -= 1
                try:
                    replies = await self.get(address)
                except Trouble as trouble:
                    if trouble.transient:
                        self.logger.warning("%s; tried again next time", trouble)
                        yield Page(items=(), cursor=self.state.cursor(), deferred=(address,))
                        break
                    replies = Listing()  # closed or gone: nothing to come back for
                if not replies.following:
                    self.state.settle(thread)
                below = tuple(each | {"thread": thread.id} for each in replies.raws)
                yield self.page(Listing(below), address)
                address = replies.following

    def page(self, listing: Listing, address: str) -> Page:
        return Page(items=tuple(Item(raw=raw, address=address) for raw in listing.raws), cursor=self.state.cursor())

    async def get(self, url: str) -> Listing:
        """A page of the interface. Raises Trouble, or CollectError for an answer that is none."""
        response = await self.answer(url)
        answer = parsed(response)
        if told := self.complaint(answer):
            raise Trouble(f"{url}: {told}", transient=False)
        return self.read(answer, response)

    async def answer(self, url: str) -> Response:
        """The answer to an address. Raises Trouble with what the interface says of its refusal."""
        request = self.request(url)
        if not self.by_robots:
            request.meta["dont_obey_robotstxt"] = True
        response = await self.answered(request)
        if wrong := refusal(response):
            try:
                told = self.complaint(parsed(response))
            except CollectError:
                told = None
            raise Trouble(f"{url}: {told}", transient=wrong.transient, status=wrong.status) if told else wrong
        return response


def parsed(response: Response) -> Any:
    """The JSON of an answer. Raises CollectError for what is none, a page above all."""
    text = decode(response.body, content_type(response))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "a page" if text.lstrip()[:1] == "<" else "an answer"
        raise CollectError(f"{response.url} gives {what} that is no JSON: it begins with {text.strip()[:40]!r}") from error


class State:
    """The cursor while the lists are walked."""

    def __init__(self, cursor: Cursor) -> None:
        self.lists: dict[str, Cursor] = dict(cursor.get("lists", {}))
        self.threads: dict[str, int] = dict(cursor.get("threads", {}))

    def settle(self, thread: Thread) -> None:
        """Note a thread that was read to its end."""
        self.threads.pop(thread.id, None)
        self.threads[thread.id] = thread.replies
        for forgotten in list(self.threads)[:-REMEMBERED]:
            del self.threads[forgotten]

    def cursor(self) -> Cursor:
        return {"lists": dict(self.lists), "threads": dict(self.threads)}
