"""What the commands print: tables of targets, items of a preview.

The rule to know: on a terminal a table, else plain lines with tabs, for other programs; the first one names the columns.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crawlers.archive import Archive
from crawlers.doubt import EXAMPLE, coverage, cut, filled
from crawlers.expect import spoken
from crawlers.health import Health, State
from crawlers.post import Post, iso
from crawlers.preview import Sample
from crawlers.target import BrokenTarget, Target

EXCERPT = 240
"""Characters of a value that a preview shows."""


def print_table(columns: tuple[str, ...], rows: list[list[str]], *, wide: bool = False) -> None:
    """A table on a terminal, else plain lines with tabs. A wide one folds no row."""
    if not sys.stdout.isatty():
        for row in [list(columns), *rows]:
            print("\t".join(row))
        return
    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=wide)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console(width=len(columns) * (EXAMPLE + 2) if wide else None).print(table, crop=False)


def target_row(target: Target | BrokenTarget, archive: Archive) -> list[str]:
    """A target in a table: name, kind, schedule, brand, how its last run ended."""
    if isinstance(target, BrokenTarget):
        state = State.WAITING.words if target.unset else State.BROKEN.words
        return [in_one_line(cell) for cell in (target.name, state, "-", "-", target.error.one_line())]
    about = target.brand or ("each item says" if target.about else "-")
    schedule = (target.schedule or "by hand") if target.enabled else "switched off"
    run = next(archive.latest_runs(target.name), None)
    last = "never" if run is None else f"{iso(run.ended)} {'failed: ' + run.error if run.error else run}"
    return [in_one_line(cell) for cell in (target.name, target.kind, schedule, about, last)]


HEALTH_COLUMNS = ("target", "state", "last success", "newest post", "lag", "last 7 days", "looked at again", "gaps", "why")


def health_row(health: Health) -> list[str]:
    """How a target does, in a table of `HEALTH_COLUMNS`."""
    lag = "-" if health.lag is None else f"{spoken(health.lag.median)}, 95% {spoken(health.lag.most)}"
    why = "; ".join(health.why) or "-"
    again = f"{health.looked}, gone {health.gone}" if health.looked else "-"
    gaps = f"{len(health.gaps)} days" if health.gaps else "-"
    known = (iso(health.last_success) or "never", iso(health.newest) or "-", lag, str(health.week), again, gaps)
    return [in_one_line(cell) for cell in (health.target, health.state.words, *known, why)]


def print_samples(samples: Sequence[Sample]) -> None:
    """The items of a preview, each with every field that it has."""
    width = shutil.get_terminal_size().columns
    for number, sample in enumerate(samples):
        print(*([""] if number else []), *_block(sample, width), sep="\n")


def _block(sample: Sample, width: int) -> Iterator[str]:
    """What became of an item, and below it a field a line; a value longer than its line goes on below itself."""
    yield "  ".join(filter(None, (sample.outcome, ": ".join(filter(None, (sample.place, sample.reason))))))
    for name, value in () if sample.post is None else filled(sample.post):
        said = value if len(value) <= EXCERPT or name == "url" else f"{cut(value, EXCERPT)} ({len(value)} characters)"
        indent = f"  {name:<14}"
        lines = textwrap.wrap(said, max(width - len(indent), 20), break_long_words=False, break_on_hyphens=False)
        yield indent + f"\n{' ' * len(indent)}".join(lines)


def print_samples_as_table(samples: Sequence[Sample]) -> None:
    """The items of a preview, a row each, with a column for each field that any of them has."""
    found = [{"outcome": str(one.outcome), "where": one.place, "reason": one.reason or ""} for one in samples]
    for values, sample in zip(found, samples, strict=True):
        values.update({} if sample.post is None else filled(sample.post))
    columns = tuple(dict.fromkeys(name for values in found for name, value in values.items() if value))
    print_table(columns, [[cut(values.get(name, ""), EXAMPLE) for name in columns] for values in found], wide=True)


def print_fields(posts: Sequence[Post]) -> None:
    """Each field with the number of posts that have it and its first value."""
    rows = [(name, f"{filled} of {len(posts)}", example) for name, filled, example in coverage(posts)]
    if not sys.stdout.isatty():
        print("\n" + "\n".join("\t".join(row) for row in rows))
        return
    table = Table("field", "filled", "for example", box=None, header_style="bold")
    for row in rows:
        table.add_row(*map(escape, row), style="dim" if row[1].startswith("0 ") else None)
    Console().print("", table)


def in_one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join("; ".join(text.splitlines()).split())
