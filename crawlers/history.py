"""The history of a target: what its latest runs were, and what each of its days brought.

The rule to know: it is told from the run log, read from its end and no farther than it is needed; a run that was killed counts before
its line stands there. Days are dates in the target's zone; a post belongs to the day of its publication, and is new on the day on which
it was collected.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain, count, islice, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

from crawlers.archive import JOURNAL, RUNS, Archive, Batch
from crawlers.brought import LAGS, latest
from crawlers.disk import last_line
from crawlers.post import iso
from crawlers.run import Counts, Outcome, Run
from crawlers.unended import cut_off, killed

WINDOW = timedelta(days=90)
"""How far back days are told."""
BEFORE = timedelta(days=35)
"""What is read at least before the last run that brought anything, to learn from."""
MOST_RUNS = 50_000
"""Runs that are read at most: a month of one a minute."""
MOST_LOOSE = 1_000
"""Batches newer than the run log that are read at most."""


@dataclass(slots=True)
class Day:
    """One date of a target."""

    met: Counts = field(default_factory=Counts)
    """What became of the items of the runs that ended on it, but for what was deferred: that is met again in every run. Each reason has the
    place where it was met last.
    """
    kept: int = 0
    """New posts; what was collected again from a date on is none."""
    anonymous: int = 0
    """New posts without any author."""
    published: int = 0
    """Posts published on it, whenever they were collected."""
    succeeded: bool = False
    """A run ended well on it."""


@dataclass(slots=True)
class History:
    """What the latest runs of a target say. Nothing changes it once it is read."""

    zone: ZoneInfo
    last: Run
    began: datetime
    """When the first run began of those that were read."""
    days: dict[date, Day] = field(default_factory=dict)
    """Days of which nothing is known are not in it."""
    last_success: datetime | None = None
    failures: int = 0
    """Runs that failed since."""
    successes: int = 0
    """Runs that ended well, of those that were read."""
    newest: datetime | None = None
    """When the newest post was published, of those whose date is known."""
    heard: datetime | None = None
    """The same of all posts: one whose date is unknown was heard when it was collected. None: no run that was read kept any."""
    last_kept: datetime | None = None
    """When a new post was kept last."""
    quiet: list[tuple[datetime, timedelta]] = field(default_factory=list)
    """When a newer post than all before was heard, and how old the newest had become by then."""
    waiting: Counts = field(default_factory=Counts)
    """The last run that ended well, or one that failed since, if that deferred more: it only met what it asked for before it ended."""
    whole: bool = False
    """A run of collecting that ended well was read."""
    lags: list[int] = field(default_factory=list)
    """Seconds from publication to collection of the last posts of which they are known."""

    def date_of(self, moment: datetime) -> date:
        """The date in the target's zone."""
        return moment.astimezone(self.zone).date()

    def day(self, day: date) -> Day:
        """What is known of a date."""
        return self.days.get(day, Day())

    def counts(self, until: datetime, days: int) -> Counts:
        """What became of the items of the last days, today among them; deferred is as in `waiting`."""
        found, last = Counts(), self.waiting
        deferred = Counter({str(Outcome.DEFERRED): last.outcomes[Outcome.DEFERRED]})
        found.add(Counts(outcomes=deferred, waiting=last.waiting, places=last.places))
        for back in range(days):
            found.add(self.day(self.date_of(until) - timedelta(days=back)).met)
        return found


