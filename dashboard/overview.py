"""The overview: who recommends the company and who warns against it, in one look.

The rule to know: figures are of authors by their last word in the period, reach is of all their posts that count, and each has
a link to exactly the posts behind it. Only a company of which several products of the chosen kind are compared has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from advocacy import measures
from advocacy.measures import Basis, Change, LeftOut, OnlineNps
from crawlers.brand import Brand, Brands
from dashboard import chart, targets
from dashboard.filters import product_label, write_address
from dashboard.marked import STYLE
from dashboard.posts import coverage, when
from dashboard.view import LEFT_OUT, View
from dashboard.words import Lang, number, say, share
from index.query import Facet, Index, IndexUnavailable, Interval, Query, Reach
from nlp.mention import GENERAL, ROLES

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
    watched: StreamlitPage
    """The page of targets."""

    @property
    def query(self) -> Query:
        return self.view.query(self.now, self.zone)

    @property
    def last_words(self) -> View:
        """The mentions that online NPS counts."""
        return self.view.with_(counted="counted", last_word=True)

    def link(self, label: str, view: View) -> None:
        """A link to the mentions of another view."""
        st.page_link(self.posts, label=label, query_params=view.address())


def page(reading: Reading) -> None:
    """The whole page."""
    view = reading.view.with_(stances=(), genres=(), text="", counted="all", named="all", last_word=False)
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
        _targets(reading)
        return
    st.html(STYLE)
    st.title(next(brand.label(lang) for brand in reading.brands.brands if brand.slug == reading.view.brand), anchor=False)
    _newest(reading)
    _targets(reading)
    _headline(reading, measures.online_nps(reading.index, query), measures.nps_change(reading.index, query), basis)
    _trend(reading)
    left, right = st.columns(2)
    with left:
        _breakdown(reading, "by_product", Facet.PRODUCT, lambda slug: product_label(reading.brands, reading.view.brand, slug, lang))
        _breakdown(reading, "by_site", Facet.SITE, lambda site: site)
    with right:
        _competitors(reading)
        _breakdown(reading, "by_role", Facet.ROLE, lambda role: say(lang, f"role.{role}"))
        coverage(reading.view, basis.roles, "authors")
    _left_out(reading, basis.left_out)


def _newest(reading: Reading) -> None:
    newest = reading.index.search(reading.query, size=1).hits
    if newest and newest[0].post.published is not None:
        post = newest[0].post
        st.caption(say(reading.view.lang, "newest", when=when(post.published, post.published_precision, reading.view.lang, reading.zone)))


def _targets(reading: Reading) -> None:
    targets.summary(reading.watched, reading.view, reading.brands, reading.now, reading.zone)


def _headline(reading: Reading, nps: OnlineNps, change: Change | None, basis: Basis) -> None:
    reach = measures.reach_by_stance(reading.index, reading.query)
    copied = measures.reach_of_copies(reading.index, reading.query)
    columns = st.columns([1.3, 1, 1, 1, 1])
    with columns[0].container(border=True, height="stretch", key="nps"):
        _nps(reading, nps, change)
    for column, key, stance, people in (
        (columns[1], "promoters", "promoter", nps.promoters),
        (columns[2], "passives", "passive", nps.passives),
        (columns[3], "detractors", "detractor", nps.detractors),
    ):
        with column.container(border=True, height="stretch", key=key):
            _people(reading, key, stance, people, nps.authors)
            _reach(reading, "reach", reach.get(stance), reading.view.with_(counted="counted", stances=(stance,)))
            copies = reading.view.with_(counted="copies", genres=("opinion",), stances=(stance,))
            _reach(reading, "reach_of_copies", copied.get(stance), copies)
    with columns[4].container(border=True, height="stretch", key="basis"):
        _basis(reading, basis)


def _nps(reading: Reading, nps: OnlineNps, change: Change | None) -> None:
    lang = reading.view.lang
    changed = change is not None and change.value is not None
    uneven = targets.uneven(reading.view, reading.brands, reading.now, reading.zone) if changed else None
    st.metric(
        say(lang, "online_nps"),
        say(lang, "unknown") if nps.value is None else number(lang, nps.value, sign=True),
        help=say(lang, "online_nps.help"),
        **_delta(lang, change, even=uneven is None),
    )
    if nps.interval is not None:
        st.caption(_between(lang, "interval", nps.interval) + " · " + say(lang, "authors", n=number(lang, nps.authors)))
    if change is not None and change.interval is not None:
        st.caption(_between(lang, "change.interval" if change.is_more_than_noise else "change.noise", change.interval))
    if uneven is not None:
        st.caption(uneven)
    reading.link(say(lang, "posts"), reading.last_words)


def _between(lang: Lang, key: str, interval: tuple[float, float]) -> str:
    low, high = (number(lang, bound, sign=True) for bound in interval)
    return say(lang, key, low=low, high=high)


def _people(reading: Reading, key: str, stance: str, people: int, authors: int) -> None:
    lang = reading.view.lang
    st.metric(say(lang, key), number(lang, people))
    st.caption(say(lang, "of_authors", share=share(lang, people, authors)))
    reading.link(say(lang, "posts"), reading.last_words.with_(stances=(stance,)))


def _basis(reading: Reading, basis: Basis) -> None:
    """What is known of the authors, each share with the posts behind it."""
    lang, words = reading.view.lang, reading.last_words
    st.metric(say(lang, "roles_known"), share(lang, basis.roles.known, basis.roles.mentions), help=say(lang, "roles_known.help"))
    if basis.roles.known:
        with st.container(key="roles_known"):
            reading.link(say(lang, "posts"), words.with_(roles=ROLES))
    st.metric(say(lang, "unnamed"), share(lang, basis.unnamed, basis.authors), help=say(lang, "unnamed.help"))
    if basis.unnamed:
        with st.container(key="unnamed"):
            reading.link(say(lang, "posts"), words.with_(named="no"))


def _delta(lang: Lang, change: Change | None, *, even: bool) -> dict[str, Any]:
    """How a metric shows the change; where data are missing (`even` is false) neither as a fall nor as a rise."""
    if change is None or not change.is_more_than_noise:
        return {}
    # An ASCII minus: by it Streamlit tells a fall from a rise.
    words = {"delta": say(lang, "change", change=f"{change.value:+.0f}")}
    return words if even else words | {"delta_color": "off", "delta_arrow": "off"}


def _reach(reading: Reading, word: str, reach: Reach | None, view: View) -> None:
    """Reach measured and estimated, apart; what is not known is said and not shown as zero. It is of all posts, not of last words."""
    if reach is None:
        return
    lang = reading.view.lang
    lines = [
        f"{say(lang, word)} ({say(lang, f'reach.{kind}')}): **{number(lang, people)}**"
        for kind, people in (("measured", reach.measured), ("estimated", reach.estimated))
        if people is not None
    ]
    known = reach.measured_known + reach.estimated_known
    st.caption(
        "  \n".join(lines) if lines else f"{say(lang, word)}: {say(lang, 'unknown')}",
        help=say(lang, "reach.known", known=known, all=reach.posts),
    )
    with st.container(key=f"{word}_{view.stances[0]}"):
        reading.link(say(lang, f"{word}.posts"), view)


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
    days = targets.missing(reading.view, reading.brands, reading.now, reading.zone)
    figure = chart.trend(steps, lang, targets.gaps(days, every, reading.zone, lang))
    clicked: Any = st.plotly_chart(figure, config={"displayModeBar": False}, key="trend_chart", on_select="rerun", selection_mode="points")
    for bar in clicked.selection.points[:1]:
        if bar["curve_number"] > len(chart.TREND):
            continue  # a gap
        stances = chart.TREND[bar["curve_number"] : bar["curve_number"] + 1]
        st.switch_page(reading.posts, query_params=_interval(reading, points[bar["point_index"]], stances).address())


def _interval(reading: Reading, point: measures.Point, stances: tuple[str, ...]) -> View:
    """The last words of these stances in one interval of the trend."""
    first, after = (moment.astimezone(reading.zone).date() for moment in (point.since, point.until))
    return reading.last_words.with_(period="dates", start=first, end=after - timedelta(days=1), stances=stances)


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
    field = {Facet.PRODUCT: "product", Facet.SITE: "sites", Facet.ROLE: "roles"}[facet]
    chosen = {label(value): value if facet is Facet.PRODUCT else (value,) for value in shown}
    _links(reading, word, {name: reading.last_words.with_(**{field: value}) for name, value in chosen.items()})


def _links(reading: Reading, word: str, views: Mapping[str, View]) -> None:
    """A row of links: label -> the view that it opens."""
    with st.container(horizontal=True, gap="small", key=f"links_{word}"):
        st.caption(f"{say(reading.view.lang, 'posts')}:", width="content")
        for label, view in views.items():
            reading.link(label, view)


def _labelled(label: str, nps: OnlineNps, lang: Lang) -> str:
    return label if nps.value is None else f"{label} {number(lang, nps.value, sign=True)}"


def _competitors(reading: Reading) -> None:
    lang = reading.view.lang
    st.subheader(say(lang, "competitors"), help=say(lang, "competitors.help"), anchor=False)
    query = replace(reading.query, brands=tuple(brand.slug for brand in reading.brands.brands), products=())
    if reading.view.product != GENERAL:
        query = replace(query, kinds=_kinds(reading))
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
    views = {brand.label(lang): _posts_of(reading, brand) for brand in reading.brands.brands if brand.slug in found}
    _links(reading, "competitors", {label: view for label, view in views.items() if view is not None})


def _posts_of(reading: Reading, brand: Brand) -> View | None:
    """The last words that the comparison counts for the company; None where it adds up several products that have no view together."""
    words = reading.last_words.with_(brand=brand.slug)
    if reading.view.product == GENERAL:
        return words
    kinds = _kinds(reading)
    products = [product.slug for product in brand.products if product.kind in kinds]
    return words.with_(product=products[0]) if len(products) == 1 else None


def _kinds(reading: Reading) -> tuple[str, ...]:
    """What kind of product was chosen."""
    chosen = next(brand for brand in reading.brands.brands if brand.slug == reading.view.brand)
    return tuple(product.kind for product in chosen.products if product.slug == reading.view.product)


def _left_out(reading: Reading, out: LeftOut) -> None:
    lang = reading.view.lang
    st.subheader(say(lang, "left_out"), anchor=False)
    with st.container(horizontal=True):
        for kind in LEFT_OUT:
            count = getattr(out, kind)
            with st.container(width="content", gap="xsmall", key=f"left_out_{kind}"):
                st.metric(say(lang, f"left_out.{kind}"), number(lang, count), width="content")
                if count:
                    reading.link(say(lang, "posts"), reading.view.with_(counted=kind))
