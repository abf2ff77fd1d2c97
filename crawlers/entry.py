"""The author's words in an entry of a feed, without what WordPress puts beside them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

from crawlers.source import Rejected

_TAG = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)
_ANSWERS = re.compile(r'\s*<p>[^<]{0,60}<a\s[^>]*?href="([^"]+#comment-\d+)"[^>]*>[^<]*</a>[^<]{0,20}</p>', re.IGNORECASE)
"""`In reply to NAME.` in any language, in front of a comment."""


def fullest(texts: Iterable[str]) -> str | None:
    """The text that says most, of those alike the first: one whose markup is escaped once more is longer and says no more."""
    return max(texts, key=lambda text: len("".join(_TAG.sub("", html.unescape(text)).split())), default=None)


def own_words(raw: dict[str, Any]) -> dict[str, Any]:
    """The entry with the author's words alone, and with the address of the comment that it answers.

    Raises Rejected for a post behind a password, which has a form in the place of its words.
    """
    words = raw.get("html", "")
    if 'class="post-password-form"' in words:
        raise Rejected("behind a password")
    answers = _ANSWERS.match(words) if "#comment-" in raw.get("link", "") else None
    return raw | {"html": words[answers.end() :], "reply_to": html.unescape(answers[1])} if answers else raw
