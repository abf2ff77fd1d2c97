"""`python -m nlp`: tag posts, explain what was read; the commands that train and measure stand in `nlp/train_commands.py`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from crawlers.archive import Archive
from crawlers.place import config_folder, data_folder
from crawlers.target import target_paths
from nlp.classifier import Classifier
from nlp.commands import fail, print_out, say, say_plainly, told
from nlp.stream import read_brands_of, tag_lines
from nlp.tag import present_fingerprint, tag, tagged_path, untagged
from nlp.train_commands import app as train_commands

app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Read posts: who speaks of which company, and how.",
)
app.add_typer(train_commands)


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
        fail("--brands goes with --stdin; otherwise the brands are those of MOLVA_CONFIG", 2)
    with told():
        _tag_batches(target)


def _tag_batches(target: str | None) -> None:
    data, config = data_folder(), config_folder()
    known = sorted({*Archive(data).targets(), *(path.stem for path in target_paths(config))})
    if target is not None and target not in known:
        fail(f"--target: {target!r} is none of the targets ({', '.join(known) or 'there is none yet'})", 2)
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
    with told("standard input"):
        known = read_brands_of(brands or config_folder() / "brands.yaml")
        _print_lines(tag_lines(sys.stdin.buffer, known, Classifier.load()))


def _print_lines(lines: Iterable[dict[str, Any] | str], as_text: Callable[[dict[str, Any]], str] | None = None) -> None:
    """Print records, as JSON unless told how; messages about bad lines, or that there is none, go to standard error. Bad lines fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    bad = shown = 0
    for line in lines:
        if isinstance(line, str):
            say.print(line, markup=False, highlight=False, soft_wrap=True)
            bad += 1
        else:
            print_out(as_text(line) if as_text else json.dumps(line, ensure_ascii=False))
            shown += 1
    if bad:
        fail(f"{bad} of the lines could not be read")
    if not shown:
        say_plainly("no mention: no post here names a company of the brands file")


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
        fail(f"--head: {head!r} is none of {', '.join(HEADS)}", 2)
    with told("standard input"):
        known = read_brands_of(brands or config_folder() / "brands.yaml")
        _print_lines(explain_lines(sys.stdin.buffer, known, cache(Classifier.load), head), as_text=None if as_json else lines_of)


if __name__ == "__main__":
    app()
