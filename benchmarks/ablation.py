"""What each part of the recipe gives: small trainings without it, of several seeds each, beside the recipe as it is.

The rule to know: everything is scored on records that are kept out of learning, on which temperatures and thresholds are fitted too (but
for `written`); no test file is measured. All trainings see the same share of the records and the same seeds, so that a difference to the
first row is of the part that is left out, and of chance.

Run: `python benchmarks/ablation.py --data FOLDER [--share 0.1] [--seeds 3] [PART …]`, with the folder of labelled posts beside the
project. Each training leaves its figures and its model in the folder, so that a run that was stopped goes on; at the end stands the table.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from nlp.apart import check_apart  # noqa: E402
from nlp.aspects import read_aspects  # noqa: E402
from nlp.classifier import Classifier  # noqa: E402
from nlp.course import Recipe, learn, mark_of  # noqa: E402
from nlp.labels import HELD_ASPECTS, HELD_WRITTEN, SHARED  # noqa: E402
from nlp.material import Material, read_material  # noqa: E402
from nlp.origin import Origin  # noqa: E402
from nlp.prior import PRIOR_POWER  # noqa: E402
from nlp.records import Record, read_records  # noqa: E402
from nlp.scores import scored  # noqa: E402
from nlp.train import ship  # noqa: E402
from nlp.whole import whole  # noqa: E402

ENCODER = SHARED / "models" / "e5-small-ruen"
MORE = ("annotated", "written", "written_short", "written_plain", "written_sarcasm", "sarcasm")
ASPECTS = ("aspects_ru", "aspects_en", "aspects_mixed", "aspects_contrasted")
HEADS = ("stance", "sentiment", "roles", "recommend", "switch", "products", "tone")
FIGURES = (*HEADS, "subjects", "written")
"""Heads on held-out records; stance of subjects of posts about several (share that is right), and of `HELD_WRITTEN`."""
TWEETS = "tweets alone"
PLAIN = Recipe(epochs=2, composed=0, aspects=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the recipe, and how to train without it."""

    recipe: Mapping[str, Any] = field(default_factory=dict)
    material: Callable[[Material], Material] = lambda material: material
    patched: Callable[[], AbstractContextManager[object]] = nullcontext


PARTS: Mapping[str, Part] = {
    "the recipe": Part(),
    "without tweets and stars": Part(material=lambda material: replace(material, tweets=[], starred=[])),
    "all layers learn alike": Part(recipe={"decay": 1.0}),
    "heads learn like layers": Part(recipe={"head_rate": PLAIN.rate}),
    "the weights of the last step": Part(recipe={"average": 0.0}),
    "rare classes not lifted": Part(patched=lambda: patch.dict(PRIOR_POWER, dict.fromkeys(PRIOR_POWER, 0.0))),
    # Nor are, of a post longer than the window, the surroundings of names read first.
    "names not marked": Part(patched=lambda: patch("nlp.pair._named", lambda offsets, _: [False] * len(offsets))),
    "without posts about several": Part(material=lambda material: replace(material, aspects=[])),
    TWEETS: Part(recipe={"tweets": 1_000_000}, material=lambda material: replace(material, annotated=[], starred=[], aspects=[])),
}


def figures(part: Part, recipe: Recipe, material: Material, folder: Path) -> dict[str, float]:
    """Main figures on what is held out of a network that is trained without the part, and kept in the folder."""
    learned = part.material(material)
    with part.patched():
        network, prior = learn(learned, ENCODER, recipe, checkpoint=None, say=print)
        ship(network, prior, material.held, ENCODER, folder, recipe, Origin(recipe={}, records={}, minutes=0))
        classifier = Classifier.load(folder)
        about_several = read_aspects(HELD_ASPECTS)
        plain = [record for record in material.held if record.asked is None]
        heads = {name for record in learned.annotated + learned.tweets for name in record.answers}
        found = {name: _score(classifier, plain, name) for name in HEADS if name in heads}
        if "stance" in heads:
            found["subjects"] = _score(classifier, about_several, "stance", "accuracy")
            found["written"] = _score(classifier, read_records(HELD_WRITTEN), "stance")
    return found


def _score(classifier: Classifier, records: Sequence[Record], head: str, figure: str = "") -> float:
    asked = [record for record in records if head in record.answers]
    judgements = classifier.judge([record.pair() for record in asked])
    score = scored(asked, [judgement.answers() for judgement in judgements])[head]
    return score.others[figure] if figure else score.main


def row(name: str, several: Sequence[Mapping[str, float]]) -> str:
    """The mean of each figure over the seeds, and between the least and the largest."""
    cells = [_cell([each[figure] for each in several if figure in each]) for figure in FIGURES]
    return f"| {' | '.join([name, str(len(several)), *cells])} |"


def _cell(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3f} ({min(values):.3f}–{max(values):.3f})" if values else "-"


def main() -> int:
    """The table of the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}")
    given.data.mkdir(parents=True, exist_ok=True)
    more = [ROOT / "labels" / f"{name}.jsonl" for name in MORE]
    several = [record for name in ASPECTS for record in read_aspects(ROOT / "labels" / f"{name}.jsonl")]
    lines = []
    for name in given.parts or PARTS:
        rows = []
        for seed in range(20, 20 + given.seeds):
            recipe = replace(PLAIN, seed=seed, share=given.share, **PARTS[name].recipe)
            material = read_material(SHARED / "labels", seed=seed, stars=recipe.stars, star_length=recipe.star_length, more=more)
            material = replace(material, aspects=several).cut(given.share)
            check_apart(material, SHARED / "labels")
            kept = given.data / f"{name.replace(' ', '_')}-{seed}-{mark_of(material, ENCODER, recipe)[:12]}.json"
            if not kept.exists():
                found = figures(PARTS[name], recipe, material, kept.with_suffix(""))
                with whole(kept) as file:
                    file.write(json.dumps(found).encode())
            rows.append(json.loads(kept.read_text()))
        lines.append(row(name, rows))
        print(lines[-1], flush=True)
    head = ["training", "seeds", *FIGURES]
    print("", f"| {' | '.join(head)} |", f"| {' | '.join(['---'] * len(head))} |", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
