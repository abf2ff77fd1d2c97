"""Drift: the scores of the model month by month of the posts, so that a fall shows before it has become the average.

The rule to know: people correct what looks wrong, so corrections alone say less of how often the model is right than of where
it is wrong; compare months and models with each other, not with the test sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nlp.bootstrap import HeadIntervals, intervals
from nlp.records import Answer, Record
from nlp.scores import HeadScore, scored

UNDATED = "undated"
MONTH = re.compile(r"\d{4}-\d{2}(?=-|$)")

Months = Mapping[str, Mapping[str, tuple[HeadScore, HeadIntervals]]]
"""Month as 2026-03, or UNDATED -> head -> scores and their intervals."""


def by_month(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> Months:
    """The scores of each month in order, those of records without a date last; each month is resampled by itself."""
    found: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        match = MONTH.match(record.date)
        found.setdefault(match[0] if match else UNDATED, []).append(at)
    return {month: _scored([records[at] for at in chosen], [answers[at] for at in chosen]) for month, chosen in sorted(found.items())}


def _scored(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> dict[str, tuple[HeadScore, HeadIntervals]]:
    known = intervals(records, answers)
    return {name: (head, known[name]) for name, head in scored(records, answers).items()}
