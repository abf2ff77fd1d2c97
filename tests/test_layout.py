"""The order of the packages, and what no file of the project may hold."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from crawlers.target import KINDS

ROOT = Path(__file__).resolve().parents[1]
ORDER = ["crawlers", "nlp", "index", "advocacy", "dashboard"]
"""A package imports only from packages before it; app.py, dags and the runner stand after all."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "shared", "settings"}
MACHINE_PATH = re.compile(r"(?<![\w./:~$-])/(?:root|work|home|opt|Users|tmp|mnt)/\w")
REGISTRY = re.compile(
    r"(?:--(?:extra-)?index-url|--find-links|pypi\.org/simple|files\.pythonhosted\.org|file:///|\bartifactory\b|\bnexus\b)"
)
TEXT = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".cfg", ".json", ".css", ".html", ".sh", ""}


def tracked() -> list[Path]:
    """Every file that git keeps, or would keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout: there is no list of files")
    paths = (ROOT / name for name in done.stdout.decode().split("\0") if name)
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


def imports(path: Path) -> set[str]:
    """First names of all modules that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", ORDER)
def test_package_imports_only_from_packages_before_it(package: str) -> None:
    later = {*ORDER[ORDER.index(package) + 1 :], "app", "run", "process", "demo", "tests"}
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"{package} has no modules"
    wrong = {str(path.relative_to(ROOT)): imports(path) & later for path in files}
    assert {path: names for path, names in wrong.items() if names} == {}


def test_demo_knows_nothing_of_the_code_that_collects_it() -> None:
    wrong = {path.name: imports(path) & {*ORDER, "app", "run"} for path in (ROOT / "demo").rglob("*.py")}
    assert {path: names for path, names in wrong.items() if names} == {}


def test_dags_have_no_logic_of_the_stages() -> None:
    """They call `collect`, `tag` and `load`: none of them opens files of a stage or speaks to the network."""
    for path in (ROOT / "dags").glob("*.py"):
        assert not imports(path) & {"requests", "httpx", "scrapy", "praw", "onnxruntime", "sqlite3", "elasticsearch"}, path.name


def test_no_module_is_named_for_everything_and_nothing() -> None:
    allowed = {ROOT / "crawlers" / "settings.py"}  # Scrapy's own name for it
    wrong = [
        str(path.relative_to(ROOT)) for path in tracked() if path.suffix == ".py" and path.stem in FORBIDDEN_NAMES and path not in allowed
    ]
    assert wrong == []


def test_modules_and_functions_are_short_enough_to_read() -> None:
    long: list[str] = []
    for path in tracked():
        if path.suffix != ".py" or path.is_relative_to(ROOT / "tests"):
            continue
        text = path.read_text()
        if len(text.splitlines()) > 400:
            long.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 60:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines")
    assert long == []


def test_no_file_names_a_folder_of_somebodys_machine_or_a_registry() -> None:
    wrong: list[str] = []
    for path in tracked():
        if path.suffix not in TEXT or path == Path(__file__) or path.stat().st_size > 2_000_000:
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if MACHINE_PATH.search(line) or REGISTRY.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert wrong == []


def test_both_lists_of_packages_agree_and_pin_everything() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = (ROOT / name).read_text().splitlines()
        wanted = [line for line in lines if line and not line.startswith((" ", "#"))]
        assert all(re.fullmatch(r"[A-Za-z0-9._\[\],-]+==\S+(?: ;.*)?", line) for line in wanted), wanted
        return dict(line.partition(" ;")[0].split("==", 1) for line in wanted)  # type: ignore[misc]

    run, train = pins("requirements.txt"), pins("requirements-train.txt")
    assert {name: version for name, version in run.items() if train.get(name) != version} == {}
    assert "torch" in train
    assert "torch" not in run
    assert "+" not in train["torch"], "the lock names torch without the suffix of one build"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_place_has_its_page_and_its_example(kind: str) -> None:
    assert (ROOT / "docs" / "sources" / f"{kind}.md").is_file()
    assert f"kind: {kind}\n" in (ROOT / "dags" / "targets" / f"example-{kind}.yaml").read_text(encoding="utf-8")
