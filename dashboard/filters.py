"""The reader's choices: widgets that begin at what the address says and write it back.

The rule to know: the address wins when it is not the one written last (a link was opened), the widgets win otherwise.
A browser names what was chosen by its label, so a choice has a widget in each language, and changing the language carries it over.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from crawlers.brand import Brand, Brands
from dashboard.view import COUNTED, FIRST_DATE, LANGUAGES, LAST_DATE, NAMED, PERIODS, SORTS, VIEW_ROLES, View, from_address
from dashboard.words import Lang, say
from index.query import Facet, Index
from nlp.mention import GENERAL, GENRES, STANCES

_WRITTEN = "address_written"
_LANG = "choice_lang"
_SPOKEN = "choices_speak"
"""The language of the widgets that hold the choices."""
_CHOICES = (*(field.name for field in dataclasses.fields(View) if field.name not in ("lang", "ignored")), "dates")


def _key(name: str, lang: Lang) -> str:
    return f"choice_{name}_{lang}"


def parameters() -> dict[str, list[str]]:
    """What the address says."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _is_fresh(said: dict[str, list[str]]) -> bool:
    return _WRITTEN not in st.session_state or bool(said and said != st.session_state[_WRITTEN])


def reader_language() -> Lang:
    """What the address says if it was just opened, else what was chosen last, else what the browser reads."""
    said = parameters()
    browser: Lang = "ru" if (st.context.locale or "ru").lower().startswith(("ru", "be", "uk", "kk")) else "en"
    chosen: Lang = st.session_state.get(_LANG) or browser
    return from_address(said, lang=chosen).lang if _is_fresh(said) else chosen


def open_address(brands: Brands, lang: Lang) -> View:
    """The view to begin with; puts the choices of a freshly opened address into the widgets."""
    said = parameters()
    ours = next((brand.slug for brand in brands.brands if brand.ours), brands.brands[0].slug)
    if not _is_fresh(said):
        _carry_over(lang)
        return View(lang=lang, brand=st.session_state.get(_key("brand", lang), ours))
    spoken = st.session_state.get(_SPOKEN, lang)
    view = from_address(said, lang=lang, brand=st.session_state.get(_key("brand", spoken), ours))
    if view.brand not in {brand.slug for brand in brands.brands}:
        view = view.with_(brand=ours, ignored=(*view.ignored, f"brand={view.brand}"))
    if view.product not in {product.slug for product in _brand(brands, view.brand).products} | {GENERAL}:
        view = view.with_(product=GENERAL, ignored=(*view.ignored, f"product={view.product}"))
    st.session_state[_LANG] = st.session_state[_SPOKEN] = lang
    choices = {**dataclasses.asdict(view), "dates": (view.start, view.end) if view.start and view.end else None}
    _choose({name: list(value) if isinstance(value, tuple) and name != "dates" else value for name, value in choices.items()}, lang)
    return view


def _choose(choices: Mapping[str, Any], lang: Lang) -> None:
    """Put choices into the widgets of a language; None takes what was there away."""
    for name in _CHOICES:
        if choices.get(name) is None:
            st.session_state.pop(_key(name, lang), None)
        else:
            st.session_state[_key(name, lang)] = choices[name]


def _carry_over(lang: Lang) -> None:
    """Bring the choices to the widgets of the language that is shown now."""
    spoken = st.session_state.get(_SPOKEN, lang)
    if spoken != lang:
        _choose({name: st.session_state.get(_key(name, spoken)) for name in _CHOICES}, lang)
    st.session_state[_SPOKEN] = lang


def write_address(view: View) -> None:
    """Put the view into the address, so that it can be sent to a colleague."""
    address = view.address()
    st.session_state[_WRITTEN] = {name: value if isinstance(value, list) else [value] for name, value in address.items()}
    if parameters() != st.session_state[_WRITTEN]:
        st.query_params.from_dict(address)


def language(lang: Lang) -> None:
    """The choice of the interface's language, in the sidebar of every page."""
    with st.sidebar:
        st.segmented_control(
            say(lang, "language_of_ui"), LANGUAGES, key=_LANG, format_func=str.upper, label_visibility="collapsed", required=True
        )


