"""Sums of reach in Elasticsearch, over distinct posts.

The rule to know: where a query can find several mentions of one post, posts are grouped and each counts once; where it
can't, plain sums say the same and are much faster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from index.elastic_query import by_value, where
from index.elastic_search import Reading
from index.query import Facet, Query, Reach

_SUMS = {
    "measured": {"sum": {"field": "post.reach_measured"}},
    "measured_known": {"value_count": {"field": "post.reach_measured"}},
    "estimated": {"sum": {"field": "post.reach_estimated"}},
    "estimated_known": {"value_count": {"field": "post.reach_estimated"}},
}
_ONE_POST = {"measured": {"max": {"field": "post.reach_measured"}}, "estimated": {"max": {"field": "post.reach_estimated"}}}
_POST = {"terms": {"field": "post.id"}}


def reach(reading: Reading, index: str, query: Query, by: Facet | None) -> dict[str, Reach]:
    """Reach per value of the facet; {"": reach} without one."""
    condition = where(query)
    facet = [] if by is None else [by_value(by)]
    if not _single(query, by):
        found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for values, bucket in reading.groups(index, condition, [*facet, _POST], _ONE_POST):
            found[str(values[0]) if by else ""].append(bucket)
        sums = {value: _of_posts(posts) for value, posts in found.items()} or ({} if by else {"": _of_posts(())})
    elif by is None:
        answer = reading.page(index, condition, size=0, aggs=_SUMS)
        sums = {"": _of_sums(answer["aggregations"], answer["hits"]["total"]["value"])}
    else:
        sums = {str(value): _of_sums(bucket, bucket["doc_count"]) for (value,), bucket in reading.groups(index, condition, facet, _SUMS)}
    if by is not None:
        sums.pop("", None)
    return sums


def _single(query: Query, by: Facet | None) -> bool:
    """Whether the query finds at most one mention of each post (per value of `by`)."""
    return query.level == "brand" and (len(set(query.brands)) == 1 or by is Facet.BRAND)


def _of_sums(found: Mapping[str, Any], posts: int) -> Reach:
    measured_known, estimated_known = (int(found[name]["value"]) for name in ("measured_known", "estimated_known"))
    return Reach(
        measured=int(found["measured"]["value"]) if measured_known else None,
        measured_known=measured_known,
        estimated=int(found["estimated"]["value"]) if estimated_known else None,
        estimated_known=estimated_known,
        posts=posts,
    )


def _of_posts(buckets: Iterable[Mapping[str, Any]]) -> Reach:
    posts = list(buckets)
    measured, estimated = (
        [int(value) for bucket in posts if (value := bucket[name]["value"]) is not None] for name in ("measured", "estimated")
    )
    return Reach(
        measured=sum(measured) if measured else None,
        measured_known=len(measured),
        estimated=sum(estimated) if estimated else None,
        estimated_known=len(estimated),
        posts=len(posts),
    )
