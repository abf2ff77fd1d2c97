"""Looking again at recent posts of a target: what its source shows no more is marked as gone, what was edited, or has new figures, is
collected again.

The rule to know: a run decides nothing before it has ended, and then in this order: edits, marks, memory, log. Killed before, it leaves
nothing; killed between, the next run finds what is marked marked, and does the rest again. What the looks mean is said by
`crawlers/verdict.py`.
"""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawlers.archive import Archive, post_of_line
from crawlers.brand import read_brands
from crawlers.child import Progress, run_child
from crawlers.disk import Busy, lines_of, locked
from crawlers.link import hidden
from crawlers.look import Fate, Known, Look, write_known
from crawlers.looked import EDITS, Looks, Memory, Rechecked, gone_posts, log, looks_path, mark_gone
from crawlers.mapping import is_collector, mapped_again, source
from crawlers.post import Post, iso, whole_milliseconds
from crawlers.run import Outcome
from crawlers.scratch import scratch
from crawlers.seen import content_hash
from crawlers.source import CollectError, Item, Page, Rejected
from crawlers.target import Target, target_from_json
from crawlers.verdict import Change, Rules, Verdict, judged
from crawlers.writer import Writer

REACTIONS = ("views", "likes", "shares", "replies")
"""Figures of a post's own."""
LOOK_PIPELINE = json.dumps({"crawlers.pipelines.LookPipeline": 300})


def recheck(
    target: Target,
    *,
    data: Path,
    config: Path,
    now: datetime | None = None,
    dry_run: bool = False,
    at_once: bool = False,
    progress: Progress | None = None,
    tell: Callable[[Known, Look], None] | None = None,
) -> Rechecked:
    """Look again at the posts of a target that are due, `at_once` also at those that seemed gone last: a person wants to know.

    `tell` hears of each post that seems gone; a dry run writes nothing.

    Raises CollectError with what to mend where it can't begin.
    """
    if target.recheck is None:
        raise CollectError(f"{target.name}: its posts are not looked at again (`recheck: false`)")
    rules, archive = Rules.of(target, target.recheck), Archive(data)
    now = whole_milliseconds(now or datetime.now(UTC))
    path = looks_path(data, target.name)
    with locked(path.parent, target.name, doing="looked at again"):
        looked = Looks(None if dry_run and not path.exists() else path)
        with closing(looked):
            before = looked.all()
            known = chosen(target, archive, rules, before, now, at_once=at_once)
            looks, error = look_at(target, list(known.values()), data=data, config=config, progress=progress)
            changes = newer(target, looks, known, now)
            verdict = judged(looks, before, rules, now, changes)
            for look in looks:
                if tell is not None and look.fate is Fate.GONE:
                    tell(known[look.id], look)
            found = _summed(target, verdict, error, now)
            if dry_run or not (looks or error):
                return found
            own = [change for id, change in changes.items() if id not in verdict.overwritten]
            kinds = ([change.item for change in own if change.edited is edited] for edited in (True, False))
            edited, counted = _keep(target, *kinds, data=data, config=config)
            found = replace(found, edited=edited, counted=counted)
            mark_gone(archive, target.name, verdict.gone, now=now, since={one.id: one.since or now for one in before.values()})
            looked.note(verdict.memory, forget_before=now - 2 * (rules.age + rules.every + rules.confirm))
            if found.looked or error:
                log(archive, found)
    return found


def chosen(
    target: Target, archive: Archive, rules: Rules, before: dict[str, Memory], now: datetime, *, at_once: bool = False
) -> dict[str, Known]:
    """The posts to look at by their ids: what waits to be confirmed, then day by day the newest, of each day the most shown first."""
    if not can_tell(target):
        return {}
    gone = gone_posts(archive, target.name)
    seemed = {one.id for one in before.values() if at_once and one.fate is Fate.GONE} - gone
    spent = sum(one.at > now - rules.every and one.fate is not Fate.UNASKED and one.id not in seemed for one in before.values())
    if (budget := rules.most - spent) <= 0:
        return {}
    due = ((_rank(post, before, seemed), known) for post, known in _recent(target, archive, rules, before, now, seemed, gone))
    best = heapq.nlargest(budget, due, key=lambda ranked: ranked[0])
    return {known.id: known for _, known in best}


def can_tell(target: Target) -> bool:
    """Whether anything can tell of this kind's posts that they are gone."""
    return not is_collector(target.kind) or hasattr(source(target.kind), "second_looks")


def _rank(post: Post, before: dict[str, Memory], seemed: set[str]) -> tuple[bool, int, int, str]:
    last = before.get(post.id)
    waits = post.id in seemed or (last is not None and last.since is not None)
    shown = post.reach_measured or post.reach_estimated or post.likes or 0
    return waits, (post.published or post.collected).toordinal(), shown, post.id


