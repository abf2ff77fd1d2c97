"""What is demanded of a benchmark's figures: each is shown beside its bound, and one that does not hold ends the benchmark with 1."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Literal

RELATIONS = {"at least": operator.ge, "at most": operator.le, "less than": operator.lt}


@dataclass(frozen=True, slots=True)
class Demand:
    """A figure that was measured, and the bound that it has to keep, in the same unit."""

    name: str
    figure: float
    relation: Literal["at least", "at most", "less than"]
    bound: float

    @property
    def holds(self) -> bool:
        """Whether it does; what could not be measured (NaN) does not."""
        return bool(RELATIONS[self.relation](self.figure, self.bound))

    def __str__(self) -> str:
        return f"{'holds' if self.holds else 'FAILS'}: {self.name}: {_plain(self.figure)}, {self.relation} {_plain(self.bound)}"


def _plain(figure: float) -> str:
    return f"{figure:,.2f}".rstrip("0").rstrip(".")


def judged(*demands: Demand) -> int:
    """Print each demand; the code that the benchmark ends with."""
    print(*demands, sep="\n", flush=True)
    return int(not all(demand.holds for demand in demands))
