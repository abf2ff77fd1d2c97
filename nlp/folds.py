"""Folds: the labelled posts, answered by networks and baselines that had not learned them.

The rule to know: posts are cut by text. One network learns from everything but them, and for each fold it goes on with the posts of the
other folds; a trained model has learned them all. The answers judge classes that are too rare on the test file (`nlp.pooled`);
nothing is chosen by them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from nlp.classifier import Classifier
from nlp.course import Recipe, learn, mark_of
from nlp.labels import FILES, ROOT, SHARED
from nlp.material import Material, fold_of
from nlp.origin import Origin, material_of, options_of, read_origin
from nlp.records import Record, TrainingError, read_records, text_key
from nlp.rival import rival
from nlp.train import check_encoder, ship
from nlp.unseen import NAME, answered, write_unseen

COURSE = ROOT / "data" / "folds"
AGAIN = 0.2
"""Share of everything but the labelled posts that is gone through again beside them, so that it is not forgotten."""


def answer_folds(
    model: Path, labels: Path | None = None, encoder: Path | None = None, *, folds: int, recipe: Recipe,
    more: Sequence[Path] | None = None, course: Path | None = None, say: Callable[[str], None] = print,
) -> Path:  # fmt: skip
    """Trains a network and a baseline for each fold, on what the model learned from without the fold; writes their answers beside it.

    `labels` and `encoder` as in `nlp.train`, `more` as in `nlp.rival`; by the recipe all networks learn what they have in common, and by
    it each goes on. `course` is where it goes on from when it was stopped, removed at the end. Raises ModelError for a model that does
    not tell how it was made, TrainingError, RecordError, and OSError where it can't be written.
    """
    labels, encoder = labels or SHARED / "labels", encoder or SHARED / "models" / "e5-small-ruen"
    if recipe.start:
        raise TrainingError("folds begin with the bare encoder: a trained model has learned all of them")
    check_encoder(encoder)
    origin, records = read_origin(model), read_records(labels / FILES[0])
    material = material_of(origin, labels, more, stars=recipe.stars, star_length=recipe.star_length)
    base = without(material, records)
    # What goes on is of the same recipe, records and encoder alone; a part that was finished is read again from its checkpoint.
    course = (course or COURSE) / mark_of(base, encoder, recipe)[:16]
    course.mkdir(parents=True, exist_ok=True)
    ground = course / "ground"
    say(f"everything but the {len(records)} labelled posts")
    _network(base, encoder, recipe, origin, ground, say)
    further = replace(recipe, start=str(ground))
    parts = []
    for fold in range(folds):
        places = [at for at, record in enumerate(records) if fold_of(record, folds) == fold]
        say(f"fold {fold + 1} of {folds}: {len(places)} records")
        asked = [records[at] for at in places]
        rest = without(material, asked)
        network = _network(_again(rest, records), encoder, further, origin, course / f"{fold}", say)
        judgements = network.judge([record.pair() for record in asked])
        say("the baseline")
        parts.append((places, answered(asked, judgements, rival(rest, recipe.seed, tone=False).answers(asked))))
    write_unseen(model, f"python -m nlp folds models/{model.name} --folds {folds} {options_of(asdict(recipe))}", parts)
    shutil.rmtree(course.parent)
    return model / NAME


def without(material: Material, left: list[Record]) -> Material:
    """The material without any record of the texts that are left out."""
    apart = {text_key(record.text) for record in left}
    return replace(
        material, **{name: [each for each in getattr(material, name) if text_key(each.text) not in apart] for name in Material.__slots__}
    )


def _again(rest: Material, labelled: Sequence[Record]) -> Material:
    """Those of the material that have a text of the labelled posts, and a share of all else."""
    keys, some = {text_key(record.text) for record in labelled}, rest.cut(AGAIN)

    def chosen(name: str) -> list[Record]:
        theirs = [each for each in getattr(rest, name) if text_key(each.text) in keys]
        return theirs + [each for each in getattr(some, name) if text_key(each.text) not in keys]

    return replace(some, **{name: chosen(name) for name in ("annotated", "tweets", "starred", "aspects")})


def _network(material: Material, encoder: Path, recipe: Recipe, origin: Origin, out: Path, say: Callable[[str], None]) -> Classifier:
    network, prior = learn(material, encoder, recipe, checkpoint=out.with_suffix(".pt"), say=say)
    ship(network, prior, material.held, encoder, out, recipe, origin)
    return Classifier.load(out)
