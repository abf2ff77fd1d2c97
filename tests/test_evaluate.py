"""Evaluation of a model: what counts, what is refused, and what a line of predictions holds."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from plain_judge import PlainJudge
from typer.testing import CliRunner

from nlp.__main__ import app
from nlp.bootstrap import Difference
from nlp.classifier import Classifier
from nlp.confusion import confusions
from nlp.evaluate import evaluate, report
from nlp.floors import ERROR, Floor
from nlp.naming import name_spans
from nlp.predictions import read_predictions
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
        "client": 1.0, "ex_client": 1.0, "employee": 0.0, "ex_employee": 0.0, "competitor_client": 0.0, "prospect": 0.0, "none": 0.0,
        "employees": 1.0,
    }  # fmt: skip
    assert score.main == pytest.approx(3 / 4)
    assert score.others["accuracy"] == pytest.approx(2 / 3)
    counts = {name: (each.labelled, each.answered, each.right) for name, each in score.classes.items() if "employee" in name}
    assert counts == {"employee": (0, 1, 0), "ex_employee": (1, 0, 0), "employees": (1, 1, 1)}


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


def test_confusion_goes_class_by_class_also_through_sets() -> None:
    given = [("ex_client", "competitor_client"), ("client",), ("ex_employee",), ("client",), ("prospect",)]
    answered = [("client", "competitor_client"), ("client", "employee"), ("employee",), ("none",), ("prospect",)]
    found = confusions([record(roles=each) for each in given], [{"roles": each} for each in answered])["roles"]
    cells = {
        (row, column): count
        for row, counts in zip(found.classes, found.counts, strict=True)
        for column, count in zip(found.classes, counts, strict=True)
        if count
    }
    assert cells == {
        ("ex_client", "client"): 1, ("competitor_client", "competitor_client"): 1, ("client", "client"): 1, ("nothing", "employees"): 1,
        ("employees", "employees"): 1, ("client", "none"): 1, ("prospect", "prospect"): 1,
    }  # fmt: skip


def test_reliability_and_coverage_by_hand() -> None:
    def judged(sure: float, *, right: bool, abstains: bool = False) -> tuple[Record, object]:
        [plain] = PlainJudge().judge([record().pair()])
        given = "none" if right else "passive"
        found = replace(
            plain,
            roles=None if abstains else ("client",),
            surest_roles=("client",),
            role_sureness=sure,
            confidence=plain.confidence | {"roles": sure},
        )
        return record(stance=given, roles=("client",) if right else ("none",)), replace(found, probabilities={"stance": {"none": sure}})

    parts = [judged(0.95, right=True), judged(1.0, right=True), judged(0.9, right=False)]
    parts += [judged(0.31, right=True, abstains=True), judged(0.39, right=False, abstains=True)]
    found = report("f", "m", [each for each, _ in parts], [each for _, each in parts])  # type: ignore[misc]
    stance = found.reliabilities["stance"]
    assert [(each.low, each.records) for each in stance.bins] == [(0.3, 2), (0.9, 3)]
    assert stance.error == pytest.approx((2 * abs(0.35 - 1 / 2) + 3 * abs(0.95 - 2 / 3)) / 5)
    assert found.answered_roles is not None and found.surest_roles is not None
    assert (found.answered_roles.share, found.answered_roles.score) == (0.6, pytest.approx((2 * 2 / 5 + 0) / 2))
    assert (found.surest_roles.share, found.surest_roles.score) == (0.8, pytest.approx((2 * 2 / 6 + 0) / 2))


def test_answers_are_compared_with_another_readers_record_by_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.evaluate.Classifier", PlainJudge)
    parts = [("отличный", "promoter", "a"), ("ужасный", "detractor", "b"), ("такой", "none", "b")] * 8
    records = [{"id": f"r{at}", "target": "Север", "text": f"{word} банк {at}", "stance": stance, "source": source}
               for at, (word, stance, source) in enumerate(parts)]  # fmt: skip
    path, out = written(tmp_path / "some.jsonl", *records), tmp_path / "out.jsonl"
    evaluate(path, predictions=out)
    same = evaluate(path, against=out).to_json()
    assert same["differences"]["stance"] == {
        "measure": "macro-F1", "ours": 1.0, "theirs": 1.0, "difference": 0.0, "interval": [0.0, 0.0], "excludes_zero": False,
    }  # fmt: skip
    others = written(tmp_path / "others.jsonl", *({"id": each["id"], "stance": "none"} for each in reversed(records)))
    found = evaluate(path, against=others, source="b")
    assert (found.file, found.records, found.differences["stance"].excludes_zero) == ("some.jsonl, b", 16, True)
    assert [line for line in found.lines() if line.startswith("    stance     1.000 - ") and line.endswith("excludes zero")]
    with pytest.raises(RecordError, match="source: 'c' has no record here; there are a, b"):
        evaluate(path, source="c")


def test_predictions_that_lack_a_record_or_can_not_be_read_are_named(tmp_path: Path) -> None:
    records = read_records(written(tmp_path / "r.jsonl", WHOLE, WHOLE | {"id": 2}, WHOLE))
    good = written(tmp_path / "good.jsonl", {"id": "a1", "tone": 1}, {"id": 9}, {"id": 2, "tone": 0}, {"id": "a1", "tone": -1})
    assert [each["tone"] for each in read_predictions(good, records)] == [1, 0, -1]
    for lines, message in (
        (({"id": "a1"}, {"id": "2"}), ": id: 2 of 3 records have no line here, first 2"),
        (({"id": "a1", "stance": "fan"},), ":1: stance: must be one of"),
        (("{",), ":1: record: is not JSON"),
    ):
        with pytest.raises(RecordError, match=message):
            read_predictions(written(tmp_path / "bad.jsonl", *lines), records)


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
        (WHOLE | {"stance": ["promoter"]}, "stance"),
        (WHOLE | {"roles": [["client"]]}, "roles"),
        ('{"text": "\\ud800", "target": "Север"}', "text"),
        ('{"id": "\\ud800", "text": "т", "target": "Север"}', "id"),
        ('{"id": ' + "1" * 5_000 + "}", "record"),
        ("[" * 100_000, "record"),
    ],
)
def test_a_malformed_record_names_file_line_and_field(tmp_path: Path, line: object, field: str) -> None:
    path = written(tmp_path / "some.jsonl", WHOLE, "", line)
    with pytest.raises(RecordError) as caught:
        read_records(path)
    assert (caught.value.line, caught.value.field) == (3, field)
    assert str(caught.value).startswith(f"{path}:3: {field}: ")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("stanse", "stance"), ("recommendation", "recommend"), ("Stance", "stance"), ("role", "roles"), ("ratings", "rating")],
)
def test_a_field_that_is_nearly_one_of_the_known_ones_is_named(tmp_path: Path, name: str, meant: str) -> None:
    slipped = {key: value for key, value in WHOLE.items() if key != meant} | {name: WHOLE[meant]}
    path = written(tmp_path / "some.jsonl", WHOLE, slipped)
    with pytest.raises(RecordError) as caught:
        read_records(path)
    assert str(caught.value) == f"{path}:2: {name}: is no field of a record: write `{meant}`, or take it out"
    with pytest.raises(RecordError, match=f":1: {name}: is no field"):
        read_records(written(path, WHOLE | {"predicted": {name: WHOLE[meant]}}))


def test_a_field_of_the_files_own_is_passed_over(tmp_path: Path) -> None:
    own = {
        "name": "Анна",
        "title": "т",
        "url": "u",
        "author": "а",
        "lang": "ru",
        "hard": 1,
        "official": 0,
        "product": "карта",
        "annotator": 2,
    }
    [record] = read_records(written(tmp_path / "some.jsonl", WHOLE | own))
    assert record.answers["stance"] == "promoter"


@pytest.mark.parametrize(
    ("lines", "options", "code", "message"),
    [
        ((), (), 1, "error: {}: nothing is scored: there is no record"),
        (({"text": "т", "target": "Север"},), (), 1, "error: {}: nothing is scored: no record has an answer"),
        (({"text": "т", "target": "Север"},), ("--predictions", "out.jsonl"), 0, "{}: nothing is scored: no record has an answer"),
        ((WHOLE,), (), 0, ""),
    ],
)
def test_an_evaluation_that_scores_nothing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[object, ...], options: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nlp.evaluate.Classifier", PlainJudge)
    done = CliRunner().invoke(app, ["evaluate", str(written(Path("some.jsonl"), *lines)), *options])
    assert (done.exit_code, done.stderr.strip()) == (code, message.format("some.jsonl"))
    assert Path("out.jsonl").is_file() == bool(options)


def test_each_month_has_its_own_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.evaluate.Classifier", PlainJudge)
    parts = [("2026-01", "отличный", "promoter"), ("2026-01", "ужасный", "detractor"), ("2026-02", "отличный", "detractor"),
             ("2026-02", "ужасный", "detractor")]  # fmt: skip
    records = [{"target": "Север", "text": f"{word} банк {at}", "stance": stance, "date": f"{month}-03"}
               for at, (month, word, stance) in enumerate(parts * 10)]  # fmt: skip
    found = evaluate(written(tmp_path / "some.jsonl", *records), months=True)
    _, second = (months["stance"] for months in found.to_json()["months"].values())
    low, high = second["interval"]
    assert low < second["score"] < high
    rows = [line for line in found.lines() if line.startswith("    2026-0")]
    assert ["[-]" in row for row in rows] == [True, False] and f"[{low:.3f}, {high:.3f}]" in rows[1]
    assert any("picked for being wrong" in line for line in found.lines())


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="can't be read"):
        read_records(tmp_path / "missing.jsonl")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(json.dumps(WHOLE).encode())[:40])
    with pytest.raises(RecordError, match="can't be read"):
        read_records(tmp_path / "cut.jsonl.gz")
    (tmp_path / "latin.jsonl").write_bytes(json.dumps(WHOLE, ensure_ascii=False).encode("cp1251"))
    with pytest.raises(RecordError, match=r"latin\.jsonl:1: record: is not UTF-8"):
        read_records(tmp_path / "latin.jsonl")


def test_a_record_keeps_its_id_as_given_else_takes_its_line(tmp_path: Path) -> None:
    bare = {"text": "т", "target": "Север", "tone": 0}
    ids = ("a1", 5, "5", 1.5, [1], None)
    records = read_records(written(tmp_path / "some.jsonl", *(bare | {"id": each} for each in ids), bare))
    assert [each.id for each in records] == ["a1", 5, "5", 1.5, [1], 6, 7]


def test_stars_are_read_as_number_or_text_and_zero_is_none_given(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = [("rating", "5"), ("rating", 4.5), ("stars", 1), ("rating", 0), ("rating", "0"), ("rating", ""), ("rating", None)]
    first, *_ = records = read_records(written(tmp_path / "some.jsonl", *(WHOLE | {"rating": None, name: each} for name, each in given)))
    assert [each.rating for each in records] == [5.0, 4.5, 1.0, None, None, None, None]
    assert (first.pair().rating, first.pair(rating=True).rating) == (None, 5.0)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("field", "value"), [("rating", "five"), ("rating", "nan"), ("rating", 11), ("rating", True), ("stars", []), ("reviewed", 5)]
)
def test_a_field_that_is_not_needed_and_can_not_be_used_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, field: str, value: object
) -> None:
    path = written(tmp_path / "some.jsonl", WHOLE | {"rating": None, field: value})
    (found,) = read_records(path)
    assert (found.rating, found.reviewed, found.answers["stance"]) == (None, None, "promoter")
    (message,) = caplog.messages
    assert message.startswith(f"{path}:1: {field} is left out: it must be ")


@pytest.mark.parametrize("name", ["some.jsonl", "some.jsonl.gz"])
def test_a_byte_order_mark_is_no_part_of_a_record(tmp_path: Path, name: str) -> None:
    raw = b"\xef\xbb\xbf" + json.dumps(WHOLE).encode() + b"\r\n"
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    assert [each.id for each in read_records(tmp_path / name)] == ["a1"]


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
    path, out = written(tmp_path / "some.jsonl", WHOLE, "", partial, partial | {"id": 5}), tmp_path / "out.jsonl"
    found = evaluate(path, predictions=out, threads=1)
    assert (found.records, found.heads["tone"].records, found.heads["stance"].records) == (3, 3, 1)
    shown = found.to_json()
    assert shown["heads"]["stance"]["classes"]["promoter"]["labelled"] == 1
    assert set(found.tone_by_source) == {"", "tweets"}
    assert shown["heads"]["tone"].keys() >= {"score", "interval"} and "interval" in shown["heads"]["tone"]["classes"]["-1"]
    assert any(line.startswith("stance: macro-F1") for line in found.lines())
    assert any(line.startswith("tone: macro-F1 of positive and negative ") and ", macro-F1 " in line for line in found.lines())
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["a1", 3, 5]
    heads = {"genre", "sentiment", "stance", "recommend", "roles", "switch", "products", "tone"}
    for line in lines:
        assert set(line) == {"id", "confidence", "sarcasm"} | heads, "how sure of sarcasm is part of the confidence of the genre"
        assert set(line["confidence"]) == heads
        assert all(0 <= share <= 1 for share in line["confidence"].values())
        assert isinstance(line["roles"], list) and line["roles"] and isinstance(line["products"], list)
        assert line["tone"] in (-1, 0, 1) and line["recommend"] in ("yes", "no", "-")
        assert line["switch"] in ("left", "threatens", "joined", "-")


def test_predictions_are_tried_before_judging_and_the_old_ones_stay_where_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        @classmethod
        def load(cls, *_: object, **__: object) -> Failing:
            return cls()

        def judge(self, pairs: object) -> None:
            raise RuntimeError("the power failed")

    monkeypatch.setattr("nlp.evaluate.Classifier", Failing)
    path, out = written(tmp_path / "some.jsonl", WHOLE), tmp_path / "out.jsonl"
    with pytest.raises(FileNotFoundError) as caught:
        evaluate(path, predictions=tmp_path / "no" / "out.jsonl")
    assert caught.value.filename == str(tmp_path / "no" / "out.jsonl")
    out.write_text("yesterday")
    with pytest.raises(RuntimeError, match="the power failed"):
        evaluate(path, predictions=out)
    assert out.read_text() == "yesterday"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out.jsonl", "some.jsonl"]


SHARED = Path(__file__).parents[1].parent / "shared" / "labels"


@pytest.mark.skipif(not SHARED.is_dir(), reason="requires: ../shared/labels")
@pytest.mark.parametrize("name", ["train.jsonl", "written.jsonl", "test_brokers.jsonl", "tone_etalon.jsonl.gz", "reviews.jsonl.gz"])
def test_every_shared_record_is_read(name: str, caplog: pytest.LogCaptureFixture) -> None:
    records = read_records(SHARED / name)
    assert caplog.messages == []
    assert len(records) > 100
    assert len({each.id for each in records}) == len(records)


@pytest.mark.skipif(not SHARED.is_dir(), reason="requires: ../shared/labels")
def test_the_shipped_model_is_above_the_baseline() -> None:
    """On every second record, for time; the floors are the baseline's figures on all of them, as in the model's card."""
    records = read_records(SHARED / "test.jsonl")[::2]
    judgements = Classifier.load(threads=2).judge([each.pair() for each in records])
    scores = scored(records, [judgement.answers() for judgement in judgements])
    assert scores["stance"].main > 0.745
    assert scores["roles"].main > 0.607


@pytest.mark.skipif(not SHARED.is_dir(), reason="requires: ../shared/labels")
def test_the_shipped_model_is_above_the_baseline_in_tone() -> None:
    """On every eighth tweet of the etalon, for time; the floors are the baseline's figures on all of it, as in the model's card."""
    records = read_records(SHARED / "tone_etalon.jsonl.gz")[::8]
    judgements = Classifier.load(threads=2).judge([each.pair() for each in records])
    tone = report("etalon", "shipped", records, judgements).tone_by_source
    assert tone["sentirueval-2016-bank"] > 0.565
    assert tone["sentirueval-2016-telecom"] > 0.558


@pytest.mark.parametrize(
    ("point", "theirs", "interval", "reached"),
    [
        (0.92, 0.80, (0.01, 0.2), True),
        (0.92, 0.80, (-0.01, 0.2), False),  # nothing shows that it is better than the baseline
        (0.90, 0.80, (0.01, 0.2), False),
        (0.92, 0.91, (-0.02, 0.03), True),  # the baseline is not below the floor, and matched
        (0.92, 0.93, (-0.03, 0.02), False),
    ],
)
def test_a_floor_asks_for_the_figure_and_for_more_than_the_baseline(
    point: float, theirs: float, interval: tuple[float, float], reached: bool
) -> None:
    floor = Floor("test.jsonl", "recommend", 0.91)
    assert floor.reached(point, Difference("macro-F1", point, theirs, interval)) == reached
    assert floor.reached(point) == (point >= 0.91), "where there is no baseline the figure decides"
    error = Floor("test.jsonl", ERROR, 0.06)
    assert error.reached(0.05) and not error.reached(0.07)
