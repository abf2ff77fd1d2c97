"""The health of targets: the state of each, and the figures and expectations that it is told by.

The rule to know: health is a state and not an outcome. It is told from the target's file, the environment, the run log and the note of
a run that was killed, changes nothing, and reads no batch but those that the run log does not name yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]

from crawlers.archive import JOURNAL, Archive
from crawlers.brand import Brands, read_brands, unknown_brands
from crawlers.disk import last_line
from crawlers.every_target import AboutItem, Expect
from crawlers.expect import WEEK, Bound, Subject, Violation, expected, violations
from crawlers.field import interval
from crawlers.gap import Gap, gaps
from crawlers.history import History, read_history
from crawlers.looked import Alike, Held, Rechecked, latest
from crawlers.post import iso
from crawlers.run import Counts, Outcome
from crawlers.source import CollectError
from crawlers.target import BrokenTarget, Target, read_targets
from crawlers.unreadable import Unreadable, unreadable
from crawlers.yamlfile import ConfigError, YamlFile

LATE = timedelta(minutes=15)
"""Delay of a run, behind the second that should have begun, that is no matter."""


class State(StrEnum):
    """How a target does now. Of several that hold it is the first."""

    SWITCHED_OFF = "switched_off"
    """`enabled: false`."""
    BROKEN = "broken"
    """Its file is wrong, or its archive can't be read."""
    WAITING = "waiting"
    """It needs a key that the environment does not have."""
    NEW = "new"
    """No run has ended yet."""
    FAILING = "failing"
    """The last run failed."""
    LATE = "late"
    """Two runs should have begun since the last one."""
    SILENT = "silent"
    """It is collected, and its newest post is older than is normal, or it brought none."""
    UNUSUAL = "unusual"
    """It brings posts, but not as is normal; or too many of those that it brought seem gone at once; or nobody could tell for a day what a
    host that it asks forbids."""
    OK = "ok"

    @property
    def words(self) -> str:
        """As people read it."""
        return {State.WAITING: "waiting for a key", State.SWITCHED_OFF: "switched off"}.get(self, str(self))

    @property
    def red(self) -> bool:
        """Whether something is wrong. A target that waits for its key is shown, and is not."""
        return self not in (State.OK, State.NEW, State.WAITING, State.SWITCHED_OFF)


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds from publication to collection, over the last posts that were published since the target is watched."""

    median: float
    most: float
    """95th percentile."""
    posts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one target does, and what that is told by."""

    target: str
    enabled: bool = True
    brand: str | None = None
    """The brand that all its posts are about, as its file names it."""
    site: str | None = None
    """Where all its posts stood, as far as its file says so."""
    broken: tuple[str, ...] = ()
    """What is wrong with its file or its archive."""
    unset: tuple[str, ...] = ()
    """Variables of the environment that it needs and that are not set; none where it is collected all the same, by another process."""
    collected: bool = False
    """A run has ended, however."""
    last_success: datetime | None = None
    failures: int = 0
    """Runs that failed one after the other until now."""
    error: str | None = None
    """Why the last run failed."""
    due: datetime | None = None
    """When a run should have begun, where it is late."""
    expected: Mapping[Subject, Bound] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    newest: datetime | None = None
    """When the newest post was published, of those whose date is known."""
    lag: Lag | None = None
    week: Counts = field(default_factory=Counts)
    """What became of the items of the last seven days, today among them; deferred is what the last run that ended well put off, or one that
    failed since, if more.
    """
    gaps: tuple[Gap, ...] = ()
    """Of the last 90 days."""
    looked: int = 0
    """Posts looked at again in the last seven days."""
    gone: int = 0
    """Posts of these days that are gone at their source."""
    held: Held | None = None
    """Why the last of these looks marked nothing: too many seemed gone."""
    alike: Alike | None = None
    """Why it took no edits: several authors seemed to say the same."""
    robots: tuple[Unreadable, ...] = ()
    """Hosts that the last run asked and whose robots.txt it could not read."""

    @property
    def state(self) -> State:
        """The first that holds."""
        holds = {
            State.SWITCHED_OFF: not self.enabled,
            State.BROKEN: bool(self.broken),
            State.WAITING: bool(self.unset),
            State.NEW: not self.collected,
            State.FAILING: self.failures > 0,
            State.LATE: self.due is not None,
            State.SILENT: any(violation.subject == "newest" for violation in self.violations),
            State.UNUSUAL: bool(self.violations or self.held or self.alike) or any(host.is_red for host in self.robots),
        }
        return next((state for state in State if holds.get(state)), State.OK)

    @property
    def why(self) -> list[str]:
        """What is not right, in English."""
        found = list(self.broken)
        found += [f"the environment variable {name} isn't set" for name in self.unset]
        if self.error is not None:
            runs = "the last run" if self.failures == 1 else f"the last {self.failures} runs"
            found.append(f"{runs} failed: {self.error}")
        if self.due is not None:
            found.append(f"no run since the one that was due at {iso(self.due)}")
        found += [str(violation) for violation in self.violations]
        found += [str(host) for host in self.robots if host.is_red]
        return found + [str(reason) for reason in (self.held, self.alike) if reason]

    def to_json(self) -> dict[str, Any]:
        """As `python -m crawlers health --json` prints it. Times are UTC, lengths of time seconds."""
        return {
            "target": self.target,
            "state": self.state,
            "why": self.why,
            "last_success": iso(self.last_success),
            "newest": iso(self.newest),
            "lag": None if self.lag is None else {"median": self.lag.median, "p95": self.lag.most, "posts": self.lag.posts},
            "week": {str(outcome): self.week.outcomes[outcome] for outcome in Outcome}
            | {"reasons": dict(self.week.reasons.most_common()), "waiting": dict(self.week.waiting.most_common())}
            | {"places": self.week.places},
            "expected": {subject: {"bound": bound.value, "learned": bound.learned} for subject, bound in self.expected.items()},
            "recheck": {"looked": self.looked, "gone": self.gone},
            "robots": [
                {"host": host.host, "since": iso(host.since), "answer": host.answer, "counts_as_absent": host.is_absent}
                for host in self.robots
            ],
            "gaps": [{"day": gap.day.isoformat(), "collected": gap.collected} for gap in self.gaps],
        }


