"""Asking Elasticsearch: pages, listings of any length, and exact groups.

The rule to know: a long listing reads from a point in time, so that it is one consistent view; groups are paged through to
the last, so that no number is an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from index.elastic_node import said

Clause = dict[str, Any]
Group = tuple[tuple[Any, ...], Mapping[str, Any]]
"""Values of the sources in their order, and the bucket."""

_PAGE = 2_000
_GROUPS = 5_000
_OPEN = "5m"
"""How long a reader of a listing may think about one page."""
_UNREAD = ["post.tokens", "tokens", "bands"]


def portions(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """The values without repetitions in ascending order, `size` at a time."""
    every = sorted(set(values))
    return (every[start : start + size] for start in range(0, len(every), size))


class Reading:
    """Requests to one node or cluster, with its errors in plain words."""

    def __init__(self, elastic: Elasticsearch, url: str) -> None:
        self._elastic = elastic
        self._url = url

    def page(self, index: str, query: Clause, **options: Any) -> Mapping[str, Any]:
        """One answer of `_search` with the exact total."""
        with said(self._url):
            answer = self._elastic.search(index=index, query=query, track_total_hits=True, source_excludes=_UNREAD, **options)
            return dict(answer.body)

    def number(self, index: str, query: Clause) -> int:
        """How many documents."""
        with said(self._url):
            return int(self._elastic.count(index=index, query=query)["count"])

    def documents(self, index: str, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """The stored documents with these `_id`s, as of now."""
        if not ids:
            return []
        with said(self._url):
            answer = self._elastic.mget(index=index, ids=list(ids), source_excludes=_UNREAD)
        return [found["_source"] for found in answer["docs"] if found.get("found")]

    def listing(self, index: str, query: Clause, sort: Sequence[Clause]) -> Iterator[Mapping[str, Any]]:
        """Every hit in this order, which must end with a unique field."""
        with said(self._url):
            pit = self._elastic.open_point_in_time(index=index, keep_alive=_OPEN)["id"]
        after: Any = None
        try:
            while True:
                with said(self._url):
                    answer = self._elastic.search(
                        pit={"id": pit, "keep_alive": _OPEN}, query=query, sort=list(sort), size=_PAGE, search_after=after,
                        track_total_hits=False, source_excludes=_UNREAD,
                    )  # fmt: skip
                hits = answer["hits"]["hits"]
                yield from hits
                if len(hits) < _PAGE:
                    return
                pit, after = answer.get("pit_id", pit), hits[-1]["sort"]
        finally:
            with suppress(NotFoundError), said(self._url):
                self._elastic.close_point_in_time(id=pit)

    def groups(self, index: str, query: Clause, sources: Sequence[Clause], aggs: Mapping[str, Clause] | None = None) -> Iterator[Group]:
        """All groups by the sources' values; documents that lack one of them are in none."""
        composite: dict[str, Any] = {"size": _GROUPS, "sources": [{str(number): source} for number, source in enumerate(sources)]}
        while True:
            with said(self._url):
                answer = self._elastic.search(
                    index=index, query=query, size=0, track_total_hits=False, aggs={"groups": {"composite": composite, "aggs": aggs or {}}}
                )
            found = answer["aggregations"]["groups"]
            for bucket in found["buckets"]:
                yield tuple(bucket["key"].values()), bucket
            if len(found["buckets"]) < _GROUPS:
                return
            composite["after"] = found["after_key"]
