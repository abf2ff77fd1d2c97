"""Forums: boards and their topics, read by the selectors of the target's file or of a preset.

The rule to know: a board's page counts as walked when its topics have been read; a topic that could not be read to its end
waits in the cursor, whatever its board shows next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from parsel import Selector

from crawlers.board import Line, Topic, filled, native_id, read_board, topic_id
from crawlers.instead import led, with_signs
from crawlers.interval import Descent
from crawlers.kinds import ForumTarget
from crawlers.page import Text, at_site, site_of
from crawlers.post import Post, clean, post_id
from crawlers.reason import each_once
from crawlers.rejection import FEW
from crawlers.selection import Fields, next_page, numbered, select, takes
from crawlers.source import CollectError, Page
from crawlers.spider import page_of
from crawlers.topic_walk import ENOUGH, TopicWalk
from crawlers.trouble import Trouble

MANY = 100
"""Topics that wait, from which on they go first: more are not gathered while a wall stands."""
AT_ONCE = 10
"""Of those that wait, refusals that one run takes at least; a tenth of many."""


class ForumSpider(TopicWalk):
    """Walks one forum: `scrapy crawl forum -a target=NAME`."""

    name = "forum"

    async def start(self) -> AsyncIterator[Page]:
        self.begin_topics()
        self.wrong: list[str] = []
        try:
            async for page in self.walk():
                yield page
                await asyncio.sleep(0)  # the page is kept before `full` is asked again
                self.tally.check(ended=False)
            self.tally.check(ended=True)
        except CollectError as error:
            self.wrong.append(str(error))
        async for page in self.judge_refusals():
            yield page
        self.note_nothing_shown()
        if self.wrong:
            yield Page(items=(), cursor=self.state.cursor())
            raise CollectError("; ".join(each_once(self.wrong)))

    def note_nothing_shown(self) -> None:
        """Note a run to which the forum has shown nothing of what was asked for."""
        refused = [str(each.trouble) for each in self.refusals.values()]
        reasons = self.gone + refused
        if not reasons or (self.tally.items and not self.walled) or reasons[-1] in self.wrong:
            return
        unknown = not self.state.last_shown.pages and len(refused) >= ENOUGH
        if self.walled or unknown or len(self.gone) >= FEW or not self.cursor:
            asked = "the only topic asked for shows no" if len(reasons) == 1 else f"none of {len(reasons)} topics shows a"
            self.wrong.append(f"{asked} post: {reasons[-1]}")

    async def walk(self) -> AsyncIterator[Page]:
        """Boards, topics given by name, then what waits; one that fails, or is none, does not keep the others from being walked."""
        walks = [*map(self.descend, self.target.url), *map(self.follow, self.target.topics)]
        walks.insert(0 if len(self.state.waiting()) > MANY else len(walks), self.wait())
        for walked in walks:
            try:
                async for page in walked:
                    yield page
            except (Trouble, CollectError) as wrong:
                self.wrong.append(str(wrong))
            if self.walled or self.full():
                break

    async def descend(self, board: str) -> AsyncIterator[Page]:
        """One board, from its top down to topics that have not changed. Raises Trouble."""
        descent = Descent(self.state.boards.get(board, {}), board, moving=True)
        left = self.target.pages
        while descent.address and left > 0 and not self.full():
            left -= descent.from_top or descent.pages > 0  # a page to go on from was taken before
            page, url = await self.board_page(descent)
            lines = list(read_board(page, self.target, url, datetime.now(UTC)))
            wanted = [line.topic for line in lines if not self.older(line) and not self.passed(line.topic)]
            if wanted:
                self.state.boards[board] = descent.cursor()  # were the walk to end in this page, it is walked again, and what is below it
            for topic in wanted:
                if self.passed(topic):
                    continue  # the page shows it twice
                async for each in self.read(topic, deep=not descent.from_top):
                    yield each
                if self.full():
                    return
            self.took(descent, page, url, lines, wanted)
            self.state.boards[board] = descent.cursor()
            yield Page(items=(), cursor=self.state.cursor())

    def passed(self, topic: Topic) -> bool:
        """Whether a topic of a board has been read as that shows it, waits for it, or failed in this run."""
        return topic.id in self.missed or self.state.passed(topic)

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
                why = with_signs("the layout has changed, or it is no board", page)
                raise CollectError(f"page {led(descent.start, url)} has no topics for selector {self.target.board.topic!r}: {why}")
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
        topic = Topic(id=topic_id(address, self.target), address=address)
        if topic.id not in self.missed:
            async for page in self.read(topic):
                yield page
        wrong = self.missed.get(topic.id)
        if wrong and not wrong.transient:
            raise Trouble(str(wrong), transient=False)

    async def wait(self) -> AsyncIterator[Page]:
        """Topics that earlier runs did not read to their end: first those that failed, then those that were refused, some of them.

        Raises Trouble where the host fails, or refuses whatever is asked for.
        """
        before = len(self.refusals)
        waiting = self.state.waiting()
        most = max(AT_ONCE, len(waiting) // 10)  # however many come, they do not pile up
        for topic in waiting:
            if topic.id in self.tried:
                continue
            async for page in self.read(topic):
                yield page
            if self.full() or len(self.refusals) >= before + most:
                return


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
