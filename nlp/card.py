"""The card of a trained model: data, licence, command, measures, limits.

The rule to know: every figure in it is one that `python -m nlp evaluate` prints again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.evaluate import Report


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model's report on a test file and the baseline's main figure for each head."""

    ours: Report
    baseline: Mapping[str, float]


ABOUT = """\
Reads what a post says of one company: genre, sentiment, tone, stance, roles of the author, recommendation, switch, products.
Russian and English. One encoder (12 layers, 384 wide), a head per question; see `nlp/network.py`.

## Data and licence
- Base encoder: `e5-small-ruen`, made of `intfloat/multilingual-e5-small` (MIT). These weights have the project's licence (Apache-2.0).
- Learned from {annotated} annotated and written records, {tweets} tweets of SentiRuEval-2016 (tone only) and {starred} bank
  reviews with stars (taken as weak labels of sentiment and stance).
- {held} records (a tenth of the annotated ones and a twentieth of the tweets, cut by text) were kept out of learning;
  temperatures, thresholds and the lift of rare classes were chosen on them. The test files were only measured.

## Made by
`python -m nlp train` in {minutes:.0f} minutes on two cores. Recipe: `{recipe}`.
Word vectors stay frozen in their 4-bit form; all other weights are stored in 8 bits with a scale per block of 32.

## How it reads
The company's name stands in front of the text and marks show where the text names it. Of a post longer than {window} tokens the
beginning, the end and the surroundings of the names are read. Stars are an optional hint, given half of the time while learning;
all measures here are without stars.

## Measures
Main figure of each head (`nlp/scores.py`), beside TF-IDF (words 1-2, characters 2-5) with balanced logistic regression that
learned from the same records.
"""

LIMITS = """
## Limits
- Rare answers (`ex_employee`, `competitor_client`, `joined`) have few labels: see the counts, and use the confidence.
- Trained on banks, mobile operators and an airline or two; other trades are read less well (`test_brokers.jsonl`).
- It was not trained for other languages than Russian and English. Sarcasm has few labels.
- Of two companies in one text it tells an open contrast ("X is bad, Y is good") but not who was left for whom: there the role and the
  switch are often those of the company that the author uses now.
- Not for judging single people, nor for decisions about them: it is made for counting many posts.
"""


def card(folder: Path, recipe: Mapping[str, object], counts: Mapping[str, int], minutes: float, compared: Sequence[Comparison]) -> str:
    """The README.md of the model's folder."""
    about = ABOUT.format(**counts, minutes=minutes, window=recipe["window"], recipe=json.dumps(recipe))
    text = [f"# {folder.name}: the network that reads posts", about]
    for each in compared:
        text += _measures(each)
    return "\n".join([*text, LIMITS])


def _measures(compared: Comparison) -> list[str]:
    ours = compared.ours
    text = [f"### {ours.file} ({ours.records} records)", "", "| head | measure | model | baseline |", "| --- | --- | --- | --- |"]
    for name, head in ours.heads.items():
        rival = f"{compared.baseline[name]:.3f}" if name in compared.baseline else "-"
        text.append(f"| {name} | {head.measure} | {head.main:.3f} | {rival} |")
    if ours.roles_answered is not None:
        text += ["", f"Roles are answered for {ours.roles_answered:.0%}; macro-F1 on the surest 80 %: {ours.surest_roles:.3f}."]
    if ours.stance_error is not None:
        text += [f"Expected calibration error of stance: {ours.stance_error:.3f}."]
    text += ["", "F1 by class (labelled, answered, right):", ""]
    for name, head in ours.heads.items():
        classes = (
            f"{each} {score.f1:.2f} ({score.labelled}, {score.answered}, {score.right})"
            for each, score in head.classes.items()
            if score.labelled or score.answered
        )
        text.append(f"- {name}: {'; '.join(classes)}")
    return [*text, ""]