def health(config: Path, data: Path, now: datetime, only: Iterable[str] = ()) -> list[Health]:
    """The health of every target of a configuration, or of some, in order of name."""
    names = set(only)
    hosts = unreadable(data)
    wanted = [target for target in read_targets(config) if not names or target.name in names]
    brands = _brands(config) if any(not isinstance(target, BrokenTarget) and target.about for target in wanted) else None
    return [health_of(target, Archive(data), now, hosts, brands) for target in wanted]


def _brands(config: Path) -> Brands | None:
    """The brands that are watched; None where their file can't be read, which is no fault of a target."""
    try:
        file = (config / "brands.yaml").stat()
        return _read_once(config.resolve(), file.st_mtime_ns, file.st_size)
    except (ConfigError, OSError):
        return None


@lru_cache(maxsize=1)
def _read_once(config: Path, changed: int, size: int) -> Brands:
    """The brands as their file stood then: reading it takes longer than all else, and the dashboard asks every minute."""
    return read_brands(config)


def health_of(
    target: Target | BrokenTarget, archive: Archive, now: datetime, hosts: Iterable[Unreadable] = (), brands: Brands | None = None
) -> Health:
    """The health of one target; nothing that is wrong with it raises. `hosts`: those whose robots.txt can't be read."""
    told: dict[str, Any] = {}
    if isinstance(target, BrokenTarget):
        broken, zone = [error.one_line() for error in target.error.all if not target.unset], ZoneInfo("UTC")
        told = {"enabled": target.enabled, "unset": target.unset}
    else:
        broken, zone = _about_nobody(target, brands), target.zone
        told = {"enabled": target.enabled, "brand": target.brand, "site": target.site}
    try:
        history = read_history(archive, target.name, zone, now)
        if history is not None:
            told |= _figures(history, now) | _held_against(target, history, archive, now)
            told["robots"] = tuple(host for host in hosts if host.asked_by(target.name, history.last.started))
        told |= _rechecked(target, list(latest(archive, target.name, now, timedelta(days=WEEK))))
    except (CollectError, OSError) as error:
        broken.append(str(error))
    if not isinstance(target, BrokenTarget) and (not told.get("collected") or told["failures"] or told["due"]):
        told["unset"] = tuple(target.unset.values())
    return Health(target=target.name, broken=tuple(broken), **told)


def _about_nobody(target: Target, brands: Brands | None) -> list[str]:
    """That a target's file names brands which are not watched: a run of it can't begin then, so that no run log tells of it."""
    named = target.about.mapping.values() if isinstance(target.about, AboutItem) else filter(None, [target.about])
    if brands is None or all(map(brands.by_name, named)):
        return []  # as nearly always: the file is not read again
    try:
        return [error.one_line() for error in unknown_brands(YamlFile(target.folder / "targets" / f"{target.name}.yaml"), brands)]
    except ConfigError as error:  # changed since the target was read
        return [error.one_line()]


def _figures(history: History, now: datetime) -> dict[str, Any]:
    """What happened, whatever is normal."""
    lags = sorted(history.lags)
    return {
        "collected": True,
        "last_success": history.last_success,
        "failures": history.failures,
        "error": history.last.error,
        "newest": history.newest,
        "lag": Lag(median(lags), lags[ceil(0.95 * len(lags)) - 1], len(lags)) if lags else None,
        "week": history.counts(now, WEEK),
    }


def _rechecked(target: Target | BrokenTarget, runs: list[Rechecked]) -> dict[str, Any]:
    """What second looks have found."""
    found: dict[str, Any] = {"looked": sum(run.looked for run in runs), "gone": sum(run.gone for run in runs)}
    watched = runs and not isinstance(target, BrokenTarget) and target.recheck is not None
    return found | {"held": runs[0].held, "alike": runs[0].alike} if watched else found


def _held_against(target: Target | BrokenTarget, history: History, archive: Archive, now: datetime) -> dict[str, Any]:
    """What is normal, and what of it does not hold. Of a target collected by hand nothing is expected since its last run."""
    if isinstance(target, BrokenTarget):
        said, at, due = Expect(), now, None
    else:
        said, at = target.expect, now if target.schedule else history.last.ended
        due = _due(target, history, archive, now) if target.enabled else None
    bounds = expected(said, history)
    found: dict[str, Any] = {"expected": bounds, "violations": tuple(violations(said, bounds, history, at)), "due": due}
    if isinstance(target, BrokenTarget) or target.enabled:
        found["gaps"] = gaps(history, bounds.get("newest"), at)
    return found


def _due(target: Target, history: History, archive: Archive, now: datetime) -> datetime | None:
    """When the second run after the last one should have begun; None where that is not over yet. A run that goes on is one."""
    if target.schedule is None:
        return None
    journal = last_line(archive.folder(target.name) / JOURNAL)
    last = max([history.last.started, *([] if journal is None else [datetime.fromisoformat(journal["at"])])])
    if every := interval(target.schedule):
        due = last + 2 * every
    else:
        times = croniter(target.schedule, last.astimezone(target.zone), ret_type=datetime)
        times.get_next()
        due = times.get_next()
    return due if now > due + LATE else None
