"""The overview: who recommends the company and who warns against it, in one look.

The rule to know: every figure is of authors by their last word in the period, and has a link to the posts behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from advocacy import measures
from advocacy.measures import Basis, Change, OnlineNps
from crawlers.brand import Brands
from dashboard import chart
from dashboard.filters import product_label, write_address
from dashboard.marked import STYLE
from dashboard.posts import when
from dashboard.view import View
from dashboard.words import Lang, number, say, share
from index.query import Facet, Index, IndexUnavailable, Interval, Query, Reach
from nlp.mention import GENERAL

REFRESH = "30s"
"""How often an open page counts again, so that a new post is seen without a reload."""
INTERVALS: tuple[Interval, ...] = ("day", "week", "month")
USUAL: dict[str, Interval] = {"90": "week", "365": "month", "all": "month"}
"""The interval that a trend begins with where days would be too many to read."""
BARS = 12
"""Rows of a breakdown; the smallest fall off."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the page is drawn from."""

    view: View
    index: Index
    brands: Brands
    now: datetime
    zone: ZoneInfo
    posts: StreamlitPage
    """The page that links from numbers lead to."""

    @property
    def query(self) -> Query:
        return self.view.query(self.now, self.zone)

    def link(self, label: str, view: View) -> None:
        """A link to the mentions of another view."""
        st.page_link(self.posts, label=label, query_params=view.address())


def page(reading: Reading) -> None:
    """The whole page."""
    view = reading.view.with_(stances=(), genres=(), text="", counted="all", last_word=False)
    write_address(view)
    st.fragment(lambda: _counted_again(replace(reading, view=view)), run_every=REFRESH)()


def _counted_again(reading: Reading) -> None:
    """The figures as they are now; what goes wrong is said here, as nothing above hears of it when the page counts again."""
    try:
        _figures(replace(reading, now=datetime.now(UTC)))
    except IndexUnavailable as error:
        st.error(say(reading.view.lang, "broken.index", why=error))


def _figures(reading: Reading) -> None:
    lang, query = reading.view.lang, reading.query
    basis = measures.basis(reading.index, query)
    if not basis.mentions and not basis.left_out.undated:
        anything = sum(reading.index.count(Query()).values())
        st.info(say(lang, "empty.period" if anything else "empty.index"))
        return
    st.html(STYLE)
    st.title(next(brand.label(lang) for brand in reading.brands.brands if brand.slug == reading.view.brand), anchor=False)
    _newest(reading)
    _headline(reading, measures.online_nps(reading.index, query), measures.nps_change(reading.index, query), basis)
    _trend(reading)
    left, right = st.columns(2)
    with left:
        _breakdown(reading, "by_product", Facet.PRODUCT, lambda slug: product_label(reading.brands, reading.view.brand, slug, lang))
        _breakdown(reading, "by_site", Facet.SITE, lambda site: site)
    with right:
        _competitors(reading)
        _breakdown(reading, "by_role", Facet.ROLE, lambda role: say(lang, f"role.{role}"))
    _left_out(reading, basis)


def _newest(reading: Reading) -> None:
    newest = reading.index.search(reading.query, size=1).hits
    if newest and newest[0].post.published is not None:
        post = newest[0].post
        st.caption(say(reading.view.lang, "newest", when=when(post.published, post.published_precision, reading.view.lang, reading.zone)))


def _headline(reading: Reading, nps: OnlineNps, change: Change | None, basis: Basis) -> None:
    lang = reading.view.lang
    reach = measures.reach_by_stance(reading.index, reading.query)
    columns = st.columns([1.3, 1, 1, 1, 1])
    with columns[0].container(border=True, height="stretch", key="nps"):
        st.metric(
            say(lang, "online_nps"),
            say(lang, "unknown") if nps.value is None else number(lang, nps.value, sign=True),
            delta=_change(lang, change) if change is not None and change.is_more_than_noise else None,
            help=say(lang, "online_nps.help"),
        )
        if nps.interval is not None:
            low, high = (number(lang, bound, sign=True) for bound in nps.interval)
            st.caption(say(lang, "interval", low=low, high=high) + " · " + say(lang, "authors", n=number(lang, nps.authors)))
        if change is not None and change.is_more_than_noise is False:
            st.caption(say(lang, "change.noise"))
        counted = reading.view.with_(counted="counted", last_word=True)
        reading.link(say(lang, "posts"), counted)
    for column, key, stance, people in (
        (columns[1], "promoters", "promoter", nps.promoters),
        (columns[2], "passives", "passive", nps.passives),
        (columns[3], "detractors", "detractor", nps.detractors),
    ):
        with column.container(border=True, height="stretch", key=key):
            st.metric(say(lang, key), number(lang, people), help=say(lang, "of_authors", share=share(lang, people, nps.authors)))
            st.caption(say(lang, "of_authors", share=share(lang, people, nps.authors)))
            _reach(reach.get(stance), lang)
            reading.link(say(lang, "posts"), counted.with_(stances=(stance,)))
    with columns[4].container(border=True, height="stretch", key="basis"):
        st.metric(
            say(lang, "roles_known"), share(lang, basis.role_coverage or 0, 1 if basis.authors else 0), help=say(lang, "roles_known.help")
        )
        st.metric(say(lang, "unnamed"), share(lang, basis.unnamed, basis.authors), help=say(lang, "unnamed.help"))


