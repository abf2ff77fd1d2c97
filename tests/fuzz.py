"""A long run of wrong answers against every parser of the sources.

    python -m tests.fuzz --seconds 600 [--only forum] [--seed 1] [--limit 10] [--out FOLDER]

The rule to know: what fails is written to the folder as it came, with the trace beside it; one that takes more processor time than
`--limit` counts as failed, and one that doesn't come back at all ends the run with its trace. It ends with 1 where anything failed.
"""

from __future__ import annotations

import faulthandler
import logging
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from crawlers.run import Outcome
from crawlers.source import CollectError
from crawlers.spider import Trouble
from tests.mutation import mutated
from tests.parsers import parsers
from tests.parsing import Parser, robots

EXAMPLES = 3
"""Inputs written of each failure."""
ROBOTS = b"User-agent: *\nCrawl-delay: 2\nDisallow: /x\nAllow: /x?y=*$\nSitemap: https://a.example/sitemap.xml\n"


class TooSlow(BaseException):
    """An answer took more processor time than it may; no Exception, so that nothing on the way takes it for its own."""


@dataclass
class Tally:
    """What became of the answers of a parser."""

    answers: int = 0
    refused: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    undated: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


def attempt(parser: Parser | None, content: bytes, folder: Path, tally: Tally) -> BaseException | None:
    """Give one answer to a parser (None: to that of robots.txt), count what becomes of it, and return what failed."""
    began = time.process_time()
    tally.answers += 1
    try:
        if parser is None:
            robots(content)
        else:
            counts = parser.outcomes(content, folder)
            tally.outcomes += counts.outcomes
            tally.undated += counts.undated
    except (CollectError, Trouble):
        tally.refused += 1
    except (Exception, TooSlow) as error:
        return error
    finally:
        tally.slowest = max(tally.slowest, time.process_time() - began)
    return None


def whole(parser: Parser, folder: Path) -> list[bytes]:
    """The recordings of which a parser brings items, or that it doesn't refuse."""
    tallies = [(seed, tally) for seed in parser.seeds if attempt(parser, seed, folder, tally := Tally()) is None]
    return [seed for seed, tally in tallies if tally.outcomes] or [seed for seed, tally in tallies if not tally.refused]


def place_of(error: BaseException) -> str:
    """What failed, and the last place in our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/crawlers/" in frame.filename] or frames
    return f"{type(error).__name__} {Path(ours[-1].filename).name}:{ours[-1].lineno}"


def main(
    seconds: Annotated[float, typer.Option(help="How long, by the clock.")] = 60,
    seed: Annotated[int, typer.Option(help="The same one gives the same answers.")] = 1,
    only: Annotated[str, typer.Option(help="Part of the parsers' names.")] = "",
    limit: Annotated[float, typer.Option(help="Seconds of processor that one answer may take.")] = 10,
    out: Annotated[Path, typer.Option(help="Where answers that failed are written.")] = Path("data/fuzz"),
) -> None:
    """Give wrong answers to every parser in turn until the time is over."""
    warnings.simplefilter("ignore")
    logging.disable()
    signal.signal(signal.SIGVTALRM, _too_slow)
    out.mkdir(parents=True, exist_ok=True)
    chosen: list[Parser | None] = [each for each in [*parsers(), None] if only in (each.name if each else "robots")]
    tallies = {each.name if each else "robots": Tally() for each in chosen}
    chance, until, turn = Random(seed), time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as folder:
        read = {each.name: whole(each, Path(folder)) for each in chosen if each}
        while time.monotonic() < until:
            parser = chosen[turn % len(chosen)]
            turn += 1
            name, seeds = (parser.name, parser.seeds) if parser else ("robots", (ROBOTS,))
            # Mostly of what the parser reads to its end: the rest shows how it refuses.
            content = mutated(chance.choice(read.get(name) or seeds if chance.random() < 0.8 else seeds), seeds, chance)
            (out / "current").write_bytes(content)
            faulthandler.dump_traceback_later(60 + 20 * limit, exit=True)
            signal.setitimer(signal.ITIMER_VIRTUAL, limit)
            error = attempt(parser, content, Path(folder), tallies[name])
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            faulthandler.cancel_dump_traceback_later()
            if error is not None:
                _write(out, name, error, content, tallies[name])
    (out / "current").unlink(missing_ok=True)
    _show(tallies)
    raise typer.Exit(int(any(tally.failed for tally in tallies.values())))


def _too_slow(signal_number: int, frame: FrameType | None) -> None:
    raise TooSlow("took too long")


def _write(out: Path, name: str, error: BaseException, content: bytes, tally: Tally) -> None:
    place = place_of(error)
    tally.failed[place] += 1
    if tally.failed[place] <= EXAMPLES:
        path = out / f"{name} {place} {tally.failed[place]}".replace(" ", "_").replace(":", "_")
        path.write_bytes(content)
        path.with_name(f"{path.name}.trace").write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")


def _show(tallies: dict[str, Tally]) -> None:
    columns = ("parser", "answers", "refused", "items", "kept", "rejected", "repeated", "undated", "slowest, s", "failed")
    table = Table(*columns)
    for name, tally in tallies.items():
        table.add_row(name, *_figures(tally))
    table.add_row("all", *_figures(_sum(list(tallies.values()))))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    for name, tally in tallies.items():
        for place, times in tally.failed.most_common():
            console.print(f"{name}: {place}, {times} times", highlight=False)


def _sum(tallies: list[Tally]) -> Tally:
    return Tally(
        answers=sum(tally.answers for tally in tallies),
        refused=sum(tally.refused for tally in tallies),
        outcomes=sum((tally.outcomes for tally in tallies), Counter()),
        undated=sum(tally.undated for tally in tallies),
        failed=sum((tally.failed for tally in tallies), Counter()),
        slowest=max(tally.slowest for tally in tallies),
    )


def _figures(tally: Tally) -> list[str]:
    known = [tally.outcomes[each] for each in (Outcome.KEPT, Outcome.REJECTED)]
    repeated = tally.outcomes[Outcome.REPEATED] + tally.outcomes[Outcome.CHANGED]
    figures = [tally.answers, tally.refused, sum(tally.outcomes.values()), *known, repeated, tally.undated]
    return [f"{figure:,}" for figure in figures] + [f"{tally.slowest:.1f}", str(sum(tally.failed.values()))]


if __name__ == "__main__":
    typer.run(main)
