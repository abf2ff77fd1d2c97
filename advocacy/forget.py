"""Forgetting: a post that its author took back, or that has to go, leaves the index and never returns by loading.

The rule to know: a tombstone is written first, then the post goes. Each index records which tombstones it is clear of, so
that its next load finishes a forgetting that was killed, or that was done in another index of the same data. A tombstone is
a hash: it recognises the post and tells nobody which it was.

What was deleted at its source, as second looks have found it, is forgotten by the next load in the same way.

Forgetting reaches the index, the authors' documents and the desk. Raw and tagged batches still hold the post.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from advocacy.caught_up import check_desk
from advocacy.desk import Desk, open_desk
from advocacy.ledger import enter
from crawlers.archive import Archive
from crawlers.looked import all_gone
from crawlers.page import canonical
from crawlers.post import Post, iso
from index.lock import WriterLock
from index.query import Index, askable
from nlp.tag import read_tagged, tagged
from nlp.whole import whole

POSTS_AT_ONCE = 500
_DIGEST = re.compile("[0-9a-f]{64}")
CLEAR_OF = "forgotten/"
"""How the records begin by which an index knows the tombstones that it is clear of."""


class TombstoneError(Exception):
    """The tombstones can't be read; the message is one sentence that says what to do."""


def forget(index: Index, post_ids: Iterable[str], *, data: Path) -> int:
    """Take the posts (by `Post.id`) out of the index for good; how many of them it held. Raises DeskUnavailable."""
    with index.writing():
        return _forget(index, sorted(set(post_ids)), data)


def forget_gone(index: Index, *, data: Path) -> int:
    """Forget what is marked as gone at its source (`python -m crawlers recheck`) and has no tombstone yet; how many posts the index held.

    The caller holds the writer's lock. Cut off, the next load does it again.
    """
    known = tombstones(data)
    fresh = sorted(post for post in all_gone(Archive(data)) if tombstone(post) not in known)
    if not fresh:
        return 0
    with closing(open_desk(data)) as desk:
        desk.forget(fresh)  # before the tombstones, by which the next load would take it for done
    return _forget(index, fresh, data)


def _forget(index: Index, wanted: Sequence[str], data: Path) -> int:
    with closing(open_desk(data)) as desk:
        check_desk(index, desk)
        known = tombstones(data)
        _clear(index, known)
        bury(wanted, data=data)
        desk.forget(wanted)
        posts = [post for post_id in wanted if (post := index.post(post_id)) is not None]
        _remove(index, posts)
        _record(index, known.union(map(tombstone, wanted)))
    return len(posts)


def forget_said(desk: Desk, posts: Iterable[str], *, data: Path) -> set[str]:
    """Remove from the desk what was said of those of the posts that are forgotten, for somebody may speak meanwhile; these posts."""
    gone = tombstones(data)
    if buried := {post for post in posts if tombstone(post) in gone}:
        desk.forget(buried)
    return buried


def finish_forgetting(index: Index, *, data: Path) -> int:
    """Remove what has a tombstone and still stands in the index; how many posts. The caller holds the writer's lock."""
    return _clear(index, tombstones(data))


def _clear(index: Index, gone: Collection[str]) -> int:
    if not gone or _record_of(gone) in index.loaded():
        return 0
    posts = [post for post in index.posts() if tombstone(post.id) in gone]
    _remove(index, posts)
    _record(index, gone)
    return len(posts)


def _remove(index: Index, posts: Sequence[Post]) -> None:
    """The posts go last: where a kill comes before, they are found again, and with them their authors and their copies."""
    for start in range(0, len(posts), POSTS_AT_ONCE):
        some = posts[start : start + POSTS_AT_ONCE]
        enter(index, some, [], {post.author_key for post in some})
        index.forget(post.id for post in some)


def _record(index: Index, gone: Collection[str]) -> None:
    index.replace([], [], batch=_record_of(gone))


def _record_of(gone: Collection[str]) -> str:
    return CLEAR_OF + hashlib.sha256("".join(sorted(gone)).encode()).hexdigest()


def posts_named(index: Index, names: Iterable[str], *, data: Path) -> dict[str, set[str]]:
    """Name -> the ids of the posts that it names: by their id, by the id of a mention of them, or by their address.

    Several posts can stand at one address. None where neither the index nor a tagged batch nor a tombstone knows the name.
    """
    gone = tombstones(data)
    found: dict[str, set[str]] = {}
    by_id: defaultdict[str, set[str]] = defaultdict(set)
    by_address: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        ids = askable((name, name.rsplit("/", 2)[0]))  # a mention's id is its post's, the brand and the product
        found[name] = {each for each in ids if index.post(each) is not None or tombstone(each) in gone}
        if not found[name]:
            by_address[_address(name)].add(name)
            for each in ids:
                by_id[each].add(name)
    for post in chain(index.posts(), _tagged_posts(data)) if by_id else ():
        for name in by_id.get(post.id, set()) | by_address.get(_address(post.url or post.id), set()):
            found[name].add(post.id)
    return found


def _address(name: str) -> str:
    """The canonical form of an address; a name that is none stays as it is."""
    try:
        return canonical(name) if name.lower().startswith(("http://", "https://")) else name
    except ValueError:
        return name


def _tagged_posts(data: Path) -> Iterator[Post]:
    """The posts of all tagged batches, of older readings too."""
    for folder in sorted((data / "tagged").glob("*")):
        for path in tagged(data, folder.name):
            for post, _ in read_tagged(path):
                yield post


def bury(post_ids: Iterable[str], *, data: Path) -> None:
    """Add a tombstone for each post that has none; all of them or, after a kill, none."""
    path = _file(data)
    with WriterLock(path.with_suffix(".lock")).held():
        known = tombstones(data)
        now = iso(datetime.now(UTC))
        lines = [json.dumps({"post": digest, "at": now}) for digest in map(tombstone, post_ids) if digest not in known]
        if lines:
            before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            with whole(path) as file:
                file.write("".join(f"{line}\n" for line in [*before, *lines]).encode())


def tombstones(data: Path) -> frozenset[str]:
    """All tombstones. Raises TombstoneError where a line is none."""
    path = _file(data)
    if not path.exists():
        return frozenset()
    found = set()
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            digest = json.loads(line)["post"]
            if not _DIGEST.fullmatch(digest):
                raise ValueError(digest)
            found.add(digest)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise TombstoneError(
                f"{path}:{number} is no tombstone: restore the file from a backup, or a forgotten post returns."
            ) from error
    return frozenset(found)


def tombstone(post_id: str) -> str:
    """What recognises a forgotten post."""
    return hashlib.sha256(f"forgotten\0{post_id}".encode()).hexdigest()


def _file(data: Path) -> Path:
    return data / "forgotten.jsonl"
