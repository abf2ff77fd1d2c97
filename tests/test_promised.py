"""Where CI is true, a service that a test lacks is a failure, but a folder ../shared that isn't there at all is none; elsewhere the test is
skipped and says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

TESTS = """
import pytest

def test_lacks_a_service():
    pytest.skip("requires: a service")

@pytest.mark.skipif(True, reason="requires: another")
def test_lacks_another():
    assert False

def test_skips_for_a_reason_of_its_own():
    pytest.skip("not on this system")
"""


@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 failed, 1 skipped, 1 error"), ("", "3 skipped")])
def test_missing_service_fails_only_where_it_is_promised(ci: str, outcome: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_services.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "CI": ci}, text=True, capture_output=True, timeout=120, check=False)
    assert done.stdout.splitlines()[-1].startswith(outcome), done.stdout


def test_missing_service_of_a_whole_file_fails_where_it_is_promised(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_file.py").write_text('import pytest\npytest.skip("requires: a service", allow_module_level=True)\n')
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "CI": "true"}, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode != 0, done.stdout
    assert "requires: a service" in done.stdout


OF_SHARED = """
import pytest

@pytest.mark.skipif(True, reason="requires: ../shared/fixtures/api")
def test_reads_a_recording():
    assert False

def test_lacks_a_service_that_stands_there():
    pytest.skip("requires: Elasticsearch, ../shared/elasticsearch is missing")
"""
LACKS = "requires: ../shared/fixtures/api"


@pytest.mark.parametrize(("ci", "shared", "outcome", "told"), [
    ("true", False, "1 failed, 1 skipped", f"SKIPPED [1] tests/test_shared.py:4: {LACKS}"),
    ("true", True, "1 failed, 1 error", f"{LACKS} (CI is true: a missing service, or a file missing in ../shared, is a failure)"),
    ("", False, "2 skipped", f"SKIPPED [1] tests/test_shared.py:4: {LACKS}"),
    ("", True, "2 skipped", f"SKIPPED [1] tests/test_shared.py:4: {LACKS}"),
])  # fmt: skip
def test_without_the_shared_folder_its_tests_are_skipped_in_plain_sight_and_without_a_file_of_it_they_fail(
    ci: str, shared: bool, outcome: str, told: str, tmp_path: Path
) -> None:
    clone = tmp_path / "main"
    (clone / "tests").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", clone)
    shutil.copy(ROOT / "tests" / "conftest.py", clone / "tests")
    (clone / "tests" / "test_shared.py").write_text(OF_SHARED)
    if shared:
        (tmp_path / "shared").mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=clone, env={**os.environ, "CI": ci}, text=True, capture_output=True, timeout=120, check=False)
    assert done.stdout.splitlines()[-1].startswith(outcome) and told in done.stdout, done.stdout
