"""How long something that fails is asked for again: for so many runs, and for some hours at least.

The rule to know: runs alone say little. Five of them are 25 minutes of an outage where a target is collected every five minutes, and five
days where it is collected once a day. So it is given up only when both are over, the runs and the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from crawlers.post import iso

OUTAGE = timedelta(hours=6)
"""Most outages and works on a site are over by then: a night's maintenance, a disk that is full until somebody comes."""


@dataclass(frozen=True, slots=True)
class InVain:
    """The runs that have asked for something in vain, and when the first of them did."""

    runs: int = 0
    since: datetime | None = None
    """None: no run has, or it was not noted yet; the next one begins the time."""
    asked: bool = field(default=True, compare=False)
    """Whether the last run could ask for it: one that could not gives nothing up."""

    def once_more(self, now: datetime, *, counted: bool = True) -> InVain:
        """With one more run, unless that could not ask for it itself (not `counted`), as nothing of its host may be asked for."""
        if not counted:
            return replace(self, asked=False)
        return InVain(self.runs + 1, min(self.since or now, now))  # a clock that was ahead makes nothing wait for ever

    def enough(self, runs: int, now: datetime) -> bool:
        """Whether it is to be given up: so many runs have asked for it, over some hours."""
        return self.asked and self.runs >= runs and self.since is not None and now - self.since >= OUTAGE

    def to_json(self, name: str = "tries") -> dict[str, Any]:
        """As it stands in a cursor, the number of runs under this name; nothing of what never failed."""
        return {name: self.runs} | ({"since": iso(self.since)} if self.since else {})

    @classmethod
    def from_json(cls, record: Mapping[str, Any], name: str = "tries") -> InVain:
        """The inverse of `to_json`; older cursors have the runs alone."""
        since = record.get("since")
        return cls(record.get(name, 0), datetime.fromisoformat(since) if since else None)


NEVER = InVain()
