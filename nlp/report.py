"""The report of an evaluation: scores with their intervals, confusion, reliability, coverage; for people and for programs.

The rule to know: an interval that is not there (`-`, null) means that no resample moves the figure, as where nothing or everything
is right; that says nothing of how sure it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nlp import drift
from nlp.bootstrap import Difference, HeadIntervals, Interval, rounded
from nlp.confusion import Confusion
from nlp.reliability import Reliability
from nlp.scores import HeadScore


@dataclass(frozen=True, slots=True)
class Covered:
    """Macro-F1 of roles on a share of the records, those that the model is surest of."""

    share: float
    score: float | None
    """None where it is sure of none."""
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Scores of answers to a file."""

    file: str
    model: str
    records: int
    heads: Mapping[str, HeadScore]
    intervals: Mapping[str, HeadIntervals]
    confusions: Mapping[str, Confusion]
    tone_by_source: Mapping[str, float] = field(default_factory=dict)
    """Main figure of tone for each source of the records, where there are several."""
    answered_roles: Covered | None = None
    """The records whose roles the model does not leave open."""
    surest_roles: Covered | None = None
    """The surest 80 %."""
    reliabilities: Mapping[str, Reliability] = field(default_factory=dict)
    months: drift.Months = field(default_factory=dict)
    """The scores month by month, where they were asked for."""
    against: str = ""
    """The file of other answers that these were compared with."""
    differences: Mapping[str, Difference] = field(default_factory=dict)

    @property
    def stance_error(self) -> float | None:
        """Expected calibration error of the stance."""
        return self.reliabilities["stance"].error if "stance" in self.reliabilities else None

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "file": self.file, "model": self.model, "records": self.records,
            "heads": {name: self._head_json(name) for name in self.heads},
            **self._roles_json(),
            "tone_by_source": {name: round(value, 4) for name, value in self.tone_by_source.items()},
            "stance_calibration_error": None if self.stance_error is None else round(self.stance_error, 4),
            "reliability": {name: each.to_json() for name, each in self.reliabilities.items()},
            "confusion": {name: each.to_json() for name, each in self.confusions.items()},
            **({"months": self._months()} if self.months else {}),
            **({"against": self.against, "differences": {name: each.to_json() for name, each in self.differences.items()}}
               if self.against else {}),
        }  # fmt: skip

    def _head_json(self, name: str) -> dict[str, Any]:
        found, known = self.heads[name].to_json(), self.intervals[name]
        classes = {each: values | {"interval": rounded(known.classes[each])} for each, values in found.pop("classes").items()}
        return {**found, "interval": rounded(known.main), "classes": classes}

    def _roles_json(self) -> dict[str, Any]:
        answered, surest = self.answered_roles, self.surest_roles
        return {
            "roles_answered": None if answered is None else round(answered.share, 4),
            "roles_where_answered": None if answered is None or answered.score is None else round(answered.score, 4),
            "roles_where_answered_interval": None if answered is None else rounded(answered.interval),
            "roles_surest_80": None if surest is None or surest.score is None else round(surest.score, 4),
            "roles_surest_80_interval": None if surest is None else rounded(surest.interval),
        }

    def _months(self) -> dict[str, Any]:
        return {
            month: {name: head.to_json() | {"interval": rounded(known.main)} for name, (head, known) in heads.items()}
            for month, heads in self.months.items()
        }

    def lines(self) -> list[str]:
        """The report for people."""
        found = [f"{self.file}: {self.records} records, model {self.model}; in brackets 95 % intervals"]
        for name in self.heads:
            found += self._head_lines(name)
        return [*found, *self._coverage_lines(), *self._month_lines(), *self._difference_lines()]

    def _head_lines(self, name: str) -> Iterator[str]:
        head, known = self.heads[name], self.intervals[name]
        others = "".join(f", {key.replace('_f1', '-F1').replace('_', '-')} {value:.3f}" for key, value in head.others.items())
        yield from ("", f"{name}: {head.measure} {head.main:.3f} {ends(known.main)}{others} ({head.records} records)")
        for each, score in head.classes.items():
            if score.labelled or score.answered:
                counts = f"labelled {score.labelled:>5}   answered {score.answered:>5}   right {score.right:>5}"
                yield f"    {each:<18} F1 {score.f1:.3f} {ends(known.classes[each]):<14}   {counts}"
        if name in self.confusions:
            yield from ("", f"{name}: labelled (rows) and answered (columns)", *self.confusions[name].lines())
        if name in self.reliabilities:
            found = self.reliabilities[name]
            yield from ("", f"{name}: expected calibration error {found.error:.3f}", *found.lines())

    def _coverage_lines(self) -> Iterator[str]:
        if self.answered_roles:
            yield from ("", f"roles: answered for {self.answered_roles.share:.0%}; macro-F1 there {figure(self.answered_roles)}")
        if self.surest_roles:
            yield f"roles: macro-F1 on the surest 80 %: {figure(self.surest_roles)}"
        if self.tone_by_source:
            yield from ("", *(f"tone, {source}: {value:.3f}" for source, value in self.tone_by_source.items()))

    def _month_lines(self) -> Iterator[str]:
        if not self.months:
            return
        yield from ("", "By month of the posts. Corrected mentions were picked for being wrong: compare months with each other, not with a")
        yield "test set; where the intervals of two months lie over each other, what differs between them may be chance."
        for name in self.heads:
            yield from ("", f"{name} by month:")
            for month, heads in self.months.items():
                if name in heads:
                    head, known = heads[name]
                    figures = f"{head.measure} {head.main:.3f} {ends(known.main):<14}   agreement {head.others['accuracy']:.0%}"
                    yield f"    {month}   {figures}   ({head.records} records)"

    def _difference_lines(self) -> Iterator[str]:
        if self.against:
            yield from ("", f"minus {self.against}, on the same resamples (paired):")
        for name, each in self.differences.items():
            sure = "excludes zero" if each.excludes_zero else "holds zero"
            yield f"    {name:<10} {each.ours:.3f} - {each.theirs:.3f} = {each.value:+.3f} {ends(each.interval, '+.3f')}   {sure}"


def ends(interval: Interval | None, form: str = ".3f") -> str:
    """The interval in brackets."""
    return "[-]" if interval is None else f"[{interval[0]:{form}}, {interval[1]:{form}}]"


def figure(covered: Covered) -> str:
    """The score and its interval."""
    return "-" if covered.score is None else f"{covered.score:.3f} {ends(covered.interval)}"
