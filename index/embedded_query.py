"""A query as SQL for the embedded index.

The rule to know: conditions are fixed pieces of SQL with parameters; nothing that a person typed becomes SQL.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from index.figure import ordered
from index.period import milliseconds
from index.query import Facet, Query, Sort, askable
from index.words import parse
from nlp.mention import READ

SEPARATOR = "\n"
"""Between several roles or targets in one column."""

COLUMNS: dict[Facet, str] = {facet: facet.value for facet in Facet} | {Facet.ROLE: "roles", Facet.TARGET: "targets"}
SEVERAL = frozenset({Facet.ROLE, Facet.TARGET})
"""Facets of which a mention can have several values."""

SORTS: dict[Sort, str] = {"published": "published", "reach": "reach", "id": "NULL"}

_ALTERNATIVES = (
    ("brand", "brands"), ("product", "products"), ("product_kind", "kinds"), ("stance", "stances"), ("sentiment", "sentiments"),
    ("tone", "tones"), ("genre", "genres"), ("recommendation", "recommendations"), ("switch", "switches"), ("site", "sites"),
    ("place", "places"), ("source", "sources"), ("language", "languages"), ("author_key", "authors"),
)  # fmt: skip
_IS_READ = f"language IS NULL OR language IN ({', '.join(repr(code) for code in sorted(READ))})"
_FLAGS = (
    ("published IS NOT NULL", "dated"),
    ("counts", "counting"),
    ("named", "named"),
    ("official", "official"),
    (_IS_READ, "read"),
    ("copy_of IS NOT NULL", "copies"),
)
_GROUP = (
    "SELECT number FROM mentions WHERE copy_of IN (SELECT value FROM json_each(?)) UNION ALL"
    " SELECT m.number FROM posts p JOIN mentions m ON m.post = p.number WHERE p.id IN (SELECT value FROM json_each(?))"
)

Condition = tuple[str, list[Any]]


def several(values: Iterable[str]) -> str:
    """Several values in one column."""
    return SEPARATOR.join(dict.fromkeys(values))


def where(query: Query) -> Condition:
    """The condition on table `mentions`, and its parameters."""
    # SQLite would read every mention of the level before it looked for a few posts: the plus keeps it from that.
    level = "+general = ?" if query.posts or query.groups else "general = ?"
    parts: list[Condition] = [(level, [int(query.level == "brand")])]
    for column, name in _ALTERNATIVES:
        if values := getattr(query, name):
            parts.append(_one_of(column, values))
    if query.posts:
        parts.append(("post IN (SELECT number FROM posts WHERE id IN (SELECT value FROM json_each(?)))", [_list(query.posts)]))
    if query.groups:
        parts.append((f"number IN ({_GROUP})", [_list(query.groups)] * 2))
    for column, values in (("roles", query.roles), ("targets", query.targets)):
        if values:
            wanted = [f"{SEPARATOR}{value}{SEPARATOR}" for value in askable(values)]
            either = " OR ".join([f"instr(char(10) || {column} || char(10), ?) > 0"] * len(wanted))
            parts.append((f"({either or 0})", wanted))
    for column, name in _FLAGS:
        if (flag := getattr(query, name)) is not None:
            parts.append((f"({column}) = ?", [int(flag)]))
    parts += _period(query)
    parts += _text(query.text)
    return " AND ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


def _one_of(column: str, values: Iterable[Any]) -> Condition:
    values = askable(values)
    if len(values) == 1:
        return f"{column} = ?", values
    return f"{column} IN (SELECT value FROM json_each(?))", [_list(values)]


def _list(values: Iterable[Any]) -> str:
    return json.dumps(askable(values), ensure_ascii=False)


def _period(query: Query) -> list[Condition]:
    parts: list[Condition] = []
    if query.since is not None:
        parts.append(("published >= ?", [milliseconds(query.since)]))
    if query.until is not None:
        parts.append(("published < ?", [milliseconds(query.until)]))
    if query.last_word:
        parts.append(("counts = 1", []))
        if query.until is None:
            parts.append(("superseded_at IS NULL", []))
        else:
            parts.append(("(superseded_at IS NULL OR superseded_at >= ?)", [milliseconds(query.until)]))
    return parts


def _text(query: str) -> list[Condition]:
    """Each term is looked up by itself: words of one query may stand in the title and in the text."""
    terms = parse(query)
    phrases = ['"' + " ".join(term.tokens) + '"' for term in terms if not term.excluded]
    parts: list[Condition] = []
    if phrases:
        parts.append(("post IN (SELECT rowid FROM words WHERE words MATCH ?)", [" AND ".join(phrases)]))
    for term in terms:
        if term.excluded:
            parts.append(("post NOT IN (SELECT rowid FROM words WHERE words MATCH ?)", ['"' + " ".join(term.tokens) + '"']))
    return parts


def continued(sort: Sort, descending: bool, place: tuple[int | None, str]) -> Condition:
    """The condition for what comes after a place in the order of `order_by`."""
    value, mention = place
    if sort == "id":
        return f"id {'<' if descending else '>'} ?", [mention]
    column = SORTS[sort]
    if value is None:
        return f"({column} IS NULL AND id > ?)", [mention]
    beyond = "<" if descending else ">"
    return f"({column} {beyond} ? OR ({column} = ? AND id > ?) OR {column} IS NULL)", [value, value, mention]


def order_by(sort: Sort, descending: bool) -> str:
    """The order of a listing: unknown values last, then by the mention's id."""
    direction = "DESC" if descending else "ASC"
    if sort == "id":
        return f"id {direction}"
    return f"{SORTS[sort]} {direction} NULLS LAST, id"


def values_of(facet: Facet, stored: Any) -> list[str]:
    """The facet's values in one stored column; none where it is unknown."""
    if stored is None or stored == "":
        return []
    return str(stored).split(SEPARATOR) if facet in SEVERAL else [str(stored)]


def tally(facet: Facet, rows: Iterable[tuple[Any, int]]) -> dict[str, int]:
    """Mentions per value out of rows of stored column and number."""
    counts: Counter[str] = Counter()
    for stored, number in rows:
        for value in values_of(facet, stored):
            counts[value] += number
    return ordered(counts)


def authors(author_id: str | None, brands: tuple[str, ...], product: str, stances: tuple[str, ...], flipped: bool | None) -> Condition:
    """The condition on table `authors`, and its parameters."""
    parts: list[Condition] = [_one_of("product", [product])]
    if author_id is not None:
        parts.append(_one_of("author_id", [author_id]))
    if brands:
        parts.append(_one_of("brand", brands))
    if stances:
        parts.append(_one_of("stance", stances))
    if flipped is not None:
        parts.append(("flipped = ?", [int(flipped)]))
    return " AND ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]
