"""Floors: what a model has to reach before it is worth relying on.

The rule to know: they were set before `reader-2` was trained, and are never lowered to fit a model. Classes too rare on test.jsonl are
counted there and out of fold, where that was done (`nlp/pooled.py`), for the model and the baseline alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nlp.bootstrap import Difference, Interval
from nlp.report import Report

BANKS, TELECOM = "tone_etalon.jsonl.gz, sentirueval-2016-bank", "tone_etalon.jsonl.gz, sentirueval-2016-telecom"
CONTRASTS = "contrast.jsonl"
SUREST, ERROR, RIGHT = "roles, surest 80 %", "calibration error of stance", "right subjects"


@dataclass(frozen=True, slots=True)
class Floor:
    """A figure of a part of the test files, and its least value; the most of an error."""

    part: str
    figure: str
    value: float

    def reached(self, point: float, against: Difference | None = None) -> bool:
        """Whether the figure as measured is good enough, and shown to be better than the baseline's where that is below the floor.

        Where the baseline itself is not below it, the baseline has to be matched.
        """
        if self.figure == ERROR:
            return point <= self.value
        shown = against is None or (against.interval[0] > 0 if against.theirs < self.value else against.value >= 0)
        return point >= self.value and shown


FLOORS = (
    Floor("test.jsonl", "stance", 0.80),
    Floor("test.jsonl", "sentiment", 0.86),
    Floor("test.jsonl", "roles", 0.72),
    Floor("test.jsonl", SUREST, 0.80),
    Floor("test.jsonl", "recommend", 0.91),
    Floor("test.jsonl", "switch", 0.60),
    Floor("test.jsonl", "products", 0.82),
    Floor("test.jsonl", ERROR, 0.06),
    Floor("test_brokers.jsonl", "stance", 0.70),
    Floor("test_brokers.jsonl", "sentiment", 0.75),
    Floor("test_brokers.jsonl", "products", 0.70),
    Floor(BANKS, "tone", 0.70),
    Floor(TELECOM, "tone", 0.68),
    Floor(CONTRASTS, RIGHT, 0.80),
)

Point = tuple[float, Interval | None]


def points(report: Report) -> Iterator[tuple[str, Point]]:
    """The figures of a report under the names that floors give them."""
    for name, head in report.heads.items():
        yield name, (head.main, report.intervals[name].main)
    if report.surest_roles and report.surest_roles.score is not None:
        yield SUREST, (report.surest_roles.score, report.surest_roles.interval)
    if report.stance_error is not None:
        yield ERROR, (report.stance_error, None)
