"""One voice, many copies: what a card says of its post's copies and of its original, each with a link to all of them.

The rule to know: the link is an address of the page of posts, so it opens as any view does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from dashboard.view import View
from dashboard.words import number, say
from index.query import Facet, Hit, Index, Query


def copies_of(index: Index, query: Query, hits: Sequence[Hit]) -> Mapping[str, int]:
    """`Post.id` -> how many copies of it speak of the subject of the query, at any time; posts without any are absent."""
    posts = tuple(hit.post.id for hit in hits)
    if not posts:
        return {}
    subject = Query(level=query.level, brands=query.brands, products=query.products, groups=posts, copies=True)
    return index.count(subject, Facet.COPY_OF)


def chips(hit: Hit, copies: Mapping[str, int], view: View) -> str:
    """The labels as HTML; empty where the post neither is a copy nor has any."""
    found = ""
    if hit.standing.copy_of is not None:
        site = hit.standing.copy_of.partition(":")[0]
        found += _chip(view, hit.standing.copy_of, say(view.lang, "copy_of", site=site))
    if hit.post.id in copies:
        found += _chip(view, hit.post.id, say(view.lang, "copies", n=number(view.lang, copies[hit.post.id])))
    return found


def _chip(view: View, original: str, words: str) -> str:
    group = View(lang=view.lang, brand=view.brand, product=view.product, period="all", group=original)
    return f'<a class="chip plain" target="_self" href="?{escape(urlencode(group.address(), doseq=True))}">{escape(words)}</a>'