def _change(lang: Lang, change: Change) -> str:
    # An ASCII minus: by it Streamlit tells a fall from a rise.
    return say(lang, "change", change=f"{change.value:+.0f}")


def _reach(reach: Reach | None, lang: Lang) -> None:
    """Reach measured and estimated, apart; what is not known is said and not shown as zero."""
    if reach is None:
        return
    lines = [
        f"{say(lang, 'reach')} ({say(lang, f'reach.{kind}')}): **{number(lang, people)}**"
        for kind, people in (("measured", reach.measured), ("estimated", reach.estimated))
        if people is not None
    ]
    known = reach.measured_known + reach.estimated_known
    st.caption(
        "  \n".join(lines) if lines else f"{say(lang, 'reach')}: {say(lang, 'unknown')}",
        help=say(lang, "reach.known", known=known, all=reach.posts),
    )


def _trend(reading: Reading) -> None:
    lang = reading.view.lang
    st.subheader(say(lang, "trend"), help=say(lang, "trend.help"), anchor=False)
    every: Interval = st.segmented_control(
        say(lang, "trend"),
        INTERVALS,
        default=USUAL.get(reading.view.period, "day"),
        format_func=lambda e: say(lang, f"trend.{e}"),
        label_visibility="collapsed",
        required=True,
        key=f"every_{reading.view.period}",
    )
    points = measures.nps_trend(reading.index, reading.query, every, reading.zone)
    if not points:
        st.info(say(lang, "empty.period"))
        return
    steps = [
        chart.Step(point.start.astimezone(reading.zone), point.nps.promoters, point.nps.passives, point.nps.detractors, point.nps.value)
        for point in points
    ]
    st.plotly_chart(chart.trend(steps, lang), config={"displayModeBar": False}, key="trend_chart")


def _breakdown(reading: Reading, word: str, facet: Facet, label: Callable[[str], str]) -> None:
    lang = reading.view.lang
    found = measures.nps_by(reading.index, reading.query, facet)
    st.subheader(say(lang, word), anchor=False)
    shown = {value: nps for value, nps in list(found.items())[:BARS] if nps.authors}
    if not shown:
        st.caption(say(lang, "empty.period"))
        return
    bars = [chart.Bar(_labelled(label(value), nps, lang), nps.promoters, nps.passives, nps.detractors) for value, nps in shown.items()]
    st.plotly_chart(chart.stance_bars(bars, lang), config={"displayModeBar": False}, key=f"{word}_chart")
    _links(reading, word, facet, {value: label(value) for value in shown})


def _links(reading: Reading, word: str, facet: Facet, labels: Mapping[str, str]) -> None:
    field = {Facet.PRODUCT: "product", Facet.SITE: "sites", Facet.ROLE: "roles"}[facet]
    counted = reading.view.with_(counted="counted", last_word=True)
    with st.container(horizontal=True, gap="small", key=f"links_{word}"):
        st.caption(f"{say(reading.view.lang, 'posts')}:", width="content")
        for value, label in labels.items():
            narrowed = counted.with_(**{field: value if field == "product" else (value,)})
            reading.link(label, narrowed)


def _labelled(label: str, nps: OnlineNps, lang: Lang) -> str:
    return label if nps.value is None else f"{label} {number(lang, nps.value, sign=True)}"


def _competitors(reading: Reading) -> None:
    lang = reading.view.lang
    st.subheader(say(lang, "competitors"), help=say(lang, "competitors.help"), anchor=False)
    query = replace(reading.query, brands=tuple(brand.slug for brand in reading.brands.brands), products=())
    if reading.view.product != GENERAL:
        ours = next(brand for brand in reading.brands.brands if brand.slug == reading.view.brand)
        query = replace(query, kinds=tuple(product.kind for product in ours.products if product.slug == reading.view.product))
    found = measures.nps_by(reading.index, query, Facet.BRAND)
    points = [
        chart.Point(
            brand.label(lang), found[brand.slug].value, found[brand.slug].low, found[brand.slug].high, found[brand.slug].authors, brand.ours
        )
        for brand in reading.brands.brands
        if brand.slug in found
    ]
    if not points:
        st.caption(say(lang, "empty.period"))
        return
    points.sort(key=lambda point: -(point.value or 0))
    st.plotly_chart(chart.comparison(points[:BARS], lang), config={"displayModeBar": False}, key="competitors_chart")


def _left_out(reading: Reading, basis: Basis) -> None:
    lang, out = reading.view.lang, basis.left_out
    st.subheader(say(lang, "left_out"), anchor=False)
    parts = {
        "ads": out.official + out.ads, "news": out.news, "questions": out.questions, "employees": out.employees,
        "no_stance": out.no_stance, "other": out.other, "undated": out.undated,
    }  # fmt: skip
    with st.container(horizontal=True):
        for key, count in parts.items():
            st.metric(say(lang, f"left_out.{key}"), number(lang, count), width="content")
    if reading.view.product == GENERAL:
        reading.link(say(lang, "posts"), reading.view.with_(counted="left_out"))
