"""Online NPS and what stands beside it: who recommends a company unasked, and who warns against it.

The rule to know: people are counted, not posts. Each author counts once per subject, by the last stance in the period
[since, until): published in it and not superseded before its end. The last word is over all that is known and only then
filtered: "among clients" asks who spoke last as a client. Where nobody spoke a figure is None, never 0.

Everything is a count by filters of the index, exact and equal on both engines; no mention is loaded. A filter by stance is
lifted, for it would decide the result. A query over several brands or products counts an author once for each of them.
Online NPS stands beside the survey NPS and is not comparable with it: people who write unasked are not a sample of clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from advocacy.interval import change_interval, score_interval
from index.coverage import Coverage, role_coverage
from index.period import beginning, next_date
from index.query import Facet, Index, Interval, Query, Reach
from nlp.mention import Stance

STANCES_TAKEN: tuple[Stance, ...] = ("promoter", "passive", "detractor")
PRODUCT_FACETS = frozenset({Facet.PRODUCT, Facet.KIND})


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineNps:
    """% promoters - % detractors over authors, -100..100, with its 95 % interval."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    @property
    def authors(self) -> int:
        """Last words that were counted: one per author and subject."""
        return self.promoters + self.passives + self.detractors

    @property
    def value(self) -> float | None:
        """None where nobody spoke."""
        return 100 * (self.promoters - self.detractors) / self.authors if self.authors else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % score interval, see `score_interval`; None where nobody spoke."""
        if not self.authors:
            return None
        low, high = score_interval(self.promoters, self.detractors, self.authors)
        return 100 * low, 100 * high

    @property
    def low(self) -> float | None:
        return self.interval[0] if self.interval else None

    @property
    def high(self) -> float | None:
        return self.interval[1] if self.interval else None

    def share(self, stance: str) -> float | None:
        """Part of the authors with this stance, 0..1."""
        people = {"promoter": self.promoters, "passive": self.passives, "detractor": self.detractors}[stance]
        return people / self.authors if self.authors else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Online NPS of a period against the period of the same length just before it."""

    now: OnlineNps
    before: OnlineNps

    @property
    def value(self) -> float | None:
        """Points gained or lost; None where nobody spoke in one of the periods."""
        return None if self.now.value is None or self.before.value is None else self.now.value - self.before.value

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the change, see `change_interval`; None where there is nothing to compare.

        Takes the two periods as independent. An author heard in both makes the real interval narrower, never wider,
        as people mostly keep their opinion.
        """
        if self.now.value is None or self.before.value is None or self.now.interval is None or self.before.interval is None:
            return None
        return change_interval(self.now.value, self.now.interval, self.before.value, self.before.interval)

    @property
    def is_more_than_noise(self) -> bool | None:
        """True where the interval of the change leaves out zero; None where there is nothing to compare."""
        return None if self.interval is None else not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One interval of a trend: authors by their last stance in [since, until)."""

    start: datetime
    """Midnight in the reader's zone at which the interval begins; Monday of a week."""
    since: datetime
    until: datetime
    nps: OnlineNps


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Mentions that do not count, each under the first reason that holds, in this order; they sum up to all that is left out."""

    official: int = 0
    """Published by the company itself."""
    copies: int = 0
    """Copies of earlier posts, of any genre: one voice more than once."""
    ads: int = 0
    job_ads: int = 0
    news: int = 0
    questions: int = 0
    sarcasm: int = 0
    """Opinions that say something else than their words do."""
    unread: int = 0
    """In a language that the model does not read, and nobody said what they are."""
    other: int = 0
    """Neither an opinion nor a question, news or an advertisement."""
    no_stance: int = 0
    """Opinions that take no stance."""
    employees: int = 0
    """Opinions of employees and former employees."""
    undated: int = 0
    """Of any genre, time unknown: in no period, so counted over all time and not part of the sum of a period."""

    @property
    def total(self) -> int:
        """Dated mentions left out."""
        of_genres = self.ads + self.job_ads + self.news + self.questions + self.sarcasm + self.unread + self.other
        return self.official + self.copies + of_genres + self.no_stance + self.employees


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the figures of a query rest on."""

    mentions: int
    """Dated mentions of the query, counted or not."""
    counted: int
    """Opinions that count, all of the period and not only last words."""
    authors: int
    """Last words: one per author and subject; the base of online NPS."""
    unnamed: int
    """Of these, by a bare display name that stands for an author of its own."""
    roles: Coverage
    """Of all last words, whatever the role that the query asks for, and those whose author's relation to the brand is known."""
    left_out: LeftOut

    @property
    def unnamed_share(self) -> float | None:
        """0..1 of the authors."""
        return self.unnamed / self.authors if self.authors else None


def online_nps(index: Index, query: Query) -> OnlineNps:
    """Online NPS of a brand (level `brand`) or of products (level `product`) in the query's period."""
    return of_stances(index.count(last_words(query), Facet.STANCE))


def nps_by(index: Index, query: Query, facet: Facet) -> dict[str, OnlineNps]:
    """Online NPS per value of the facet, most authors first. By product and by product kind read the product level."""
    if facet in PRODUCT_FACETS:
        query = replace(query, level="product")
    found = {value: of_stances(stances) for value, stances in index.cross(last_words(query), facet, Facet.STANCE).items()}
    return dict(sorted(found.items(), key=lambda item: (-item[1].authors, item[0])))


