"""Paged review sites, read by the selectors of the target's file.

The rule to know: a raw item is the review's own piece of the page, so that a selector mended in the file can read old items
again. Only a path from the root of the page (`/…`) looks outside of it, once, when the page is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from parsel import Selector, SelectorList
from scrapy import Request
from scrapy.http import Response

from crawlers.field import TakeModel
from crawlers.interval import Descent
from crawlers.kinds import AboutItem, ReviewsTarget
from crawlers.link import hidden, is_link, within
from crawlers.moment import UNKNOWN, Moment, parse_moment
from crawlers.page import Text, at_site, decode, plain
from crawlers.post import MOST, Post, clean, post_id, stars
from crawlers.source import CollectError, Item, Page
from crawlers.spider import TargetSpider, content_type, refusal
from crawlers.writer import FEW

TOLD = ("text", "date", "author", "rating")
"""Fields whose selectors must find something in a run."""
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


class ReviewsSpider(TargetSpider[ReviewsTarget]):
    """Walks one review site, newest first: `scrapy crawl reviews -a target=NAME`."""

    name = "reviews"

    async def start(self) -> AsyncIterator[Request]:
        self.descent = Descent(self.cursor, self.target.url)
        self.left = self.target.pages
        self.tally = Tally(self.target)
        for request in self.onward(self.descent.address):
            yield request

    def onward(self, address: str | None) -> Iterator[Request]:
        """The next page; none where the walk has ended, or the run has taken all it may."""
        if address and self.left > 0 and not self.full():
            self.left -= 1
            yield self.ask(address, self.parse)

    def parse(self, response: Response) -> Iterator[Page | Request]:
        page = self.page(response)
        raws = list(read_page(page, self.target, response.url))
        if raws:
            following = next_page(page, self.target, response.url)
            known, old = self.look(raws)
            if self.descent.repeated_at_once(known):
                raise CollectError(
                    f"{response.url} shows the same items as the page before it: `next` leads to no other page; mend or remove it"
                )
            onward = self.descent.took(known, following, old=old)
        else:
            onward = self.descent.nothing(honest=self.honestly_empty(page, response.url))
        self.tally.add(raws)
        self.tally.check(ended=not onward or not self.left)
        yield Page(items=tuple(Item(raw=raw, address=response.url) for raw in raws), cursor=self.descent.cursor())
        self.tally.check(ended=self.full())
        yield from self.onward(onward)

    def page(self, response: Response) -> Selector:
        """The page, decoded; an empty one where a later page of the list is gone. Raises CollectError."""
        wrong = refusal(response)
        if wrong is None:
            return Selector(decode(response.body, content_type(response)) or "<html/>", type="html")
        if wrong.status in (404, 410) and self.descent.address != self.target.url:
            return Selector("<html/>", type="html")
        raise CollectError(str(wrong))

    def honestly_empty(self, page: Selector, url: str) -> bool:
        """Whether a page without items says so itself. Raises CollectError where the list should begin and doesn't."""
        if self.target.empty and select(page, self.target.empty.select):
            return True
        if self.descent.from_top and not self.descent.pages:
            raise CollectError(
                f"page {url} has no items for selector {self.target.item!r}: the layout has changed, or it is not the page that is meant"
            )
        return False


def select(node: Selector, selector: str) -> SelectorList[Selector]:
    """What a selector finds: XPath where it begins with `/`, `./` or `(`, else CSS."""
    return node.xpath(selector) if selector.startswith(("/", "./", "(")) else node.css(selector)


def values(node: Selector, take: TakeModel, attribute: str | None = None) -> list[Text]:
    """Every match that is not empty, as text; of an element its `attribute` where it has it."""
    found = []
    for each in select(node, take.select):
        if isinstance(each.root, str):
            text = Text(each.root.strip())
        elif attribute and each.attrib.get(attribute):
            text = Text(each.attrib[attribute].strip())
        else:
            text = plain(each.get())
        if text.own:
            found.append(text)
    return found


def value(node: Selector, take: TakeModel, attribute: str | None = None) -> Text | None:
    """What a field holds; None where nothing is found."""
    if take.count:
        return Text(str(len(select(node, take.select))))
    found = values(node, take, attribute)
    if not found:
        return None
    text = found[0]
    if take.all:
        text = Text("\n\n".join(each.own for each in found), "\n\n".join(each.quoted for each in found if each.quoted) or None)
    if take.regex is None:
        return text
    match = re.search(take.regex, text.own)
    return Text((match[1] if match.re.groups else match[0]) or "", text.quoted) if match else None


def takes(target: ReviewsTarget) -> dict[str, TakeModel]:
    """The fields that the target's file has selectors for."""
    found = {name: getattr(target.take, name) for name in type(target.take).model_fields}
    if isinstance(target.about, AboutItem):
        found["about"] = target.about.selector
    return {name: take for name, take in found.items() if take is not None}


def read_page(page: Selector, target: ReviewsTarget, url: str) -> Iterator[dict[str, Any]]:
    """The raw items of a page."""
    outside = {name: value(page, take) for name, take in takes(target).items() if take.select.startswith("/")}
    beside = {name: text.own for name, text in outside.items() if text}
    for node in select(page, target.item):
        raw: dict[str, Any] = {"html": node.get(), "page": url}
        # As it is kept, so that the post is told by the same address whenever it is mapped.
        yield within(raw | {"beside": beside} if beside else raw, hidden, target.secrets)


