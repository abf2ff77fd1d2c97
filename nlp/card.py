"""The card of a trained model: data, licence, command, floors, measures, limits.

The rule to know: every figure in it is one that a command prints again; what follows from the figures is written by the figures,
so that a new model can't inherit the praise of an old one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from nlp import floors
from nlp.apart import SARCASM
from nlp.bootstrap import Difference
from nlp.card_tables import confusion_table, pooled_table, rare_table, reliability_table, scores_table, signed, stars_table, table
from nlp.contrast import accuracy
from nlp.labels import SHARED
from nlp.material import Material
from nlp.measured import Measured, Part, measured
from nlp.origin import Origin, material_of, read_origin
from nlp.plot import Panel, reliability_svg
from nlp.pooled import FEW, Pooled, judges
from nlp.report import ends, figure
from nlp.whole import whole

IMAGE = "reliability.svg"
Figure = tuple[str, str]
"""File, or source of one, and name of a figure."""

ABOUT = """\
Reads what a post says of one company: genre, sarcasm, sentiment, tone, stance, roles of the author, recommendation, switch, products.
Russian and English. One encoder (12 layers, 384 wide), a head per question; see `nlp/network.py`.

## What it should not be used for
- Judging a single person, or any decision about one: hiring and firing, credit, moderation, who gets an answer first.
- A single post without a person who reads it: it is made for counting many posts.
- What all clients think: only some write in public, and those who are cross write more. Online NPS is not the NPS of a survey.
- Comparing two companies, months or products by less than the errors below; the interval of online NPS knows of chance alone,
  not of posts read wrongly.
- Counts of rare answers (see "Rare answers"), and roles or switches in a trade it has not learned (see `test_brokers.jsonl`).
- Other languages than Russian and English, transcripts of calls, chats, and whole articles: it has learned none of them.
- Finding out who somebody is, or whether a post is genuine: it was never trained to.

## Data and licence
- Base encoder: `e5-small-ruen`, made of `intfloat/multilingual-e5-small` (MIT). These weights have the project's licence (Apache-2.0).
- Learned from {annotated} annotated and written records, {marks} marks of sarcasm, {tweets} tweets of SentiRuEval-2016 (tone only),
  {starred} bank reviews with stars (taken as weak labels of sentiment and stance) and {aspects} subjects of posts about several.{start}
- {held} records (a tenth of the annotated ones, a fifth of the marks of sarcasm and a twentieth of the tweets, cut by text, and the
  subjects of `aspects_held.jsonl` that the reader asks about by themselves) were kept out of learning;
  temperatures, thresholds and the lift of rare classes were chosen on them. A training stops where a text of a test file stands
  among its records.
- Which of several trainings is measured was chosen on held-out records, whether it ships by the test files: no head may be worse there
  by more than chance. A measured one that did not ship has told what the next should change (`models/README.md`), so that by choice
  among a few models the figures of test.jsonl and of the tone etalon may be a little kind.

## Made by
```
{commands}
```

{last}
The files of records grew between the steps: how many records each step learned, and the revision whose `labels/` holds them, stands in
`models/README.md` ("What each step learned from").
Word vectors stay frozen in their 4-bit form; all other weights are stored in 8 bits with a scale per block of 32.
Size: {sizes}.

## How it reads
The company's name stands in front of the text and marks show where the text names it. Of a post longer than {window} tokens the
beginning, the end and the surroundings of the names are read. Stars are an optional hint, given half of the time while learning;
all measures here are without stars, where nothing else is said.
"""

MEASURES = """\
## Measures
Main figure of each head (`nlp/scores.py`). In brackets: 95 % percentile intervals of 2,000 bootstrap resamples of the texts
(`nlp/bootstrap.py`); `[-]` where no resample moves the figure, which says nothing of how sure it is. They tell the chance of which
texts stand in the file, not of labels that are wrong, nor of another seed of training. A class so rare that some resamples lack it
leaves the mean of those to the others: the interval of such a macro-F1 (switch, roles) may lie askew.
The baseline is TF-IDF (words 1-2, characters 2-5) with balanced logistic regression, trained by the command that measured this
on {annotated} annotated and written records and marks of sarcasm, or {tweets} tweets: those of the model, and those kept out of it.
The difference is paired: both answer the same resamples.
"""

LIMITS = """\
## Limits
- Rare answers (`ex_employee`, `competitor_client`, `joined`) have few labels: see the counts, and use the confidence.
- Other trades than those it has learned from are read less well (`labels/README.md`).
- Of two companies in one text it often tells an open contrast in whole clauses ("the branch of X is slow, Y answered at once"), but often
  not a comparison ("X is worse than Y", "better Y than X") or a contrast of single words ("X sucks, Y rules"): both may then be read
  alike, or each as the other. Nor does it tell who was left for whom: there the role and the switch are often those of the company
  that the author uses now.
