"""Evaluation: a file of labelled records -> how well the model reads, by head and class.

The rule to know: stars are not shown to the model here, and where it would abstain its likeliest roles are scored, so
that every record has an answer; the share that it is sure of is reported beside. What a model answered in use is scored as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from nlp import drift
from nlp.bootstrap import differences, intervals
from nlp.classifier import Classifier, Judgement
from nlp.confusion import confusions
from nlp.labels import SHARED, texts_of
from nlp.predictions import read_predictions, write_predictions
from nlp.records import Answer, Record, RecordError, read_records
from nlp.reliability import reliabilities
from nlp.report import Covered, Report
from nlp.scores import scored, surest
from nlp.whole import whole

SUREST_SHARE = 0.8
"""Share of the records with the surest roles, scored apart."""


def evaluate(
    path: Path, *, model: Path | None = None, predictions: Path | None = None, against: Path | None = None, source: str | None = None,
    rating: bool = False, months: bool = False, labels: Path | None = None, threads: int = 2,
) -> Report:  # fmt: skip
    """Judges the records of the file, scores what they answer (by month too), and writes the answers to `predictions` if given.

    `against` is a file of other answers in the form of the predictions; `source` takes only the records of that source; texts that
    records name by `text_hash` are those of the folder `labels` (`../shared/labels` by default, see `nlp.labels`).
    Raises RecordError for a malformed record, ModelError for a model that can't be used, OSError where the predictions can't be
    written: then what was there stays.
    """
    records = records_of(path, source, labels)
    theirs = read_predictions(against, records) if against else None
    classifier = Classifier.load(model, threads=threads)
    with whole(predictions) if predictions else nullcontext() as file:
        judgements = classifier.judge([record.pair(rating=rating) for record in records])
        ours = [judgement.answers() for judgement in judgements]
        if file:
            write_predictions(file, records, ours, judgements)
    found = report(title_of(path, source), classifier.name, records, judgements)
    return _compared(found, records, ours, against, theirs, months=months)


def evaluate_predicted(
    path: Path, *, predictions: Path | None = None, against: Path | None = None, source: str | None = None, months: bool = False,
    labels: Path | None = None,
) -> Report:  # fmt: skip
    """Scores what a model answers in use, where the records of the file tell (`Record.predicted`); nothing is judged.

    So the names that were found, stars, and rules for mixed posts are those of use. Roles that the model leaves open are not scored; the
    share that it answers is reported beside. Parameters and errors as in `evaluate`, RecordError where no record tells.
    """
    every = records_of(path, source, labels)
    records = [record for record in every if record.predicted is not None]
    if not records:
        raise RecordError(path, 0, "predicted", "is in no record: `python -m advocacy export-corrections` writes it of what is tagged")
    ours = [record.predicted or {} for record in records]
    theirs = read_predictions(against, records) if against else None
    if predictions:
        with whole(predictions) as file:
            write_predictions(file, records, ours)
    models = ", ".join(sorted({record.model for record in records if record.model})) or "of use"
    asked = [at for at, record in enumerate(records) if "roles" in record.answers]
    found = replace(
        report_of_answers(title_of(path, source), models, records, ours),
        answered_roles=_covered(records, ours, [at for at in asked if "roles" in ours[at]], len(asked)),
    )
    return _compared(found, records, ours, against, theirs, months=months)


def title_of(path: Path, source: str | None) -> str:
    """What a report calls the records: their file, and the source where only its records are meant."""
    return path.name if source is None else f"{path.name}, {source}"


def _compared(
    found: Report, records: Sequence[Record], ours: Sequence[Mapping[str, Answer]], against: Path | None,
    theirs: Sequence[Mapping[str, Answer]] | None, *, months: bool,
) -> Report:  # fmt: skip
    """The report with the differences to other answers, and the scores month by month, as far as they are asked for."""
    if against and theirs is not None:
        found = replace(found, against=against.name, differences=differences(records, ours, theirs, measures_of(found)))
    return replace(found, months=drift.by_month(records, ours)) if months else found


def records_of(path: Path, source: str | None = None, labels: Path | None = None) -> list[Record]:
    """The records of the file, or those of one source. Raises RecordError."""
    records = read_records(path, cache(partial(texts_of, labels or SHARED / "labels")))
    chosen = [each for each in records if source in (None, each.source)]
    if records and not chosen:
        known = ", ".join(sorted({each.source or "''" for each in records}))
        raise RecordError(path, 0, "source", f"{source!r} has no record here; there are {known}")
    return chosen


def measures_of(found: Report) -> dict[str, str]:
    """Head -> name of its main figure."""
    return {name: head.measure for name, head in found.heads.items()}


def report(file: str, model: str, records: Sequence[Record], judgements: Sequence[Judgement]) -> Report:
    """The scores of judgements."""
    answers = [judgement.answers() for judgement in judgements]
    asked = [at for at, record in enumerate(records) if "roles" in record.answers]
    answered = [at for at in asked if judgements[at].roles is not None]
    sureness = [judgement.role_sureness for judgement in judgements]
    return replace(
        report_of_answers(file, model, records, answers),
        answered_roles=_covered(records, answers, answered, len(asked)),
        surest_roles=_covered(records, answers, surest(records, sureness, SUREST_SHARE), len(asked)),
        reliabilities=reliabilities(records, judgements),
    )


def report_of_answers(file: str, model: str, records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> Report:
    """The scores of answers that nothing else is known of."""
    return Report(
        file=file,
        model=model,
        records=len(records),
        heads=scored(records, answers),
        intervals=intervals(records, answers),
        confusions=confusions(records, answers),
        tone_by_source=_tone_by_source(records, answers),
    )


def _covered(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]], chosen: Sequence[int], asked: int) -> Covered | None:
    if not asked:
        return None
    if not chosen:
        return Covered(0.0, None, None)
    some, theirs = [records[at] for at in chosen], [{"roles": answers[at]["roles"]} for at in chosen]
    return Covered(len(chosen) / asked, scored(some, theirs)["roles"].main, intervals(some, theirs)["roles"].main)


def _tone_by_source(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> dict[str, float]:
    parts: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        if "tone" in record.answers:
            parts.setdefault(record.source, []).append(at)
    if len(parts) < 2:
        return {}
    found = {source: scored([records[at] for at in chosen], [answers[at] for at in chosen]) for source, chosen in sorted(parts.items())}
    return {source: heads["tone"].main for source, heads in found.items() if "tone" in heads}
