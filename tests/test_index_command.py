"""`python -m index search | export`: what people and scripts get."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import index_corpus
import pyarrow.parquet as pq
import pytest
from conftest import unused_port
from typer.testing import CliRunner, Result

from crawlers.post import iso
from index.__main__ import app
from index.coverage import role_coverage
from index.embedded import EmbeddedIndex
from index.export import COLUMNS
from index.query import Facet, Query

ROOT = Path(__file__).parents[1]
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with the corpus, and one post that begins like a formula."""
    found = tmp_path_factory.mktemp("command") / "index"
    posts, mentions, standings, _ = index_corpus.corpus(120)
    formula = dataclasses.replace(
        next(post for post in posts if post.id == mentions[0].post), text="=cmd|'/c calc'!A1", title="+7 900", author_name="@имя"
    )
    index = EmbeddedIndex(found)
    index.replace([formula if post.id == formula.id else post for post in posts], mentions)
    index.write_standings(standings)
    index.close()
    return found


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MOLVA_INDEX", str(folder))
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


def expected(folder: Path, **query: object) -> list[str]:
    return [hit.mention.id for hit in EmbeddedIndex(folder).export(Query(**query))]  # type: ignore[arg-type]


def test_search_shows_a_table(run: Run, folder: Path) -> None:
    total = EmbeddedIndex(folder).count(Query(brands=("sever",), stances=("detractor", "passive"), text="банк"))[""]
    result = run("search", "банк", "--brand", "sever", "--stance", "detractor", "--stance", "passive", "--size", "3")
    assert result.exit_code == 0
    assert "detractor" in result.stdout or "passive" in result.stdout
    shown = EmbeddedIndex(folder).search(Query(brands=("sever",), stances=("detractor", "passive"), text="банк"), size=3).hits
    assert all(hit.post.id in result.stdout.replace("\n", "") for hit in shown)
    coverage = role_coverage(EmbeddedIndex(folder), Query(brands=("sever",), stances=("detractor", "passive"), text="банк"))
    assert f"3 of {total} mentions, {coverage}; go on with --after " in result.stderr


def test_search_goes_on_where_a_page_ended(run: Run, folder: Path) -> None:
    found: list[str] = []
    after: list[str] = []
    while True:
        result = run("search", "--json", "--sort", "id", "--ascending", "--size", "50", *after)
        found += [json.loads(line)["id"] for line in result.stdout.splitlines()]
        if "--after" not in result.stderr:
            break
        after = ["--after", result.stderr.split()[-1]]
    assert found == expected(folder)
    assert len(found) > 50


def test_nothing_found_is_an_answer(run: Run) -> None:
    result = run("search", "--brand", "nobody")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "0 of 0 mentions\n")


def test_the_id_stands_beside_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts, mentions, _, _ = index_corpus.corpus(120)
    post = dataclasses.replace(next(post for post in posts if post.id == mentions[0].post), url="https://banki.ru/1")
    EmbeddedIndex(tmp_path).replace([post], [mentions[0]])
    monkeypatch.setenv("MOLVA_INDEX", str(tmp_path))
    result = CliRunner().invoke(app, ["search"])
    assert post.id in result.stdout and "https://banki.ru/1" in result.stdout


@pytest.mark.parametrize("command", [["search"], ["export", "--out", "-", "--format", "jsonl"]])
def test_where_no_index_is_yet_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setenv("MOLVA_INDEX", str(tmp_path / "mistyped"))
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"There is no index in {tmp_path / 'mistyped'} yet: `python -m advocacy load` makes it.\n" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key_is_not_blamed_on_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_INDEX", f"http://127.0.0.1:{unused_port()}")
    for key in ("ключ", "two words", "line\n"):
        monkeypatch.setenv("MOLVA_INDEX_KEY", key)
        result = CliRunner().invoke(app, ["search"])
        assert result.exit_code == 1
        assert result.stderr.startswith("MOLVA_INDEX_KEY holds what no key of Elasticsearch does")
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "query"),
    [
        (["--level", "product", "--kind", "credit_card"], {"level": "product", "kinds": ("credit_card",)}),
        (["--tone=-1", "--role", "unknown"], {"tones": (-1,), "roles": ("unknown",)}),
        (["--counting", "--last-word", "--named"], {"counting": True, "last_word": True, "named": True}),
        (["--left-out", "--unnamed", "--dated", "--not-official"], {"counting": False, "named": False, "dated": True, "official": False}),
        (["--place", 'кавычки "в" имени', "--target", "vk, общий"], {"places": ('кавычки "в" имени',), "targets": ("vk, общий",)}),
        (
            ["--since", "2026-03-01", "--until", "2026-07-01T12:00", "--zone", "Europe/Moscow"],
            {"since": datetime.fromisoformat("2026-03-01T00:00+03:00"), "until": datetime.fromisoformat("2026-07-01T12:00+03:00")},
        ),
        (["--", "-банк"], {"text": "-банк"}),
    ],
)
def test_options_are_conditions(run: Run, folder: Path, options: list[str], query: dict[str, object]) -> None:
    result = run("export", "--out", "-", "--format", "jsonl", *options)
    assert result.exit_code == 0
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == expected(folder, **query)
    assert 0 < len(expected(folder, **query)) < len(expected(folder))


