"""Places with an interface for programs: lists of posts in JSON, newest first, page after page, and the threads below posts.

The rule to know: a source says where its lists begin, what a page of one holds and what a post is; the way through the pages,
the cursor and the threads are the same for all. A thread is read again when its post stands on a page that is walked and
counts another number of replies than were read; one that a run could not read to its end stays in the cursor, and the next
run goes on there. Only 404, 410, 451 in the form of the interface and its own words close a thread; any other refusal fails the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import Any, Generic, TypeVar

from scrapy.http import Response

from crawlers.interface import WRONG_FORM, Closed, Ended, InterfaceSpider, of_its_form, parsed
from crawlers.interval import Descent
from crawlers.link import hidden
from crawlers.look import PATIENCE
from crawlers.platforms import PlatformTarget
from crawlers.progress import State
from crawlers.reach import members_of_today
from crawlers.source import CollectError, Item, Page
from crawlers.trouble import Trouble

P = TypeVar("P", bound=PlatformTarget)
T = TypeVar("T")

TOLD = 3
"""Threads refused that a run names: a wall against robots refuses all of them."""


@dataclass(frozen=True, slots=True)
class Thread:
    """The replies to a post."""

    id: str
    """The post's own id; each reply has it as `thread` in its raw item."""
    address: str
    """Where they begin."""
    replies: int
    """How many there are by the post's own count."""
    moment: datetime | None = None
    """When it was last written in, where that is told; one that has been still since before the wanted date is not read."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list or of a thread."""

    raws: tuple[dict[str, Any], ...] = ()
    following: str | None = None
    """Address of the page after it."""
    threads: tuple[Thread, ...] = ()
    """Threads that the page names without showing what they begin with: that is read with the replies."""
    silent: tuple[dict[str, Any], ...] = ()
    """Posts without words, as pictures are: no posts to us, though the threads below them are read."""
    more: tuple[str, ...] = ()
    """More pages of the same thread, as of a branch that is folded up."""


