"""Reliability: are the answers right as often as their confidence says?

The rule to know: ten bins of equal width; the expected calibration error is the gap between mean confidence and share of right
answers, averaged over the bins by their records (Naeini et al. 2015). For roles the whole set has to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.classifier import Judgement
from nlp.records import Record
from nlp.scores import answer_classes

HEADS = ("stance", "roles")
BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence lies between two tenths."""

    low: float
    records: int
    confidence: float
    """Mean of the answers in the bin."""
    right: float
    """Share of them."""

    @property
    def high(self) -> float:
        return self.low + 1 / BINS


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bins of a head that hold any answer."""

    bins: tuple[Bin, ...]

    @property
    def error(self) -> float:
        """Expected calibration error."""
        return sum(each.records * abs(each.confidence - each.right) for each in self.bins) / sum(each.records for each in self.bins)

    def to_json(self) -> dict[str, Any]:
        """The bins as a JSON object."""
        bins = [
            {"from": round(each.low, 1), "records": each.records, "confidence": round(each.confidence, 4), "right": round(each.right, 4)}
            for each in self.bins
        ]
        return {"error": round(self.error, 4), "bins": bins}

    def lines(self) -> list[str]:
        """The bins for people."""
        return [
            f"    {each.low:.1f} to {each.high:.1f}   {each.records:>5} records   confidence {each.confidence:.3f}   right {each.right:.3f}"
            for each in self.bins
        ]


def reliabilities(records: Sequence[Record], judgements: Sequence[Judgement]) -> dict[str, Reliability]:
    """Head -> bins, for the heads that any record is labelled for."""
    found: dict[str, Reliability] = {}
    for name in HEADS:
        pairs = [
            _confidence_and_right(name, record, judgement)
            for record, judgement in zip(records, judgements, strict=True) if name in record.answers
        ]  # fmt: skip
        if pairs:
            found[name] = Reliability(tuple(_bins(pairs)))
    return found


def _confidence_and_right(name: str, record: Record, judgement: Judgement) -> tuple[float, bool]:
    """Of roles the confidence is known in two places only, so that one near an end of a bin may stand in the next."""
    sure = judgement.confidence["roles"] if name == "roles" else judgement.probabilities["stance"][judgement.stance]
    return sure, answer_classes(record.answers[name]) == answer_classes(judgement.answers()[name])


def _bins(pairs: Sequence[tuple[float, bool]]) -> list[Bin]:
    parts: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in pairs:
        parts.setdefault(min(BINS - 1, int(sure * BINS)), []).append((sure, right))
    return [Bin(at / BINS, len(part), *(float(mean) for mean in np.mean(part, axis=0))) for at, part in sorted(parts.items())]
