"""Files: exports of other systems, CSV, JSON, JSON Lines or Parquet, each also packed by gzip.

The rule to know: a file that only grew is read on from where it was left, a file that was replaced, or whose target is read
otherwise now, is read anew; what was taken before is recognised.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from crawlers.jsonlist import Row
from crawlers.link import is_link
from crawlers.moment import UNKNOWN, Moment, parse_moment
from crawlers.page import canonical
from crawlers.post import MOST, Post, clean, post_id, stars
from crawlers.source import CollectError, Cursor, Item, Page, Rejected
from crawlers.table import format_of, read_rows
from crawlers.target import AboutItem, FilesTarget

ROWS = 500
"""Rows of one page."""
FIRST_ROWS = 100
"""Records of JSON that are looked at to see whether the columns are there at all."""

READING = {
    "columns", "encoding", "delimiter", "format", "about", "site", "sites", "date_formats", "day_first", "rating_min", "rating_max",
    "timezone", "unique_logins", "ratings_without_text",
}  # fmt: skip
"""What in a target's file changes how a row is read."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read."""

    size: int
    changed: int
    """Time of the file's last change, nanoseconds."""
    rows: int
    mark: str
    """Hash of all rows taken."""
    done: bool
    reading: str
    """Hash of how the target reads it."""

    def to_json(self) -> list[Any]:
        return [self.size, self.changed, self.rows, self.mark, self.done, self.reading]


def walk(target: FilesTarget, cursor: Cursor, *, since: datetime | None, data: Path) -> Iterator[Page]:
    """Pages of new rows. Raises CollectError after the good files, with all that is wrong with the others."""
    places: dict[str, list[Any]] = dict(cursor.get("files", {}))
    wrong: list[str] = []
    for path in matching(target):
        name = os.path.relpath(path, target.folder)
        try:
            for items, place in _new_rows(target, path, Place(*places[name]) if name in places else None):
                places = {**places, name: place.to_json()}
                yield Page(items=items, cursor={"files": places})
        except CollectError as error:
            wrong.append(str(error))
    if wrong:
        raise CollectError("\n".join(wrong))


def matching(target: FilesTarget) -> list[Path]:
    """The files of the target, in order of name. Raises CollectError where there is none."""
    stated = target.folder / target.path
    names = [target.path] if stated.is_file() else sorted(glob.glob(target.path, root_dir=target.folder, recursive=True))  # noqa: PTH207
    files = [target.folder / name for name in names if (target.folder / name).is_file()]
    if not files:
        raise CollectError(f"path: no file matches {target.path!r} in {target.folder}: put it there, or mend the target's `path`")
    return files


def check(target: FilesTarget) -> None:
    """Whether every file opens and has the columns. Raises CollectError with all that is wrong."""
    wrong = []
    for path in matching(target):
        try:
            if next(_rows(target, path), None) is None:
                wrong.append(f"{path.name}: has no rows")
        except CollectError as error:
            wrong.append(str(error))
    if wrong:
        raise CollectError("\n".join(wrong))


def companies(target: FilesTarget) -> Counter[str]:
    """Every company that the files name in the column of `about`, with its number of rows."""
    named: Counter[str] = Counter()
    if isinstance(target.about, AboutItem) and target.about.column is not None:
        for path in matching(target):
            named.update(name for row in _rows(target, path) if (name := _text(row.values, target.about.column)))
    return named


def post(raw: dict[str, Any], target: FilesTarget, collected: datetime) -> Post:
    """The post that a row is. Raises Rejected or ValueError with the reason."""
    columns = target.columns
    site = _site(raw, target)
    native, url = _text(raw, columns.id), _text(raw, columns.url)
    author_name, author_url = _text(raw, columns.author), _text(raw, columns.author_url)
    account = _text(raw, columns.author_id) or (canonical(author_url) if author_url and is_link(author_url) else None)
    account = account or (author_name if target.unique_logins else None)
    text = clean("\n\n".join(part for column in columns.text if (part := _text(raw, column))))
    written = _value(raw, columns.date)
    published = _moment(written, target, "date")
    reply_to, thread = _text(raw, columns.reply_to), _text(raw, columns.thread)
    known = (author_name, str(published.at or written or ""), text)
    if not (native or url or any(known)):
        raise Rejected("no text")
    identity = post_id(site, native, url=canonical(url) if url else None, otherwise=known)
    rating = _rating(raw, columns.rating)
    company = _text(raw, target.about.column) if isinstance(target.about, AboutItem) else None
    return Post(
        id=identity,
        site=site,
        place=_text(raw, columns.place),
        source=target.kind,
        url=url,
        title=_text(raw, columns.title),
        text=text,
        language=_text(raw, columns.language),
        author_id=f"{site}:{account}" if account else None,
        author_name=author_name,
        author_url=author_url,
        published=published.at,
        published_precision=published.precision,
        edited=_moment(_value(raw, columns.edited), target, "time of editing").at,
        collected=collected,
        rating=None if rating is None else stars(rating, target.rating_min, target.rating_max),
        thread_id=post_id(site, thread) if thread else None,
        in_reply_to=post_id(site, reply_to) if reply_to else None,
        company_reply=_text(raw, columns.company_reply),
        product=_text(raw, columns.product),
        about=(company,) if company else (),
        views=_count(raw, columns.views),
        followers=_count(raw, columns.followers),
        members=_count(raw, columns.members),
        likes=_count(raw, columns.likes),
        shares=_count(raw, columns.shares),
        replies=_count(raw, columns.replies),
    )


