"""A thousand targets, three hundred of them broken: how long Airflow reads them, and how long until all the good ones have run.

    python benchmarks/targets.py --data FOLDER [--good 700] [--broken 300]

The rule to know: the targets are those of `tests/many_targets.py`, and everything runs as `make run` runs it. It ends with 1 where a good
target did not bring its posts, a broken one does not say what is wrong with it, or reading takes longer than it may.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import typer

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "tests"))

from many_targets import ENTRIES, WAYS, feeds, stand_in, write_targets

from benchmarks.demand import Demand, judged
from benchmarks.started import ROOT, environment, started
from crawlers.archive import Archive

DEMANDED: dict[str, tuple[Literal["at most", "less than"], float]] = {
    "all DAGs read, s": ("less than", 20),
    "one task's own, s": ("less than", 1),
    "a broken one's own, s": ("less than", 1),
    "good ones without their posts": ("at most", 0),
    "broken ones that do not say why": ("at most", 0),
}
"""What is demanded of each figure."""
PARSE = """
import time
import airflow.sdk, airflow.sdk.definitions.decorators, airflow.providers.standard.operators.empty
started = time.perf_counter()
import runpy
runpy.run_path("dags/collect.py")
print(time.perf_counter() - started)
"""


def parse(environ: dict[str, str], only: str | None = None) -> float:
    """Seconds in which a new process that has loaded Airflow reads all DAGs, or the one that a task needs."""
    places = {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": only} if only else {}
    done = subprocess.run(
        [sys.executable, "-c", PARSE], cwd=ROOT, env=environ | places, stdout=subprocess.PIPE, text=True, check=True
    )  # fmt: skip
    return float(done.stdout.splitlines()[-1])


def brought(data: Path, good: int) -> int:
    """Good targets that have all their posts."""
    archive = Archive(data)
    names = (f"good-{number:04}" for number in range(good))
    return sum(sum(batch.manifest["outcomes"]["kept"] for batch in archive.batches(name)) == ENTRIES for name in names)


def unsaid(data: Path, wrong: dict[str, str]) -> list[str]:
    """Broken targets whose DAG, as Airflow's database has it, does not name its file and what is wrong there."""
    with closing(sqlite3.connect(f"file:{data / 'airflow' / 'airflow.db'}?mode=ro", uri=True)) as database:
        said = dict(database.execute("select dag_id, description from dag"))
    return [name for name, way in wrong.items() if not all(part in (said.get(stand_in(name, way)) or "") for part in (name, WAYS[way][1]))]


def main(
    data: Annotated[Path, typer.Option(help="A folder for what the run makes; it must not exist yet.")],
    good: Annotated[int, typer.Option(help="Targets that are as they should be.")] = 700,
    broken: Annotated[int, typer.Option(help="Broken targets.")] = 300,
    minutes: Annotated[float, typer.Option(help="Minutes after which it is given up.")] = 90,
) -> None:
    """Read, run, count."""
    data = data.resolve()
    data.mkdir(parents=True)
    with feeds() as address:
        wrong = write_targets(data / "config", address, good, broken)
        places = {"MOLVA_CONFIG": str(data / "config"), "MOLVA_DATA": str(data / "data")}
        environ = environment() | places | {"AIRFLOW_HOME": str(data / "home")}
        figures = {
            "all DAGs read, s": round(parse(environ), 2),
            "one task's own, s": round(parse(environ, "good-0001"), 2),
            "a broken one's own, s": round(parse(environ, "wrong-0001.broken"), 2),
        }
        print(json.dumps(figures), flush=True)
        began = time.monotonic()
        with started(places) as run:
            while run.poll() is None and (done := brought(data / "data", good)) < good and time.monotonic() < began + 60 * minutes:
                print(f"{time.monotonic() - began:.0f} s: {done} of {good}", file=sys.stderr, flush=True)
                time.sleep(20)
            figures["all good ones have run after, s"] = round(time.monotonic() - began)
            figures["good ones without their posts"] = good - brought(data / "data", good)
            silent = unsaid(data / "data", wrong)
            figures["broken ones that do not say why"] = len(silent)
    print(json.dumps(figures), *silent[:5], sep="\n")
    raise typer.Exit(judged(*(Demand(f"{name} ({good} good, {broken} broken)", figures[name], *bound) for name, bound in DEMANDED.items())))


if __name__ == "__main__":
    typer.run(main)
