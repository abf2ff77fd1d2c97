"""`python -m nlp`: tag posts, explain what was read, train the model, measure it.

The rule to know: results go to standard output, messages to standard error. Exit codes: 0 done, 1 the work failed (the
message says what to mend), 2 wrong usage or configuration.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from crawlers.archive import Archive
from crawlers.place import config_folder, data_folder
from crawlers.target import target_paths
from crawlers.yamlfile import ConfigError
from nlp.classifier import Classifier, ModelError
from nlp.judgements import JudgementsError
from nlp.records import RecordError, TrainingError
from nlp.stream import read_brands_of, tag_lines
from nlp.tag import TagError, present_fingerprint, tag, tagged_path, untagged

app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Read posts: who speaks of which company, and how.",
)
say = Console(stderr=True)
LACKS = "this needs {}: `uv pip install -r requirements-train.txt`"


def _fail(message: object, code: int = 1) -> NoReturn:
    say.print(f"error: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def _told(place: object = None) -> Iterator[None]:
    """Errors that a person can mend, as one message and an exit code; `place` is where those happen that name no file."""
    try:
        yield
    except (ConfigError, RecordError) as error:
        _fail(error, 2)
    except (ModelError, JudgementsError, TagError) as error:
        _fail(error)
    except OSError as error:
        hint = ": free some space, then run again" if error.errno == errno.ENOSPC else ""
        _fail(f"{error.filename or place or data_folder()}: {error.strerror or error}{hint}")


@contextmanager
def _training() -> Iterator[None]:
    """The same for commands that need the packages of training."""
    try:
        with _told():
            yield
    except ImportError as error:
        _fail(LACKS.format(error.name))
    except TrainingError as error:
        _fail(error)


def _say_plainly(text: str) -> None:
    say.print(text, markup=False, highlight=False)


def _print(text: str) -> None:
    """Print a result at once. A reader of a pipe that has enough ends the command quietly, a full disk with a message."""
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be written goes nowhere
        if isinstance(error, BrokenPipeError):
            raise typer.Exit from None
        error.filename = "standard output"
        raise


@app.command("tag")
def tag_command(
    stdin: Annotated[bool, typer.Option("--stdin", help="Read posts from standard input, write mentions to standard output.")] = False,
    brands: Annotated[Path | None, typer.Option(help="Brands file for --stdin (default: brands.yaml of MOLVA_CONFIG).")] = None,
    target: Annotated[str | None, typer.Option(help="Only the batches of this target.")] = None,
) -> None:
    """Turn collected posts into mentions: every raw batch that the present model and brands have not tagged.

    Running it twice changes nothing; after a kill, or once a missing model is back, the next run catches up.

    With **--stdin** each line is a post in JSON. Only `id` and `text` are needed; `title`, `url`, `rating` (1 to 5),
    `published`, `about` (names of brands), `product`, `language`, `author_id`, `in_reply_to` are read where they are given;
    one that can't be used is left out with a warning on standard error.
    Each line of the output is one mention: `post`, `brand`, `product`, `found`, every head (`genre`, `sentiment`, `tone`,
    `stance`, `recommendation`, `roles`, `switch`), `confidence` per head and `evidence`, the sentences that speak of it.
    A line that can't be read is named on standard error, the others go on, and the exit code is 1.

    Examples:

        python -m nlp tag

        echo '{"id": 1, "text": "Ушёл из Сбера в Альфу и не жалею"}' | python -m nlp tag --stdin

        python -m nlp tag --stdin --brands demo/config/brands.yaml < posts.jsonl > mentions.jsonl
    """
    if stdin:
        _tag_stdin(brands)
        return
    if brands is not None:
        _fail("--brands goes with --stdin; otherwise the brands are those of MOLVA_CONFIG", 2)
    with _told():
        _tag_batches(target)


def _tag_batches(target: str | None) -> None:
    data, config = data_folder(), config_folder()
    known = sorted({*Archive(data).targets(), *(path.stem for path in target_paths(config))})
    if target is not None and target not in known:
        _fail(f"--target: {target!r} is none of the targets ({', '.join(known) or 'there is none yet'})", 2)
    mark = present_fingerprint(config)
    if target is None:
        batches = untagged(data, config)
    else:
        batches = [batch for batch in Archive(data).batches(target) if not tagged_path(data, mark, batch).exists()]
    if not batches:
        done = "every batch is tagged already" if Archive(data).batches(target) else "nothing was collected yet"
        print(f"nothing to tag: {done}")
        return
    with Progress(console=say, disable=not say.is_terminal, transient=True) as bar:
        task = bar.add_task("tagging", total=len(batches))

        def progress(number: int, total: int) -> None:
            bar.update(task, completed=number)
            if not say.is_terminal:
                say.print(f"tagged {number} of {total} batches", highlight=False)

        tagged = tag(batches, data=data, config=config, progress=progress)
    print(tagged)


def _tag_stdin(brands: Path | None) -> None:
    with _told("standard input"):
        known = read_brands_of(brands or config_folder() / "brands.yaml")
        _print_lines(tag_lines(sys.stdin.buffer, known, Classifier.load()))


def _print_lines(lines: Iterable[dict[str, Any] | str], as_text: Callable[[dict[str, Any]], str] | None = None) -> None:
    """Print records, as JSON unless told how; messages about bad lines go to standard error, and fail at the end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    bad = 0
    for line in lines:
        if isinstance(line, str):
            say.print(line, markup=False, highlight=False, soft_wrap=True)
            bad += 1
        else:
            _print(as_text(line) if as_text else json.dumps(line, ensure_ascii=False))
    if bad:
        _fail(f"{bad} of the lines could not be read")


