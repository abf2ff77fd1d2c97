"""Mentions as a table for other programs: CSV, JSON Lines, Parquet.

The rule to know: one row per mention, streamed, so that any number fits. JSON Lines and Parquet hold every value as it is;
CSV is for spreadsheets: a text that a spreadsheet would run as a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Literal

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from crawlers.post import iso
from index.query import Hit

Format = Literal["csv", "jsonl", "parquet"]
Row = dict[str, Any]

_TEXT, _TIME, _LIST, _NUMBER = pa.string(), pa.timestamp("ms", "UTC"), pa.list_(pa.string()), pa.int64()
_POST = {
    "site": _TEXT, "place": _TEXT, "source": _TEXT, "targets": _LIST, "url": _TEXT, "title": _TEXT, "text": _TEXT, "quoted": _TEXT,
    "language": _TEXT, "author_id": _TEXT, "author_name": _TEXT, "author_url": _TEXT, "published": _TIME, "published_precision": _TEXT,
    "edited": _TIME, "collected": _TIME, "rating": pa.float64(), "thread_id": _TEXT, "in_reply_to": _TEXT, "company_reply": _TEXT,
    "official": pa.bool_(), "views": _NUMBER, "followers": _NUMBER, "members": _NUMBER, "likes": _NUMBER, "shares": _NUMBER,
    "replies": _NUMBER,
}  # fmt: skip
_MENTION = {
    "brand": _TEXT, "product": _TEXT, "product_kind": _TEXT, "found": _TEXT, "genre": _TEXT, "sentiment": _TEXT, "tone": _NUMBER,
    "stance": _TEXT, "recommendation": _TEXT, "switch": _TEXT, "model": _TEXT,
}  # fmt: skip
_STANDING = {"roles": _LIST, "role_from": _TEXT, "counts": pa.bool_(), "superseded_at": _TIME, "copy_of": _TEXT}
_COMPUTED = {
    "roles_in_text": _LIST, "corrected": _LIST, "confidence": _TEXT, "evidence": _LIST, "author_key": _TEXT, "reach_measured": _NUMBER,
    "reach_estimated": _NUMBER,
}  # fmt: skip
COLUMNS = {"id": _TEXT, "post": _TEXT} | _MENTION | _STANDING | _COMPUTED | _POST
"""Column -> its type in Parquet."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GROUP = 5_000
"""Rows of a Parquet row group."""


def row(hit: Hit) -> Row:
    """The mention as one row; unknown is None. `evidence` are the sentences themselves, `confidence` is JSON by head."""
    mention, post, standing = hit.mention, hit.post, hit.standing
    found: Row = {"id": mention.id, "post": post.id}
    found |= {name: getattr(mention, name) for name in _MENTION}
    found |= {name: getattr(standing, name) for name in _STANDING}
    found |= {
        "roles_in_text": mention.roles,
        "corrected": mention.corrected,
        "confidence": json.dumps(mention.confidence),
        "evidence": [post.text[start:end] for start, end in mention.evidence],
        "author_key": post.author_key,
        "reach_measured": post.reach_measured,
        "reach_estimated": post.reach_estimated,
    }
    found |= {name: getattr(post, name) for name in _POST}
    return found


def _plain(value: Any) -> Any:
    """A value in JSON: times as text, tuples as lists."""
    if hasattr(value, "isoformat"):
        return iso(value)
    return list(value) if isinstance(value, tuple) else value


def line(hit: Hit) -> str:
    """The mention as one line of JSON."""
    return json.dumps({name: _plain(value) for name, value in row(hit).items()}, ensure_ascii=False)


def cell(value: Any) -> Any:
    """A value in CSV: lists joined by a bar, formulas defused."""
    value = _plain(value)
    if isinstance(value, list):
        value = " | ".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv(hits: Iterable[Hit], file: IO[bytes]) -> None:
    file.write(b"\xef\xbb\xbf")  # spreadsheets take it for Latin-1 otherwise
    writer = csv.DictWriter(_Encoded(file), COLUMNS, lineterminator="\n")
    writer.writeheader()
    for hit in hits:
        writer.writerow({name: cell(value) for name, value in row(hit).items()})


class _Encoded:
    """A binary file that takes text."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def _jsonl(hits: Iterable[Hit], file: IO[bytes]) -> None:
    for hit in hits:
        file.write(line(hit).encode() + b"\n")


def _parquet(hits: Iterable[Hit], file: IO[bytes]) -> None:
    schema = pa.schema(list(COLUMNS.items()))
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(hits):
            writer.write_table(pa.Table.from_pylist(group, schema))


def _groups(hits: Iterable[Hit]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for hit in hits:
        group.append(row(hit))
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


WRITERS: dict[Format, Callable[[Iterable[Hit], IO[bytes]], None]] = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}
