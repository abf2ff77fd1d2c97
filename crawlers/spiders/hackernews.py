"""Hacker News: stories and comments that a query finds, by Algolia's search, and the comments of stories.

The rule to know: Algolia shows no more than a thousand hits of a query, so the page after one is asked for by the time of its
last hit. A story that is named in the target is read from Hacker News itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from scrapy.http import Response

from crawlers.interface import with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import Fate, Known, Look
from crawlers.moment import parse_moment
from crawlers.page import plain, without_quotes
from crawlers.platforms import HackernewsTarget
from crawlers.post import Post, Precision, or_headline, post_id
from crawlers.source import CollectError

SITE = "news.ycombinator.com"
TOGETHER = 100
"""Hits of a page."""
UTC = ZoneInfo("UTC")
KNOWN_BY = KnownBy(
    engine="Hacker News",
    addresses=(
        Address(like=r"news\.ycombinator\.com/item\?id=(?P<story>\d+).*", says={"stories": ["{story}"], "schedule": "every 15 minutes"}),
        Address(
            like=r"hn\.algolia\.com/(?:\?(?:.*&)?(?:q|query)=)(?P<query>[^&]+).*",
            says={"search": ["{query}"], "schedule": "every 15 minutes"},
        ),
        Address(
            like=r"(?:news\.ycombinator\.com|hn\.algolia\.com)/.*",
            refused="give the address of a story (`/item?id=8863`) or of a search (`hn.algolia.com/?q=…`)",
        ),
    ),
)


class HackernewsSpider(ListingSpider[HackernewsTarget]):
    """Walks queries: `scrapy crawl hackernews -a target=NAME`. hn.algolia.com/api, github.com/HackerNews/API"""

    name = "hackernews"
    together = 1

    async def lists(self) -> dict[str, str]:
        found = {query: f"{self.hits()}&tags=(story,comment)&query={quote(query)}" for query in self.target.search}
        numbers = [re.findall(r"\d+", each)[-1] for each in self.target.stories]
        return found | {f"story {number}": f"{self.target.items_url.rstrip('/')}/item/{number}.json" for number in numbers}

    def hits(self) -> str:
        return f"{self.target.search_url.rstrip('/')}/search_by_date?hitsPerPage={TOGETHER}"

    def read(self, answer: Any, response: Response) -> Listing:
        if answer is None:
            raise CollectError(f"{response.url}: there is no such story")
        if "hits" not in answer:
            return Listing(() if gone(answer) else (answer,))
        hits = answer["hits"]
        following = None
        if len(hits) == TOGETHER:
            # Hits of the same second stand on both pages.
            following = with_parameters(response.url, numericFilters=f"created_at_i<={int(moment(hits[-1]).timestamp())}")
        return Listing(tuple(hit for hit in hits if not gone(hit)), following)

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        replies = raw.get("num_comments", raw.get("descendants"))
        if not replies:
            return None
        return Thread(native(raw), f"{self.hits()}&tags=comment,story_{native(raw)}", replies)

    def inquiry(self, some: Sequence[Known]) -> str:
        return f"{self.target.items_url.rstrip('/')}/item/{native(some[0].raw)}.json"

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        """By Hacker News itself, which marks what was deleted or hidden. `null`, as for a number that is not given yet, tells nothing."""
        if answer is not None and str(answer["id"]) == native(some[0].raw):
            sign = next((name for name in ("deleted", "dead") if answer.get(name)), None)
            yield Look(some[0].id, Fate.GONE, sign) if sign else Look(some[0].id, Fate.HERE)


def native(raw: dict[str, Any]) -> str:
    """The item's own number."""
    return str(raw.get("objectID") or raw["id"])


def gone(raw: dict[str, Any]) -> bool:
    """Whether an item was deleted, or hidden by the moderators; it then says nothing."""
    said = raw.get("title") or raw.get("comment_text") or raw.get("text")
    return bool(raw.get("deleted") or raw.get("dead")) or not said


def moment(raw: dict[str, Any]) -> datetime:
    """When an item was published. Raises ValueError where it doesn't tell."""
    told = raw.get("created_at_i") or raw.get("time") or raw["created_at"]
    at = parse_moment(told, UTC).at
    if at is None:
        raise ValueError(f"{told!r} is no date")
    return at


def post(raw: dict[str, Any], target: HackernewsTarget, collected: datetime) -> Post:
    """The post of a hit of Algolia, or of an item of Hacker News. A story that only links elsewhere is its headline."""
    words, quoted = without_quotes(plain(raw.get("story_text") or raw.get("comment_text") or raw.get("text") or "").own)
    text, title = or_headline(words, raw.get("title"))
    author = raw.get("author") or raw.get("by")
    parent = raw.get("parent_id") or raw.get("parent")
    story = raw.get("story_id") or raw.get("thread") or (None if parent else native(raw))
    return Post(
        id=post_id(SITE, native(raw)),
        site=SITE,
        source=target.kind,
        url=f"https://{SITE}/item?id={native(raw)}",
        title=title,
        text=text,
        quoted=quoted,
        author_id=f"{SITE}:{author}" if author else None,
        author_name=author,
        author_url=f"https://{SITE}/user?id={author}" if author else None,
        published=moment(raw),
        published_precision=Precision.MINUTE,
        collected=collected,
        thread_id=post_id(SITE, str(story)) if story else None,
        in_reply_to=post_id(SITE, str(parent)) if parent else None,
        likes=raw.get("points", raw.get("score")),
        replies=raw.get("num_comments", raw.get("descendants")),
    )
