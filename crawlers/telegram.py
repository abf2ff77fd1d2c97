"""Telegram, as both ways to it know it: the pages of its channels, and what its program exports.

The rule to know: a message is told by its channel's name and its number there, in small letters, so that a page and an export of
the same channel give the same post. A forwarded message has the author it was forwarded from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from crawlers.post import post_id

SITE = "t.me"
AGAINST = frozenset("👎💩🤮🤬😡🖕🤡")
"""Reactions of those who dislike; they are no likes."""

_FIGURE = re.compile(r"(\d+(?:\.\d+)?)([KMB]?)")
_TIMES = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}


def message_id(channel: str, number: str | int) -> str:
    """Identity of a message."""
    return post_id(SITE, f"{channel.casefold()}/{number}")


def account(name: str) -> str:
    """Identity of an author that has a public name, or a number that an export gives (`user5`)."""
    return f"{SITE}:{name.casefold()}"


def liked(reactions: Iterable[tuple[str, int]]) -> int | None:
    """How many reacted with anything but dislike; None where nobody reacted."""
    counts = [count for emoji, count in reactions if emoji.rstrip("\ufe0f") not in AGAINST]
    return sum(counts) if counts else None


def figure(text: str | None) -> int | None:
    """A figure as the pages write it: `396`, `4.02K`, `10.7M`; None where there is none."""
    found = _FIGURE.match((text or "").replace("\xa0", "").replace(" ", ""))
    return round(float(found[1]) * _TIMES[found[2]]) if found else None
