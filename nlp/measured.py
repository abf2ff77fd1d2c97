"""What is measured for the card of a model: every test file, with stars, beside the baseline; rare answers; contrasts.

The rule to know: each part is what one command prints (`python -m nlp evaluate`, `baseline`, `contrast`), by the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp import contrast
from nlp.apart import TESTS
from nlp.baseline import Baseline
from nlp.bootstrap import Difference, Interval, differences, intervals
from nlp.classifier import FILES, Classifier, Judgement
from nlp.evaluate import measures_of, report
from nlp.material import Material
from nlp.records import Record, read_records
from nlp.report import Report
from nlp.rival import asks_tone_only, rival
from nlp.scores import ClassScore, scored
from nlp.stream import read_brands_of

FEW = 20
"""Labels of a class on a test file below which its figure says little."""


@dataclass(frozen=True, slots=True)
class Part:
    """A test file, or one source of it."""

    file: str
    source: str | None
    ours: Report
    baseline: Mapping[str, Difference]
    """Model minus baseline."""
    stars: Mapping[str, Difference]
    """The model with stars minus without; nothing where no record has any."""
    starred: int
    """Records with stars."""


@dataclass(frozen=True, slots=True)
class Rare:
    """A class with few labels on the first test file, there and pooled with the held-out records."""

    head: str
    name: str
    tested: ClassScore
    pooled: ClassScore
    interval: Interval | None
    """Of the pooled F1."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All that the card tells of a model."""

    model: str
    window: int
    parts: Sequence[Part]
    rare: Sequence[Rare]
    contrasts: Sequence[contrast.Answer]
    bytes: Mapping[str, int]
    """File -> size."""
    learned_by_baseline: tuple[int, int]
    """Annotated records and tweets."""


def measured(folder: Path, labels: Path, material: Material, seed: int, say: Callable[[str], None]) -> Measured:
    """Measures the model of the folder on the test files that are there; the baseline learns with that seed from the material."""
    classifier = Classifier.load(folder)
    rivals: dict[bool, Baseline] = {}
    parts: list[Part] = []
    for name in TESTS:
        for source, records in _parts(labels / name):
            say(f"measuring {name}{f', {source}' if source else ''}: {len(records)} records")
            tone = asks_tone_only(records)
            if tone not in rivals:
                rivals[tone] = rival(material, seed, tone=tone)
            parts.append(_part(name, source, records, classifier, rivals[tone]))
    say("measuring rare answers and contrasts")
    tweets = sum(asks_tone_only([each]) for each in material.held)
    return Measured(
        model=classifier.name,
        window=classifier.window,
        parts=parts,
        rare=rare(read_records(labels / TESTS[0]), material.held, classifier) if (labels / TESTS[0]).is_file() else [],
        contrasts=contrast.contrasts(contrast.FILE, read_brands_of(contrast.BRANDS), classifier),
        bytes={name: (folder / name).stat().st_size for name in FILES},
        learned_by_baseline=(len(material.annotated) + len(material.held) - tweets, len(material.tweets) + tweets),
    )


def _parts(path: Path) -> Iterator[tuple[str | None, list[Record]]]:
    """The records of a file that is there; those of the tone etalon by their source: banks and operators are scored apart."""
    records = read_records(path) if path.is_file() else []
    if asks_tone_only(records):
        for source in sorted({each.source for each in records}):
            yield source, [each for each in records if each.source == source]
    elif records:
        yield None, records


def _part(name: str, source: str | None, records: Sequence[Record], classifier: Classifier, rival: Baseline) -> Part:
    judgements = classifier.judge([record.pair() for record in records])
    ours = report(f"{name}, {source}" if source else name, classifier.name, records, judgements)
    answers, measures = [judgement.answers() for judgement in judgements], measures_of(ours)
    starred = _with_stars(records, judgements, classifier)
    stars = differences(records, [judgement.answers() for judgement in starred], answers, measures) if starred else {}
    rated = sum(record.rating is not None for record in records)
    return Part(name, source, ours, differences(records, answers, rival.answers(records), measures), stars, rated)


def _with_stars(records: Sequence[Record], plain: Sequence[Judgement], classifier: Classifier) -> list[Judgement]:
    """The judgements where the model sees the stars that there are; nothing without any."""
    rated = [at for at, record in enumerate(records) if record.rating is not None]
    if not rated:
        return []
    judged = dict(zip(rated, classifier.judge([records[at].pair(rating=True) for at in rated]), strict=True))
    return [judged.get(at, judgement) for at, judgement in enumerate(plain)]


def rare(tested: Sequence[Record], held: Sequence[Record], classifier: Classifier) -> list[Rare]:
    """The classes with fewer than FEW labels on the test file, that any record is labelled with."""
    records = [*tested, *(each for each in held if not asks_tone_only([each]))]
    answers = [judgement.answers() for judgement in classifier.judge([record.pair() for record in records])]
    alone, pooled, around = scored(tested, answers[: len(tested)]), scored(records, answers), intervals(records, answers)
    return [
        Rare(head, name, score, pooled[head].classes[name], around[head].classes[name])
        for head, scores in alone.items()
        for name, score in scores.classes.items()
        if score.labelled < FEW and pooled[head].classes[name].labelled
    ]
