"""`python -m nlp` as people and programs run it: results, messages, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from full_disk import small_disk
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
        ('{"id": 1, "text": "Сбер \\ud800"}', "half of a character"),
        ('{"id": "\\ud800", "text": "Сбер"}', "`id` must be"),
        ({"id": 1, "rating": 0}, "`text` must be"),
        ({"id": 1, "rating": "five"}, "`text` must be"),
    ],
)
def test_bad_line_is_named_and_the_rest_goes_on(line: Any, message: str) -> None:
    done = piped({"id": "first", "text": "Сбер супер"}, "", line, {"id": "last", "text": "ВТБ ужас"})
    assert done.returncode == 1
    assert "line 3: " in done.stderr
    assert message in done.stderr
    assert [json.loads(each)["post"] for each in done.stdout.splitlines()] == ["first", "last"]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('"rating": 11', "rating is left out: it must be a number of stars from 1 to 5, not 11"),
        ('"rating": NaN', "rating is left out"),
        ('"rating": true', "rating is left out"),
        ('"rating": [5]', "rating is left out"),
        ('"stars": "five"', "stars is left out: it must be a number of stars from 1 to 5, not 'five'"),
        ('"published": "вчера"', "published is left out: it must be a time as 2026-11-24T08:15:00Z, not 'вчера'"),
        ('"published": "0001-01-01T00:00:00+03:00"', "published is left out"),
        ('"published": 2026', "published is left out"),
        ('"about": ["Никто", "ВТБ"]', "about is left out: it must name brands of the brands file, not 'Никто'"),
        ('"about": {"name": "ВТБ"}', "about is left out"),
        ('"title": 3', "title is left out: it must be a text, not 3"),
        ('"title": "\\ud800"', "title is left out: it has half of a character"),
        ('"url": "http://[bad"', "url is left out"),
        ('"author_id": 1.5', "author_id is left out"),
    ],
)
def test_a_field_that_is_not_needed_and_can_not_be_used_is_left_out(field: str, message: str) -> None:
    done = piped('{"id": 1, "text": "Сбер супер", ' + field + "}")
    assert done.returncode == 0
    assert f"line 1: {message}" in done.stderr
    assert json.loads(done.stdout.splitlines()[0])["post"] == 1
    assert len(done.stdout.splitlines()) == (2 if "ВТБ" in field and "[" in field else 1)


def test_records_of_the_projects_own_labels_are_posts() -> None:
    done = piped(
        {"id": "a", "text": "", "rating": "5", "about": "ВТБ"},
        {"id": "b", "text": "Сбер супер", "rating": 0, "author_id": 17},
        {"id": "c", "text": "", "stars": 1, "rating": "", "about": "ВТБ"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [(each["post"], each["stance"]) for each in map(json.loads, done.stdout.splitlines())] == [
        ("a", "promoter"),
        ("b", "promoter"),
        ("c", "detractor"),
    ]


def test_a_reader_that_has_enough_is_no_failure() -> None:
    line = json.dumps({"id": 1, "text": "Сбер супер"}, ensure_ascii=False).encode() + b"\n"
    with subprocess.Popen(
        plain_command("tag", "--stdin", "--brands", BRANDS), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        child.stdin.write(line * 600)  # fits into a pipe, and what comes of it doesn't
        child.stdin.flush()
        assert b'"post"' in child.stdout.readline()
        child.stdout.close()
        child.stdin.close()
        assert child.stderr.read() == b""
        assert child.wait(60) == 0


def test_a_full_disk_behind_standard_output_is_said(tmp_path: Path) -> None:
    given = (json.dumps({"id": 1, "text": "Сбер супер"}, ensure_ascii=False).encode() + b"\n") * 200
    with small_disk(tmp_path / "disk", "64k") as disk, (disk / "mentions.jsonl").open("wb") as out:
        command = plain_command("tag", "--stdin", "--brands", BRANDS)
        done = subprocess.run(command, input=given, stdout=out, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == "error: standard output: No space left on device: free some space, then run again\n"


def test_predictions_name_the_file_that_can_not_be_written_and_leave_the_old_one(tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    line = json.dumps({"target": "Сбербанк", "text": "Сбер супер", "tone": 1}, ensure_ascii=False) + "\n"
    records.write_text(line * 500, encoding="utf-8")
    missing = run(plain_command("evaluate", str(records), "--predictions", str(tmp_path / "no" / "out.jsonl")))
    assert missing.stderr == f"error: {tmp_path / 'no' / 'out.jsonl'}: No such file or directory\n"
    assert (missing.returncode, missing.stdout) == (1, "")
    with small_disk(tmp_path / "disk", "64k") as disk:
        out = disk / "out.jsonl"
        out.write_text("yesterday")
        full = run(plain_command("evaluate", str(records), "--predictions", str(out)))
        assert (full.returncode, full.stdout) == (1, "")
        assert full.stderr == f"error: {out}: No space left on device: free some space, then run again\n"
        assert [(path.name, path.read_text()) for path in disk.iterdir()] == [("out.jsonl", "yesterday")]


def test_bytes_that_are_not_utf_8_are_named() -> None:
    given = b'{"id": 1, "text": "\xd1\xe1\xe5\xf0"}\n' + '{"id": 2, "text": "Сбер"}\n'.encode()
    done = run(plain_command("tag", "--stdin", "--brands", BRANDS), given)
    assert (done.returncode, "line 1: is not UTF-8" in done.stderr) == (1, True)
    assert json.loads(done.stdout)["post"] == 2


def test_answers_on_standard_input_inherit() -> None:
    done = piped({"id": 2, "text": "и у меня", "in_reply_to": 1}, {"id": 1, "text": "ВТБ лежит"})
    assert [(json.loads(line)["post"], json.loads(line)["found"]) for line in done.stdout.splitlines()] == [(2, "thread"), (1, "text")]


def test_no_mention_is_no_error_and_is_said() -> None:
    for given in ((), ({"id": "б", "text": "просто день"},)):
        done = piped(*given)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "no mention: no post here names a company of the brands file\n"


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


def test_a_target_that_nobody_knows_is_wrong_usage(tmp_path: Path) -> None:
    place = Place(tmp_path)
    empty = run(plain_command("tag"), **place.environ())
    assert (empty.returncode, empty.stdout) == (0, "nothing to tag: nothing was collected yet\n")
    none = run(plain_command("tag", "--target", "nosuch"), **place.environ())
    assert (none.returncode, none.stderr) == (2, "error: --target: 'nosuch' is none of the targets (there is none yet)\n")
    place.collect("forum", [{"id": 1, "text": "Сбер супер"}])
    (place.config / "targets" / "waiting.yaml").write_text("kind: files\n", encoding="utf-8")
    done = run(plain_command("tag", "--target", "nosuch"), **place.environ())
    assert (done.returncode, done.stderr) == (2, "error: --target: 'nosuch' is none of the targets (forum, waiting)\n")
    waiting = run(plain_command("tag", "--target", "waiting"), **place.environ())
    assert (waiting.returncode, waiting.stdout) == (0, "nothing to tag: nothing was collected yet\n")


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
