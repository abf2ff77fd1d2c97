"""What is normal for a target: said in its file (`expect:`), else learned from the last four weeks in which it brought anything.

The rules to know, of what is learned; nothing is from fewer than 14 whole days on which the target was collected:

- posts: half of the median of new posts a day, and no more than chance explains (three standard deviations of the sum of a week).
  It is held against the mean of the last seven whole days. What lasts for two weeks becomes normal: say in the file what may not.
- authors: 25 points below the median share of a day. It is held against the last 50 new posts of seven days.
- newest: the longest time of each week in which nothing newer was published, the lower median of the four weeks, doubled;
  at least an hour. Nights, weekends and the rhythm of the schedule are in it, two bad weeks are not. A post whose date is unknown
  counts as published when it was collected.

Days without a successful run teach nothing and are not held against anything: they are gaps, told as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import mean, median, median_low
from typing import Literal

from crawlers.every_target import Expect
from crawlers.field import interval
from crawlers.history import Day, History

WEEK = 7
LEARNED_DAYS = 28
ENOUGH_DAYS = 14
JUDGED_DAYS = 3
"""Days, of the last seven, without which the posts of a day are not judged."""
JUDGED_POSTS = (20, 50)
"""New posts without which their authors are not judged, and at which it is enough."""
SHORTEST = timedelta(hours=1)
FIRST = timedelta(days=1)
"""From the first run of a target: by then the first post is expected, unless its file says otherwise."""
FIRST_RUNS = 3
"""Runs that ended well without which a first post is not expected: a weekly run that finds nothing once is no silence."""

Subject = Literal["posts", "authors", "newest"]


@dataclass(frozen=True, slots=True)
class Bound:
    """How few, or how old, is still normal: posts a day, a share, or seconds."""

    value: float
    learned: bool


@dataclass(frozen=True, slots=True)
class Violation:
    """An expectation that does not hold."""

    subject: Subject
    found: float | None
    """None: no run that was read kept a post."""
    bound: Bound

    def __str__(self) -> str:
        whose = "learned" if self.bound.learned else "stated"
        if self.subject == "posts":
            return f"{self.found:.1f} new posts a day, at least {self.bound.value:.1f} are expected ({whose})"
        if self.subject == "authors":
            return f"{self.found:.0%} of new posts name an author, at least {self.bound.value:.0%} are expected ({whose})"
        if self.found is None:
            return f"nothing was collected in more than {spoken(self.bound.value)}"
        return f"the newest post is {spoken(self.found)} old, at most {spoken(self.bound.value)} are expected ({whose})"


def in_units(seconds: float) -> tuple[int, str]:
    """A length of time as people say it: `119 second`, `119 minute`, `71 hour`, and days from three on."""
    for unit, length, most in (("second", 1, 120), ("minute", 60, 7_200), ("hour", 3_600, 259_200)):
        if seconds < most:
            return round(seconds / length), unit
    return round(seconds / 86_400), "day"


def spoken(seconds: float) -> str:
    """`5 hours`."""
    number, unit = in_units(seconds)
    return f"{number} {unit}{'' if number == 1 else 's'}"


def taught(history: History) -> list[Day]:
    """The whole days that normal is learned from; none where they are too few."""
    if history.last_kept is None:
        return []
    last = min(history.date_of(history.last_kept), history.date_of(history.last.ended) - timedelta(days=1))
    days = _collected(history, (last - timedelta(days=back) for back in range(LEARNED_DAYS)))
    return days if len(days) >= ENOUGH_DAYS else []


def expected(said: Expect, history: History) -> dict[Subject, Bound]:
    """What is normal for the target, as far as it is said or known."""
    days = taught(history) if said.learned else []
    found: dict[Subject, float | None] = {"posts": _posts(days), "authors": _authors(days), "newest": _newest(history) if days else None}
    bounds = {subject: Bound(value, learned=True) for subject, value in found.items() if value is not None and value > 0}
    for subject, stated in (("posts", said.posts), ("authors", said.authors), ("newest", _seconds(said.newest))):
        if stated is not None:
            bounds[subject] = Bound(stated, learned=False)  # type: ignore[index]  # a subject
    return bounds


def violations(said: Expect, bounds: Mapping[Subject, Bound], history: History, at: datetime) -> list[Violation]:
    """The expectations that do not hold at that moment."""
    bound = bounds.get("newest") or (_first(said, history) if history.heard is None else None)
    found = [_too_old(bound, history, at)]
    dates = [history.date_of(at) - timedelta(days=back) for back in range(WEEK + 1)]
    whole = _collected(history, dates[1:])
    if "posts" in bounds and len(whole) >= JUDGED_DAYS:
        found.append(_too_few("posts", mean(day.kept for day in whole), bounds["posts"]))
    if "authors" in bounds and (share := _share([history.day(date) for date in dates])) is not None:
        found.append(_too_few("authors", share, bounds["authors"]))
    return [violation for violation in found if violation is not None]


def _first(said: Expect, history: History) -> Bound | None:
    """Where no run that was read kept anything nothing could be learned: that is silence by itself, after a day and some runs."""
    return Bound(FIRST.total_seconds(), learned=True) if said.learned and history.successes >= FIRST_RUNS else None


def _too_old(bound: Bound | None, history: History, at: datetime) -> Violation | None:
    if bound is None:
        return None
    age = (at - (history.heard or history.began)).total_seconds()
    return Violation("newest", None if history.heard is None else age, bound) if age > bound.value else None


def _too_few(subject: Subject, found: float, bound: Bound) -> Violation | None:
    return Violation(subject, found, bound) if found < bound.value else None


def _collected(history: History, dates: Iterable[date]) -> list[Day]:
    """Of these dates those that are known as a whole and had a successful run."""
    return [day for date in dates if date > history.date_of(history.began) and (day := history.day(date)).succeeded]


def _posts(days: list[Day]) -> float | None:
    if not days:
        return None
    usual = median(day.kept for day in days)
    return min(usual / 2, usual - 3 * sqrt(usual / WEEK))


def _authors(days: list[Day]) -> float | None:
    shares = [1 - day.anonymous / day.kept for day in days if day.kept]
    return median(shares) - 0.25 if shares else None


def _newest(history: History) -> float | None:
    """The doubled lower median of what the longest silence was in each of four weeks; None where there are not two of them."""
    assert history.last_kept is not None
    longest: dict[int, float] = {}
    for until, age in history.quiet:
        week = (history.last_kept - until) // timedelta(days=WEEK)
        longest[week] = max(longest.get(week, 0), age.total_seconds())
    weeks = [longest[week] for week in range(LEARNED_DAYS // WEEK) if week in longest]
    return max(2 * median_low(weeks), SHORTEST.total_seconds()) if len(weeks) > 1 else None


def _share(days: list[Day]) -> float | None:
    """Share of new posts that name their author, over the latest days; None where there are too few posts."""
    few, enough = JUDGED_POSTS
    kept = anonymous = 0
    for day in days:
        kept, anonymous = kept + day.kept, anonymous + day.anonymous
        if kept >= enough:
            break
    return 1 - anonymous / kept if kept >= few else None


def _seconds(span: str | None) -> float | None:
    every = None if span is None else interval(f"every {span}")
    return None if every is None else every.total_seconds()
