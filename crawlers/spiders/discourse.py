"""Discourse: topics of a forum by their last activity, of some categories or found by a query, and the posts in them.

The rule to know: lists name topics, and a topic shows its first twenty posts and the numbers of all others, which are asked for
by these. Of a topic that was read before, only its first page and what came since are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import lxml.html
from scrapy.http import Response

from crawlers.interface import groups, of_its_form, parsed, with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import Fate, Known, Look
from crawlers.moment import parse_moment
from crawlers.page import Text, plain, site_with_www
from crawlers.platforms import DiscourseTarget
from crawlers.post import Post, post_id
from crawlers.source import CollectError

ORDINARY = 1
"""Type of a post that somebody wrote; others say that a topic was moved or closed, or are for the staff."""
LIKE = 2
_NOT_OURS = "//aside[contains(@class,'quote')]/div[contains(@class,'title')]|//aside[contains(@class,'onebox')]|//div[@class='meta']"
"""Parts of a post that its author did not write: the name over a quote, the preview of a link, the size of a picture."""
KNOWN_BY = KnownBy(
    engine="Discourse",
    generator=r"^Discourse",
    marks=(
        "#data-discourse-setup",
        "meta[name=discourse-base-uri]",
        "body.crawler .topic-list",
    ),
    probe="latest.json",
    proof=r'"topic_list"',
    cut=r"latest\.json$",
    places=(
        Address(
            like=r".*/c/(?P<category>[^?]*\d+)(?:/l/.*|/none.*|/)?(?:\?.*)?",
            says={"url": "{home}", "categories": ["{category}"], "schedule": "every 15 minutes"},
        ),
        Address(
            like=r".*/search\?(?:.*&)?q=(?P<query>[^&]+).*", says={"url": "{home}", "search": ["{query}"], "schedule": "every 15 minutes"}
        ),
        Address(
            like=r".*", says={"url": "{home}", "schedule": "every 15 minutes"}, note="the whole forum; `categories` narrows it to some"
        ),
    ),
)


class DiscourseSpider(ListingSpider[DiscourseTarget]):
    """Walks one forum: `scrapy crawl discourse -a target=NAME`. docs.discourse.org"""

    name = "discourse"
    by_robots = True
    together = 1

    async def lists(self) -> dict[str, str]:
        base = self.target.url.rstrip("/")
        found = {category: f"{base}/c/{quote(category)}.json" for category in self.target.categories}
        found |= {query: f"{base}/search.json?q={quote(f'{query} order:latest')}" for query in self.target.search}
        return found or {"latest": f"{base}/latest.json"}

    async def members(self) -> int | None:
        url = f"{self.target.url.rstrip('/')}/about.json"
        with of_its_form(url):
            stats = parsed(await self.answer(url))["about"]["stats"]
            return int(stats.get("users_count") or stats["user_count"])  # newer and older forums

    def complaint(self, answer: Any) -> str | None:
        errors = answer.get("errors") if isinstance(answer, dict) else None
        return "; ".join(map(str, errors)) if errors else None

    def pause(self, answer: Any) -> float | None:
        extras = answer.get("extras") if isinstance(answer, dict) else None
        return extras.get("wait_seconds") if extras else None

    def read(self, answer: Any, response: Response) -> Listing:
        if "post_stream" in answer:
            return self.topic(answer)
        if "topic_list" in answer:
            topics, more, first = answer["topic_list"]["topics"], answer["topic_list"].get("more_topics_url"), "0"
        elif "grouped_search_result" in answer:
            topics, more, first = answer.get("topics", ()), answer["grouped_search_result"].get("more_full_page_results"), "1"
        else:
            raise CollectError(f"{response.url} gives no list of topics: is {self.target.url} a forum that runs Discourse?")
        page = int(parse_qs(urlsplit(response.url).query).get("page", [first])[0])
        following = with_parameters(response.url, page=page + 1) if more else None
        return Listing(following=following, threads=tuple(self.named(topic) for topic in topics))

    def named(self, topic: dict[str, Any]) -> Thread:
        """A topic that a list names. Its posts are counted by the number of the last one, which only grows."""
        last = topic.get("bumped_at") or topic.get("last_posted_at")
        moment = parse_moment(last, self.target.zone).at if last else None
        address = f"{self.target.url.rstrip('/')}/t/{topic['id']}.json"
        return Thread(str(topic["id"]), address, topic.get("highest_post_number") or topic["posts_count"], moment)

    def topic(self, answer: dict[str, Any]) -> Listing:
        """The posts of a topic on one page, and where the others are."""
        posts = [each for each in answer["post_stream"]["posts"] if self.target.comments or each["post_number"] == 1]
        opening = {name: answer[name] for name in ("title", "views", "posts_count") if name in answer}
        raws = (each | {"topic": opening} if each["post_number"] == 1 else each for each in posts if not unwritten(each))
        return Listing(tuple(raws), more=tuple(self.others(answer)) if self.target.comments else ())

    def others(self, answer: dict[str, Any]) -> Sequence[str]:
        """Addresses of the posts that a topic doesn't show on its first page, but for those that were read before."""
        stream = answer["post_stream"].get("stream", ())
        shown, last = len(answer["post_stream"]["posts"]), answer.get("highest_post_number", len(stream))
        # Numbers of removed posts are left out, so a post stands at most that many places before its number.
        before = self.state.threads.get(str(answer["id"]), 0) - (last - len(stream))
        left = stream[max(shown, before) :]
        address = f"{self.target.url.rstrip('/')}/t/{answer['id']}/posts.json?"
        return [address + "&".join(f"post_ids[]={id}" for id in some) for some in groups(left, answer.get("chunk_size", 20))]

    def inquiry(self, some: Sequence[Known]) -> str:
        return f"{self.target.url.rstrip('/')}/posts/{some[0].raw['id']}.json"

    def missing(self, answer: Any) -> bool:
        return isinstance(answer, dict) and bool(answer.get("errors"))

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        """A post that flags have hidden may be shown again, and is not gone."""
        if answer["id"] != some[0].raw["id"]:
            return
        if sign := next((name for name in ("user_deleted", "deleted_at") if answer.get(name)), None):
            yield Look(some[0].id, Fate.GONE, sign)
        else:
            beside = {name: some[0].raw[name] for name in ("topic", "members") if name in some[0].raw}
            yield Look(some[0].id, Fate.HERE, raw=None if unwritten(answer) else answer | beside)