def _new_rows(target: FilesTarget, path: Path, before: Place | None) -> Iterator[tuple[tuple[Item, ...], Place]]:
    """Rows not taken yet, in pages, each with the place that is reached then."""
    status = path.stat()
    reading = _reading(target)
    if before is not None and before.reading != reading:
        before = None
    if before is not None and before.done and (before.size, before.changed) == (status.st_size, status.st_mtime_ns):
        return
    rows, mark, count = _rows(target, path), hashlib.blake2b(digest_size=12), 0
    for row in islice(rows, before.rows if before else 0):
        mark.update(row.mark + b"\n")
        count += 1
    if before is not None and (count, mark.hexdigest()) != (before.rows, before.mark):
        yield from _new_rows(target, path, None)
        return
    while page := tuple(islice(rows, ROWS)):
        for row in page:
            mark.update(row.mark + b"\n")
        count += len(page)
        place = Place(status.st_size, status.st_mtime_ns, count, mark.hexdigest(), False, reading)
        yield tuple(Item(raw=row.values, line=row.line, address=path.name, error=row.error) for row in page), place
    if not count:
        raise CollectError(f"{path.name}: has no rows")
    yield (), Place(status.st_size, status.st_mtime_ns, count, mark.hexdigest(), True, reading)


def _reading(target: FilesTarget) -> str:
    """Changes when the target's file says otherwise how rows are read."""
    how = target.model_dump_json(include=READING)
    return hashlib.blake2b(how.encode(), digest_size=6).hexdigest()


def _rows(target: FilesTarget, path: Path) -> Iterator[Row]:
    form = format_of(path, target.format)
    wanted = _wanted(target)
    rows = read_rows(path, form, encoding=target.encoding, delimiter=target.delimiter, columns=tuple(wanted))
    if form not in ("json", "jsonl"):
        yield from rows
        return
    first = list(islice(rows, FIRST_ROWS))
    records = [row.values for row in first if row.error is None]
    for column, needed in wanted.items():
        if needed and records and not any(_value(record, column) is not None for record in records):
            keys = ", ".join(dict.fromkeys(key for record in records for key in record))
            raise CollectError(f"{path.name}: no record has {column!r}; they have {keys}: mend the target's `columns`")
    yield from first
    yield from rows


def _wanted(target: FilesTarget) -> dict[str, bool]:
    """Every column that the target names, and whether records of JSON can't do without it."""
    named = target.columns.model_dump(exclude_none=True)
    wanted = dict.fromkeys(named.pop("text"), True)
    wanted |= {column: field in ("id", "date") for field, column in named.items() if column not in wanted}
    if isinstance(target.about, AboutItem) and target.about.column is not None:
        wanted[target.about.column] = True
    return wanted


def _site(raw: dict[str, Any], target: FilesTarget) -> str:
    said = _text(raw, target.columns.site)
    site = target.sites.get(said, said) if said else target.site
    if not site:
        raise Rejected("no site")
    return site.casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def _value(raw: dict[str, Any], column: str | None) -> Any:
    """What stands in a column, or at a dotted path of a record; None where nothing does."""
    if column is None:
        return None
    if column in raw:
        return raw[column]
    found: Any = raw
    for part in column.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _text(raw: dict[str, Any], column: str | None) -> str | None:
    value = _value(raw, column)
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def _number(raw: dict[str, Any], column: str | None) -> float | None:
    text = None if column is None else _text(raw, column)
    if text is None:
        return None
    try:
        return float(text.replace("\xa0", "").replace(" ", "").replace(",", "."))
    except ValueError:
        raise Rejected(f"{column} isn't a number") from None


def _rating(raw: dict[str, Any], column: str | None) -> float | None:
    """The number that a rating begins with: 5, «4,5», «4 из 5», "3 stars"."""
    text = _text(raw, column)
    if text is None:
        return None
    number = re.match(r"\d+(?:[.,]\d+)?", text)
    if number is None:
        raise Rejected(f"{column} isn't a rating")
    return float(number.group().replace(",", "."))


def _count(raw: dict[str, Any], column: str | None) -> int | None:
    if column is None:
        return None
    number = _number(raw, column)
    if number is not None and not (0 <= number <= MOST and number == int(number)):
        raise Rejected(f"{column} isn't a number of people or reactions")
    return None if number is None else int(number)


def _moment(value: Any, target: FilesTarget, what: str) -> Moment:
    """A date of an old export: what it leaves out is not guessed."""
    if value is None or isinstance(value, bool):
        return UNKNOWN
    try:
        written = value if isinstance(value, int | float) else str(value)
        return parse_moment(written, target.zone, day_first=target.day_first, formats=target.date_formats)
    except ValueError:
        raise Rejected(f"impossible {what}") from None
