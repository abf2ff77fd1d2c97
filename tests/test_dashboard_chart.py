"""Charts: what stands on their axes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.chart import TICKS, Step, trend


@pytest.mark.parametrize("weeks", [1, 9, 10, 11, 52])
def test_dates_below_a_trend_are_beginnings_of_its_intervals(weeks: int) -> None:
    steps = [Step(datetime(2026, 9, 7, tzinfo=UTC) + timedelta(weeks=n), 1, 1, 1, 0.0) for n in range(weeks)]
    ticks = trend(steps, "en").layout.xaxis.tickvals
    assert 1 <= len(ticks) <= TICKS and ticks[0] == steps[0].start
    assert set(ticks) <= {step.start for step in steps}
