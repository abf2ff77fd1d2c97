"""WordPress: the posts of a site and the comments below them, by the REST interface that each such site has.

The rule to know: all comments of a site are one list, newest first, each with its post and its parent, so that no post has to be
looked at again for new ones. Where the interface stands is said by the site's front page, whatever the form of its links.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from scrapy.http import Response

from crawlers.interface import with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider
from crawlers.look import Fate, Known, Look
from crawlers.moment import Moment, parse_moment
from crawlers.page import plain, site_of
from crawlers.platforms import WordpressTarget
from crawlers.post import Post, or_headline, post_id
from crawlers.source import CollectError
from crawlers.trouble import Trouble

TOGETHER = 100
FIELDS = {
    "posts": "_embed=author&_fields=id,type,status,date,date_gmt,modified_gmt,link,title,content,author,_links,_embedded",
    "comments": "_fields=id,type,status,date,date_gmt,link,content,author,author_name,author_url,post,parent",
}
_INTERFACE = re.compile(
    r"""<([^>]+)>;\s*rel="https://api\.w\.org/"|<link\s+rel=["']https://api\.w\.org/["']\s+href=["']([^"']+)["']""", re.IGNORECASE
)
KNOWN_BY = KnownBy(
    engine="WordPress",
    generator=r"^WordPress(?!\.com)",
    marks=(
        "link[rel='https://api.w.org/']",
        "link[href*='/wp-content/'], script[src*='/wp-content/'], script[src*='/wp-includes/']",
    ),
    interface="link[rel='https://api.w.org/']::attr(href)",
    probe="wp-json/",
    proof=r'"wp\\?/v2"',
    cut=r"(?:index\.php/)?(?:wp-json/?|\?rest_route=.*)$",
    places=(
        Address(like=".*", says={"url": "{home}", "schedule": "every 1 hour"}, note="all posts with their comments; `search` narrows them"),
    ),
)


class WordpressSpider(ListingSpider[WordpressTarget]):
    """Walks one site: `scrapy crawl wordpress -a target=NAME`. developer.wordpress.org/rest-api"""

    name = "wordpress"
    by_robots = True
    together = 1
    interface: str

    async def lists(self) -> dict[str, str]:
        self.interface = interface = await self.found()
        wanted = ["posts", "comments"] if self.target.comments else ["posts"]
        found = {}
        for name in wanted:
            # Where links have no form of their own, the interface is a parameter: `/?rest_route=/`.
            address = f"{interface}wp/v2/{name}{'&' if '?' in interface else '?'}per_page={TOGETHER}&{FIELDS[name]}"
            for query in self.target.search or ("",):
                found[f"{name} {query}".strip()] = f"{address}&search={quote(query)}" if query else address
        return found

    async def found(self) -> str:
        """Where the interface stands. Raises Trouble."""
        return root(await self.answer(self.target.url)) or f"{self.target.url.rstrip('/')}/wp-json/"

    async def second_looks(self, known: Sequence[Known]) -> AsyncIterator[Look]:
        try:
            self.interface = await self.found()
        except Trouble as trouble:
            raise CollectError(str(trouble)) from trouble
        async for look in super().second_looks(known):
            yield look

    def inquiry(self, some: Sequence[Known]) -> str:
        name = "comments" if "post" in some[0].raw else "posts"
        return f"{self.interface}wp/v2/{name}/{some[0].raw['id']}{'&' if '?' in self.interface else '?'}{FIELDS[name]}"

    def missing(self, answer: Any) -> bool:
        return isinstance(answer, dict) and answer.get("code") in ("rest_post_invalid_id", "rest_comment_invalid_id")

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        if answer["id"] == some[0].raw["id"]:
            yield Look(some[0].id, Fate.HERE, raw=answer if shown(answer) else None)

    def complaint(self, answer: Any) -> str | None:
        return f"{answer['code']}: {answer.get('message')}" if isinstance(answer, dict) and "code" in answer else None

    def over(self, response: Response) -> bool:
        return response.status == 400 and b"_invalid_page_number" in response.body

    def read(self, answer: Any, response: Response) -> Listing:
        if not isinstance(answer, list):
            raise CollectError(f"{response.url} gives no list: is {self.target.url} a site that runs WordPress?")
        page = int(parse_qs(urlsplit(response.url).query).get("page", ["1"])[0])
        pages = response.headers.get("X-WP-TotalPages")
        more = page < int(pages) if pages else len(answer) == TOGETHER
        return Listing(tuple(raw for raw in answer if shown(raw)), with_parameters(response.url, page=page + 1) if more else None)


def root(page: Response) -> str | None:
    """Where the interface of a site stands, by what its front page says in its headers or in its head."""
    said = b"\n".join([*page.headers.getlist("Link"), page.body]).decode("latin-1")
    found = _INTERFACE.search(said)
    return html.unescape(found[1] or found[2]) if found else None


def shown(raw: dict[str, Any]) -> bool:
    """Whether everybody may read it, and a person wrote it: no password, nothing that another site sent by itself."""
    return not raw["content"].get("protected") and raw.get("type") not in ("pingback", "trackback")


def published_at(raw: dict[str, Any], target: WordpressTarget) -> Moment:
    """When it was published; where only the site's own time is told, that is in the target's zone."""
    return parse_moment(f"{raw['date_gmt']}Z" if raw.get("date_gmt") else raw["date"], target.zone)


def post(raw: dict[str, Any], target: WordpressTarget, collected: datetime) -> Post:
    """The post of a post or of a comment; both are numbered, each on its own."""
    site = site_of(target.site, target.url)
    words = plain(raw["content"]["rendered"])
    text, title = or_headline(words.own, plain(raw.get("title", {}).get("rendered", "")).own or None)
    published = published_at(raw, target)
    modified = parse_moment(f"{raw['modified_gmt']}Z", target.zone).at if raw.get("modified_gmt") else None
    author: dict[str, Any] = next(iter(raw.get("_embedded", {}).get("author", ())), {})
    native, thread, above = f"post {raw['id']}", f"post {raw['id']}", None
    if "post" in raw:
        native, thread = f"comment {raw['id']}", f"post {raw['post']}"
        above = f"comment {raw['parent']}" if raw.get("parent") else thread
    return Post(
        id=post_id(site, native),
        site=site,
        source=target.kind,
        url=raw.get("link"),
        title=title,
        text=text,
        quoted=words.quoted,
        author_id=f"{site}:{raw['author']}" if raw.get("author") else None,
        author_name=raw.get("author_name") or author.get("name") or None,
        author_url=raw.get("author_url") or author.get("link") or None,
        published=published.at,
        published_precision=published.precision,
        edited=modified if modified and published.at and modified > published.at else None,
        collected=collected,
        thread_id=post_id(site, thread),
        in_reply_to=post_id(site, above) if above else None,
    )
