"""How the archive stands on the disk: files that are whole or not there, journals, and one writer at a time.

The rule to know: nothing here is ever overwritten, and what a function has written is on the disk when it returns.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from crawlers.post import iso
from crawlers.source import CollectError

BLOCK = 65_536
"""Bytes of a journal read at once from its end."""


class Busy(CollectError):
    """Another process is collecting this target."""


def create(path: Path, content: bytes) -> None:
    """Create a file that is whole or not there, and never replaces another."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_writable(folder: Path) -> None:
    """Makes the folder where there is none. Raises CollectError where nothing can be written to it."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CollectError(f"can't write to {folder}: {error.strerror}: make room there or mend its rights") from error


def locked(folder: Path, target: str, *, doing: str = "collected") -> IO[str]:
    """The target's lock, held until it is closed or the process ends."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise Busy(f"{target} is being {doing} already{f', by {holder}' if holder else ''}: wait for that run to end") from error
    with _told(folder):
        try:
            lock.seek(0)
            lock.truncate()
            lock.write(f"process {os.getpid()} on {socket.gethostname()} since {iso(datetime.now(UTC))}")
            lock.flush()
        except OSError:
            with suppress(OSError):  # what could not be written is tried once more, and fails again
                lock.close()
            raise
    return lock


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a journal; a line that a killed process left unfinished is passed over."""
    if not path.is_file():
        return
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def lines_backwards(path: Path) -> Iterator[dict[str, Any]]:
    """The same records, the newest first, read from the end of the journal."""
    if not path.is_file():
        return
    with path.open("rb") as journal:
        at = journal.seek(0, os.SEEK_END)
        begun = b""
        while at:
            size = min(at, BLOCK)
            at = journal.seek(at - size)
            begun, *lines = (journal.read(size) + begun).split(b"\n")
            for line in [*reversed(lines), *([] if at else [begun])]:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue


def last_line(path: Path) -> dict[str, Any] | None:
    """The last whole record of a journal."""
    return next(lines_backwards(path), None)


def append_line(path: Path, record: dict[str, Any]) -> None:
    """Add a record to a journal, on the disk when this returns. After an unfinished line it begins a new one."""
    with path.open("a+b") as journal:
        if journal.tell():
            journal.seek(-1, os.SEEK_END)
            torn = journal.read(1) != b"\n"
        else:
            torn = False
        text = json.dumps(record, ensure_ascii=False)
        journal.write((b"\n" if torn else b"") + text.encode("utf-8", "replace") + b"\n")
        journal.flush()
        os.fsync(journal.fileno())
