"""Pooled: the figure of a head that has classes too rare on a test file to be judged there alone.

The rule to know: a class with fewer than FEW labels on the test file is counted there and on records that were answered out of
fold (`nlp.unseen`); every other class is counted on the test file alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlp.bootstrap import SEED, Difference, HeadIntervals, difference, head_intervals, resampled
from nlp.records import Answer, Record
from nlp.scores import ClassScore, Counts, asked_of, class_scores, counts_of, main_classes, main_figure, marks, reported
from nlp.unseen import Answered

FEW = 20
"""Labels of a class on a test file below which its figure there says little."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """The figures of a head with the counts of its rare classes pooled."""

    head: str
    rare: tuple[str, ...]
    """The classes that are pooled."""
    main: float
    intervals: HeadIntervals
    classes: Mapping[str, ClassScore]
    difference: Difference
    """Ours minus the baseline's, both pooled."""


def rare_classes(name: str, records: Sequence[Record]) -> tuple[str, ...]:
    """The classes of a head with fewer than FEW labels among the records."""
    asked = [record.answers[name] for record in records if name in record.answers]
    labelled = marks(name, asked).sum(axis=0) if asked else ()
    return tuple(each for each, count in zip(reported(name), labelled, strict=True) if count < FEW) if asked else ()


def pooled(name: str, measure: str, rare: Sequence[str], tested: Answered, unseen: Answered) -> Pooled:
    """The figures of a head with these classes pooled; each resample draws texts of both parts, each from its own."""
    columns = [reported(name).index(each) for each in rare]
    parts = [_counted(name, part, SEED + at) for at, part in enumerate((tested, unseen))]
    points, drawn = ([_merged(one, other, columns) for one, other in zip(*each, strict=True)] for each in zip(*parts, strict=True))
    return Pooled(
        head=name,
        rare=tuple(rare),
        main=float(main_figure(name, points[0])),
        intervals=head_intervals(name, drawn[0]),
        classes=class_scores(name, points[0]),
        difference=difference(name, measure, points, drawn),
    )


def _counted(name: str, part: Answered, seed: int) -> tuple[list[Counts], list[Counts]]:
    """Of ours and of the baseline's answers: the counts as they are, and in all resamples."""
    asked = sorted({*asked_of(name, part.records, part.ours)} & {*asked_of(name, part.records, part.theirs)})
    records = [part.records[at] for at in asked]
    pages: list[list[Answer]] = [[answers[at][name] for at in asked] for answers in (part.ours, part.theirs)]
    return [counts_of(name, records, page).sum(axis=0) for page in pages], resampled(name, records, pages, seed)


def _merged(tested: Counts, unseen: Counts, columns: Sequence[int]) -> Counts:
    found = tested.copy()
    found[..., columns] += unseen[..., columns]
    return found


def judges(found: Pooled) -> bool:
    """Whether the main figure of the head is a mean over classes of which any is rare; micro-F1 of products is none."""
    return found.head != "products" and not {*found.rare}.isdisjoint(main_classes(found.head))
