"""A review's own page, where its list shows only the beginning of a text: what is taken from there, and how it goes with the list.

The rule to know: what the own page says stands in the raw item as `own`, beside the review's piece of the list, and goes before it;
by the piece alone the review is told from others. When the list was read stands there as `shown`, and when the own page was as `own_read`:
the «вчера» of each was true then, while the item may be made days later, or again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from parsel import Selector

from crawlers.kinds import ReviewsTarget
from crawlers.link import host_of
from crawlers.look import same_page
from crawlers.moment import Moment
from crawlers.page import Text
from crawlers.post import Post, iso, stars
from crawlers.seen import figures_hash
from crawlers.selection import Fields, Takes, Tally, takes, value
from crawlers.source import Cursor
from crawlers.taken import RatingModel
from crawlers.unfolded import unfold

OWN = ("own", "own_read", "own_missing")
"""What a raw item says of the own page."""
FIGURES = ("rating", "likes", "replies", "views")
REMEMBERED = 100
"""Reviews of which is remembered what the list showed."""
TELLING = 12
"""First words of a review by which another page is told to be its own."""
FEWEST = 3
"""Fewer tell nothing."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Review:
    """A review of the list that is to be taken, and the runs that have asked for its own page in vain."""

    raw: dict[str, Any]
    post: Post | None
    """What the list shows of it; None where that can be no post."""
    tries: int = 0
    waits: str = ""
    """Under which id it waits in the cursor."""


class Shown:
    """What the list showed of its newest reviews, so that other stars and figures of known ones are seen without their own pages."""

    def __init__(self, cursor: Cursor) -> None:
        self.before: dict[str, str] = cursor.get("shown", {})
        self.now: dict[str, str] = {}

    def differs(self, post: Post) -> bool:
        """Whether a review was shown otherwise before; what it shows now is remembered."""
        self.now[post.id] = f"{post.rating} {figures_hash(post)}"
        return self.before.get(post.id, self.now[post.id]) != self.now[post.id]

    def cursor(self) -> Cursor:
        """What the next run compares with."""
        both = self.now | {id: said for id, said in self.before.items() if id not in self.now}
        return {"shown": dict(islice(both.items(), REMEMBERED))} if both else {}


def with_kept(raw: dict[str, Any], kept: dict[str, Any], wanted: Takes) -> dict[str, Any]:
    """A raw item of the list with what is kept of its own page, but for figures that the list shows otherwise than before."""
    before, listed = Fields({name: said for name, said in kept.items() if name not in OWN}, wanted), Fields(raw, wanted)
    changed = {name for name in FIGURES if listed.text(name) not in (None, before.text(name))}
    beside = {name: kept[name] for name in OWN if name in kept}
    return raw | beside | {"own": {name: said for name, said in kept.get("own", {}).items() if name not in changed}}


def own_tally(target: ReviewsTarget) -> Tally:
    """What the own pages of a run's reviews have."""
    wanted = takes(target.own_page) if target.own_page else {}
    return Tally(wanted, every=() if target.ratings_without_text else ("text",), where="own_page")


def read_own_page(page: Selector, target: ReviewsTarget) -> dict[str, str]:
    """The fields that a review's own page holds, and what its text quotes as `quoted`."""
    if target.data:
        unfold(page, target.data)
    found = {name: words for name, take in takes(target.own_page).items() if (words := value(page, take))}
    quoted = found["text"].quoted if "text" in found else None
    return {name: words.own for name, words in found.items()} | ({"quoted": quoted} if quoted else {})


def as_read(raw: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A raw item of the list with the moment when that was read."""
    return raw | {"shown": iso(now)}


def read_at(raw: dict[str, Any], name: str, collected: datetime) -> datetime:
    """From when a date of a raw item is counted back: from when its own page was read, if that says it, else its list."""
    read = raw.get("own_read" if name in raw.get("own", {}) else "shown")
    return collected if read is None else datetime.fromisoformat(read)


def is_of(post: Post, own: dict[str, str], asked: str, answered: str) -> bool:
    """Whether the answer is the own page that was asked for, perhaps moved on its host, and not another review's or a captcha."""
    return same_page(asked, answered) or (host_of(asked) == host_of(answered) and goes_on(post.text, own.get("text", "")))


def goes_on(beginning: str, text: str) -> bool:
    """Whether a text has the first words of this beginning, so that it is that of the same review; of a few words nobody can tell."""
    words = _WORD.findall(beginning.casefold())[:-1][:TELLING]  # a list may cut the last word short
    return len(words) >= FEWEST and f" {' '.join(words)} " in f" {' '.join(_WORD.findall(text.casefold()))} "


def whole_text(listed: Text | None, own: dict[str, str]) -> Text:
    """The longer of what the list and the review's own page show: a beginning never replaces a text."""
    shown = listed or Text("")
    return Text(own["text"], own.get("quoted")) if is_whole(listed, own) else shown


def is_whole(listed: Text | None, own: dict[str, str]) -> bool:
    """Whether the text of a review's own page goes on at least as long as its beginning in the list."""
    return "text" in own and len(own["text"]) >= len(listed.own if listed else "")


def published_of(fields: Fields, listed: Fields, target: ReviewsTarget, shown: datetime, read: datetime) -> Moment:
    """When it was published: as the list says where the own page has no date that can be read. Raises ValueError where neither has.

    `shown` and `read` are when the list and the own page were read.
    """
    by_list = listed.moment("date", target, shown)
    if "date" not in fields.own:
        return by_list
    try:
        own = fields.moment("date", target, read)
    except ValueError:
        if by_list.at is None:
            raise
        return by_list
    return by_list if own.at is None else own


def rating_of(fields: Fields, listed: Fields, target: ReviewsTarget) -> float | None:
    """The stars, by the scale of the place that shows them: the list where the own page has none that its scale has.

    Raises ValueError where neither has.
    """
    by_list = scaled(listed, target.take.rating)
    if "rating" not in fields.own or target.own_page is None:
        return by_list
    try:
        own = scaled(fields, target.own_page.rating)
    except ValueError:
        if by_list is None:
            raise
        return by_list
    return by_list if own is None else own


def scaled(fields: Fields, scale: RatingModel | None) -> float | None:
    """The stars of a scale. Raises ValueError for what it does not have."""
    rating = fields.number("rating")
    return None if rating is None or scale is None else stars(rating, scale.min, scale.max)
