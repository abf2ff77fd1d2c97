"""Files: exports of other systems, CSV, JSON, JSON Lines, Parquet or workbooks of Excel, each also packed by gzip.

The rule to know: the target, or the preset that it names, says the column, or the dotted path in a record, that holds each field of
a post; what nobody named is not guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from html import unescape
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel.core import get_global

from crawlers.brand import read_brands
from crawlers.every_target import AboutItem
from crawlers.exports import ROWS, check_files, matching, walk_files
from crawlers.header import Wanted
from crawlers.jsonlist import Row
from crawlers.kinds import FilesTarget
from crawlers.link import is_link
from crawlers.moment import UNKNOWN, Moment, parse_moment
from crawlers.native import account_at, numbered_at, post_at, thread_at
from crawlers.post import Post, clean, post_id, stars
from crawlers.record import Record
from crawlers.source import CollectError, Cursor, LeftOut, Page, Rejected
from crawlers.table import format_of, read_rows
from crawlers.yamlfile import ConfigError

ENOUGH = 20
"""Records of JSON from which on a column that none of them has is taken to be misnamed; fewer may all lack what is optional."""

READING = {
    "columns", "encoding", "delimiter", "format", "about", "site", "sites", "date_formats", "day_first", "rating_min", "rating_max",
    "timezone", "unique_logins", "ratings_without_text", "needed", "titles", "entities",
    "skip", "by_address", "cut",
}  # fmt: skip
"""What in a target's file changes how a row is read."""


def walk(target: FilesTarget, cursor: Cursor, *, since: datetime | None, data: Path) -> Iterator[Page]:
    """Pages of new rows. Raises CollectError after the good files, with all that is wrong with the others."""
    return walk_files(target, cursor, partial(_rows, target), READING, _companies_known(target))


def check(target: FilesTarget) -> None:
    """Whether every file opens and has the columns. Raises CollectError with all that is wrong."""
    check_files(target, partial(_rows, target))


def companies(target: FilesTarget) -> Counter[str]:
    """Every company that the files name in the column of `about`, with its number of rows."""
    named: Counter[str] = Counter()
    if (column := _company(target)) is not None:
        for path in matching(target):
            records = (_record(row.values, target) for row in _rows(target, path))
            said = (record.value(column) for record in records if not _is_skipped(record, target))
            named.update(name.strip() for name in said if isinstance(name, str) and name.strip())
    return named


def post(raw: dict[str, Any], target: FilesTarget, collected: datetime) -> Post:
    """The post that a row is. Raises Rejected or ValueError with the reason."""
    record, columns = _record(raw, target), target.columns
    if why := _skipped(record, target):
        raise LeftOut(f"skipped: {why}")
    site = _site(record, target)
    native, url = record.text(columns.id), record.text(columns.url)
    author_name, author_url = record.text(columns.author), record.text(columns.author_url)
    account = record.text(columns.author_id) or (account_at(site, author_url) if author_url and is_link(author_url) else None)
    account = account or (author_name if target.unique_logins else None)
    text = clean("\n\n".join(_told(part, target) for column in columns.text if (part := record.text(column))))
    written = _with_time(record.value(columns.date), record.text(columns.time))
    published = _moment(written, target, "date")
    reply_to, thread = record.text(columns.reply_to), record.text(columns.thread)
    known = (author_name, str(published.at or written or ""), text)
    if not (native or url or any(known)):
        raise Rejected("no text")
    identity = numbered_at(site, url) if target.by_address and url else None
    if identity is None:
        identity = post_id(site, native, otherwise=known) if native or not url else post_at(site, url)
    begun = thread_at(site, url or "")
    rating = record.rating(columns.rating)
    company = record.text(_company(target))
    return Post(
        id=identity,
        site=site,
        place=record.text(columns.place),
        source=target.kind,
        url=url,
        title=_told(record.text(columns.title) or "", target) or None,
        text=text,
        language=_language(record.text(columns.language)),
        author_id=f"{site}:{account}" if account else None,
        author_name=author_name,
        author_url=author_url,
        published=published.at,
        published_precision=published.precision,
        edited=_moment(record.value(columns.edited), target, "time of editing").at,
        collected=collected,
        rating=None if rating is None else stars(rating, target.rating_min, target.rating_max),
        thread_id=_named(site, thread) if thread and not (begun and target.by_address) else begun,
        in_reply_to=_named(site, reply_to) if reply_to else None,
        company_reply=record.text(columns.company_reply),
        product=record.text(columns.product),
        about=(company,) if company else (),
        views=record.count(columns.views),
        followers=record.count(columns.followers),
        members=record.count(columns.members),
        likes=record.count(columns.likes),
        shares=record.count(columns.shares),
        replies=record.count(columns.replies),
    )


