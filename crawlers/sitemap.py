"""Sitemaps: what a site says of its own pages and when they changed, in XML, packed or not, and the lists of more sitemaps.

The rule to know: `lastmod` only tells that a page may be another one than before; it is no date of publication.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from crawlers.link import is_link
from crawlers.moment import parse_moment
from crawlers.source import CollectError

LARGEST = 50 * 1024 * 1024
"""Bytes of a sitemap, unpacked, as the protocol has it (sitemaps.org)."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """An address, and when the site says it has changed."""

    address: str
    changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one sitemap lists, the newest first; what has no date keeps its order, behind the rest."""

    pages: tuple[Entry, ...] = ()
    maps: tuple[Entry, ...] = ()


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """The sitemap in an answer. Raises CollectError where it is none."""
    content = _unpacked(body, url)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(content, parser) if content.strip() else None
    kind = "" if root is None else _local(root)
    entries = tuple(_newest_first([_entry(each) for each in root if isinstance(each.tag, str)])) if root is not None else ()
    if kind == "urlset":
        return Sitemap(pages=entries)
    if kind == "sitemapindex":
        return Sitemap(maps=entries)
    begins = content.lstrip()[:40].decode("utf-8", "replace")
    what = "it is a feed, see `kind: feed`" if kind in ("rss", "feed", "RDF") else f"it begins with {begins!r}"
    raise CollectError(f"{url} is no sitemap: {what}")


def _unpacked(body: bytes, url: str) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        content = unpacking.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise CollectError(f"{url} is damaged: {error}") from error
    if len(content) > LARGEST:
        raise CollectError(f"{url} is larger than a sitemap may be")
    if not unpacking.eof:
        raise CollectError(f"{url} is cut short: its gzip has no end")
    return content


def _local(element: Any) -> str:
    """The element's name without its namespace, which may be none at all in a damaged document."""
    return str(element.tag).rpartition("}")[2]


def _entry(element: Any) -> Entry | None:
    said = {_local(part): (part.text or "").strip() for part in element if isinstance(part.tag, str)}
    address = said.get("loc", "")
    return Entry(address, _moment(said.get("lastmod", ""))) if is_link(address) else None


def _moment(text: str) -> datetime | None:
    try:
        return parse_moment(text, ZoneInfo("UTC")).at
    except ValueError:
        return None  # "2026-09", or what its program failed to fill in


def _newest_first(entries: list[Entry | None]) -> list[Entry]:
    """Sorting keeps the order of what is alike."""
    return sorted((entry for entry in entries if entry), key=lambda entry: entry.changed or _LONG_AGO, reverse=True)
