"""By what a source, or an engine that a preset reads, is known: addresses of its own, and what stands on its pages.

The rule to know: it is declared where the source is, as `KNOWN_BY` of its module or `known_by` of a preset's file, and nowhere else,
so that a new source is recognised by what its own file says.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

from pydantic import Field

from crawlers.field import Regex, Selector, Text
from crawlers.yamlfile import Many, Strict

_MIRROR = re.compile(r"^(?:www|m|mobile|old|new|amp)\.")
"""What a host has in front that shows the same place."""
_SLOT = re.compile(r"\{(\w+)\}")


class Address(Strict):
    """Addresses of one form, and what the target's file says of such a place."""

    like: Regex
    """The whole of host, path and query, as `t\\.me/(?P<channel>\\w+)`; the host in small letters, without `www.` or `m.`."""
    says: dict[str, Any] = Field(default_factory=dict)
    """Keys of the target; `{channel}` is a group of `like`, `{url}` the address, `{site}` its beginning, `{home}` that of the engine."""
    refused: Text | None = None
    """Why such an address can't be collected, and what can be given instead."""
    note: Text | None = None
    """What the operator has to know of it."""


class KnownBy(Strict):
    """By what a kind of place is known. One sign is enough; what a host alone can tell is never asked for."""

    engine: Text
    """What it is, for people: `phpBB`, `channel of Telegram`."""
    addresses: Many[Address] = ()
    """Addresses that belong to this source alone."""
    generator: Regex | None = None
    """What `<meta name=generator>` says."""
    marks: Many[Selector] = ()
    """What a page of the engine has and others don't."""
    cookies: Regex | None = None
    """Name of a cookie that it sets."""
    interface: Selector | None = None
    """Where a page names the address of its interface."""
    probe: Text | None = None
    """Where the interface stands else, from the site's root."""
    proof: Regex | None = None
    """What the answer of the interface has; without it the source can't read the site."""
    cut: Regex | None = None
    """What of the interface's address leads from the engine's home to it."""
    places: Many[Address] = ()
    """What the target says of an address, once the engine is known; the first that fits."""
    boards: Regex | None = None
    """What the address of a board has."""
    board_links: Selector | None = None
    """Links to boards on a start page, where a forum may give their addresses any form."""
    page: Regex | None = None
    """What of an address only tells a page of it, after the first, or a place on it."""


def placed(addresses: tuple[Address, ...], url: str, **known: str) -> tuple[Address, dict[str, Any]] | None:
    """The first form that the address has, and what it says of it; `known` fills further slots."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    text = f"{_MIRROR.sub('', (parts.hostname or '').lower())}{parts.path or '/'}{query}"
    for address in addresses:
        if match := re.fullmatch(address.like, text):
            root = f"{parts.scheme}://{parts.netloc}"
            groups = {name: _said(name, value) for name, value in match.groupdict().items()}
            slots = {"url": url.partition("#")[0], "site": root, "home": root, **known, **groups}
            filled = {key: _filled(value, slots) for key, value in address.says.items()}
            return address, {key: value for key, value in filled.items() if value not in (None, [], "")}
    return None


def _said(name: str, value: str | None) -> str | None:
    """A group as people write it: a query has `+` for a space."""
    return value if value is None else unquote_plus(value) if name == "query" else unquote(value)


def _filled(value: Any, slots: dict[str, str | None]) -> Any:
    """A value with its slots filled; None, or left out of a list, where the address lacks what it names."""
    if isinstance(value, list | tuple):
        return [found for each in value if (found := _filled(each, slots)) is not None]
    if isinstance(value, dict):
        return {key: _filled(each, slots) for key, each in value.items()}
    if not isinstance(value, str):
        return value
    if any(slots.get(name) is None for name in _SLOT.findall(value)):
        return None
    return _SLOT.sub(lambda slot: str(slots[slot[1]]), value)
