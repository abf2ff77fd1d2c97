"""Intervals of figures: the resamples are those of `scored`, texts are drawn whole, and comparisons are paired."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from nlp import bootstrap
from nlp.bootstrap import differences, intervals, share_interval
from nlp.records import CLASSES, Record
from nlp.scores import scored

MEASURES = dict.fromkeys(CLASSES, "F1")


def record(at: int, text: str | None = None, **answers: Any) -> Record:
    return Record(id=at, text=text or f"текст {at}", target="Север", answers=answers)


def anything(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {name: chance.choice(classes) for name, classes in CLASSES.items()}
    return found | {"products": tuple(chance.sample(CLASSES["products"], chance.randrange(3)))}


def test_each_resample_is_scored_as_a_file_of_its_texts_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "RESAMPLES", 25)
    monkeypatch.setattr(bootstrap, "BLOCK", 130)  # several blocks
    chance = random.Random(5)
    records = [record(at, f"текст {at % 13}", **anything(chance)) for at in range(20)]
    answers = [anything(chance) for _ in records]
    found = intervals(records, answers)
    by_text = [[at for at in range(20) if at % 13 == text] for text in range(13)]
    drawn = [
        [at for text, times in enumerate(row) for _ in range(int(times)) for at in by_text[text]]
        for block in bootstrap._draws(13) for row in block
    ]  # fmt: skip
    assert len(drawn) == 25 and {len(each) for each in drawn} != {20}
    scores = [scored([records[at] for at in each], [answers[at] for at in each]) for each in drawn]
    for name in CLASSES:
        assert found[name].main == pytest.approx(np.quantile([each[name].main for each in scores], bootstrap.ENDS)), name


def test_the_interval_of_a_share_is_as_wide_as_theory_says_and_copies_of_a_text_add_nothing() -> None:
    right = [at < 50 for at in range(100)]
    low, high = share_interval(right, range(100)) or (0.0, 0.0)
    assert (low, high) == (pytest.approx(0.5 - 0.098, abs=0.015), pytest.approx(0.5 + 0.098, abs=0.015))
    assert share_interval(right * 10, [*range(100)] * 10) == pytest.approx((low, high))
    assert share_interval([True] * 5, range(5)) is None  # no draw moves it
    assert share_interval([], []) is None


def test_a_small_gain_on_the_same_records_shows_in_the_difference_alone() -> None:
    labels = ["promoter", "detractor"] * 100
    records = [record(at, stance=label) for at, label in enumerate(labels)]
    theirs = [{"stance": "passive" if at % 5 == 0 else label} for at, label in enumerate(labels)]
    ours = [{"stance": labels[at] if at % 50 == 0 else each["stance"]} for at, each in enumerate(theirs)]
    [mine], [other] = intervals(records, ours).values(), intervals(records, theirs).values()
    assert mine.main and other.main and mine.main[0] < other.main[1]
    found = differences(records, ours, theirs, MEASURES)["stance"]
    assert found.value == pytest.approx(scored(records, ours)["stance"].main - scored(records, theirs)["stance"].main)
    assert 0 < found.interval[0] < found.value < found.interval[1] and found.excludes_zero
    same = differences(records, ours, ours, MEASURES)["stance"]
    assert (same.interval, same.excludes_zero) == ((0.0, 0.0), False)


def test_only_what_both_answered_is_compared() -> None:
    records = [record(0, tone=1, stance="none"), record(1, tone=-1)]
    ours = [{"tone": 1, "stance": "none"}, {"tone": 1, "stance": "none"}]
    assert set(differences(records, ours, [{"tone": 1}, {"tone": -1}], MEASURES)) == {"tone"}
    assert differences(records, ours, [{"genre": "ad"}] * 2, MEASURES) == {}
