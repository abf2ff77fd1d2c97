"""Forums: boards and their topics, read by the selectors of the target's file or of a preset.

The rule to know: a board's page counts as walked when its topics have been read; a topic that could not be read to its end
waits in the cursor, whatever its board shows next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from parsel import Selector

from crawlers.board import Line, State, Topic, filled, native_id, read_board, read_posts, topic_id
from crawlers.interval import Descent
from crawlers.kinds import ForumTarget
from crawlers.mapping import mapped_again
from crawlers.page import Text, at_site, site_of
from crawlers.post import Post, clean, post_id
from crawlers.selection import Fields, Tally, next_page, numbered, select, takes
from crawlers.shown import TopicLooks
from crawlers.source import CollectError, Item, Page, Rejected
from crawlers.spider import Trouble, page_of
from crawlers.writer import FEW

ENOUGH = 3
"""Topics that fail one after another, from which on it is the host."""


class ForumSpider(TopicLooks):
    """Walks one forum: `scrapy crawl forum -a target=NAME`."""

    name = "forum"

    async def start(self) -> AsyncIterator[Page]:
        self.state = State(self.cursor)
        self.tally = Tally(takes(self.target.topic.take), every={"text", "date"}, where="topic.take")
        self.tried: set[str] = set()
        self.silent: list[str] = []
        self.failures = 0
        self.wrong: list[str] = []
        try:
            async for page in self.walk():
                yield page
                await asyncio.sleep(0)  # the page is kept before `full` is asked again
                self.tally.check(ended=False)
            self.tally.check(ended=True)
        except CollectError as error:
            self.wrong.append(str(error))
        if self.silent and not self.tally.items and (len(self.silent) >= FEW or not self.cursor):
            self.wrong.append(f"none of {len(self.silent)} topics shows a post: {self.silent[-1]}")
        if self.wrong:
            raise CollectError("; ".join(dict.fromkeys(self.wrong)))

    async def walk(self) -> AsyncIterator[Page]:
        """Boards, topics given by name, then what waits; one that fails, or is none, does not keep the others from being walked."""
        for walked in [*map(self.descend, self.target.url), *map(self.follow, self.target.topics), self.wait()]:
            try:
                async for page in walked:
                    yield page
            except (Trouble, CollectError) as wrong:
                self.wrong.append(str(wrong))
            if self.full():
                break

    async def descend(self, board: str) -> AsyncIterator[Page]:
        """One board, from its top down to topics that have not changed. Raises Trouble."""
        descent = Descent(self.state.boards.get(board, {}), board, moving=True)
        left = self.target.pages
        while descent.address and left > 0 and not self.full():
            left -= 1
            page, url = await self.board_page(descent)
            lines = list(read_board(page, self.target, url, datetime.now(UTC)))
            wanted = [line.topic for line in lines if not self.older(line) and not self.state.passed(line.topic)]
            for topic in wanted:
                async for each in self.read(topic, deep=not descent.from_top):
                    yield each
                if self.full():
                    return
            self.took(descent, page, url, lines, wanted)
            self.state.boards[board] = descent.cursor()
            yield Page(items=(), cursor=self.state.cursor())

    async def board_page(self, descent: Descent) -> tuple[Selector, str]:
        """The page of a board where the walk stands; an empty one where a later page is gone. Raises Trouble."""
        assert descent.address is not None
        try:
            response = await self.fetch(descent.address)
        except Trouble as trouble:
            if trouble.status in (404, 410) and descent.address != descent.start:
                return Selector("<html/>", type="html"), descent.address
            raise
        return page_of(response), response.url

    def took(self, descent: Descent, page: Selector, url: str, lines: list[Line], wanted: list[Topic]) -> None:
        """Move on from a board's page. Raises CollectError where it is none, or the way on leads nowhere."""
        if not lines:
            honest = bool(self.target.empty and select(page, self.target.empty.select))
            if not honest and descent.from_top and not descent.pages:
                raise CollectError(
                    f"page {url} has no topics for selector {self.target.board.topic!r}: the layout has changed, or it is no board"
                )
            descent.nothing(honest=honest)
            return
        known = {f"{line.topic.id} {line.topic.mark}": line.topic not in wanted for line in lines if not line.pinned}
        if descent.repeated_at_once(known):
            way = "`board.next` leads to no other page; mend or remove it"
            raise CollectError(f"{url} shows the same topics as the page before it: {way}")
        old = bool(known) and all(self.older(line) for line in lines if not line.pinned)
        board = self.target.board
        link = next_page(page, board.next, url)
        descent.took(known, link or numbered(board.numbered, url), old=old, linked=bool(link))

    def older(self, line: Line) -> bool:
        """Whether the last post of a topic lies before what is wanted."""
        return bool(self.since and line.active and line.active < self.since)

    async def follow(self, address: str) -> AsyncIterator[Page]:
        """A topic that the target names. Raises Trouble where it shows nothing."""
        before = len(self.silent)
        async for page in self.read(Topic(id=topic_id(address, self.target), address=address)):
            yield page
        if len(self.silent) > before:
            raise Trouble(self.silent[-1], transient=False)

    async def wait(self) -> AsyncIterator[Page]:
        """Topics that earlier runs did not read to their end."""
        for topic in self.state.waiting():
            if topic.id not in self.tried:
                async for page in self.read(topic):
                    yield page
            if self.full():
                return

    async def read(self, topic: Topic, *, deep: bool = False) -> AsyncIterator[Page]:
        """A topic from the page that was read last to its end. Raises Trouble where the host fails."""
        self.tried.add(topic.id)
        self.state.wait(topic)
        address: str | None = self.state.page(topic)
        left, seen, before, met = self.target.pages, set[str](), None, False
        while address and left > 0 and not self.full():
            left -= 1
            seen.add(address)
            try:
                response = await self.fetch(address)
            except Trouble as trouble:
                if not trouble.transient and before is None and topic.address not in seen:
                    address = topic.address  # a later page is not to be had: its posts were removed, or it is forbidden
                    continue
                yield self.failed(topic, address, trouble, last=before[0] if before else None, met=met, deep=deep)
                return
            self.failures = 0
            page = page_of(response)
            raws = list(read_posts(page, self.target, response.url, topic, opening=address == topic.address))
            if raws and self.state.met(topic) and address != topic.address and not self.meets(raws):
                address, left, seen = topic.address, left + 1, set()  # posts were removed: new ones may stand on pages above this one
                self.state.reached(topic, address)
                continue
            following = next_page(page, self.target.topic.next, response.url) if raws else None
            shown, last = (set(self.look(raws)[0]) if following else None), before
            before, met = (address, shown), any(map(self.keepable, raws))
            if last and shown and shown == last[1]:
                self.logger.warning("%s shows the posts of the page before it again: the topic ends there", address)
                self.ended(topic, last[0], last[0], shown=True, met=met, deep=deep)
                yield Page(items=(), cursor=self.state.cursor(), repeated=len(raws))
                return
            self.tally.add(raws)
            if following is None or following in seen:
                self.ended(topic, address, response.url, shown=bool(raws), met=met, deep=deep)
                following = None
            else:
                self.state.reached(topic, following)
            yield Page(items=tuple(Item(raw=raw, address=response.url) for raw in raws), cursor=self.state.cursor())
            address = following

    def meets(self, raws: Iterable[dict[str, Any]]) -> bool:
        """Whether a page shows a post that was taken before, or one too old to be: what stands above it was then read."""
        return any(old or any(known.values()) for known, old in (self.look([raw]) for raw in raws))

    def keepable(self, raw: dict[str, Any]) -> bool:
        """Whether an item is a post to us, and so known from now on; a picture without words is none."""
        try:
            mapped_again(raw, self.target, datetime.now(UTC), (), False)
        except Rejected:
            return False
        return True

    def ended(self, topic: Topic, address: str, url: str, *, shown: bool, met: bool, deep: bool) -> None:
        """Note a topic that was read to its end; whether its last page has `shown` a post, and one that was taken."""
        if shown:
            self.state.reached(topic, address, met=met)
        else:
            self.silent.append(
                f"page {url} has no posts for selector {self.target.topic.post!r}: the layout has changed, or it wants a login"
            )
        self.state.settle(topic, deep=deep)

    def failed(self, topic: Topic, address: str, trouble: Trouble, *, last: str | None, met: bool, deep: bool) -> Page:
        """What becomes of a topic that could not be had, or not behind its `last` page. Raises Trouble where one after another fails."""
        if not trouble.transient:
            if last:
                self.logger.warning("%s; of its topic the pages before it are what there is", trouble)
                self.state.reached(topic, last, met=met)
            else:
                self.silent.append(str(trouble))
            self.state.settle(topic, deep=deep)
            return Page(items=(), cursor=self.state.cursor())
        tries = topic.tries + (not trouble.of_host)
        if tries >= self.target.attempts:
            self.state.settle(topic, deep=deep)
            item = Item(raw={"page": address}, address=address, error=f"its topic failed in {tries} runs: {trouble}")
            return Page(items=(item,), cursor=self.state.cursor())
        self.failures += 1
        self.state.wait(replace(topic, tries=tries))
        if self.failures >= ENOUGH:
            raise trouble
        self.logger.warning("%s; tried again next time", trouble)
        return Page(items=(), cursor=self.state.cursor(), deferred=(address,))


