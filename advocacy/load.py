"""Loading: tagged batches into the index, and the ledgers of the authors in them.

The rule to know: a batch is recorded as loaded only when its posts, its mentions and their authors' ledgers stand. Each of
these steps gives the same result when it is done again, so a load killed at any moment is mended by the next one.

The index holds one reading: one fingerprint of brands and model. After either changes, the old reading is shown until every
collected batch is tagged anew; then the index is rebuilt beside it and takes its place in one step. Until then what has been
collected since is not in the index, because figures of two readings must not be mixed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from advocacy.caught_up import check_desk, newest_seen, record_of
from advocacy.copies import store
from advocacy.correction import applied
from advocacy.desk import Desk, open_desk
from advocacy.forget import CLEAR_OF, finish_forgetting, forget_gone, forget_said, tombstone, tombstones
from advocacy.ledger import enter, refresh
from advocacy.sighting import Sighting, Sightings, one_post
from crawlers.archive import Batch, DamagedBatch
from crawlers.brand import Brands, read_brands
from crawlers.post import Post
from index.query import Index
from nlp.mention import Mention
from nlp.tag import present_fingerprint, read_tagged, remove_stale, tagged, untagged

Entry = Callable[[Index, Sequence[Post], Sequence[Mention], set[str]], int]
"""Stores posts and their mentions, given the keys of the authors whom any sighting names; the number of mentions."""
Progress = Callable[[int, int], None]
"""Told the batches done and the batches in all."""
POSTS_AT_ONCE = 1000
"""Posts written together, as far as whole batches allow: what a kill makes the next load do again."""
SUFFIX = ".jsonl.gz"


class LoadError(Exception):
    """The load can't be done; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load did. Nothing to do is all zeros."""

    batches: int = 0
    posts: int = 0
    mentions: int = 0
    forgotten: int = 0
    """Posts passed over, because they are to stay forgotten."""
    removed: int = 0
    """Posts taken out of the index, because they are gone at their source, or were forgotten elsewhere or by a command that was killed."""
    rebuilt: bool = False
    """The whole index was made anew, from the present reading."""
    waiting: tuple[str, ...] = ()
    """Batches still to be tagged with the present brands and model, before the index can change to their reading."""
    damaged: tuple[str, ...] = ()
    """Batches left out of the new reading, because they can't be read any more."""

    def __str__(self) -> str:
        removed = f"; {self.removed} posts forgotten meanwhile are removed" if self.removed else ""
        if self.waiting:
            return (
                f"brands or model have changed: {len(self.waiting)} batches are still to be tagged anew ({some(self.waiting)}), and until"
                f" then the index shows the reading before the change and nothing collected since{removed}"
            )
        forgotten = f", {self.forgotten} forgotten posts passed over" if self.forgotten else ""
        done = "rebuilt from" if self.rebuilt else "loaded"
        damaged = f"; left out, for they are damaged (restore them from a backup): {some(self.damaged)}" if self.damaged else ""
        return f"{done} {self.batches} batches: {self.posts} posts, {self.mentions} mentions{forgotten}{removed}{damaged}"


def load(index: Index, *, data: Path, config: Path, progress: Progress | None = None) -> Loaded:
    """Load what is tagged with the present brands and model and not in the index yet.

    Raises ModelError and ConfigError where the present model or brands can't be read, TombstoneError, IndexUnavailable,
    DeskUnavailable where the desk can't be read or is another one than the index shows.
    """
    fingerprint = present_fingerprint(config)
    with index.writing():
        with closing(open_desk(data)) as desk:
            check_desk(index, desk)  # before anything is forgotten in a desk that is the wrong one
        removed = finish_forgetting(index, data=data) + forget_gone(index, data=data)
        finish_correcting(index, data=data, config=config)
        return replace(_brought_up_to_date(index, data, config, fingerprint, progress), removed=removed)


def _brought_up_to_date(index: Index, data: Path, config: Path, fingerprint: str, progress: Progress | None) -> Loaded:
    present = keys(data, fingerprint)
    loaded = {key for key in index.loaded() if not key.startswith(CLEAR_OF)}
    if all(key.startswith(f"{fingerprint}/") for key in loaded):
        wanted = [key for key in present if key not in loaded]
        record = _seen_from_the_start(data, fingerprint) if not loaded and present else None
        done = _load(index, wanted, present, enter, data=data, config=config, fingerprint=fingerprint, progress=progress)
        if record:
            index.replace([], [], batch=record)
        return done
    waiting, damaged = still_untagged(data, config)
    if waiting or not present:
        return Loaded(waiting=waiting)
    return replace(_rebuilt(index, present, data, config, fingerprint, progress), damaged=damaged)


