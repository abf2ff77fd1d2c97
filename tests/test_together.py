"""Answers to one post never contradict each other, and stay as they are where they don't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nlp.classifier import Calibration, Judgement, judged
from nlp.labels import ROOT
from nlp.records import CLASSES, Answer, read_records
from nlp.together import FITTING, JOINT, goes_together

WRITTEN = ("written", "written_short", "written_plain", "written_sarcasm")


def _calibration() -> Calibration:
    every = dict.fromkeys(CLASSES, 0.0)
    priors = {name: [0.0] * len(classes) for name, classes in CLASSES.items()}
    return Calibration(
        temperature=dict.fromkeys(CLASSES, 1.0), lift=every, log_prior=priors, product_threshold=0.5, role_floor=0.0, sarcasm_floor=1.0
    )


def _logits(rows: int, fill: Any = None) -> dict[str, NDArray[np.float32]]:
    chance = np.random.default_rng(1)
    return {
        name: chance.normal(0, 3, (rows, len(classes))).astype(np.float32)
        if fill is None
        else np.full((rows, len(classes)), fill, np.float32)
        for name, classes in CLASSES.items()
    }


def _goes_together(answers: dict[str, Answer]) -> bool:
    return goes_together(**{head: answers[head] for head in JOINT})  # type: ignore[arg-type]


def test_no_answer_contradicts_another_however_unsure_the_network_is() -> None:
    logits = _logits(2000)
    found = judged(logits, _calibration())
    assert all(_goes_together(each.answers()) for each in found)
    apart = [_apart({name: values[at] for name, values in logits.items()}) for at in range(2000)]
    fitting = [at for at, each in enumerate(apart) if _goes_together(each)]
    assert 20 < len(fitting) < 1000
    assert [{head: found[at].answers()[head] for head in JOINT} for at in fitting] == [apart[at] for at in fitting]


def _apart(logits: dict[str, NDArray[np.float32]]) -> dict[str, Answer]:
    return {head: CLASSES[head][int(logits[head].argmax())] for head in JOINT}


def _one(**likely: dict[Any, float]) -> Judgement:
    """The judgement of a post with these logits; all other answers are as likely as each other."""
    logits = _logits(1, -9.0)
    for head, known in likely.items():
        for answer, value in known.items():
            logits[head][0, CLASSES[head].index(answer)] = value
    [found] = judged(logits, replace(_calibration(), product_threshold=1.0))
    return found


def test_who_surely_recommends_is_no_detractor() -> None:
    unsure = {"detractor": 0.2, "promoter": 0.0}
    found = _one(genre={"opinion": 3}, stance=unsure, sentiment={"negative": 0.1, "positive": 0.0}, recommend={"yes": 4, "-": 0})
    assert (found.stance, found.sentiment, found.recommendation) == ("promoter", "positive", "recommends")
    assert found.confidence["stance"] == pytest.approx(0.45, abs=0.01), "what the head itself thinks of the answer"


def test_who_is_passive_and_advises_against_does_not_recommend() -> None:
    """«Нормальный брокер, но новичкам не советую»: of two answers that nobody who is passive gives, the opposite is no way out."""
    found = _one(genre={"opinion": 9}, stance={"passive": 9}, recommend={"no": 3, "yes": 1})
    assert (found.stance, found.recommendation) == ("passive", "none")


def test_no_recommendation_is_turned_into_its_opposite() -> None:
    logits = _logits(2000)
    at = {answer: logits["recommend"][:, number] for number, answer in enumerate(CLASSES["recommend"])}
    given = [each.answers()["recommend"] for each in judged(logits, _calibration())]
    assert {"yes", "no"} <= set(given)
    assert all(at[each][row] >= at["no" if each == "yes" else "yes"][row] for row, each in enumerate(given) if each != "-")


def test_who_has_left_was_a_client() -> None:
    found = _one(roles={("client",): 0.3, ("ex_client",): 0.0}, switch={"left": 2, "-": 0})
    assert (found.switch, found.surest_roles) == ("left", ("ex_client",))


def test_every_answer_of_every_head_can_be_given() -> None:
    for at, head in enumerate(JOINT):
        assert set(FITTING[:, at]) == set(range(len(CLASSES[head]))), head


@pytest.mark.parametrize("name", WRITTEN)
def test_what_people_answer_goes_together(name: str) -> None:
    records = [each for each in read_records(ROOT / "labels" / f"{name}.jsonl") if all(head in each.answers for head in JOINT)]
    fitting = [_goes_together(dict(record.answers)) for record in records]
    assert len(fitting) > 200 and sum(fitting) / len(fitting) > 0.98
