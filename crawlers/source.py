"""What a source hands over: pages of raw items with the cursor after each page.

The rule to know: a source only walks; what an item means is said by its pure function
`post(item, target, collected) -> Post`, so that one bad item is isolated and kept items can be mapped again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Cursor = dict[str, Any]
"""Where the next run resumes; opaque JSON that belongs to the source."""


class Rejected(Exception):
    """This item can never become a post; the message is the reason, counted and kept with the item."""


class LeftOut(Rejected):
    """This item is read rightly, and what the target wants is to leave it out: that says nothing of whether its file fits its source."""


class CollectError(Exception):
    """The run can't go on; the message names what to mend. What was kept stays, the cursor stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One raw item as the source gave it: JSON values only."""

    raw: dict[str, Any]
    line: int | None = None
    """Line or row of the file it came from, for messages."""
    address: str | None = None
    """Page it came from, for messages."""
    unreadable: str | None = None
    """Why it can't be mapped, where the source itself saw that it is unreadable."""
    given_up: str | None = None
    """Why it was given up: its page failed in too many runs. That tells nothing of whether the target's file fits its source."""
    without: tuple[str, ...] = ()
    """What the target asks for and this item could not be given, in words that the run's line counts: `article`."""
    why_without: str | None = None
    """Why it could not, with the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Items taken in one step and the cursor that is true once they are kept.

    `deferred` are addresses that failed for now, each with why as far as that is told (`address: why`); they must stand in `cursor` too, so
    that the next run tries them again.
    """

    items: tuple[Item, ...]
    cursor: Cursor
    deferred: tuple[str, ...] = field(default=())
    repeated: int = 0
    """Items that the source itself knew from earlier runs and didn't hand over again."""
