"""Scores: how answers compare with labels, by head and class.

The rule to know: each head has one main figure. Macro-F1 over the classes that occur; for tone that of positive and
negative, as SentiRuEval does; for roles with both kinds of employees pooled; for products micro-F1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nlp.records import CLASSES, LISTS, Answer, Record

EMPLOYEES = "employees"
"""Employees and ex-employees together: the main figure of roles pools them, their own counts stand beside."""
POOLED_ROLES = ("client", "ex_client", EMPLOYEES, "competitor_client", "prospect", "none")


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
    """Head -> scores, for the heads that any record answers."""
    found: dict[str, HeadScore] = {}
    for name in CLASSES:
        asked = [at for at, record in enumerate(records) if name in record.answers]
        if asked:
            labelled = [answer_classes(records[at].answers[name]) for at in asked]
            answered = [answer_classes(answers[at][name]) for at in asked]
            found[name] = _head(name, labelled, answered)
    return found


def answer_classes(answer: Answer) -> frozenset[str]:
    """The classes that an answer counts for."""
    return frozenset(answer if isinstance(answer, tuple) else [str(answer)])


def _head(name: str, labelled: Sequence[frozenset[str]], answered: Sequence[frozenset[str]]) -> HeadScore:
    names = LISTS.get(name) or tuple(str(each) for each in CLASSES[name])
    classes = _counted(names, labelled, answered)
    if name == "roles":
        labelled, answered = [_pooled(each) for each in labelled], [_pooled(each) for each in answered]
        pooled = _counted(POOLED_ROLES, labelled, answered)
        classes[EMPLOYEES] = pooled[EMPLOYEES]
        return HeadScore(len(labelled), "macro-F1", macro_f1(pooled, lambda _: True), classes, {"accuracy": _exact(labelled, answered)})
    macro, exact = macro_f1(classes, lambda _: True), _exact(labelled, answered)
    if name == "tone":
        poles = macro_f1(classes, lambda each: each != "0")
        return HeadScore(len(labelled), "macro-F1 of positive and negative", poles, classes, {"macro_f1": macro, "accuracy": exact})
    if name == "products":
        return HeadScore(len(labelled), "micro-F1", _micro(classes), classes, {"macro_f1": macro, "accuracy": exact})
    return HeadScore(len(labelled), "macro-F1", macro, classes, {"accuracy": exact})


def _counted(names: Sequence[str], labelled: Sequence[frozenset[str]], answered: Sequence[frozenset[str]]) -> dict[str, ClassScore]:
    return {
        each: ClassScore(
            labelled=sum(each in label for label in labelled),
            answered=sum(each in answer for answer in answered),
            right=sum(each in label and each in answer for label, answer in zip(labelled, answered, strict=True)),
        )
        for each in names
    }


def _pooled(roles: frozenset[str]) -> frozenset[str]:
    return frozenset(EMPLOYEES if role in ("employee", "ex_employee") else role for role in roles)


def _exact(labelled: Sequence[frozenset[str]], answered: Sequence[frozenset[str]]) -> float:
    """Share of the records whose whole answer is right."""
    return sum(label == answer for label, answer in zip(labelled, answered, strict=True)) / len(labelled)


def macro_f1(classes: Mapping[str, ClassScore], wanted: Callable[[str], bool]) -> float:
    """Mean F1 of the wanted classes that were labelled or answered at all."""
    values = [each.f1 for name, each in classes.items() if wanted(name) and each.labelled + each.answered]
    return sum(values) / len(values) if values else 0.0


def _micro(classes: Mapping[str, ClassScore]) -> float:
    total = sum(each.labelled + each.answered for each in classes.values())
    return 2 * sum(each.right for each in classes.values()) / total if total else 0.0
