"""An archive that the Writer made on days of our own."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.archive import Archive
from crawlers.brand import read_brands
from crawlers.every_target import Expect
from crawlers.health import Health, health_of
from crawlers.kinds import FilesTarget
from crawlers.source import Item, Page
from crawlers.writer import Writer
from tests.target_folder import at, files_target, row


def zone_of_noon(now: datetime) -> str:
    """A zone in which it is about noon then, so that a few hours earlier is the same day, whenever a test runs."""
    return f"Etc/GMT{now.astimezone(UTC).hour - 12:+d}"


class Diary:
    """A target that is collected on days of our own."""

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, more: str = "schedule: every 1 days\n", zone: str = "Europe/Moscow"
    ) -> None:
        self.data = folder / "data"
        self.target = files_target(folder / "config", more=more, zone=zone)
        self._brands = read_brands(folder / "config")
        self._posts = 0
        self._now = at("2026-01-01")
        patch.setattr(Writer, "_now", lambda _: self._now)

    def run(self, now: datetime, *published: datetime, error: str | None = None, deferred: tuple[str, ...] = (), **values: Any) -> None:
        """A run at that moment that meets new posts published then."""
        self._now = now
        rows = []
        for moment in published:
            self._posts += 1
            rows.append(row(self._posts, **{"date": moment.isoformat(timespec="minutes"), **values}))
        with Writer(self.target, self._brands, data=self.data) as writer:
            writer.take(Page(items=tuple(Item(raw=raw) for raw in rows), cursor={"to": self._posts}, deferred=deferred))
            writer.close(error)

    def die(self, now: datetime, published: datetime) -> None:
        """A run that keeps a post and is killed before its line in the run log."""
        self._now = now
        writer = Writer(self.target, self._brands, data=self.data)
        writer.take(Page(items=(Item(raw=row(0, date=published.isoformat(timespec="minutes"))),), cursor={"to": 0}))
        writer.flush()
        writer._seen.close()
        writer._lock.close()

    def die_for_good(self, now: datetime, published: datetime) -> None:
        """The same with a process of its own, that is no more."""
        child = os.fork()
        if not child:
            try:
                self.die(now, published)
            finally:
                os._exit(9)  # nothing is tidied, as after `kill -9`
        os.waitpid(child, 0)

    def health(self, now: datetime, expect: Expect | None = None) -> Health:
        """How the target does then, with another expectation than its file says."""
        target: FilesTarget = self.target if expect is None else self.target.model_copy(update={"expect": expect})
        return health_of(target, Archive(self.data), now)
