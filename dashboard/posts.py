"""The page of posts: what stands behind every number of the dashboard.

The rule to know: the page shows exactly the mentions of the view in its address, so that a link from a number opens what was counted.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Literal
from zoneinfo import ZoneInfo

import streamlit as st

from crawlers.brand import Brands
from crawlers.post import Precision
from dashboard import copies, correct, why
from dashboard.filters import posts_bar, product_label, write_address
from dashboard.marked import STYLE, chip, link, marked, where_found
from dashboard.view import View
from dashboard.words import Lang, number, say, share
from index.coverage import Coverage, role_coverage
from index.export import WRITERS
from index.query import Hit, Index, Query
from index.words import parse
from nlp.mention import GENERAL
from nlp.rules import UNREAD

PAGE = 20
EXPORT_ROWS = 10_000
FOLDED = 900
"""Characters of a long post shown before it is unfolded."""


def page(view: View, index: Index, brands: Brands, now: datetime, zone: ZoneInfo) -> None:
    """The whole page."""
    lang = view.lang
    view = posts_bar(view)
    write_address(view)
    query = view.query(now, zone)
    key = repr((view, query.since, query.until))
    if st.session_state.get("posts_of") != key:
        st.session_state["posts_of"], st.session_state["posts_turned"] = key, []
    turned: list[str] = st.session_state["posts_turned"]
    found = index.search(query, sort=view.sort, size=PAGE, after=turned[-1] if turned else None)
    st.html(STYLE)
    correct.told()
    _to_the_top(len(turned))
    head, export = st.columns([3, 1], vertical_alignment="center")
    head.markdown(f"**{say(lang, 'found_total', n=number(lang, found.total))}** · {say(lang, 'evidence')}")
    with head:
        coverage(view, role_coverage(index, query), "mentions")
    with export:
        _download(index, query, lang)
    if view.text.strip() and not parse(view.text):
        st.warning(say(lang, "empty.terms"))
    if not found.total:
        st.info(say(lang, "empty.search" if view.text or view.stances or view.genres else "empty.period"))
    copied = copies.copies_of(index, query, found.hits)
    for hit in found.hits:
        _card(hit, index, brands, view, zone, copied)
    _turn(turned, found.after, lang)


def _card(hit: Hit, index: Index, brands: Brands, view: View, zone: ZoneInfo, copied: Mapping[str, int]) -> None:
    mention, post, lang = hit.mention, hit.post, view.lang
    searched = where_found(post.text, view.text)
    with st.container(border=True):
        st.html(copies.chips(hit, copied, view) + _chips(hit, brands, lang))
        if post.title:
            st.html(f"<strong>{marked(post.title, (), (), where_found(post.title, view.text))}</strong>")
        names = [span for span in mention.names if span[0] < len(post.text)]
        if len(post.text) > FOLDED:
            st.html(marked(post.text[:FOLDED] + " …", names, mention.evidence, searched))
            with st.expander(say(lang, "more")):
                st.html(marked(post.text, names, mention.evidence, searched))
        else:
            st.html(marked(post.text, names, mention.evidence, searched))
        if post.company_reply:
            st.caption(say(lang, "reply_of_company"))
            st.html(f'<blockquote class="post-text">{escape(post.company_reply)}</blockquote>')
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(f'<div class="post-meta">{_meta(hit, lang, zone)}</div>')
            why.popover(hit, index, brands, lang)
            correct.popover(mention, index, brands, lang)


def _chips(hit: Hit, brands: Brands, lang: Lang) -> str:
    mention, standing = hit.mention, hit.standing
    chips = [chip(say(lang, f"stance.{mention.stance}"), mention.stance if mention.stance != "none" else "plain")]
    for role in standing.roles:
        words = say(lang, f"role.{role}")
        if standing.role_from == "history":
            words += f" ({say(lang, 'role_from.history')})"
        chips.append(chip(words))
    if mention.product != GENERAL:
        chips.append(chip(product_label(brands, mention.brand, mention.product, lang)))
    if mention.genre != "opinion":
        unread = mention.model == UNREAD and "genre" not in mention.corrected
        chips.append(chip(say(lang, "unread" if unread else f"genre.{mention.genre}")))
    for head in ("recommendation", "switch"):
        value = getattr(mention, head)
        if value != "none":
            chips.append(chip(say(lang, f"{head}.{value}")))
    if mention.found != "text":
        chips.append(chip(say(lang, f"found.{mention.found}")))
    if standing.superseded_at is not None:
        chips.append(chip(say(lang, "superseded")))
    chips.append(correct.corrected(mention, lang))
    if "stance" in mention.confidence and "stance" not in mention.corrected:
        sure = share(lang, mention.confidence["stance"], 1)
        chips.append(f'<span class="post-meta">{escape(say(lang, "confidence", share=sure))}</span>')
    return "".join(chips)


def _meta(hit: Hit, lang: Lang, zone: ZoneInfo) -> str:
    post = hit.post
    parts = [
        link(post.author_url, post.author_name or say(lang, "unnamed_author")),
        escape(when(post.published, post.published_precision, lang, zone)),
    ]
    parts.append(escape(post.site if not post.place else f"{post.site} · {post.place}"))
    if post.rating is not None:
        parts.append(escape(say(lang, "rating", n=number(lang, post.rating))))
    if post.views is not None:
        parts.append(escape(say(lang, "views", n=number(lang, post.views))))
    elif post.reach_estimated is not None:
        parts.append(escape(say(lang, "followers", n=number(lang, post.reach_estimated))))
    if post.url:
        parts.append(link(post.url, say(lang, "original")))
    return " · ".join(parts)


def when(published: datetime | None, precision: Precision, lang: Lang, zone: ZoneInfo) -> str:
    """Time of publication in the reader's zone, as exactly as it is known."""
    if published is None:
        return say(lang, "undated")
    if precision is Precision.DAY:
        return published.strftime("%d.%m.%Y" if lang == "ru" else "%d %b %Y")
    about = "≈ " if precision is Precision.HOUR else ""
    return published.astimezone(zone).strftime(f"%d.%m.%Y {about}%H:%M" if lang == "ru" else f"%d %b %Y {about}%H:%M")


