"""What a target has brought before: for each post, hashes of its content and of its figures, and what of its context is known.

The rule to know: this is a cache. It says itself up to which batch it knows, reads the rest from the batches, and is made
anew from them when it is missing or damaged.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any, Protocol

from crawlers.archive import Batch
from crawlers.post import Post
from crawlers.run import Outcome

SCHEMA = """
    CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, content TEXT, figures TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS known (batch INTEGER NOT NULL);
    INSERT INTO known SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM known);
"""
CONTEXT = {"thread_id": "t", "in_reply_to": "r"}
"""What one sighting of a post may know and another not -> its sign behind the hash of the figures."""
BEHIND = "+"
BESIDE = frozenset({"own", "own_read", "own_missing", "shown"})
"""What stands beside the piece of a list in a raw item and is another whenever its own page is read; see `crawlers/own_page.py`."""


def content_hash(post: Post) -> str:
    """Changes when what the author said changes."""
    return _hash(post.text, post.title, post.edited, post.rating)


def figures_hash(post: Post) -> str:
    """Changes when the figures or what stands beside the text change: another sighting, but nothing to judge again."""
    figures = (post.views, post.followers, post.members, post.likes, post.shares, post.replies)
    return _hash(*figures, post.company_reply, post.product, *post.about)


def to_know(post: Post, before: tuple[str, str] | None) -> tuple[str, str]:
    """Hashes to know a post by from now on; they are those of `before` where this sighting says nothing new.

    Behind the figures stands which of `CONTEXT` is known: a reply that a list shows is found in its thread later, which is new, and
    then in the list again, which is not. Hashes remembered before this was told are compared as they were made.
    """
    content, figures = content_hash(post), figures_hash(post)
    if before == (content, figures):
        return before
    known = "" if before is None else before[1].partition(BEHIND)[2]
    context = "".join(sign for name, sign in CONTEXT.items() if sign in known or getattr(post, name) is not None)
    return content, figures + BEHIND + context


def reject_key(raw: dict[str, Any], line: int | None) -> str:
    """What tells a rejected item, so that the same one is not kept again by the next run."""
    if line is None:  # else it is the row of a file, whose columns may have any name
        raw = {name: said for name, said in raw.items() if name not in BESIDE}
    return "rejected:" + _hash(json.dumps(raw, ensure_ascii=False, sort_keys=True), line)


def _hash(*parts: object) -> str:
    text = "\0".join("" if part is None else str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


class Known(Protocol):
    """What tells new items from those that a target brought before."""

    def find(self, key: str) -> tuple[str, str] | None:
        """Hashes of content and figures, None for what is new."""

    def add(self, key: str, content: str = "", figures: str = "") -> None:
        """Know an item from now on."""


class Seen:
    """The posts of one target. What is added counts after `commit`, else it is gone with the process."""

    def __init__(self, path: Path, batches: list[Batch]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        try:
            self._db = self._opened(batches)
        except sqlite3.DatabaseError:
            self._remove()
            self._db = self._opened(batches)

    def find(self, key: str) -> tuple[str, str] | None:
        """Hashes of content and figures, None for what is new."""
        row: tuple[str, str] | None = self._db.execute("SELECT content, figures FROM seen WHERE id = ?", (key,)).fetchone()
        return row

    def add(self, key: str, content: str = "", figures: str = "") -> None:
        """Know an item from now on."""
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (key, content, figures))

    def commit(self, batch: int) -> None:
        """All that was added stands in batches up to this one."""
        self._db.execute("UPDATE known SET batch = ?", (batch,))
        self._db.commit()

    def close(self) -> None:
        """Forget what was not committed."""
        self._db.rollback()
        self._db.close()

    def _opened(self, batches: list[Batch]) -> sqlite3.Connection:
        db = sqlite3.connect(self.path)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(SCHEMA)
            (known,) = db.execute("SELECT max(batch) FROM known").fetchone()
            last = batches[-1].number if batches else 0
            if known > last:
                raise sqlite3.DatabaseError("knows batches that don't exist")
            for batch in batches:
                if batch.number > known:
                    db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", map(_row, batch.lines()))
            db.execute("UPDATE known SET batch = ?", (last,))
            db.commit()
        except BaseException:
            db.close()
            raise
        return db

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


class SeenForNow:
    """The same for a preview: reads the cache as it stands, and remembers what is added until the process ends."""

    def __init__(self, path: Path) -> None:
        self._added: dict[str, tuple[str, str]] = {}
        self._db = sqlite3.connect(path) if path.exists() else None

    def find(self, key: str) -> tuple[str, str] | None:
        """Hashes of content and figures, None for what is new."""
        if key in self._added or self._db is None:
            return self._added.get(key)
        try:
            row: tuple[str, str] | None = self._db.execute("SELECT content, figures FROM seen WHERE id = ?", (key,)).fetchone()
        except sqlite3.DatabaseError:
            return None  # damaged: the next collection makes it anew
        return row

    def add(self, key: str, content: str = "", figures: str = "") -> None:
        """Know an item until the process ends."""
        self._added[key] = (content, figures)

    def close(self) -> None:
        """Let go of the cache."""
        if self._db is not None:
            self._db.close()


def _row(line: dict[str, Any]) -> tuple[str, str, str]:
    if line["outcome"] == Outcome.REJECTED:
        return reject_key(line["raw"], line.get("line")), "", ""
    return line["id"], line["content"], line["figures"]
