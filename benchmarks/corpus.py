"""The whole length on a real corpus: 15,067 bank reviews collected, tagged, loaded into both engines and asked the same.

    python benchmarks/corpus.py --data FOLDER [--elasticsearch http://127.0.0.1:9200/corpus]

The rule to know: each stage is the command a user would type, in a process of its own, so that time and peak memory are its own.
In a folder that holds a stage's result already the stage has nothing to do and its line says so; begin with an empty one to measure.
Elasticsearch's node is not in the figures. Ends with 1 where a row has no outcome or the engines' answers differ.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from advocacy.measures import basis, nps_by, nps_trend, online_nps, reach_by_stance  # noqa: E402
from crawlers.archive import Archive  # noqa: E402
from index import open_index  # noqa: E402
from index.query import Facet, Index, Query  # noqa: E402

CONFIG = ROOT / "benchmarks" / "corpus" / "config"
ROWS = 15_067
MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass(frozen=True, slots=True)
class Stage:
    """A command that ran to its end: seconds by the clock and of processor, and the peak memory of its largest process."""

    name: str
    seconds: float
    processor: float
    memory: int


def run(name: str, arguments: list[str], environment: dict[str, str]) -> Stage:
    """One command of ours in a process of its own. Raises CalledProcessError."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, env=os.environ | environment)
    _, status, used = os.wait4(process.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, arguments)
    return Stage(name, time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def answers(index: Index) -> Iterator[tuple[str, Any]]:
    """What the dashboard and an analyst ask, of all companies and of the largest."""
    everything = Query()
    for facet in Facet:
        yield f"count by {facet}", index.count(everything, facet)
    largest = next(iter(index.count(everything, Facet.BRAND)))
    ours = Query(brands=(largest,))
    yield "online NPS", online_nps(index, ours)
    yield "online NPS by brand", nps_by(index, everything, Facet.BRAND)
    yield "online NPS by product", nps_by(index, ours, Facet.PRODUCT)
    yield "monthly trend", nps_trend(index, ours, "month", MOSCOW)
    yield "basis", basis(index, ours)
    yield "reach", reach_by_stance(index, ours)
    yield "undated", index.count(replace(everything, dated=False))
    for words in ("не рекомендую", '"горячая линия"', "ипотека -отказ", "приложение"):
        for sort in ("published", "id"):
            found = index.search(Query(text=words), sort=sort, size=50)  # type: ignore[arg-type]
            yield f"search {words} by {sort}", (found.total, [(hit.mention, hit.post, hit.standing) for hit in found.hits])


def main(
    data: Annotated[Path, typer.Option(help="Folder for batches, tags and the embedded index.")],
    elasticsearch: Annotated[str | None, typer.Option(help="Address of a node, with the index's name as its path.")] = None,
) -> None:
    """Measure every stage and compare the engines."""
    data.mkdir(parents=True, exist_ok=True)
    place = {"MOLVA_CONFIG": str(CONFIG), "MOLVA_DATA": str(data.resolve()), "MOLVA_INDEX": ""}
    stages = [run("collect", ["crawlers", "collect", "--all"], place), run("tag", ["nlp", "tag"], place)]
    stages.append(run("load, embedded", ["advocacy", "load"], place))
    engines = [str(data / "index")]
    if elasticsearch:
        stages.append(run("load, Elasticsearch", ["advocacy", "load"], place | {"MOLVA_INDEX": elasticsearch}))
        engines.append(elasticsearch)
    table = Table("stage", "seconds", "of processor", "rows/s", "peak memory, MB")
    for stage in stages:
        table.add_row(
            stage.name, f"{stage.seconds:.1f}", f"{stage.processor:.1f}", f"{ROWS / stage.seconds:,.0f}", f"{stage.memory / 1e6:,.0f}"
        )
    Console().print(table)
    outcomes = [json.loads(line) for line in (data / "raw" / "reviews" / "runs.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = sum(1 for batch in Archive(data).batches("reviews") for _ in batch.posts())
    print(f"first run: {outcomes[0]}\nposts in the batches: {kept}")
    found = []
    for engine in engines:
        started = time.perf_counter()
        found.append(list(answers(open_index(engine))))
        print(f"{len(found[-1])} answers of {engine.split('//')[-1]} in {time.perf_counter() - started:.1f} s")
    different = [name for (name, one), (_, other) in zip(found[0], found[-1], strict=True) if one != other]
    print(f"compared: {len(engines)} engines; answers that differ: {', '.join(different) or 'none'}")
    if different or kept != ROWS:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
