"""Benchmarks judge their own figures: one beyond its bound ends them with 1."""

from __future__ import annotations

import math

import pytest

from benchmarks.crawl import GROWTH, Crawl
from benchmarks.demand import Demand, judged


@pytest.mark.parametrize(("figure", "relation", "bound", "holds"), [
    (0.6, "at least", 0.6, True), (0.59, "at least", 0.6, False), (600, "at most", 600, True), (601, "at most", 600, False),
    (49.9, "less than", 50, True), (50, "less than", 50, False), (math.nan, "less than", 50, False), (math.nan, "at least", 0, False),
])  # fmt: skip
def test_a_figure_is_held_to_its_bound(figure: float, relation: str, bound: float, holds: bool, capsys: pytest.CaptureFixture[str]) -> None:
    demand = Demand("figure", figure, relation, bound)  # type: ignore[arg-type]
    assert demand.holds is holds
    assert judged(Demand("other", 1, "at least", 0), demand) == int(not holds)
    other, told = capsys.readouterr().out.splitlines()
    assert other == "holds: other: 1, at least 0"
    assert told.startswith("holds: figure: " if holds else "FAILS: figure: ") and told.endswith(f"{relation} {bound}")


def test_growth_counts_from_the_first_pages_to_the_most_that_came_later() -> None:
    sizes = [(0, 40), (100, 90), (250, 100), (30_000, 155), (40_000, 120), (50_000, 110)]
    walk = Crawl("ours", 50_000, 100.0, tuple((served, size << 20) for served, size in sizes))
    assert walk.growth(200) == 55 > GROWTH
    assert walk.growth(40_000) == 0 and math.isnan(walk.growth(60_000))
    assert walk.memory_after(200) == 100 << 20
