"""What the commands print: tables of targets, items of a preview.

The rule to know: on a terminal a table, else plain lines with tabs, for other programs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crawlers.archive import Archive
from crawlers.doubt import coverage
from crawlers.expect import spoken
from crawlers.health import Health
from crawlers.post import Post, iso
from crawlers.preview import Sample
from crawlers.run import Outcome
from crawlers.target import BrokenTarget, Target

EXCERPT = 160
"""Characters of a text that a preview shows."""


def print_table(columns: tuple[str, ...], rows: list[list[str]]) -> None:
    """A table on a terminal, else plain lines with tabs."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)


def target_row(target: Target | BrokenTarget, archive: Archive) -> list[str]:
    """A target in a table: name, kind, schedule, brand, how its last run ended."""
    if isinstance(target, BrokenTarget):
        return [in_one_line(cell) for cell in (target.name, "broken", "-", "-", target.error.one_line())]
    about = target.brand or ("each item says" if target.about else "-")
    schedule = (target.schedule or "by hand") if target.enabled else "switched off"
    run = next(archive.latest_runs(target.name), None)
    last = "never" if run is None else f"{iso(run.ended)} {'failed: ' + run.error if run.error else run}"
    return [in_one_line(cell) for cell in (target.name, target.kind, schedule, about, last)]


def health_row(health: Health) -> list[str]:
    """How a target does, in a table."""
    lag = "-" if health.lag is None else f"{spoken(health.lag.median)}, 95% {spoken(health.lag.most)}"
    why = "; ".join(health.why) or "-"
    again = f"{health.looked}, gone {health.gone}" if health.looked else "-"
    cells = (health.target, health.state.words, iso(health.last_success) or "never", lag, str(health.week), again, why)
    return [in_one_line(cell) for cell in cells]


def shown(sample: Sample) -> str:
    """An item of a preview: what became of it, what is known of it, and the beginning of its text."""
    place = f"{sample.place}: " if sample.place else ""
    if sample.outcome is Outcome.REJECTED or sample.post is None:
        return f"{sample.outcome}  {place}{sample.reason or ''}"
    post = sample.post
    facts = [
        (iso(post.published) or "undated")[: 10 if post.published_precision == "day" else 16],
        post.site + (f"/{post.place}" if post.place else ""),
        post.author_name or post.author_id or "unnamed",
        f"{post.rating:g} of 5" if post.rating is not None else "",
        f"about {', '.join(post.about)}" if post.about else "",
        post.url or "",
    ]
    text = " ".join((f"{post.title}. " if post.title else "").split() + post.text.split())
    excerpt = text if len(text) <= EXCERPT else text[:EXCERPT] + "…"
    return f"{sample.outcome}  {place}{' · '.join(filter(None, facts))}\n    {excerpt}"


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