class ListingSpider(InterfaceSpider[P], Generic[P]):
    """Walks the lists of a place. A source overrides `lists`, `read` and, where there are threads, `thread`."""

    async def lists(self) -> dict[str, str]:
        """Name of each list of the target -> address of its first page. Raises Trouble. What one list alone needs is `tried`."""
        raise NotImplementedError

    async def tried(self, asking: Awaitable[T]) -> T | None:
        """What is asked for one list; None where it can't be had. The others are walked then, and the run says which one failed."""
        try:
            return await asking
        except Ended:
            raise
        except (Trouble, CollectError) as wrong:
            self.failed.append(str(wrong))
        except WRONG_FORM as error:
            self.failed.append(f"where a list begins is told in another form ({type(error).__name__}: {error})")
        return None

    def read(self, answer: Any, response: Response) -> Listing:
        """What a page of a list or of a thread holds. Raises CollectError for what the interface never says."""
        raise NotImplementedError

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        """The thread below a post; None where it has none, or is one's reply itself."""

    def content(self, response: Response) -> Any:
        """What an answer holds, for `read`. Raises CollectError for what it can't be."""
        return parsed(response)

    async def filled(self, listing: Listing) -> Listing:
        """The page with what only other addresses tell of its posts, as the followers of their authors.

        Raises Trouble where they don't: the posts are then kept without.
        """
        return listing

    async def members(self) -> int | None:
        """How many are members of the place, where an address of its own tells; asked where the target's file doesn't say it.

        None where it tells that there are none. Raises Trouble: the number known before is then kept.
        """
        return None

    async def _told_more(self, listing: Listing) -> Listing:
        try:
            listing = await self.filled(listing)
        except Ended:
            raise
        except (Trouble, CollectError) as wrong:
            self.logger.warning("%s; the posts of this page are kept without what it tells", hidden(str(wrong), self.secrets))
        if not listing.raws or self.target.members is not None:
            return listing
        members = await members_of_today(self.state.members, self.members, self._in_vain)
        return replace(listing, raws=tuple(raw | {"members": members} for raw in listing.raws)) if members else listing

    def _in_vain(self, why: str) -> None:
        self.logger.warning("%s", hidden(why, self.secrets))

    async def start(self) -> AsyncIterator[Page]:
        self.state = State(self.cursor)
        self.visited: set[str] = set()
        self.failed: list[str] = []
        self.refused: list[str] = []
        self.in_a_row = 0
        try:
            async for page in self.walk():
                yield page
                await asyncio.sleep(0)  # the page is kept before `full` is asked again
        except CollectError as error:
            raise CollectError(hidden(str(error), self.secrets)) from None

    async def walk(self) -> AsyncIterator[Page]:
        """All lists in turn; one that fails, or is of another form, does not keep the others from being walked."""
        try:
            lists = await self.lists()
        except Trouble as trouble:
            raise CollectError(str(trouble)) from trouble
        except WRONG_FORM as error:
            raise CollectError(f"where the lists begin is told in another form ({type(error).__name__}: {error})") from error
        self.state.keep(lists, all_told=not self.failed)
        for name, start in lists.items():
            try:
                async for page in self.descend(name, start):
                    yield page
            except Ended:
                raise
            except (Trouble, CollectError) as wrong:
                self.failed.append(str(wrong))
            if self.full():
                break
        if failed := [*dict.fromkeys(self.failed), *self.refused[:TOLD]]:
            untold = len(self.refused) - TOLD
            raise CollectError("; ".join(failed) + (f"; and {untold} more like these" if untold > 0 else ""))

    async def descend(self, name: str, start: str) -> AsyncIterator[Page]:
        """One list down to what is known, each page with the threads of its posts."""
        descent = Descent(self.state.lists.get(name, {}), start)
        left = self.target.pages
        while descent.address and left > 0 and not self.full():
            left -= 1
            address, above = descent.address, descent.pages if descent.from_top else inf
            listing, old = await self.step(descent)
            self.state.lists[name] = descent.cursor()
            if not old:
                self.want(listing, above)
            yield self.page(listing.raws, address)
            async for page in self.threads():
                yield page

    async def step(self, descent: Descent) -> tuple[Listing, bool]:
        """The page that a descent stands at, which is told of it, and whether all of the page is too old. Raises Trouble."""
        assert descent.address is not None
        try:
            listing = await self.get(descent.address)
        except Closed:
            listing = Listing()
        except Trouble as trouble:
            if descent.from_top or trouble.transient:
                raise
            descent.nothing()  # marks of pages lapse: the interval is walked from the top next time
            return Listing(), False
        if not (listing.raws or listing.threads or listing.following):
            descent.nothing(honest=True)
            return listing, False
        known, old = self.met(listing)
        descent.took(known, listing.following, old=old)
        return listing, old

    def met(self, listing: Listing) -> tuple[dict[str, bool], bool]:
        """Whether each post and thread of a page was taken before, and whether all of them are older than what is wanted."""
        known, old = self.look(listing.raws)
        if not listing.threads:
            return known, old
        still = [self.still(thread) for thread in listing.threads]
        read = {thread.id: each or self.state.settled(thread) for thread, each in zip(listing.threads, still, strict=True)}
        return known | read, all(still) and (old or not known)

    def still(self, thread: Thread) -> bool:
        """Whether nothing was written in a thread since the wanted date."""
        return bool(self.since and thread.moment and thread.moment < self.since)

    def want(self, listing: Listing, above: float) -> None:
        """Note the threads of a page, with so many pages `above` it, whose number of replies has changed."""
        below = [self.below(raw) for raw in (*listing.raws, *listing.silent)] if self.target.comments else []
        for thread, whole in (*((each, True) for each in listing.threads), *((each, False) for each in below)):
            if thread and not self.still(thread):
                self.state.met(thread, above)
                self.state.want(thread, whole=whole)

    def below(self, raw: dict[str, Any]) -> Thread | None:
        """The thread below a post; none where the post has another form than it should: it is rejected besides."""
        try:
            return self.thread(raw)
        except WRONG_FORM:
            return None

    async def threads(self) -> AsyncIterator[Page]:
        """The replies of the threads that wait, of each so many pages in a run."""
        for id in [each for each in self.state.waiting if each not in self.visited]:
            if self.in_a_row >= PATIENCE:
                return  # a wall: the others are left alone, and wait
            self.visited.add(id)
            left, before = self.target.pages, None
            while (address := self.state.next_page(id)) and left > 0 and not self.full():
                left -= 1
                try:
                    replies = await self.get(address)
                except Ended:
                    raise
                except (Trouble, CollectError) as error:
                    self.not_had_now(address, hidden(str(error), self.secrets))
                    if self.tried_again(id, error):
                        yield Page(items=(), cursor=self.state.cursor(), deferred=(address,))
                        break
                    yield self.page((), address)
                    continue
                raws = tuple(raw | {"thread": id} for raw in replies.raws)
                if replies.following and raws == before:
                    self.logger.warning("%s shows the replies of the page before it again: the thread ends there", address)
                    replies = replace(replies, following=None)
                before, self.in_a_row = raws, 0
                self.state.went_on(id, replies)
                yield self.page(raws, address)

    def tried_again(self, id: str, error: Trouble | CollectError) -> bool:
        """Whether a page of a thread that can't be had waits for the next run. A refusal that says nothing of the thread fails the run."""
        wrong = error if isinstance(error, Trouble) else None
        if wrong and wrong.final:
            self.state.went_on(id, None)
            return False
        if wrong and not wrong.transient:
            self.refused.append(str(wrong))
            self.in_a_row += 1
        again = self.state.failed(id, counted=not (wrong and wrong.of_host))
        self.logger.warning("%s; %s", hidden(str(error), self.secrets), "tried again next time" if again else "given up")
        if not again:
            self.state.gave_up(id)
        return again

    def page(self, raws: tuple[dict[str, Any], ...], address: str) -> Page:
        return Page(items=tuple(Item(raw=raw, address=address) for raw in raws), cursor=self.state.cursor())

    async def get(self, url: str) -> Listing:
        """A page of the interface. Raises Trouble, or CollectError for an answer that is none."""
        response = await self.answer(url)
        if self.over(response):
            return Listing()
        with of_its_form(url):
            answer = self.content(response)
            if wrong := self.wrong_with(response, answer, url):
                raise wrong
            return await self._told_more(self.read(answer, response))
