"""Which outcome an item has: new, changed, known, too old, or of no use.

The rule to know: what keeps and what only shows decide alike, because both ask here.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

from crawlers.brand import Brands
from crawlers.link import hidden, within
from crawlers.mapping import Mapper
from crawlers.post import Post, iso
from crawlers.run import Counts, Outcome
from crawlers.seen import Known, reject_key, to_know
from crawlers.source import Item, LeftOut, Rejected
from crawlers.target import Target


class Sorter:
    """Decides the outcome of an item; shared by what keeps and what only shows."""

    def __init__(self, target: Target, brands: Brands, since: datetime | None) -> None:
        self._mapper = Mapper(target, brands)
        self._secrets = target.secrets
        self._since = since

    def sort(self, item: Item, collected: datetime, seen: Known, counts: Counts) -> tuple[Outcome, Post | None, dict[str, Any] | None]:
        """The outcome, the post where it is one, and the line to keep where there is something to keep."""
        item = self._without_keys(_of_whole_characters(item))
        try:
            post = self._mapper.post(item, collected)
        except Rejected as reason:
            judged = item.given_up is None and not isinstance(reason, LeftOut)
            return self._rejected(item, hidden(str(reason), self._secrets), collected, seen, counts, judged=judged)
        if self._since is not None and post.published is not None and post.published < self._since:
            return Outcome.OLDER, post, None
        before = seen.find(post.id)
        content, figures = to_know(post, before)
        if before == (content, figures):
            return Outcome.REPEATED, post, None
        seen.add(post.id, content, figures)
        outcome = Outcome.KEPT if before is None else Outcome.CHANGED
        if post.published is None:
            counts.undated += 1
        counts.without.update(item.without)
        line = {"outcome": outcome, "id": post.id, "content": content, "figures": figures} | _common(item, collected)
        if post.about:
            line["about"] = post.about
        if post.official:
            line["official"] = True
        return outcome, post, line

    def _without_keys(self, item: Item) -> Item:
        if not self._secrets:
            return item
        address = None if item.address is None else hidden(item.address, self._secrets)
        return dataclasses.replace(item, raw=within(item.raw, hidden, self._secrets), address=address)

    @staticmethod
    def _rejected(
        item: Item, reason: str, collected: datetime, seen: Known, counts: Counts, *, judged: bool
    ) -> tuple[Outcome, Post | None, dict[str, Any] | None]:
        key = reject_key(item.raw, item.line)
        if seen.find(key) is not None:
            return Outcome.REPEATED, None, None
        seen.add(key)
        counts.reject(reason, place_of(item), given_up=not judged)
        line = {"outcome": Outcome.REJECTED, "reason": reason} | ({} if judged else {"given_up": True})
        return Outcome.REJECTED, None, line | _common(item, collected)


def place_of(item: Item) -> str:
    """Where an item stood, for people: the line of its file, or the address of its page."""
    return f"line {item.line}" if item.line is not None else item.address or ""


def _of_whole_characters(item: Item) -> Item:
    """The item without halves of characters, which no file can hold: what is mapped again from the batch gives the same post."""
    text = json.dumps(item.raw, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return dataclasses.replace(item, raw=json.loads(text.encode("utf-8", "ignore")))
    return item


def _common(item: Item, collected: datetime) -> dict[str, Any]:
    line: dict[str, Any] = {"collected": iso(collected)}
    if item.line is not None:
        line["line"] = item.line
    if item.address is not None:
        line["address"] = item.address
    line["raw"] = item.raw
    return line
