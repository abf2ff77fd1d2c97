"""Doubts about a preview: what its posts have in every field, and what looks as if a selector or a column were wrong.

The rule to know: a doubt is a question to whoever wrote the target, never a reason to reject anything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import islice
from typing import Any

from crawlers.post import Post, Precision, iso
from crawlers.preview import Shown
from crawlers.reason import told, without_addresses
from crawlers.run import Outcome

FEW = 4
"""Fewer posts share by chance what is as ordinary as an author or a short line."""
OFTEN = 0.5
"""Share of the posts from which on something counts as the rule."""
SHARED_LINE = 15
"""Characters of a line that people do not write twice by chance: longer than a greeting."""
EXAMPLE = 60
"""Characters of a value that stands as an example."""
_CUT = re.compile(r"(?:…|\.\.\.|читать (?:далее|полностью|ещё)|read more)\W*$", re.IGNORECASE)
_GIVEN = frozenset({"source", "targets", "collected", "published_precision"})
"""Fields that say how a post was fetched or how another field is meant: the same for all, or seen there."""
_UNTOLD = _GIVEN | {"id", "official"}
"""Fields that no source fills."""


def filled(post: Post) -> Iterator[tuple[str, str]]:
    """Each field that the post has, and its value in one line."""
    for name in (field.name for field in fields(Post) if field.name not in _GIVEN):
        if (value := getattr(post, name)) not in (None, "", ()) and value is not False:
            day = name == "published" and post.published_precision is Precision.DAY
            yield name, _line(value)[:10] if day else _line(value)


def coverage(posts: Sequence[Post]) -> list[tuple[str, int, str]]:
    """Each field that a source may fill: its name, in how many posts it is filled, and its first value."""
    found = []
    for name in (field.name for field in fields(Post) if field.name not in _UNTOLD):
        values = [value for post in posts if (value := getattr(post, name)) not in (None, "", ())]
        found.append((name, len(values), cut(_line(values[0]), EXAMPLE) if values else ""))
    return found


def cut(text: str, most: int) -> str:
    """The text, or its beginning and a mark that it goes on."""
    return text if len(text) <= most else f"{text[:most]}…"


def missed(shown: Shown) -> Iterator[str]:
    """What could not be had, with the reasons: a run would take less of it, or later."""
    posts = [sample.post for sample in shown.samples if sample.post is not None]
    lacks: Counter[str] = Counter()
    for sample in shown.samples:
        why = f" ({without_addresses(sample.why)[0]})" if sample.why else ""
        lacks.update(f"without {what}{why}" for what in sample.without)
    for said, many in lacks.most_common():
        yield f"{_of(many, posts, 'comes', 'come')} {said}"
    if many := shown.counts.outcomes[Outcome.DEFERRED]:
        why = told(shown.counts.waiting)
        place = next((place for reason, place in shown.counts.places.items() if reason in shown.counts.waiting), None)
        more = f" ({why}{f'; the first is {place}' if place else ''})" if why else ""
        yield f"{many} {'page' if many == 1 else 'pages'} could not be had; a run puts {'it' if many == 1 else 'them'} off{more}"


def doubts(posts: Sequence[Post], now: datetime) -> Iterator[str]:
    """What looks wrong, a sentence each."""
    if posts:
        yield from _authors(posts)
        yield from _dates(posts, now)
        yield from _texts(posts)


def _authors(posts: Sequence[Post]) -> Iterator[str]:
    if unnamed := sum(post.author_name is None and post.author_id is None for post in posts):
        yield f"{_of(unnamed, posts, 'has', 'have')} no author: nobody's opinion can be followed over time"
    named = [post.author_name for post in posts if post.author_name]
    if len(named) == len(posts) >= FEW and len(set(named)) == 1 and len({post.author_id for post in posts}) == 1:
        yield f"all {len(posts)} posts have the author {named[0]!r}: is it the site's own name?"


def _dates(posts: Sequence[Post], now: datetime) -> Iterator[str]:
    dated = [post.published for post in posts if post.published is not None]
    if undated := len(posts) - len(dated):
        yield f"{_of(undated, posts, 'has', 'have')} no date: what is undated enters no period and no trend"
    if future := sum(date > now for date in dated):
        yield f"{_of(future, posts, 'is', 'are')} dated in the future: is `timezone` right, and the order of day and month?"
    if len(dated) >= 2 and len(set(dated)) == 1:
        yield f"all dates are {iso(dated[0])}: is it the page's date, or that of its making?"


def _texts(posts: Sequence[Post]) -> Iterator[str]:
    often = max(2, OFTEN * len(posts))
    [(text, same)] = Counter(post.text for post in posts).most_common(1)
    if text and same >= often:
        yield f"{_of(same, posts, 'has', 'have')} the same text: {cut(_line(text), EXAMPLE)!r}"
    else:
        lines = Counter(line for post in posts for line in {line.strip() for line in post.text.splitlines()} if line)
        shared = (
            line for line, times in lines.most_common() if times >= often and (len(line) >= SHARED_LINE or times == len(posts) >= FEW)
        )
        for line in islice(shared, 3):
            yield f"{lines[line]} of {len(posts)} texts have the line {cut(line, EXAMPLE)!r}: a menu, a signature, a quote?"
    if (broken := sum(bool(_CUT.search(post.text)) for post in posts)) >= often:
        yield f"{broken} of {len(posts)} texts break off (`…`): are they teasers of longer ones?"


def _of(some: int, posts: Sequence[Post], one: str, more: str) -> str:
    return f"{some} of {len(posts)} posts {one if some == 1 else more}"


def _line(value: Any) -> str:
    text = iso(value) or "" if isinstance(value, datetime) else ", ".join(value) if isinstance(value, tuple) else f"{value}"
    return " ".join(text.split())
