"""Forgetting: a post that its author took back, or that has to go, leaves the index and never returns by loading.

The rule to know: the work is written down first, then a tombstone, then the post goes, so that a forgetting killed at any
moment is finished by the next load. A tombstone is a hash: it recognises the post and tells nobody which it was.

Forgetting reaches the index, the authors' documents and the desk. Raw and tagged batches still hold the post.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from advocacy.desk import open_desk
from advocacy.ledger import refresh
from crawlers.post import iso
from index.query import Index


def forget(index: Index, post_ids: Iterable[str], *, data: Path) -> int:
    """Take the posts (by `Post.id`) out of the index for good; how many of them it held."""
    wanted = sorted(set(post_ids))
    with closing(open_desk(data)) as desk:
        desk.forget(wanted)
    with index.writing():
        finish_forgetting(index, data=data)
        posts = [post for post_id in wanted if (post := index.post(post_id)) is not None]
        work = {"posts": wanted, "authors": sorted({post.author_key for post in posts})}
        _write(_work(data), json.dumps(work, ensure_ascii=False))
        finish_forgetting(index, data=data)
    return len(posts)


def finish_forgetting(index: Index, *, data: Path) -> None:
    """Do, or do again after it was interrupted, what stands written down; the caller holds the writer's lock."""
    path = _work(data)
    if not path.exists():
        return
    work = json.loads(path.read_text(encoding="utf-8"))
    bury(work["posts"], data=data)
    index.forget(work["posts"])
    refresh(index, work["authors"])
    path.unlink()


def bury(post_ids: Iterable[str], *, data: Path) -> None:
    """Add a tombstone for each post that has none."""
    known = tombstones(data)
    now = iso(datetime.now(UTC))
    lines = [json.dumps({"post": digest, "at": now}) + "\n" for digest in map(tombstone, post_ids) if digest not in known]
    path = _tombstones(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(["\n", *lines] if torn else lines)
        file.flush()
        os.fsync(file.fileno())


def tombstones(data: Path) -> frozenset[str]:
    """All tombstones; a line that a kill cut short is none, its forgetting will be done again."""
    path = _tombstones(data)
    if not path.exists():
        return frozenset()
    found = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.add(str(json.loads(line)["post"]))
        except ValueError:
            continue
    return frozenset(found)


def tombstone(post_id: str) -> str:
    """What recognises a forgotten post."""
    return hashlib.sha256(f"forgotten\0{post_id}".encode()).hexdigest()


def _tombstones(data: Path) -> Path:
    return data / "forgotten.jsonl"


def _work(data: Path) -> Path:
    return data / "forgetting.json"


def _write(path: Path, text: str) -> None:
    """In one step, so that a reader sees the whole text or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
