"""A second look at posts that were taken before: whether each still stands where it was published.

The rule to know: a post is gone only by a positive sign: its own address answers 404 or 410, or an interface that tells of it by its
id says so. No answer, a refusal, a failure, a page elsewhere and an answer of another form tell nothing.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlsplit

GONE_STATUSES = frozenset({404, 410})
"""What an address answers that was there and is no more."""
CLOSED_STATUSES = GONE_STATUSES | {451}
"""What an address answers for which there is nothing to come back: gone, or withheld by law."""
PATIENCE = 3
"""Questions in a row without an answer, after which the others wait for the next run."""


class Fate(StrEnum):
    """What a look at a post tells."""

    HERE = "here"
    GONE = "gone"
    UNTOLD = "untold"
    """It was asked for, and the answer is no sign of either."""
    UNASKED = "unasked"
    """Nothing could be asked that tells of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A post that was taken, as the newest batch has it."""

    id: str
    url: str | None
    content: str
    """Hash of what its author said."""
    raw: dict[str, Any]
    published: str | None = None
    """When, as `Post.published` in ISO."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one post."""

    id: str
    fate: Fate
    sign: str = ""
    """What told it: `404`, `not in the answer`."""
    raw: dict[str, Any] | None = None
    """The post as it stands now, where the answer holds it whole."""
    depth: int | None = None
    """How many posts stand before it on its page of a topic; of one that seems gone behind the last one, how many the page shows."""


def write_known(known: Iterable[Known], path: Path) -> None:
    """The posts to look at, for the process that does."""
    path.write_text(json.dumps([dataclasses.asdict(one) for one in known]), encoding="utf-8")


def read_known(path: Path) -> list[Known]:
    """The inverse of `write_known`."""
    return [Known(**record) for record in json.loads(path.read_text(encoding="utf-8"))]


def by_page(known: Iterable[Known], *, lists: Sequence[str]) -> Iterator[list[Known]]:
    """Posts, each by the page that shows it. A page of several posts tells of none; nor does one of the target's lists."""
    pages: dict[str, list[Known]] = {}
    for one in known:
        if one.url is not None:
            pages.setdefault(urldefrag(one.url).url, []).append(one)
    walked = {_place(address) for address in lists}
    for address, some in pages.items():
        if len(some) == 1 and _place(address) not in walked:
            yield some


def fate_of_page(status: int, asked: str, answered: str) -> tuple[Fate, str]:
    """What the answer of a post's own page means. Where it was led elsewhere, that is another page, and tells nothing."""
    if not same_page(asked, answered):
        return Fate.UNTOLD, "led elsewhere"
    if status in GONE_STATUSES:
        return Fate.GONE, str(status)
    return (Fate.HERE, "") if status < 300 else (Fate.UNTOLD, str(status))


def same_page(one: str, other: str) -> bool:
    """Whether two addresses are those of one page, however they are written."""
    return _place(one) == _place(other)


def _place(address: str) -> tuple[str, str, str]:
    """What is the same for one page however it is written: http and https, with www and without, with a slash at its end and without."""
    parts = urlsplit(address)
    return parts.netloc.lower().removeprefix("www."), parts.path.rstrip("/"), parts.query


def by_absence(known: Sequence[Known], natives: Sequence[str], there: Mapping[str, dict[str, Any] | None]) -> Iterator[Look]:
    """Of posts asked for together by their own ids: what an answer does not name is gone. `there` are those it names, raw where whole."""
    for one, native in zip(known, natives, strict=True):
        yield Look(one.id, Fate.HERE, raw=there[native]) if native in there else Look(one.id, Fate.GONE, "not in the answer")