def read_history(archive: Archive, target: str, zone: ZoneInfo, now: datetime) -> History | None:
    """The history of a target up to now; None before its first run has ended or was killed."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    files = (archive.folder(target) / name for name in (RUNS, JOURNAL))
    sizes = [path.stat().st_size if path.exists() else 0 for path in files]
    cut = killed(archive, target)
    return _history(archive.data, target, zone, midnight, None if cut is None else cut.run.id, *sizes)


@lru_cache(maxsize=1_000)
def _history(data: Path, target: str, zone: ZoneInfo, midnight: datetime, cut: str | None, *_sizes: int) -> History | None:
    """Kept while nothing was added to the run log and the journal and no other run was killed, for whoever asks every minute."""
    archive = Archive(data)
    history: History | None = None
    took: list[tuple[datetime, Counts, bool]] = []
    named: set[int] = set()
    for run in islice(_latest(archive, target, midnight), MOST_RUNS):
        if history is None:
            history = History(zone=zone, last=run, began=run.started)
        _add(history, run)
        named.update(run.batches)
        if run.counts.outcomes[Outcome.KEPT]:
            took.append((run.ended, run.counts, run.since is not None))
    if history is None:
        return None
    for batch in _loose(archive.folder(target), named):
        took.append((datetime.fromisoformat(batch.manifest["closed"]), Counts.from_json(batch.manifest), False))
    for ended, counts, by_hand in sorted(took, key=lambda taken: taken[0]):
        _note(history, ended, counts, by_hand=by_hand)
    return history


def _latest(archive: Archive, target: str, now: datetime) -> Iterator[Run]:
    """The runs of the window, and of some weeks before something was kept last; newest first, and before all one that was killed."""
    since: datetime | None = None
    for run in chain(_killed(archive, target), archive.latest_runs(target)):
        if since is not None and run.ended < since:
            return
        yield run
        if since is None and run.counts.outcomes[Outcome.KEPT]:
            since = min(now - WINDOW, run.ended - BEFORE)


def _killed(archive: Archive, target: str) -> Iterator[Run]:
    """The run that was killed, where its line is still missing."""
    if (noted := killed(archive, target)) is not None:
        run = cut_off(archive, target, noted)
        yield dataclasses.replace(run, error=f"the one that began at {iso(run.started)} was {run.error}")


def _loose(folder: Path, named: set[int]) -> Iterator[Batch]:
    """Batches that no line of the run log names: of a run that was killed, or of one that goes on."""
    journal = last_line(folder / JOURNAL)
    last = max(named, default=0 if journal is None else journal["batch"])
    missing = [number for number in range(min(named, default=last), last) if number not in named]
    newer = takewhile(lambda batch: batch.manifest_path.exists(), (Batch(folder, number) for number in count(last + 1)))
    return chain((Batch(folder, number) for number in missing), islice(newer, MOST_LOOSE))


def _add(history: History, run: Run) -> None:
    """Count a run that is older than all before."""
    history.began = run.started
    day = history.days.setdefault(history.date_of(run.ended), Day())
    outcomes = Counter({outcome: many for outcome, many in run.counts.outcomes.items() if outcome != Outcome.DEFERRED})
    day.met.add(Counts(outcomes=outcomes, reasons=run.counts.reasons, places=run.counts.places))
    if run.since is None and not history.whole:
        history.waiting = max(history.waiting, run.counts, key=lambda counts: counts.outcomes[Outcome.DEFERRED])
        history.whole = run.error is None
    if run.error is None:
        day.succeeded = True
        history.successes += 1
        history.last_success = history.last_success or run.ended
    elif history.last_success is None:
        history.failures += 1


def _note(history: History, ended: datetime, counts: Counts, *, by_hand: bool) -> None:
    """Count the posts that a run kept; it ended after all before."""
    kept, brought = counts.outcomes[Outcome.KEPT], counts.brought
    if kept and not by_hand:
        day = history.days.setdefault(history.date_of(ended), Day())
        day.kept += kept
        day.anonymous += brought.anonymous
        history.last_kept = ended
    for published, posts in brought.days.items():
        history.days.setdefault(date.fromisoformat(published), Day()).published += posts
    history.lags = (history.lags + brought.lags)[-LAGS:]
    history.newest = latest(history.newest, brought.newest)
    heard = latest(brought.newest, brought.undated) or (ended if kept else None)  # logs of old tell no dates
    if heard is not None and (history.heard is None or heard > history.heard):
        if history.heard is not None:
            history.quiet.append((ended, ended - history.heard))
        history.heard = heard
