"""The dashboard: the entry, the choices shared by all pages, and the navigation.

The rule to know: nothing is computed here; every figure comes from `advocacy.measures`, every post from the index.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from crawlers.brand import Brands, read_brands
from crawlers.place import config_folder
from crawlers.yamlfile import ConfigError
from dashboard import overview, posts, targets
from dashboard.filters import language, open_address, parameters, reader_language, sidebar
from dashboard.words import say
from index import open_index
from index.query import Index, IndexUnavailable


@st.cache_resource
def the_index() -> Index:
    """One index for all readers of this process."""
    return open_index()


def reader_zone() -> ZoneInfo:
    """The time zone of the reader's browser."""
    try:
        return ZoneInfo(st.context.timezone or "Europe/Moscow")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Moscow")


def show() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Molva", page_icon="🗣️", layout="wide")
    lang = reader_language()
    try:
        brands: Brands = read_brands(config_folder())
    except ConfigError as error:
        st.error(say(lang, "broken.brands", why=error))
        return
    if not brands.brands:
        st.info(say(lang, "empty.brands"))
        return
    now, zone = datetime.now(UTC), reader_zone()
    try:
        index = the_index()
        view = open_address(brands, lang)
        listing = st.Page(lambda: posts.page(view, index, brands, now, zone), title=say(lang, "posts"), url_path="posts")
        watched = st.Page(lambda: targets.page(view, zone), title=say(lang, "targets"), url_path="targets")

        def summary() -> None:
            overview.page(overview.Reading(view, index, brands, now, zone, listing, watched))

        first = st.Page(summary, title=say(lang, "overview"), url_path="first", default=True)
        # Streamlit shows the default page at the root alone, whatever its `url_path`, and at its own address "Page not found".
        named = st.Page(summary, title=say(lang, "overview"), url_path="overview", visibility="hidden")
        chosen = st.navigation([first, listing, watched, named])
        if chosen is named:  # no entry of the navigation is its own: the reader is taken to the page that has one
            st.switch_page(first, query_params=parameters())  # as they came, so that what means nothing is told there
        if view.ignored:
            st.warning(say(lang, "ignored", what=", ".join(view.ignored)))
        language(lang)
        if chosen is not watched:  # how targets do depends on nothing that is chosen there
            view = sidebar(view, brands, index, now, zone)
        chosen.run()
    except IndexUnavailable as error:
        st.error(say(lang, "broken.index", why=error))


show()
