"""What is remembered of second looks: when each post was looked at and what was seen, which posts are gone, and how the runs ended.

The rule to know: that a post is gone stands in a journal beside its target's batches (`raw/<target>/gone.jsonl`), is never taken back
and is as precious as they are. The memory of looks (`looked/<target>/looks.sqlite`) is not: without it posts are looked at once more,
and what seemed gone has to be seen twice again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from crawlers.archive import Archive
from crawlers.disk import append_line, lines_backwards, lines_of
from crawlers.look import Fate
from crawlers.post import iso

GONE = "gone.jsonl"
RECHECKS = "rechecks.jsonl"
EDITS = "edits.jsonl"
"""The run log of what was collected because a second look showed another text, or other figures."""
SCHEMA = """
    CREATE TABLE IF NOT EXISTS looks (
        id TEXT PRIMARY KEY, at TEXT NOT NULL, fate TEXT NOT NULL, since TEXT, depth INTEGER, said TEXT, author TEXT
    ) WITHOUT ROWID
"""
COLUMNS = "id, at, fate, since, depth, said, author"


@dataclass(frozen=True, slots=True)
class Memory:
    """The last look at a post."""

    id: str
    at: datetime
    fate: Fate
    since: datetime | None
    """When it seemed gone first, and was not seen since."""
    depth: int | None = None
    """See `Look.depth`."""
    said: str = ""
    """Mark of the text that it showed in the place of another one, and of its author; empty where that was as known."""
    author: str = ""


class Looks:
    """The memory of one target. A damaged one begins anew, and so does one of an earlier version, which lacks columns."""

    def __init__(self, path: Path | None) -> None:
        try:
            self._db = self._opened(path)
        except sqlite3.DatabaseError:
            if path is None:
                raise
            path.unlink(missing_ok=True)
            self._db = self._opened(path)

    @staticmethod
    def _opened(path: Path | None) -> sqlite3.Connection:
        db = sqlite3.connect(path or ":memory:")
        try:
            db.execute(SCHEMA)
            db.execute(f"SELECT {COLUMNS} FROM looks LIMIT 0")
            db.commit()
        except BaseException:
            db.close()
            raise
        return db

    def all(self) -> dict[str, Memory]:
        """The last look at each post that is remembered."""
        rows = self._db.execute(f"SELECT {COLUMNS} FROM looks")
        return {
            id: Memory(id, datetime.fromisoformat(at), Fate(fate), since and datetime.fromisoformat(since), *more)
            for id, at, fate, since, *more in rows
        }

    def note(self, looks: Iterable[Memory], *, forget_before: datetime) -> None:
        """Remember these looks, all or none, and let go of those before that moment."""
        rows = [(look.id, iso(look.at), str(look.fate), iso(look.since), look.depth, look.said, look.author) for look in looks]
        with self._db:
            self._db.executemany(f"INSERT OR REPLACE INTO looks ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._db.execute("DELETE FROM looks WHERE at < ?", (iso(forget_before),))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def looks_path(data: Path, target: str) -> Path:
    """Where the memory of a target is."""
    return data / "looked" / target / "looks.sqlite"


@dataclass(frozen=True, slots=True)
class Held:
    """So many posts seem gone at once that something else must have happened: none was marked."""

    gone: int
    """Seem gone."""
    told: int
    """Of how many that a look told anything of."""
    share: float
    """How much of them the target's file allows."""

    deep: bool = False
    """Whether only posts count that stand as far down their topics: the others may be all that is shown now."""

    def __str__(self) -> str:
        which, why = ("looked at again", "has the site changed its addresses or its answers")
        if self.deep:
            which, why = ("that stand as far down their topics", "does the forum show only the beginning of its topics now")
        return (
            f"{self.gone} of {self.told} posts {which} seem gone, more than {self.share:.0%}: rather {why}, so none is marked; "
            "look at some of them, and where they are gone indeed, allow more by `recheck: {share: …}`"
        )


@dataclass(frozen=True, slots=True)
class Alike:
    """Posts of several authors show one new text in the place of their own: it is none's."""

    posts: int
    text: str
    """Its beginning."""

    def __str__(self) -> str:
        return (
            f"{self.posts} posts of several authors show the same new text, «{self.text}»: a login or a captcha stands in the place of "
            "what they said, or a mark that they were removed, so none counts as edited; of such a mark of a forum say `topic.removed`"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What a run of second looks at one target saw."""

    target: str
    started: datetime
    ended: datetime
    here: int = 0
    suspected: int = 0
    """Seem gone, and wait for the look that confirms it."""
    gone: int = 0
    """Are gone: seen so twice."""
    untold: int = 0
    edited: int = 0
    """Collected again, because their text has changed."""
    counted: int = 0
    """Collected again, because their views, likes, shares or replies have."""
    held: Held | None = None
    """Why nothing was marked: too many seemed gone at once."""
    alike: Alike | None = None
    """Why edits were not taken: several authors seemed to say the same."""
    error: str | None = None
    """Why the run could not look at all that it chose."""

    @property
    def looked(self) -> int:
        """Posts looked at, whatever that told."""
        return self.here + self.suspected + self.gone + self.untold

    def __str__(self) -> str:
        said = f"looked at {self.looked}: here {self.here}, gone {self.gone}, seem gone {self.suspected}, untold {self.untold}"
        more = "".join(f", {what} {many}" for what, many in (("edited", self.edited), ("new figures", self.counted)) if many)
        return said + more + "".join(f"; {why}" for why in (self.held, self.alike, self.error) if why)

    def to_json(self) -> dict[str, Any]:
        """A line of the log."""
        return asdict(self) | {"started": iso(self.started), "ended": iso(self.ended)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Rechecked:
        """The inverse of `to_json`."""
        moments = {name: datetime.fromisoformat(record[name]) for name in ("started", "ended")}
        held = record.get("held")  # a sentence in lines of before it had figures: the next run says it anew
        alike = record.get("alike")
        reasons = {"held": Held(**held) if isinstance(held, dict) else None, "alike": Alike(**alike) if alike else None}
        return cls(**record | moments | reasons)


def mark_gone(archive: Archive, target: str, posts: Iterable[tuple[str, str]], *, now: datetime, since: dict[str, datetime]) -> None:
    """Write down for good that these posts (id, sign) are gone; `since` says when each seemed so first."""
    for post, sign in posts:
        append_line(archive.folder(target) / GONE, {"post": post, "sign": sign, "seen": iso(since[post]), "at": iso(now)})


def gone_posts(archive: Archive, target: str) -> set[str]:
    """Ids of the target's posts that are gone."""
    return {record["post"] for record in lines_of(archive.folder(target) / GONE)}


def all_gone(archive: Archive) -> set[str]:
    """The same of all targets."""
    return {post for target in archive.targets() for post in gone_posts(archive, target)}


def log(archive: Archive, run: Rechecked) -> None:
    """Add a run to the log of its target."""
    append_line(archive.folder(run.target) / RECHECKS, run.to_json())


def latest(archive: Archive, target: str, now: datetime, back: timedelta) -> Iterator[Rechecked]:
    """The runs of the last time, newest first."""
    for record in lines_backwards(archive.folder(target) / RECHECKS):
        run = Rechecked.from_json(record)
        if run.ended < now - back:
            return
        yield run
