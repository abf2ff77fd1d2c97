"""Charts of authors by stance: bars around zero, the trend, the comparison with intervals.

The rule to know: a colour always means the same stance, a missing value is a gap and never a zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from dashboard.words import Lang, number, say

PROMOTER = "#2a9d8f"
PASSIVE = "#a9b4be"
DETRACTOR = "#d1495b"
OURS = "#2f7dc9"
OTHERS = "#8a97a6"
MISSING = "rgba(233, 162, 59, 0.28)"


TREND = ("detractor", "passive", "promoter")
"""Stances of the bars of a trend, in the order of its traces; the line of online NPS is the trace after them."""


TICKS = 10
"""Dates on the axis of a trend at most, each the beginning of an interval: Plotly's own would name Sundays below weeks."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Authors by stance under one label."""

    label: str
    promoters: int
    passives: int
    detractors: int


@dataclass(frozen=True, slots=True)
class Point:
    """Online NPS with its 95 % interval, -100..100; None where nobody spoke."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    authors: int
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One interval of the trend."""

    start: datetime
    promoters: int
    passives: int
    detractors: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """An interval of the trend with days for which data are missing."""

    start: datetime
    end: datetime
    text: str
    """Which targets, as HTML of the chart."""


def stance_bars(bars: Sequence[Bar], lang: Lang) -> go.Figure:
    """Detractors to the left of zero, promoters to the right, passives as a number beside the label."""
    labels = [bar.label for bar in bars]
    figure = go.Figure()
    for key, colour, counts, direction in (
        ("detractors", DETRACTOR, [bar.detractors for bar in bars], -1),
        ("passives", PASSIVE, [bar.passives for bar in bars], 1),
        ("promoters", PROMOTER, [bar.promoters for bar in bars], 1),
    ):
        figure.add_bar(
            y=labels,
            x=[direction * count for count in counts],
            customdata=counts,
            text=[count or "" for count in counts],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            orientation="h",
            name=say(lang, key),
            marker_color=colour,
            hovertemplate="%{y}: %{customdata}<extra>" + say(lang, key) + "</extra>",
        )
    figure.update_layout(barmode="relative", yaxis={"autorange": "reversed"}, xaxis={"showticklabels": False, "zeroline": True})
    figure.update_layout(uniformtext={"mode": "hide", "minsize": 11})  # a bar too narrow for its number has none
    return _quiet(figure, height=30 + 34 * len(bars), legend=False)


def trend(steps: Sequence[Step], lang: Lang, gaps: Sequence[Gap] = ()) -> go.Figure:
    """Authors by stance per interval, and online NPS as a line on its own axis; an interval without authors is a hole.

    Intervals with gaps in the data are shaded, beyond the last step too: fewer authors there are no fall.
    """
    starts = [step.start for step in steps]
    most = max(max(step.detractors, step.passives + step.promoters) for step in steps) * 1.05
    figure = go.Figure()
    for key, colour, counts in (
        ("detractors", DETRACTOR, [-step.detractors for step in steps]),
        ("passives", PASSIVE, [step.passives for step in steps]),
        ("promoters", PROMOTER, [step.promoters for step in steps]),
    ):
        figure.add_bar(
            x=starts,
            y=counts,
            customdata=[abs(count) for count in counts],
            name=say(lang, key),
            marker_color=colour,
            hovertemplate="%{x|%d.%m.%Y}: %{customdata}<extra>" + say(lang, key) + "</extra>",
        )
    figure.add_scatter(
        x=starts,
        y=[step.value for step in steps],
        yaxis="y2",
        mode="lines+markers",
        connectgaps=False,
        name=say(lang, "online_nps"),
        line={"color": OURS, "width": 2},
        hovertemplate="%{x|%d.%m.%Y}: %{y:+.0f}<extra>" + say(lang, "online_nps") + "</extra>",
    )
    figure.update_layout(
        barmode="relative",
        bargap=0.15,
        yaxis={
            "title": say(lang, "authors_short"),
            "showgrid": False,
            "range": [-most, most],
            **_both_ways(most),
        },  # zero level with the other axis
        yaxis2={
            "title": say(lang, "nps_axis"),
            "overlaying": "y",
            "side": "right",
            "range": [-105, 105],
            "tickvals": [-100, -50, 0, 50, 100],
            "showgrid": False,
            "zeroline": False,
        },
        xaxis={"tickvals": starts[:: -(-len(starts) // TICKS)], "tickformat": _dates(steps, lang)},
    )
    _shade(figure, gaps, lang)
    return _quiet(figure, height=340)


def _shade(figure: go.Figure, gaps: Sequence[Gap], lang: Lang) -> None:
    """Shade intervals as wide as their bars, which stand on the beginning of each; the last trace tells why, and is the legend."""
    if not gaps:
        return
    drawn = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "fillcolor": MISSING, "line": {"width": 0}, "layer": "below"}
    halves = [(gap.start, (gap.end - gap.start) / 2) for gap in gaps]
    figure.update_layout(shapes=[{**drawn, "x0": middle - half, "x1": middle + half} for middle, half in halves])
    figure.add_scatter(
        x=[gap.start for gap in gaps],
        y=[105] * len(gaps),
        yaxis="y2",
        cliponaxis=False,
        mode="markers",
        marker={"symbol": "square", "size": 12, "color": MISSING},
        name=say(lang, "gap"),
        text=[gap.text for gap in gaps],
        hovertemplate="%{x|%d.%m.%Y}<br>%{text}<extra></extra>",
    )


def _both_ways(most: float) -> dict[str, list[Any]]:
    """Ticks of an axis that counts people to either side of zero."""
    step = next(step for power in itertools.count() for step in (10**power, 2 * 10**power, 5 * 10**power) if most / step <= 4)
    ticks = range(-int(most // step) * step, int(most // step) * step + 1, step)
    return {"tickvals": list(ticks), "ticktext": [str(abs(tick)) for tick in ticks]}


def _dates(steps: Sequence[Step], lang: Lang) -> str:
    """How dates are written on the axis: with the year where there are several."""
    if (steps[-1].start - steps[0].start).days > 300:
        return "%m.%Y" if lang == "ru" else "%b %Y"
    return "%d.%m" if lang == "ru" else "%b %d"


def comparison(points: Sequence[Point], lang: Lang) -> go.Figure:
    """A dot for each company with its interval as a line; companies nobody spoke about are left out."""
    known = [point for point in points if point.value is not None]
    figure = go.Figure(
        go.Scatter(
            x=[point.value for point in known],
            y=[point.label for point in known],
            mode="markers+text",
            text=[number(lang, point.value or 0, sign=True) for point in known],
            textposition="top center",
            marker={"size": 12, "color": [OURS if point.ours else OTHERS for point in known]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [(point.high or 0) - (point.value or 0) for point in known],
                "arrayminus": [(point.value or 0) - (point.low or 0) for point in known],
                "thickness": 2,
                "color": OTHERS,
            },
            customdata=[point.authors for point in known],
            hovertemplate="%{y}: %{x:+.0f} (n=%{customdata})<extra></extra>",
            cliponaxis=False,
        )
    )
    figure.update_layout(xaxis={"range": [-105, 105], "title": say(lang, "nps_axis"), "zeroline": True}, yaxis={"autorange": "reversed"})
    return _quiet(figure, height=110 + 52 * len(known), legend=False)


def _quiet(figure: go.Figure, *, height: int, legend: bool = True) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        dragmode=False,
    )
    return figure