def sidebar(view: View, brands: Brands, index: Index, now: datetime, zone: ZoneInfo) -> View:
    """Choices that the pages of mentions share; they live on while the reader is on a page without them."""
    lang = view.lang
    with st.sidebar:
        slug = st.selectbox(
            say(lang, "brand"),
            [brand.slug for brand in brands.brands],
            key=_key("brand", lang),
            format_func=lambda s: _brand_label(brands, s, lang),
            persist_state="session",
        )
        period = _one("period", PERIODS, lang)
        start, end = _dates(lang, now.astimezone(zone).date()) if period == "dates" else (None, None)
        products = [GENERAL, *(product.slug for product in _brand(brands, slug).products)]
        if st.session_state.get(_key("product", lang)) not in products:
            st.session_state[_key("product", lang)] = GENERAL
        product = st.selectbox(
            say(lang, "product"),
            products,
            key=_key("product", lang),
            format_func=lambda p: product_label(brands, slug, p, lang),
            persist_state="session",
        )
        view = View(lang=lang, brand=slug, period=period, start=start, end=end, product=product)
        everything = view.with_(period="all").query(now, zone)
        return view.with_(
            roles=_many("role", "roles", VIEW_ROLES, lang),
            sites=_many("site", "sites", sorted(index.count(everything, Facet.SITE)), lang),
            languages=_many("language", "languages", sorted(index.count(everything, Facet.LANGUAGE)), lang),
        )


def _dates(lang: Lang, today: date) -> tuple[date | None, date | None]:
    """First and last day of a period of the reader's own."""
    st.session_state.setdefault(_key("dates", lang), (today - timedelta(days=27), today))
    dates: Any = st.date_input(
        say(lang, "dates"),
        key=_key("dates", lang),
        format="DD.MM.YYYY" if lang == "ru" else "YYYY-MM-DD",
        min_value=FIRST_DATE,
        max_value=LAST_DATE,
        persist_state="session",
    )
    return (dates[0], dates[-1]) if dates else (None, None)


def posts_bar(view: View) -> View:
    """Choices of the page of posts."""
    lang = view.lang
    text = st.text_input(
        say(lang, "search"), key=_key("text", lang), placeholder=say(lang, "search.hint"), type="search", persist_state="session"
    )
    columns = st.columns(5)
    with columns[0]:
        stances = _many("stance", "stances", STANCES, lang)
    with columns[1]:
        genres = _many("genre", "genres", GENRES, lang)
    with columns[2]:
        counted = _one("counted", COUNTED, lang)
    with columns[3]:
        named = _one("named", tuple(NAMED), lang)
    with columns[4]:
        sort = _one("sort", SORTS, lang)
    group = _group(lang)
    last_word = st.toggle(say(lang, "last_word"), key=_key("last_word", lang), persist_state="session")
    return view.with_(
        text=text or "", group=group, stances=stances, genres=genres, counted=counted, named=named, sort=sort, last_word=last_word
    )


def _group(lang: Lang) -> str:
    """The original whose copies a link has opened, until the reader goes back to all posts."""
    key = _key("group", lang)
    group: str = st.session_state.get(key, "")
    if group:
        with st.container(horizontal=True, vertical_alignment="center", key="group"):
            st.markdown(say(lang, "group"), width="content")
            st.button(say(lang, "group.all"), on_click=st.session_state.pop, args=(key,))
    return group


def product_label(brands: Brands, slug: str, product: str, lang: Lang) -> str:
    """The product as people call it."""
    if product == GENERAL:
        return say(lang, "product.general")
    return next((p.label(lang) for p in _brand(brands, slug).products if p.slug == product), product)


def _one(name: str, options: Sequence[str], lang: Lang) -> str:
    return st.selectbox(
        say(lang, name), options, key=_key(name, lang), format_func=lambda value: say(lang, f"{name}.{value}"), persist_state="session"
    )


def _many(word: str, name: str, options: Sequence[str], lang: Lang) -> tuple[str, ...]:
    """Any number of the options; what is chosen already stays one even where no mention has it: it finds nothing, and is seen."""
    key = _key(name, lang)
    chosen = st.session_state.get(key) or []
    return tuple(
        st.multiselect(
            say(lang, word),
            [*options, *(value for value in chosen if value not in options)],
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
