"""The page of targets: how each place that is watched does, and for which days there are no data.

The rule to know: all of it is told by `crawlers.health`, which all readers together ask once a minute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from advocacy.missing import missing as gaps_behind
from advocacy.missing import uneven as periods_uneven
from crawlers.brand import Brands
from crawlers.expect import Subject, Violation, in_units
from crawlers.health import Health, State, health
from crawlers.place import config_folder, data_folder
from crawlers.post import Precision
from crawlers.reason import told
from crawlers.run import Outcome
from crawlers.unreadable import Unreadable
from dashboard.chart import Gap
from dashboard.filters import write_address
from dashboard.marked import STYLE, chip
from dashboard.posts import when
from dashboard.view import View
from dashboard.words import Lang, number, say, share
from index.period import beginning, first_date, next_date
from index.query import Interval

NAMED = 3
"""Targets that are named where several have gaps, or do not do well."""


@st.cache_data(ttl=60, show_spinner=False)
def _health(config: Path, data: Path) -> list[Health]:
    return health(config, data, datetime.now(UTC))


def known() -> list[Health]:
    """The health of every target, at most a minute old."""
    return _health(config_folder(), data_folder())


def page(view: View, zone: ZoneInfo) -> None:
    """The whole page."""
    lang = view.lang
    write_address(View(lang=lang))
    st.html(STYLE)
    st.title(say(lang, "targets"), anchor=False)
    found = known()
    if not found:
        st.info(say(lang, "empty.targets"))
        return
    st.caption(say(lang, "targets.help"))
    for one in found:
        if one.state.red or one.state is State.WAITING:
            _card(one, lang, zone)
    # The table is wider than most screens: the names stay in sight while the rest is moved.
    columns = {say(lang, "target"): st.column_config.Column(pinned=True), say(lang, "lag"): st.column_config.Column(width="medium")}
    st.dataframe([_row(one, lang, zone) for one in found], hide_index=True, width="stretch", key="targets_table", column_config=columns)


def summary(watched: StreamlitPage, view: View, brands: Brands, now: datetime, zone: ZoneInfo) -> None:
    """How many targets do well, how many wait for a key and how many days of the period have gaps, in a line that leads to the page."""
    lang, found = view.lang, [one for one in known() if one.enabled]
    if not found:
        return
    with st.container(horizontal=True, gap="small", key="targets_summary"):
        st.caption(summed(found, len(missing(view, brands, now, zone)), lang), width="content")
        st.page_link(watched, label=say(lang, "targets"), query_params=view.address())


def summed(found: Sequence[Health], days: int, lang: Lang) -> str:
    """How many of these targets do well, which do not, how many wait for a key, and days with gaps, where there are any."""
    waiting = sum(one.state is State.WAITING for one in found)
    red = [one.target for one in found if one.state.red]
    words = [say(lang, "targets.summary", well=len(found) - len(red) - waiting, all=len(found))]
    if red:
        words.append(say(lang, "targets.red", names=_named(red)))
    if waiting:
        words.append(say(lang, "targets.waiting", n=number(lang, waiting)))
    if days:
        words.append(say(lang, "targets.gaps", n=number(lang, days)))
    return " · ".join(words)


def missing(view: View, brands: Brands, now: datetime, zone: ZoneInfo) -> dict[date, list[str]]:
    """Days of the view's period for which a target brought none of the posts it may show -> which targets, and why."""
    found: defaultdict[date, list[str]] = defaultdict(list)
    for target, gap in gaps_behind(known(), view.query(now, zone), brands, zone):
        found[gap.day].append(f"{target}: {say(view.lang, 'gap.silent' if gap.collected else 'gap.not_collected')}")
    return found


def uneven(view: View, brands: Brands, now: datetime, zone: ZoneInfo) -> str | None:
    """Why the view's period can't simply be held against the one before it, in words; None where neither has gaps."""
    if (found := periods_uneven(known(), view.query(now, zone), brands, zone)) is None:
        return None
    counts = {"now": number(view.lang, found.now), "before": number(view.lang, found.before)}
    return say(view.lang, "change.uneven", **counts, targets=_named(found.targets))


