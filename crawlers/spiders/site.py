"""Articles of a site without a feed, found by its sitemaps and by links from page to page.

The rule to know: links are followed only as long as they bring new articles; a calendar that goes on for ever, or a list in
every order there is, brings none and ends by itself.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from parsel import Selector
from scrapy.http import Response

from crawlers.article import below_headline, own_address
from crawlers.frontier import State
from crawlers.kinds import SiteTarget
from crawlers.link import host_of, is_link, without_session
from crawlers.moment import UNKNOWN, parse_moment
from crawlers.page import canonical, site_of
from crawlers.post import Post, iso
from crawlers.rejection import FEW
from crawlers.selection import base_of
from crawlers.site_article import edited_at, identity, read_article, shown
from crawlers.sitemap import Entry, Sitemap, read_sitemap
from crawlers.source import CollectError, Item, Page
from crawlers.spider import TargetSpider, content_type, page_of
from crawlers.trouble import Trouble
from crawlers.watch import read_next

TOGETHER = 8
"""Articles that are on their way at once, and as many are kept together with one cursor."""
ENOUGH = 3
"""Pages with links that fail anew one after another, from which on it is the host."""
NESTED = 3
"""Lists of sitemaps within one another."""


Coming = deque[tuple[Entry, asyncio.Task[Response]]]
"""Articles that were asked for, in order, and their answers to be."""


class SiteSpider(TargetSpider[SiteTarget]):
    """Walks one site: `scrapy crawl site -a target=NAME`."""

    name = "site"

    async def start(self) -> AsyncIterator[Page]:
        self.state = State(self.cursor)
        self.left = self.target.pages
        self.met: set[str] = set()
        self.again: list[Entry] = []
        self.taken = 0
        self.in_vain: dict[str, str] = {}
        """Addresses that were asked for long enough, and what is said of each."""
        self.refused: list[str] = []
        """Why articles could not be had."""
        self.anew = False
        """Whether one of them was asked for the first time."""
        self.failed: list[str] = []
        async for page in self.walk():
            yield page
            await asyncio.sleep(0)  # the page is kept before `full` is asked again

    async def walk(self) -> AsyncIterator[Page]:
        """What failed before, the sitemaps, then links; one that fails does not keep the others from being walked.

        Of a run from a date what was taken before is asked for again, after all that is new.
        """
        deferred = self.state.deferred_entries()
        few = max(self.left // 2, 1)  # what is refused keeps nothing new from being taken, however much it is
        waiting, again = self.articles(deferred[:few]), self.articles(self.again)
        for walked in [waiting, *map(self.sitemap, self.target.sitemap), self.links(), again]:
            try:
                async for page in walked:
                    yield page
            except Trouble as trouble:
                self.failed.append(str(trouble))
        if self.in_vain or self.refused:
            yield self.judged_by_others(await self.shows_others())
        self.failed += self.state.walls.told("what all pages share is taken for their text (`take.text`)", from_date=self.from_date)
        if self.failed:
            raise CollectError("; ".join(dict.fromkeys(self.failed)))

    def over(self) -> bool:
        """Whether the run has asked for, or brought, as much as it may."""
        return self.left <= 0 or self.full()

    async def sitemap(self, address: str, changed: datetime | None = None, *, above: tuple[str, ...] = ()) -> AsyncIterator[Page]:
        """A sitemap, and those that it lists; `above` it are those that led to it. Raises Trouble."""
        if self.over():
            return
        self.left -= 1
        response = await self.fetch(address)
        try:
            found = read_sitemap(response.body, address)
        except CollectError as error:
            raise Trouble(str(error), transient=False) from error
        wanted = sorted(filter(self.wanted, found.pages), key=self.taken_before)  # what is new does not wait for what has changed
        async for page in self.articles(wanted):
            yield page
        for each in self.state.unread_first(self.below(found, (*above, address))):
            if self.since and each.changed and each.changed < self.since:
                continue
            try:
                async for page in self.sitemap(each.address, each.changed, above=(*above, address)):
                    yield page
            except Trouble as trouble:
                self.failed.append(str(trouble))
        if self.state.settled(wanted) and not (found.maps and self.over()):
            self.state.read_map(address, changed)
            yield Page(items=(), cursor=self.state.cursor())

    def below(self, found: Sitemap, path: tuple[str, ...]) -> list[Entry]:
        """The sitemaps that the last one of a path lists. Raises Trouble where they lead nowhere."""
        above = set(map(canonical, path))
        below = [each for each in found.maps if canonical(each.address) not in above]
        if found.maps and not below and len(path) == 1:
            raise Trouble(f"{path[-1]}: lists no sitemap but itself, so nothing is found by it", transient=False)
        if below and len(path) > NESTED:
            raise Trouble(f"{path[-1]}: is the last of {len(path)} lists of sitemaps within one another: too deep", transient=False)
        return below

    async def links(self) -> AsyncIterator[Page]:
        """Pages with links, as long as they lead to new articles. Raises Trouble where the host fails."""
        frontier, self.failures = self.state.frontier, 0
        frontier.begin(self.target.url)
        while not self.over() and (listed := frontier.next_page()):
            address, barren = listed
            self.left -= 1
            try:
                found = self.listed(address, await self.fetch(address))
            except Trouble as trouble:
                yield self.not_had(address, barren, trouble)
                if self.failures >= ENOUGH:
                    raise
                continue
            self.failures = 0
            known = len(self.again)
            fresh = [entry for entry in map(Entry, found) if self.wanted(entry)]
            barren = 0 if fresh or len(self.again) > known else barren + 1
            async for page in self.articles(fresh):
                yield page
            if barren <= self.target.depth:
                frontier.add(filter(self.followed, found), barren)
            if self.over():
                frontier.put_back(address, barren)
            else:
                frontier.followed(address)
            yield Page(items=(), cursor=self.state.cursor())

    def listed(self, address: str, response: Response) -> list[str]:
        """Addresses that a page leads to on its own host. Raises Trouble for one that is no list: a wall may stand in its place."""
        found = list(_links(response))
        if not found and "html" in (content_type(response) or "html"):  # a document, a picture is no wall
            raise Trouble(f"{address}: links to no page of its host: a wall against robots, or only a script shows them", transient=True)
        if address in self.target.url and not any(self.is_article(link) or self.followed(link) for link in found):
            wrong = "links to nothing that `articles` or `follow` mean: mend these, or a wall against robots stands in its place"
            raise Trouble(f"{address}: {wrong}", transient=True)
        return found

    def not_had(self, address: str, barren: int, trouble: Trouble) -> Page:
        """What becomes of a page with links that could not be had. One of the target's own is asked for in every run."""
        frontier = self.state.frontier
        items: tuple[Item, ...] = ()
        deferred: tuple[str, ...] = ()
        if address in self.target.url:
            self.failed.append(str(trouble))
            self.failures += trouble.transient
            frontier.left_out(address)
        elif trouble.closed:
            self.logger.info("%s", trouble)
            frontier.followed(address)
        else:
            tries = frontier.failed(address, barren, counted=not trouble.of_host)
            # Of one that failed before, or that the host has no words for but that it is none to ask for, it may be the page.
            self.failures += tries.runs <= 1 and not (trouble.final or trouble.unasked) and not frontier.gave_up(address)
            if not tries.enough(self.target.attempts, datetime.now(UTC)):
                self.logger.warning("%s; tried again next time", trouble)
                deferred = (address,)
            else:
                frontier.give_up(address)
                items = (
                    Item(raw={"url": address}, address=address, given_up=f"its links could not be had in {tries.runs} runs: {trouble}"),
                )
        return Page(items=items, cursor=self.state.cursor(), deferred=deferred)

    def followed(self, link: str) -> bool:
        """Whether a page is one where more links are looked for."""
        return bool(self.target.follow and re.search(self.target.follow, link)) and not self.is_article(link)

    def is_article(self, address: str) -> bool:
        return self.target.articles is None or bool(re.search(self.target.articles, address))

    def wanted(self, entry: Entry) -> bool:
        """Whether an address is that of an article which is new, or which its site says has changed; once in a run."""
        if not self.is_article(entry.address) or entry.address in self.met or self.state.waits(entry):
            return False
        if self.since and entry.changed and entry.changed < self.since:
            return False
        self.met.add(entry.address)
        before = self.state.change(entry)
        if self.from_date and before is None and self.taken_before(entry):
            self.again.append(entry)
            return False
        if before is None:
            return not self.seen(identity(entry.address, self.target)) or self.state.changed_later(entry)
        return bool(before and entry.changed and before != iso(entry.changed))

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
        self.logger.warning("%s; tried again next time", trouble)
        self.not_had_now(entry.address, str(trouble))
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


