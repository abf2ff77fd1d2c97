"""The index as plain lists: what both engines have to answer, written without either of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crawlers.post import Post
from index.query import Bucket, Facet, Hit, Interval, Query, Reach, Sort
from index.token import tokens
from index.words import Term, parse

_FILTERS = {
    "brands": lambda hit: (hit.mention.brand,), "products": lambda hit: (hit.mention.product,),
    "kinds": lambda hit: (hit.mention.product_kind,), "stances": lambda hit: (hit.mention.stance,),
    "sentiments": lambda hit: (hit.mention.sentiment,), "tones": lambda hit: (hit.mention.tone,),
    "genres": lambda hit: (hit.mention.genre,), "recommendations": lambda hit: (hit.mention.recommendation,),
    "switches": lambda hit: (hit.mention.switch,), "roles": lambda hit: hit.standing.roles, "sites": lambda hit: (hit.post.site,),
    "places": lambda hit: (hit.post.place,), "sources": lambda hit: (hit.post.source,), "targets": lambda hit: hit.post.targets,
    "languages": lambda hit: (hit.post.language,), "authors": lambda hit: (hit.post.author_key,), "posts": lambda hit: (hit.post.id,),
    "groups": lambda hit: (hit.post.id, hit.standing.copy_of),
}  # fmt: skip


def holds(query: Query, hit: Hit) -> bool:
    """Whether the mention is one of the query's."""
    if (hit.mention.product == "general") != (query.level == "brand"):
        return False
    for name, values in _FILTERS.items():
        wanted = getattr(query, name)
        if wanted and not set(wanted) & set(values(hit)):
            return False
    flags = (
        (query.counting, hit.standing.counts), (query.named, hit.post.author_id is not None), (query.dated, hit.post.published is not None),
        (query.read, hit.post.language in ("ru", "en", None)),
        (query.official, hit.post.official), (query.copies, hit.standing.copy_of is not None),
    )  # fmt: skip
    if any(wanted is not None and wanted != value for wanted, value in flags):
        return False
    return _in_period(query, hit) and all(_has(hit.post, term) != term.excluded for term in parse(query.text))


def _in_period(query: Query, hit: Hit) -> bool:
    published = hit.post.published
    if query.since is not None and (published is None or published < query.since):
        return False
    if query.until is not None and (published is None or published >= query.until):
        return False
    if not query.last_word:
        return True
    later = hit.standing.superseded_at
    return hit.standing.counts and (later is None or (query.until is not None and later >= query.until))


def _has(post: Post, term: Term) -> bool:
    length = len(term.tokens)
    for text in (post.title or "", post.text):
        found = tokens(text)
        if any(tuple(found[start : start + length]) == term.tokens for start in range(len(found))):
            return True
    return False


def values(facet: Facet, hit: Hit) -> list[str]:
    """The facet's values of one mention."""
    if facet is Facet.ROLE:
        return list(hit.standing.roles)
    if facet is Facet.TARGET:
        return list(hit.post.targets)
    if facet in (Facet.ROLE_FROM, Facet.COPY_OF):
        found = getattr(hit.standing, facet.value)
    else:
        found = getattr(hit.post if facet in (Facet.SITE, Facet.PLACE, Facet.SOURCE, Facet.LANGUAGE) else hit.mention, facet.value)
    return [] if found is None else [str(found)]


def listed(hits: Iterable[Hit], sort: Sort, descending: bool) -> list[Hit]:
    """The mentions in the order of a listing."""
    hits = sorted(hits, key=lambda hit: hit.mention.id.encode(), reverse=sort == "id" and descending)
    if sort == "id":
        return hits

    def value(hit: Hit) -> float | None:
        if sort == "published":
            return None if hit.post.published is None else hit.post.published.timestamp()
        return hit.post.reach_estimated if hit.post.reach_measured is None else hit.post.reach_measured

    known = [hit for hit in hits if value(hit) is not None]
    known.sort(key=lambda hit: -value(hit) if descending else value(hit))  # type: ignore[operator]
    return known + [hit for hit in hits if value(hit) is None]


def counted(hits: Iterable[Hit], by: Facet) -> dict[str, int]:
    """Mentions per value."""
    return dict(Counter(value for hit in hits for value in values(by, hit)))


def crossed(hits: Iterable[Hit], by: Facet, then: Facet) -> dict[str, dict[str, int]]:
    """Mentions per pair of values."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for hit in hits:
        for outer in values(by, hit):
            for inner in values(then, hit):
                found[outer][inner] += 1
    return {outer: dict(inner) for outer, inner in found.items()}


def reached(hits: Iterable[Hit]) -> Reach:
    """Reach over distinct posts."""
    posts = {hit.post.id: hit.post for hit in hits}.values()
    measured = [post.views for post in posts if post.views is not None]
    estimated = [post.reach_estimated for post in posts if post.views is None and post.reach_estimated is not None]
    return Reach(
        measured=sum(measured) if measured else None,
        measured_known=len(measured),
        estimated=sum(estimated) if estimated else None,
        estimated_known=len(estimated),
        posts=len(posts),
    )


def trended(hits: Iterable[Hit], every: Interval, zone: ZoneInfo, by: Facet | None) -> list[Bucket]:
    """The trend, day by day through the reader's calendar."""
    dated = [(hit.post.published.astimezone(zone).date(), hit) for hit in hits if hit.post.published is not None]
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for day, hit in dated:
        counts[_first(day, every)].update([""] if by is None else values(by, hit))
    found = []
    if dated:
        day, last = _first(min(dated, key=lambda pair: pair[0])[0], every), max(dated, key=lambda pair: pair[0])[0]
        while day <= last:
            if day == _first(day, every):
                start = datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)
                found.append(Bucket(start=start, counts=dict(counts[day]) if by or counts[day] else {"": 0}))
            day += timedelta(days=1)
    return found


def _first(day: date, every: Interval) -> date:
    if every == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if every == "month" else day
