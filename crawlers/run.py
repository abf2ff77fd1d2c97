"""A run: one collection of one target, and what became of every item that it met.

The rule to know: each item has exactly one outcome, and all outcomes are counted; nothing disappears without a number.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from crawlers.brought import Brought
from crawlers.post import iso
from crawlers.reason import PLACED, count, first, told, without_addresses
from crawlers.source import CollectError

EXAMPLES = 20


class Outcome(StrEnum):
    """What became of one item."""

    KEPT = "kept"
    """A post that this target hadn't brought before."""
    CHANGED = "changed"
    """A newer version of a post, or newer figures of it."""
    REPEATED = "repeated"
    """Nothing new about it."""
    REJECTED = "rejected"
    """It can never become a post; kept with the reason."""
    DEFERRED = "deferred"
    """Failed for now; the next run tries its address again."""
    OLDER = "older"
    """Published before the date since which the target is watched; not taken."""


@dataclass(slots=True)
class Counts:
    """Outcomes of some items, with the reasons of what was rejected or deferred."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why items were rejected, without their addresses -> how many."""
    given_up: Counter[str] = field(default_factory=Counter)
    """Of these reasons what says nothing of how a source reads: pages that failed in too many runs, and what is left out on purpose."""
    waiting: Counter[str] = field(default_factory=Counter)
    """Why items were deferred, as far as their source tells -> how many."""
    places: dict[str, str] = field(default_factory=dict)
    """Reason -> the line or page where it was met first."""
    undated: int = 0
    """Kept or changed posts whose time of publication is unknown."""
    without: Counter[str] = field(default_factory=Counter)
    """What kept or changed posts lack although the target asks for it -> how many of them: `article`, `column 'stars'`."""
    examples: list[str] = field(default_factory=list)
    """The first rejected items, each with its place and reason."""
    brought: Brought = field(default_factory=Brought)
    """What is known of the posts that were kept."""

    @property
    def new(self) -> int:
        """Items that were new, whether they became a post or not."""
        return sum(self.outcomes[outcome] for outcome in (Outcome.KEPT, Outcome.CHANGED, Outcome.REJECTED))

    def reject(self, reason: str, place: str, *, given_up: bool = False) -> None:
        """Count a reason; `place` says which line or page it was."""
        bare, address = without_addresses(reason)
        name = count(self.reasons, bare)
        self._place(name, address or place)
        if given_up:
            self.given_up[name] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{place}: {reason}" if place else reason)

    def defer(self, said: str) -> None:
        """Count the reason of `address: why`; an address alone tells none."""
        place, _, why = said.partition(": ")
        if why:
            self._place(count(self.waiting, without_addresses(why)[0]), place)

    def add(self, other: Counts) -> None:
        """Count the items of `other` too."""
        self.outcomes += other.outcomes
        self.undated += other.undated
        self.without += other.without
        for reason, many in other.reasons.items():
            name = count(self.reasons, reason, many)
            self._place(name, other.places.get(reason))
            if reason in other.given_up:
                self.given_up[name] += other.given_up[reason]
        for reason, many in other.waiting.items():
            self._place(count(self.waiting, reason, many), other.places.get(reason))
        self.examples += other.examples[: EXAMPLES - len(self.examples)]
        self.brought.add(other.brought)

    def _place(self, reason: str, place: str | None) -> None:
        """Note where a reason was met, unless it is known."""
        if place:
            self.places.setdefault(reason, place)

    def to_json(self) -> dict[str, Any]:
        """As it stands in manifests and in the run log: with the places of what is frequent, and nothing of what most runs lack."""
        frequent = first(self.reasons, PLACED) + first(self.waiting, PLACED)
        places = {reason: self.places[reason] for reason, _ in frequent if reason in self.places}
        sometimes = {"given_up": dict(self.given_up), "waiting": dict(self.waiting.most_common()), "places": places}
        return {
            "outcomes": {str(outcome): self.outcomes[outcome] for outcome in Outcome},
            "reasons": dict(self.reasons.most_common()),
            **{name: said for name, said in sometimes.items() if said},
            "undated": self.undated,
            "without": dict(self.without.most_common()),
            "examples": self.examples,
            "brought": self.brought.to_json(),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Counts:
        """The inverse of `to_json`."""
        return cls(
            outcomes=Counter(record["outcomes"]),
            reasons=Counter(record["reasons"]),
            given_up=Counter(record.get("given_up", {})),
            waiting=Counter(record.get("waiting", {})),
            places=dict(record.get("places", {})),
            undated=record["undated"],
            without=Counter(record.get("without", {})),
            examples=list(record["examples"]),
            brought=Brought.from_json(record.get("brought", {})),
        )

    def __str__(self) -> str:
        """`kept 12, changed 1, repeated 30, rejected 2 (no text: 1, date in the future: 1), deferred 0`."""
        parts = []
        for outcome in Outcome:
            many = self.outcomes[outcome]
            if outcome is Outcome.OLDER and not many:
                continue
            why = told({Outcome.REJECTED: self.reasons, Outcome.DEFERRED: self.waiting}.get(outcome, Counter()))
            parts.append(f"{outcome} {many}" + (f" ({why})" if why else ""))
        if self.undated:
            parts.append(f"undated {self.undated}")
        parts += [f"without {what} {many}" for what, many in self.without.most_common()]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One collection of one target, as it stands in its run log."""

    id: str
    target: str
    started: datetime
    ended: datetime
    counts: Counts
    batches: tuple[int, ...] = ()
    """Numbers of the batches it made."""
    since: datetime | None = None
    """Set where it collected again from a date on; such a run doesn't move the cursor."""
    error: str | None = None
    too_many_rejected: bool = False
    """Failed because the source isn't as the target's file says."""

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcome -> number of items."""
        return {str(outcome): self.counts.outcomes[outcome] for outcome in Outcome}

    @property
    def reasons(self) -> dict[str, int]:
        """Why items were rejected -> how many."""
        return dict(self.counts.reasons.most_common())

    @property
    def items(self) -> int:
        """Items met, whatever became of them."""
        return sum(self.counts.outcomes.values())

    def __str__(self) -> str:
        return str(self.counts)


class RunFailed(CollectError):
    """A run that failed after it had begun: what was kept stays, `run` says how much."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"{run.target}: {run.error}" + (f" [{run}]" if run.items else ""))
        self.run = run


class TooManyRejected(RunFailed):
    """A run that rejected more than `limits.rejected` allows. To try again at once mends nothing: it would only know the items."""


def failure(run: Run) -> RunFailed:
    """What a run with an error is raised as."""
    return TooManyRejected(run) if run.too_many_rejected else RunFailed(run)


def run_to_json(run: Run) -> dict[str, Any]:
    """A line of the run log."""
    return {
        "id": run.id,
        "target": run.target,
        "started": iso(run.started),
        "ended": iso(run.ended),
        **run.counts.to_json(),
        "batches": list(run.batches),
        "since": iso(run.since),
        "error": run.error,
        "too_many_rejected": run.too_many_rejected,
    }


def run_from_json(record: dict[str, Any]) -> Run:
    """The inverse of `run_to_json`."""
    return Run(
        id=record["id"],
        target=record["target"],
        started=datetime.fromisoformat(record["started"]),
        ended=datetime.fromisoformat(record["ended"]),
        counts=Counts.from_json(record),
        batches=tuple(record["batches"]),
        since=datetime.fromisoformat(record["since"]) if record["since"] else None,
        error=record["error"],
        too_many_rejected=record.get("too_many_rejected", False),
    )
