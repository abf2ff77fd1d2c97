"""Confusion: what was answered in the place of what was labelled.

The rule to know: class by class, also where an answer is a set. A class that is labelled and answered stands on the diagonal; one
that is labelled and missed stands in the column of each class answered without a label, or under `nothing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlp.records import Answer, Record
from nlp.scores import POOLED_ROLES, asked_of, pooled, reported

HEADS = ("stance", "sentiment", "tone", "roles", "recommend", "switch", "genre")
NOTHING = "nothing"
"""The column of what was missed without another answer, and the row of what was answered beside the right one."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of pairs of classes; the rows are what was labelled."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """The matrix as a JSON object."""
        return {"classes": list(self.classes), "labelled_by_answered": [list(row) for row in self.counts]}

    def lines(self) -> list[str]:
        """The matrix for people."""
        first, wide = max(len(each) for each in self.classes), [max(7, len(each) + 2) for each in self.classes]
        head = " " * (first + 4) + "".join(f"{each:>{size}}" for each, size in zip(self.classes, wide, strict=True))
        rows = [
            f"    {each:<{first}}" + "".join(f"{count:>{size}}" for count, size in zip(row, wide, strict=True))
            for each, row in zip(self.classes, self.counts, strict=True)
        ]
        return [head, *rows]


def confusions(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> dict[str, Confusion]:
    """Head -> matrix of the classes that occur; both kinds of employees are one."""
    found: dict[str, Confusion] = {}
    for name in HEADS:
        asked = asked_of(name, records, answers)
        if asked:
            found[name] = _confusion(name, [(pooled(records[at].answers[name]), pooled(answers[at][name])) for at in asked])
    return found


def _confusion(name: str, pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> Confusion:
    counts: dict[tuple[str, str], int] = {}
    for labelled, answered in pairs:
        missed, extra = labelled - answered, answered - labelled
        wrong = [(each, other) for each in missed or ((NOTHING,) if extra else ()) for other in extra or (NOTHING,)]
        for cell in [*((each, each) for each in labelled & answered), *wrong]:
            counts[cell] = counts.get(cell, 0) + 1
    known = {each for cell in counts for each in cell}
    classes = tuple(each for each in (*(POOLED_ROLES if name == "roles" else reported(name)), NOTHING) if each in known)
    return Confusion(classes, tuple(tuple(counts.get((row, column), 0) for column in classes) for row in classes))
