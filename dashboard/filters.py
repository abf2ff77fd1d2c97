"""The reader's choices: widgets that begin at what the address says and write it back.

The rule to know: the address wins when it is not the one written last (a link was opened), the widgets win otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from crawlers.brand import Brand, Brands
from dashboard.view import COUNTED, LANGUAGES, PERIODS, SORTS, VIEW_ROLES, View, from_address
from dashboard.words import Lang, say
from index.query import Facet, Index
from nlp.mention import GENERAL, GENRES, STANCES

_WRITTEN = "address_written"


def _key(name: str) -> str:
    return f"choice_{name}"


def open_address(brands: Brands) -> View:
    """The view to begin with; puts the choices of a freshly opened address into the widgets."""
    parameters = {name: st.query_params.get_all(name) for name in st.query_params}
    fresh = _WRITTEN not in st.session_state or (parameters and parameters != st.session_state[_WRITTEN])
    ours = next((brand.slug for brand in brands.brands if brand.ours), brands.brands[0].slug)
    if not fresh:
        return View(lang=st.session_state.get(_key("lang"), "ru"), brand=st.session_state.get(_key("brand"), ours))
    browser: Lang = "ru" if (st.context.locale or "ru").lower().startswith(("ru", "be", "uk", "kk")) else "en"
    view = from_address(parameters, lang=st.session_state.get(_key("lang"), browser), brand=st.session_state.get(_key("brand"), ours))
    if view.brand not in {brand.slug for brand in brands.brands}:
        view = view.with_(brand=ours, ignored=(*view.ignored, f"brand={view.brand}"))
    if view.product not in {product.slug for product in _brand(brands, view.brand).products} | {GENERAL}:
        view = view.with_(product=GENERAL, ignored=(*view.ignored, f"product={view.product}"))
    for field in dataclasses.fields(View):
        value = getattr(view, field.name)
        st.session_state[_key(field.name)] = list(value) if isinstance(value, tuple) else value
    if view.start and view.end:
        st.session_state[_key("dates")] = (view.start, view.end)
    else:
        st.session_state.pop(_key("dates"), None)
    return view


def write_address(view: View) -> None:
    """Put the view into the address, so that it can be sent to a colleague."""
    address = view.address()
    st.session_state[_WRITTEN] = {name: value if isinstance(value, list) else [value] for name, value in address.items()}
    if {name: st.query_params.get_all(name) for name in st.query_params} != st.session_state[_WRITTEN]:
        st.query_params.from_dict(address)


def sidebar(view: View, brands: Brands, index: Index, now: datetime, zone: ZoneInfo) -> View:
    """Choices that all pages share."""
    with st.sidebar:
        shown: Lang | None = st.segmented_control(
            say(view.lang, "language_of_ui"),
            LANGUAGES,
            key=_key("lang"),
            format_func=str.upper,
            label_visibility="collapsed",
            required=True,
        )
        lang: Lang = shown or view.lang
        slug = st.selectbox(
            say(lang, "brand"),
            [brand.slug for brand in brands.brands],
            key=_key("brand"),
            format_func=lambda s: _brand_label(brands, s, lang),
        )
        period = st.selectbox(say(lang, "period"), PERIODS, key=_key("period"), format_func=lambda p: say(lang, f"period.{p}"))
        start = end = None
        if period == "dates":
            today = now.astimezone(zone).date()
            st.session_state.setdefault(_key("dates"), (today - timedelta(days=27), today))
            dates: Any = st.date_input(say(lang, "dates"), key=_key("dates"), format="DD.MM.YYYY" if lang == "ru" else "YYYY-MM-DD")
            start, end = (dates[0], dates[-1]) if dates else (None, None)
        products = [GENERAL, *(product.slug for product in _brand(brands, slug).products)]
        if st.session_state.get(_key("product")) not in products:
            st.session_state[_key("product")] = GENERAL
        product = st.selectbox(
            say(lang, "product"), products, key=_key("product"), format_func=lambda p: product_label(brands, slug, p, lang)
        )
        view = View(lang=lang, brand=slug, period=period, start=start, end=end, product=product)
        everything = view.with_(period="all").query(now, zone)
        return view.with_(
            roles=_many("role", "roles", VIEW_ROLES, lang),
            sites=_many("site", "sites", sorted(index.count(everything, Facet.SITE)), lang),
            languages=_many("language", "languages", sorted(index.count(everything, Facet.LANGUAGE)), lang),
        )


def posts_bar(view: View) -> View:
    """Choices of the page of posts."""
    lang = view.lang
    text = st.text_input(
        say(lang, "search"), key=_key("text"), placeholder=say(lang, "search.hint"), type="search", persist_state="session"
    )
    columns = st.columns(4)
    with columns[0]:
        stances = _many("stance", "stances", STANCES, lang)
    with columns[1]:
        genres = _many("genre", "genres", GENRES, lang)
    with columns[2]:
        counted = st.selectbox(
            say(lang, "counted"), COUNTED, key=_key("counted"), format_func=lambda c: say(lang, f"counted.{c}"), persist_state="session"
        )
    with columns[3]:
        sort = st.selectbox(
            say(lang, "sort"), SORTS, key=_key("sort"), format_func=lambda s: say(lang, f"sort.{s}"), persist_state="session"
        )
    last_word = st.toggle(say(lang, "last_word"), key=_key("last_word"), persist_state="session")
    return view.with_(text=text or "", stances=stances, genres=genres, counted=counted, sort=sort, last_word=last_word)


def product_label(brands: Brands, slug: str, product: str, lang: Lang) -> str:
    """The product as people call it."""
    if product == GENERAL:
        return say(lang, "product.general")
    return next((p.label(lang) for p in _brand(brands, slug).products if p.slug == product), product)


def _many(word: str, name: str, options: Sequence[str], lang: Lang) -> tuple[str, ...]:
    key = _key(name)
    chosen = [value for value in st.session_state.get(key) or [] if value in options]
    if chosen != list(st.session_state.get(key) or []):
        st.session_state[key] = chosen
    return tuple(
        st.multiselect(
            say(lang, word),
            options,
            key=key,
            format_func=lambda v: say(lang, f"{word}.{v}"),
            placeholder=say(lang, "any"),
            persist_state="session",
        )
    )


def _brand(brands: Brands, slug: str) -> Brand:
    return next(brand for brand in brands.brands if brand.slug == slug)


def _brand_label(brands: Brands, slug: str, lang: Lang) -> str:
    brand = _brand(brands, slug)
    return f"{brand.label(lang)} ({say(lang, 'ours')})" if brand.ours else brand.label(lang)
