"""Paged review sites, read by the selectors of the target's file.

The rule to know: a raw item is the review's own piece of the page, see `crawlers/selection.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from crawlers.interval import Descent
from crawlers.kinds import AboutItem, ReviewsTarget
from crawlers.link import hidden, within
from crawlers.page import Text, at_site, site_of
from crawlers.post import Post, clean, post_id, stars
from crawlers.selection import Fields, Tally, next_page, numbered, pieces, select, takes
from crawlers.source import CollectError, Item, Page
from crawlers.spider import TargetSpider, page_of, refusal
from crawlers.taken import TakeModel
from crawlers.unfolded import join, unfold


class ReviewsSpider(TargetSpider[ReviewsTarget]):
    """Walks one review site, newest first: `scrapy crawl reviews -a target=NAME`."""

    name = "reviews"

    async def start(self) -> AsyncIterator[Request]:
        self.descent = Descent(self.cursor, self.target.url)
        self.left = self.target.pages
        self.tally = tally(self.target)
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
            link = next_page(page, self.target.next, response.url)
            known, old = self.look(raws)
            if self.descent.repeated_at_once(known):
                way = "`next` leads to no other page; mend or remove it"
                raise CollectError(f"{response.url} shows the same items as the page before it: {way}")
            onward = self.descent.took(known, link or numbered(self.target.numbered, response.url), old=old, linked=bool(link))
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
            return page_of(response)
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


def wanted(target: ReviewsTarget) -> dict[str, TakeModel]:
    """The fields that the target's file has selectors for."""
    about = {"about": target.about.selector} if isinstance(target.about, AboutItem) else {}
    return takes(target.take) | about


def tally(target: ReviewsTarget) -> Tally:
    """What the reviews of a run have; some sites have ratings without a text."""
    return Tally(wanted(target), every={"date"} if target.ratings_without_text else {"date", "text"})


def read_page(page: Selector, target: ReviewsTarget, url: str) -> Iterator[dict[str, Any]]:
    """The raw items of a page."""
    if target.data:
        unfold(page, target.data)
    if target.beside:
        join(page, target.item, target.beside)
    for raw in pieces(page, target.item, wanted(target), url):
        # As it is kept, so that the post is told by the same address whenever it is mapped.
        yield within(raw, hidden, target.secrets)


def post(raw: dict[str, Any], target: ReviewsTarget, collected: datetime) -> Post:
    """The post a review is. A rating that the site's scale does not have, and a date that is none, raise ValueError."""
    fields = Fields(raw, wanted(target))
    site = site_of(target.site, target.url)
    words = fields.words("text") or Text("")
    author, url = fields.text("author"), fields.link("url")
    published = fields.moment("date", target, collected)
    edited = fields.lenient("edited", target, collected)
    rating = fields.number("rating")
    about = fields.text("about")
    title = fields.text("title")
    otherwise = [author, published.identity, clean(words.own)]
    if published.identity is None:
        otherwise += [None if rating is None else f"{rating:g}", title]  # «Отлично» of two guests
    return Post(
        id=post_id(site, fields.text("id"), url=at_site(url, target.url, site), otherwise=tuple(otherwise)),
        site=site,
        place=target.place,
        source=target.kind,
        url=url,
        title=title,
        text=words.own,
        quoted=words.quoted,
        language=target.language,
        author_id=fields.author_id(target, target.url, site),
        author_name=author,
        author_url=fields.profile(),
        published=published.at,
        published_precision=published.precision,
        edited=edited.at,
        collected=collected,
        rating=stars(rating, target.take.rating.min, target.take.rating.max) if rating is not None and target.take.rating else None,
        company_reply=fields.text("reply"),
        product=fields.text("product"),
        about=(about,) if about else (),
        views=fields.count("views"),
        likes=fields.count("likes"),
        replies=fields.count("replies"),
    )
