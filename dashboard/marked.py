"""The text of a post with what was found in it marked: names, sentences that speak of the subject or carried an answer, words searched for.

The rule to know: everything that comes from outside is escaped here, and only here, before it becomes HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

from index.token import tokens
from index.words import parse
from nlp.text import Span

_WORD = re.compile(r"[^\W_]+")

STYLE = """<style>
.post-text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; }
.post-text mark { background: color-mix(in srgb, #e9c46a 45%, transparent); color: inherit; border-radius: 3px; padding: 0 2px; }
.post-text u { text-decoration: underline dotted #2f7dc9 2px; text-underline-offset: 4px; }
.post-text strong { font-weight: 600; background: color-mix(in srgb, #2e9e6b 24%, transparent); border-bottom: 2px solid #2e9e6b; }
.post-text b { background: color-mix(in srgb, #2f7dc9 25%, transparent); border-radius: 3px; }
.post-meta { opacity: .75; font-size: .875rem; }
.post-legend { margin-bottom: .5rem; padding-bottom: .5rem; font-size: .8125rem; }
.post-legend { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
.post-meta a { color: inherit; }
.chip { display: inline-block; border-radius: 999px; padding: 1px 10px; margin-right: 6px; font-size: .8125rem; color: #fff; }
.chip.promoter { background: #1f7a6f; } .chip.detractor { background: #b83a4b; } .chip.passive { background: #66727f; }
.chip.plain { background: transparent; color: inherit; border: 1px solid color-mix(in srgb, currentColor 40%, transparent); }
[data-testid="stPageLink"] p { text-decoration: underline; text-underline-offset: 3px; }
</style>"""


def marked(text: str, names: Iterable[Span], evidence: Iterable[Span], searched: Iterable[Span] = (), carried: Iterable[Span] = ()) -> str:
    """`text` as HTML; offsets outside the text are cut to it.

    Names are in <mark>, evidence in <u>, what was searched for in <b>, sentences that carried an answer in <strong>.
    """
    spans = {"b": searched, "mark": names, "u": evidence, "strong": carried}
    covers = [(tag, _covered(text, found)) for tag, found in spans.items()]
    parts: list[str] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and all(cover[at] == cover[start] for _, cover in covers):
            continue
        piece = escape(text[start:at])
        for tag, cover in covers:
            if cover[start]:
                piece = f"<{tag}>{piece}</{tag}>"
        parts.append(piece)
        start = at
    return f'<div class="post-text">{"".join(parts)}</div>'


def where_found(text: str, search: str) -> list[Span]:
    """Where the words and phrases of a search stand in the text, by the tokens that the index compares."""
    terms = [term.tokens for term in parse(search) if not term.excluded]
    if not terms:
        return []
    read = [(word.start(), word.end(), token) for word in _WORD.finditer(text) for token in tokens(word[0])]
    return [
        (read[at][0], read[at + len(term) - 1][1])
        for term in terms
        for at in range(len(read) - len(term) + 1)
        if all(read[at + step][2] == token for step, token in enumerate(term))
    ]


def link(url: str | None, words: str) -> str:
    """A link to a page of the web in a tab of its own; plain words where the address is not http or https."""
    try:
        scheme = urlsplit(url or "").scheme
    except ValueError:  # `http://[` and the like
        scheme = ""
    if not url or scheme not in ("http", "https"):
        return escape(words)
    return f'<a href="{escape(url, quote=True)}" target="_blank" rel="noopener noreferrer nofollow">{escape(words)}</a>'


def chip(words: str, kind: str = "plain") -> str:
    """A short label; `kind` is a stance or `plain`."""
    return f'<span class="chip {kind}">{escape(words)}</span>'


def _covered(text: str, spans: Iterable[Span]) -> bytearray:
    cover = bytearray(len(text))
    for start, end in spans:
        start, end = max(0, start), min(len(text), end)
        if start < end:
            cover[start:end] = b"\x01" * (end - start)
    return cover
