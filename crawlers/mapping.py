"""From a raw item to a post: the source's own `post()`, then what is the same for all sources.

The rule to know: whom a post is about is said by name and kept by slug. The names are looked up once, when the item is
taken; mapping a kept item again needs no brands file and gives the same post.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from crawlers import link
from crawlers.brand import Brands
from crawlers.every_target import AboutItem
from crawlers.post import MOST, Post, clean
from crawlers.source import CollectError, Item, Rejected
from crawlers.target import Target

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=2)
LONGEST = {"url": link.LONGEST} | dict.fromkeys(
    ("id", "site", "place", "language", "author_id", "author_name", "thread_id", "in_reply_to", "product"), 1_000
)
"""Characters of the fields that are looked up as a whole; an index takes no longer ones."""
TEXTS = (
    "id", "site", "place", "url", "title", "text", "quoted", "language", "author_id", "author_name", "author_url", "thread_id",
    "in_reply_to", "company_reply", "product",
)  # fmt: skip
COUNTS = ("views", "followers", "members", "likes", "shares", "replies")

PostOf = Callable[[dict[str, Any], Any, datetime], Post]


@cache
def source(kind: str) -> ModuleType:
    """The module of a source: `crawlers/spiders/<kind>.py`, or `crawlers/collectors/<kind>.py` for one with a client of its own."""
    folder = "collectors" if is_collector(kind) else "spiders"
    return importlib.import_module(f"crawlers.{folder}.{kind}")


@cache
def is_collector(kind: str) -> bool:
    """Whether the source walks in this process, instead of as a spider of Scrapy."""
    return find_spec(f"crawlers.collectors.{kind}") is not None


def mapped_again(raw: dict[str, Any], target: Target, collected: datetime, about: Sequence[str], official: bool) -> Post:
    """The post of an item that was kept before; `about` and `official` as they were found then. Raises Rejected."""
    return _finished(as_its_source_says(raw, target, collected), target, tuple(about), official)


def as_its_source_says(raw: dict[str, Any], target: Target, collected: datetime) -> Post:
    """The post of an item, without what the target adds. Raises Rejected; also for an item without the form that its source has."""
    post_of: PostOf = source(target.kind).post
    try:
        return post_of(raw, target, collected)
    except KeyError as error:
        raise Rejected(f"lacks {error}") from error
    except (TypeError, AttributeError, IndexError) as error:
        raise Rejected(f"has not the form of a post ({error})") from error
    except ValueError as error:
        raise Rejected(str(error)) from error


def _finished(post: Post, target: Target, about: tuple[str, ...], official: bool) -> Post:
    """The post with what the target adds to it. Raises Rejected where it can't be one."""
    _check_types(post)
    post = dataclasses.replace(
        post,
        text=clean(post.text),
        title=clean(post.title) or None if post.title else None,
        author_url=post.author_url if post.author_url and link.is_link(post.author_url) else None,
        targets=(target.name,),
        language=post.language or target.language,
        place=post.place or target.place,
        members=post.members if post.members is not None else target.members,
        about=about,
        official=official,
    )
    _check(post, target)
    return post


def _check_types(post: Post) -> None:
    """An answer may hold anything under a name: what is no text, or no number, is no post's."""
    for name in TEXTS:
        if not isinstance(getattr(post, name), str | None):
            raise Rejected(f"{name} isn't a text")
    for name in COUNTS:
        if not isinstance(getattr(post, name), int | None) or isinstance(getattr(post, name), bool):
            raise Rejected(f"{name} isn't a whole number")


def _check(post: Post, target: Target) -> None:
    if not post.text and not (target.ratings_without_text and post.rating is not None):
        raise Rejected("no text")
    if len(post.text) > target.limits.text:
        raise Rejected(f"text longer than {target.limits.text} characters")
    if post.published is not None:
        if post.published < EARLIEST:
            raise Rejected(f"date before {EARLIEST.year}")
        if post.published > post.collected + FUTURE:
            raise Rejected("date in the future")
    for name, limit in LONGEST.items():
        if len(getattr(post, name) or "") > limit:
            raise Rejected(f"{name} longer than {limit} characters")
    for name in COUNTS:
        count = getattr(post, name)
        # A platform's likes may be less those who disliked.
        if count is not None and not (-MOST if name == "likes" else 0) <= count <= MOST:
            raise Rejected(f"{name} is no possible number")


class Mapper:
    """Maps the items of one target. Raises CollectError at once where the target's own `about` is no watched brand."""

    def __init__(self, target: Target, brands: Brands) -> None:
        self.target = target
        self.brands = brands
        self._said: dict[str, str] = {}
        self._always: tuple[str, ...] = ()
        if target.brand is not None:
            brand = brands.by_name(target.brand)
            if brand is None:
                raise CollectError(f"about: {target.brand!r} isn't in brands.yaml: add it there, or mend the target")
            self._always = (brand.slug,)

    def post(self, item: Item, collected: datetime) -> Post:
        """The post, with slugs of the brands it is about. Raises Rejected with the reason."""
        if wrong := item.given_up or item.unreadable:
            raise Rejected(wrong)
        post = as_its_source_says(item.raw, self.target, collected)
        about = dict.fromkeys([*self._always, *(self._slug(name) for name in post.about)])
        return _finished(post, self.target, tuple(about), post.author_id in self.brands.official)

    def _slug(self, name: str) -> str:
        if name not in self._said:
            self._said[name] = company(name, self.target, self.brands)
        return self._said[name]


def company(name: str, target: Target, brands: Brands) -> str:
    """Slug of the brand that a source calls so. Raises Rejected where it is not watched."""
    about = target.about
    mapping = about.mapping if isinstance(about, AboutItem) else {}
    brand = brands.by_name(mapping.get(name.strip(), name))
    if brand is None:
        raise Rejected(f"company not in brands.yaml: {name.strip()}")
    return brand.slug
