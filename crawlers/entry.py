"""What an entry of a feed says: when it was published and edited, what it answers, and the author's words without what WordPress puts
beside them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crawlers.kinds import FeedTarget
from crawlers.link import is_link
from crawlers.moment import UNKNOWN, Moment, parse_moment
from crawlers.post import Precision
from crawlers.source import Rejected

AT_ONCE = timedelta(minutes=1)
"""How much later than its publication an entry may be updated and not be edited: systems write both times as they save a new entry."""

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


def published_at(raw: dict[str, Any], target: FeedTarget, collected: datetime) -> Moment:
    """When an entry was published. A time without a zone is in the target's. Raises ValueError for what is no date."""
    text = str(raw.get("published") or "").strip()
    if not text:
        return UNKNOWN
    try:
        return parse_moment(text, target.zone, now=collected)
    except ValueError:
        if raw.get("published_utc"):
            return parse_moment(raw["published_utc"], target.zone)
        raise


def edited_at(raw: dict[str, Any], target: FeedTarget, published: Moment, collected: datetime) -> datetime | None:
    """When an entry was last edited, by what a feed calls `updated`; None where it was not, or nobody can tell."""
    try:
        updated = parse_moment(str(raw.get("updated") or "").strip(), target.zone, now=collected)
    except ValueError:
        return None
    return edit(updated, published)


def edit(updated: Moment, published: Moment) -> datetime | None:
    """When it was edited: the update, where it is later than the publication by more than what saving takes; else None.

    That is a day where one of them is a mere date, which stands at noon.
    """
    if updated.at is None or published.at is None:
        return None
    exact = published.precision is Precision.MINUTE and updated.precision is Precision.MINUTE
    return updated.at if updated.at - published.at > (AT_ONCE if exact else timedelta(days=1)) else None


def threaded(raws: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Entries that answer others, with what these are told by: `above`, and `thread` where this feed shows how the thread begins.

    An entry names the one that it answers by the feed's own id (RFC 4685), but entries are told by their links: the link is that of the
    entry in this feed, or the id itself where this feed has links for ids.
    """
    named = {raw["id"]: raw for raw in raws if raw.get("id")}
    for raw in raws:
        reference = raw.get("reply_ref")
        if above := named.get(reference):
            first = _first_of_thread(above, named)
            yield raw | {"above": _told_by(above)} | ({"thread": _told_by(first)} if first else {})
        elif reference and is_link(reference) and raw.get("id") == raw.get("link") and not raw.get("reply_to"):
            yield raw | {"above": {"link": reference}}
        else:
            yield raw


def _first_of_thread(raw: dict[str, Any], named: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The entry that answers none, above this one; None where it stands no more in the feed."""
    for _ in named:
        if not (raw.get("reply_ref") or raw.get("reply_to")):
            return raw
        if raw.get("reply_ref") not in named:
            return None
        raw = named[raw["reply_ref"]]
    return None  # entries that answer each other in a circle


def _told_by(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: raw[name] for name in ("id", "link", "link_shared") if name in raw}
