"""Topics of a forum, read page by page: where each is gone on with, and what becomes of one that can't be read.

The rule to know: a topic that fails or is refused, in whatever words, waits in the cursor and is tried in some runs more: "no such page"
is what forums say for an hour too. A wall in front of the whole forum uses up no topic's tries.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from parsel import Selector

from crawlers.board import State, Topic, read_posts
from crawlers.identity import Identity
from crawlers.instead import asks_for_login, led
from crawlers.mapping import mapped_again
from crawlers.patience import NEVER, InVain
from crawlers.post import clean
from crawlers.selection import Tally, next_page, takes
from crawlers.shown import TopicLooks
from crawlers.source import CollectError, Item, Page, Rejected
from crawlers.spider import page_of
from crawlers.start_page import StartPage
from crawlers.trouble import Trouble

ENOUGH = 3
"""Topics that fail one after another, from which on it is the host; that are refused one after another, from which on it may be."""
ENOUGH_UNKNOWN = 30
"""Topics that are refused one after another, where the forum has never shown one: as many may be pinned on top of a board."""


@dataclass(slots=True)
class Way:
    """How far a run has come in a topic."""

    topic: Topic
    address: str | None
    """The page to be asked for; None at the end."""
    left: int
    """Pages that may still be asked for."""
    deep: bool = False
    """Whether the topic stands far down its board."""
    tries: InVain = NEVER
    """Runs in which it failed, or was refused while others were shown."""
    seen: set[str] = field(default_factory=set)
    """Pages that were asked for."""
    last: str | None = None
    """The last page that showed posts."""
    shown: Set[str] | None = None
    """Its posts, where another page follows."""
    met: bool = False
    """Whether one of them can be taken, and so is known from now on."""
    refused: bool = False
    """Whether it was refused the last time."""
    turned: Trouble | None = None
    """Why the page that was to be gone on with is refused: the topic is read from its first one, up to there at most."""

    def from_first_page(self) -> None:
        """Begin again above the page that was to be gone on with, which was no step on the way."""
        self.address, self.left = self.topic.address, self.left + 1

    def repeats(self, shown: Set[str] | None) -> bool:
        """Whether a page, to which another follows, shows just the posts of the page before it."""
        return bool(shown) and shown == self.shown


class NoPosts(Trouble):
    """A page that can be had and shows no posts: a login, a captcha, a changed layout, or a topic whose posts were all removed.

    `titled`: it has the topic's title, so that it is no other page.
    """

    def __init__(self, reason: str, *, status: int, titled: bool) -> None:
        super().__init__(reason, transient=False, status=status)
        self.titled = titled


@dataclass(slots=True)
class Refusal:
    """A topic that was refused in this run, or whose later page was."""

    way: Way
    trouble: Trouble
    certain: bool
    """Whether others were shown after it, so that it is of the topic itself."""


class TopicWalk(StartPage, TopicLooks):
    """Reads topics, and remembers of them in `state` what the next run has to know."""

    def begin_topics(self) -> None:
        """Take up what the cursor says."""
        self.state = State(self.cursor)
        self.tally = Tally(takes(self.target.topic.take), every={"text", "date"}, where="topic.take")
        self.identity = Identity(self.target, self.seen)
        self.tried: set[str] = set()
        self.missed: dict[str, Trouble | None] = {}
        """Topics of this run that could not be read to their end, and why those that have shown nothing."""
        self.gone: list[str] = []
        """Why topics were settled that have shown nothing."""
        self.refusals: dict[str, Refusal] = {}
        self.row = 0
        """Topics refused one after another."""
        self.failures = 0
        """Topics that failed one after another."""
        self.walled = False
        """Whether the forum refuses what it has shown before, so that it is no matter of single topics."""

    async def read(self, topic: Topic, *, deep: bool = False) -> AsyncIterator[Page]:
        """A topic from the page that was read last to its end. Raises Trouble where the host fails, or refuses whatever is asked for."""
        self.tried.add(topic.id)
        topic = self.state.resumed(topic)
        tries, refused = self.state.tries(topic), self.state.refused(topic)
        self.state.wait(topic, tries)
        way = Way(topic, self.state.page(topic), left=self.target.pages, deep=deep, tries=tries, refused=refused)
        while way.address and way.left > 0 and not self.full():
            way.left -= 1
            way.seen.add(way.address)
            try:
                raws, page, url = await self.topic_page(topic, way.address)
            except Trouble as trouble:
                if self.turns_back(way, trouble):
                    continue
                yield await self.failed(way, trouble)
                if self.walled or (trouble.transient and self.failures >= ENOUGH):
                    raise
                return
            if self.state.met(topic) and way.address != topic.address and not self.meets(raws):
                way.from_first_page()  # posts were removed: new ones may stand on pages above this one
                way.seen = set()
                self.state.reached(topic, topic.address)
                continue
            raws = await self.with_members(raws, page, url)
            yield await self.taken(way, raws, next_page(page, self.target.topic.next, url), url)
        if way.turned and self.state.waits(topic):
            yield await self.failed(way, way.turned)

    async def topic_page(self, topic: Topic, address: str) -> tuple[list[dict[str, Any]], Selector, str]:
        """The raw items of a topic's page, the page and where it stands. Raises Trouble where it shows none."""
        response = await self.fetch(address)
        page = page_of(response)
        raws = list(read_posts(page, self.target, response.url, topic, opening=address == topic.address))
        if not raws:
            why = f"has no posts for selector {self.target.topic.post!r}: the layout has changed, or it wants a login"
            raise NoPosts(f"page {led(address, response.url)} {why}", status=response.status, titled=_titled(page, topic))
        return raws, page, response.url

    def turns_back(self, way: Way, trouble: Trouble) -> bool:
        """Whether the topic is read from its first page now: where the later one that was to be gone on with is not shown any more."""
        if trouble.transient or way.last or way.topic.address in way.seen:
            return False
        if not trouble.closed:
            if way.tries.runs and way.refused:
                return False  # that was done in the first run that was refused
            way.turned = trouble
        way.from_first_page()
        return True

    async def posts_at(self, address: str) -> list[dict[str, Any]]:
        """The raw items of some page that showed posts before. Raises Trouble where it shows none."""
        return (await self.topic_page(Topic(id="", address=address), address))[0]

    async def taken(self, way: Way, raws: list[dict[str, Any]], following: str | None, url: str) -> Page:
        """The posts of a page, and the step to the one that follows. Raises CollectError where its posts have lost their ids or texts."""
        address, topic = way.address, way.topic
        assert address is not None
        self.shows(topic, address)
        known = self.look(raws)[0] if following else {}
        if way.last and way.repeats(known.keys()):
            self.logger.warning("%s shows the posts of the page before it again: the topic ends there", address)
            self.ended(way, way.last)
            return Page(items=(), cursor=self.state.cursor(), repeated=len(raws))
        items = self.tally.add(raws)
        await self.identity.check(raws, items, url, self.posts_at)
        self.state.mask.shows(items, topic.id, topic.address)
        if why := self.state.mask.why:
            self.state.unmask()
            raise CollectError(why)
        if way.tries.runs and (way.last or not self.state.met(topic)) and not all(known.values()):
            way.tries = NEVER
            self.state.wait(topic)
        way.last, way.shown, way.met = address, known.keys(), any(map(self.keepable, raws))
        if following and following not in way.seen:
            self.state.reached(topic, following)
            way.address = following
        elif following and way.turned:
            way.address = None  # it comes to the page that is refused
        else:
            self.ended(way, address)
        return Page(items=tuple(Item(raw=raw, address=url) for raw in raws), cursor=self.state.cursor())

    def shows(self, topic: Topic, address: str) -> None:
        """Note a page that shows posts: what was refused before it was refused by itself."""
        self.failures = self.row = 0
        self.state.last_shown.shows(topic.id, address)
        self.refusals.pop(topic.id, None)
        for each in self.refusals.values():
            each.certain = True

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

    def ended(self, way: Way, address: str) -> None:
        """Note a topic that was read to its end, and the page to go on from when it has new posts."""
        way.address = None
        self.state.reached(way.topic, address, met=way.met)
        self.state.settle(way.topic, deep=way.deep)

    async def failed(self, way: Way, trouble: Trouble) -> Page:
        """What becomes of a topic that could not be had, or not behind its last page."""
        self.missed[way.topic.id] = None if way.last else trouble
        if trouble.transient:
            return self.postponed(way, trouble)
        if way.last:
            self.state.reached(way.topic, way.last, met=way.met)
        if not trouble.closed:
            return await self.refused(way, trouble)
        if way.last:
            self.logger.warning("%s; of its topic the pages before it are what there is", trouble)
        else:
            self.gone.append(str(trouble))
        self.state.settle(way.topic, deep=way.deep)
        return Page(items=(), cursor=self.state.cursor())

    def postponed(self, way: Way, trouble: Trouble) -> Page:
        """A topic whose page fails for now."""
        now = datetime.now(UTC)
        tries = way.tries.once_more(now, counted=not trouble.of_host)
        if tries.enough(self.target.attempts, now):
            return self.given_up(way, f"its topic failed in {tries.runs} runs: {trouble}")
        self.failures += 1
        self.state.wait(way.topic, tries)
        self.logger.warning("%s; tried again next time", trouble)
        return Page(items=(), cursor=self.state.cursor(), deferred=(way.address or way.topic.address,))

    async def refused(self, way: Way, trouble: Trouble) -> Page:
        """A topic that is not shown, for now or for ever; where others are not either, it is asked for what was shown before."""
        self.refusals[way.topic.id] = Refusal(way, trouble, certain=way.last is not None)
        if not way.last:
            self.row += 1
            if self.row >= (ENOUGH if self.state.last_shown.pages else ENOUGH_UNKNOWN):
                await self.ask_for_known()
        self.state.wait(way.topic, way.tries, refused=True)
        return Page(items=(), cursor=self.state.cursor())

    def given_up(self, way: Way, why: str) -> Page:
        """A topic that is left alone until its board shows it otherwise."""
        self.state.settle(way.topic, deep=way.deep)
        if way.last:
            self.logger.warning("%s; the pages before it are what there is", why)
            return Page(items=(), cursor=self.state.cursor())
        address = way.address or way.topic.address
        item = Item(raw={"page": address, "mark": way.topic.mark}, address=address, given_up=why)
        return Page(items=(item,), cursor=self.state.cursor())

    async def ask_for_known(self) -> None:
        """Ask for pages that were shown before: where none is shown any more, a wall stands before the whole forum."""
        removed = []
        for address in self.state.last_shown.pages:
            try:
                await self.posts_at(address)
            except Trouble as trouble:
                self.logger.warning("%s, which was shown before", trouble)
                removed += [address] * trouble.final
                continue
            self.state.last_shown.forget(removed)
            break
        else:
            self.walled = self.state.last_shown.walled(removed, datetime.now(UTC))
        if not self.walled:
            self.row = 0
            for each in self.refusals.values():
                each.certain = True

    async def judge_refusals(self) -> AsyncIterator[Page]:
        """What becomes of topics that were refused. That is a try of theirs, but not where the whole forum refuses, as behind a wall."""
        if self.state.last_shown.pages and not (self.walled or self.full() or all(each.certain for each in self.refusals.values())):
            await self.ask_for_known()
        now = datetime.now(UTC)
        for each in self.refusals.values():
            own = each.certain and not self.walled
            yield self.judged(each, each.way.tries.once_more(now), now) if own else self.deferred(each, each.way.tries)

    def judged(self, refusal: Refusal, tries: InVain, now: datetime) -> Page:
        """What becomes of a topic that is refused while others are shown."""
        way, trouble = refusal.way, refusal.trouble
        if isinstance(trouble, NoPosts) and trouble.titled:
            self.logger.warning("%s; its topic is taken as it is", trouble)
            self.state.settle(way.topic, deep=way.deep)
            return Page(items=(), cursor=self.state.cursor())
        if tries.enough(self.target.attempts, now):
            return self.given_up(way, f"its topic was refused in {tries.runs} runs: {trouble}")
        return self.deferred(refusal, tries)

    def deferred(self, refusal: Refusal, tries: InVain) -> Page:
        """A topic that is asked for again in the next run."""
        way = refusal.way
        self.state.wait(way.topic, tries, refused=True)
        address = way.address or way.topic.address
        self.put_off(address, refusal.trouble)
        return Page(items=(), cursor=self.state.cursor(), deferred=(address,))


def _titled(page: Selector, topic: Topic) -> bool:
    """Whether a page is headed by the title that the topic's board shows, and asks for no password."""
    if asks_for_login(page):
        return False
    heads = page.xpath("//title | //h1 | //h2 | //h3").xpath("string()").getall()
    return bool(topic.title) and any(clean(topic.title or "") in clean(head) for head in heads)