def coverage(view: View, roles: Coverage, of: Literal["authors", "mentions"]) -> None:
    """Say of how many the role is known; a filter by role is lifted, and that is said too."""
    if not roles.mentions:
        return
    lang, known, all_of_them = view.lang, number(view.lang, roles.known), number(view.lang, roles.mentions)
    said = say(lang, f"roles_known.{of}", share=share(lang, roles.known, roles.mentions), known=known, all=all_of_them)
    st.caption(f"{said} ({say(lang, 'roles_known.any')})" if view.roles else said)


def _turn(turned: list[str], after: str | None, lang: Lang) -> None:
    """To the first page, one back, one on; `turned` holds where each page after the first begins."""
    first, back, forth = st.columns(3)
    if turned:
        first.button(say(lang, "first"), on_click=turned.clear)
        back.button(say(lang, "back"), on_click=turned.__delitem__, args=(-1,))
    if after:
        forth.button(say(lang, "next"), on_click=turned.append, args=(after,))


def _to_the_top(page: int) -> None:
    """Begin another page at its top: a browser stays where the button was."""
    script = f"/* {page} */ document.querySelector('[data-testid=\"stMain\"]').scrollTo(0, 0)"
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def _download(index: Index, query: Query, lang: Lang) -> None:
    st.download_button(
        say(lang, "download"),
        lambda: _rows(index, query),
        file_name="molva.csv",
        mime="text/csv",
        help=say(lang, "download.help", n=number(lang, EXPORT_ROWS)),
        on_click="ignore",
    )


def _rows(index: Index, query: Query) -> bytes:
    """The first mentions of the query as CSV."""
    file = io.BytesIO()
    WRITERS["csv"](itertools.islice(index.export(query), EXPORT_ROWS), file)
    return file.getvalue()
