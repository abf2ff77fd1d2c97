"""Files of a target, read row by row over many runs.

The rule to know: a file that only grew is read on from where it was left, a file that was replaced, or whose target is read
otherwise now, is read anew; what was taken before is recognised. A file that is not `settled` yet waits for the next run.
"""

from __future__ import annotations

import glob
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from crawlers.field import interval
from crawlers.jsonlist import Row
from crawlers.kinds import PathTarget
from crawlers.source import CollectError, Cursor, Item, Page

ROWS = 500
"""Rows of one page."""

LOCK = "~$"
"""How the file begins that Excel puts beside a workbook while it is open."""

Rows = Callable[[Path], Iterator[Row]]
"""How a source reads a file. Raises CollectError."""


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
    """Hash of how the target reads it, and of the names of companies where a column of it names them."""

    def to_json(self) -> list[Any]:
        return [self.size, self.changed, self.rows, self.mark, self.done, self.reading]


def walk_files(target: PathTarget, cursor: Cursor, rows: Rows, how: set[str], beside: str = "") -> Iterator[Page]:
    """Pages of new rows; `how` are the keys of the target's file that change how a row is read, `beside` what else does.

    Raises CollectError after the good files, with all that is wrong with the others.
    """
    places: dict[str, list[Any]] = dict(cursor.get("files", {}))
    reading = hashlib.blake2b((target.model_dump_json(include=how) + beside).encode(), digest_size=6).hexdigest()
    wrong: list[str] = []
    left = target.limits.items or sys.maxsize
    for path in matching(target):
        if not left:
            break
        if not _settled(path, target):
            continue
        name = os.path.relpath(path, target.folder)
        before = Place(*places[name]) if name in places else None
        try:
            for items, place in _new_rows(path, rows, before if before and before.reading == reading else None, left, reading):
                left -= len(items)
                places = {**places, name: place.to_json()}
                yield Page(items=items, cursor={"files": places})
        except CollectError as error:
            wrong.append(str(error))
    if wrong:
        raise CollectError("\n".join(wrong))


def matching(target: PathTarget) -> list[Path]:
    """The files of the target, in order of name. Raises CollectError where there is none."""
    stated = target.folder / target.path
    names = [target.path] if stated.is_file() else sorted(glob.glob(target.path, root_dir=target.folder, recursive=True))  # noqa: PTH207
    files = [target.folder / name for name in names if (target.folder / name).is_file() and not Path(name).name.startswith(LOCK)]
    if not files:
        raise CollectError(f"path: no file matches {target.path!r} in {target.folder}: put it there, or mend the target's `path`")
    return files


def _settled(path: Path, target: PathTarget) -> bool:
    """Whether nobody has written the file for as long as the target wants."""
    span = interval(f"every {target.settled}") if target.settled else None
    return span is None or time.time() - path.stat().st_mtime >= span.total_seconds()


def check_files(target: PathTarget, rows: Rows) -> None:
    """Whether every file can be read. Raises CollectError with all that is wrong."""
    wrong = []
    for path in matching(target):
        try:
            if next(rows(path), None) is None:
                wrong.append(f"{path.name}: has no rows")
        except CollectError as error:
            wrong.append(str(error))
    if wrong:
        raise CollectError("\n".join(wrong))


def _new_rows(path: Path, read: Rows, before: Place | None, left: int, reading: str) -> Iterator[tuple[tuple[Item, ...], Place]]:
    """Rows not taken yet, so many at most, in pages, each with the place that is reached then."""
    status = path.stat()
    if before is not None and before.done and (before.size, before.changed) == (status.st_size, status.st_mtime_ns):
        return
    rows, mark, count = read(path), hashlib.blake2b(digest_size=12), 0
    for row in islice(rows, before.rows if before else 0):
        mark.update(row.mark + b"\n")
        count += 1
    if before is not None and (count, mark.hexdigest()) != (before.rows, before.mark):
        yield from _new_rows(path, read, None, left, reading)
        return
    while left and (page := tuple(islice(rows, min(ROWS, left)))):
        for row in page:
            mark.update(row.mark + b"\n")
        count += len(page)
        left -= len(page)
        place = Place(status.st_size, status.st_mtime_ns, count, mark.hexdigest(), False, reading)
        items = (Item(raw=row.values, line=row.line, address=path.name, unreadable=row.error, without=row.without) for row in page)
        yield tuple(items), place
    if not left:
        return  # the next run goes on
    if not count:
        raise CollectError(f"{path.name}: has no rows")
    yield (), Place(status.st_size, status.st_mtime_ns, count, mark.hexdigest(), True, reading)
