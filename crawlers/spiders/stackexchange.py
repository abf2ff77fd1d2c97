"""Stack Exchange: questions of a tag or a query, by their last activity, each with its answers and comments.

The rule to know: a question comes whole, so that one page of a hundred questions is one request of the day's quota; what is
written below it stands in the same page as posts of its thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from scrapy import Request
from scrapy.http import Response

from crawlers.interface import of_its_form, parsed, with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider
from crawlers.look import Known, Look, by_absence
from crawlers.moment import parse_moment
from crawlers.page import plain
from crawlers.platforms import StackexchangeTarget
from crawlers.post import Post, Precision, or_headline, post_id
from crawlers.source import CollectError

FIELDS = "question.body;question.comments;question.answers;answer.body;answer.link;answer.comments;comment.body;comment.link"
"""What is asked for besides the fields that every answer has."""
AN_HOUR = 3_600.0
_SITE = (
    r"(?P<community>(?:[\w-]+\.)*"
    r"(?:(?:stackoverflow|stackexchange|serverfault|superuser|askubuntu|stackapps)\.com|mathoverflow\.net))"
)
KNOWN_BY = KnownBy(
    engine="Stack Exchange",
    addresses=(
        Address(
            like=_SITE + r"/(?:questions/tagged|tags)/(?P<tag>[^/?+]+)(?:[/?+].*)?",
            says={"community": "{community}", "tags": ["{tag}"], "schedule": "every 1 hour"},
        ),
        Address(
            like=_SITE + r"/search\?(?:.*&)?q=(?P<query>[^&]+).*",
            says={"community": "{community}", "search": ["{query}"], "schedule": "every 1 hour"},
        ),
        Address(like=_SITE + "/.*", refused="give the address of a tag (`/questions/tagged/…`) or of a search (`/search?q=…`)"),
    ),
)


class StackexchangeSpider(ListingSpider[StackexchangeTarget]):
    """Walks one site: `scrapy crawl stackexchange -a target=NAME`. api.stackexchange.com/docs"""

    name = "stackexchange"
    together = 100

    async def lists(self) -> dict[str, str]:
        api = self.target.url.rstrip("/")
        made = parsed(await self.answer(f"{api}/filters/create?base=default&unsafe=false&include={FIELDS}"))
        how = f"site={self.target.community}&order=desc&sort=activity&pagesize=100&filter={quote(made['items'][0]['filter'])}"
        found = {f"[{tag}]": f"{api}/questions?{how}&tagged={quote(tag)}" for tag in self.target.tags}
        return found | {query: f"{api}/search/advanced?{how}&q={quote(query)}" for query in self.target.search}

    async def members(self) -> int | None:
        url = f"{self.target.url.rstrip('/')}/info?site={self.target.community}"
        with of_its_form(url):
            answer = parsed(await self.answer(url))
            self.heed(answer, url)
            return int(answer["items"][0]["total_users"])

    def request(self, url: str) -> Request:
        key = self.secret("key_env")
        return super().request(f"{url}&key={quote(key)}" if key else url)

    def complaint(self, answer: Any) -> str | None:
        if not isinstance(answer, dict) or "error_id" not in answer:
            return None
        return f"{answer.get('error_name')}: {answer.get('error_message')}"

    def pause(self, answer: Any) -> float | None:
        """`backoff` in seconds; what a throttled answer says in words; and an hour where the day's quota is used up."""
        if not isinstance(answer, dict):
            return None
        available = re.search(r"in (\d+) seconds", answer.get("error_message", ""))
        if answer.get("error_name") == "throttle_violation" or answer.get("quota_remaining") == 0:
            return float(available[1]) if available else AN_HOUR
        backoff: float | None = answer.get("backoff")
        return backoff

    def read(self, answer: Any, response: Response) -> Listing:
        if not isinstance(answer.get("items"), list):
            raise CollectError(f"{response.url} gives no list of questions")
        following = None
        if answer.get("has_more"):
            page = int(parse_qs(urlsplit(response.url).query).get("page", ["1"])[0])
            following = with_parameters(response.url, page=page + 1, key=None)
        raws = (raw for question in answer["items"] for raw in whole(question, comments=self.target.comments))
        return Listing(tuple(raws), following)

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """Comments apart from the others: they have numbers of their own."""
        for comments in (False, True):
            yield from super().questions([one for one in known if ("comment_id" in one.raw) is comments])

    def inquiry(self, some: Sequence[Known]) -> str:
        method = "comments" if "comment_id" in some[0].raw else "posts"
        numbers = ";".join(number_of(one.raw) for one in some)
        return f"{self.target.url.rstrip('/')}/{method}/{numbers}?site={self.target.community}&pagesize={self.together}"

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        field = "comment_id" if "comment_id" in some[0].raw else "post_id"
        there = dict.fromkeys(str(item[field]) for item in answer["items"])  # without the texts, which only a filter gives
        return by_absence(some, [number_of(one.raw) for one in some], there)


def number_of(raw: dict[str, Any]) -> str:
    """The number of a question, an answer or a comment."""
    return str(raw.get("comment_id") or raw.get("answer_id") or raw["question_id"])


def whole(question: dict[str, Any], *, comments: bool) -> Iterator[dict[str, Any]]:
    """A question, and what is written below it, each for itself."""
    inside = ("answers", "comments")
    yield {name: value for name, value in question.items() if name not in inside}
    for answer in question.get("answers", ()) if comments else ():
        yield {name: value for name, value in answer.items() if name not in inside} | {"thread": question["question_id"]}
    for part in (question, *question.get("answers", ())) if comments else ():
        for comment in part.get("comments", ()):
            yield comment | {"thread": question["question_id"]}


def post(raw: dict[str, Any], target: StackexchangeTarget, collected: datetime) -> Post:
    """The post of a question, an answer or a comment. A question without a text is its headline."""
    site, owner, thread = target.community, raw.get("owner", {}), raw.get("thread")
    words = plain(raw.get("body", ""))
    text, title = or_headline(words.own, plain(raw.get("title", "")).own or None)
    native, address = place_of(raw)
    above = raw.get("post_id") or thread
    edited = raw.get("last_edit_date")
    return Post(
        id=post_id(site, native),
        site=site,
        source=target.kind,
        url=raw.get("link") or f"https://{site}/{address}",
        title=None if thread else title,
        text=text,
        quoted=words.quoted,
        author_id=f"{site}:{owner['user_id']}" if owner.get("user_id") else None,
        author_name=plain(owner.get("display_name", "")).own or None,
        author_url=owner.get("link"),
        published=parse_moment(raw["creation_date"], target.zone).at,
        published_precision=Precision.MINUTE,
        edited=parse_moment(edited, target.zone).at if edited else None,
        collected=collected,
        thread_id=post_id(site, str(thread or native)),
        in_reply_to=post_id(site, str(above)) if above else None,
        views=raw.get("view_count"),
        members=raw.get("members"),
        likes=raw.get("score"),
        replies=raw.get("answer_count"),
    )


def place_of(raw: dict[str, Any]) -> tuple[str, str]:
    """A post's own id, and its address within the site. Questions and answers share their numbers; comments have others."""
    if "comment_id" in raw:
        return f"comment {raw['comment_id']}", f"posts/comments/{raw['comment_id']}"
    if "answer_id" in raw:
        return str(raw["answer_id"]), f"a/{raw['answer_id']}"
    return str(raw["question_id"]), f"q/{raw['question_id']}"
