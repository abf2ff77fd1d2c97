"""Evaluation of a model: what counts, what is refused, and what a line of predictions holds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from nlp.classifier import Classifier
from nlp.evaluate import evaluate
from nlp.naming import name_spans
from nlp.records import Record, RecordError, read_records, role_set
from nlp.scores import scored

WHOLE = {
    "id": "a1", "target": "Сбербанк", "rating": "5",
    "text": "Сбер отличный банк, всем советую!", "genre": "opinion", "sentiment": "positive", "stance": "promoter",
    "recommend": "yes", "roles": ["client"], "switch": "-", "products": ["general"], "tone": 1,
}  # fmt: skip


def written(path: Path, *lines: object) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def record(**answers: object) -> Record:
    return Record(id="1", text="т", target="Север", answers=answers)  # type: ignore[arg-type]


def test_macro_f1_by_hand() -> None:
    given = ["promoter", "promoter", "passive", "detractor", "detractor", "detractor"]
    answered = ["promoter", "detractor", "passive", "detractor", "detractor", "promoter"]
    score = scored([record(stance=each) for each in given], [{"stance": each} for each in answered])["stance"]
    assert score.main == pytest.approx((1 / 2 + 1 + 2 / 3) / 3)  # `none` neither labelled nor answered: not in the mean
    assert (score.classes["detractor"].labelled, score.classes["detractor"].answered, score.classes["detractor"].right) == (3, 3, 2)
    assert score.others["accuracy"] == pytest.approx(4 / 6)


def test_roles_pool_employees_and_score_each_role_of_a_set() -> None:
    given = [("ex_employee",), ("ex_client", "competitor_client"), ("client",)]
    answered = [("employee",), ("ex_client",), ("client",)]
    score = scored([record(roles=each) for each in given], [{"roles": each} for each in answered])["roles"]
    assert {name: each.f1 for name, each in score.classes.items()} == {
        "client": 1.0, "ex_client": 1.0, "employee": 1.0, "competitor_client": 0.0, "prospect": 0.0, "none": 0.0,
    }  # fmt: skip
    assert score.main == pytest.approx(3 / 4)


def test_tone_is_the_mean_of_positive_and_negative() -> None:
    score = scored([record(tone=each) for each in (1, -1, 0, 0)], [{"tone": each} for each in (1, 0, 0, -1)])["tone"]
    assert score.main == pytest.approx((1 + 0) / 2)
    assert score.others["macro_f1"] == pytest.approx((1 + 0 + 0.5) / 3)


def test_products_are_pooled_over_kinds() -> None:
    records = [record(products=("loan", "deposit")), record(products=())]
    score = scored(records, [{"products": ("loan",)}, {"products": ("jobs",)}])["products"]
    assert score.main == pytest.approx(2 * 1 / (2 + 2))


def test_records_without_an_answer_are_not_scored() -> None:
    scores = scored([record(tone=1), record(stance="none")], [{"tone": 1, "stance": "none"}, {"tone": -1, "stance": "none"}])
    assert set(scores) == {"tone", "stance"}
    assert scores["tone"].records == 1 and scores["tone"].main == 1.0


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{", "record"),
        ("[]", "record"),
        ({"target": "Север"}, "text"),
        ({"target": "Север", "text": "  "}, "text"),
        ({"text": "т"}, "target"),
        (WHOLE | {"stance": "fan"}, "stance"),
        (WHOLE | {"tone": 2}, "tone"),
        (WHOLE | {"tone": True}, "tone"),
        (WHOLE | {"roles": "client"}, "roles"),
        (WHOLE | {"roles": []}, "roles"),
        (WHOLE | {"roles": ["client", "none"]}, "roles"),
        (WHOLE | {"products": ["карта"]}, "products"),
        (WHOLE | {"rating": "five"}, "rating"),
        (WHOLE | {"rating": "nan"}, "rating"),
        (WHOLE | {"stance": ["promoter"]}, "stance"),
        (WHOLE | {"roles": [["client"]]}, "roles"),
        (WHOLE | {"reviewed": 5}, "reviewed"),
    ],
)
def test_a_malformed_record_names_file_line_and_field(tmp_path: Path, line: object, field: str) -> None:
    path = written(tmp_path / "some.jsonl", WHOLE, "", line)
    with pytest.raises(RecordError) as caught:
        read_records(path)
    assert (caught.value.line, caught.value.field) == (3, field)
    assert str(caught.value).startswith(f"{path}:3: {field}: ")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="can't be read"):
        read_records(tmp_path / "missing.jsonl")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(json.dumps(WHOLE).encode())[:40])
    with pytest.raises(RecordError, match="can't be read"):
        read_records(tmp_path / "cut.jsonl.gz")
    (tmp_path / "latin.jsonl").write_bytes(json.dumps(WHOLE, ensure_ascii=False).encode("cp1251"))
    with pytest.raises(RecordError, match="can't be read"):
        read_records(tmp_path / "latin.jsonl")


def test_a_record_takes_its_line_for_an_id_and_stars_as_text(tmp_path: Path) -> None:
    first, second = read_records(written(tmp_path / "some.jsonl", WHOLE, {"text": "т", "target": "Север", "tone": 0}))
    assert (first.id, first.rating, first.answers["roles"]) == ("a1", 5.0, ("client",))
    assert (second.id, second.rating, dict(second.answers)) == ("2", None, {"tone": 0})
    assert first.pair().rating is None and first.pair(rating=True).rating == 5.0


def test_unknown_sets_of_roles_become_the_nearest_known_one() -> None:
    assert role_set(("competitor_client", "ex_client")) == ("ex_client", "competitor_client")
    assert role_set(("client", "prospect")) in {("client",), ("prospect",)}


@pytest.mark.parametrize(
    ("text", "target", "found"),
    [
        ("Ушёл из Сбера", "Сбербанк", ["Сбера"]),
        ("@alfa_bank хамит, Альфу не советую", "Альфа-Банк", ["alfa_bank", "Альфу"]),
        ("в МТС БАНКЕ и в мтсе", "МТС", ["МТС", "мтсе"]),
        ("газпромбанку привет, Газпрому нет", "Газпромбанк", ["газпромбанку"]),
        ("счёт в «Почта Банке»", "Почта Банк", ["Почта Банке"]),
        ("ничего такого", "Сбербанк", []),
    ],
)
def test_names_in_labelled_texts(text: str, target: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in name_spans(text, target)] == found


def test_the_report_and_the_lines_of_predictions(tmp_path: Path) -> None:
    partial = {"source": "tweets", "target": "МТС", "text": "МТС опять не ловит, ужас", "tone": -1}
    path, out = written(tmp_path / "some.jsonl", WHOLE, partial), tmp_path / "out.jsonl"
    report = evaluate(path, predictions=out, threads=1)
    assert (report.records, report.heads["tone"].records, report.heads["stance"].records) == (2, 2, 1)
    shown = report.to_json()
    assert shown["heads"]["stance"]["classes"]["promoter"]["labelled"] == 1
    assert set(report.tone_by_source) == {"", "tweets"}
    assert any(line.startswith("stance: macro-F1") for line in report.lines())
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["a1", "2"]
    heads = {"genre", "sentiment", "stance", "recommend", "roles", "switch", "products", "tone"}
    for line in lines:
        assert set(line) == {"id", "confidence"} | heads
        assert set(line["confidence"]) == heads
        assert all(0 <= share <= 1 for share in line["confidence"].values())
        assert isinstance(line["roles"], list) and line["roles"] and isinstance(line["products"], list)
        assert line["tone"] in (-1, 0, 1) and line["recommend"] in ("yes", "no", "-")
        assert line["switch"] in ("left", "threatens", "joined", "-")


SHARED = Path(__file__).parents[1].parent / "shared" / "labels"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled posts of ../shared are not beside the project")
@pytest.mark.parametrize("name", ["train.jsonl", "written.jsonl", "test_brokers.jsonl", "tone_etalon.jsonl.gz", "reviews.jsonl.gz"])
def test_every_shared_record_is_read(name: str) -> None:
    records = read_records(SHARED / name)
    assert len(records) > 100
    assert len({each.id for each in records}) == len(records)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled posts of ../shared are not beside the project")
def test_the_shipped_model_is_above_the_baseline() -> None:
    records = read_records(SHARED / "test.jsonl")
    judgements = Classifier.load(threads=2).judge([each.pair() for each in records])
    scores = scored(records, [judgement.answers() for judgement in judgements])
    assert scores["stance"].main > 0.72
    assert scores["roles"].main > 0.60
