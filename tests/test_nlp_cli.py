"""`python -m nlp` as people and programs run it: results, messages, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from raw_batches import Place, plain_command

from nlp.classifier import MODEL

ROOT = Path(__file__).parents[1]
BRANDS = str(ROOT / "tests" / "recorded" / "brands" / "brands.yaml")
HEADS = ("genre", "sentiment", "tone", "stance", "recommendation", "roles", "switch")


def run(command: list[str], given: str | bytes = "", **environ: str) -> subprocess.CompletedProcess[str]:
    raw = given.encode() if isinstance(given, str) else given
    done = subprocess.run(command, input=raw, capture_output=True, cwd=ROOT, env=os.environ | environ, timeout=240, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def piped(*lines: Any, brands: str = BRANDS) -> subprocess.CompletedProcess[str]:
    given = "".join((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n" for line in lines)
    return run(plain_command("tag", "--stdin", "--brands", brands), given)


def test_posts_in_mentions_out() -> None:
    done = piped(
        {"id": 7, "text": "Ушёл из Сбера. Приложение отличное, а колл-центр ужасный."},
        {"id": "б", "text": "просто день"},
        {"id": "в", "text": "", "rating": 5, "about": "Альфа-Банк", "unknown key": [1]},
    )
    assert (done.returncode, done.stderr) == (0, "")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(record["post"], record["brand"], record["product"]) for record in records] == [
        (7, "sber", "general"),
        (7, "sber", "app"),
        (7, "sber", "support"),
        ("в", "alfa", "general"),
    ]
    for record in records:
        assert {*HEADS, "confidence", "evidence", "found", "names", "model"} <= record.keys()
    assert records[1]["evidence"] == [{"start": 15, "end": 35, "text": "Приложение отличное,"}]
    assert records[0]["names"] == [{"start": 8, "end": 13, "text": "Сбера"}]
    assert (records[3]["stance"], records[3]["found"]) == ("promoter", "target")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("junk", "is not JSON"),
        ("[1, 2]", "must be a JSON object"),
        ({"text": "Сбер"}, "`id` must be"),
        ({"id": True, "text": "Сбер"}, "`id` must be"),
        ({"id": 1}, "`text` must be"),
        ({"id": 1, "text": "  "}, "`text` must be"),
        ({"id": 1, "text": 5}, "`text` must be"),
        ({"id": 1, "text": "Сбер", "rating": 11}, "`rating` must be"),
        ('{"id": 1, "text": "Сбер", "rating": NaN}', "`rating` must be"),
        ({"id": 1, "text": "Сбер", "published": "вчера"}, "`published` must be"),
        ({"id": 1, "text": "Сбер", "published": "0001-01-01T00:00:00+03:00"}, "`published` must be"),
        ({"id": 1, "text": "Сбер", "about": "Никто"}, "not in the brands file"),
        ({"id": 1, "text": "Сбер", "about": [1]}, "`about` must be"),
        ({"id": 1, "text": "Сбер", "title": 3}, "`title` must be"),
        ('{"id": 1, "text": "Сбер \\ud800"}', "half of a character"),
        ({"id": 1, "text": "Сбер", "url": "http://[bad"}, "`url`"),
    ],
)
def test_bad_line_is_named_and_the_rest_goes_on(line: Any, message: str) -> None:
    done = piped({"id": "first", "text": "Сбер супер"}, "", line, {"id": "last", "text": "ВТБ ужас"})
    assert done.returncode == 1
    assert done.stderr.startswith("line 3: ")
    assert message in done.stderr
    assert [json.loads(each)["post"] for each in done.stdout.splitlines()] == ["first", "last"]


def test_bytes_that_are_not_utf_8_are_named() -> None:
    given = b'{"id": 1, "text": "\xd1\xe1\xe5\xf0"}\n' + '{"id": 2, "text": "Сбер"}\n'.encode()
    done = run(plain_command("tag", "--stdin", "--brands", BRANDS), given)
    assert (done.returncode, "line 1: is not UTF-8" in done.stderr) == (1, True)
    assert json.loads(done.stdout)["post"] == 2


def test_answers_on_standard_input_inherit() -> None:
    done = piped({"id": 2, "text": "и у меня", "in_reply_to": 1}, {"id": 1, "text": "ВТБ лежит"})
    assert [(json.loads(line)["post"], json.loads(line)["found"]) for line in done.stdout.splitlines()] == [(2, "thread"), (1, "text")]


def test_no_posts_are_no_error() -> None:
    done = piped()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_brands_file_with_an_error_is_wrong_configuration(tmp_path: Path) -> None:
    brands = tmp_path / "mine.yaml"
    brands.write_text("brands:\n  - {slug: a, name: А, colour: red}\n", encoding="utf-8")
    done = piped({"id": 1, "text": "А"}, brands=str(brands))
    assert (done.returncode, done.stdout) == (2, "")
    assert "mine.yaml:2" in done.stderr
    assert "colour" in done.stderr
    missing = piped({"id": 1, "text": "А"}, brands=str(tmp_path / "none.yaml"))
    assert (missing.returncode, "none.yaml" in missing.stderr) == (2, True)


def test_tag_counts_and_the_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.collect("forum", [{"id": 1, "text": "Сбер супер, ВТБ ужас"}, {"id": 2, "text": "просто день"}])
    done = run(plain_command("tag"), **place.environ())
    assert (done.returncode, done.stderr) == (0, "tagged 1 of 1 batches\n")
    assert done.stdout.startswith("tagged 1 batches: 2 posts, 2 mentions in ")
    again = run(plain_command("tag", "--target", "forum"), **place.environ())
    assert (again.returncode, again.stdout) == (0, "nothing to tag: every batch is tagged already\n")


def test_missing_model_is_one_sentence(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.collect("forum", [{"id": 1, "text": "Сбер супер"}])
    without = [
        sys.executable,
        "-c",
        f"from pathlib import Path; from nlp import classifier; classifier.MODEL = Path({str(tmp_path / 'gone')!r}); "
        "from nlp.__main__ import app; app(prog_name='nlp')",
    ]
    done = run([*without, "tag"], **place.environ())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the model is missing")
    assert len(done.stderr.strip().splitlines()) == 1
    assert place.outputs() == {}


def test_brands_without_stdin_is_wrong_usage() -> None:
    assert run(plain_command("tag", "--brands", BRANDS)).returncode == 2
    assert run(plain_command("tag", "--nonsense")).returncode == 2
    assert run(plain_command("evaluate")).returncode == 2


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("tag", ("Examples", "--stdin", "--brands", "evidence")),
        ("train", ("seed", "baseline")),
        ("evaluate", ("--predictions", "--json", "macro-F1")),
    ],
)
def test_help_is_worth_reading(command: str, words: tuple[str, ...]) -> None:
    done = run(plain_command(command, "--help"), COLUMNS="140", TERM="dumb")
    assert done.returncode == 0
    assert [word for word in words if word not in done.stdout] == []


@pytest.mark.skipif(not (MODEL / "config.json").exists(), reason="the trained model is not there yet: python -m nlp train")
def test_the_shipped_model_answers_on_standard_input() -> None:
    given = json.dumps({"id": 1, "text": "Ужасный банк этот ВТБ, деньги украли, никому не советую"}, ensure_ascii=False)
    done = run([sys.executable, "-m", "nlp", "tag", "--stdin", "--brands", BRANDS], given)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[0])
    assert (record["brand"], record["stance"], record["sentiment"]) == ("vtb", "detractor", "negative")
    assert 0.5 <= record["confidence"]["stance"] <= 1
