"""What stands in the place of a page that was meant, for messages: where its address leads, what the page asks for and is called.

The rule to know: nothing is decided by it but what people are told; a page of a forum may ask guests for a login beside its topics.
"""

from __future__ import annotations

from parsel import Selector

from crawlers.look import same_page

TITLE = 60
"""Characters of a title that are told."""


def asks_for_login(page: Selector) -> bool:
    """Whether the page has a field for a password."""
    return bool(page.css("input[type=password]"))


def led(asked: str | None, url: str) -> str:
    """The address of a page, behind the one that was asked for where that leads elsewhere: it is the one that a target's file has."""
    return url if asked is None or same_page(asked, url) else f"{asked}, which leads to {url},"


def with_signs(guess: str, page: Selector) -> str:
    """What may be wrong, and what the page itself says of that."""
    title = " ".join((page.xpath("//title").xpath("string()").get() or "").split())
    short = title if len(title) <= TITLE else f"{title[:TITLE]}…"
    login = "it asks for a login" if asks_for_login(page) else ""
    return "; ".join(filter(None, (guess, login, title and f"its title is «{short}»")))