def next_page(page: Selector, target: ReviewsTarget, url: str) -> str | None:
    """Address of the page after this one."""
    link = value(page, target.next, "href") if target.next else None
    if link is None or link.own.startswith(("#", "javascript:")):
        return None
    return urljoin(url, link.own).partition("#")[0]


class Fields:
    """The fields of one raw item."""

    def __init__(self, raw: dict[str, Any], target: ReviewsTarget) -> None:
        root = Selector(raw["html"], type="html")
        self.node = next(iter(root.xpath("/html/body/*|/html/head/*")), root)
        self.beside: dict[str, str] = raw.get("beside", {})
        self.takes = takes(target)
        self.page: str = raw["page"]

    def words(self, name: str, attribute: str | None = None) -> Text | None:
        take = self.takes.get(name)
        if take is None:
            return None
        if take.select.startswith("/"):
            return Text(self.beside[name]) if name in self.beside else None
        return value(self.node, take, attribute)

    def has(self, name: str) -> bool:
        """Whether the field's selector finds anything; a count of nothing is nothing."""
        words = self.words(name)
        return words is not None and not (self.takes[name].count and words.own == "0")

    def text(self, name: str) -> str | None:
        words = self.words(name)
        return words.own if words else None

    def link(self, name: str) -> str | None:
        words = self.words(name, "href")
        return urljoin(self.page, words.own) if words else None

    def profile(self) -> str | None:
        """The author's page; None for what is no link."""
        try:
            found = self.link("author_url")
        except ValueError:
            return None
        return found if found and is_link(found) else None

    def number(self, name: str) -> float | None:
        """The first number: `4,5`, `5 из 5`, `stars-4.svg`, `1 234`."""
        match = _NUMBER.search(re.sub(r"(?<=\d)\s(?=\d{3}\b)", "", self.text(name) or ""))
        return float(match[0].replace(",", ".").removeprefix("-")) if match else None

    def count(self, name: str) -> int | None:
        number = self.number(name)
        if number is not None and number > MOST:
            raise ValueError(f"{name} is no possible number")
        return int(number) if number is not None else None


class Tally:
    """In how many items of a run the selectors have found what reviews have."""

    def __init__(self, target: ReviewsTarget) -> None:
        self.target = target
        self.items = 0
        self.found: Counter[str] = Counter()

    def add(self, raws: list[dict[str, Any]]) -> None:
        """Count the items of a page."""
        self.items += len(raws)
        for raw in raws:
            fields = Fields(raw, self.target)
            self.found.update(name for name in TOLD if fields.has(name))

    def check(self, *, ended: bool) -> None:
        """Raises CollectError for a selector that finds nothing. What some pages truly lack is judged once the walk has `ended`."""
        every = {"date"} if self.target.ratings_without_text else {"date", "text"}
        nothing = {name: take.select for name, take in takes(self.target).items() if name in TOLD and not self.found[name]}
        wrong = [f"`{name}` ({selector!r})" for name, selector in nothing.items() if ended or name in every]
        if wrong and self.items >= FEW:
            raise CollectError(
                f"the selector of {' and '.join(wrong)} finds nothing in any of {self.items} items: the layout has changed, or the "
                "selector is wrong; mend it in the target's `take`"
            )


def post(raw: dict[str, Any], target: ReviewsTarget, collected: datetime) -> Post:
    """The post a review is. A rating that the site's scale does not have, and a date that is none, raise ValueError."""
    fields = Fields(raw, target)
    site = target.site or (urlsplit(target.url).hostname or "").removeprefix("www.")
    words = fields.words("text") or Text("")
    author, url, date = fields.text("author"), fields.link("url"), fields.text("date")
    published = _published(date, target, collected)
    rating = fields.number("rating")
    about = fields.text("about")
    return Post(
        id=post_id(site, fields.text("id"), url=at_site(url, target.url, site), otherwise=(author, date, clean(words.own))),
        site=site,
        place=target.place,
        source=target.kind,
        url=url,
        title=fields.text("title"),
        text=words.own,
        quoted=words.quoted,
        language=target.language,
        author_id=_author_id(fields, target, site),
        author_name=author,
        author_url=fields.profile(),
        published=published.at,
        published_precision=published.precision,
        collected=collected,
        rating=stars(rating, target.take.rating.min, target.take.rating.max) if rating is not None and target.take.rating else None,
        company_reply=fields.text("reply"),
        product=fields.text("product"),
        about=(about,) if about else (),
        views=fields.count("views"),
        likes=fields.count("likes"),
    )


def _published(text: str | None, target: ReviewsTarget, collected: datetime) -> Moment:
    if not text:
        return UNKNOWN
    return parse_moment(text, target.zone, now=collected, day_first=target.day_first, formats=target.date_formats)


def _author_id(fields: Fields, target: ReviewsTarget, site: str) -> str | None:
    """Only a platform's id, a profile or a unique login makes an author; a bare name is shown and no more."""
    native = fields.text("author_id") or at_site(fields.profile(), target.url, site)
    if native is None and target.unique_logins:
        native = fields.text("author")
    return f"{site}:{native}" if native else None