def _record(values: dict[str, Any], target: FilesTarget) -> Record:
    return Record(values, target.titles)


def _rows(target: FilesTarget, path: Path) -> Iterator[Row]:
    form = format_of(path, target.format)
    wanted = Wanted(tuple(_wanted(target)), target.needed, target.titles)
    rows = read_rows(path, form, encoding=target.encoding, delimiter=target.delimiter, wanted=wanted)
    if form not in ("json", "jsonl") and not target.needed:
        yield from rows
        return
    first = list(islice(rows, ROWS))
    missing = _missing(target, path, [_record(row.values, target) for row in first if row.error is None])
    yield from (replace(row, without=missing) for row in first) if missing else first
    yield from rows


def _missing(target: FilesTarget, path: Path, records: list[Record]) -> tuple[str, ...]:
    """Columns that none of a file's first records has. Raises CollectError where that can be no chance."""
    missing = [column for column in _wanted(target) if records and not any(record.has(column) for record in records)]
    texts = set(target.columns.text)
    needed = set(target.needed) or {target.columns.id, _company(target)} | (texts if texts.issubset(missing) else set())
    if missing and ((len(records) >= ENOUGH and not target.needed) or not needed.isdisjoint(missing)):
        keys = ", ".join(dict.fromkeys(key for record in records for key in record.values))
        raise CollectError(
            f"{path.name}: no record has {', '.join(map(repr, missing))} ({len(records)} looked at); they have {keys}: "
            "mend the target's `columns`"
        )
    return tuple(f"column {column!r}" for column in missing)


def _wanted(target: FilesTarget) -> list[str]:
    """Every column that the target names."""
    named = target.columns.model_dump(exclude_none=True)
    company = _company(target)
    return list(dict.fromkeys([*named.pop("text"), *named.values(), *([company] if company else []), *target.skip]))


def _company(target: FilesTarget) -> str | None:
    """The column that says whom a row is about."""
    return target.about.column if isinstance(target.about, AboutItem) else None


def _companies_known(target: FilesTarget) -> str:
    """The names of watched companies where a column holds one: a row that was rejected for its company is one to read again later."""
    if _company(target) is None:
        return ""
    try:
        return read_brands(target.folder).told_by()
    except ConfigError as error:
        raise CollectError(str(error)) from error


def _is_skipped(record: Record, target: FilesTarget) -> bool:
    try:
        return _skipped(record, target) is not None
    except Rejected:
        return False  # a row that can't be read is rejected as it is collected


def _skipped(record: Record, target: FilesTarget) -> str | None:
    """What a row has in a column that the target skips it for; None where it is wanted."""
    for column, values in target.skip.items():
        said = record.text(column)
        if said is not None and said.casefold() in map(str.casefold, values):
            return f"{column} is {said}"
    return None


def _site(record: Record, target: FilesTarget) -> str:
    said = record.text(target.columns.site)
    site = target.sites.get(said, said) if said else target.site or _host(record.text(target.columns.url))
    if not site:
        raise Rejected("no site")
    return site.casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def _host(url: str | None) -> str | None:
    """The site that an address belongs to; its pages for telephones are no other one."""
    return (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.") if url and is_link(url) else None


def _told(text: str, target: FilesTarget) -> str:
    """A text as its author wrote it."""
    told = unescape(text) if target.entities else text
    return re.sub(target.cut, "", told) if target.cut else told


def _language(said: str | None) -> str | None:
    """ISO 639-1 of a code of two or three letters (`ru-RU`, `rus`); None for what is none, as a language's name."""
    code = re.split("[-_]", said or "")[0].casefold()
    known: str = get_global("language_aliases").get(code, code)
    return known if re.fullmatch("[a-z]{2}", known) else None


def _named(site: str, written: str) -> str:
    """`Post.id` of the post that a native id, or an address, names."""
    return post_at(site, written) if is_link(written) else post_id(site, written)


def _with_time(day: Any, time: str | None) -> Any:
    """A date with the time of the day that stands in a column of its own."""
    return f"{day} {time}" if time and isinstance(day, str) and day.strip() and ":" not in day else day


def _moment(value: Any, target: FilesTarget, what: str) -> Moment:
    """A date of an old export: what it leaves out is not guessed."""
    if value is None or isinstance(value, bool):
        return UNKNOWN
    try:
        written = value if isinstance(value, int | float) else str(value)
        return parse_moment(written, target.zone, day_first=target.day_first, formats=target.date_formats)
    except ValueError:
        raise Rejected(f"impossible {what}") from None
