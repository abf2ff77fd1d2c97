"""Doubts about a preview: what its posts have in every field, and what looks as if a selector or a column were wrong.

The rule to know: a doubt is a question to whoever wrote the target, never a reason to reject anything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from crawlers.post import Post, iso

FEW = 4
"""Fewer posts tell nothing."""
OFTEN = 0.5
"""Share of the posts from which on something counts as the rule."""
SHARED_LINE = 12
"""Characters of a line that people do not write twice by chance."""
_CUT = re.compile(r"(?:…|\.\.\.|читать (?:далее|полностью|ещё)|read more)\W*$", re.IGNORECASE)
_GIVEN = frozenset({"id", "source", "targets", "collected", "published_precision", "official"})
"""Fields that every post has, whatever its source says."""


def coverage(posts: Sequence[Post]) -> list[tuple[str, int, str]]:
    """Each field that a source may fill: its name, in how many posts it is filled, and its first value."""
    found = []
    for name in (field.name for field in fields(Post) if field.name not in _GIVEN):
        filled = [value for post in posts if (value := getattr(post, name)) not in (None, "", ())]
        found.append((name, len(filled), _shown(filled[0]) if filled else ""))
    return found


def doubts(posts: Sequence[Post], now: datetime) -> Iterator[str]:
    """What looks wrong, a sentence each."""
    if len(posts) < FEW:
        return
    yield from _authors(posts)
    yield from _dates(posts, now)
    yield from _texts(posts)


def _authors(posts: Sequence[Post]) -> Iterator[str]:
    unnamed = sum(post.author_name is None and post.author_id is None for post in posts)
    if unnamed >= OFTEN * len(posts):
        yield f"{unnamed} of {len(posts)} posts have no author: nobody's opinion can be followed over time"
    named = [post.author_name for post in posts if post.author_name]
    if len(named) == len(posts) and len(set(named)) == 1 and len({post.author_id for post in posts}) == 1:
        yield f"all {len(posts)} posts have the author {named[0]!r}: is it the site's own name?"


def _dates(posts: Sequence[Post], now: datetime) -> Iterator[str]:
    dated = [post.published for post in posts if post.published is not None]
    if len(posts) - len(dated) >= OFTEN * len(posts):
        yield f"{len(posts) - len(dated)} of {len(posts)} posts have no date: they enter no period and no trend"
    if future := sum(date > now for date in dated):
        yield f"{future} of {len(posts)} posts are dated in the future: is `timezone` right, and the order of day and month?"
    if len(dated) >= FEW and len(set(dated)) == 1:
        yield f"all dates are {iso(dated[0])}: is it the page's date, or that of its making?"


def _texts(posts: Sequence[Post]) -> Iterator[str]:
    [(text, same)] = Counter(post.text for post in posts).most_common(1)
    if text and same >= OFTEN * len(posts):
        yield f"{same} of {len(posts)} posts have the same text: {_shown(text)!r}"
    else:
        lines = Counter(line for post in posts for line in {line.strip() for line in post.text.splitlines()} if len(line) >= SHARED_LINE)
        for line, times in lines.most_common(3):
            if times >= max(3, OFTEN * len(posts)):
                yield f"{times} of {len(posts)} texts have the line {_shown(line)!r}: a menu, a signature, a quote?"
    if (cut := sum(bool(_CUT.search(post.text)) for post in posts)) >= OFTEN * len(posts):
        yield f"{cut} of {len(posts)} texts break off (`…`): are they teasers of longer ones?"


def _shown(value: Any) -> str:
    text = iso(value) or "" if isinstance(value, datetime) else ", ".join(value) if isinstance(value, tuple) else f"{value}"
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:60] + "…"
