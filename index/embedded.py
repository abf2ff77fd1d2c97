"""The embedded index: posts, mentions and authors in one SQLite file.

The rule to know: every method is one transaction. Readers see the state before it or after it, a killed writer leaves the
state before it, and a writer waits for the one before it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crawlers.post import Post, post_from_json
from index import embedded_query as sql
from index import embedded_write as writes
from index.author import author_from_json
from index.embedded_file import Generations, connect, create, said
from index.figure import ordered_cross
from index.lock import WriterLock
from index.page import checked, decode, encode
from index.period import Calendar, buckets, moment
from index.query import Author, Bucket, Facet, Hit, Hits, Interval, Query, Reach, Sort, Standing
from index.replacement import grouped
from nlp.mention import Mention, Stance, mention_from_json

_HIT = (
    "SELECT m.id, m.published, m.reach, j.document, p.document, m.counts, m.superseded_at, m.roles, m.role_from, m.copy_of"
    " FROM mentions m JOIN judgements j USING (number) JOIN posts p ON p.number = m.post"
)
_CHUNK = 500
"""Mentions read at a time while streaming."""


class EmbeddedIndex:
    """An `Index` in a folder. Any number of threads and processes may use it at once."""

    def __init__(self, path: Path | str, *, generation: Path | None = None) -> None:
        """`path` is the folder. `generation` is given by `rebuild` alone: the file to fill, under the lock held already."""
        self._files = Generations(Path(path))
        self._fixed = generation
        self._lock = WriterLock(None if generation else self._files.folder / "write.lock")
        self._idle: list[tuple[Path | None, sqlite3.Connection]] = []
        self._idle_lock = threading.Lock()

    # Connections

    def _current(self) -> Path | None:
        return self._fixed or self._files.current()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection with one consistent view of the current generation, this thread's alone until it is given back."""
        path, connection = self._take()
        with said(path or self._files.folder):
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
        with self._idle_lock:
            self._idle.append((path, connection))

    def _take(self) -> tuple[Path | None, sqlite3.Connection]:
        while True:
            path = self._current()
            with self._idle_lock:
                while self._idle:
                    found, connection = self._idle.pop()
                    if found == path and path is not None:
                        return path, connection
                    connection.close()
            try:
                return path, connect(path, write=False)
            except FileNotFoundError:
                if path == self._current():  # else a rebuild changed it between the two steps
                    return None, connect(None, write=False)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The writer's connection in one transaction, after the writers before."""
        with self._lock.held():
            path = self._current()
            if path is None:
                path = self._files.next()
                create(path)
                self._files.make_current(path)
            connection = connect(path, write=True)
            with said(path):
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    connection.close()  # takes back what is not committed

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
        with self._writing() as connection:
            written = writes.replace(connection, posts, found, standings or {})
            if batch is not None:
                connection.execute("INSERT OR IGNORE INTO loaded VALUES (?)", (batch,))
        return written

    def forget(self, post_ids: Iterable[str]) -> int:
        with self._writing() as connection:
            return writes.forget(connection, post_ids)

    def write_standings(self, standings: Mapping[str, Standing]) -> None:
        with self._writing() as connection:
            writes.write_standings(connection, standings)

    def write_authors(self, authors: Sequence[Author], *, of: Iterable[str] = ()) -> None:
        with self._writing() as connection:
            writes.write_authors(connection, authors, of)

    @contextmanager
    def rebuild(self) -> Iterator[EmbeddedIndex]:
        with self._lock.held():
            path = self._files.next()
            self._files.remove_except(self._files.current())
            create(path)
            fresh = EmbeddedIndex(self._files.folder, generation=path)
            try:
                yield fresh
            except BaseException:
                fresh.close()
                self._files.remove_except(self._files.current())
                raise
            fresh.close()
            self._files.make_current(path)

    # Posts

    def missing(self) -> str | None:
        return None if self._current() else f"There is no index in {self._files.folder} yet"

    def loaded(self) -> frozenset[str]:
        with self._reading() as connection:
            return frozenset(batch for (batch,) in connection.execute("SELECT batch FROM loaded"))

    def post(self, post_id: str) -> Post | None:
        with self._reading() as connection:
            row = connection.execute("SELECT document FROM posts WHERE id = ?", (post_id,)).fetchone()
        return None if row is None else post_from_json(json.loads(row[0]))

    def posts(self) -> Iterator[Post]:
        with self._reading() as connection:
            for (text,) in connection.execute("SELECT document FROM posts ORDER BY id"):
                yield post_from_json(json.loads(text))

    def thread(self, thread_id: str) -> list[Post]:
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT document FROM posts WHERE thread = ? OR id = ? ORDER BY published NULLS LAST, id", (thread_id, thread_id)
            ).fetchall()
        return [post_from_json(json.loads(text)) for (text,) in rows]

    def posts_with(self, bands: Iterable[int]) -> dict[int, frozenset[str]]:
        having: defaultdict[int, set[str]] = defaultdict(set)
        with self._reading() as connection:
            for band, post in connection.execute(
                "SELECT b.band, p.id FROM json_each(?) wanted JOIN bands b ON b.band = wanted.value JOIN posts p ON p.number = b.post",
                [json.dumps(sorted(set(bands)))],
            ):
                having[band].add(post)
        return {band: frozenset(posts) for band, posts in having.items()}

    # Mentions

    def search(self, query: Query, *, sort: Sort = "published", descending: bool = True, size: int = 20, after: str | None = None) -> Hits:
        condition, values = sql.where(query)
        page, page_values = condition, list(values)
        if after is not None:
            beyond, beyond_values = sql.continued(sort, descending, decode(after))
            page, page_values = f"{condition} AND {beyond}", [*values, *beyond_values]
        found = f"SELECT number FROM mentions WHERE {page} ORDER BY {sql.order_by(sort, descending)} LIMIT ?"
        with self._reading() as connection:
            total = connection.execute(f"SELECT count(*) FROM mentions WHERE {condition}", values).fetchone()[0]
            numbers = [number for (number,) in connection.execute(found, [*page_values, checked(size) + 1])]
            rows = [connection.execute(f"{_HIT} WHERE m.number = ?", (number,)).fetchone() for number in numbers[:size]]
        last = None
        if rows and len(numbers) > size:
            last = encode({"published": rows[-1][1], "reach": rows[-1][2], "id": None}[sort], rows[-1][0])
        return Hits(total=total, hits=tuple(map(_hit, rows)), after=last)

    def export(self, query: Query) -> Iterator[Hit]:
        condition, values = sql.where(query)
        yield from self._stream(f"{_HIT} WHERE m.number IN (SELECT number FROM mentions WHERE {condition}) ORDER BY m.id", values)

    def mentions_of(self, author_ids: Iterable[str]) -> Iterator[Hit]:
        keys = json.dumps(list(author_ids), ensure_ascii=False)
        wanted = "m.author_key IN (SELECT value FROM json_each(?))"
        yield from self._stream(f"{_HIT} WHERE {wanted} ORDER BY m.author_key, m.id", [keys])

    def _stream(self, statement: str, values: list[Any]) -> Iterator[Hit]:
        with self._reading() as connection:
            cursor = connection.execute(statement, values)
            while rows := cursor.fetchmany(_CHUNK):
                yield from map(_hit, rows)

    # Figures

    def count(self, query: Query, by: Facet | None = None) -> dict[str, int]:
        condition, values = sql.where(query)
        with self._reading() as connection:
            if by is None:
                return {"": connection.execute(f"SELECT count(*) FROM mentions WHERE {condition}", values).fetchone()[0]}
            column = sql.COLUMNS[by]
            return sql.tally(by, connection.execute(f"SELECT {column}, count(*) FROM mentions WHERE {condition} GROUP BY 1", values))

    def cross(self, query: Query, by: Facet, then: Facet) -> dict[str, dict[str, int]]:
        condition, values = sql.where(query)
        columns = f"{sql.COLUMNS[by]}, {sql.COLUMNS[then]}"
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        with self._reading() as connection:
            for one, other, number in connection.execute(
                f"SELECT {columns}, count(*) FROM mentions WHERE {condition} GROUP BY 1, 2", values
            ):
                for outer in sql.values_of(by, one):
                    for inner in sql.values_of(then, other):
                        found[outer][inner] += number
        return ordered_cross(found)

    def trend(self, query: Query, every: Interval, zone: ZoneInfo, by: Facet | None = None) -> list[Bucket]:
        condition, values = sql.where(query)
        condition += " AND published IS NOT NULL"
        column = "NULL" if by is None else sql.COLUMNS[by]
        with self._reading() as connection:
            first, last = connection.execute(f"SELECT min(published), max(published) FROM mentions WHERE {condition}", values).fetchone()
            if first is None:
                return []
            calendar = Calendar(first, last, every, zone)
            # Grouped by the longest unit that divides every boundary: far fewer rows, and still exact.
            rows = connection.execute(
                f"SELECT min(published), {column}, count(*) FROM mentions WHERE {condition}"
                f" GROUP BY (published - (published % {calendar.unit} + {calendar.unit}) % {calendar.unit}), 2",
                values,
            ).fetchall()
        counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
        for published, stored, number in rows:
            for value in [""] if by is None else sql.values_of(by, stored):
                counts[calendar.date_of(published)][value] += number
        return buckets(calendar.dates, counts, zone, faceted=by is not None)

    def distinct_authors(self, query: Query) -> int:
        condition, values = sql.where(query)
        with self._reading() as connection:
            number: int = connection.execute(f"SELECT count(DISTINCT author_key) FROM mentions WHERE {condition}", values).fetchone()[0]
        return number

    def reach(self, query: Query) -> Reach:
        condition, values = sql.where(query)
        with self._reading() as connection:
            row = connection.execute(
                "SELECT sum(measured), count(measured), sum(estimated), count(estimated), count(*)"
                f" FROM (SELECT DISTINCT post, measured, estimated FROM mentions WHERE {condition})",
                values,
            ).fetchone()
        return _reach(row)

    def reach_by(self, query: Query, by: Facet) -> dict[str, Reach]:
        condition, values = sql.where(query)
        posts: defaultdict[str, dict[int, tuple[int | None, int | None]]] = defaultdict(dict)
        with self._reading() as connection:
            for stored, post, measured, estimated in connection.execute(
                f"SELECT DISTINCT {sql.COLUMNS[by]}, post, measured, estimated FROM mentions WHERE {condition}", values
            ):
                for value in sql.values_of(by, stored):
                    posts[value][post] = (measured, estimated)
        return {value: _summed(found.values()) for value, found in posts.items()}

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
        condition, values = sql.authors(author_id, brands, product, stances, flipped)
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT document FROM authors WHERE {condition} ORDER BY followers DESC NULLS LAST, id LIMIT ?", [*values, checked(size)]
            ).fetchall()
        return [author_from_json(json.loads(text)) for (text,) in rows]

    def close(self) -> None:
        with self._idle_lock:
            while self._idle:
                self._idle.pop()[1].close()


def _hit(row: tuple[Any, ...]) -> Hit:
    _, _, _, judgement, post, counts, superseded, roles, role_from, copy_of = row
    standing = Standing(
        counts=bool(counts),
        superseded_at=None if superseded is None else moment(superseded),
        roles=tuple(roles.split(sql.SEPARATOR)) if roles else (),
        role_from=role_from,
        copy_of=copy_of,
    )
    return Hit(mention=mention_from_json(json.loads(judgement)), post=post_from_json(json.loads(post)), standing=standing)


def _reach(row: tuple[Any, ...]) -> Reach:
    measured, measured_known, estimated, estimated_known, posts = row
    return Reach(measured=measured, measured_known=measured_known, estimated=estimated, estimated_known=estimated_known, posts=posts)


def _summed(values: Iterable[tuple[int | None, int | None]]) -> Reach:
    rows = list(values)
    measured = [one for one, _ in rows if one is not None]
    estimated = [other for _, other in rows if other is not None]
    return _reach((sum(measured) if measured else None, len(measured), sum(estimated) if estimated else None, len(estimated), len(rows)))
