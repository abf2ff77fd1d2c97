"""The archive: every raw item ever taken, in immutable batches (`raw/<target>/<number>.jsonl.gz`, each with a manifest).

The rule to know: a batch counts once its manifest stands (`<number>.json`, created exclusively and last). The manifest holds
the cursor too, so that the items and the place where the next run resumes become true in the same moment.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from crawlers.disk import last_line, lines_backwards, lines_of
from crawlers.mapping import mapped_again
from crawlers.post import Post
from crawlers.run import Outcome, Run, run_from_json
from crawlers.source import CollectError, Cursor, Rejected
from crawlers.target import Target, target_from_json

JOURNAL = "cursor.jsonl"
RUNS = "runs.jsonl"


class DamagedBatch(CollectError):
    """A batch that can't be read; the message says what to restore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """An item that could not become a post."""

    reason: str
    line: int | None
    address: str | None
    raw: dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """The immutable result of one stretch of a run."""

    folder: Path
    number: int

    @property
    def target(self) -> str:
        """Name of the target that brought it."""
        return self.folder.name

    @property
    def key(self) -> str:
        """`<target>/<number>`."""
        return f"{self.target}/{self.number:06}"

    @property
    def path(self) -> Path:
        """The items."""
        return self.folder / f"{self.number:06}.jsonl.gz"

    @property
    def manifest_path(self) -> Path:
        """What makes it count."""
        return self.folder / f"{self.number:06}.json"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Counts, times, the cursor and the target as it was."""
        try:
            record: dict[str, Any] = json.loads(self.manifest_path.read_bytes())
        except (OSError, ValueError) as error:
            raise DamagedBatch(f"{self.manifest_path} can't be read ({error}): restore it from a backup") from error
        return record

    @property
    def of_collecting(self) -> bool:
        """Whether a run of collecting brought it; else it has what second looks found edited, or with other figures."""
        return bool(self.manifest.get("log", RUNS) == RUNS)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every item as it was kept, with its outcome."""
        count = 0
        try:
            with gzip.open(self.path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    count += 1
                    yield json.loads(line)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DamagedBatch(f"{self.path} is damaged ({error}): restore it from a backup") from error
        if count != self.manifest["items"]:
            raise DamagedBatch(f"{self.path} has {count} items, its manifest {self.manifest['items']}: restore it from a backup")

    def posts(self) -> Iterator[Post]:
        """The posts kept and changed, mapped again from their raw items by the present code, in the order they were taken.

        An item that the present code would no longer take is left out.
        """
        target = target_from_json(self.manifest["snapshot"])
        for line in self.lines():
            if line["outcome"] != Outcome.REJECTED:
                post = post_of_line(line, target)
                if post is not None:
                    yield post

    def rejects(self) -> Iterator[Reject]:
        """The items that could not become posts."""
        for line in self.lines():
            if line["outcome"] == Outcome.REJECTED:
                yield Reject(reason=line["reason"], line=line.get("line"), address=line.get("address"), raw=line["raw"])


def post_of_line(line: dict[str, Any], target: Target) -> Post | None:
    """The post of a kept item, None where the present code would reject it."""
    collected = datetime.fromisoformat(line["collected"])
    try:
        return mapped_again(line["raw"], target, collected, line.get("about", ()), line.get("official", False))
    except Rejected:
        return None


class Archive:
    """All batches of a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.raw = data / "raw"

    def folder(self, target: str) -> Path:
        """Where the batches of a target are."""
        return self.raw / target

    def targets(self) -> list[str]:
        """Names of the targets that brought anything."""
        return sorted(path.name for path in self.raw.glob("*") if path.is_dir())

    def batches(self, target: str | None = None) -> list[Batch]:
        """The batches that count, of one target or of all, in order of target and number."""
        names = self.targets() if target is None else [target]
        return [batch for name in names for batch in self._of(name)]

    def _of(self, target: str) -> list[Batch]:
        folder = self.folder(target)
        numbers = sorted(int(path.stem) for path in folder.glob("[0-9]*.json") if path.stem.isdigit())
        return [Batch(folder, number) for number in numbers]

    def raws(self, target: str, ids: Set[str]) -> dict[str, dict[str, Any]]:
        """The raw items of these posts of a target, as the newest batches have them."""
        found: dict[str, dict[str, Any]] = {}
        for batch in reversed(self._of(target) if ids else ()):
            if found.keys() == ids:
                break
            for line in reversed(list(batch.lines())):
                if line.get("id") in ids:
                    found.setdefault(line["id"], line["raw"])
        return found

    def cursor(self, target: str) -> Cursor:
        """Where the next run of a target resumes; {} before the first."""
        entry = last_line(self.folder(target) / JOURNAL) or {"batch": 0, "cursor": {}}
        cursor: Cursor = entry["cursor"]
        for batch in reversed(self._of(target)):
            if batch.number <= entry["batch"]:
                break
            if batch.manifest["cursor"] is not None:
                return dict(batch.manifest["cursor"])
        return cursor

    def runs(self, target: str) -> list[Run]:
        """The run log of a target, oldest first."""
        return [run_from_json(record) for record in lines_of(self.folder(target) / RUNS)]

    def latest_runs(self, target: str) -> Iterator[Run]:
        """The same, newest first; only as much of the log is read as is asked for."""
        return map(run_from_json, lines_backwards(self.folder(target) / RUNS))

    def watched_since(self, target: str) -> datetime | None:
        """When the first run of a target began; None before it has ended."""
        first = next(lines_of(self.folder(target) / RUNS), None)
        return None if first is None else datetime.fromisoformat(first["started"])