@app.command("explain")
def explain_command(
    brands: Annotated[Path | None, typer.Option(help="Brands file (default: brands.yaml of MOLVA_CONFIG).")] = None,
    head: Annotated[str | None, typer.Option(help="Only this head: stance, sentiment, tone, genre, roles, …")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON record for each mention.")] = False,
) -> None:
    """Show which sentences of a post carried each answer of the model, or which rule gave it.

    Reads posts from standard input as `tag --stdin` does. A sentence's weight says how much surer the answer is with it; an
    answer is carried by the first sentences that give it by themselves. What the model answers without any sentence too,
    what a rule answered, and what stars decided is said so.

    Examples:

        echo '{"id": 1, "text": "Приложение Сбера отличное. А вот поддержка хамит."}' | python -m nlp explain

        python -m nlp explain --brands demo/config/brands.yaml --head stance --json < posts.jsonl
    """
    from nlp.explain import HEADS, explain_lines, lines_of

    if head is not None and head not in HEADS:
        _fail(f"--head: {head!r} is none of {', '.join(HEADS)}", 2)
    with _told("standard input"):
        known = read_brands_of(brands or config_folder() / "brands.yaml")
        _print_lines(explain_lines(sys.stdin.buffer, known, cache(Classifier.load), head), as_text=None if as_json else lines_of)


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
    frozen: Annotated[int | None, typer.Option(min=0, help="Layers, from the lowest, that stay as they begin.")] = None,
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

        python -m nlp train --out models/mine --start models/reader-2 --epochs 2 --corrections corrections.jsonl
    """
    with _training():
        from nlp.course import Recipe
        from nlp.train import train

        chosen = {"epochs": epochs, "until": until, "tweets": tweets, "composed": composed, "frozen": frozen}
        given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
        recipe = replace(Recipe(seed=seed, seeds=seeds, share=share, start=str(start or "")), **given)
        if until is not None and until > recipe.epochs:
            _fail(f"--until: there are {recipe.epochs} epochs", 2)
        more, several = corrections or (), aspects or ()
        print(train(labels, encoder, out, more=more, aspects=several, recipe=recipe, carded=carded, say=_say_plainly))


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
) -> None:
    """Measure the model on labelled records: macro-F1 of each head, with its 95 % interval and counts per class.

    Also: confusion matrices, reliability, the share of roles that it answers. Intervals are of 2,000 resamples of the texts.
    With **--against** each head's difference to other answers, both on the same resamples, and whether its interval excludes zero.

    A record needs `text` and `target`; answers that it lacks are predicted and not scored. The form of the records is
    described in ../shared/labels/README.md; the answers in the predictions stand under the same names.

    Examples:

        python -m nlp evaluate ../shared/labels/test.jsonl

        python -m nlp evaluate mine.jsonl --predictions out.jsonl --json

        python -m nlp evaluate corrections.jsonl --by-month

        python -m nlp baseline mine.jsonl --predictions baseline.jsonl && python -m nlp evaluate mine.jsonl --against baseline.jsonl
    """
    from nlp.evaluate import evaluate

    with _told():
        report = evaluate(file, model=model, predictions=predictions, against=against, source=source, rating=rating, months=months)
        _print(json.dumps(report.to_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines()))


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
    with _training():
        from nlp.rival import evaluate_rival

        report = evaluate_rival(file, predictions=predictions, source=source, model=model, labels=labels, more=corrections or None)
        _print(json.dumps(report.to_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines()))


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

        python -m nlp card models/reader-2
    """
    with _training():
        from nlp.card import make_card

        print(make_card(model, labels, corrections or None, say=_say_plainly))


@app.command("contrast")
def contrast_command(
    file: Annotated[Path | None, typer.Argument(help="Posts with `expected` subjects (default: labels/contrast.jsonl).")] = None,
    brands: Annotated[Path | None, typer.Option(help="Their brands file (default: labels/contrast_brands.yaml).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    model: Annotated[Path | None, typer.Option(help="Folder of the model (default: the one that ships).")] = None,
) -> None:
    """Measure how often each product of a post that speaks of several gets its own stance, from finding it to judging it.

    Example:

        python -m nlp contrast
    """
    from nlp.contrast import BRANDS, FILE, contrasts, lines_of

    with _told():
        answers = contrasts(file or FILE, read_brands_of(brands or BRANDS), Classifier.load(model))
        _print(lines_of(answers, as_json=as_json))


if __name__ == "__main__":
    app()