def _named(targets: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    return ", ".join(targets[:NAMED]) + (f" (+{len(targets) - NAMED})" if len(targets) > NAMED else "")


def gaps(days: dict[date, list[str]], every: Interval, zone: ZoneInfo, lang: Lang) -> list[Gap]:
    """The intervals of a trend that these days lie in, oldest first."""
    intervals: defaultdict[date, list[date]] = defaultdict(list)
    for day in sorted(days):
        intervals[first_date(day, every)].append(day)
    found = []
    for first, within in intervals.items():
        names = sorted({escape(name) for day in within for name in days[day]})
        lines = names if every == "day" else [say(lang, "gap.days", n=len(within)), *names]
        found.append(Gap(beginning(first, zone), beginning(next_date(first, every), zone), "<br>".join(lines)))
    return found


def _card(one: Health, lang: Lang, zone: ZoneInfo) -> None:
    state = chip(say(lang, f"state.{one.state}"), "passive" if one.state is State.WAITING else "detractor")  # nothing has failed there
    lines = "<br>".join(escape(line) for line in why(one, lang, zone))
    with st.container(border=True):
        st.html(f'<strong>{escape(one.target)}</strong> {state}<div class="post-meta">{lines}</div>')


def _row(one: Health, lang: Lang, zone: ZoneInfo) -> dict[str, str | int]:
    lag = one.lag
    row: dict[str, str | int] = {
        say(lang, "target"): one.target,
        say(lang, "state"): say(lang, f"state.{one.state}"),
        say(lang, "last_success"): say(lang, "never") if one.last_success is None else when(one.last_success, Precision.MINUTE, lang, zone),
        say(lang, "newest_post"): "–" if one.newest is None else when(one.newest, Precision.MINUTE, lang, zone),
        say(lang, "lag"): "–" if lag is None else say(lang, "lag.both", median=span(lag.median, lang), most=span(lag.most, lang)),
        say(lang, "gap.of"): len(one.gaps),
    }
    row |= {say(lang, f"outcome.{outcome}"): one.week.outcomes[outcome] for outcome in Outcome}
    row |= {say(lang, "week.looked"): one.looked, say(lang, "week.gone"): one.gone}
    return row | {say(lang, "reasons"): told(one.week.reasons), say(lang, "reasons.waiting"): told(one.week.waiting)}


def span(seconds: float, lang: Lang) -> str:
    """A length of time in its unit."""
    n, unit = in_units(seconds)
    return say(lang, f"span.{unit}", n=number(lang, n))


def why(one: Health, lang: Lang, zone: ZoneInfo) -> Sequence[str]:
    """What is not right with a target."""
    found = [*one.broken, *(say(lang, "why.unset", name=name) for name in one.unset)]
    if one.error is not None:
        found.append(say(lang, "why.failed", n=one.failures, error=one.error))
    if one.due is not None:
        found.append(say(lang, "why.late", when=when(one.due, Precision.MINUTE, lang, zone)))
    found += [_violated(violation, lang) for violation in one.violations]
    found += [_unreadable(host, lang, zone) for host in one.robots if host.is_red]
    if (held := one.held) is not None:
        which = "why.held.deep" if held.deep else "why.held"
        found.append(say(lang, which, gone=held.gone, told=held.told, share=share(lang, held.share, 1)))
    if one.alike is not None:
        found.append(say(lang, "why.alike", posts=one.alike.posts, text=one.alike.text))
    return found


def _unreadable(host: Unreadable, lang: Lang, zone: ZoneInfo) -> str:
    since, until = (when(moment, Precision.MINUTE, lang, zone) for moment in (host.since, host.until))
    return say(lang, "why.robots", host=host.host, since=since, answer=host.answer, until=until)


def _violated(violation: Violation, lang: Lang) -> str:
    bound = violation.bound
    whose = say(lang, "why.learned" if bound.learned else "why.stated")
    if violation.found is None:
        return say(lang, "why.nothing", bound=span(bound.value, lang))
    written: dict[Subject, Callable[[float], str]] = {
        "newest": lambda value: span(value, lang),
        "authors": lambda value: share(lang, value, 1),
        "posts": lambda value: number(lang, value, digits=1),
    }
    write = written[violation.subject]
    return say(lang, f"why.{violation.subject}", found=write(violation.found), bound=write(bound.value), whose=whose)
