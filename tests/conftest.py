"""What many tests need: a free port, Chromium, everything running.

A test that lacks a service of the machine skips with a reason that begins with `requires:`. Where CI is true that is a
failure: there the services are promised. The folder ../shared is no service: where there is none at all, what needs it is
skipped there too, and says so; where it lacks something, that is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from tests.site import Place

ROOT = Path(__file__).resolve().parents[1]
STRICT = os.environ.get("CI", "").lower() in ("1", "true")
REQUIRES = "requires:"
SHARED = ROOT.parent / "shared"
NO_SHARED = f"{REQUIRES} ../shared/"
T = TypeVar("T")

# Of a property test that fails, hypothesis writes a patch by libcst, which stumbles over what zope.interface adds to every class and so
# ends the whole run in the place of that test. Without the module it writes none.
sys.modules["hypothesis.extra._patching"] = None  # type: ignore[assignment]


def _fail_where_promised(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip for a missing service, or for what a folder ../shared that is there lacks, into a failure."""
    if not STRICT or report.outcome != "skipped" or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2]
    if REQUIRES not in reason or (NO_SHARED in reason and not SHARED.is_dir()):
        return
    report.outcome = "failed"
    report.longrepr = f"{reason} (CI is true: a missing service, or a file missing in ../shared, is a failure)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[Any]:
    report: pytest.TestReport = yield
    _fail_where_promised(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[Any]:
    report: pytest.CollectReport = yield
    _fail_where_promised(report)
    return report


LONGEST = ("test_run.py", "test_robots.py")
"""The files that take longest, mostly by waiting: each is one process's from its beginning to its end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first, so that no process is left waiting for one of them at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


MEMORY = Path("/dev/shm")
ENOUGH = 4 * 2**30
"""Bytes that the folders of all tests need at most."""


def pytest_configure(config: pytest.Config) -> None:
    """Where the tests write, how they are interrupted, and that it is noted what they read."""
    # Most of what they wait for is a disk that confirms each write: memory is the place for their folders where there is room.
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None
    # A shell that runs the tests in the background has them ignore Ctrl-C; what they start must not inherit that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # tests/test_promised.py copies this file alone into a folder of its own, where there is nothing to read.
    if Path(__file__).with_name("reading.py").is_file():
        from tests import reading

        config.pluginmanager.register(reading)


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit's test of an app leaves its script in the place of the main module, which processes started later would run."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where targets of a test are configured and collected."""
    from tests.site import Place  # not at the top, for a copy of this file alone

    return Place(tmp_path)


def unused_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ask: Callable[[], T], seconds: float, what: str) -> T:
    """What `ask` gives once it is true; the test fails when it is not in time."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.3)
    return answer


def get(url: str) -> str | None:
    """The page at the address; None where it does not answer."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


@dataclass
class Molva:
    """`run.py` as `make run` starts it, on ports and in a folder of its own."""

    data: Path
    config: Path | None = None
    process: subprocess.Popen[str] | None = None
    dashboard: str = ""
    airflow: str = ""
    demo: str = ""

    def start(self) -> Molva:
        """Start it and wait until every address answers."""
        ports = {name: unused_port() for name in ("MOLVA_DASHBOARD_PORT", "MOLVA_AIRFLOW_PORT", "MOLVA_DEMO_PORT")}
        self.dashboard, self.airflow, self.demo = (f"http://127.0.0.1:{port}" for port in ports.values())
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MOLVA_", "AIRFLOW_"))}
        environ |= {name: str(port) for name, port in ports.items()} | {"MOLVA_DATA": str(self.data)}
        if self.config:
            environ["MOLVA_CONFIG"] = str(self.config)
        self.data.mkdir(parents=True, exist_ok=True)
        self.said = self.data / "said.txt"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "run.py"], cwd=ROOT, env=environ, stdout=said, stderr=subprocess.STDOUT, text=True
            )
        until(
            lambda: "Ctrl-C" in self.said.read_text() or self.process is None or self.process.poll() is not None,
            300,
            "every address answers",
        )
        assert self.process.poll() is None, self.said.read_text()
        return self

    def stop(self, by: signal.Signals = signal.SIGINT) -> float:
        """Ask it to end as Ctrl-C does; the seconds it took."""
        assert self.process is not None
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(by)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return time.monotonic() - started


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails in some runs is given up, however soon one follows another."""
    monkeypatch.setattr("crawlers.patience.OUTAGE", timedelta())


@pytest.fixture
def free_port() -> int:
    return unused_port()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Chromium's executable: MOLVA_CHROMIUM, else the first found on PATH."""
    found = os.environ.get("MOLVA_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        pytest.skip("requires: Chromium (install chromium, or name it in MOLVA_CHROMIUM)")
    return found
