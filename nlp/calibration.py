"""Calibration: temperatures and thresholds, fitted on records kept out of training.

The rule to know: one number per head, no more, because the rare classes have only a handful of such records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nlp.classifier import BY_THRESHOLD, Calibration, Logits, judged
from nlp.records import CLASSES, Record, role_set
from nlp.scores import HeadScore, main_classes, scored

TEMPERATURES = np.geomspace(0.5, 4.0, 43)
LIFTS = (0.0, 0.2, 0.4, 0.6, 0.8)
ALIKE = 0.01
"""Lifts whose macro-F1 lies no further below the best serve alike: on so few records the difference is chance."""
ROUNDS = 4
"""How often each head's lift is chosen anew, at most."""
THRESHOLDS = np.arange(0.2, 0.65, 0.05)
ABSTAIN = 0.15
"""Share of the records whose roles are the least sure: there the model abstains."""
PRECISION = 0.8
"""Share of what is taken for sarcasm that is to be so: it leaves the measures, and must not take plain opinions with it."""


def calibrated(records: Sequence[Record], logits: Logits, log_prior: Mapping[str, Sequence[float]]) -> Calibration:
    """The calibration that fits the records: likelihood for temperatures, macro-F1 and counts for the decisions."""
    temperature = {name: _temperature(name, records, logits[name]) for name in CLASSES}
    none = dict.fromkeys(CLASSES, 0.0)
    found = Calibration(temperature=temperature, lift=none, log_prior=log_prior, product_threshold=0.5, role_floor=0.0, sarcasm_floor=1.0)
    found = _with(found, lift=_lifts(found, records, logits))
    found = _with(found, sarcasm_floor=_sarcasm_floor(found, records, logits["sarcasm"]))
    threshold = _best(THRESHOLDS, lambda level: _scored("products", _with(found, product_threshold=level), records, logits).main)
    asked = np.array([at for at, record in enumerate(records) if "roles" in record.answers], dtype=int)
    if not len(asked):
        return _with(found, product_threshold=round(threshold, 3))
    sure = [each.role_sureness for each in judged({head: values[asked] for head, values in logits.items()}, found)]
    floor = float(np.quantile(sure, ABSTAIN))
    return _with(found, product_threshold=round(threshold, 3), role_floor=round(floor, 3))


def _sarcasm_floor(calibration: Calibration, records: Sequence[Record], logits: NDArray[np.float32]) -> float:
    """The least share from which PRECISION of the records are sarcasm; 1 where there is none."""
    asked = [at for at, record in enumerate(records) if "sarcasm" in record.answers]
    shares = calibration.probabilities("sarcasm", logits[asked])[:, 1]
    right = np.array([records[at].answers["sarcasm"] for at in asked], dtype=float)
    levels = sorted({float(np.floor(share * 1e6) / 1e6) for share in shares[right == 1]})
    return next((level for level in levels if right[shares >= level].mean() >= PRECISION), 1.0)


def _lifts(calibration: Calibration, records: Sequence[Record], logits: Logits) -> dict[str, float]:
    """The lift of each head beside those of the others, until none moves: the answers to one pair are chosen as a whole."""
    lift = dict(calibration.lift)
    for _ in range(ROUNDS):
        before = dict(lift)
        for name in CLASSES:
            if name not in BY_THRESHOLD:
                lift[name] = _lift(name, _with(calibration, lift=lift), records, logits)
        if lift == before:
            break
    return lift


def _lift(name: str, calibration: Calibration, records: Sequence[Record], logits: Logits) -> float:
    """Of the lifts that serve alike the one whose answers are in number nearest to the labels, of those the least.

    Counts are what is shown of most heads, and macro-F1 hardly minds a rare class that is answered far too often.
    """
    counted = main_classes(name)
    found = {power: _scored(name, _with(calibration, lift={**calibration.lift, name: power}), records, logits) for power in LIFTS}
    best = max(score.main for score in found.values())
    good = [power for power, score in found.items() if score.main >= best - ALIKE]
    return min(good, key=lambda power: sum(abs(each.answered - each.labelled) for each in map(found[power].classes.get, counted) if each))


def _with(calibration: Calibration, **changes: object) -> Calibration:
    values = {name: getattr(calibration, name) for name in Calibration.__slots__} | changes
    return Calibration(**values)


def _temperature(name: str, records: Sequence[Record], logits: NDArray[np.float32]) -> float:
    """The temperature with the least negative log-likelihood of the given answers."""
    asked = np.array([at for at, record in enumerate(records) if name in record.answers], dtype=int)
    if not len(asked):
        return 1.0
    classes = CLASSES[name]
    right = np.zeros((len(asked), len(classes)))
    for row, at in enumerate(asked):
        answer = records[at].answers[name]
        if name == "products" and isinstance(answer, tuple):
            right[row, [classes.index(kind) for kind in answer]] = 1
        else:
            right[row, classes.index(role_set(answer) if isinstance(answer, tuple) else answer)] = 1
    plain = Calibration(temperature={}, lift={}, log_prior={}, product_threshold=0.5, role_floor=0.0, sarcasm_floor=1.0)

    def surprise(temperature: float) -> float:
        shares = _with(plain, temperature={name: temperature}).probabilities(name, logits[asked])
        missed = (1 - right) * np.log(1 - shares + 1e-9) if name == "products" else 0.0
        return -float(np.sum(right * np.log(shares + 1e-9) + missed))

    return round(float(min(TEMPERATURES, key=surprise)), 3)


def _best(choices: Sequence[float] | NDArray[np.float64], score: Callable[[float], float]) -> float:
    """The middle one of those within 0.003 of the best: a peak of one choice is mostly chance."""
    scores = [score(float(choice)) for choice in choices]
    good = [float(choice) for choice, value in zip(choices, scores, strict=True) if value >= max(scores) - 0.003]
    return good[len(good) // 2]


def _scored(name: str, calibration: Calibration, records: Sequence[Record], logits: Logits) -> HeadScore:
    asked = [at for at, record in enumerate(records) if name in record.answers]
    if not asked:
        return HeadScore(0, "", 0.0, {})
    chosen = {head: values[asked] for head, values in logits.items()}
    answers = [judgement.answers() for judgement in judged(chosen, calibration)]
    return scored([records[at] for at in asked], answers)[name]
