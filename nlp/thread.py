"""Threads: an answer that names no company is about the company of the post it answers.

The rule to know: what is inherited depends on raw posts alone (the batch and the twenty before it), never on what was
tagged earlier, so that any order of work gives the same mentions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from crawlers.post import Post
from nlp.brands import Finder, Subject

LONGEST = 100
"""Answers to answers that are followed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What later posts need of a post: its own brands, and what it answers."""

    brands: tuple[str, ...]
    answers: str | None


Earlier = Callable[[set[str]], Mapping[str, Known]]
"""Finds posts of earlier batches by their ids; what it does not know is left out."""


def nothing_earlier(wanted: set[str]) -> Mapping[str, Known]:
    """There are no earlier posts."""
    return {}


def known(post: Post, subjects: Iterable[Subject]) -> Known:
    """What later posts need of this one."""
    return Known(tuple(dict.fromkeys(subject.brand for subject in subjects)), post.in_reply_to)


def subjects_of(posts: list[Post], finder: Finder, earlier: Earlier = nothing_earlier) -> list[list[Subject]]:
    """The subjects of each post; a post without any inherits the brands of the nearest post above it that has some."""
    found = [finder.find(post) for post in posts]
    by_id = {post.id: known(post, subjects) for post, subjects in zip(posts, found, strict=True)}
    for at, post in enumerate(posts):
        if not found[at] and post.in_reply_to:
            found[at] = finder.find(post, _inherited(by_id, post.in_reply_to, earlier))
    return found


def _inherited(by_id: dict[str, Known], answered: str | None, earlier: Earlier) -> tuple[str, ...]:
    seen: set[str] = set()
    while answered and answered not in seen and len(seen) < LONGEST:
        seen.add(answered)
        if answered not in by_id:
            by_id.update(earlier({answered}))
        above = by_id.get(answered)
        if above is None or above.brands:
            return above.brands if above else ()
        answered = above.answers
    return ()
