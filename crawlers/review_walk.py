"""Reviews made whole by their own pages, some at a time, and what becomes of one whose own page can't be had.

The rule to know: one that can't be had for now waits in the cursor, with what its list shows, and is kept so in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from crawlers import own_page
from crawlers.kinds import ReviewsTarget
from crawlers.link import host_of, opened
from crawlers.own_page import Review
from crawlers.post import Post, iso
from crawlers.source import Cursor, Item, Page
from crawlers.spider import TargetSpider, page_of
from crawlers.trouble import Trouble
from crawlers.watch import read_next

TOGETHER = 8
"""Reviews whose own pages are fetched side by side, and which are kept together with one cursor."""


class ReviewWalk(TargetSpider[ReviewsTarget]):
    """Takes reviews, each with its own page where the target wants that, and keeps in `waiting` those that wait for one."""

    def begin_reviews(self) -> None:
        """Take up what the cursor says; what waits in it is read by who knows the list."""
        self.own_tally = own_page.own_tally(self.target)
        self.reached: Cursor = {name: said for name, said in self.cursor.items() if name != "deferred"}
        """Where the list was read to, with all that came before."""
        self.waiting: dict[str, Review] = {}
        """Id -> review that waits for its own page."""

    async def whole(self, todo: list[Review], cursor: Cursor, repeated: int = 0) -> AsyncIterator[Page]:
        """The reviews with what their own pages say, some at a time; `cursor` is reached with the last of them."""
        while True:
            few = self.few(TOGETHER) if self.target.own_page else len(todo)
            group, todo = todo[:few], todo[few:]
            taken = await asyncio.gather(*(self.take(one) for one in group))
            self.own_tally.check(ended=False)
            for one, each in zip(group, taken, strict=True):
                self.settle(one, each)
            if not todo:
                self.reached = cursor
            deferred = tuple(each.post.url or "" for each in taken if isinstance(each, Review) and each.post)
            items = tuple(each for each in taken if isinstance(each, Item))
            yield Page(items=items, cursor=self.state(), deferred=deferred, repeated=repeated + taken.count(None))
            await asyncio.sleep(0)  # the page is kept before `full` is asked
            repeated = 0
            if not todo or self.full():
                return

    def settle(self, one: Review, taken: Item | Review | None) -> None:
        """Note what became of a review: taken, left, or to be tried again."""
        self.waiting.pop(one.waits, None)
        if one.post and isinstance(taken, Review):
            self.waiting[one.post.id] = replace(taken, waits=one.post.id)

    def state(self) -> Cursor:
        """Where the next run resumes."""
        deferred = {id: {"tries": one.tries, "raw": one.raw} for id, one in self.waiting.items()}
        return self.reached | ({"deferred": deferred} if deferred else {})

    async def take(self, one: Review) -> Item | Review | None:
        """The review, with what its own page says if the target wants that; see `not_had` for where that fails."""
        item = Item(raw=one.raw, address=one.raw["page"])
        if self.target.own_page is None or one.post is None or "own" in one.raw or self.older(one.post):
            return item
        try:
            return replace(item, raw=one.raw | {"own": await self.own(one.post, first=not one.waits), "own_read": iso(datetime.now(UTC))})
        except Trouble as wrong:
            return self.not_had(one, wrong)

    def not_had(self, one: Review, wrong: Trouble) -> Item | Review | None:
        """What becomes of a review whose own page fails: it is tried again, left where it is known, else taken as the list shows it."""
        tries = one.tries + (not wrong.of_host)
        last = tries >= self.target.attempts or self.from_date or self.is_preview  # of which no cursor is kept
        # Its beginning is shown by the list, and a second look makes it whole: it need not wait for a page that is said to be no more.
        if not (wrong.final or wrong.unasked or last):
            self.put_off((one.post.url if one.post else None) or "", wrong)
            return replace(one, tries=tries)
        if one.post and self.seen(one.post.id):  # a beginning is no news of what is known
            self.logger.warning("%s; the review stays as it is known", wrong)
            return None
        raw = one.raw | {"own_missing": str(wrong)}
        return Item(raw=raw, address=one.raw["page"], without=("own page",), why_without=self.told_in_preview(wrong))

    async def own(self, post: Post, *, first: bool) -> dict[str, str]:
        """What a review's own page says. Raises Trouble where it can't be had, or has no text: perhaps a captcha stands in its place."""
        url = post.url or ""
        if host_of(url) != host_of(self.target.url):
            raise Trouble(f"{url or 'no address'}: is no page of the list's host", transient=False)
        response = await self.fetch(address := opened(url, self.target.secrets))
        read_next(response, self)
        own = own_page.read_own_page(page_of(response), self.target)
        its_own = own_page.is_of(post, own, address, response.url)
        if first:  # what failed before may be gone alone; of new reviews, where all lead elsewhere, something is wrong
            self.own_tally.note(own if its_own else ())
        if not its_own:
            raise Trouble(f"{url}: leads to another page", transient=True)
        if "text" not in own and not self.target.ratings_without_text:
            raise Trouble(f"{url}: has nothing that `own_page.text` finds", transient=True)
        return own

    def older(self, post: Post) -> bool:
        """Whether a review lies before what the run is to take: its own page is not fetched."""
        return self.since is not None and post.published is not None and post.published < self.since
