"""Hosts whose robots.txt can't be read, and since when; over processes and runs.

The rule to know: as RFC 9309 (2.3.1.4) has it, nothing of such a host is asked for, until its robots.txt has been unreadable for so long
that it counts as not there. Only what was seen counts: where nobody asked for longer than eight days, the time begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from crawlers.hostfile import changed, everything, path_of
from crawlers.post import iso

RED = timedelta(days=1)
"""Unreadable for so long it is no passing trouble: targets that ask this host are red."""
ABSENT = timedelta(days=30)
"""Unreadable for so long it counts as not there, and forbids nothing."""
LULL = timedelta(days=8)
"""Where nobody asked for longer, nobody knows what it would have said. A day more than a week: a weekly run is never quite on time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A host whose robots.txt could not be read the last time that it was asked for."""

    host: str
    """With the port where addresses name one."""
    since: datetime
    at: datetime
    """When it was asked for last."""
    answer: str
    """What came then: the status of the answer, or why there was none."""
    targets: Mapping[str, datetime]
    """Targets that asked for it -> when each did so last."""

    @property
    def is_absent(self) -> bool:
        """It counts as not there."""
        return self.at - self.since >= ABSENT

    @property
    def is_red(self) -> bool:
        """It keeps posts from being collected, and for longer than a passing trouble does."""
        return self.at - self.since >= RED and not self.is_absent

    @property
    def until(self) -> datetime:
        """From when on it counts as not there, if it stays so."""
        return self.since + ABSENT

    def asked_by(self, target: str, since: datetime) -> bool:
        """Whether the target asked this host since then."""
        return target in self.targets and self.targets[target] >= since

    def __str__(self) -> str:
        return (
            f"robots.txt of {self.host} has been unreadable since {iso(self.since)} (answer: {self.answer}), so nothing there is asked "
            f"for; if it stays so, it counts as not there from {iso(self.until)} on"
        )

    def to_json(self) -> dict[str, Any]:
        """As the file of the host keeps it."""
        asked = {target: iso(moment) for target, moment in self.targets.items()}
        return {"host": self.host, "since": iso(self.since), "at": iso(self.at), "answer": self.answer, "targets": asked}


def note(data: Path, host: str, answer: str, now: datetime, target: str | None = None) -> Unreadable:
    """Keep that a host's robots.txt could not be read now; what is known of it with that."""
    folder = _folder(data)
    folder.mkdir(parents=True, exist_ok=True)
    with changed(folder, host) as kept:
        before = _known(kept)
        going_on = before is not None and abs(now - before.at) <= LULL  # another process may have been a moment later, and faster
        targets = {name: at for name, at in before.targets.items() if at > now - LULL} if before is not None else {}
        if target is not None:
            targets[target] = now
        found = Unreadable(host=host, since=before.since if before and going_on else now, at=now, answer=answer, targets=targets)
        kept |= found.to_json()
    return found


def readable(data: Path, host: str) -> None:
    """Keep that a host's robots.txt was read, or is not there."""
    path_of(_folder(data), host).unlink(missing_ok=True)


def unreadable(data: Path) -> list[Unreadable]:
    """Every host whose robots.txt can't be read."""
    return [known for kept in everything(_folder(data)) if (known := _known(kept)) is not None]


def _folder(data: Path) -> Path:
    return data / "robots"


def _known(kept: Mapping[str, Any]) -> Unreadable | None:
    """None where the file says nothing, or nothing that can be understood."""
    try:
        targets = {name: datetime.fromisoformat(at) for name, at in kept["targets"].items()}
        since, at = datetime.fromisoformat(kept["since"]), datetime.fromisoformat(kept["at"])
        return Unreadable(host=kept["host"], since=since, at=at, answer=kept["answer"], targets=targets)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
