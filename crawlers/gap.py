"""Gaps: days for which a target that brings posts brought none, because it could not be collected or was silent.

The rule to know: a day is a gap by the dates of publication. What a later run catches up closes it; a weekend as every week is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from crawlers.expect import Bound, taught
from crawlers.history import WINDOW, History


@dataclass(frozen=True, slots=True)
class Gap:
    """A day without posts."""

    day: date
    """Of the target's zone."""
    collected: bool
    """A run ended well on it: the place was silent. Otherwise none did: the target failed, or was not collected."""


def gaps(history: History, newest: Bound | None, at: datetime) -> tuple[Gap, ...]:
    """The gaps of the last 90 days up to that moment, oldest first.

    A stretch of days without a post is one where it is longer than the newest post may be old. A day without a successful run is
    one where most days have posts; the present day only where the run before the present day failed too.
    """
    days = taught(history)
    usual = bool(days) and median(day.published for day in days) > 0
    today = history.date_of(at)
    day = max(history.date_of(history.began) + timedelta(days=1), today - WINDOW)
    found: list[Gap] = []
    while day <= today:
        stretch = []
        while day <= today and not history.day(day).published:
            stretch.append(Gap(day, history.day(day).succeeded))
            day += timedelta(days=1)
        if stretch and newest is not None and _length(stretch, history, at) > newest.value:
            found += stretch
        elif usual:
            found += _not_collected(stretch, today)
        day += timedelta(days=1)
    return tuple(found)


def _length(stretch: list[Gap], history: History, at: datetime) -> float:
    """Seconds from the beginning of the first day to the end of the last, or to now."""
    begin, end = (datetime.combine(day, time(), history.zone) for day in (stretch[0].day, stretch[-1].day + timedelta(days=1)))
    return (min(end.astimezone(UTC), at) - begin.astimezone(UTC)).total_seconds()


def _not_collected(stretch: list[Gap], today: date) -> list[Gap]:
    failed = [gap for gap in stretch if not gap.collected]
    begun_today = bool(failed) and failed[-1].day == today and today - timedelta(days=1) not in {gap.day for gap in failed}
    return failed[:-1] if begun_today else failed
