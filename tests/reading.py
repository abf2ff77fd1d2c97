"""Which shared recordings each test opens, and whether every one of them is opened by the test that is said to read it.

The rule to know: `recorded/shared.yaml` names a test for each file, or why none reads it. Whoever lays a new recording there is
told so by a run, and so is whoever takes the reading out of a test.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

SHARED = Path(__file__).resolve().parents[2] / "shared" / "fixtures"
TABLE = Path(__file__).with_name("recorded") / "shared.yaml"
ORIGINS = TABLE.with_name("origins.yaml")
WORDS = ("recorded", "trimmed", "made", "documented")
"""What answers of a platform are, as a test's name says it."""
UNREAD = "unread"
"""Begins the reason why no test reads a file."""

_listening: list[set[str]] = []
"""Where it is noted what is opened, one within the other."""


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _listening and str(arguments[0]).startswith(str(SHARED)):
        for found in _listening:
            found.add(os.path.relpath(arguments[0], SHARED))


@cache
def _hearing() -> None:
    """Python tells of every file that is opened from now on; that can't be taken back."""
    sys.addaudithook(_hear)


@contextmanager
def opened() -> Iterator[set[str]]:
    """The shared recordings that are opened meanwhile, as the table names them."""
    _hearing()
    found: set[str] = set()
    _listening.append(found)
    try:
        yield found
    finally:
        _listening.pop()


def files() -> list[str]:
    """Every shared recording; what describes them is none."""
    found = (path for path in SHARED.rglob("*") if path.is_file() and not path.name.startswith(("README", "LICENSE")))
    return sorted(str(path.relative_to(SHARED)) for path in found)


def readers() -> dict[str, list[str]]:
    """What the table says of each file: the test that reads it, or `unread: …`. More or less than one line each is a mistake."""
    said: dict[str, list[str]] = defaultdict(list)
    for reader, patterns in yaml.safe_load(TABLE.read_text(encoding="utf-8")).items():
        for pattern in patterns:
            for path in SHARED.glob(pattern):
                said[str(path.relative_to(SHARED))].append(reader)
    return said


def origins() -> dict[str, str]:
    """What each shared recording is; the first of the words unless another one's patterns name it."""
    said = yaml.safe_load(ORIGINS.read_text(encoding="utf-8"))
    named = {
        str(path.relative_to(SHARED)): word for word, patterns in said.items() for pattern in patterns for path in SHARED.glob(pattern)
    }
    return dict.fromkeys(files(), WORDS[0]) | named


def said_of(test: str) -> set[str]:
    """What a test's name says of the answers that it runs against."""
    return {word for word in re.split(r"\W|_", test) if word in WORDS}


def passed_over(read: Mapping[str, set[str]]) -> list[str]:
    """Files that their tests did not open, of the tests that ran: each by its name without parameters, with what it opened."""
    return [
        f"{file} is not opened by {reader}"
        for file, names in sorted(readers().items())
        for reader in names
        if reader in read and file not in read[reader]
    ]


class Reading:
    """What each test opened, gathered from the runs of its parameters."""

    def __init__(self) -> None:
        self._opened: dict[str, set[str]] = defaultdict(set)
        self._passed: dict[str, set[str]] = defaultdict(set)
        self._collected: dict[str, int] = {}

    def note(self, nodeid: str, told: Mapping[str, Any]) -> None:
        """Take down what one run that passed tells of itself."""
        name = reader_of(nodeid)
        self._passed[name].add(nodeid)
        self._opened[name] |= set(told.get("opened", ()))
        self._collected[name] = told.get("collected", 0)

    def whole(self) -> dict[str, set[str]]:
        """What each test opened; one of which only some parameters ran opens less with good reason, and is left out."""
        return {name: found for name, found in self._opened.items() if len(self._passed[name]) == self._collected[name]}


def reader_of(nodeid: str) -> str:
    """The test's name as the table has it, without parameters."""
    return nodeid.partition("[")[0].removeprefix("tests/")


READING = Reading()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell each item how many its test has, before any are deselected; its report says so where another process judges."""
    collected = Counter(reader_of(item.nodeid) for item in items)
    for item in items:
        item.user_properties.append(("collected", collected[reader_of(item.nodeid)]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with opened() as found:
        yield
    item.user_properties.append(("opened", sorted(found)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Hear of each test, also where it ran in another process."""
    if report.when == "call" and report.passed:
        READING.note(report.nodeid, dict(report.user_properties))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run fails where a test did not open what it is said to read.

    Nothing is judged where single tests were named, or those that failed last (`--lf`): the others are not even collected then.
    """
    config = session.config
    part = config.getoption("lf", False) or any("::" in argument for argument in config.args)
    if hasattr(config, "workerinput") or part or session.exitstatus != pytest.ExitCode.OK:
        return
    if wrong := passed_over(READING.whole()):
        print(f"\n{TABLE.name} says otherwise:", *wrong, sep="\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
