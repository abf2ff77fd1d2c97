"""Drift: the scores of the model month by month of the posts, so that a fall shows before it has become the average.

The rule to know: people correct what looks wrong, so corrections alone say less of how often the model is right than of where
it is wrong; compare months and models with each other, not with the test sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from nlp.records import Answer, Record
from nlp.scores import HeadScore, scored

UNDATED = "undated"
MONTH = re.compile(r"\d{4}-\d{2}(?=-|$)")

Months = Mapping[str, Mapping[str, HeadScore]]
"""Month as 2026-03, or UNDATED -> head -> scores."""


def by_month(records: Sequence[Record], answers: Sequence[Mapping[str, Answer]]) -> Months:
    """The scores of each month in order, those of records without a date last."""
    found: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        match = MONTH.match(record.date)
        found.setdefault(match[0] if match else UNDATED, []).append(at)
    return {month: scored([records[at] for at in chosen], [answers[at] for at in chosen]) for month, chosen in sorted(found.items())}


def lines(months: Months) -> Iterator[str]:
    """The months of each head for people."""
    for name in dict.fromkeys(name for heads in months.values() for name in heads):
        yield from ("", f"{name} by month:")
        for month, heads in months.items():
            if name in heads:
                head = heads[name]
                yield f"    {month}   {head.measure} {head.main:.3f}   agreement {head.others['accuracy']:.0%}   ({head.records} records)"
