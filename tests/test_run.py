"""`make run`: everything starts, collects and shows in a browser; Ctrl-C leaves nothing behind; a second start goes on where it was."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest
from conftest import ROOT, Molva, get, until, unused_port
from dashboard_site import browser, settled
from playwright.sync_api import Page, expect

import run
from advocacy.measures import online_nps
from crawlers.archive import Archive
from crawlers.post import Post
from dashboard.view import View
from index import open_index
from index.query import Facet, Index, Query

GIGABYTE = 1 << 30
WHOLE = View(brand="vestarna", period="90")


def refused(*arguments: str, **environ: str) -> str:
    """What run.py says instead of starting."""
    command = [sys.executable, str(ROOT / "run.py"), *arguments]
    done = subprocess.run(command, env={**os.environ, **environ}, text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["MOLVA_DASHBOARD_PORT", "MOLVA_AIRFLOW_PORT", "MOLVA_DEMO_PORT"])
def test_taken_port_is_named_before_anything_starts(name: str, tmp_path: Path) -> None:
    ports = {other: str(unused_port()) for other in ("MOLVA_DASHBOARD_PORT", "MOLVA_AIRFLOW_PORT", "MOLVA_DEMO_PORT")}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports[name] = str(taken.getsockname()[1])
        said = refused(MOLVA_DATA=str(tmp_path / "data"), **ports)
    assert f"Port {ports[name]} is taken: set {name} to another one." in said
    assert not (tmp_path / "data").exists()


def test_setting_that_makes_no_sense_is_told_in_a_sentence(tmp_path: Path) -> None:
    same = str(unused_port())
    assert "MOLVA_AIRFLOW_PORT" in refused(MOLVA_AIRFLOW_PORT=same, MOLVA_DASHBOARD_PORT=same)
    assert "from 1 to 65535" in refused(MOLVA_DASHBOARD_PORT="http")
    ports = {name: str(unused_port()) for name in ("MOLVA_DASHBOARD_PORT", "MOLVA_AIRFLOW_PORT", "MOLVA_DEMO_PORT")}
    assert "MOLVA_CONFIG" in refused(MOLVA_CONFIG=str(tmp_path / "nowhere"), **ports)
    (tmp_path / "file").touch()
    assert "MOLVA_DATA" in refused(MOLVA_DATA=str(tmp_path / "file" / "data"), **ports)
    assert "no arguments" in refused("everything")


def test_command_of_airflow_refuses_what_a_run_refuses(tmp_path: Path) -> None:
    same = str(unused_port())
    assert "from 1 to 65535" in refused("airflow", "version", MOLVA_AIRFLOW_PORT="http")
    assert "which another part uses" in refused("airflow", "version", MOLVA_AIRFLOW_PORT=same, MOLVA_DASHBOARD_PORT=same)
    assert "MOLVA_CONFIG" in refused("airflow", "version", MOLVA_CONFIG=str(tmp_path / "nowhere"))
    (tmp_path / "file").touch()
    assert "MOLVA_DATA" in refused("airflow", "version", MOLVA_DATA=str(tmp_path / "file" / "data"))


@pytest.mark.parametrize(("config", "data"), [("", "data/demo"), ("demo/config", "data/demo"), ("dags", "data")])
def test_command_of_airflow_works_on_the_database_of_a_run(config: str, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[dict[str, str]] = []
    monkeypatch.setattr(run.os, "execve", lambda program, command, environ: called.append(environ) or sys.exit(0))
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setenv("MOLVA_CONFIG", str(ROOT / config) if config else "")
    monkeypatch.delenv("MOLVA_DATA", raising=False)
    with socket.socket() as taken, pytest.raises(SystemExit):  # by the run itself, beside which the command is called
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MOLVA_AIRFLOW_PORT", str(taken.getsockname()[1]))
        run.main(["airflow", "version"])
    assert called[0]["AIRFLOW_HOME"] == str(tmp_path / data / "airflow")
    assert run.setting(dict(os.environ)).airflow_home == tmp_path / data / "airflow"


def make(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """As a person types it, also where `make test` runs this: a make below another one says more."""
    own = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")}
    return subprocess.run(["make", *arguments], cwd=folder, env=own | environ, text=True, capture_output=True, timeout=60, check=False)


def test_missing_python_is_told_in_a_sentence(tmp_path: Path) -> None:
    clone, tools = tmp_path / "clean clone", tmp_path / "bin"
    clone.mkdir()
    tools.mkdir()
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / name, clone)
    for name in ("sh", "test", "echo", "make"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    done = make(clone, "run", PATH=str(tools))
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Molva needs Python 3.11: install python3.11 and its venv module, then call make again."


def test_second_call_of_make_installs_nothing(tmp_path: Path) -> None:
    clone = tmp_path / "clean clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / name, clone)
    for name in ("uv", "python"):
        stand_in = clone / ".venv" / "bin" / name
        stand_in.write_text(f'#!/bin/sh\necho "{name} $*"\n')
        stand_in.chmod(0o755)
    first = make(clone, "run").stdout
    assert "uv pip install -q --python .venv/bin/python -r requirements.txt" in first
    assert first.splitlines()[-1] == "python run.py"
    assert make(clone, "run").stdout == "python run.py\n"


def family(molva: Molva) -> list[psutil.Process]:
    """The runner and everything below it."""
    assert molva.process is not None
    runner = psutil.Process(molva.process.pid)
    return [runner, *runner.children(recursive=True)]


def memory(processes: list[psutil.Process]) -> int:
    """Bytes that the processes hold together, shared pages counted once where the system tells."""
    held = 0
    for process in processes:
        try:
            held += process.memory_full_info().pss
        except psutil.AccessDenied:
            held += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return held


def addresses(processes: list[psutil.Process]) -> set[str]:
    """Where the processes listen."""
    found: set[str] = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found |= {connection.laddr.ip for connection in process.net_connections() if connection.status == psutil.CONN_LISTEN}
    return found


def is_called(process: psutil.Process, word: str) -> bool:
    """Whether the process was called with this word, or calls itself so."""
    try:
        return word in " ".join(process.cmdline()).split()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def airflow(molva: Molva, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(get(f"{molva.airflow}/api/v2/{path}") or "{}")
    return answer


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Molva]:
    """The demo company with everything around it, started once: it goes on collecting until the last of its tests ends it."""
    molva = Molva(tmp_path_factory.mktemp("running") / "data with space")
    try:
        yield molva.start()
    finally:
        molva.stop()


@pytest.fixture
def index(running: Molva) -> Iterator[Index]:
    """The index that Airflow fills, once the ninety days of the demo are in it."""
    with closing(open_index(str(running.data / "index"))) as found:
        until(lambda: sum(found.count(Query()).values()) >= 380, 420, "the demo's archive is in the index")
        yield found


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with browser(chromium, timezone_id="UTC") as page:
        yield page


@pytest.mark.timeout(900)
def test_everything_answers_on_the_loopback_alone_and_collects(running: Molva, index: Index) -> None:
    assert get(f"{running.dashboard}/_stcore/health") == "ok"
    assert get(running.demo)
    processes = family(running)
    assert memory(processes) < 3 * GIGABYTE
    assert addresses(processes) == {"127.0.0.1"}
    states = {run["dag_id"]: run["state"] for run in airflow(running, "dags/~/dagRuns?order_by=start_date&limit=100")["dag_runs"]}
    assert "demo.group" in states
    assert "enrich" in states
    assert airflow(running, "importErrors")["total_entries"] == 0


@pytest.mark.timeout(900)
def test_the_overview_shows_the_numbers_of_the_demo(running: Molva, index: Index, page: Page) -> None:
    def authors() -> int:
        return online_nps(index, WHOLE.query(datetime.now(UTC), ZoneInfo("UTC"))).authors

    before = authors()
    settled(page.goto(f"{running.dashboard}/?lang=ru&period=90") and page)
    expect(page.locator(".st-key-nps")).to_contain_text("авторов:")
    shown = re.search(r"авторов:\s*(\d+)", page.locator(".st-key-nps").inner_text())
    assert shown
    assert before > 50
    assert before <= int(shown[1]) <= authors()  # the demo goes on publishing meanwhile
    expect(page.get_by_role("heading", name="Вестарна")).to_be_visible()
    assert page.locator(".js-plotly-plot").count() >= 4


@pytest.mark.timeout(900)
def test_a_freshly_published_post_is_in_the_list(running: Molva, index: Index, page: Page) -> None:
    started = datetime.now(UTC)

    def fresh() -> Post | None:
        hits = index.search(Query(since=started), size=1).hits
        return hits[0].post if hits else None

    post = until(fresh, 300, "a post published after the test began is in the index")
    brand = index.search(Query(posts=(post.id,)), size=1).hits[0].mention.brand
    settled(page.goto(f"{running.dashboard}/posts?lang=ru&period=7&brand={brand}") and page)
    page.wait_for_selector(".post-text")  # the script that draws the cards is loaded only once there is one
    expect(page.get_by_text(post.text[:60]).first).to_be_visible()


@pytest.mark.timeout(900)
def test_it_ends_on_ctrl_c_and_goes_on_where_it_was(running: Molva, index: Index) -> None:
    """The last of the tests with what runs, for it ends it."""
    until(lambda: any(is_called(process, "scrapy") for process in family(running)), 120, "a collection is under way")
    processes = family(running)
    assert running.stop(signal.SIGINT) < 10
    assert running.process is not None
    assert running.process.returncode == 0, running.said.read_text()
    assert [process for process in processes if process.is_running()] == []
    known = posts(index)

    running.start()
    assert "Preparing" not in running.said.read_text()
    assert posts(index) >= known
    before = runs(running)
    until(lambda: runs(running) > before, 120, "collections go on")
    processes = family(running)
    assert running.stop(signal.SIGTERM) < 10
    assert [process for process in processes if process.is_running()] == []


def runs(molva: Molva) -> int:
    """Runs of all DAGs; asked again where Airflow, just started, answers an error instead."""
    return int(until(lambda: airflow(molva, "dags/~/dagRuns?limit=1000").get("total_entries"), 60, "Airflow counts its runs"))


def posts(index: Index) -> int:
    """Distinct posts in the index."""
    return sum(index.count(Query(), Facet.BRAND).values())


TARGET = """\
kind: files
path: reviews.csv
site: reviews.example
schedule: every 1 minutes
columns: {id: id, text: text}
"""


def tags(molva: Molva) -> dict[str, set[str]]:
    """Every DAG that Airflow shows, with its tags."""
    return {dag["dag_id"]: {tag["name"] for tag in dag["tags"]} for dag in airflow(molva, "dags?limit=100").get("dags", [])}


@pytest.mark.timeout(900)
def test_edit_takes_effect_without_restart_and_a_part_that_dies_ends_the_rest(tmp_path: Path) -> None:
    config = tmp_path / "config"
    (config / "targets").mkdir(parents=True)
    (config / "brands.yaml").write_text("brands:\n  - {slug: vestarna, name: Вестарна, ours: true}\n")
    (config / "reviews.csv").write_text("id,text\n1,Вестарна помогла с переводом\n")
    for name in ("edited", "other"):
        (config / "targets" / f"{name}.yaml").write_text(TARGET)
    molva = Molva(tmp_path / "data", config).start()
    try:
        until(lambda: len(Archive(molva.data).batches()) == 2, 180, "both targets are collected on schedule")
        (config / "targets" / "edited.yaml").write_text(TARGET.replace("schedule", "schedul"))
        (config / "reviews.csv").write_text("id,text\n1,Вестарна помогла с переводом\n2,Вестарна снова подвела\n")
        until(lambda: "broken" in tags(molva).get("edited.broken", set()), 120, "the broken target shows in Airflow")
        until(lambda: len(Archive(molva.data).batches("other")) == 2, 180, "the other target goes on")
        (config / "targets" / "edited.yaml").write_text(TARGET)
        until(lambda: len(Archive(molva.data).batches("edited")) == 2, 240, "the mended target is collected again")

        processes = family(molva)
        scheduler = next(process for process in processes if is_called(process, "scheduler"))
        scheduler.kill()
        assert molva.process is not None
        assert molva.process.wait(15) == 1
        assert "airflow-scheduler ended by itself" in molva.said.read_text()
        assert [process for process in processes if process.is_running()] == []
    finally:
        molva.stop()
