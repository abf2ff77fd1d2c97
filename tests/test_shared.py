"""The shared recordings: each is read by a test, or it is said why none does (`tests/reading.py` sees to it that they are opened)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from tests.reading import SHARED, TABLE, UNREAD, Reading, files, opened, passed_over, readers

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="requires: ../shared/fixtures")


@needs_shared
def test_every_shared_recording_has_its_line() -> None:
    said = readers()
    assert [file for file in files() if not said.get(file)] == [], f"name a test in {TABLE.name}, or say why none reads it"
    assert {file: names for file, names in said.items() if len(names) > 1 and any(name.startswith(UNREAD) for name in names)} == {}


@needs_shared
def test_every_line_means_a_recording_and_a_test_that_is_there() -> None:
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    assert [pattern for patterns in table.values() for pattern in patterns if not list(SHARED.glob(pattern))] == []
    tests = {
        f"{path.name}::{node.name}"
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert [reader for reader in table if not reader.startswith(UNREAD) and reader not in tests] == []
    assert all(len(reader) > len("unread: ") + 10 for reader in table if reader.startswith(UNREAD))


@needs_shared
def test_a_test_that_opens_less_than_its_lines_say_is_told() -> None:
    file, [reader, *_] = next((file, names) for file, names in readers().items() if not names[0].startswith(UNREAD))
    with opened() as found:
        (SHARED / file).read_bytes()
    assert found == {file}
    assert any(line == f"{file} is not opened by {reader}" for line in passed_over({reader: set()}))
    assert passed_over({"test_other.py::test": set()}) == []


def test_a_test_is_judged_where_all_its_parameters_ran() -> None:
    reading = Reading()
    for _ in range(2):
        reading.note("tests/test_x.py::test[1]", {"opened": ["a.json"], "collected": 2})
        reading.note("tests/test_x.py::test_alone", {"opened": ["c.json"], "collected": 1})
    assert reading.whole() == {"test_x.py::test_alone": {"c.json"}}
    reading.note("tests/test_x.py::test[2]", {"opened": ["b.json"], "collected": 2})
    assert reading.whole() == {"test_x.py::test": {"a.json", "b.json"}, "test_x.py::test_alone": {"c.json"}}
