"""What pages of a topic tell of posts that were taken before: each stands there, was removed, or ought to stand there and doesn't.

The rule to know: a post that a page lacks may have moved, to the page before when earlier ones were removed, or to another topic. It is
gone only where its own address tells so, or leads to its topic, where it is missing between older and newer posts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from parsel import Selector
from scrapy.http import Response

from crawlers.board import Topic, native_id, read_posts, topic_id
from crawlers.kinds import ForumTarget
from crawlers.link import opened
from crawlers.look import GONE_STATUSES, Fate, Known, Look, fate_of_page, same_page
from crawlers.mapping import as_its_source_says
from crawlers.post import Post, Precision, post_id
from crawlers.selection import Fields, next_page, pieces, takes
from crawlers.source import Rejected
from crawlers.spider import TargetSpider, page_of
from crawlers.trouble import Trouble

OF_TOPIC = ("topic", "opening", "first")
"""What a raw item has of its topic: it stays when the post is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page of a topic."""

    topic: str
    """Id of the topic, by the address that answered."""
    posts: Mapping[str, dict[str, Any]]
    """Id of each post -> its raw item."""
    removed: frozenset[str]
    """Ids of posts in whose place the page says that they were removed."""
    anchors: frozenset[str]
    """Ids and names of the page's elements."""
    dates: tuple[datetime, ...]
    """When the posts were published; empty where they are not in order of time."""
    exact: timedelta
    """How far apart two dates must lie for one to be the later."""
    begins: bool
    ends: bool
    """Whether the topic begins, or ends, with this page."""

    def look(self, one: Known) -> Look | None:
        """What the page says of a post; None where it does not name it."""
        if one.id in self.posts:
            kept = {name: one.raw[name] for name in OF_TOPIC if name in one.raw}
            return Look(one.id, Fate.HERE, raw=self.posts[one.id] | kept, depth=list(self.posts).index(one.id))
        return Look(one.id, Fate.GONE, "removed") if one.id in self.removed else None

    def missing(self, one: Known, native: str) -> Look | None:
        """That a post ought to stand here, between what is older and what is newer, and doesn't; None where that is not so.

        Behind the last one it may also be left out with all that follow: how many are shown goes with it, for `crawlers/verdict.py`.
        """
        if not self.dates or one.published is None or one.raw["topic"]["id"] != self.topic:
            return None
        if any(native in re.findall(r"\d+", anchor) for anchor in self.anchors):
            return None  # something stands there yet: folded up, or in a form that the selectors do not know
        published = datetime.fromisoformat(one.published)
        older, newer = self.dates[0] + self.exact < published, published + self.exact < self.dates[-1]
        if not ((older or self.begins) and (newer or self.ends)):
            return None
        return Look(one.id, Fate.GONE, "not in its topic", depth=None if newer else len(self.posts))


def shown(response: Response, target: ForumTarget, one: Known) -> Shown:
    """What a page shows; `one` is a post of the topic that is looked for."""
    page = page_of(response)
    anchors = frozenset(page.xpath("//@id | //@name").getall())
    following = next_page(page, target.topic.next, response.url)
    removed = _removed(page, target, response.url, one)
    number = one.raw["topic"]["id"]
    posts = dict[str, tuple[Post, dict[str, Any]]]()
    for raw in read_posts(page, target, response.url, Topic(id=number, address=response.url), opening=False):
        try:
            post = as_its_source_says(raw, target, datetime.now(UTC))
        except Rejected:
            continue
        posts[post.id] = post, raw
    dates = [post.published for post, _ in posts.values() if post.published]
    whole_days = any(post.published_precision is not Precision.MINUTE for post, _ in posts.values())
    return Shown(
        topic=topic_id(response.url, target) if re.search(target.topic.id, response.url) else number,
        posts={id: raw for id, (_, raw) in posts.items()},
        removed=removed,
        anchors=anchors,
        dates=tuple(dates) if len(dates) == len(posts) and dates == sorted(dates) else (),
        exact=timedelta(days=whole_days),
        begins="first" in one.raw and same_page(opened(one.raw["first"], target.secrets), response.url),
        ends=target.topic.next is not None and following is None,
    )


def _removed(page: Selector, target: ForumTarget, url: str, one: Known) -> frozenset[str]:
    if target.topic.removed is None:
        return frozenset()
    wanted = {name: take for name, take in takes(target.topic.take).items() if name == "id"}
    site = one.id.rpartition(":")[0]
    raws = pieces(page, target.topic.removed, wanted, url)
    natives = [native_id(target, one.raw["topic"]["id"], Fields(raw, wanted).text("id")) for raw in raws]
    return frozenset(post_id(site, native) for native in natives if native)


def own_address(one: Known, native: str) -> str | None:
    """The address that a post has for itself: it holds the post's number, and is no page of the topic with an anchor."""
    address = (one.url or "").partition("#")[0]
    return address if native in re.findall(r"\d+", address) and not same_page(address, one.raw["page"]) else None


class TopicLooks(TargetSpider[ForumTarget]):
    """Looks again at posts of topics, on the pages where they were taken."""

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        pages: dict[str, list[Known]] = {}
        for one in known:
            pages.setdefault(one.raw["page"], []).append(one)
        return pages.values()

    async def told(self, some: Sequence[Known]) -> Mapping[str, Look]:
        """What the page of these posts, and where it lacks some their own addresses, tell. Raises Trouble."""
        address, first = (opened(some[0].raw.get(name, ""), self.target.secrets) for name in ("page", "first"))
        response = await self.asked_once(address)
        if first and response.status in GONE_STATUSES and not same_page(address, first):
            response = await self.asked_once(address := first)  # a later page alone is gone also where the topic has become shorter
        fate, sign = fate_of_page(response.status, address, response.url)
        if fate is Fate.GONE and not first:
            fate, sign = Fate.UNTOLD, "its page is gone, which may be one of several"
        if response.status >= 300:
            return {one.id: Look(one.id, fate, sign) for one in some}
        page = shown(response, self.target, some[0])
        if not page.posts and not page.removed:
            return {one.id: Look(one.id, Fate.UNTOLD, "its page shows no posts") for one in some}
        return {one.id: page.look(one) or await self.alone(one, page) for one in some}

    async def alone(self, one: Known, page: Shown) -> Look:
        """What the own address of a post tells that its page lacks. Raises Trouble where its host is not to be asked."""
        native = "".join(re.findall(r"\d+", Fields(one.raw, takes(self.target.topic.take)).text("id") or "")[-1:])
        address = own_address(one, native)
        if address is None:
            return Look(one.id, Fate.UNTOLD, "not on its page, and without an address of its own")
        try:
            response = await self.asked_once(address := opened(address, self.target.secrets))
        except Trouble as trouble:
            if trouble.of_host:
                raise
            return Look(one.id, Fate.UNTOLD, str(trouble))
        if response.status >= 300:
            return Look(one.id, *fate_of_page(response.status, address, response.url))
        led = shown(response, self.target, one)
        if told := led.look(one):
            return told
        found = [led.missing(one, native), page.missing(one, native)] if led.posts and led.topic == one.raw["topic"]["id"] else []
        gone = sorted(filter(None, found), key=lambda look: look.depth is not None)  # first what newer posts tell
        return gone[0] if gone else Look(one.id, Fate.UNTOLD, "not on its page")
