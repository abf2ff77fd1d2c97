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
from crawlers.trouble import Trouble
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


def place_of(error: BaseException) -> str:
    """What failed, and the last place in our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/crawlers/" in frame.filename] or frames
    return f"{type(error).__name__} {Path(ours[-1].filename).name}:{ours[-1].lineno}"


class Fuzz:
    """Answers given to parsers one after the other, none longer than `limit` seconds of processor."""

    def __init__(self, chosen: list[Parser | None], folder: Path, out: Path, limit: float) -> None:
        self.folder, self.out, self.limit = folder, out, limit
        self.tallies = {name_of(each): Tally() for each in chosen}
        # Wrong answers are mostly made of what is read to its end: the rest shows how it is refused.
        self.read = {name_of(each): self._whole(each) for each in chosen}

    def give(self, parser: Parser | None, content: bytes) -> Tally:
        """What becomes of one answer; a failure is written beside the others."""
        name, tally = name_of(parser), Tally()
        (self.out / "current").write_bytes(content)
        faulthandler.dump_traceback_later(60 + 20 * self.limit, exit=True)
        signal.setitimer(signal.ITIMER_VIRTUAL, self.limit)
        error = attempt(parser, content, self.folder, tally)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        faulthandler.cancel_dump_traceback_later()
        if error is not None:
            tally.failed[place_of(error)] += 1
            _write(self.out, name, error, content, self.tallies[name])
        self.tallies[name] = _sum([self.tallies[name], tally])
        return tally

    def _whole(self, parser: Parser | None) -> list[bytes]:
        """The recordings of which a parser brings items, else those that it doesn't refuse, else all."""
        told = [(seed, self.give(parser, seed)) for seed in seeds_of(parser)]
        brought = [seed for seed, tally in told if tally.outcomes and not tally.failed]
        return brought or [seed for seed, tally in told if not tally.refused and not tally.failed] or list(seeds_of(parser))


def name_of(parser: Parser | None) -> str:
    """None is the parser of robots.txt."""
    return parser.name if parser else "robots"


def seeds_of(parser: Parser | None) -> tuple[bytes, ...]:
    """The recordings that it is tried with."""
    return parser.seeds if parser else (ROBOTS,)


def main(
    seconds: Annotated[float, typer.Option(help="How long, by the clock, once every recording was tried as it is.")] = 60,
    seed: Annotated[int, typer.Option(help="The same one gives the same answers.")] = 1,
    only: Annotated[str, typer.Option(help="Part of the parsers' names.")] = "",
    limit: Annotated[float, typer.Option(help="Seconds of processor that one answer may take.")] = 10,
    out: Annotated[Path, typer.Option(help="Where answers that failed are written.")] = Path("data/fuzz"),
) -> None:
    """Give every recording to its parsers as it is, then wrong answers to every parser in turn until the time is over."""
    warnings.simplefilter("ignore")
    logging.disable()
    signal.signal(signal.SIGVTALRM, _too_slow)
    out.mkdir(parents=True, exist_ok=True)
    chosen: list[Parser | None] = [each for each in [*parsers(), None] if only in name_of(each)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        fuzz, chance, turn = Fuzz(chosen, Path(folder), out, limit), Random(seed), 0
        whole = time.monotonic()
        while time.monotonic() < whole + seconds:
            parser = chosen[turn % len(chosen)]
            turn += 1
            seeds = seeds_of(parser)
            content = mutated(chance.choice(fuzz.read[name_of(parser)] if chance.random() < 0.8 else seeds), seeds, chance)
            fuzz.give(parser, content)
    (out / "current").unlink(missing_ok=True)
    _show(fuzz.tallies)
    recordings = len({each for parser in chosen for each in seeds_of(parser)})
    print(f"{recordings} recordings as they are in {whole - began:.0f} s;", end=" ")
    print(f"{turn} wrong answers of seed {seed} in {time.monotonic() - whole:.0f} s, of processor {time.process_time():.0f} s in all")
    raise typer.Exit(int(any(tally.failed for tally in fuzz.tallies.values())))


def _too_slow(signal_number: int, frame: FrameType | None) -> None:
    raise TooSlow("took too long")


def _write(out: Path, name: str, error: BaseException, content: bytes, tally: Tally) -> None:
    """Keep what failed; the tally has how often it did before."""
    place = place_of(error)
    if tally.failed[place] < EXAMPLES:
        path = out / f"{name} {place} {tally.failed[place] + 1}".replace(" ", "_").replace(":", "_")
        path.write_bytes(content)
        path.with_name(f"{path.name}.trace").write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")


def _show(tallies: dict[str, Tally]) -> None:
    table = Table("parser", "answers", "refused", "items", *Outcome, "undated", "slowest, s", "failed")
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
    figures = [tally.answers, tally.refused, tally.outcomes.total(), *[tally.outcomes[each] for each in Outcome], tally.undated]
    return [f"{figure:,}" for figure in figures] + [f"{tally.slowest:.1f}", str(sum(tally.failed.values()))]


if __name__ == "__main__":
    typer.run(main)
