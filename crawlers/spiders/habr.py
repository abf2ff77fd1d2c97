"""Habr: articles of hubs, of companies' blogs, of a search or of all, and the comments below them, as the site's own pages ask for them.

The rule to know: lists name articles without their text, and how many comments each has. An article is read once, when a list names it
first; its comments are read when their number has changed. Later figures and edits of an article come by second looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from scrapy.http import Response

from crawlers.interface import WRONG_FORM, of_its_form, parsed, with_parameters
from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider, Thread
from crawlers.look import CLOSED_STATUSES, Fate, Known, Look
from crawlers.moment import parse_moment
from crawlers.page import Text, plain
from crawlers.platforms import HabrTarget
from crawlers.post import Post, or_headline, post_id
from crawlers.source import CollectError

SITE = "habr.com"
CLOSING = CLOSED_STATUSES | {403}
"""Codes of Habr's own errors that say of an article that it is not shown."""
LAST_PAGE = 50
"""Habr answers no later page of a list."""
KEPT = (
    "id", "lang", "postType", "publicationType", "isCorporative", "hubs", "titleHtml", "textHtml", "timePublished", "statistics",
    "parentId", "timeChanged", "isSuspended", "score", "message", "children", "author",
)  # fmt: skip
"""What is kept of an article or a comment: not what its author states of contacts and payment."""
UFO = ("НЛО прилетело и опубликовало эту надпись здесь", "UFO just landed and posted this here")
"""What stands in the place of a comment that was taken away."""
_LANGUAGE = r"habr\.com/(?:(?P<language>ru|en)/)?"
_BLOG = r"(?:compan(?:y|ies)/[\w-]+/)?"
_OFTEN = {"language": "{language}", "schedule": "every 15 minutes"}
KNOWN_BY = KnownBy(
    engine="Habr",
    addresses=(
        Address(
            like=_LANGUAGE + _BLOG + r"(?:articles|news|posts?|blog)/(?P<article>\d+)(?:[/?].*)?", says={"articles": ["{article}"]} | _OFTEN
        ),
        Address(like=_LANGUAGE + r"hubs?/(?P<hub>[\w-]+)(?:[/?].*)?", says={"hubs": ["{hub}"]} | _OFTEN),
        Address(like=_LANGUAGE + r"compan(?:y|ies)/(?P<company>[\w-]+)(?:[/?].*)?", says={"companies": ["{company}"]} | _OFTEN),
        Address(like=_LANGUAGE + r"search/?\?(?:.*&)?q=(?P<query>[^&]+).*", says={"search": ["{query}"]} | _OFTEN),
        Address(
            like=_LANGUAGE + r"(?:(?:articles|all|feed|top)(?:[/?].*)?)?",
            says={"language": "{language}", "schedule": "every 1 hour"},
            note="all articles of Habr; the address of a hub or of a company's blog narrows them",
        ),
        Address(
            like=r"habr\.com/.*",
            refused="give the address of a hub (`/ru/hubs/NAME/`), of a company's blog, of a search (`/ru/search/?q=…`) or of an article",
        ),
    ),
)


