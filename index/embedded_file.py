"""The embedded index as files: a folder with one SQLite file per generation and the name of the current one.

The rule to know: a rebuild writes the next generation beside the current one and then changes the name in `current`, one
atomic step. Whoever reads an older generation goes on; whoever opens after the change reads the new one.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.query import IndexUnavailable

VERSION = 2
"""Version of the schema and of the tokens and bands in it; a file of another version has to be rebuilt."""

_SCHEMA = """
CREATE TABLE posts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, thread TEXT, author_key TEXT NOT NULL, published INTEGER,
    document TEXT NOT NULL);
CREATE INDEX posts_thread ON posts (thread) WHERE thread IS NOT NULL;
CREATE TABLE mentions (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, post INTEGER NOT NULL, general INTEGER NOT NULL,
    brand TEXT NOT NULL, product TEXT NOT NULL, product_kind TEXT NOT NULL, stance TEXT NOT NULL, sentiment TEXT NOT NULL,
    tone INTEGER NOT NULL, genre TEXT NOT NULL, recommendation TEXT NOT NULL, switch TEXT NOT NULL, found TEXT NOT NULL,
    site TEXT NOT NULL, place TEXT, source TEXT NOT NULL, targets TEXT NOT NULL, language TEXT,
    author_key TEXT NOT NULL, named INTEGER NOT NULL, official INTEGER NOT NULL, published INTEGER,
    reach INTEGER, measured INTEGER, estimated INTEGER,
    counts INTEGER NOT NULL, superseded_at INTEGER, roles TEXT NOT NULL, role_from TEXT, copy_of TEXT);
CREATE TABLE judgements (number INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE INDEX mentions_post ON mentions (post);
CREATE INDEX mentions_author ON mentions (author_key, id);
CREATE INDEX mentions_period ON mentions (general, published);
CREATE INDEX mentions_brand ON mentions (brand, general, published, counts, superseded_at, stance, roles, product, source);
CREATE INDEX mentions_copy ON mentions (copy_of) WHERE copy_of IS NOT NULL;
CREATE INDEX mentions_product ON mentions (product, published) WHERE general = 0;
CREATE TABLE bands (post INTEGER NOT NULL, band INTEGER NOT NULL, PRIMARY KEY (post, band)) WITHOUT ROWID;
CREATE INDEX bands_band ON bands (band);
CREATE VIRTUAL TABLE words USING fts5 (title, text, tokenize = 'ascii');
CREATE TABLE authors (
    id TEXT PRIMARY KEY, author_id TEXT NOT NULL, brand TEXT NOT NULL, product TEXT NOT NULL, stance TEXT,
    flipped INTEGER NOT NULL, followers INTEGER, document TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX authors_author ON authors (author_id);
CREATE INDEX authors_subject ON authors (product, brand, followers);
CREATE TABLE loaded (batch TEXT PRIMARY KEY) WITHOUT ROWID;
"""
# `ascii` splits at spaces alone here: our tokens have no other ASCII than letters and digits.

_NAME = re.compile(r"molva-(\d{6})\.sqlite")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")
"""The second is a reader's: the file by which readers and writers share their places can't grow."""
_REBUILD = "run `python -m advocacy rebuild`"


class Generations:
    """The folder's files: which generation is current, which comes next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Path | None:
        """The file to read; None where nothing was written yet or somebody moved it away."""
        try:
            name = (self.folder / "current").read_text().strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise IndexUnavailable(f"{self.folder} can't be read ({error.strerror}): mend its permissions.") from error
        if not _NAME.fullmatch(name):
            raise IndexUnavailable(f"{self.folder / 'current'} is damaged: remove it and {_REBUILD}.")
        path = self.folder / name
        return path if path.exists() else None

    def next(self) -> Path:
        """A name no generation had, the removed ones included, as far as the folder shows."""
        names = [path.name for path in self.folder.glob("molva-*.sqlite")]
        with suppress(FileNotFoundError):
            names.append((self.folder / "current").read_text().strip())
        numbers = [int(match[1]) for match in map(_NAME.fullmatch, names) if match]
        return self.folder / f"molva-{max(numbers, default=0) + 1:06d}.sqlite"

    def make_current(self, path: Path) -> None:
        """The one step that readers notice; the generations before are removed, open ones live on until they are closed."""
        pointer = self.folder / "current.new"
        with pointer.open("w") as file:
            file.write(path.name + "\n")
            file.flush()
            os.fsync(file.fileno())
        pointer.replace(self.folder / "current")
        self.remove_except(path)

    def remove_except(self, path: Path | None) -> None:
        """Remove all other generations: retired ones and those that a killed rebuild left half-built."""
        for other in self.folder.glob("molva-*.sqlite*"):
            if path is None or not other.name.startswith(path.name):
                other.unlink(missing_ok=True)


@contextmanager
def said(path: Path) -> Iterator[None]:
    """SQLite's errors in one sentence each, with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        message = str(error)
        if getattr(error, "sqlite_errorname", None) in _FULL:
            raise IndexUnavailable(f"The disk of {path} is full: free some space, the next run catches up.") from error
        if "locked" in message or "busy" in message:
            raise IndexUnavailable(f"{path} is kept busy by another program: close it and run again.") from error
        if "unable to open" in message or "readonly" in message:
            raise IndexUnavailable(f"{path} can't be opened: mend the permissions of the folder or its disk.") from error
        if "I/O error" in message:
            raise IndexUnavailable(f"The disk of {path} fails ({message}): mend it, then {_REBUILD}.") from error
        if any(sign in message for sign in ("malformed", "not a database", "corrupt", "no such table")):
            raise damaged(path, message) from error
        raise


def damaged(path: Path, why: str) -> IndexUnavailable:
    """The index file is not one."""
    return IndexUnavailable(f"{path} is damaged ({why}): move it away and {_REBUILD}.")


def create(path: Path) -> None:
    """A new empty file. It takes its name only when it is whole, so that no reader sees half a schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with said(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        finally:
            connection.close()


def connect(path: Path | None, *, write: bool) -> sqlite3.Connection:
    """A connection to a generation; to an empty index in memory where `path` is None.

    Raises FileNotFoundError when the file vanished since its name was read.
    """
    if path is None:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.executescript(_SCHEMA)
        return connection
    with said(path):
        try:
            address = f"{path.absolute().as_uri()}?mode=rw"
            connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=60, check_same_thread=False)
        except sqlite3.OperationalError:
            if not path.exists():
                raise FileNotFoundError(path) from None
            raise
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                raise damaged(path, "it is empty")
            if version != VERSION:
                raise IndexUnavailable(f"{path} was written by another version of the program: {_REBUILD}.")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -32000")
            connection.execute("PRAGMA temp_store = MEMORY")
            if not write:
                connection.execute("PRAGMA query_only = 1")
        except BaseException:
            connection.close()
            raise
    return connection