@pytest.mark.parametrize(
    "options",
    [
        ["--stance", "good"], ["--role", "boss"], ["--tone", "2"], ["--since", "tomorrow"], ["--zone", "Mars/Olympus"],
        ["--zone", "../etc"],
        ["--since", "2026-03-02", "--until", "2026-03-01"], ["--since", "2026-03-01", "--until", "2026-03-01"],
        ["--after", "x"], ["--size", "0"], ["--sort", "beauty"], ["--level", "both"], ["--nonsense"],
    ],
)  # fmt: skip
def test_a_wrong_command_says_so(run: Run, options: list[str]) -> None:
    result = run("search", *options)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert options[0] in result.output or "Invalid value" in result.output


def test_formats_hold_the_same(run: Run, folder: Path, tmp_path: Path) -> None:
    covered = role_coverage(EmbeddedIndex(folder), Query())
    assert 0 < covered.known < covered.mentions == len(expected(folder))
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        result = run("export", "--out", tmp_path / name)
        assert (result.exit_code, result.stderr) == (0, f"{len(expected(folder))} mentions\n{covered}\n")
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    rows = pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert [row["id"] for row in lines] == [row["id"] for row in cells] == [row["id"] for row in rows] == expected(folder)
    assert list(lines[0]) == list(cells[0]) == list(rows[0]) == list(COLUMNS)
    for line, cell, row in zip(lines, cells, rows, strict=True):
        assert line | {name: iso(row[name]) for name in ("published", "collected", "superseded_at", "edited")} == line
        assert {name: row[name] for name in ("text", "roles", "views", "counts", "evidence", "targets")}.items() <= line.items()
        assert cell["published"] == (line["published"] or "")
        assert cell["roles"] == " | ".join(line["roles"])
        assert cell["views"] == ("" if line["views"] is None else str(line["views"]))


def test_formulas_are_defused_in_csv_alone(run: Run, tmp_path: Path) -> None:
    post = index_corpus.corpus(120)[1][0].post
    for name in ("x.csv", "x.jsonl"):
        run("export", "--post", post, "--out", tmp_path / name)
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        cell = next(csv.DictReader(file))
    assert (cell["text"], cell["title"], cell["author_name"]) == ("'=cmd|'/c calc'!A1", "'+7 900", "'@имя")
    assert cell["tone"] in ("-1", "0", "1")
    line = json.loads((tmp_path / "x.jsonl").read_text().splitlines()[0])
    assert line["text"] == "=cmd|'/c calc'!A1"


def test_a_format_nobody_knows_is_a_wrong_command(run: Run, tmp_path: Path) -> None:
    for arguments in (["--out", tmp_path / "x.xlsx"], ["--out", "-"], ["--out", tmp_path / "x.csv", "--format", "xml"]):
        result = run("export", *arguments)
        assert result.exit_code == 2
        assert "csv, jsonl, parquet" in result.output
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_fails_leaves_what_was_there(run: Run, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_text("yesterday")
    monkeypatch.setenv("MOLVA_INDEX", f"http://127.0.0.1:{unused_port()}")
    result = run("export", "--out", tmp_path / "x.csv")
    assert result.exit_code == 1
    assert "can't be reached: start it" in result.stderr
    assert (tmp_path / "x.csv").read_text() == "yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    monkeypatch.setenv("MOLVA_INDEX", str(folder))
    result = run("export", "--out", tmp_path / "no" / "x.csv")
    assert result.exit_code == 1
    assert "can't be written (No such file or directory)" in result.stderr


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_named_pipe_is_written_into_and_stays_one(run: Run, folder: Path, tmp_path: Path, form: str) -> None:
    run("export", "--out", tmp_path / f"x.{form}")
    pipe = tmp_path / f"pipe.{form}"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    result = run("export", "--out", pipe)
    reader.join(60)
    assert result.exit_code == 0
    assert pipe.is_fifo()
    assert read == [(tmp_path / f"x.{form}").read_bytes()]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_link_stays_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text("old")
    (tmp_path / "x.jsonl").symlink_to("there.jsonl")
    assert run("export", "--out", tmp_path / "x.jsonl").exit_code == 0
    assert (tmp_path / "x.jsonl").is_symlink()
    assert (tmp_path / "there.jsonl").read_text().startswith("{")


def test_a_reader_that_has_enough_is_no_failure(folder: Path) -> None:
    environment = os.environ | {"MOLVA_INDEX": str(folder)}
    child = subprocess.Popen(
        [sys.executable, "-m", "index", "export", "--out", "-", "--format", "csv", "--level", "product"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None and child.stderr is not None
    assert child.stdout.readline().startswith(b"\xef\xbb\xbfid,post,brand")
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(60) in (0, 1)
    child.stderr.close()


def test_every_facet_has_its_option(run: Run) -> None:
    text = run("search", "--help").output
    names = {facet.value for facet in Facet} - {"product_kind", "role_from", "found", "copy_of"} | {"kind", "group"}
    assert all(f"--{name}" in text for name in names)
