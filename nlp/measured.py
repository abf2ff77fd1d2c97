"""What is measured for the card of a model: every test file, with stars, beside the baseline, rare answers pooled; contrasts.

The rule to know: each part is what one command prints (`python -m nlp evaluate`, `baseline`, `contrast`), by the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from nlp import contrast
from nlp.apart import SARCASM, TESTS
from nlp.baseline import Baseline
from nlp.bootstrap import Difference, differences
from nlp.classifier import FILES, Classifier, Judgement
from nlp.evaluate import SUREST_SHARE, measures_of, report
from nlp.floors import SUREST
from nlp.labels import texts_of, unnamed
from nlp.material import Material
from nlp.pooled import Pooled, pooled, rare_classes
from nlp.records import Record, Texts, read_records
from nlp.report import Report
from nlp.rival import asks_tone_only, learned_by, rival
from nlp.scores import asked_of
from nlp.stream import read_brands_of
from nlp.unseen import Answered, answered, read_unseen


@dataclass(frozen=True, slots=True)
class Part:
    """A test file, or one source of it."""

    file: str
    folder: str
    """Where the file lies, as the commands of the project name it."""
    source: str | None
    ours: Report
    baseline: Mapping[str, Difference]
    """Model minus baseline."""
    stars: Mapping[str, Difference]
    """The model with stars minus without; nothing where no record has any."""
    starred: int
    """Records with stars."""
    pooled: Mapping[str, Pooled]
    """Head -> its figures with rare classes pooled, where there are answers out of fold; also of the surest roles (SUREST)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All that the card tells of a model."""

    model: str
    window: int
    parts: Sequence[Part]
    unseen: str
    """The command that made the answers out of fold; nothing without any."""
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
    texts = cache(partial(texts_of, labels))
    missing = unnamed(SARCASM, texts())
    if missing:
        say(f"{SARCASM.name} is left out: {missing} of its texts are not among the labelled posts")
    command, unseen = read_unseen(folder, labels) or ("", None)
    for path in (*(labels / name for name in TESTS), *([] if missing else [SARCASM])):
        for source, records in _parts(path, texts):
            say(f"measuring {path.name}{f', {source}' if source else ''}: {len(records)} records")
            tone = asks_tone_only(records)
            if tone not in rivals:
                rivals[tone] = rival(material, seed, tone=tone)
            parts.append(_part(path, source, records, classifier, rivals[tone], unseen if path.name == TESTS[0] else None))
    say("measuring contrasts")
    return Measured(
        model=classifier.name,
        window=classifier.window,
        parts=parts,
        unseen=command,
        contrasts=contrast.contrasts(contrast.FILE, read_brands_of(contrast.BRANDS), classifier),
        bytes={name: (folder / name).stat().st_size for name in FILES},
        learned_by_baseline=(len(learned_by(material, tone=False)), len(learned_by(material, tone=True))),
    )


def _parts(path: Path, texts: Texts) -> Iterator[tuple[str | None, list[Record]]]:
    """The records of a file that is there; those of the tone etalon by their source: banks and operators are scored apart."""
    records = read_records(path, texts) if path.is_file() else []
    if asks_tone_only(records):
        for source in sorted({each.source for each in records}):
            yield source, [each for each in records if each.source == source]
    elif records:
        yield None, records


def _part(
    path: Path, source: str | None, records: Sequence[Record], classifier: Classifier, rival: Baseline, unseen: Answered | None
) -> Part:
    judgements = classifier.judge([record.pair() for record in records])
    ours = report(f"{path.name}, {source}" if source else path.name, classifier.name, records, judgements)
    found, measures = answered(records, judgements, rival.answers(records)), measures_of(ours)
    starred = _with_stars(records, judgements, classifier)
    stars = differences(records, [judgement.answers() for judgement in starred], found.ours, measures) if starred else {}
    rated = sum(record.rating is not None for record in records)
    folder = "labels" if path == SARCASM else "../shared/labels"
    baseline = differences(records, found.ours, found.theirs, measures)
    return Part(path.name, folder, source, ours, baseline, stars, rated, _pooled(found, unseen, measures) if unseen else {})


def _pooled(tested: Answered, unseen: Answered, measures: Mapping[str, str]) -> dict[str, Pooled]:
    """The heads with rare classes, these pooled; for the surest roles the surest of either part."""
    measured = {name for name in measures if asked_of(name, unseen.records, unseen.ours) and asked_of(name, unseen.records, unseen.theirs)}
    rare = {name: classes for name in measures if name in measured and (classes := rare_classes(name, tested.records))}
    found = {name: pooled(name, measures[name], classes, tested, unseen) for name, classes in rare.items()}
    if "roles" in rare:
        surest = tested.surest(SUREST_SHARE), unseen.surest(SUREST_SHARE)
        found[SUREST] = pooled("roles", measures["roles"], rare["roles"], *surest)
    return found


def _with_stars(records: Sequence[Record], plain: Sequence[Judgement], classifier: Classifier) -> list[Judgement]:
    """The judgements where the model sees the stars that there are; nothing without any."""
    rated = [at for at, record in enumerate(records) if record.rating is not None]
    if not rated:
        return []
    judged = dict(zip(rated, classifier.judge([records[at].pair(rating=True) for at in rated]), strict=True))
    return [judged.get(at, judgement) for at, judgement in enumerate(plain)]
