"""The commands that train and measure a model.

The rule to know: what needs the packages of training is imported within a command, so that reading posts never does.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from nlp.classifier import Classifier
from nlp.commands import fail, print_out, say_plainly, told, training
from nlp.records import CLASSES
from nlp.stream import read_brands_of
from nlp.whole import whole

app = typer.Typer(rich_markup_mode="markdown")


@app.command("train")
def train_command(
    labels: Annotated[Path | None, typer.Option(help="Folder of labelled posts (default: ../shared/labels).")] = None,
    encoder: Annotated[Path | None, typer.Option(help="Folder of the base encoder (default: ../shared/models/e5-small-ruen).")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the trained model (default: data/trained).")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same weights on the same machine.")] = 20,
    seeds: Annotated[int, typer.Option(min=1, help="Train so many networks, each with the next seed; take their mean.")] = 1,
    start: Annotated[Path | None, typer.Option(help="Begin with the weights of this trained model, without the first stage.")] = None,
    share: Annotated[float, typer.Option(min=0.01, max=1, help="Learn from this share of the records alone, for a learning curve.")] = 1,
    epochs: Annotated[int | None, typer.Option(min=1, help="How often the annotated records are gone through.")] = None,
    until: Annotated[int | None, typer.Option(min=1, help="End after this epoch, before the learning rate has fallen to nothing.")] = None,
    tweets: Annotated[int | None, typer.Option(min=0, help="Tweets in each such epoch.")] = None,
    composed: Annotated[int | None, typer.Option(min=0, help="Posts composed of two in each such epoch.")] = None,
    marks: Annotated[int | None, typer.Option(min=1, help="How often each mark of sarcasm is learned in such an epoch.")] = None,
    frozen: Annotated[int | None, typer.Option(min=0, help="Layers, from the lowest, that stay as they begin.")] = None,
    only: Annotated[str | None, typer.Option(help="The one head that learns, all else as in --start.")] = None,
    corrections: Annotated[
        list[Path] | None,
        typer.Option(help="Records to learn from too: of `python -m advocacy export-corrections`, or of labels/; may be repeated."),
    ] = None,
    aspects: Annotated[
        list[Path] | None,
        typer.Option(help="Posts about several products, in the form of labels/contrast.jsonl, their brands in a .yaml beside."),
    ] = None,
    carded: Annotated[bool, typer.Option("--card/--no-card", help="Measure it on the test files, and write its card.")] = True,
) -> None:
    """Fine-tune the encoder on the labelled posts, calibrate it, measure it, and write the ONNX model.

    Needs the packages of requirements-train.txt and about an hour on two idle cores; a training that was stopped goes on
    where it was. The baseline (TF-IDF and logistic regression) is trained on the same records in the same run.

    Example:

        python -m nlp train --out models/mine

        python -m nlp train --out models/mine --start models/reader-5 --epochs 2 --corrections corrections.jsonl
    """
    with training():
        from nlp.course import Recipe
        from nlp.train import train

        chosen = {"epochs": epochs, "until": until, "tweets": tweets, "composed": composed, "marks": marks, "frozen": frozen, "only": only}
        given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
        recipe = replace(Recipe(seed=seed, seeds=seeds, share=share, start=str(start or "")), **given)
        if until is not None and until > recipe.epochs:
            fail(f"--until: there are {recipe.epochs} epochs", 2)
        if only is not None and (only not in CLASSES or start is None):
            fail(f"--only: one of {', '.join(CLASSES)}, of the model that --start names", 2)
        more, several = corrections or (), aspects or ()
        print(train(labels, encoder, out, more=more, aspects=several, recipe=recipe, carded=carded, say=say_plainly))


@app.command("blend")
def blend_command(
    first: Annotated[Path, typer.Argument(help="Folder of a trained model.", show_default=False)],
    second: Annotated[Path, typer.Argument(help="Folder of a model whose training began with the first.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the model between them.", show_default=False)],
    share: Annotated[float, typer.Option(min=0, max=1, help="How much it has of the second.")] = 0.5,
    labels: Annotated[Path | None, typer.Option(help="Folder of labelled posts (default: ../shared/labels).")] = None,
    encoder: Annotated[Path | None, typer.Option(help="Folder of the base encoder (default: ../shared/models/e5-small-ruen).")] = None,
    corrections: Annotated[list[Path] | None, typer.Option(help="The second's other files of records, if they were moved.")] = None,
) -> None:
    """Make a model between two: what a training added, without all that it cost.

    The weights are averaged and calibrated on the records that the second kept out of its training; nothing is learned. A head that
    the first lacks is taken from the second as it is. Needs the packages of requirements-train.txt.

    Example:

        python -m nlp blend models/reader-5 data/trained --share 0.5 --out models/mine
    """
    with training():
        from nlp.train import blend

        print(blend(first, second, out, share=share, labels=labels, encoder=encoder, more=corrections or None))


@app.command("folds")
def folds_command(
    model: Annotated[Path, typer.Argument(help="Folder of a trained model, whose records they learn from.", show_default=False)],
    labels: Annotated[Path | None, typer.Option(help="Folder of labelled posts (default: ../shared/labels).")] = None,
    encoder: Annotated[Path | None, typer.Option(help="Folder of the base encoder (default: ../shared/models/e5-small-ruen).")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Parts that the labelled posts are cut into.")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed gives the same weights on the same machine.")] = 20,
    epochs: Annotated[int, typer.Option(min=1, help="How often the annotated records are gone through.")] = 2,
    tweets: Annotated[int, typer.Option(min=0, help="Tweets in each such epoch.")] = 3000,
    composed: Annotated[int, typer.Option(min=0, help="Posts composed of two in each such epoch.")] = 1000,
    corrections: Annotated[list[Path] | None, typer.Option(help="The model's other files of records, if they were moved.")] = None,
) -> None:
    """Answer the labelled posts out of fold: each part by a network, and a baseline, that learned from everything but it.

    The answers judge, in the card of the model, the classes that are too rare on the test file; nothing is chosen by them.
    Needs the packages of requirements-train.txt and about an hour on two idle cores; what was stopped goes on where it was.

    Example:

        python -m nlp folds models/reader-5 && python -m nlp card models/reader-5
    """
    with training():
        from nlp.course import Recipe
        from nlp.folds import answer_folds

        recipe = Recipe(seed=seed, epochs=epochs, tweets=tweets, composed=composed)
        print(answer_folds(model, labels, encoder, folds=folds, recipe=recipe, more=corrections or None, say=say_plainly))


@app.command("evaluate")
def evaluate_command(
    file: Annotated[Path, typer.Argument(help="Labelled records, .jsonl or .jsonl.gz.", show_default=False)],
    predictions: Annotated[Path | None, typer.Option(help="Write the answers here, one JSON record a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
    rating: Annotated[bool, typer.Option("--rating", help="Let the model see the stars of a record.")] = False,
    model: Annotated[Path | None, typer.Option(help="Folder of the model (default: the one that ships).")] = None,
    months: Annotated[bool, typer.Option("--by-month", help="Also by month of the posts: does the model drift?")] = False,
    against: Annotated[Path | None, typer.Option(help="Other answers, as --predictions writes them: paired differences to them.")] = None,
    source: Annotated[str | None, typer.Option(help="Only the records of this source.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Folder of posts that records name by hash (default: ../shared/labels).")] = None,
    predicted: Annotated[bool, typer.Option("--predicted", help="Score what exported corrections tell of the model in use.")] = False,
) -> None:
    """Measure the model on labelled records: macro-F1 of each head, with its 95 % interval and counts per class.

    Also: confusion matrices, reliability, the share of roles that it answers. Intervals are of 2,000 resamples of the texts.
    With **--against** each head's difference to other answers, both on the same resamples, and whether its interval excludes zero.

    A record needs `text` and `target`; answers that it lacks are predicted and not scored. The form of the records is
    described in ../shared/labels/README.md; the answers in the predictions stand under the same names. Exported corrections that a model
    has learned say nothing of how good it is: **--predicted** names the model, whose months begin with its training.

    Examples:

        python -m nlp evaluate ../shared/labels/test.jsonl

        python -m nlp evaluate mine.jsonl --predictions out.jsonl --json

        python -m nlp evaluate corrections.jsonl --predicted --by-month

        python -m nlp baseline mine.jsonl --predictions baseline.jsonl && python -m nlp evaluate mine.jsonl --against baseline.jsonl
    """
    from nlp.evaluate import evaluate, evaluate_predicted

    if predicted and (model or rating):
        fail("--predicted scores what was answered in use: it goes with neither --model nor --rating", 2)
    with told():
        if predicted:
            report = evaluate_predicted(file, predictions=predictions, against=against, source=source, months=months, labels=labels)
        else:
            report = evaluate(
                file, model=model, predictions=predictions, against=against, source=source, rating=rating, months=months, labels=labels
            )
        print_out(json.dumps(report.to_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines()))
    if not report.heads:
        message = f"{file}: nothing is scored: " + ("no record has an answer" if report.records else "there is no record")
        if not (predictions and report.records):
            fail(message)
        say_plainly(message)  # of posts without labels the answers may be all that was asked for


@app.command("baseline")
def baseline_command(
    file: Annotated[Path, typer.Argument(help="Labelled records, .jsonl or .jsonl.gz.", show_default=False)],
    predictions: Annotated[Path | None, typer.Option(help="Write its answers here, for `evaluate --against`.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
    model: Annotated[Path | None, typer.Option(help="The model whose records it learns from (default: the one that ships).")] = None,
    source: Annotated[str | None, typer.Option(help="Only the records of this source.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Folder of labelled posts (default: ../shared/labels).")] = None,
    corrections: Annotated[list[Path] | None, typer.Option(help="The model's other files of records, if they were moved.")] = None,
) -> None:
    """Train the baseline (TF-IDF and logistic regression) on the records that a model learned from, and measure it.

    Needs the packages of requirements-train.txt.

    Example:

        python -m nlp baseline ../shared/labels/test.jsonl --predictions baseline.jsonl
    """
    with training():
        from nlp.rival import evaluate_rival

        report = evaluate_rival(file, predictions=predictions, source=source, model=model, labels=labels, more=corrections or None)
        print_out(json.dumps(report.to_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines()))


@app.command("card")
def card_command(
    model: Annotated[Path, typer.Argument(help="Folder of a trained model.", show_default=False)],
    labels: Annotated[Path | None, typer.Option(help="Folder of labelled posts (default: ../shared/labels).")] = None,
    corrections: Annotated[list[Path] | None, typer.Option(help="The model's other files of records, if they were moved.")] = None,
) -> None:
    """Measure a trained model again, and rewrite its card (README.md) and the plot of its reliability.

    How it was made comes from its config.json; nothing else in the folder changes. Needs the packages of requirements-train.txt and
    some minutes: every test file is read, and the baseline trained.

    Example:

        python -m nlp card models/reader-5
    """
    with training():
        from nlp.card import make_card

        print(make_card(model, labels, corrections or None, say=say_plainly))


@app.command("calibrate")
def calibrate_command(
    model: Annotated[Path, typer.Argument(help="Folder of a trained model.", show_default=False)],
    labels: Annotated[Path | None, typer.Option(help="Folder of labelled posts (default: ../shared/labels).")] = None,
    corrections: Annotated[list[Path] | None, typer.Option(help="The model's other files of records, if they were moved.")] = None,
) -> None:
    """Fit the temperatures and thresholds of a trained model again, on the records that were kept out of its training.

    Needed where the way of deciding has changed. Its card tells the old figures until `card` makes it again.

    Example:

        python -m nlp calibrate models/reader-5
    """
    with training():
        from nlp.train import calibrate

        print(calibrate(model, labels, corrections or None))


@app.command("contrast")
def contrast_command(
    file: Annotated[Path | None, typer.Argument(help="Posts with `expected` subjects (default: labels/contrast.jsonl).")] = None,
    brands: Annotated[Path | None, typer.Option(help="Their brands file (default: labels/contrast_brands.yaml).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    model: Annotated[Path | None, typer.Option(help="Folder of the model (default: the one that ships).")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write the answers here, one JSON record a line.")] = None,
    against: Annotated[Path | None, typer.Option(help="Other answers, as --predictions writes them: paired difference to them.")] = None,
) -> None:
    """Measure how often each product of a post that speaks of several gets its own stance, from finding it to judging it.

    Examples:

        python -m nlp contrast

        python -m nlp contrast --predictions old.jsonl && python -m nlp contrast --model models/mine --against old.jsonl
    """
    from nlp.contrast import BRANDS, FILE, answered_by, contrasts, lines_of, read_answers, write_answers

    with told():
        theirs = read_answers(against) if against else {}
        with whole(predictions) if predictions else nullcontext() as written:
            answers = contrasts(file or FILE, read_brands_of(brands or BRANDS), Classifier.load(model))
            if written:
                write_answers(written, answers)
        print_out(lines_of(answers, answered_by(against, theirs, answers) if against else None, as_json=as_json))
