"""Continuing a listing: the `after` that a page hands out.

The rule to know: it holds the sort value and the id of the page's last mention, so that it means the same on both engines
and stays good while mentions come and go.
"""

from __future__ import annotations

import base64
import binascii
import json

from crawlers.post import MOST

LARGEST = 10_000
"""Mentions of one page; for more there is `export`."""

Place = tuple[int | None, str]
"""Sort value (None: unknown, or sorted by id alone) and mention id."""


def encode(value: int | None, mention: str) -> str:
    """The continuation after this mention."""
    return base64.urlsafe_b64encode(json.dumps([value, mention], ensure_ascii=False).encode()).decode()


def decode(after: str) -> Place:
    """The place of a continuation. Raises ValueError for what no page handed out."""
    try:
        value, mention = json.loads(base64.urlsafe_b64decode(after.encode()))
        str(mention).encode()
    except (binascii.Error, UnicodeError, ValueError, TypeError, RecursionError) as error:
        raise ValueError("this continuation is not one of a page of mentions") from error
    if not isinstance(mention, str) or isinstance(value, bool) or not isinstance(value, int | None) or abs(value or 0) > MOST:
        raise ValueError("this continuation is not one of a page of mentions")
    return value, mention


def checked(size: int) -> int:
    """The size of a page. Raises ValueError outside 0..LARGEST."""
    if not 0 <= size <= LARGEST:
        raise ValueError(f"a page has 0 to {LARGEST} mentions, not {size}; for more there is export")
    return size