def _permalink(target: ForumTarget, page: str, topic: str, id: str | None) -> str | None:
    """The post's address as the target says that the forum makes them."""
    address = filled(target.topic.permalink, topic, id)
    return urljoin(page, address) if address else None


def post(raw: dict[str, Any], target: ForumTarget, collected: datetime) -> Post:
    """A post of a topic. The topic's title, views and replies are those of the post that opened it. Raises ValueError for a wrong date."""
    fields = Fields(raw, takes(target.topic.take))
    page, topic = raw["page"], raw["topic"]
    site = site_of(target.site, [*target.url, *target.topics][0])
    words = fields.words("text") or Text("")
    author, url = fields.text("author"), fields.link("url")
    published = fields.moment("date", target, collected)
    edited = fields.lenient("edited", target, collected)
    id, answered = fields.text("id"), fields.text("reply_to")
    native = native_id(target, topic["id"], id)
    opening = bool(raw.get("opening"))
    otherwise = [author, published.identity, clean(words.own)]
    if published.identity is None:
        otherwise.append(topic["id"])  # «+1» of one author in two topics
    return Post(
        id=post_id(site, native, url=at_site(url, page, site), otherwise=tuple(otherwise)),
        site=site,
        place=target.place or topic.get("board"),
        source=target.kind,
        url=url or (None if opening else _permalink(target, page, topic["id"], id)) or page,
        title=topic.get("title") if opening else None,
        text=words.own,
        quoted=words.quoted,
        language=target.language,
        author_id=fields.author_id(target, page, site),
        author_name=author,
        author_url=fields.profile(),
        published=published.at,
        published_precision=published.precision,
        edited=edited.at,
        collected=collected,
        thread_id=post_id(site, f"topic {topic['id']}"),
        in_reply_to=post_id(site, answered) if answered and answered != native else None,
        views=topic.get("views") if opening else None,
        members=topic.get("members"),
        likes=fields.count("likes"),
        replies=topic.get("replies") if opening else None,
    )
