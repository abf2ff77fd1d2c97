"""Scores: how answers compare with labels, by head and class.

The rule to know: each head has one main figure. Macro-F1 over the classes that occur; for tone that of positive and
negative, as SentiRuEval does; for roles with both kinds of employees pooled; for products micro-F1. It follows from the
counts of the classes alone, so that `nlp.bootstrap` computes it for thousands of resamples by the same code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nlp.records import CLASSES, LISTS, Answer, Record

EMPLOYEES = "employees"
"""Employees and ex-employees together: the main figure of roles pools them, their own counts stand beside."""
POOLED_ROLES = ("client", "ex_client", EMPLOYEES, "competitor_client", "prospect", "none")

Counts = NDArray[np.float64]
"""Of shape (…, 3, classes): how often each class was labelled, answered, and both."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Counts of one class and what follows from them."""

    labelled: int
    answered: int
    right: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where neither is defined."""
        return 2 * self.right / (self.labelled + self.answered) if self.labelled + self.answered else 0.0


@dataclass(frozen=True, slots=True)
class HeadScore:
    """Scores of one head over the records that answer it."""

    records: int
    measure: str
    main: float
    classes: Mapping[str, ClassScore]
    others: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The scores as a JSON object."""
        classes = {
            name: {"f1": round(each.f1, 4), "labelled": each.labelled, "answered": each.answered, "right": each.right}
            for name, each in self.classes.items()
        }
        others = {name: round(value, 4) for name, value in self.others.items()}
        return {"records": self.records, "measure": self.measure, "score": round(self.main, 4), **others, "classes": classes}


def scored(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> dict[str, HeadScore]:
    """Head -> scores, for the heads that any record is labelled for and answered."""
    found: dict[str, HeadScore] = {}
    for name in CLASSES:
        asked = asked_of(name, records, answers)
        if asked:
            found[name] = _head(name, counts_of(name, [records[at] for at in asked], [answers[at][name] for at in asked]))
    return found


def asked_of(name: str, records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> list[int]:
    """Numbers of the records that count for the head."""
    return [at for at, (record, answer) in enumerate(zip(records, answers, strict=True)) if name in record.answers and name in answer]


def surest(records: Sequence[Record], sureness: Sequence[float], share: float) -> list[int]:
    """Numbers of the share of those that roles are asked of with the surest roles (see `Judgement.role_sureness`)."""
    asked = [at for at, record in enumerate(records) if "roles" in record.answers]
    return sorted(asked, key=lambda at: -sureness[at])[: round(len(asked) * share)]


def answer_classes(answer: Answer) -> frozenset[str]:
    """The classes that an answer counts for."""
    return frozenset(answer if isinstance(answer, tuple) else [str(answer)])


def pooled(answer: Answer) -> frozenset[str]:
    """The same with both kinds of employees as one."""
    return frozenset(EMPLOYEES if each in ("employee", "ex_employee") else each for each in answer_classes(answer))


def reported(name: str) -> tuple[str, ...]:
    """The classes of a head that have scores of their own."""
    if name == "roles":
        return (*LISTS[name], EMPLOYEES)
    return LISTS.get(name) or tuple(str(each) for each in CLASSES[name])


def marks(name: str, answers: Sequence[Answer]) -> NDArray[np.bool_]:
    """Which of the reported classes each answer counts for; of shape (answers, classes)."""
    sets = [answer_classes(each) | pooled(each) for each in answers]
    return np.array([[each in chosen for each in reported(name)] for chosen in sets], dtype=bool)


def counts_of(name: str, records: Sequence[Record], page: Sequence[Answer]) -> Counts:
    """What each record and its answer add to the counts, of shape (records, 3, classes)."""
    labelled, answered = marks(name, [record.answers[name] for record in records]), marks(name, page)
    return np.stack([labelled, answered, labelled & answered], axis=1).astype(float)


def class_scores(name: str, counts: Counts) -> dict[str, ClassScore]:
    """Reported class -> its score, from counts of shape (3, classes)."""
    return {each: ClassScore(*(int(value) for value in counts[:, at])) for at, each in enumerate(reported(name))}


def main_classes(name: str) -> tuple[str, ...]:
    """The classes that the main figure of the head is about."""
    return {"roles": POOLED_ROLES, "tone": ("-1", "1")}.get(name, reported(name))


def class_f1(counts: Counts) -> NDArray[np.float64]:
    """F1 of each class; NaN where it was neither labelled nor answered."""
    labelled, answered, right = np.moveaxis(counts, -2, 0)
    either = labelled + answered
    return cast(NDArray[np.float64], np.divide(2 * right, either, out=np.full(either.shape, np.nan), where=either > 0))


def main_figure(name: str, counts: Counts) -> NDArray[np.float64]:
    """The main figure of the head for the counts of its reported classes; NaN where none of the classes that it is about occurs."""
    counts = counts[..., _main_columns(name)]
    return class_f1(counts.sum(axis=-1, keepdims=True))[..., 0] if name == "products" else _mean_f1(counts)


def _mean_f1(counts: Counts) -> NDArray[np.float64]:
    values = class_f1(counts)
    known = (~np.isnan(values)).sum(axis=-1)
    return cast(NDArray[np.float64], np.divide(np.nansum(values, axis=-1), known, out=np.full(known.shape, np.nan), where=known > 0))


def _main_columns(name: str) -> list[int]:
    """Where the classes that the main figure is about stand among the reported ones."""
    return [reported(name).index(each) for each in main_classes(name)]


def _head(name: str, each_record: Counts) -> HeadScore:
    counts, marked = each_record.sum(axis=0), each_record[..., _main_columns(name)]
    others = {"accuracy": float((marked[:, 0] == marked[:, 1]).all(axis=1).mean())}
    if name in ("tone", "products"):
        others = {"macro_f1": float(np.nan_to_num(_mean_f1(counts)))} | others
    measure = {"tone": "macro-F1 of positive and negative", "products": "micro-F1"}.get(name, "macro-F1")
    return HeadScore(len(each_record), measure, float(np.nan_to_num(main_figure(name, counts))), class_scores(name, counts), others)
