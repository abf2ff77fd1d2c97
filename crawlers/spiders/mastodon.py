"""Mastodon: hashtags, accounts and searches of one server, and the replies to their posts.

The rule to know: ids are those of the server that is asked, because its replies name posts by them. What an account boosts was
written by somebody else and is left out, and so is who asks not to be found by search engines. Servers are somebody's own: their
robots.txt is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from scrapy import Request
from scrapy.http import Response

from crawlers.interface import of_its_form, parsed
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import Fate, Known, Look
from crawlers.moment import parse_moment
from crawlers.page import plain, site_with_www
from crawlers.platforms import MastodonTarget
from crawlers.post import Post, post_id
from crawlers.source import CollectError

_PROFILE = r"/(?:web/|deck/)?@(?P<account>[\w.-]+(?:@[\w.-]+)?)(?:/.*)?(?:\?.*)?"
_TAG = r"/(?:web/|deck/)?tags/(?P<tag>[^/?]+)(?:[/?].*)?"
_SCHEDULE = {"schedule": "every 15 minutes"}
_SERVERS = r"(?:(?:mastodon|mstdn|masto)\.[\w.-]+|mas\.to|fosstodon\.org|hachyderm\.io|techhub\.social|infosec\.exchange)"
KNOWN_BY = KnownBy(
    engine="Mastodon",
    addresses=(
        Address(like=_SERVERS + _PROFILE, says={"url": "{site}", "accounts": ["{account}"]} | _SCHEDULE),
        Address(like=_SERVERS + _TAG, says={"url": "{site}", "hashtags": ["{tag}"]} | _SCHEDULE),
    ),
    generator=r"^Mastodon",
    marks=(
        "body.app-body #mastodon",
        "meta[name='application-name'][content='Mastodon']",
        "#initial-state ~ #mastodon",
    ),
    cookies=r"^_mastodon_session$",
    places=(
        Address(like=r"[^/]+" + _PROFILE, says={"url": "{site}", "accounts": ["{account}"]} | _SCHEDULE),
        Address(like=r"[^/]+" + _TAG, says={"url": "{site}", "hashtags": ["{tag}"]} | _SCHEDULE),
        Address(like=".*", refused="give the address of a profile (`/@name`) or of a hashtag (`/tags/name`) on this server"),
    ),
)

_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
PAGED = 3.0
"""A request for a page behind the first takes as many delays, or seconds where that is less: servers answer 300 requests in five minutes,
but only 300 for such pages in fifteen."""


class MastodonSpider(ListingSpider[MastodonTarget]):
    """Walks one server: `scrapy crawl mastodon -a target=NAME`. docs.joinmastodon.org/methods"""

    name = "mastodon"
    by_robots = True
    together = 1

    async def lists(self) -> dict[str, str]:
        api = f"{self.target.url.rstrip('/')}/api"
        found = {f"#{tag}": f"{api}/v1/timelines/tag/{quote(tag.lstrip('#'))}?limit=40" for tag in self.target.hashtags}
        for handle in self.target.accounts:
            if account := await self.tried(self.account(f"{api}/v1/accounts/lookup?acct={quote(handle.lstrip('@'))}")):
                found[handle] = f"{api}/v1/accounts/{account}/statuses?limit=40&exclude_reblogs=true"
        return found | {query: f"{api}/v2/search?type=statuses&limit=40&q={quote(query)}" for query in self.target.search}

    async def account(self, lookup: str) -> str:
        """Id of an account. Raises Trouble where there is none."""
        with of_its_form(lookup):
            return str(parsed(await self.answer(lookup))["id"])

    def request(self, url: str) -> Request:
        request = super().request(url)
        if (delay := self.target.delay) and "max_id=" in url:
            request.meta["delay"] = max(delay, min(PAGED * delay, PAGED))
        return request

    def read(self, answer: Any, response: Response) -> Listing:
        following = _NEXT.search((response.headers.get("Link") or b"").decode("latin-1"))
        statuses = answer
        if isinstance(answer, dict):  # of a search, or of a thread
            statuses = answer.get("statuses", answer.get("descendants"))
        if not isinstance(statuses, list):
            raise CollectError(f"{response.url} gives no list of posts: is {self.target.url} a Mastodon server?")
        said = tuple(status for status in statuses if not status.get("reblog") and _shown(status))
        return Listing(said, following[1] if following else None)

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        if not raw.get("replies_count"):
            return None
        return Thread(raw["id"], f"{self.target.url.rstrip('/')}/api/v1/statuses/{raw['id']}/context", raw["replies_count"])

    def inquiry(self, some: Sequence[Known]) -> str:
        return f"{self.target.url.rstrip('/')}/api/v1/statuses/{some[0].raw['id']}"

    def missing(self, answer: Any) -> bool:
        return isinstance(answer, dict) and "error" in answer

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        """The status itself, with the thread that only a list of replies names; nothing new of an author who wants no more of it found."""
        if answer["id"] == some[0].raw["id"]:
            thread = {name: some[0].raw[name] for name in ("thread",) if name in some[0].raw}
            yield Look(some[0].id, Fate.HERE, raw=answer | thread if _shown(answer) else None)


def _shown(status: dict[str, Any]) -> bool:
    """Whether the author lets it be indexed. Servers tell it of their own accounts only."""
    author = status.get("account")
    return not (isinstance(author, dict) and author.get("noindex"))


def post(raw: dict[str, Any], target: MastodonTarget, collected: datetime) -> Post:
    """The post of a status. A warning in front of it is its title."""
    site = site_with_www(target.site, target.url)
    author, words = raw["account"], plain(raw["content"])
    published = parse_moment(raw["created_at"], target.zone, now=collected)
    edited = parse_moment(raw["edited_at"], target.zone, now=collected).at if raw.get("edited_at") else None
    thread = raw.get("thread") or (None if raw.get("in_reply_to_id") else raw["id"])
    return Post(
        id=post_id(site, raw["id"]),
        site=site,
        source=target.kind,
        url=raw.get("url") or raw.get("uri"),
        title=raw.get("spoiler_text") or None,
        text=words.own,
        quoted=words.quoted,
        language=raw.get("language"),
        author_id=f"{site}:{author['acct']}",
        author_name=author.get("display_name") or author["acct"],
        author_url=author.get("url"),
        published=published.at,
        published_precision=published.precision,
        edited=edited,
        collected=collected,
        thread_id=post_id(site, thread) if thread else None,
        in_reply_to=post_id(site, raw["in_reply_to_id"]) if raw.get("in_reply_to_id") else None,
        followers=followers if (followers := author.get("followers_count", -1)) >= 0 else None,  # -1: they are hidden
        likes=raw.get("favourites_count"),
        shares=raw.get("reblogs_count"),
        replies=raw.get("replies_count"),
    )