- Labels are by annotators of one school: a second annotation of the test sets agreed with kappa about 0.95, an upper bound.
"""

SARCASM_LIMITS = """\
- Sarcasm: see `sarcasm_test.jsonl` for how much of it is found. Its posts were mostly picked for words that hint at it: among all posts
  it is rarer, and more of what is taken for it is not. It is learned from marks of one annotator, and everything but the mark may have
  been learned of the posts in that file.
"""


def write_card(folder: Path, labels: Path, material: Material, origin: Origin, say: Callable[[str], None]) -> None:
    """Measures the model of the folder and writes its README.md and the plot beside it."""
    found = measured(folder, labels, material, int(origin.recipe["seed"]), say)
    for name, text in ((IMAGE, reliability_svg(_panels(found.parts))), ("README.md", card(found, origin))):
        with whole(folder / name) as file:
            file.write(text.encode())


def make_card(folder: Path, labels: Path | None = None, more: Sequence[Path] | None = None, *, say: Callable[[str], None] = print) -> Path:
    """The card of a trained model made again, from its weights and what its config.json tells; returns its path.

    `labels` and `more` as in `nlp.rival`. Raises ModelError, TrainingError, RecordError, and OSError where it can't be written.
    """
    origin, labels = read_origin(folder), labels or SHARED / "labels"
    write_card(folder, labels, material_of(origin, labels, more), origin, say)
    return folder / "README.md"


def card(found: Measured, origin: Origin) -> str:
    """The README.md of the model's folder."""
    annotated, tweets = found.learned_by_baseline
    text = [f"# {found.model}: the network that reads posts", _about(found, origin), "## Floors", *_floors(found), ""]
    text += [MEASURES.format(annotated=annotated, tweets=tweets), f"![Reliability of stance and roles]({IMAGE})", ""]
    for part in found.parts:
        text += [*_part(part), ""]
    limits = LIMITS + SARCASM_LIMITS if any(part.file == SARCASM.name for part in found.parts) else LIMITS
    return "\n".join([*text, *_rare(found), "", *_contrasts(found), "", limits])


def _about(found: Measured, origin: Origin) -> str:
    start, last = origin.recipe.get("start"), f"the last of them in {origin.minutes} minutes. Its recipe: `{json.dumps(origin.recipe)}`."
    if origin.blend:
        last = "The last of them learned nothing: it lies between two models (`blended` in `nlp/network.py`); counts are the second's."
    began = f"\n- The training began with the weights of `{start}`, so it also learned what those had." if start else ""
    counts = {"starred": 0, "aspects": 0, "marks": 0, **origin.records}
    commands = "\n".join([*origin.earlier, origin.command(found.model)])
    return ABOUT.format(
        **counts, start=began, commands=commands, last=last, window=found.window,
        sizes=", ".join(f"`{name}` {size / 1e6:.1f} MB" for name, size in found.bytes.items()),
    )  # fmt: skip


def _floors(found: Measured) -> Iterator[str]:
    """What had to be reached, and where nothing shows that the model is better than the baseline."""
    alone = {(part.ours.file, name): point for part in found.parts for name, point in floors.points(part.ours)}
    alone[floors.CONTRASTS, floors.RIGHT] = accuracy(found.contrasts)
    together = {(part.ours.file, name): each for part in found.parts for name, each in part.pooled.items() if judges(each)}
    against = {(part.ours.file, name): each for part in found.parts for name, each in _differences(part)}
    yield "What a reader is expected to reach (`nlp/floors.py`): the figure, whatever its interval, and a paired difference to the"
    yield "baseline that excludes zero; where the baseline itself is not below the floor, it has to be matched. Where the labelled posts"
    yield f"were answered out of fold, classes with fewer than {FEW} labels in test.jsonl are counted in both (see the end)."
    head = ("file", "figure", "floor", "measured", "on the file alone", "difference to the baseline", "reached")
    yield from ("", *table(head, [_floor(each, together, alone, against) for each in floors.FLOORS]))
    level = [f"{name} on {file}" for (file, name), each in against.items() if each.interval[0] <= 0]
    if level:
        yield from ("", f"Not shown to be better than the baseline: {'; '.join(level)}.")