def _recent(
    target: Target, archive: Archive, rules: Rules, before: dict[str, Memory], now: datetime, seemed: set[str], gone: set[str]
) -> Iterator[tuple[Post, Known]]:
    """The posts that are due and those that `seemed` gone, each as the newest batch has it; none that is `gone` already.

    Nor those that were collected while the target was of another kind.
    """
    oldest = now - rules.age
    passed = set(gone)
    for batch in reversed(archive.batches(target.name)):
        if datetime.fromisoformat(batch.manifest["closed"]) < oldest - rules.every - rules.confirm:
            return
        if batch.manifest["snapshot"]["kind"] != target.kind:
            continue  # a raw item of another kind names its post otherwise: asked for by that, what is there would seem gone
        snapshot = target_from_json(batch.manifest["snapshot"])
        for line in reversed(list(batch.lines())):
            if line["outcome"] == Outcome.REJECTED or line["id"] in passed:
                continue
            passed.add(line["id"])
            last = before.get(line["id"])
            if not (line["id"] in seemed or _due(last, rules, now)) or (post := post_of_line(line, snapshot)) is None:
                continue
            if (post.published or post.collected) >= oldest or (last is not None and last.since is not None):
                yield post, Known(id=post.id, url=post.url, content=line["content"], raw=line["raw"], published=iso(post.published))


def _due(last: Memory | None, rules: Rules, now: datetime) -> bool:
    if last is None or last.at <= now - rules.every:
        return True
    if last.since is None or last.since > now - rules.confirm:
        return False
    return last.at < last.since + rules.confirm or last.at <= now - rules.confirm  # a look in between, by hand, confirms nothing


def look_at(
    target: Target, known: Sequence[Known], *, data: Path, config: Path, progress: Progress | None = None
) -> tuple[list[Look], str | None]:
    """What is seen of the posts now, and why that was not seen of all of them."""
    if not known:
        return [], None
    if is_collector(target.kind):
        looks: list[Look] = []
        try:
            for look in source(target.kind).second_looks(target, known, data=data):
                looks.append(look)
        except CollectError as error:
            return looks, str(error)
        return looks, None
    with scratch() as folder:
        asked, result = folder / "known.json", folder / "looks.jsonl"
        write_known(known, asked)
        arguments = ["crawl", target.kind, "-a", f"target={target.name}", "-s", f"MOLVA_LOOK={asked}"]
        arguments += ["-s", f"MOLVA_RESULT={result}", "-s", f"ITEM_PIPELINES={LOOK_PIPELINE}"]
        places = {"MOLVA_DATA": str(data.resolve()), "MOLVA_CONFIG": str(config.resolve()), "SCRAPY_SETTINGS_MODULE": "crawlers.settings"}
        said = run_child(arguments, os.environ | places, progress)
        records = list(lines_of(result))
    why = next((record["error"] for record in records if "error" in record), None)
    if why is None and not any("ended" in record for record in records):
        why = f"the spider ended before it had looked{f': {said}' if said else ''}"
    seen = [Look(**record | {"fate": Fate(record["fate"])}) for record in records if "fate" in record]
    return seen, None if why is None else hidden(why, target.secrets)


def newer(target: Target, looks: Iterable[Look], known: dict[str, Known], now: datetime) -> dict[str, Change]:
    """The posts whose author says something else now, and those with other figures, where the look held them whole, by their ids.

    Followers and members alone are no reason: they change for all posts of an author or place, and hardly ever say anything new.
    """
    found = {}
    for look in looks:
        if look.raw is None or (post := _as_shown(look.raw, target, now)) is None or post.id != look.id:
            continue
        before = _as_shown(known[look.id].raw, target, now)
        edited = content_hash(post) != known[look.id].content
        if edited or before is None or _counts_otherwise(post, before):
            found[look.id] = Change(Item(raw=look.raw, address=post.url), post, before, edited)
    return found


def _as_shown(raw: dict[str, Any], target: Target, now: datetime) -> Post | None:
    try:
        return mapped_again(raw, target, now, (), False)
    except Rejected:
        return None


def _counts_otherwise(post: Post, before: Post) -> bool:
    """Whether the look knows another number than was known; one that it does not name says nothing."""
    return any((now := getattr(post, name)) is not None and now != getattr(before, name) for name in REACTIONS)


def _keep(target: Target, *kinds: Sequence[Item], data: Path, config: Path) -> list[int]:
    """Collect posts as a run of its own log does; of each kind so many had changed.

    While the target is being collected they wait: the next look sees them again.
    """
    if not any(kinds):
        return [0] * len(kinds)
    try:
        with Writer(target, read_brands(config), data=data, again=True, log=EDITS) as writer:
            return [writer.take(Page(items=tuple(items), cursor={})).count(Outcome.CHANGED) for items in kinds]
    except Busy:
        return [0] * len(kinds)


def _summed(target: Target, verdict: Verdict, error: str | None, now: datetime) -> Rechecked:
    fates = [look.fate for look in verdict.looks]
    marked = len(verdict.gone)
    counts: dict[str, Any] = {"here": fates.count(Fate.HERE), "untold": fates.count(Fate.UNTOLD)}
    counts |= {"gone": marked, "suspected": fates.count(Fate.GONE) - marked}
    ended = max(whole_milliseconds(datetime.now(UTC)), now)
    return Rechecked(target=target.name, started=now, ended=ended, held=verdict.held, alike=verdict.alike, error=error, **counts)