def unwritten(post: dict[str, Any]) -> bool:
    """Whether a post is a note of the forum itself, was taken away, or shows only a picture or a link."""
    if post.get("post_type", ORDINARY) != ORDINARY or any(post.get(name) for name in ("hidden", "user_deleted", "deleted_at")):
        return True
    return post["post_number"] != 1 and not words(post["cooked"]).own


def words(cooked: str) -> Text:
    """The text of a post as its page shows it."""
    if "<aside" not in cooked and "lightbox" not in cooked:
        return plain(cooked)
    root = lxml.html.fragment_fromstring(cooked, create_parent="div")
    for part in root.xpath(_NOT_OURS):
        part.drop_tree()
    return plain(lxml.html.tostring(root, encoding="unicode"))


def post(raw: dict[str, Any], target: DiscourseTarget, collected: datetime) -> Post:
    """The post of a post, told by its topic and its number there, because replies name others by these.

    A topic that begins with a picture or a link is its headline.
    """
    site = site_with_www(target.site, target.url)
    base, topic, number = target.url.rstrip("/"), raw["topic_id"], raw["post_number"]
    text, opening = words(raw["cooked"]), raw.get("topic", {})
    published = parse_moment(raw["created_at"], target.zone, now=collected)
    edited = parse_moment(raw["updated_at"], target.zone, now=collected).at if raw.get("version", 1) > 1 else None
    above = raw.get("reply_to_post_number") or (None if number == 1 else 1)
    likes = [action.get("count", 0) for action in raw.get("actions_summary", ()) if action.get("id") == LIKE]
    return Post(
        id=post_id(site, f"{topic}/{number}"),
        site=site,
        source=target.kind,
        url=f"{base}/t/{raw.get('topic_slug') or '-'}/{topic}/{number}",
        title=opening.get("title") if text.own else None,
        text=text.own or opening.get("title", ""),
        quoted=text.quoted,
        author_id=f"{site}:{raw['username']}",
        author_name=raw.get("name") or raw["username"],
        author_url=f"{base}/u/{quote(raw['username'])}",
        published=published.at,
        published_precision=published.precision,
        edited=edited,
        collected=collected,
        thread_id=post_id(site, f"{topic}/1"),
        in_reply_to=post_id(site, f"{topic}/{above}") if above else None,
        views=opening.get("views", raw.get("reads")),
        members=raw.get("members"),
        likes=sum(likes) if "actions_summary" in raw else None,
        replies=opening["posts_count"] - 1 if "posts_count" in opening else raw.get("reply_count"),
    )
