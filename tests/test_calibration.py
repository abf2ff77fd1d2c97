"""How far rare answers are lifted: what serves alike by macro-F1 is decided by the number of answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from nlp.calibration import calibrated
from nlp.records import CLASSES, Record

STANCES = CLASSES["stance"]
PRIOR = {"promoter": 0.45, "passive": 0.1, "detractor": 0.44, "none": 0.01}


def _lift(posts: Sequence[tuple[str, float]]) -> float:
    """The lift of stance for posts of a stance and by how much the network prefers passive to detractor."""
    records = [Record(id=at, text=str(at), target="Acme", answers={"stance": stance}) for at, (stance, _) in enumerate(posts)]
    logits = {name: np.zeros((len(posts), len(classes)), np.float32) for name, classes in CLASSES.items()}
    logits["stance"][:, STANCES.index("none")] = -9.0
    logits["stance"][:, STANCES.index("promoter")] = -9.0
    logits["stance"][:, STANCES.index("passive")] = [margin for _, margin in posts]
    shares = {name: [0.0] * len(classes) for name, classes in CLASSES.items()}
    return calibrated(records, logits, shares | {"stance": [float(np.log(PRIOR[each])) for each in STANCES]}).lift["stance"]


def test_of_lifts_that_serve_alike_the_one_is_taken_that_answers_a_rare_class_as_often_as_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nlp.calibration.TEMPERATURES", [1.0])
    surely = [("detractor", -9.0)] * 80
    few = [("passive", -0.2)] * 8 + [("passive", -0.8)] * 2 + [("detractor", -0.25)] * 2
    # From 0.6 on the two others are found as well, and four detractors with them: F1 stays what it was.
    assert _lift([*surely, *few, *[("detractor", -0.82)] * 4]) == 0.2


def test_a_lift_that_finds_what_no_smaller_one_does_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.calibration.TEMPERATURES", [1.0])
    assert _lift([*[("detractor", -9.0)] * 80, *[("passive", -1.1)] * 10]) == 0.8


def test_where_no_answer_hangs_on_the_lift_there_is_none() -> None:
    assert _lift([*[("detractor", -9.0)] * 40, *[("passive", 9.0)] * 5]) == 0.0
