"""Contrasts: what counts as right, and the test set itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from plain_judge import PlainJudge

from nlp.contrast import BRANDS, FILE, Answer, answered_by, contrasts, lines_of, read_answers, write_answers
from nlp.records import RecordError
from nlp.stream import read_brands_of


def write(path: Path, *posts: dict[str, object]) -> Path:
    path.write_text("".join(f"{json.dumps(post, ensure_ascii=False)}\n" for post in posts), encoding="utf-8")
    return path


def subject(product: str, stance: str) -> dict[str, str]:
    return {"brand": "kedrobank", "product": product, "stance": stance}


def test_a_subject_is_right_when_it_is_found_and_judged_right(tmp_path: Path) -> None:
    text = "У Кедробанка приложение отличное, доволен. А ипотека просто ужас."
    expected = [subject("app", "promoter"), subject("mortgage", "promoter"), subject("loan", "none")]
    answers = contrasts(
        write(tmp_path / "c.jsonl", {"id": 1, "lang": "ru", "text": text, "expected": expected}), read_brands_of(BRANDS), PlainJudge()
    )
    assert [(each.found, each.right) for each in answers] == [("promoter", True), ("detractor", False), (None, False)]
    figures = json.loads(lines_of(answers, as_json=True))
    assert figures["all"] == {"right": 1, "subjects": 3, "accuracy": 0.3333}
    assert figures["not_found"] == 1
    assert "all        0.333   1 of 3" in lines_of(answers)


@pytest.mark.parametrize("expected", [None, {}, [{"brand": "kedrobank", "product": "app", "stance": "fan"}], [{"stance": "none"}]])
def test_a_line_without_expected_subjects_is_named(tmp_path: Path, expected: object) -> None:
    path = write(tmp_path / "c.jsonl", {"id": 1, "text": "Кедробанк", "expected": expected})
    with pytest.raises(RecordError, match=r"c\.jsonl:1: expected"):
        contrasts(path, read_brands_of(BRANDS), PlainJudge())


def test_the_test_set_contrasts_and_every_subject_is_found() -> None:
    posts = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    assert len({post["id"] for post in posts}) == len({post["text"] for post in posts}) == len(posts) >= 60
    assert {post["lang"] for post in posts} == {"ru", "en"}
    assert all(len({each["stance"] for each in post["expected"]}) > 1 for post in posts)
    answers = contrasts(FILE, read_brands_of(BRANDS), PlainJudge())
    assert sum(each.found is None for each in answers) <= len(answers) // 50


ASKED = [
    Answer(post, "ru", "kedrobank", product, "promoter", found)
    for post in "abcdefgh"
    for product, found in (("app", "promoter"), ("loan", "detractor" if post < "e" else "promoter"))
]


def answers_file(path: Path, answers: list[Answer]) -> Path:
    with path.open("wb") as file:
        write_answers(file, answers)
    return path


def test_the_difference_to_other_answers_is_paired_by_post(tmp_path: Path) -> None:
    theirs = [replace(each, found=None if each.product == "loan" else each.found) for each in ASKED]
    path = answers_file(tmp_path / "old.jsonl", theirs[::-1])
    read = answered_by(path, read_answers(path), ASKED)
    assert read == theirs
    found = json.loads(lines_of(ASKED, read, as_json=True))["difference"]
    assert (found["theirs"], found["difference"]) == (0.5, 0.25)
    assert 0 < found["interval"][0] < 0.25 < found["interval"][1] <= 0.5, "a post more or less: by a half of each that gains"
    assert "difference +0.250 [+0.0" in lines_of(ASKED, read)
    assert json.loads(lines_of(ASKED, ASKED, as_json=True))["difference"]["interval"] is None, "no draw moves it"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"old\.jsonl:1: record"),
        ('{"post": "a", "brand": "b", "product": "c", "stance": "fan"}', r"old\.jsonl:1: stance"),
        (2 * '{"post": "a", "brand": "b", "product": "c", "stance": null}\n', r"old\.jsonl:2: post: the subject a, b, c stands"),
        ("{}", r"old\.jsonl:1: post: is missing"),
        ('{"post": "a", "brand": "kedrobank", "product": "app", "stance": null}', "15 of 16 subjects .* first a, kedrobank, loan"),
    ],
)
def test_other_answers_that_do_not_fit_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "old.jsonl"
    path.write_text(line)
    with pytest.raises(RecordError, match=message):
        answered_by(path, read_answers(path), ASKED)
