"""What is known of the posts that a run kept: when they were published, how soon they were found, whether they name an author.

The rule to know: these facts stand in manifests and in the run log, so that the health of a target is told without reading the
batches of years again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crawlers.post import Post, Precision, iso

LAGS = 200
"""Lags that are kept, the latest."""
DAYS = 100
"""Dates before the collection whose posts are counted; what is older is a backlog."""


@dataclass(slots=True)
class Brought:
    """Facts of posts that a target had not brought before."""

    anonymous: int = 0
    """Posts that name no author, neither an account nor a bare name."""
    newest: datetime | None = None
    """When the newest of them was published, of those whose date is known."""
    undated: datetime | None = None
    """When the last of them was collected whose date is unknown."""
    days: Counter[str] = field(default_factory=Counter)
    """Date of publication in the target's zone, of collection where that is unknown -> posts."""
    lags: list[int] = field(default_factory=list)
    """Seconds from publication to collection, of posts whose time of day is known."""

    def note(self, post: Post, zone: ZoneInfo, watched: datetime | None) -> None:
        """Count a post. It has a lag where it was published after `watched`, when the target was first collected; None: it has none."""
        self.anonymous += post.author_id is None and post.author_name is None
        moment = min(post.published or post.collected, post.collected)
        if post.published is None:
            self.undated = latest(self.undated, moment)
        else:
            self.newest = latest(self.newest, moment)
        if post.collected - moment < timedelta(days=DAYS):
            self.days[moment.astimezone(zone).date().isoformat()] += 1
        if watched is not None and post.published_precision is Precision.MINUTE and moment >= watched:
            self.lags = [*self.lags[1 - LAGS :], int((post.collected - moment).total_seconds())]

    def add(self, other: Brought) -> None:
        """Count the posts of `other`, which were taken later, too."""
        self.anonymous += other.anonymous
        self.newest, self.undated = latest(self.newest, other.newest), latest(self.undated, other.undated)
        self.days += other.days
        self.lags = (self.lags + other.lags)[-LAGS:]

    def to_json(self) -> dict[str, Any]:
        """Without what is empty: most runs bring nothing."""
        moments = {"newest": iso(self.newest), "undated": iso(self.undated)}
        record = {"anonymous": self.anonymous, **moments, "days": dict(self.days), "lags": self.lags}
        return {name: value for name, value in record.items() if value}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Brought:
        """The inverse of `to_json`."""
        moments = {name: datetime.fromisoformat(record[name]) for name in ("newest", "undated") if name in record}
        return cls(
            anonymous=record.get("anonymous", 0),
            **moments,
            days=Counter(record.get("days", {})),
            lags=list(record.get("lags", ())),
        )


def latest(*moments: datetime | None) -> datetime | None:
    """The latest of these moments, as far as they are known."""
    return max((moment for moment in moments if moment is not None), default=None)
