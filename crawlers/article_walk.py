"""Articles of a site, asked for some at a time: what is kept of each, and what becomes of one that can't be had.

The rule to know: an article that fails, is refused or shows a wall's text waits in the cursor and is asked for in some runs more; it is
given up only where other articles of the site are shown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from datetime import UTC, datetime

from parsel import Selector
from scrapy.http import Response

from crawlers.article import own_address
from crawlers.frontier import State
from crawlers.kinds import SiteTarget
from crawlers.rejection import FEW
from crawlers.site_article import identity, read_article, shown
from crawlers.sitemap import Entry
from crawlers.source import Item, Page
from crawlers.spider import TargetSpider, content_type, page_of
from crawlers.trouble import Trouble
from crawlers.watch import read_next

TOGETHER = 8
"""Articles that are on their way at once, and as many are kept together with one cursor."""

Coming = deque[tuple[Entry, asyncio.Task[Response]]]
"""Articles that were asked for, in order, and their answers to be."""


class ArticleWalk(TargetSpider[SiteTarget]):
    """Asks for articles, and remembers of them in `state` what the next run has to know."""

    def begin_articles(self) -> None:
        """Take up what the cursor says."""
        self.state = State(self.cursor)
        self.left = self.target.pages
        """Pages that the run may still ask for."""
        self.met: set[str] = set()
        """Addresses of articles that were found in this run."""
        self.taken = 0
        """Articles that were shown."""
        self.in_vain: dict[str, str] = {}
        """Addresses that were asked for long enough, and what is said of each."""
        self.refused: list[str] = []
        """Why articles could not be had."""
        self.anew = False
        """Whether one of them was asked for the first time."""
        self.failed: list[str] = []
        """What the run fails by."""

    def over(self) -> bool:
        """Whether the run has asked for, or brought, as much as it may."""
        return self.left <= 0 or self.full()

    def taken_before(self, entry: Entry) -> bool:
        """Whether an address was asked for before."""
        return self.state.change(entry) is not None or self.seen(identity(entry.address, self.target))

    async def articles(self, entries: Iterable[Entry]) -> AsyncIterator[Page]:
        """The articles at these addresses, as many as the run may still ask for."""
        todo, coming = deque(entries), Coming()
        try:
            while group := [each async for each in self.next_few(todo, coming)]:
                items = tuple(self.judged(group))
                waiting = (entry.address for entry, _ in group if self.state.waits(entry))
                deferred = tuple(address for address in waiting if address not in self.in_vain)
                yield Page(items=items, cursor=self.state.cursor(), deferred=deferred)
        finally:
            for _, answer in coming:
                answer.cancel()

    async def next_few(self, todo: deque[Entry], coming: Coming) -> AsyncIterator[tuple[Entry, Item | None]]:
        """As many of the articles as are kept together; while one is read, the next ones are on their way."""
        few = min(TOGETHER, self.target.limits.items or TOGETHER)
        # Where a run is full, what is on its way is kept all the same; a preview would throw it away.
        most = self.few(2 * TOGETHER) if self.is_preview else 2 * TOGETHER
        for taken in range(few):
            while todo and len(coming) < few and taken + len(coming) < most and not self.over():
                self.left -= 1
                entry = todo.popleft()
                answer = asyncio.create_task(self.fetch(entry.address))
                answer.add_done_callback(_retrieved)
                coming.append((entry, answer))
            if not coming:
                return
            await asyncio.sleep(0)  # what was asked for is on its way to the gate before the next answer is read
            entry, answer = coming.popleft()
            yield entry, await self.take(entry, answer)

    async def take(self, entry: Entry, answer: Awaitable[Response]) -> Item | None:
        """An article; None where there is none, or where it fails for now."""
        try:
            response = await answer
        except Trouble as trouble:
            if not trouble.transient:
                self.note_refusal(entry, trouble)
            if trouble.closed:
                self.state.settle(entry)
            else:
                self.tried_again(entry, trouble)
            return None
        if "html" not in (content_type(response) or "html"):
            self.state.settle(entry)
            return None  # a picture, a document
        read_next(response, self)
        raw = read_article(response, self.target)
        if not raw.get("text") and not (self.is_preview or self.from_date):  # which keep no cursor: there it is rejected
            wrong = Trouble(f"{entry.address}: has no text", transient=True)
            self.note_refusal(entry, wrong)
            self.tried_again(entry, wrong)
            return None
        if text := shown(raw):
            told = self.told_by(entry, page_of(response), response.url) if self.state.walls.repeats(text) else entry.address
            self.state.walls.met(text, told, entry.address)
        return Item(raw=raw, address=response.url)

    def note_refusal(self, entry: Entry, trouble: Trouble) -> None:
        self.refused.append(str(trouble))
        self.anew |= not (self.state.waits(entry) or self.taken_before(entry))

    def tried_again(self, entry: Entry, trouble: Trouble) -> None:
        """An article that could not be had is asked for in the next run, unless it is given up at the end of this one."""
        tries = self.state.defer(entry, counted=not trouble.of_host)
        self.put_off(entry.address, trouble)
        if tries.enough(self.target.attempts, datetime.now(UTC)):
            self.in_vain[entry.address] = f"its page failed in {tries.runs} runs: {trouble}"

    async def shows_others(self) -> bool:
        """Whether an article was shown in this run, or one that was shown before is still."""
        if self.taken:
            return True
        removed = []
        for address in self.state.last_shown.pages:
            try:
                raw = read_article(await self.fetch(address), self.target)
            except Trouble as trouble:
                self.logger.warning("%s, which was shown before", trouble)
                removed += [address] * trouble.final
                continue
            if (text := shown(raw)) and not self.state.walls.is_one(text):
                self.state.last_shown.forget(removed)
                return True
        return not self.state.last_shown.walled(removed, datetime.now(UTC))

    def judged_by_others(self, are_shown: bool) -> Page:
        """What becomes of articles that could not be had: those asked for long enough are given up, if it is of them and not of the site.

        A run that was shown nothing fails; where others are shown, of what is refused it is told once.
        """
        told = self.anew or not are_shown
        if self.refused and told and not self.taken and (len(self.refused) >= FEW or not self.cursor):
            self.failed.append(f"none of {len(self.refused)} articles could be had: {self.refused[-1]}")
        if not are_shown:
            return Page(items=(), cursor=self.state.cursor(), deferred=tuple(self.in_vain))
        for address in self.in_vain:
            self.state.settle(Entry(address))
        items = tuple(Item(raw={"url": address}, address=address, given_up=why) for address, why in self.in_vain.items())
        return Page(items=items, cursor=self.state.cursor())

    def judged(self, group: list[tuple[Entry, Item | None]]) -> Iterator[Item]:
        """What is kept of some articles: none with the text of a wall. Those wait, and so do those that were kept with it before."""
        for address in self.state.walls.caught():
            self.state.defer(Entry(address), counted=False)
        for entry, item in group:
            if item is None:
                continue
            if self.state.walls.is_one(shown(item.raw)):
                self.tried_again(entry, Trouble(f"{entry.address}: shows the text of other articles", transient=True))
                continue
            self.taken += 1
            self.state.last_shown.shows(entry.address, entry.address)
            self.state.settle(entry)
            yield item

    def told_by(self, entry: Entry, page: Selector, url: str) -> str:
        """The address of an article; where its page names another one that is asked for too, that: it is another version of it."""
        own = own_address(page, url)
        return own if own and (own in self.met or self.taken_before(Entry(own))) else entry.address


def _retrieved(answer: asyncio.Task[Response]) -> None:
    """Else the failure of an answer that nobody waits for any more is told as a fault of the program."""
    if not answer.cancelled():
        answer.exception()
