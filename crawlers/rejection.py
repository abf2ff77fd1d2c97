"""When a run has had so many items rejected that it fails: its source isn't as the target's file says.

The rule to know: a few items say nothing, so where a run brought few, those of the runs before it are judged with them.
"""

from __future__ import annotations

from crawlers.archive import Archive
from crawlers.reason import told
from crawlers.run import Counts, Outcome
from crawlers.target import Target

ENOUGH = 20
"""New items from which on their rejected share says something."""
FEW = 5
"""Items that say something where they are all alike: rejected each of them, or without what each should have."""
RECENT = 50
"""Items looked back at where a run brought fewer."""


def too_many_rejected(counts: Counts, target: Target, archive: Archive) -> str | None:
    """Why the run of a target fails by what was rejected, and what to mend; None where it does not."""
    rejected, new = _judged(counts, target, archive)
    limit = target.limits.rejected
    if rejected <= limit * new:
        return None
    reasons = counts.reasons - counts.given_up
    first = next(iter(reasons))
    return (
        f"{rejected} of {new} new items were rejected, more than {limit:.0%} "
        f"({told(reasons, 3)}; first {': '.join(filter(None, (counts.places.get(first), first)))}): "
        "the source isn't as the target's file says; mend the file, or allow more by `limits: {rejected: …}`"
    )


def _judged(counts: Counts, target: Target, archive: Archive) -> tuple[int, int]:
    """Rejected and new items: of this run, with those before it where they are few, none where they are too few even so.

    What was given up is none of them, nor what is left out on purpose: neither says anything of the target's file.
    """
    given_up = counts.given_up.total()
    rejected, new = counts.outcomes[Outcome.REJECTED] - given_up, counts.new - given_up
    if not rejected or new >= ENOUGH or FEW <= new == rejected:
        return rejected, new
    recent = _recent(target, archive)
    return (recent.count(Outcome.REJECTED), len(recent)) if len(recent) >= ENOUGH else (0, 0)


def _recent(target: Target, archive: Archive) -> list[str]:
    """Outcomes of the last items kept or rejected, of earlier runs too; second looks say nothing of how a source reads."""
    found: list[str] = []
    for batch in reversed(archive.batches(target.name)):
        if not batch.of_collecting:
            continue
        outcomes = [line["outcome"] for line in batch.lines() if not line.get("given_up")]
        found = outcomes[-(RECENT - len(found)) :] + found
        if len(found) >= RECENT:
            break
    return found
