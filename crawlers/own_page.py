"""A review's own page, where its list shows only the beginning of a text: what is taken from there, and how it goes with the list.

The rule to know: what the own page says stands in the raw item as `own`, beside the review's piece of the list, and goes before it;
by the piece alone the review is told from others. When the list was read stands there as `shown`: its «вчера» was true then, while the
own page may be read days later, or again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parsel import Selector

from crawlers.kinds import ReviewsTarget
from crawlers.page import Text
from crawlers.post import Post, iso
from crawlers.selection import Tally, takes, value
from crawlers.unfolded import unfold

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
    """From when a date of a raw item is counted back: its own page was read when the item was collected, its list perhaps before."""
    shown = raw.get("shown")
    return collected if shown is None or name in raw.get("own", {}) else datetime.fromisoformat(shown)


def goes_on(beginning: str, text: str) -> bool:
    """Whether a text has the first words of this beginning, so that it is that of the same review; of a few words nobody can tell."""
    words = _WORD.findall(beginning.casefold())[:-1][:TELLING]  # a list may cut the last word short
    return len(words) >= FEWEST and f" {' '.join(words)} " in f" {' '.join(_WORD.findall(text.casefold()))} "


def whole_text(listed: Text | None, own: dict[str, str]) -> Text:
    """The longer of what the list and the review's own page show: a beginning never replaces a text."""
    shown = listed or Text("")
    return Text(own["text"], own.get("quoted")) if len(own.get("text", "")) >= len(shown.own) and "text" in own else shown
