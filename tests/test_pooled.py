"""Rare classes are counted on the test file and out of fold, all others on the test file alone."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from nlp.pooled import FEW, judges, pooled, rare_classes
from nlp.records import Record, RecordError
from nlp.unseen import NAME, Answered, read_unseen, write_unseen


def part(labels: list[str], ours: list[str], theirs: list[str], name: str = "recommend") -> Answered:
    records = [Record(id=at, text=f"текст {at} {label}", target="Север", answers={name: label}) for at, label in enumerate(labels)]
    return Answered(records, [{name: each} for each in ours], [{name: each} for each in theirs], [0.5] * len(labels))


def test_only_the_rare_class_is_counted_in_both_parts() -> None:
    tested = part(["yes"] * 2 + ["no"] * 30 + ["-"] * 30, ["yes", "-"] + ["no"] * 30 + ["-"] * 30, ["-"] * 2 + ["no"] * 30 + ["-"] * 30)
    unseen = part(["yes"] * 20 + ["no"] * 50, ["yes"] * 19 + ["-"] + ["-"] * 50, ["-"] * 70)
    rare = rare_classes("recommend", tested.records)
    assert rare == ("yes",)
    found = pooled("recommend", "macro-F1", rare, tested, unseen)
    # yes: 22 labelled, 20 answered, 20 right; no: all right in the tested part, its fifty misses out of fold count nothing
    yes, no, nothing = 40 / 42, 1.0, 60 / 61
    assert found.main == pytest.approx((yes + no + nothing) / 3)
    assert (found.classes["yes"].labelled, found.classes["no"].labelled) == (22, 30)
    assert found.difference.theirs == pytest.approx((0 + 1 + 60 / 62) / 3)
    low, high = found.intervals.main or (0.0, 0.0)
    assert low < found.main < high
    assert judges(found)


def test_a_head_whose_figure_is_no_mean_of_rare_classes_is_not_judged_so() -> None:
    answers = ["yes"] * FEW + ["no"] * FEW + ["-"] * FEW
    tested = part(answers, answers, answers)
    assert rare_classes("recommend", tested.records) == ()
    assert rare_classes("stance", tested.records) == ()  # nobody was asked
    # ex_employee is pooled with employee in the figure of roles, so its own rareness does not count there
    roles: list[Any] = [("client",), ("ex_client",), ("employee",), ("competitor_client",), ("prospect",), ("none",)] * FEW
    some = part(roles, roles, roles, "roles")
    rare = rare_classes("roles", some.records)
    assert rare == ("ex_employee",)
    assert not judges(pooled("roles", "macro-F1", rare, some, some))


def test_the_surest_are_those_of_the_roles_that_are_asked() -> None:
    roles: list[Any] = [("client",)] * 5
    some = part(roles, roles, roles, "roles")
    extra = part(["yes"], ["yes"], ["yes"])
    both = Answered(extra.records + some.records, extra.ours + some.ours, extra.theirs + some.theirs, [0.99, 0.1, 0.9, 0.2, 0.8, 0.7])
    assert [record.id for record in both.surest(0.6).records] == [1, 3, 4]


def labelled(folder: Path, count: int, first: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"id": f"r{at}", "text": f"текст {at + first}", "target": "Север", "recommend": "yes"}) for at in range(count)]
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_answers_out_of_fold_are_read_as_they_were_written_and_for_the_same_posts_alone(tmp_path: Path) -> None:
    labels, model = labelled(tmp_path / "labels", 4), tmp_path / "model"
    model.mkdir()
    assert read_unseen(model, labels) is None
    records = [Record(id=f"r{at}", text=f"текст {at}", target="Север", answers={"recommend": "yes"}) for at in range(4)]
    answers: list[dict[str, Any]] = [{"recommend": "yes", "roles": ("client", "employee"), "tone": -1, "products": ()} for _ in records]
    whole = Answered(records, answers, answers, [0.1, 0.2, 0.3, 0.4])
    write_unseen(model, "python -m nlp folds it", [([1, 3], whole.chosen([1, 3])), ([0, 2], whole.chosen([0, 2]))])
    command, found = read_unseen(model, labels) or ("", whole)
    assert command == "python -m nlp folds it"
    assert [record.id for record in found.records] == ["r1", "r3", "r0", "r2"]
    assert found.ours == found.theirs == answers
    assert found.sureness == [0.2, 0.4, 0.1, 0.3]
    with pytest.raises(RecordError, match=r"unseen.jsonl.gz:2: text_hash: is not that of record 2 of train.jsonl"):
        read_unseen(model, labelled(tmp_path / "others", 4, first=10))
    (model / NAME).write_bytes(gzip.compress(b'{"command": "x"}\n{"at": 0}\n'))
    with pytest.raises(RecordError, match=r"unseen.jsonl.gz:2: text_hash: is missing"):
        read_unseen(model, labels)
    (model / NAME).write_bytes(gzip.compress(b"{}\n")[:-4])
    with pytest.raises(RecordError, match=r"unseen.jsonl.gz:1: file: can't be read"):
        read_unseen(model, labels)
