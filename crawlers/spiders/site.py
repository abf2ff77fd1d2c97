"""Articles of a site without a feed, found by its sitemaps and by links from page to page.

The rule to know: links are followed only as long as they bring new articles; a calendar that goes on for ever, or a list in
every order there is, brings none and ends by itself. What becomes of the articles is judged in `crawlers/article_walk.py`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from scrapy.http import Response

from crawlers.article import below_headline
from crawlers.article_walk import ArticleWalk
from crawlers.kinds import SiteTarget
from crawlers.link import host_of, is_link, without_session
from crawlers.moment import UNKNOWN, parse_moment
from crawlers.page import canonical, site_of
from crawlers.post import Post, iso
from crawlers.selection import base_of
from crawlers.site_article import edited_at, identity
from crawlers.sitemap import Entry, Sitemap, read_sitemap
from crawlers.source import CollectError, Item, Page
from crawlers.spider import content_type, page_of
from crawlers.trouble import Trouble

ENOUGH = 3
"""Pages with links that fail anew one after another, from which on it is the host."""
NESTED = 3
"""Lists of sitemaps within one another."""


class SiteSpider(ArticleWalk):
    """Walks one site: `scrapy crawl site -a target=NAME`."""

    name = "site"

    async def start(self) -> AsyncIterator[Page]:
        self.begin_articles()
        self.again: list[Entry] = []
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
