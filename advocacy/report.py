"""Online NPS as people read it in a terminal and as a script reads it.

The rule to know: an unknown figure is a dash in the table and null in JSON, and the figure never stands without its
interval, the number of authors and what was left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advocacy.measures import Basis, Change, OnlineNps, Point
from advocacy.missing import Uneven
from crawlers.post import iso
from index.query import Query, Reach

DASH = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All figures of one question."""

    title: str
    query: Query
    nps: OnlineNps
    basis: Basis
    reach: Mapping[str, Reach]
    reach_of_copies: Mapping[str, Reach]
    change: Change | None = None
    uneven: Uneven | None = None
    """Days without data that the change may come from; None too where there is no change to speak of."""
    by: str | None = None
    parts: Mapping[str, OnlineNps] | None = None
    trend: list[Point] | None = None

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        basis = asdict(self.basis) | {"unnamed_share": self.basis.unnamed_share, "role_coverage": self.basis.roles.share}
        record: dict[str, Any] = {
            "level": self.query.level,
            "brands": list(self.query.brands),
            "products": list(self.query.products),
            "since": iso(self.query.since),
            "until": iso(self.query.until),
            "online_nps": figure(self.nps),
            "basis": basis,
            "reach": {stance: asdict(reach) for stance, reach in self.reach.items()},
            "reach_of_copies": {stance: asdict(reach) for stance, reach in self.reach_of_copies.items()},
        }
        if self.change is not None:
            record["change"] = {
                "value": self.change.value,
                "interval": self.change.interval,
                "is_more_than_noise": self.change.is_more_than_noise,
                "before": figure(self.change.before),
                "missing": asdict(self.uneven) if self.uneven is not None else None,
            }
        if self.parts is not None:
            record["by"] = {"facet": self.by, "values": {value: figure(nps) for value, nps in self.parts.items()}}
        if self.trend is not None:
            record["trend"] = [{"since": iso(p.since), "until": iso(p.until), **figure(p.nps)} for p in self.trend]
        return record

    def to_tables(self) -> RenderableType:
        """The report for a terminal."""
        parts: list[RenderableType] = [figures(self.title, "", {"all": self.nps})]
        if self.parts is not None:
            parts.append(figures(f"by {self.by}", self.by or "", self.parts))
        if self.trend is not None:
            parts.append(figures("trend", "from", {point.since.date().isoformat(): point.nps for point in self.trend}))
        return Group(*parts, *map(Text, self._lines()))

    def _lines(self) -> list[str]:
        basis, out, roles = self.basis, self.basis.left_out, self.basis.roles
        lines = [
            f"Authors: {basis.authors}, of them unnamed {basis.unnamed} ({percent(basis.unnamed, basis.authors)});"
            f" opinions: {basis.counted} of {basis.mentions} mentions.",
            f"Relation to the company known of {percent(roles.known, roles.mentions)} of {roles.mentions} authors of any role:"
            f" {roles.from_text} from the text, {roles.from_history} from earlier texts.",
            f"Left out: {out.employees} of employees, {out.official} official, {out.copies} copies, {out.ads} ads, {out.job_ads} job ads,"
            f" {out.news} news, {out.questions} questions, {out.sarcasm} sarcasm, {out.unread} unread (other languages), {out.other} other,"
            f" {out.no_stance} opinions without a stance; {out.undated} undated of all time.",
        ]
        for stance in ("promoter", "detractor"):
            lines.append(f"Reach of {stance}s: {reached(self.reach.get(stance))}.")
            if stance in self.reach_of_copies:
                lines.append(f"Reach of copies of what {stance}s said: {reached(self.reach_of_copies[stance])}.")
        if self.change is not None:
            lines.append(changed(self.change))
        if self.uneven is not None:
            lines.append(
                f"Data are missing for {self.uneven.now} days of this period and {self.uneven.before} of the one before"
                f" ({', '.join(self.uneven.targets)}): what looks like a change may be theirs."
            )
        return lines


def figure(nps: OnlineNps) -> dict[str, Any]:
    """One online NPS as JSON."""
    return {"value": nps.value, "low": nps.low, "high": nps.high, "authors": nps.authors, **asdict(nps)}


def figures(title: str, heading: str, rows: Mapping[str, OnlineNps]) -> Table:
    """A table with an online NPS in each row."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(heading)
    for column in ("online NPS", "95 % interval", "authors", "promoters", "passives", "detractors"):
        table.add_column(column, justify="right")
    for name, nps in rows.items():
        numbers = (nps.authors, nps.promoters, nps.passives, nps.detractors)
        table.add_row(name, signed(nps.value), between(nps.interval), *map(str, numbers))
    return table


def changed(change: Change) -> str:
    """The change in one sentence."""
    if change.value is None:
        return "Change against the period before: nothing to compare with."
    verdict = "more than noise" if change.is_more_than_noise else "no more than noise"
    return (
        f"Change against the period before: {signed(change.value)} ({between(change.interval)}), {verdict};"
        f" it was {signed(change.before.value)} of {change.before.authors} authors."
    )


def reached(reach: Reach | None) -> str:
    """Reach, what is measured and what is estimated apart."""
    if reach is None:
        return "no posts"
    measured = DASH if reach.measured is None else f"{reach.measured:,} views of {reach.measured_known} posts"
    estimated = DASH if reach.estimated is None else f"{reach.estimated:,} followers or members of {reach.estimated_known} posts"
    return f"measured {measured}; estimated {estimated}; posts in all {reach.posts}"


def signed(value: float | None) -> str:
    return DASH if value is None else f"{value:+.1f}"


def between(interval: tuple[float, float] | None) -> str:
    return DASH if interval is None else f"{signed(interval[0])} … {signed(interval[1])}"


def percent(part: float, whole: float) -> str:
    """A share in whole per cent, rounded as the dashboard rounds it."""
    return f"{100 * part / whole:.0f}%" if whole else DASH
