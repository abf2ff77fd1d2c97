"""The rival: the baseline trained on the records that a model learned from, measured as the model is.

The rule to know: it also learns from the records that were kept out for the model's calibration, for it has none; so it can't be
measured on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from nlp.baseline import Baseline
from nlp.classifier import MODEL
from nlp.evaluate import records_of, report_of_answers, title_of
from nlp.labels import SHARED
from nlp.material import Material
from nlp.origin import material_of, read_origin
from nlp.predictions import write_predictions
from nlp.records import Record
from nlp.report import Report
from nlp.whole import whole


def rival(material: Material, seed: int, *, tone: bool) -> Baseline:
    """The baseline for records that ask for tone alone, else the one for annotated records."""
    return Baseline(seed).fit(learned_by(material, tone=tone))


def learned_by(material: Material, *, tone: bool) -> list[Record]:
    """What such a baseline learns from: no subjects of posts about several, of which it would read the whole post each time."""
    held = [each for each in material.held if each.asked is None and asks_tone_only([each]) is tone]
    learned = [each for each in (material.tweets if tone else material.annotated) if each.asked is None]
    return [*learned, *held]


def asks_tone_only(records: Sequence[Record]) -> bool:
    """Whether tone is all that the records answer."""
    return {name for record in records for name in record.answers} == {"tone"}


def evaluate_rival(
    path: Path, *, predictions: Path | None = None, source: str | None = None, model: Path | None = None, labels: Path | None = None,
    more: Sequence[Path] | None = None,
) -> Report:  # fmt: skip
    """Trains the rival of the model, scores its answers to the file, and writes them to `predictions` if given.

    `labels` is the folder of labelled posts, `more` are the other files that the model learned from, where they lie elsewhere by now.
    Raises RecordError for a malformed record, ModelError for a model that does not tell how it was made, TrainingError for
    missing files, OSError where the predictions can't be written.
    """
    origin, records = read_origin(model or MODEL), records_of(path, source, labels)
    with whole(predictions) if predictions else nullcontext() as file:
        material = material_of(origin, labels or SHARED / "labels", more)
        answers = rival(material, int(origin.recipe["seed"]), tone=asks_tone_only(records)).answers(records)
        if file:
            write_predictions(file, records, answers)
    return report_of_answers(title_of(path, source), "baseline", records, answers)
