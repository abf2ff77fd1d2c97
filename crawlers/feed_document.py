"""What the document of a feed says: RSS, RDF and Atom in any encoding, also damaged, as raw entries."""

from __future__ import annotations

import calendar
import hashlib
import html
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser
from parsel import Selector

from crawlers.entry import fullest, threaded
from crawlers.instead import asks_for_login, led, with_signs
from crawlers.page import decode, without_declaration
from crawlers.source import CollectError


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says: raw entries, oldest first, and the validators to ask with next time."""

    entries: tuple[dict[str, Any], ...] = ()
    validators: dict[str, str] = field(default_factory=dict)


LONGEST_NUMBER = 7
"""Digits of a character's number, at most."""
_REFERENCE = re.compile(r"&#(?:x0*([0-9a-f]+)|0*([0-9]+));?", re.IGNORECASE)
UNCHANGED = Feed()
"""The feed's host says that nothing is new."""


def read_feed(body: bytes, content_type: str | None, url: str, validators: dict[str, str] | None = None, asked: str | None = None) -> Feed:
    """The feed in an answer. Raises CollectError where it is none, or is damaged before its first entry. `asked`: what led to its `url`."""
    text = decode(body, content_type)
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    text = _REFERENCE.sub(_of_a_character, without_declaration(text))
    parsed = feedparser.parse(io.BytesIO(text.encode()), response_headers=headers)
    if not parsed.entries and not parsed.get("version"):
        raise CollectError(_no_feed(text, url, led(asked, url)))
    damaged = bool(parsed.bozo) and "SAX" in type(parsed.bozo_exception).__name__
    if damaged and not parsed.entries:
        raise CollectError(f"{url} is a damaged feed without a whole entry: {_first_line(str(parsed.bozo_exception))}")
    about = {name: parsed.feed[name] for name in ("title", "link", "language") if parsed.feed.get(name)}
    raws = [_raw(entry, about, url) for entry in reversed(parsed.entries)]
    # A damaged feed is asked for in full again next time.
    return Feed(tuple(threaded(list(_told_apart(raws)))), {} if damaged else validators or {})


def _no_feed(text: str, url: str, where: str) -> str:
    if not text.strip():
        return f"{where} is empty"
    if "<html" not in text[:20_000].lower() and "<!doctype html" not in text[:500].lower():
        return f"{where} is not a feed: it begins with {text.strip()[:40]!r}"
    page = Selector(text)
    links = page.xpath("//link[contains(@type,'rss') or contains(@type,'atom')]/@href").getall()
    named = ", ".join(dict.fromkeys(filter(None, (_joined(url, link) for link in links))))
    mend = f"the page names these feeds: {named}" if named else "give the address of its feed as url"
    return f"{where} is a page, not a feed; {with_signs(mend if named or not asks_for_login(page) else '', page)}"


def _joined(url: str, link: str) -> str | None:
    """A link in full; None where it is no address."""
    try:
        return urljoin(url, link)
    except ValueError:
        return None


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else "unreadable"


def _raw(entry: Any, feed: dict[str, str], url: str) -> dict[str, Any]:
    """What we take of an entry, as JSON values; markup stays."""
    author = entry.get("author_detail") or {}
    published = next((name for name in ("published", "updated", "created") if entry.get(name)), None)
    texts = [_html(part) for part in [*entry.get("content", ()), entry.get("summary_detail")] if part and part.get("value")]
    reply = entry.get("thr_in-reply-to") or {}
    found = {
        "id": entry.get("id"),
        "link": urljoin(url, entry["link"]) if entry.get("link") else None,
        "title": _html(entry["title_detail"]) if entry.get("title_detail") else None,
        "html": fullest(texts),
        "author": author.get("name") or entry.get("author") or entry.get("lj_poster"),
        "author_url": author.get("href"),
        "published": entry.get(published) if published else None,
        "published_utc": _utc(entry.get(f"{published}_parsed")) if published else None,
        "updated": entry.get("updated") if published == "published" else None,
        "replies": entry.get("slash_comments") or entry.get("thr_total") or entry.get("lj_reply-count"),
        "reply_to": reply.get("href"),
        "reply_ref": reply.get("ref"),
        "tags": [tag["term"] for tag in entry.get("tags", ()) if tag.get("term")],
        "feed": feed,
    }
    return {name: value for name, value in found.items() if value}


def _html(part: Any) -> str:
    value: str = part.get("value") or ""
    return html.escape(value, quote=False) if part.get("type") == "text/plain" else value


def _utc(parsed: Any) -> str | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat() if parsed else None
    except (OverflowError, ValueError):
        return None  # a year that no calendar has


def _of_a_character(match: re.Match[str]) -> str:
    """A reference to a character by its number; one to what is none, as half of a pair, would break feedparser."""
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    number = int(digits, base) if len(digits) <= LONGEST_NUMBER else sys.maxunicode + 1
    return "\ufffd" if 0xD800 <= number <= 0xDFFF or number > sys.maxunicode else match[0]


def _told_apart(raws: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Entries that share their link with another one of the feed are told by the feed's own id."""
    links = [raw.get("link") for raw in raws]
    for raw in raws:
        yield raw | {"link_shared": True} if links.count(raw.get("link")) > 1 else raw


def fingerprint(raw: dict[str, Any]) -> str:
    """Tells an entry in this wording from all others."""
    content = [raw.get(name) for name in ("id", "link", "title", "html", "author", "published", "updated")]
    return hashlib.blake2b(json.dumps(content, ensure_ascii=False).encode(), digest_size=9).hexdigest()
