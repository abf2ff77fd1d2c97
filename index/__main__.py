"""Search the mentions and export them.

The rule to know: 0 means done, 1 that the index or the disk failed and why is on stderr, 2 a wrong command.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from index import open_index
from index.condition import conditions
from index.coverage import role_coverage
from index.export import WRITERS, Format, line
from index.page import decode
from index.query import Hit, Index, IndexUnavailable, Query, Sort
from nlp.whole import whole

app = typer.Typer(
    help="Search the mentions and export them.",
    epilog="MOLVA_INDEX says where the index is; without it, it is the embedded one in MOLVA_DATA/index.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
Sorted = StrEnum("Sorted", ["published", "reach", "id"])
Words = Annotated[str, typer.Argument(help="Words, “a phrase”, -word; all of them must hold. After -- where it begins with a minus.")]
_SORTS: dict[Sorted, Sort] = {Sorted.published: "published", Sorted.reach: "reach", Sorted.id: "id"}
_EXCERPT = 200
_STYLES = {"promoter": "green", "detractor": "red", "passive": "yellow"}


@app.command()
@conditions
def search(
    query: Query,
    text: Words = "",
    size: Annotated[int, typer.Option(min=1, max=10_000, help="Mentions of a page.")] = 20,
    sort: Annotated[Sorted, typer.Option(help="What to sort by, unknown values last.")] = Sorted.published,
    ascending: Annotated[bool, typer.Option("--ascending", help="The smallest or oldest first.")] = False,
    after: Annotated[str | None, typer.Option(help="Go on after a page: what that page said.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per mention.")] = False,
) -> None:
    """Search mentions by words and conditions.

    Example: `python -m index search "не рекомендую" --brand sever --stance detractor --since 2026-03-01`
    """
    if after is not None:
        try:
            decode(after)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--after") from None
    with _index() as index:
        found = index.search(query, sort=_SORTS[sort], descending=not ascending, size=size, after=after)
        coverage = role_coverage(index, query)
    if as_json:
        for hit in found.hits:
            print(line(hit))
    elif found.hits:
        Console(width=None if sys.stdout.isatty() else 200).print(_table(found.hits))
    shown = f"{len(found.hits)} of {found.total} mentions" + (f", {coverage}" if coverage.mentions else "")
    print(f"{shown}; go on with --after {found.after}" if found.after else shown, file=sys.stderr)


def _table(hits: tuple[Hit, ...]) -> Table:
    table = Table(show_lines=True, expand=True)
    for name, ratio in (("published", 2), ("stance", 2), ("about", 2), ("author", 2), ("text", 8)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for hit in hits:
        mention, post = hit.mention, hit.post
        words = " ".join(f"{post.title or ''} {post.text}".split())
        excerpt = words if len(words) <= _EXCERPT else words[:_EXCERPT] + "…"
        table.add_row(
            f"{post.published:%Y-%m-%d %H:%M}" if post.published else "undated",
            Text(mention.stance, _STYLES.get(mention.stance, "dim")),
            Text(mention.brand if mention.product == "general" else f"{mention.brand} {mention.product}"),
            Text(f"{post.author_name or post.author_id or 'unnamed'}\n{', '.join(hit.standing.roles)}"),
            Text(f"{excerpt}\n") + Text("\n".join(filter(None, (post.url, post.id))), "dim"),
        )
    return table


@app.command()
@conditions
def export(
    query: Query,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, - for standard output.", dir_okay=False)],
    text: Words = "",
    form: Annotated[str | None, typer.Option("--format", help="csv, jsonl or parquet; else the file's ending says it.")] = None,
) -> None:
    """Export every mention of a query, any number of rows, in the order of their ids.

    In CSV a text that a spreadsheet would take for a formula (it begins with = + - @) gets an apostrophe before it; JSON
    Lines and Parquet hold it as it is.

    Example: `python -m index export --brand sever --since 2026-01-01 --out sever.parquet`
    """
    form = form or out.suffix.removeprefix(".")
    if form not in get_args(Format):
        raise typer.BadParameter(f"“{form}” is none of {', '.join(get_args(Format))}", param_hint="--format")
    write = WRITERS[form]  # type: ignore[index]
    with _index() as index:
        try:
            if str(out) == "-":
                write(index.export(query), sys.stdout.buffer)
                sys.stdout.flush()
            else:
                with whole(out) as file:
                    write(_shown(index.export(query), index.count(query)[""]), file)
            print(role_coverage(index, query), file=sys.stderr)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who reads has enough; nothing more to say
        except OSError as error:
            print(f"{out} can't be written ({error.strerror or error}): give another --out, or free some space.", file=sys.stderr)
            raise typer.Exit(1) from None


def _shown(hits: Iterator[Hit], total: int) -> Iterator[Hit]:
    """The same mentions, with a progress bar on a terminal and plain lines elsewhere."""
    if sys.stderr.isatty():
        columns = (TextColumn("mentions"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            yield from progress.track(hits, total=total)
        return
    number = 0
    for number, hit in enumerate(hits, 1):
        yield hit
        if number % 50_000 == 0:
            print(f"{number} of {total} mentions", file=sys.stderr)
    print(f"{number} mentions", file=sys.stderr)


@contextmanager
def _index() -> Iterator[Index]:
    """The index, closed afterwards; when it fails, its sentence and exit code 1. Says so where none was made yet."""
    try:
        with closing(open_index()) as index:
            if missing := index.missing():
                print(f"{missing}: `python -m advocacy load` makes it.", file=sys.stderr)
            yield index
    except IndexUnavailable as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m index")