def _links(response: Response) -> Iterable[str]:
    """Addresses that a page links to on its own host."""
    page = page_of(response)
    base, host = base_of(page, response.url), host_of(response.url)
    for said in dict.fromkeys(page.xpath("//a/@href").getall()):
        try:
            link = without_session(urljoin(base, said.strip()).partition("#")[0])
            if is_link(link) and host_of(link) == host:
                yield link
        except ValueError:
            continue


def post(raw: dict[str, Any], target: SiteTarget, collected: datetime) -> Post:
    """The post an article is. Raises ValueError for a date that is none."""
    url, title, date = raw["url"], raw.get("title"), raw.get("date")
    published = UNKNOWN
    if date:
        published = parse_moment(date, target.zone, now=collected, day_first=target.day_first, formats=target.date_formats)
    language = raw.get("language", "")
    return Post(
        id=identity(url, target),
        site=site_of(target.site, url),
        place=target.place,
        source=target.kind,
        url=url,
        title=title,
        text=below_headline(raw.get("text", ""), title),
        quoted=raw.get("quoted"),
        language=target.language or (language if len(language) == 2 and language.isalpha() else None),
        author_name=raw.get("author") or target.author,
        published=published.at,
        published_precision=published.precision,
        edited=edited_at(raw, target, published, collected),
        collected=collected,
    )
