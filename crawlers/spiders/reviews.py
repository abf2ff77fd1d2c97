"""Paged review sites, read by the selectors of the target's file.

The rule to know: a raw item is the review's own piece of the page, see `crawlers/selection.py`; what its own page says stands
beside that, see `crawlers/own_page.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from crawlers import own_page
from crawlers.archive import Archive
from crawlers.brand import read_brands
from crawlers.every_target import AboutItem
from crawlers.identity import Identity
from crawlers.instead import led, with_signs
from crawlers.interval import Descent
from crawlers.kinds import ReviewsTarget
from crawlers.link import hidden, within
from crawlers.look import Fate, Known, Look
from crawlers.mapping import as_its_source_says, company
from crawlers.own_page import Review
from crawlers.page import Text, at_site, site_of
from crawlers.place import config_folder, data_folder
from crawlers.post import Post, clean, iso, post_id
from crawlers.review_walk import ReviewWalk
from crawlers.seen import reject_key
from crawlers.selection import Fields, Tally, next_page, numbered, pieces, select, takes
from crawlers.source import CollectError, Page, Rejected
from crawlers.spider import page_of
from crawlers.taken import TakeModel
from crawlers.trouble import refusal
from crawlers.unfolded import join, unfold

MOST_WAITING = 50
"""Reviews waiting in the cursor from which on the list is not followed: their host fails, and the next run goes on there."""


class ReviewsSpider(ReviewWalk):
    """Walks one review site, newest first: `scrapy crawl reviews -a target=NAME`."""

    name = "reviews"

    async def start(self) -> AsyncIterator[Page | Request]:
        self.begin_reviews()
        self.descent = Descent(self.cursor, self.target.url)
        self.left = self.target.pages
        self.tally = tally(self.target)
        self.identity = Identity(self.target, self.seen)
        self.shown = own_page.Shown(self.cursor)
        self.brands = read_brands(config_folder()) if isinstance(self.target.about, AboutItem) else None
        # As it was kept, so that it is told by the same address.
        before = within(dict(self.cursor.get("deferred", {})), hidden, self.target.secrets)
        found = [replace(one, waits=id) for id, each in before.items() for one in self.reviews([each["raw"]], each["tries"])]
        self.waiting = {one.waits: one for one in found}  # also what can be no post as the target stands now: it is rejected
        self.tried = frozenset(self.waiting)
        if self.waiting:
            async for some in self.whole(list(self.waiting.values()), self.reached):
                yield some
        for request in self.onward(self.descent.address):
            yield request

    def onward(self, address: str | None) -> Iterator[Request]:
        """The next page; none where the walk has ended, or the run has taken all it may."""
        if address and self.left > 0 and not self.full():
            self.left -= 1
            yield self.ask(address, self.parse)

    async def parse(self, response: Response) -> AsyncIterator[Page | Request]:
        page = self.page(response)
        raws = list(read_page(page, self.target, response.url))
        if self.target.own_page:
            raws = [own_page.as_read(raw, datetime.now(UTC)) for raw in raws]
        fresh, repeated = self.unread(raws)
        onward = self.following(page, raws, response)
        items = self.tally.add(raws)
        self.tally.check(ended=not onward or not self.left)
        await self.identity.check(raws, items, response.url, self.listed_at, [onward] if onward else [])
        async for some in self.whole(fresh, self.descent.cursor() | self.shown.cursor(), repeated=repeated):
            yield some
        for each in (self.tally, self.own_tally):
            each.check(ended=self.full() or not (onward and self.left))
        for request in self.onward(onward if len(self.waiting) < MOST_WAITING else None):
            yield request

    async def listed_at(self, address: str) -> list[dict[str, Any]]:
        """The raw items of another page of the list. Raises Trouble."""
        return list(read_page(page_of(await self.fetch(address)), self.target, address))

    def following(self, page: Selector, raws: list[dict[str, Any]], response: Response) -> str | None:
        """The address after this page, None at the end. Raises CollectError where the way on leads nowhere."""
        url = response.url
        if not raws:
            return self.descent.nothing(honest=self.honestly_empty(page, url, gone=response.status >= 300))
        link = next_page(page, self.target.next, url)
        known, old = self.look(raws)
        known |= {id: True for id in known if id in self.waiting}
        if self.descent.repeated_at_once(known):
            way = "`next` leads to no other page; mend or remove it"
            raise CollectError(f"{url} shows the same items as the page before it: {way}")
        return self.descent.took(known, link or numbered(self.target.numbered, url), old=old, linked=bool(link))

    def reviews(self, raws: list[dict[str, Any]], tries: int = 0) -> Iterator[Review]:
        """Raw items with what the list shows of them."""
        now = datetime.now(UTC)
        for raw in raws:
            try:
                yield Review(raw, self.listed(raw, now), tries)
            except Rejected:
                yield Review(raw, None, tries)

    def listed(self, raw: dict[str, Any], now: datetime) -> Post:
        """What the list shows of a review. Raises Rejected for what can be no post, whatever its own page says."""
        made = as_its_source_says(raw, self.target, now)
        if self.brands:
            for name in made.about:
                company(name, self.target, self.brands)
        return made

    def unread(self, raws: list[dict[str, Any]]) -> tuple[list[Review], int]:
        """The reviews to take: where the list shows their beginnings, none that was taken whole or rejected before, or waits to be.

        And how many of the others count as repeated: not those that waited, what came of which is counted.
        """
        if self.target.own_page is None:
            return [Review(raw, None) for raw in raws], 0
        found = list(self.reviews(raws))
        known = [one.post.id for one in found if one.post and self.passed_over(one.raw, one.post)]
        anew = self.shown_anew(found)
        counted = self.tried.union(one.post.id for one in anew if one.post)
        fresh = [one for one in found if one.post is None or one.post.id not in known]
        return fresh + anew, sum(id not in counted for id in known)

    def shown_anew(self, found: list[Review]) -> list[Review]:
        """Known reviews of which the list shows other stars or figures than before, with what is kept of their own pages."""
        there = {one.post.id: one for one in found if one.post and one.post.id not in self.waiting}
        differs = {id for id, one in there.items() if one.post and self.shown.differs(one.post) and self.seen(id)}
        kept = Archive(data_folder()).raws(self.target.name, differs)
        return [replace(there[id], raw=own_page.with_kept(there[id].raw, raw, wanted(self.target))) for id, raw in kept.items()]

    def passed_over(self, raw: dict[str, Any], post: Post) -> bool:
        """Whether the own page of a review is not asked for, since what came of it is known, or it waits to be asked for again."""
        return post.id in self.waiting or (not self.from_date and (self.seen(post.id) or self.seen(reject_key(raw, None))))

    async def told(self, some: Sequence[Known]) -> Mapping[str, Look]:
        looks = await super().told(some)
        if self.target.own_page is None or self.target.ratings_without_text:
            return looks
        # A captcha in the place of the text tells nothing.
        untold = {
            id: replace(look, fate=Fate.UNTOLD, sign="no text") for id, look in looks.items() if look.fate is Fate.HERE and not look.raw
        }
        return {**looks, **untold}

    def as_shown(self, one: Known, response: Response) -> dict[str, Any] | None:
        own = own_page.read_own_page(page_of(response), self.target) if self.target.own_page else {}
        plain = {name: said for name, said in one.raw.items() if name != "own_missing"}
        if "text" not in own or not own_page.is_whole(Fields(one.raw, wanted(self.target)).words("text"), own):
            return None
        return plain | {"own": own, "own_read": iso(datetime.now(UTC))}

    def page(self, response: Response) -> Selector:
        """The page, decoded; an empty one where a later page of the list is gone. Raises CollectError."""
        wrong = refusal(response)
        if wrong is None:
            return page_of(response)
        if wrong.status in (404, 410) and self.descent.address != self.target.url:
            return Selector("<html/>", type="html")
        raise CollectError(str(wrong))

    def honestly_empty(self, page: Selector, url: str, *, gone: bool) -> bool:
        """Whether a page without items says so itself. Raises CollectError where the list should begin, or a link goes on, and doesn't."""
        if self.target.empty and select(page, self.target.empty.select):
            return True
        where = led(self.descent.address, url)
        if self.descent.from_top and not self.descent.pages:
            why = with_signs("the layout has changed, or it is not the page that is meant", page)
            raise CollectError(f"page {where} has no items for selector {self.target.item!r}: {why}")
        if self.descent.linked and self.descent.pages and not gone:
            why = "a wall against robots, or an empty page, then say by `empty` what such a page has; the next run tries it again"
            nothing = f"page {where} has no items for selector {self.target.item!r} though the page before it leads there"
            raise CollectError(f"{nothing}: {with_signs(why, page)}")
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
    listed = Fields(raw, wanted(target))
    own: dict[str, str] = raw.get("own", {})
    fields = Fields(raw, wanted(target), own) if own else listed
    site = site_of(target.site, target.url)
    words = own_page.whole_text(listed.words("text"), own)
    url = listed.link("url")
    published = own_page.published_of(
        fields, listed, target, own_page.read_at(raw, "", collected), own_page.read_at(raw, "date", collected)
    )
    edited = fields.lenient("edited", target, own_page.read_at(raw, "edited", collected))
    about = fields.text("about")
    return Post(
        id=review_id(listed, target, site, own_page.read_at(raw, "", collected)),
        site=site,
        place=target.place,
        source=target.kind,
        url=url,
        title=fields.text("title"),
        text=words.own,
        quoted=words.quoted,
        language=target.language,
        author_id=fields.author_id(target, target.url, site),
        author_name=fields.text("author"),
        author_url=fields.profile(),
        published=published.at,
        published_precision=published.precision,
        edited=edited.at,
        collected=collected,
        rating=own_page.rating_of(fields, listed, target),
        company_reply=fields.text("reply"),
        product=fields.text("product"),
        about=(about,) if about else (),
        views=fields.count("views"),
        likes=fields.count("likes"),
        replies=fields.count("replies"),
    )


def review_id(listed: Fields, target: ReviewsTarget, site: str, shown: datetime) -> str:
    """`Post.id` of a review by what the list shows, so that it is the same whether its own page was had or not."""
    url, published, rating = listed.link("url"), listed.moment("date", target, shown), listed.number("rating")
    words = listed.words("text") or Text("")
    otherwise = [listed.text("author"), published.identity, clean(words.own)]
    if published.identity is None:
        otherwise += [None if rating is None else f"{rating:g}", listed.text("title")]  # «Отлично» of two guests
    return post_id(site, listed.text("id"), url=at_site(url, target.url, site), otherwise=tuple(otherwise))
