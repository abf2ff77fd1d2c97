"""Bootstrap: how far a figure may lie from what a larger test file would show.

The rule to know: texts are drawn, not records, because one text may stand with several companies; the draws come from one
seed, so that the same file gives the same intervals, and two sets of answers are compared on the same draws (paired).
Percentile intervals (Efron and Tibshirani 1993). They know of chance alone, not of labels that are wrong or texts of another kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.records import CLASSES, Answer, Record, text_key
from nlp.scores import Counts, asked_of, class_f1, counts_of, main_figure, reported

RESAMPLES = 2000
SEED = 1979
ENDS = (0.025, 0.975)
BLOCK = 4_000_000
"""Texts drawn at once, over all resamples: what stands in memory."""

Interval = tuple[float, float]
"""Lower and upper end, 95 %."""


@dataclass(frozen=True, slots=True)
class HeadIntervals:
    """The intervals of a head's figures."""

    main: Interval | None
    """None: no draw moves the figure, as where everything or nothing is right; that says nothing of how sure it is."""
    classes: Mapping[str, Interval | None]
    """Class -> interval of its F1; None also for a class that does not occur."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The main figure of two sets of answers to the same records, and the interval of ours minus theirs."""

    measure: str
    ours: float
    theirs: float
    interval: Interval

    @property
    def value(self) -> float:
        return self.ours - self.theirs

    @property
    def excludes_zero(self) -> bool:
        """Whether the difference is more than the chance of which texts stand in the file."""
        return self.interval[0] > 0 or self.interval[1] < 0

    def to_json(self) -> dict[str, Any]:
        """The difference as a JSON object."""
        return {
            "measure": self.measure, "ours": round(self.ours, 4), "theirs": round(self.theirs, 4), "difference": round(self.value, 4),
            "interval": rounded(self.interval), "excludes_zero": self.excludes_zero,
        }  # fmt: skip


def intervals(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> dict[str, HeadIntervals]:
    """Head -> intervals, for the heads that `scored` scores."""
    found: dict[str, HeadIntervals] = {}
    for name in CLASSES:
        asked = asked_of(name, records, answers)
        if asked:
            [counts] = resampled(name, [records[at] for at in asked], [[answers[at][name] for at in asked]])
            found[name] = head_intervals(name, counts)
    return found


def differences(
    records: Sequence[Record], ours: Sequence[Mapping[str, Answer]], theirs: Sequence[Mapping[str, Answer]], measures: Mapping[str, str]
) -> dict[str, Difference]:
    """Head -> difference on the records that both answer; `measures` are the heads with the names of their main figures."""
    found: dict[str, Difference] = {}
    for name, measure in measures.items():
        asked = sorted({*asked_of(name, records, ours)} & {*asked_of(name, records, theirs)})
        if not asked:
            continue
        chosen, pages = [records[at] for at in asked], [[each[at][name] for at in asked] for each in (ours, theirs)]
        points = [counts_of(name, chosen, page).sum(axis=0) for page in pages]
        found[name] = difference(name, measure, points, resampled(name, chosen, pages))
    return found


def head_intervals(name: str, drawn: Counts) -> HeadIntervals:
    """The intervals of a head's figures, from its counts in all resamples."""
    f1 = class_f1(drawn)
    return HeadIntervals(_interval(main_figure(name, drawn)), {each: _interval(f1[:, at]) for at, each in enumerate(reported(name))})


def difference(name: str, measure: str, points: Sequence[Counts], drawn: Sequence[Counts]) -> Difference:
    """Ours minus theirs, from the counts of both: as they are, and in all resamples."""
    ours, theirs = (float(np.nan_to_num(main_figure(name, counts))) for counts in points)
    one, other = (np.nan_to_num(main_figure(name, counts)) for counts in drawn)
    low, high = np.quantile(one - other, ENDS)
    return Difference(measure, ours, theirs, (float(low), float(high)))


def share_interval(right: Sequence[bool], texts: Sequence[object]) -> Interval | None:
    """The interval of a share of right answers, those of one text drawn together; None without any."""
    return share_difference(right, [False] * len(right), texts)


def share_difference(ours: Sequence[bool], theirs: Sequence[bool], texts: Sequence[object]) -> Interval | None:
    """The interval of our share of right answers minus theirs, those of one text drawn together; None without any."""
    if not ours:
        return None
    page = np.array([ours, theirs, np.ones(len(ours))], dtype=float).T
    [sums] = _summed([page], _groups(texts))
    return _interval((sums[:, 0] - sums[:, 1]) / sums[:, 2])


def rounded(interval: Interval | None) -> list[float] | None:
    """The interval for JSON."""
    return None if interval is None else [round(end, 4) for end in interval]


def resampled(name: str, records: Sequence[Record], pages: Sequence[Sequence[Answer]], seed: int = SEED) -> list[Counts]:
    """For each page of answers the counts in all resamples, of shape (resamples, 3, classes); the draws are the same for all pages."""
    counts = [counts_of(name, records, page) for page in pages]
    flat = [each.reshape(len(records), -1) for each in counts]
    sums = _summed(flat, _groups([text_key(record.text) for record in records]), seed)
    return [each.reshape(-1, *counts[0].shape[1:]) for each in sums]


def _groups(texts: Sequence[object]) -> NDArray[np.intp]:
    """For each text the number of its first like."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.intp)


def _summed(pages: Sequence[NDArray[np.float64]], groups: NDArray[np.intp], seed: int = SEED) -> list[NDArray[np.float64]]:
    """The sums of each page's rows over the texts of every resample."""
    count = int(groups.max()) + 1
    by_text = [np.zeros((count, page.shape[1])) for page in pages]
    for sums, page in zip(by_text, pages, strict=True):
        np.add.at(sums, groups, page)
    blocks = [[weights @ sums for sums in by_text] for weights in _draws(count, seed)]
    return [np.concatenate(each) for each in zip(*blocks, strict=True)]


def _draws(count: int, seed: int = SEED) -> Iterator[NDArray[np.float64]]:
    """How often each of the texts stands in each resample, in blocks of resamples."""
    chance = np.random.default_rng(seed)
    size = max(1, BLOCK // count)
    for start in range(0, RESAMPLES, size):
        rows = min(size, RESAMPLES - start)
        drawn = chance.integers(count, size=(rows, count)) + np.arange(rows)[:, None] * count
        yield np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype(float)


def _interval(values: NDArray[np.float64]) -> Interval | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = (float(end) for end in np.quantile(known, ENDS))
    return (low, high) if high > low else None
