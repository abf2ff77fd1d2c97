"""What the looks of a run mean, together with those before it: which posts are gone, and where rather something else has happened.

The rule to know: a site that moved, broke or shut its guests out does so for many posts at once, and forgetting is final. So what many
show alike, be it that they are gone or a new text, is held against those looked at within the same time, and then nothing is believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawlers.every_target import Recheck
from crawlers.field import interval
from crawlers.look import Fate, Look
from crawlers.looked import Alike, Held, Memory
from crawlers.post import Post
from crawlers.source import Item
from crawlers.target import Target
from crawlers.wall import QUOTED, SAME, mark_of, without_numbers

ENOUGH = 10
"""Posts from which on the share of those that seem gone says something; of fewer only that all of them do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a target's `recheck` says, as lengths of time."""

    age: timedelta
    every: timedelta
    confirm: timedelta
    most: int
    share: float

    @classmethod
    def of(cls, target: Target, said: Recheck) -> Rules:
        """What the file says, with what its kind has where it says nothing."""
        age, every, confirm = (interval(f"every {span}") or timedelta(0) for span in (said.age, said.every, said.confirm))
        return cls(age=age, every=every, confirm=confirm, most=said.most or target.looked_at, share=said.share)


@dataclass(frozen=True, slots=True)
class Change:
    """A post that its source shows otherwise than it was known."""

    item: Item
    post: Post
    before: Post | None
    edited: bool
    """Whether its author says something else; else it has other figures."""

    @property
    def text(self) -> str:
        """Mark of its text, where that is another one; numbers in it make none."""
        now, before = (_mark(post.text) if post else "" for post in (self.post, self.before))
        return now if self.edited and now != before else ""

    @property
    def author(self) -> str:
        """Mark of who wrote it, as it was known; a wall may hide that too."""
        known = self.before or self.post
        return mark_of(known.author_id or known.author_name or known.id)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the looks of a run mean, together with what was seen before."""

    looks: list[Look]
    """As they count: what is held to be overwritten is untold."""
    memory: list[Memory]
    gone: list[tuple[str, str]]
    """Posts that are gone, each with its sign."""
    held: Held | None
    alike: Alike | None
    overwritten: frozenset[str]
    """Posts that show what is none's."""


def judged(
    looks: Iterable[Look], before: dict[str, Memory], rules: Rules, now: datetime, changes: Mapping[str, Change] | None = None
) -> Verdict:
    """What the looks mean. Others of the same time count too, so that a run that only confirms is not taken for an outage."""
    changes, looks = changes or {}, list(looks)
    fresh = {one.id: one for one in before.values() if one.at > now - rules.every}
    same = _same_text(changes, [one for one in fresh.values() if one.id not in {look.id for look in looks}])
    overwritten = frozenset(id for id, change in changes.items() if change.text in same)
    looks = [replace(look, fate=Fate.UNTOLD, sign="the same new text as others") if look.id in overwritten else look for look in looks]
    seen = [_remembered(look, before.get(look.id), changes.get(look.id), now) for look in looks]
    fresh |= {one.id: one for one in seen}
    gone = [one for one in seen if one.fate is Fate.GONE]
    held = _held([one for one in fresh.values() if one.fate in (Fate.HERE, Fate.GONE)], gone, rules) if gone else None
    memory, marked = [], []
    for look, one in zip(looks, seen, strict=True):
        since = one.since
        if look.fate is Fate.HERE:
            since = None
        elif look.fate is Fate.GONE and (held is None or (held.deep and look.depth is None)):
            if since is not None and since <= now - rules.confirm:
                marked.append((look.id, look.sign))
            since = since or now
        memory.append(replace(one, since=since))
    told = next((changes[id].post.text for id in changes if id in overwritten), "")
    alike = Alike(same[_mark(told)], " ".join(told.split())[:QUOTED]) if overwritten else None
    return Verdict(looks, memory, marked, held, alike, overwritten)


def _remembered(look: Look, last: Memory | None, change: Change | None, now: datetime) -> Memory:
    said, author = (change.text, change.author) if change and change.text else ("", "")
    return Memory(look.id, now, look.fate, last.since if last else None, depth=look.depth, said=said, author=author)


def _same_text(changes: Mapping[str, Change], others: Iterable[Memory]) -> dict[str, int]:
    """Marks of texts that posts of so many authors show in the place of their own that they are none's, and of how many posts.

    An author who overwrites all of theirs is one author, and is taken at their word.
    """
    shown = {(change.text, change.author, id) for id, change in changes.items() if change.text}
    shown |= {(one.said, one.author, one.id) for one in others if one.said}
    authors = Counter(text for text, _ in {(text, author) for text, author, _ in shown})
    posts = Counter(text for text, _, _ in shown)
    return {text: posts[text] for text, many in authors.items() if many >= SAME}


def _held(told: Sequence[Memory], gone: Sequence[Memory], rules: Rules) -> Held | None:
    """Why none is marked, where too many seem gone: of all, or of those that stand as far down the pages of their topics.

    A page may show the beginning of its topic only. Then no topic shows more, while most posts may stand at a beginning.
    """
    began = min((one.since for one in gone if one.since), default=None)
    if too_many := _too_many(told, began, rules):
        return Held(*too_many, rules.share)
    for depth in sorted({one.depth for one in told if one.fate is Fate.GONE and one.depth is not None}):
        as_far = [one for one in told if one.depth is not None and one.depth >= depth]
        if too_many := _too_many(as_far, began, rules):
            return Held(*too_many, rules.share, deep=True)
    return None


def _too_many(told: Sequence[Memory], began: datetime | None, rules: Rules) -> tuple[int, int] | None:
    """How many of how many posts seem gone, where that is too many.

    Few of them have no share that says anything, but all may seem gone: more than one, and none was there since the first of them did.
    """
    if few := len(told) < ENOUGH:
        told = [one for one in told if began is None or one.at >= began]
    seem = sum(one.fate is Fate.GONE for one in told)
    if few and not 1 < seem == len(told):
        return None
    return (seem, len(told)) if seem > rules.share * len(told) else None


def _mark(text: str) -> str:
    return mark_of(without_numbers(text) or text)
