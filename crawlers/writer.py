"""The writer of a target: takes pages, decides what becomes of every item, and closes batches.

The rule to know: the order is items, manifest with cursor, journal, `seen`. A process killed between any two of them leaves a
state from which the next run goes on as if nothing had happened. One process at a time writes for a target.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import logging
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from crawlers.archive import JOURNAL, RUNS, Archive, Batch
from crawlers.brand import Brands
from crawlers.disk import Busy, append_line, create, last_line, locked
from crawlers.link import hidden, opened, within
from crawlers.post import iso, whole_milliseconds
from crawlers.rejection import too_many_rejected
from crawlers.run import Counts, Outcome, Run, run_to_json
from crawlers.seen import Seen
from crawlers.sorter import Sorter
from crawlers.source import CollectError, Cursor, Page
from crawlers.target import Target, target_to_json
from crawlers.unended import add_unended, forget, note

log = logging.getLogger(__name__)

BATCH_ITEMS = 1_000
BATCH_SECONDS = 60.0
JOURNAL_BYTES = 4_000_000
MEND = "make room there or mend its rights, and collect again; what was kept before stays"


class Sink(Protocol):
    """Where a source hands its pages: a Writer that keeps them, or a Preview that only shows what would become of them."""

    target: Target
    cursor: Cursor
    """Where this run starts."""
    since: datetime | None
    """Posts published before it are not taken."""

    def seen(self, post_id: str) -> bool:
        """Whether the target brought this post before."""

    def take(self, page: Page) -> list[Outcome]:
        """What becomes of each item of the page, in order."""

    @property
    def left(self) -> int | None:
        """New items that the run may still take; None: as many as there are."""

    @property
    def full(self) -> bool:
        """Whether the run has as many new items as it may take: stop walking."""

    def close(self, error: str | None = None) -> Run:
        """Keep what is still open and end the run."""


class Writer:
    """Keeps what one run of a target takes. Raises Busy where another process does it already."""

    def __init__(
        self,
        target: Target,
        brands: Brands,
        *,
        data: Path,
        since: datetime | None = None,
        again: bool = False,
        log: str = RUNS,
        run: str | None = None,
    ) -> None:
        self.target = target
        self.since = since
        self._again = again
        self._log = log
        self._sorter = Sorter(target, brands, since)
        self._archive = Archive(data)
        self._folder = self._archive.folder(target.name)
        self._cache = data / "seen" / f"{target.name}.sqlite"
        self._run = run or uuid.uuid4().hex
        self._started = self._now()
        self._total = Counts()
        self._batches: list[int] = []
        self._ended: Run | None = None
        self._lock = locked(self._folder, target.name)
        try:
            self._open()
        except BaseException:
            self._lock.close()
            raise

    def _open(self) -> None:
        with self._writing():
            _sweep(self._folder)
            batches = self._archive.batches(self.target.name)
            self._number = batches[-1].number if batches else 0
            self._seen = Seen(self._cache, batches)
            self._kept_cursor = self._archive.cursor(self.target.name)
            self._heal_journal()
            cut_off = add_unended(self._archive, self.target.name)
            self._watched = None if self._again else self._archive.watched_since(self.target.name) or self._started
        if cut_off is not None:
            log.warning("%s: the run that began at %s was %s", self.target.name, iso(cut_off.started), cut_off.error)
        self.cursor: Cursor = {} if self._again else within(self._kept_cursor, opened, self.target.secrets)
        self._reached: Cursor = {} if self._again else self._kept_cursor
        self._begin()
        self._noted = note(self._folder, self._run_until_now(None, rejected=False), self._log, self._number)

    def seen(self, post_id: str) -> bool:
        """Whether the target brought this post before."""
        return self._seen.find(post_id) is not None

    @property
    def left(self) -> int | None:
        """New items that the target's `limits.items` still allows: what was known before doesn't count."""
        most = self.target.limits.items
        return None if most is None else max(most - self._total.new - self._counts.new, 0)

    @property
    def full(self) -> bool:
        """Whether the run has brought as many new items as it may."""
        return self.left == 0

    def take(self, page: Page) -> list[Outcome]:
        """What becomes of each item; a full batch is closed. Raises CollectError where it can't be written."""
        collected = self._now()
        outcomes = []
        with self._writing():
            for item in page.items:
                outcome, post, line = self._sorter.sort(item, collected, self._seen, self._counts)
                self._counts.outcomes[outcome] += 1
                if outcome is Outcome.KEPT and post is not None:
                    self._counts.brought.note(post, self.target.zone, self._watched)
                outcomes.append(outcome)
                if line is not None:
                    self._lines.append(line)
        self._counts.outcomes[Outcome.REPEATED] += page.repeated
        for why in page.deferred:
            self._counts.outcomes[Outcome.DEFERRED] += 1
            self._counts.defer(hidden(why, self.target.secrets))
        self._reached = within(page.cursor, hidden, self.target.secrets)
        self._taken += len(page.items)
        if self._taken >= BATCH_ITEMS or time.monotonic() - self._opened >= BATCH_SECONDS:
            self.flush()
        return outcomes

    def flush(self) -> None:
        """Close the batch that is open, if it has anything to keep, and let the cursor advance."""
        with self._writing():
            if self._lines:
                self._close_batch()
            counts, cursor = self._counts, self._reached
            kept = bool(self._lines)
            self._begin()
            self._total.add(counts)
            if not self._again and (kept or cursor != self._kept_cursor):
                append_line(self._folder / JOURNAL, {"batch": self._number, "at": iso(self._now()), "cursor": cursor})
                self._kept_cursor = cursor
            if kept:
                self._seen.commit(self._number)

    def close(self, error: str | None = None) -> Run:
        """Keep what is open and end the run with a line in the run log. The run fails by `error` or by too many rejected items."""
        if self._ended is None:
            # Said first: what fails now must not begin again when the writer is left.
            self._ended = self._run_until_now(error, rejected=False)
            with self._lock, closing(self._seen):
                self._ended = self._end(error)
        return self._ended

    def _end(self, error: str | None) -> Run:
        """A line that the run log could not take never hides what the run itself failed by."""
        rejected: str | None = None
        try:
            self.flush()
            rejected = too_many_rejected(self._total, self.target, self._archive)
        except CollectError as failure:
            error = error or str(failure)
        run = self._run_until_now(error or rejected, rejected=error is None and rejected is not None)
        try:
            with self._writing():
                if not self._noted:
                    add_unended(self._archive, self.target.name)  # its line could not be written when this run began
                append_line(self._folder / self._log, run_to_json(run))
            if self._noted:
                forget(self._folder)
        except CollectError as failure:
            return run if run.error is not None else dataclasses.replace(run, error=str(failure))
        return run

    def _run_until_now(self, error: str | None, *, rejected: bool) -> Run:
        return Run(
            id=self._run,
            target=self.target.name,
            started=self._started,
            ended=self._now(),
            counts=self._total,
            batches=tuple(self._batches),
            since=self.since if self._again else None,
            error=None if error is None else hidden(error, self.target.secrets),
            too_many_rejected=rejected,
        )

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or isinstance(error, CollectError):
            self.close(None if error is None else str(error))
        else:
            self.close(interruption(error))

    def _begin(self) -> None:
        self._counts = Counts()
        self._lines: list[dict[str, Any]] = []
        self._taken = 0
        self._opened = time.monotonic()
        self._opened_at = self._now()

    def _close_batch(self) -> None:
        batch = Batch(self._folder, self._number + 1)
        content = gzip.compress(b"".join(map(_encoded, self._lines)), compresslevel=5, mtime=0)
        manifest = {
            "target": self.target.name,
            "number": batch.number,
            "run": self._run,
            "log": self._log,
            "items": len(self._lines),
            "sha256": hashlib.sha256(content).hexdigest(),
            "opened": iso(self._opened_at),
            "closed": iso(self._now()),
            **self._counts.to_json(),
            "cursor": None if self._again else self._reached,
            "snapshot": target_to_json(self.target),
        }
        create(batch.path, content)
        try:
            create(batch.manifest_path, json.dumps(manifest, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
        except OSError:
            if not batch.manifest_path.exists():
                batch.path.unlink(missing_ok=True)
            raise
        self._number = batch.number
        self._batches.append(batch.number)

    def _heal_journal(self) -> None:
        """Write the cursor of a batch whose writer was killed before the journal; keep the journal from growing for ever."""
        journal = self._folder / JOURNAL
        last = last_line(journal)
        entry = {"batch": self._number, "at": iso(self._now()), "cursor": self._kept_cursor}
        if journal.exists() and journal.stat().st_size > JOURNAL_BYTES:
            fresh = journal.with_name("cursor.part")
            fresh.unlink(missing_ok=True)
            append_line(fresh, entry)
            fresh.replace(journal)
        elif last is not None and last["batch"] < self._number and last["cursor"] != self._kept_cursor:
            append_line(journal, entry)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError as error:
            raise Busy(f"{error.filename}: another process wrote this batch in the meantime; its items are kept there") from error
        except OSError as error:
            raise CollectError(f"can't write to {self._folder}: {error.strerror}: {MEND}") from error
        except sqlite3.Error as error:
            raise CollectError(f"can't write to {self._cache}: {error}: {MEND}") from error

    @staticmethod
    def _now() -> datetime:
        return whole_milliseconds(datetime.now(UTC))


def interruption(error: BaseException) -> str:
    """What a run failed by that something else than its source ended."""
    return "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"


def _encoded(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _sweep(folder: Path) -> None:
    """Remove what a killed writer left unfinished: parts, and items whose manifest was never made."""
    for path in [*folder.glob("*.part"), *folder.glob("*.jsonl.gz")]:
        if path.suffix == ".part" or not path.with_name(path.name.removesuffix(".jsonl.gz") + ".json").exists():
            path.unlink()