def _floor(
    floor: floors.Floor,
    together: Mapping[Figure, Pooled],
    alone: Mapping[Figure, floors.Point],
    against: Mapping[Figure, Difference],
) -> Sequence[str]:
    """The row of a floor: its figure with rare classes pooled where it is judged so, else of the file alone."""
    key = floor.part, floor.figure
    pooled, point, difference = together.get(key), alone.get(key), against.get(key)
    decides = (pooled.main, pooled.intervals.main) if pooled else point
    bound = f"at most {floor.value:.2f}" if floor.figure == floors.ERROR else f"{floor.value:.2f}"
    if decides is None:
        return floor.part, floor.figure, bound, "not measured", "-", "-", "-"
    figure_named = f"{floor.figure}, rare classes pooled" if pooled else floor.figure
    reached = "yes" if floor.reached(decides[0], difference) else "**no**"
    return floor.part, figure_named, bound, _point(decides), _point(point), signed(difference) if difference else "-", reached


def _point(point: floors.Point | None) -> str:
    return "-" if point is None else f"{point[0]:.3f} {ends(point[1])}"


def _differences(part: Part) -> Iterator[tuple[str, Difference]]:
    """Each head's difference to the baseline, with its rare classes pooled where the head is judged so; of the surest roles only so."""
    pooled = {name: each.difference for name, each in part.pooled.items() if judges(each)}
    yield from ({**part.baseline, **pooled}).items()


def _part(part: Part) -> Iterator[str]:
    ours, path = part.ours, f"{part.folder}/{part.file}"
    source = f" --source {part.source}" if part.source else ""
    yield from (f"### {ours.file} ({ours.records} records)", "", "```")
    yield f"python -m nlp baseline {path} --model models/{ours.model} --predictions baseline.jsonl"
    yield f"python -m nlp evaluate {path}{source} --model models/{ours.model} --against baseline.jsonl"
    yield from ("```", "", *scores_table(part), "", *_classes(part))
    if ours.answered_roles and ours.surest_roles:
        yield from ("", f"Roles are answered for {ours.answered_roles.share:.0%}, macro-F1 there {figure(ours.answered_roles)};")
        yield f"macro-F1 on the surest 80 %: {figure(ours.surest_roles)}. All other answers are always given (coverage 100 %)."
    if part.stars:
        yield from ("", f"With stars, which {part.starred} of the records have, and without (`evaluate … --predictions plain.jsonl`, then")
        yield from ("`evaluate … --rating --against plain.jsonl`):", "", *stars_table(part))
    for name, reliability in ours.reliabilities.items():
        yield from ("", f"Reliability of {name}, expected calibration error {reliability.error:.3f}:", "")
        yield from reliability_table(reliability)
    for name, confusion in ours.confusions.items():
        yield from ("", f"Confusion of {name}, labelled (rows) and answered (columns):", "", *confusion_table(confusion))


def _classes(part: Part) -> Iterator[str]:
    yield from ("F1 by class (labelled, answered, right):", "")
    for name, head in part.ours.heads.items():
        known = part.ours.intervals[name].classes
        classes = (
            f"{each} {score.f1:.2f} {ends(known[each], '.2f')} ({score.labelled}, {score.answered}, {score.right})"
            for each, score in head.classes.items()
            if score.labelled or score.answered
        )
        yield f"- {name}: {'; '.join(classes)}"


def _rare(found: Measured) -> Iterator[str]:
    if not found.unseen:
        yield from ("## Rare answers", f"Not judged out of fold: `python -m nlp folds models/{found.model}` does that.")
        return
    yield from ("## Rare answers", f"Classes with fewer than {FEW} labels on test.jsonl, there and pooled with answers out of fold:")
    yield "the posts of train.jsonl were cut by text, and each part was answered by a network, and a baseline, that learned all but it."
    yield "Those networks begin with the bare encoder and learn for a shorter time than the model that ships, so its rare answers may"
    yield "be better than this. Fewer than ten labels show hardly more than that the class exists."
    if f"models/{found.model} " not in found.unseen:
        yield "They learned from the records of the model that the command names, and answered as the code did at that model's time."
    yield from ("", "```", found.unseen, f"python -m nlp card models/{found.model}", "```")
    for part in found.parts:
        if part.pooled:
            yield from ("", *rare_table(part), "", *pooled_table(part))


def _contrasts(found: Measured) -> Iterator[str]:
    right, interval = accuracy(found.contrasts)
    missing = sum(each.found is None for each in found.contrasts)
    yield from ("## Contrasts", f"`python -m nlp contrast --model models/{found.model}`: of {len(found.contrasts)} subjects of posts")
    yield f"that speak of several, {right:.3f} {ends(interval)} are found and get their own stance (the subjects of a post are drawn"
    yield f"together); {missing} are not found."


def _panels(parts: Sequence[Part]) -> list[Panel]:
    return [(f"{name}, {part.ours.file}", each) for part in parts for name, each in part.ours.reliabilities.items()]
