"""Evaluation: a file of labelled records -> how well the model reads, by head and class.

The rule to know: stars are not shown to the model here, and where it would abstain its likeliest roles are scored, so
that every record has an answer; the share that it is sure of is reported beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nlp import drift
from nlp.classifier import Classifier, Judgement
from nlp.records import Answer, Record, read_records
from nlp.scores import HeadScore, scored
from nlp.whole import whole

SUREST = 0.8
"""Share of the records with the surest roles, scored apart."""


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of a model on a file."""

    file: str
    model: str
    records: int
    heads: Mapping[str, HeadScore]
    roles_answered: float | None
    """Share of the records whose roles the model does not leave open."""
    surest_roles: float | None
    """Macro-F1 of roles on the 80 % of the records it is surest of."""
    tone_by_source: Mapping[str, float]
    """Main figure of tone for each source of the records, where there are several."""
    stance_error: float | None
    """Expected calibration error of the stance's answer, 10 bins of equal width."""
    months: drift.Months = field(default_factory=dict)
    """The scores month by month, where they were asked for."""

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "file": self.file, "model": self.model, "records": self.records,
            "heads": {name: head.to_json() for name, head in self.heads.items()},
            "roles_answered": _rounded(self.roles_answered), "roles_surest_80": _rounded(self.surest_roles),
            "tone_by_source": {name: round(value, 4) for name, value in self.tone_by_source.items()},
            "stance_calibration_error": _rounded(self.stance_error),
            **({"months": self._months()} if self.months else {}),
        }  # fmt: skip

    def _months(self) -> dict[str, Any]:
        return {month: {name: head.to_json() for name, head in heads.items()} for month, heads in self.months.items()}

    def lines(self) -> list[str]:
        """The report for people."""
        found = [f"{self.file}: {self.records} records, model {self.model}"]
        for name, head in self.heads.items():
            others = "".join(f", {key.replace('_', '-')} {value:.3f}" for key, value in head.others.items())
            found += ["", f"{name}: {head.measure} {head.main:.3f}{others} ({head.records} records)"]
            found += [
                f"    {each:<18} F1 {score.f1:.3f}   labelled {score.labelled:>5}   answered {score.answered:>5}   right {score.right:>5}"
                for each, score in head.classes.items()
                if score.labelled or score.answered
            ]
        if self.roles_answered is not None:
            found += ["", f"roles: answered for {self.roles_answered:.0%}; macro-F1 on the surest 80 %: {self.surest_roles:.3f}"]
        if self.tone_by_source:
            found += ["", *(f"tone, {source}: {value:.3f}" for source, value in self.tone_by_source.items())]
        if self.stance_error is not None:
            found += [f"stance: expected calibration error {self.stance_error:.3f}"]
        return [*found, *drift.lines(self.months)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def evaluate(
    path: Path, *, model: Path | None = None, predictions: Path | None = None, rating: bool = False, months: bool = False, threads: int = 2
) -> Report:
    """Judges the records of the file, scores what they answer (by month too), and writes the answers to `predictions` if given.

    Raises RecordError for a malformed record, ModelError for a model that can't be used, OSError where the predictions can't be
    written: then what was there stays.
    """
    records = read_records(path)
    classifier = Classifier.load(model, threads=threads)
    with whole(predictions) if predictions else nullcontext() as file:
        judgements = classifier.judge([record.pair(rating=rating) for record in records])
        if file:
            for record, judgement in zip(records, judgements, strict=True):
                file.write(json.dumps(prediction(record, judgement), ensure_ascii=False).encode() + b"\n")
    found = report(path.name, classifier.name, records, judgements)
    return replace(found, months=drift.by_month(records, [judgement.answers() for judgement in judgements])) if months else found


def prediction(record: Record, judgement: Judgement) -> dict[str, Any]:
    """A line of predictions: every head's answer under the record's field name, and the confidences."""
    answers: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in judgement.answers().items()}
    confidence = dict(judgement.confidence)
    confidence["recommend"] = confidence.pop("recommendation")
    return {"id": record.id, **answers, "confidence": confidence}


def report(file: str, model: str, records: Sequence[Record], judgements: Sequence[Judgement]) -> Report:
    """The scores of judgements."""
    answers = [judgement.answers() for judgement in judgements]
    asked = [at for at, record in enumerate(records) if "roles" in record.answers]
    sure = sorted(asked, key=lambda at: -judgements[at].confidence["roles"])[: round(len(asked) * SUREST)]
    return Report(
        file=file,
        model=model,
        records=len(records),
        heads=scored(records, answers),
        roles_answered=sum(judgements[at].roles is not None for at in asked) / len(asked) if asked else None,
        surest_roles=scored([records[at] for at in sure], [answers[at] for at in sure])["roles"].main if sure else None,
        tone_by_source=_tone_by_source(records, answers),
        stance_error=_calibration_error(records, judgements, answers),
    )


def _tone_by_source(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> dict[str, float]:
    parts: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        if "tone" in record.answers:
            parts.setdefault(record.source, []).append(at)
    if len(parts) < 2:
        return {}
    return {
        source: scored([records[at] for at in chosen], [answers[at] for at in chosen])["tone"].main
        for source, chosen in sorted(parts.items())
    }


def _calibration_error(records: Sequence[Record], judgements: Sequence[Judgement], answers: Sequence[Mapping[str, Answer]]) -> float | None:
    """Mean gap between confidence and share of right answers, over bins weighted by their records (Naeini et al. 2015)."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for record, judgement, answer in zip(records, judgements, answers, strict=True):
        if "stance" in record.answers:
            sure = judgement.probabilities["stance"][judgement.stance]
            bins.setdefault(min(9, int(sure * 10)), []).append((sure, record.answers["stance"] == answer["stance"]))
    count = sum(len(each) for each in bins.values())
    if not count:
        return None
    return sum(abs(sum(sure for sure, _ in each) - sum(right for _, right in each)) for each in bins.values()) / count