def rebuild(index: Index, *, data: Path, config: Path, progress: Progress | None = None) -> Loaded:
    """Make the index anew out of all tagged batches; readers go on with the old one until it is done.

    Raises LoadError where some collected batch is not tagged with the present brands and model, for the index would lose it.
    """
    fingerprint = present_fingerprint(config)
    waiting, damaged = still_untagged(data, config)
    if waiting:
        raise LoadError(
            f"{len(waiting)} batches are not tagged with the present brands and model ({some(waiting)}): run `python -m nlp tag`."
        )
    if not (present := keys(data, fingerprint)):
        raise LoadError(f"Nothing is tagged in {data}: collect and tag first, or set MOLVA_DATA to the folder that holds the batches.")
    with index.writing():
        rebuilt = _rebuilt(index, present, data, config, fingerprint, progress)
        finish_forgetting(index, data=data)
        forget_gone(index, data=data)
        return replace(rebuilt, damaged=damaged)


def still_untagged(data: Path, config: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Batches to wait for, and those that can't be read and so never will be tagged; the latter only where no other is left."""
    untouched = untagged(data, config)
    if any(map(is_readable, untouched)):
        return tuple(batch.key for batch in untouched), ()
    return (), tuple(batch.key for batch in untouched)


def is_readable(batch: Batch) -> bool:
    """Whether the batch can be read to its end."""
    try:
        for _ in batch.lines():
            pass
    except DamagedBatch:
        return False
    return True


def some(batches: Sequence[str], most: int = 5) -> str:
    """The names of a few batches, and how many more there are."""
    named = ", ".join(batches[:most])
    return named if len(batches) <= most else f"{named} and {len(batches) - most} more"


def keys(data: Path, fingerprint: str) -> dict[str, Path]:
    """The tagged batches of one reading: key in the index, `<fingerprint>/<target>/<number>`, -> file."""
    return {f"{fingerprint}/{path.parent.name}/{path.name.removesuffix(SUFFIX)}": path for path in tagged(data, fingerprint)}


def finish_correcting(index: Index, *, data: Path, config: Path) -> None:
    """Make anew the posts whose corrections the index has not seen; the caller holds the writer's lock.

    The index records the newest correction that it has seen, so that what a kill cut off is done by the next load. What was said
    of a post while it was being forgotten goes too.
    """
    loaded = index.loaded()
    with closing(open_desk(data)) as desk:
        for fingerprint in sorted({key.partition("/")[0] for key in loaded}):
            record = record_of(fingerprint, desk)
            if record is None or record in loaded or not (present := keys(data, fingerprint)):
                continue
            changed = desk.posts_since(newest_seen(loaded, fingerprint, desk))
            forget_said(desk, changed, data=data)
            _make_anew(index, changed, present, desk, read_brands(config), data / "tagged" / fingerprint)
            index.replace([], [], batch=record)


def _make_anew(index: Index, posts: Set[str], present: Mapping[str, Path], desk: Desk, brands: Brands, folder: Path) -> None:
    """Write again those of the posts that the index holds, of all their sightings."""
    seen = sightings_in({post for post in posts if index.post(post) is not None}, present, folder)
    for portion in _portions(list(seen.values())):
        united = _corrected([one_post(versions) for versions in portion], desk, brands)
        _enter(index, united, portion, enter)


def sightings_in(posts: Set[str], present: Mapping[str, Path], folder: Path) -> dict[str, list[Sighting]]:
    """Post id -> its sightings in the present batches of the folder of one reading."""
    with registered(folder / "sightings.sqlite") as sightings:
        sightings.register(present)
        return all_sightings(posts, present, sightings)


def _corrected(united: Sequence[Sighting], desk: Desk, brands: Brands) -> list[Sighting]:
    """The posts with what people say of them in the place of what the model said: the one place where that happens."""
    said = desk.of(post.id for post, _ in united)
    return [(post, applied(post, mentions, said.get(post.id, ()), brands)) for post, mentions in united]


def _enter(index: Index, united: Sequence[Sighting], portion: Sequence[list[Sighting]], entry: Entry) -> int:
    authors = {post.author_key for versions in portion for post, _ in versions} | {post.author_key for post, _ in united}
    return entry(index, [post for post, _ in united], [mention for _, found in united for mention in found], authors)


def _rebuilt(index: Index, present: Mapping[str, Path], data: Path, config: Path, fingerprint: str, progress: Progress | None) -> Loaded:
    """Everything present in a fresh index, which nobody reads before its end: so the ledgers come once, at the end."""
    authors: set[str] = set()

    def enter_without_ledgers(fresh: Index, posts: Sequence[Post], mentions: Sequence[Mention], theirs: set[str]) -> int:
        authors.update(theirs)
        return store(fresh, posts, mentions)

    record = _seen_from_the_start(data, fingerprint)
    with index.rebuild() as fresh:
        entry = enter_without_ledgers
        done = _load(fresh, list(present), present, entry, data=data, config=config, fingerprint=fingerprint, progress=progress)
        refresh(fresh, authors)
        if record:
            fresh.replace([], [], batch=record)
    remove_stale(data, fingerprint)
    return replace(done, rebuilt=True)


def _seen_from_the_start(data: Path, fingerprint: str) -> str | None:
    """What an index records that is about to be filled: it sees what the desk holds now, but not what is said from here on.

    Nothing that was said of a post while it was being forgotten is left to be seen.
    """
    with closing(open_desk(data)) as desk:
        forget_said(desk, desk.posts_since(0), data=data)
        return record_of(fingerprint, desk)


def _load(
    index: Index,
    wanted: Sequence[str],
    present: Mapping[str, Path],
    entry: Entry,
    *,
    data: Path,
    config: Path,
    fingerprint: str,
    progress: Progress | None,
) -> Loaded:
    """The wanted batches, small ones together; each post is made of all its sightings, so that once in a run is enough."""
    if not wanted:
        return Loaded()
    gone = tombstones(data)
    loaded: set[str] = set()
    passed_over: set[str] = set()
    batches = mentions = 0
    brands = read_brands(config)
    with closing(open_desk(data)) as desk, registered(data / "tagged" / fingerprint / "sightings.sqlite") as sightings:
        sightings.register(present)
        for group in _groups(wanted, sightings):
            if progress is not None:
                progress(batches, len(wanted))
            ids = {post_id for key in group for post_id in sightings.posts_of(key)}
            buried = {post_id for post_id in ids if tombstone(post_id) in gone} if gone else set()
            seen = all_sightings(ids - buried - loaded, present, sightings)
            for portion in _portions(list(seen.values())):
                united = _corrected([one_post(versions) for versions in portion], desk, brands)
                mentions += _enter(index, united, portion, entry)
            for key in group:
                index.replace([], [], batch=key)
            batches += len(group)
            loaded |= seen.keys()
            passed_over |= buried
    if progress is not None:
        progress(batches, len(wanted))
    return Loaded(batches=batches, posts=len(loaded), mentions=mentions, forgotten=len(passed_over))


def _groups(wanted: Iterable[str], sightings: Sightings) -> Iterator[list[str]]:
    """The batches in their order, small ones together: a write costs much the same for one post and for hundreds."""
    group: list[str] = []
    posts = 0
    for key in wanted:
        group.append(key)
        posts += len(sightings.posts_of(key))
        if posts >= POSTS_AT_ONCE:
            yield group
            group, posts = [], 0
    if group:
        yield group


def _portions(seen: Sequence[list[Sighting]]) -> Iterator[Sequence[list[Sighting]]]:
    for start in range(0, len(seen), POSTS_AT_ONCE):
        yield seen[start : start + POSTS_AT_ONCE]


@contextmanager
def registered(path: Path) -> Iterator[Sightings]:
    """The cache of sightings, its failures said in one sentence; those of the index are its own to say."""
    try:
        with closing(Sightings(path)) as sightings:
            yield sightings
    except sqlite3.Error as error:
        raise LoadError(f"{path} can't be used ({error}): free space or mend its permissions, then load again.") from error


def all_sightings(posts: Set[str], present: Mapping[str, Path], sightings: Sightings) -> dict[str, list[Sighting]]:
    """Post id -> its sightings in all present batches."""
    seen: dict[str, list[Sighting]] = {}
    for key, held in sorted(sightings.batches_of(sorted(posts)).items()):
        if key in present:
            for sighting in read_tagged(present[key]):
                if sighting[0].id in held:
                    seen.setdefault(sighting[0].id, []).append(sighting)
    return seen
