"""A query in Elasticsearch's language.

The rule to know: every condition is a filter, nothing is scored; what is excluded is excluded by a filter too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from index.period import milliseconds
from index.query import Facet, Interval, Query, Sort, askable
from index.words import Term, parse
from nlp.mention import READ

Clause = dict[str, Any]

FIELDS: dict[Facet, str] = {facet: facet.value for facet in Facet} | {
    Facet.ROLE: "roles",
    Facet.SITE: "post.site",
    Facet.PLACE: "post.place",
    Facet.SOURCE: "post.source",
    Facet.TARGET: "post.targets",
    Facet.LANGUAGE: "post.language",
}
"""Where a facet's values stand in a mention's document."""

SORTS: dict[Sort, str] = {"published": "post.published", "reach": "post.reach", "id": "id"}
_LAST = {True: -(2**63), False: 2**63 - 1}
"""Elasticsearch's sort value of a missing number, by whether the order descends."""

_ALTERNATIVES = (
    ("brand", "brands"), ("product", "products"), ("product_kind", "kinds"), ("stance", "stances"), ("sentiment", "sentiments"),
    ("tone", "tones"), ("genre", "genres"), ("recommendation", "recommendations"), ("switch", "switches"), ("roles", "roles"),
    ("post.site", "sites"), ("post.place", "places"), ("post.source", "sources"), ("post.targets", "targets"),
    ("post.language", "languages"), ("post.author_key", "authors"), ("post.id", "posts"),
)  # fmt: skip


def where(query: Query) -> Clause:
    """The condition on a mention's document."""
    must: list[Clause] = [{"term": {"level": query.level}}]
    must_not: list[Clause] = []
    for field, name in _ALTERNATIVES:
        if values := getattr(query, name):
            must.append(one_of(field, values))
    for field, name in (("counts", "counting"), ("post.named", "named"), ("post.official", "official")):
        if (flag := getattr(query, name)) is not None:
            must.append({"term": {field: flag}})
    if query.read is not None:
        (must_not if query.read else must).append(_FOREIGN)
    for field, flag in (("post.published", query.dated), ("copy_of", query.copies)):
        if flag is not None:
            (must if flag else must_not).append({"exists": {"field": field}})
    if query.groups:
        either = [one_of("post.id", query.groups), one_of("copy_of", query.groups)]
        must.append({"bool": {"should": either, "minimum_should_match": 1}})
    must += _period(query)
    for term in parse(query.text):
        (must_not if term.excluded else must).append(_phrase(term))
    return {"bool": {"filter": must, "must_not": must_not}}


def one_of(field: str, values: Sequence[Any]) -> Clause:
    """The field has one of the values."""
    return {"terms": {field: askable(values)}}


_FOREIGN: Clause = {"bool": {"filter": [{"exists": {"field": "post.language"}}], "must_not": [one_of("post.language", sorted(READ))]}}
"""The post is in a language that the model does not read."""


def _period(query: Query) -> list[Clause]:
    must: list[Clause] = []
    if query.since is not None:
        must.append({"range": {"post.published": {"gte": milliseconds(query.since), "format": "epoch_millis"}}})
    if query.until is not None:
        must.append({"range": {"post.published": {"lt": milliseconds(query.until), "format": "epoch_millis"}}})
    if query.last_word:
        before = {} if query.until is None else {"lt": milliseconds(query.until), "format": "epoch_millis"}
        superseded = {"range": {"superseded_at": before}} if before else {"exists": {"field": "superseded_at"}}
        must += [{"term": {"counts": True}}, {"bool": {"must_not": [superseded]}}]
    return must


def _phrase(term: Term) -> Clause:
    if len(term.tokens) == 1:
        return {"term": {"post.tokens": term.tokens[0]}}
    return {"match_phrase": {"post.tokens": {"query": " ".join(term.tokens)}}}


def order(sort: Sort, descending: bool) -> list[Clause]:
    """The order of a listing: unknown values last, then by the mention's id."""
    direction = "desc" if descending else "asc"
    if sort == "id":
        return [{"id": {"order": direction}}]
    return [{SORTS[sort]: {"order": direction, "missing": "_last"}}, {"id": {"order": "asc"}}]


def search_after(sort: Sort, descending: bool, place: tuple[int | None, str]) -> list[Any]:
    """A continuation as Elasticsearch's sort values."""
    value, mention = place
    return [mention] if sort == "id" else [_LAST[descending] if value is None else value, mention]


def sort_value(sort: Sort, values: Sequence[Any]) -> int | None:
    """The inverse of `search_after`: what a continuation keeps."""
    return None if sort == "id" or values[0] in _LAST.values() else int(values[0])


def by_value(facet: Facet) -> Clause:
    """A composite's source: the values of a facet."""
    return by_field(FIELDS[facet])


def by_field(field: str) -> Clause:
    """A composite's source: the values of any field."""
    return {"terms": {"field": field}}


def by_interval(every: Interval, zone: ZoneInfo) -> Clause:
    """A composite's source: the reader's days, weeks or months."""
    return {"date_histogram": {"field": "post.published", "calendar_interval": every, "time_zone": zone.key}}


def authors(author_id: str | None, brands: tuple[str, ...], product: str, stances: tuple[str, ...], flipped: bool | None) -> Clause:
    """The condition on an author's document."""
    must: list[Clause] = [one_of("product", [product])]
    if author_id is not None:
        must.append(one_of("author_id", [author_id]))
    if brands:
        must.append(one_of("brand", brands))
    if stances:
        must.append(one_of("stance", stances))
    if flipped is not None:
        must.append({"term": {"flipped": flipped}})
    return {"bool": {"filter": must}}
