"""Links: addresses of the web, as they may be opened and as they may be kept and shown.

The rule to know: a key that a target's address gets from the environment in its query or its login (`?key=${NAME}`) stands in memory only.
Whatever is written or said names the variable. In a path it is not hidden: the same words may stand in the paths of posts, whose ids would
change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

SHORTEST_KEY = 4
"""Characters of a value from which on it is hidden."""
LONGEST = 2_083
"""Characters of an address; browsers and Scrapy take no longer ones."""

_PRIVATE = re.compile(r"(?<=://)[^\s/?#]*@|\?[^\s#]*")
"""A login before the host, and the query."""


_SESSION = re.compile(r"(?<=[?&;])(?:sid|s|phpsessid)=[0-9a-z]{16,}(?:&amp;|[&;]|(?=#|$))", re.IGNORECASE)


def without_session(url: str) -> str:
    """The address without the visit's own number, which forums put there for whoever takes no cookies: it is another each time."""
    short = _SESSION.sub("", url)
    return url if short == url else re.sub(r"[?&;]+(?=#|$)", "", short)


def is_link(text: str) -> bool:
    """Whether it is an address that a browser can open, of no unreasonable length."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # which raises for a port that is none
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and len(text) <= LONGEST


def host_of(url: str) -> str:
    """The host that an address names, with its port, and the same with www and without. Raises ValueError for what is no address."""
    return urlsplit(url).netloc.removeprefix("www.")


def hidden(text: str, secrets: Mapping[str, str]) -> str:
    """An address, or a text with addresses in it, whose queries name the variables instead of their values."""
    if not secrets or ("?" not in text and "@" not in text):
        return text
    ways = {
        way: f"${{{name}}}"
        for name, value in secrets.items()
        if len(value) >= SHORTEST_KEY
        for way in (value, quote(value, ""), quote(value), quote_plus(value))
    }
    values = re.compile("|".join(re.escape(way) for way in sorted(ways, key=len, reverse=True)))
    return _PRIVATE.sub(lambda part: values.sub(lambda found: ways[found[0]], part[0]), text) if ways else text


def opened(address: str, secrets: Mapping[str, str]) -> str:
    """The address again as it is asked for."""
    for name, value in secrets.items():
        address = address.replace(f"${{{name}}}", value)
    return address


def within(value: Any, change: Callable[[str, Mapping[str, str]], str], secrets: Mapping[str, str]) -> Any:
    """JSON values with every text in them hidden, or opened."""
    if not secrets:
        return value
    if isinstance(value, str):
        return change(value, secrets)
    if isinstance(value, dict):
        return {name: within(part, change, secrets) for name, part in value.items()}
    return [within(part, change, secrets) for part in value] if isinstance(value, list | tuple) else value
