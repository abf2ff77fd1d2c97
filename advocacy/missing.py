"""What is missing behind a figure: days for which a target that could have brought its posts brought none.

The rule to know: fewer posts of such days are missing data and no fall. A change between two periods of which one has such days may be
theirs, so it never stands without them. Gaps are known of the last 90 days (`crawlers/gap.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from advocacy.measures import previous
from crawlers.brand import Brands
from crawlers.gap import Gap
from crawlers.health import Health
from index.period import beginning
from index.query import Query


class Missing(NamedTuple):
    """A day without posts of one target."""

    target: str
    gap: Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Uneven:
    """A period and the one before it, of which one at least has days without data."""

    now: int
    """Days of the period for which a target brought nothing."""
    before: int
    """Of the period before."""
    targets: tuple[str, ...]
    """Which, in order of name."""


def missing(found: Iterable[Health], query: Query, brands: Brands, zone: ZoneInfo) -> list[Missing]:
    """Gaps within the period of the query, of the targets that could bring its posts; days are of the reader's `zone`."""
    return [
        Missing(one.target, gap)
        for one in found
        if _could_bring(one, query, brands)
        for gap in one.gaps
        if (query.since is None or query.since <= beginning(gap.day, zone))
        and (query.until is None or beginning(gap.day, zone) < query.until)
    ]


def uneven(found: Iterable[Health], query: Query, brands: Brands, zone: ZoneInfo) -> Uneven | None:
    """Why the period can't be held against the one before it; None where neither has gaps, or there is none before."""
    if (earlier := previous(query)) is None:
        return None
    found = list(found)
    now, before = missing(found, query, brands, zone), missing(found, earlier, brands, zone)
    if not now and not before:
        return None
    days_now, days_before = (len({each.gap.day for each in gaps}) for gaps in (now, before))
    return Uneven(now=days_now, before=days_before, targets=tuple(sorted({each.target for each in (*now, *before)})))


def _could_bring(one: Health, query: Query, brands: Brands) -> bool:
    brand = brands.by_name(one.brand) if one.brand else None
    if brand is not None and query.brands and brand.slug not in query.brands:
        return False
    return not (query.sites and one.site and one.site not in query.sites)
