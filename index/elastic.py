"""The Elasticsearch index: posts, mentions and authors behind four aliases.

The rule to know: every write refreshes before it returns, so that the next read sees it; a batch is recorded as loaded
only after its documents stand, so that a killed load is loaded again.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crawlers.post import Post
from index import elastic_query as dsl
from index.elastic_document import author_document, author_of, document_id, hit_of, post_of, standing_document
from index.elastic_mapping import Kind
from index.elastic_node import Indices, client, said, without_password, write
from index.elastic_reach import reach
from index.elastic_search import Reading, portions
from index.elastic_write import Action, removal, replacement
from index.figure import ordered, ordered_cross
from index.lock import WriterLock
from index.page import checked, decode, encode
from index.period import buckets, dates, first_date, local_date
from index.query import Author, Bucket, Facet, Hit, Hits, Interval, Query, Reach, Sort, Standing
from index.replacement import grouped
from nlp.mention import Mention, Stance

_BY_ID = ({"id": {"order": "asc"}},)
_TERMS = 10_000
"""Values of a facet counted in one request; a facet with more is paged through."""
_POSTS = 1_000
"""Posts sent at a time."""
_BANDS = 20_000
"""Bands of one request; Elasticsearch takes 65,536 terms."""
_AUTHORS = 1_000
"""Authors of one listing request."""


class ElasticIndex:
    """An `Index` in Elasticsearch 8 or 9. Any number of threads and processes may use it at once."""

    def __init__(
        self, url: str, prefix: str = "molva", key: str | None = None, *, lock: Path | None = None, generation: int | None = None
    ) -> None:
        """`key` is an API key. `lock` is the file that writers of this machine take turns by; None: one in the temporary folder.

        `generation` is given by `rebuild` alone: the indices to fill, under the lock held already.
        """
        self._url, self._prefix, self._key, self._fixed = url, prefix, key, generation
        self._elastic = client(url, key)
        self._indices = Indices(self._elastic, prefix)
        self._reading = Reading(self._elastic, url)
        if lock is None:
            lock = Path(tempfile.gettempdir()) / f"molva-{blake2b(f'{url} {prefix}'.encode(), digest_size=8).hexdigest()}.lock"
        self._lock = WriterLock(None if generation else lock)
        self._exists = generation is not None
        self._tidy = generation is not None

    def _index(self, kind: Kind) -> str:
        return self._indices.alias(kind) if self._fixed is None else self._indices.name(kind, self._fixed)

    def _empty(self) -> bool:
        """Whether nothing was ever written, so that there is nothing to ask."""
        if not self._exists:
            with said(self._url):
                self._exists = self._indices.exist()
        return not self._exists

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The writer's turn, with the indices there and those that an earlier rebuild retired removed."""
        with self._lock.held():
            with said(self._url):
                if self._empty():
                    self._indices.make_current(self._indices.create())
                    self._exists = True
                if not self._tidy:
                    self._indices.remove_others()
                    self._tidy = True
            yield

    def _send(self, actions: Iterable[Action], *kinds: Kind) -> None:
        with said(self._url):
            write(self._elastic, self._url, actions)
            self._elastic.indices.refresh(index=[self._index(kind) for kind in kinds])

    # Writing

    def writing(self) -> AbstractContextManager[None]:
        return self._lock.held()

    def replace(
        self,
        posts: Sequence[Post],
        mentions: Sequence[Mention],
        batch: str | None = None,
        *,
        standings: Mapping[str, Standing] | None = None,
    ) -> int:
        found = grouped(posts, mentions)
        posts_index, mentions_index = self._index("posts"), self._index("mentions")
        written = 0
        with self._writing():
            for start in range(0, len(posts), _POSTS):
                portion = posts[start : start + _POSTS]
                actions = list(replacement(self._reading, posts_index, mentions_index, portion, found, standings or {}))
                written += sum(action["_op_type"] == "index" and action["_index"] == mentions_index for action in actions)
                self._send(actions, "posts", "mentions")
            if batch is not None:
                record = {"_op_type": "index", "_index": self._index("loaded"), "_id": document_id(batch), "batch": batch}
                self._send([record], "loaded")
        return written

    def forget(self, post_ids: Iterable[str]) -> int:
        posts_index, mentions_index = self._index("posts"), self._index("mentions")
        with self._writing():
            if self._fixed is None:
                with said(self._url):
                    self._indices.remove_others()  # a retired generation may know the posts too
            actions = list(removal(self._reading, posts_index, mentions_index, post_ids))
            self._send(actions, "posts", "mentions")
        return sum(action["_index"] == posts_index for action in actions)

    def write_standings(self, standings: Mapping[str, Standing]) -> None:
        index = self._index("mentions")
        with self._writing():
            actions = (
                {"_op_type": "update", "_index": index, "_id": document_id(mention), "doc": standing_document(standing)}
                for mention, standing in standings.items()
            )
            self._send(actions, "mentions")

    def write_authors(self, authors: Sequence[Author], *, of: Iterable[str] = ()) -> None:
        index = self._index("authors")
        kept = {author.id for author in authors}
        with self._writing():
            actions: list[Action] = []
            for portion in portions(of, _AUTHORS):
                for hit in self._reading.listing(index, dsl.one_of("author_id", portion), _BY_ID):
                    if hit["_source"]["id"] not in kept:
                        actions.append({"_op_type": "delete", "_index": index, "_id": hit["_id"]})
            actions += [
                {"_op_type": "index", "_index": index, "_id": document_id(one.id), "_source": author_document(one)} for one in authors
            ]
            self._send(actions, "authors")

    @contextmanager
    def rebuild(self) -> Iterator[ElasticIndex]:
        with self._lock.held():
            with said(self._url):
                self._indices.remove_others()
                generation = self._indices.create()
            fresh = ElasticIndex(self._url, self._prefix, self._key, generation=generation)
            try:
                yield fresh
            except BaseException:
                with said(self._url):
                    self._indices.remove_others()
                raise
            finally:
                fresh.close()
            with said(self._url):
                self._indices.make_current(generation)
            self._exists = self._tidy = True  # what was retired stays for its readers; the next writer removes it

    # Posts

    def missing(self) -> str | None:
        if not self._empty():
            return None
        return f"There is no index {self._prefix} in Elasticsearch at {without_password(self._url)} yet"

    def loaded(self) -> frozenset[str]:
        if self._empty():
            return frozenset()
        hits = self._reading.listing(self._index("loaded"), {"match_all": {}}, [{"batch": {"order": "asc"}}])
        return frozenset(hit["_source"]["batch"] for hit in hits)

    def post(self, post_id: str) -> Post | None:
        found = [] if self._empty() else self._reading.documents(self._index("posts"), [document_id(post_id)])
        return post_of(dict(found[0])) if found else None

    def posts(self) -> Iterator[Post]:
        for hit in () if self._empty() else self._reading.listing(self._index("posts"), {"match_all": {}}, _BY_ID):
            yield post_of(hit["_source"])

    def thread(self, thread_id: str) -> list[Post]:
        if self._empty():
            return []
        either = {"bool": {"should": [{"term": {"thread_id": thread_id}}, {"term": {"id": thread_id}}], "minimum_should_match": 1}}
        order = [{"published": {"order": "asc", "missing": "_last"}}, *_BY_ID]
        return [post_of(hit["_source"]) for hit in self._reading.listing(self._index("posts"), either, order)]

    def posts_with(self, bands: Iterable[int]) -> dict[int, frozenset[str]]:
        having: defaultdict[int, set[str]] = defaultdict(set)
        for portion in () if self._empty() else portions(map(str, bands), _BANDS):
            condition = dsl.one_of("bands", portion)
            wanted = set(portion)
            for (post, band), _ in self._reading.groups(self._index("posts"), condition, [dsl.by_field("id"), dsl.by_field("bands")]):
                if band in wanted:
                    having[int(band)].add(post)
        return {band: frozenset(posts) for band, posts in having.items()}

    # Mentions

    def search(self, query: Query, *, sort: Sort = "published", descending: bool = True, size: int = 20, after: str | None = None) -> Hits:
        options: dict[str, Any] = {"sort": dsl.order(sort, descending), "size": checked(size)}
        if after is not None:
            options["search_after"] = dsl.search_after(sort, descending, decode(after))
        condition = dsl.where(query)
        if self._empty():
            return Hits(total=0, hits=(), after=None)
        answer = self._reading.page(self._index("mentions"), condition, **options)["hits"]
        found = answer["hits"]
        last = None
        if found and len(found) == size:
            place = dsl.sort_value(sort, found[-1]["sort"]), found[-1]["_source"]["id"]
            if self._is_more(condition, sort, descending, place):
                last = encode(*place)
        return Hits(total=answer["total"]["value"], hits=tuple(hit_of(hit["_source"]) for hit in found), after=last)

    def _is_more(self, condition: dsl.Clause, sort: Sort, descending: bool, place: tuple[int | None, str]) -> bool:
        """Whether anything comes after this place."""
        after = dsl.search_after(sort, descending, place)
        answer = self._reading.page(self._index("mentions"), condition, sort=dsl.order(sort, descending), size=1, search_after=after)
        return bool(answer["hits"]["hits"])

    def export(self, query: Query) -> Iterator[Hit]:
        condition = dsl.where(query)
        if not self._empty():
            for hit in self._reading.listing(self._index("mentions"), condition, _BY_ID):
                yield hit_of(hit["_source"])

    def mentions_of(self, author_ids: Iterable[str]) -> Iterator[Hit]:
        order = [{"post.author_key": {"order": "asc"}}, *_BY_ID]
        for portion in () if self._empty() else portions(author_ids, _AUTHORS):
            for hit in self._reading.listing(self._index("mentions"), dsl.one_of("post.author_key", portion), order):
                yield hit_of(hit["_source"])

    # Figures

    def count(self, query: Query, by: Facet | None = None) -> dict[str, int]:
        condition = dsl.where(query)
        if self._empty():
            return {"": 0} if by is None else {}
        if by is None:
            return {"": self._reading.number(self._index("mentions"), condition)}
        terms = {"terms": {"field": dsl.FIELDS[by], "size": _TERMS, "shard_size": _TERMS}}
        answer = self._reading.page(self._index("mentions"), condition, size=0, aggs={"values": terms})["aggregations"]["values"]
        if answer["sum_other_doc_count"] == 0:
            return ordered({str(bucket["key"]): bucket["doc_count"] for bucket in answer["buckets"] if bucket["key"] != ""})
        groups = self._groups(condition, [dsl.by_value(by)])
        return ordered({str(value): bucket["doc_count"] for (value,), bucket in groups if value != ""})

    def _groups(self, condition: dsl.Clause, sources: Sequence[dsl.Clause], aggs: Mapping[str, dsl.Clause] | None = None) -> Iterator[Any]:
        return iter(()) if self._empty() else self._reading.groups(self._index("mentions"), condition, sources, aggs)

    def cross(self, query: Query, by: Facet, then: Facet) -> dict[str, dict[str, int]]:
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for (one, other), bucket in self._groups(dsl.where(query), [dsl.by_value(by), dsl.by_value(then)]):
            if one != "" and other != "":
                found[str(one)][str(other)] = bucket["doc_count"]
        return ordered_cross(found)

    def trend(self, query: Query, every: Interval, zone: ZoneInfo, by: Facet | None = None) -> list[Bucket]:
        sources = [dsl.by_interval(every, zone), *([] if by is None else [dsl.by_value(by)])]
        counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
        span = self._span(query)  # of all the mentions, those under no value of the facet too
        if span is None:
            return []
        for (at, *values), bucket in self._groups(dsl.where(query), sources):
            value = str(values[0]) if values else ""
            if by is None or value != "":
                counts[first_date(local_date(at, zone), every)][value] += bucket["doc_count"]
        return buckets(dates(*span, every, zone), counts, zone, faceted=by is not None)

    def _span(self, query: Query) -> tuple[int, int] | None:
        """Milliseconds of the first and the last dated mention."""
        if self._empty():
            return None
        field = {"field": "post.published"}
        answer = self._reading.page(
            self._index("mentions"), dsl.where(query), size=0, aggs={"first": {"min": field}, "last": {"max": field}}
        )
        first, last = (answer["aggregations"][name]["value"] for name in ("first", "last"))
        return None if first is None else (int(first), int(last))

    def distinct_authors(self, query: Query) -> int:
        return sum(1 for _ in self._groups(dsl.where(query), [{"terms": {"field": "post.author_key"}}]))

    def reach(self, query: Query) -> Reach:
        if self._empty():
            return Reach(measured=None, measured_known=0, estimated=None, estimated_known=0, posts=0)
        return reach(self._reading, self._index("mentions"), query, None)[""]

    def reach_by(self, query: Query, by: Facet) -> dict[str, Reach]:
        return {} if self._empty() else reach(self._reading, self._index("mentions"), query, by)

    # Authors

    def authors(
        self,
        *,
        author_id: str | None = None,
        brands: tuple[str, ...] = (),
        product: str = "general",
        stances: tuple[Stance, ...] = (),
        flipped: bool | None = None,
        size: int = 100,
    ) -> list[Author]:
        condition = dsl.authors(author_id, brands, product, stances, flipped)
        order = [{"followers": {"order": "desc", "missing": "_last"}}, *_BY_ID]
        if self._empty():
            return []
        answer = self._reading.page(self._index("authors"), condition, sort=order, size=checked(size))
        return [author_of(hit["_source"]) for hit in answer["hits"]["hits"]]

    def close(self) -> None:
        self._elastic.close()
