"""A preview: what the next items of a target would become, with nothing kept.

The rule to know: it walks from the start, not from the cursor, so that it also shows a target that has brought all it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawlers.brand import Brands
from crawlers.link import hidden
from crawlers.post import Post, post_from_json, post_to_json, whole_milliseconds
from crawlers.run import Counts, Outcome, Run
from crawlers.seen import SeenForNow
from crawlers.sorter import Sorter, place_of
from crawlers.source import Cursor, Page
from crawlers.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One item as it would be taken."""

    outcome: Outcome
    post: Post | None = None
    reason: str | None = None
    place: str = ""
    """The line of its file; of what was rejected elsewhere, the address of its page."""
    without: tuple[str, ...] = ()
    """What the target asks for and this post lacks: `article`."""
    why: str | None = None
    """Why it lacks that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a preview has seen."""

    samples: list[Sample]
    counts: Counts
    """Of these, and of what could not be had."""


class Preview:
    """Shows what would become of the first `limit` items of a target."""

    def __init__(self, target: Target, brands: Brands, *, data: Path, limit: int, since: datetime | None = None) -> None:
        self.target = target
        self.cursor: Cursor = {}
        self.since = since
        self.samples: list[Sample] = []
        self._limit = limit
        self._sorter = Sorter(target, brands, since)
        self._counts = Counts()
        self._started = whole_milliseconds(datetime.now(UTC))
        self._seen = SeenForNow(data / "seen" / f"{target.name}.sqlite")

    def seen(self, post_id: str) -> bool:
        """Nothing is passed over in a preview."""
        return False

    @property
    def left(self) -> int:
        """Items that are still to be shown."""
        return self._limit - len(self.samples)

    @property
    def full(self) -> bool:
        """Whether there is enough to show."""
        return not self.left

    def take(self, page: Page) -> list[Outcome]:
        """Show the page's items, up to the limit."""
        collected = whole_milliseconds(datetime.now(UTC))
        outcomes = []
        for item in page.items:
            outcome, post, line = self._sorter.sort(item, collected, self._seen, Counts() if self.full else self._counts)
            outcomes.append(outcome)
            if not self.full:
                reason = line["reason"] if line is not None and outcome is Outcome.REJECTED else None
                self._counts.outcomes[outcome] += 1
                place = place_of(item) if item.line is not None or outcome is Outcome.REJECTED else ""
                lacks, why = (item.without, item.why_without) if post is not None else ((), None)
                why = why and hidden(why, self.target.secrets)
                self.samples.append(Sample(outcome=outcome, post=post, reason=reason, place=place, without=lacks, why=why))
        for said in page.deferred:
            self._counts.outcomes[Outcome.DEFERRED] += 1
            self._counts.defer(hidden(said, self.target.secrets))
        return outcomes

    def close(self, error: str | None = None) -> Run:
        """The run, of which nothing is kept."""
        self._seen.close()
        return Run(
            id="preview",
            target=self.target.name,
            started=self._started,
            ended=whole_milliseconds(datetime.now(UTC)),
            counts=self._counts,
            error=None if error is None else hidden(error, self.target.secrets),
        )


def sample_to_json(sample: Sample) -> dict[str, Any]:
    """A sample as the child process hands it to its parent."""
    post = None if sample.post is None else post_to_json(sample.post)
    lacks = {"without": list(sample.without), "why": sample.why} if sample.without else {}
    return {"outcome": sample.outcome, "post": post, "reason": sample.reason, "place": sample.place} | lacks


def sample_from_json(record: dict[str, Any]) -> Sample:
    """The inverse of `sample_to_json`."""
    post = None if record["post"] is None else post_from_json(record["post"])
    lacks: dict[str, Any] = {"without": tuple(record.get("without", ())), "why": record.get("why")}
    return Sample(outcome=Outcome(record["outcome"]), post=post, reason=record["reason"], place=record["place"], **lacks)