class HabrSpider(ListingSpider[HabrTarget]):
    """Walks lists of articles: `scrapy crawl habr -a target=NAME`. The interface has no page of its own that describes it."""

    name = "habr"
    by_robots = True  # it is made for the site's own pages, not for programs
    together = 1

    async def lists(self) -> dict[str, str]:
        found = {f"hub {alias}": self.method("articles/", hub=alias, sort="all") for alias in self.target.hubs}
        found |= {f"company {alias}": self.method("articles/", company=alias) for alias in self.target.companies}
        found |= {query: self.method("articles/", query=query, order="date") for query in self.target.search}
        numbers = [re.findall(r"\d+", each)[-1] for each in self.target.articles]
        found |= {f"article {number}": self.method(f"articles/{number}/") for number in numbers}
        return found or {"all": self.method("articles/", sort="rating")}  # the site's own word for the newest first, whatever their rating

    def method(self, path: str, **parameters: str) -> str:
        """Address of a method; in which language articles are wanted, and in which the site speaks, goes with each."""
        said = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
        language = self.target.edition
        return f"{self.target.url.rstrip('/')}/kek/v2/{path}?{said}{'&' if said else ''}fl={language}&hl={language}"

    def comments_of(self, article: object) -> str:
        return self.method(f"articles/{article}/comments/")

    async def members(self) -> int | None:
        """Subscribers of the one hub or company that is watched; of several places nobody could say whose they are."""
        if not self.target.alone:
            return None
        what, alias = self.target.alone
        url = self.method(f"hubs/{quote(alias)}/profile" if what == "hub" else f"companies/{quote(alias)}/card")
        with of_its_form(url):
            return int(parsed(await self.answer(url))["statistics"]["subscribersCount"])

    def complaint(self, answer: Any) -> str | None:
        return f"{code}: {answer.get('message')}" if (code := code_of(answer)) else None

    def closes(self, answer: Any) -> bool:
        """An article that is withheld or hidden is told so; `400` or `401` speak of the question."""
        return code_of(answer) in CLOSING

    def read(self, answer: Any, response: Response) -> Listing:
        """An article, the comments of one, or a list; since 2022 lists say `publication` where they said `article`."""
        if "textHtml" in answer:
            counted = self.target.comments and comments_in(answer)
            return Listing((kept(answer),), more=(self.comments_of(answer["id"]),) if counted else ())
        if "comments" in answer or "commentRefs" in answer:
            if not self.target.comments:  # they waited when the target still wanted them
                return Listing()
            return Listing(tuple(kept(comment) for comment in comments(answer) if words(comment).own and not away(comment)))
        name = next((name for name in ("publication", "article") if f"{name}Refs" in answer), None)
        if name is None:
            raise CollectError(f"{response.url} gives neither articles nor comments: is {self.target.url} Habr?")
        ids, refs = answer[f"{name}Ids"], answer[f"{name}Refs"]
        page = int(parse_qs(urlsplit(response.url).query).get("page", ["1"])[0])
        following = with_parameters(response.url, page=page + 1) if page < min(answer["pagesCount"], LAST_PAGE) else None
        return Listing(following=following, threads=self.all_named(refs[id] for id in map(str, ids) if id in refs))

    def all_named(self, refs: Iterable[Any]) -> tuple[Thread, ...]:
        """The articles of a list; one of another form keeps no other from being read. Raises KeyError and the like where all are so."""
        found, wrong = [], []
        for ref in refs:
            try:
                found.append(self.named(ref))
            except WRONG_FORM as error:
                self.logger.warning("an article in a list has another form (%s: %s) and is passed over", type(error).__name__, error)
                wrong.append(error)
        if wrong and not found:
            raise wrong[0]
        return tuple(found)

    def named(self, ref: dict[str, Any]) -> Thread:
        """An article that a list names, which counts as the first of what is written there.

        Without comments nothing more is wanted of one that was read: it counts what it counted then.
        """
        path = path_of(ref)
        address = self.comments_of(ref["id"]) if path in self.state.threads else self.method(f"articles/{ref['id']}/")
        written = 1 + comments_in(ref) if self.target.comments else self.state.threads.get(path, 1)
        moment = None
        with suppress(*WRONG_FORM):  # an article with an unreadable date is read, and says then what it is
            moment = parse_moment(ref["timePublished"], self.target.zone).at
        return Thread(path, address, written, moment)

    def thread(self, raw: dict[str, Any]) -> Thread | None:
        """The comments of an article that the target names."""
        if "textHtml" not in raw or not comments_in(raw):
            return None
        return Thread(path_of(raw), self.comments_of(raw["id"]), 1 + comments_in(raw))

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """Articles each for itself, comments of one article together."""
        asked: dict[str, list[Known]] = {}
        for one in known:
            asked.setdefault(self.inquiry([one]), []).append(one)
        return asked.values()

    def inquiry(self, some: Sequence[Known]) -> str:
        raw = some[0].raw
        return self.comments_of(raw["thread"].rpartition("/")[2]) if "message" in raw else self.method(f"articles/{raw['id']}/")

    def missing(self, answer: Any) -> bool:
        return bool(code_of(answer) == 404)

    def fates(self, answer: Any, some: Sequence[Known]) -> Iterable[Look]:
        """A comment that is missing among the others tells nothing; one that was taken away leaves its place."""
        found = {str(each["id"]): each for each in ([answer] if "textHtml" in answer else comments(answer))}
        for one in some:
            now = found.get(str(one.raw["id"]))
            if now is not None and "message" in now and away(now):
                yield Look(one.id, Fate.GONE, "no author")
            elif now is not None:
                beside = {name: one.raw[name] for name in ("thread", "members") if name in one.raw}
                yield Look(one.id, Fate.HERE, raw=kept(now) | beside)


