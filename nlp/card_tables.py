"""The tables of a model's card in Markdown.

The rule to know: they only lay out what `nlp.measured` found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nlp.bootstrap import Difference
from nlp.confusion import Confusion
from nlp.measured import Part
from nlp.pooled import judges
from nlp.reliability import Reliability
from nlp.report import ends


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join(['---'] * len(head))} |"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"


def scores_table(part: Part) -> Iterator[str]:
    """The main figure of each head beside the baseline's."""
    rows = []
    for name, head in part.ours.heads.items():
        ours = (name, head.measure, f"{head.main:.3f} {ends(part.ours.intervals[name].main)}")
        each = part.baseline.get(name)
        rows.append((*ours, f"{each.theirs:.3f}", signed(each), _sure(each)) if each else (*ours, "-", "-", "-"))
    return table(("head", "measure", "model", "baseline", "difference", "excludes zero"), rows)


def stars_table(part: Part) -> Iterator[str]:
    """The main figure of each head with and without stars."""
    rows = [(name, f"{each.ours:.3f}", f"{each.theirs:.3f}", signed(each), _sure(each)) for name, each in part.stars.items()]
    return table(("head", "with stars", "without", "difference", "excludes zero"), rows)


def reliability_table(found: Reliability) -> Iterator[str]:
    """The bins that hold any answer."""
    rows = [(f"{each.low:.1f} to {each.high:.1f}", each.records, f"{each.confidence:.3f}", f"{each.right:.3f}") for each in found.bins]
    return table(("confidence", "records", "mean confidence", "right"), rows)


def confusion_table(found: Confusion) -> Iterator[str]:
    """The matrix."""
    rows = [(f"**{each}**", *counts) for each, counts in zip(found.classes, found.counts, strict=True)]
    return table(("", *found.classes), rows)


def rare_table(part: Part) -> Iterator[str]:
    """Each rare class on the test file and pooled."""
    rows = [
        (head, name, tested.labelled, f"{tested.f1:.2f}" if tested.labelled else "-", found.classes[name].labelled,
         f"{found.classes[name].f1:.2f} {ends(found.intervals.classes[name], '.2f')}")
        for head, found in part.pooled.items() if head in part.ours.heads
        for name in found.rare if found.classes[name].labelled
        for tested in [part.ours.heads[head].classes[name]]
    ]  # fmt: skip
    return table(("head", "class", "labelled, test", "F1, test", "labelled, pooled", "F1, pooled"), rows)


def pooled_table(part: Part) -> Iterator[str]:
    """The main figures with rare classes pooled, beside the baseline's."""
    rows = [
        (head, ", ".join(found.rare), f"{found.main:.3f} {ends(found.intervals.main)}", f"{found.difference.theirs:.3f}",
         signed(found.difference), _sure(found.difference))
        for head, found in part.pooled.items() if judges(found)
    ]  # fmt: skip
    return table(("head", "pooled classes", "model", "baseline", "difference", "excludes zero"), rows)


def signed(each: Difference) -> str:
    """A difference with its sign and interval."""
    return f"{each.value:+.3f} {ends(each.interval, '+.3f')}"


def _sure(each: Difference) -> str:
    return "yes" if each.excludes_zero else "no"