def nps_trend(index: Index, query: Query, every: Interval, zone: ZoneInfo, *, days: int | None = None) -> list[Point]:
    """Online NPS interval by interval, without holes from the first to the last opinion; an empty interval has no value.

    Each interval is a period of its own: authors by their last stance within it, whatever they said later. With `days` each
    point reads that many days up to the end of its interval instead: a rolling line, which also reads what lies before the
    query's period. Otherwise the first and the last interval are cut where the period is.
    """
    last = {bucket.start: bucket.counts for bucket in index.trend(last_words(query), every, zone, Facet.STANCE)}
    points = []
    for bucket in index.trend(counting(query), every, zone, Facet.STANCE):
        after = next_date(bucket.start.astimezone(zone).date(), every)
        until = beginning(after, zone) if query.until is None else min(beginning(after, zone), query.until)
        since = bucket.start if query.since is None else max(bucket.start, query.since)
        if days is not None:
            since = beginning(after - timedelta(days=days), zone)
        if days is None and bucket.counts == last.get(bucket.start, {}):
            nps = of_stances(bucket.counts)  # nobody in this interval spoke again before the period ends: no need to ask
        else:
            nps = online_nps(index, replace(query, since=since, until=until))
        points.append(Point(start=bucket.start, since=since, until=until, nps=nps))
    return points


def nps_change(index: Index, query: Query) -> Change | None:
    """The period against the one before it; None where there is none: the query's is open at either end, or begins too early."""
    before = previous(query)
    return None if before is None else Change(now=online_nps(index, query), before=online_nps(index, before))


def basis(index: Index, query: Query) -> Basis:
    """What the online NPS of the query rests on, and what was left out of it and why."""
    words = last_words(query)
    return Basis(
        mentions=total(index, replace(query, stances=(), dated=True)),
        counted=total(index, counting(query)),
        authors=total(index, words),
        unnamed=total(index, replace(words, named=False)),
        roles=role_coverage(index, words),
        left_out=left_out(index, query),
    )


def left_out(index: Index, query: Query) -> LeftOut:
    """Mentions of the query that do not count, by reason."""
    dated = replace(query, stances=(), counting=False, last_word=False, dated=True)
    others = replace(dated, official=False)
    genres = index.cross(replace(others, copies=False), Facet.GENRE, Facet.STANCE)
    sums = {genre: sum(stances.values()) for genre, stances in genres.items()}
    silent = genres.get("opinion", {}).get("none", 0)
    undated = replace(dated, dated=False, since=None, until=None)
    unread = index.count(replace(others, copies=False, read=False), Facet.GENRE).get("other", 0)
    return LeftOut(
        official=total(index, replace(dated, official=True)),
        copies=total(index, replace(others, copies=True)),
        ads=sums.get("ad", 0),
        job_ads=sums.get("job_ad", 0),
        news=sums.get("news", 0),
        questions=sums.get("question", 0),
        sarcasm=sums.get("sarcasm", 0),
        unread=unread,
        other=sums.get("other", 0) - unread,
        no_stance=silent,
        employees=sums.get("opinion", 0) - silent,
        undated=total(index, undated),
    )


def reach_by_stance(index: Index, query: Query) -> dict[str, Reach]:
    """Reach of promoters, passives and detractors: of all their opinions in the period, for each could be read.

    Measured and estimated reach stand apart and are never added together; see `Reach`. Copies have a reach of their own,
    `reach_of_copies`.
    """
    return index.reach_by(counting(query), Facet.STANCE)


def reach_of_copies(index: Index, query: Query) -> dict[str, Reach]:
    """Reach of the period's copies of opinions by what they say, whoever copied them; stances without a copy are absent.

    People saw them, but no voice stands behind them: so this stands beside the reach by stance and is never added to it.
    """
    copied = replace(query, genres=("opinion",), stances=STANCES_TAKEN, counting=False, last_word=False)
    return index.reach_by(replace(copied, dated=True, official=False, copies=True), Facet.STANCE)


def counting(query: Query) -> Query:
    """All opinions of the query that count."""
    return replace(query, stances=(), counting=True, last_word=False)


def last_words(query: Query) -> Query:
    """Of the opinions that count, those not superseded before the end of the period."""
    return replace(query, stances=(), counting=True, last_word=True)


def previous(query: Query) -> Query | None:
    """The same query over the period of the same length that ends where this one starts; None where the calendar has none.

    Where both ends are in one time zone the length is of the calendar: seven days stay seven days when the clocks change.
    """
    if query.since is None or query.until is None:
        return None
    try:
        return replace(query, since=query.since - (query.until - query.since), until=query.since)
    except OverflowError:
        return None


def total(index: Index, query: Query) -> int:
    return sum(index.count(query).values())


def of_stances(counts: Mapping[str, int]) -> OnlineNps:
    """The figure of these numbers of last words by stance."""
    return OnlineNps(promoters=counts.get("promoter", 0), passives=counts.get("passive", 0), detractors=counts.get("detractor", 0))