def code_of(answer: Any) -> Any:
    """The status that an answer states in words of its own, as an error does; None where it states none."""
    return (answer.get("httpCode") or answer.get("code")) if isinstance(answer, dict) else None


def kept(raw: dict[str, Any]) -> dict[str, Any]:
    """An article or a comment as it is kept."""
    found = {name: raw[name] for name in KEPT if name in raw}
    if isinstance(author := raw.get("author"), dict):
        found["author"] = {name: author[name] for name in ("id", "alias", "fullname") if name in author}
    return found


def comments(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """All comments of an article, in the form that has them by their ids; without any they may be an empty list."""
    found = answer["comments"] if "comments" in answer else answer["commentRefs"]
    return list(found.values()) if isinstance(found, dict) else list(found or ())


def comments_in(article: dict[str, Any]) -> int:
    """How many comments an article counts."""
    return (article.get("statistics") or {}).get("commentsCount") or 0


def away(comment: dict[str, Any]) -> bool:
    """Whether a comment was taken away: what stands in its place then has null as its author.

    Raises KeyError where none is named at all: under another name all comments would seem taken away.
    """
    return bool(comment.get("isSuspended")) or not comment["author"] or words(comment).own.rstrip(".") in UFO


def words(raw: dict[str, Any]) -> Text:
    """The text of an article or of a comment."""
    return plain(raw.get("message" if "message" in raw else "textHtml") or "")


def path_of(article: dict[str, Any]) -> str:
    """Where an article stands, below the language; the feeds of Habr tell it by the same address."""
    blogs = [hub["alias"] for hub in article.get("hubs") or () if hub.get("type") == "corporative"]
    blog = f"companies/{blogs[0]}/" if article.get("isCorporative") and blogs else ""
    section = {"news": "news", "post": "posts"}.get(article.get("postType") or article.get("publicationType") or "", "articles")
    return f"{blog}{section}/{article['id']}"


def post(raw: dict[str, Any], target: HabrTarget, collected: datetime) -> Post:
    """The post of an article, told by its address as in Habr's feeds, or of a comment, told by its number."""
    comment, author, figures = "message" in raw, raw.get("author") or {}, raw.get("statistics") or {}
    home = f"https://{SITE}/{target.edition}"
    article = f"{home}/{raw['thread'] if comment else path_of(raw)}/"
    thread = post_id(SITE, url=article)
    said = words(raw)
    text, title = or_headline(said.own, plain(raw.get("titleHtml") or "").own or None)
    published = parse_moment(raw["timePublished"], target.zone, now=collected)
    number = author.get("id") or author.get("alias")
    above = f"comment {raw['parentId']}" if raw.get("parentId") else None
    return Post(
        id=post_id(SITE, f"comment {raw['id']}") if comment else thread,
        site=SITE,
        place=target.place or (target.alone[1] if target.alone else None),
        source=target.kind,
        url=f"{article}#comment_{raw['id']}" if comment else article,
        title=title,
        text=text,
        quoted=said.quoted,
        language=target.language or raw.get("lang"),
        author_id=f"{SITE}:{number}" if number else None,
        author_name=author.get("fullname") or author.get("alias"),
        author_url=f"{home}/users/{quote(author['alias'])}/" if author.get("alias") else None,
        published=published.at,
        published_precision=published.precision,
        edited=parse_moment(raw["timeChanged"], target.zone).at if raw.get("timeChanged") else None,
        collected=collected,
        thread_id=thread,
        in_reply_to=(post_id(SITE, above) if above else thread) if comment else None,
        views=figures.get("readingCount"),
        members=raw.get("members"),
        likes=raw.get("score") if comment else figures.get("score"),
        replies=len(raw["children"]) if isinstance(raw.get("children"), list) else figures.get("commentsCount"),
    )
