"""Recorded pages and the posts expected of them: `tests/recorded/<source>/<case>/` with a page, `target.yaml` and `expected.json`.

The rule to know: a missing expectation is written and the test fails, so that a person reads it before it counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from crawlers.board import Topic, read_posts, topic_id
from crawlers.brand import Brand, Brands
from crawlers.mapping import Mapper
from crawlers.page import decode
from crawlers.post import post_to_json
from crawlers.source import Item, Rejected
from crawlers.target import BrokenTarget, Target, read_target

RECORDED = Path(__file__).parent / "recorded"
COLLECTED = datetime(2026, 9, 5, 12, tzinfo=UTC)
BRANDS = Brands(brands=(Brand(slug="vestarna", name="Вестарна", ours=True), Brand(slug="dukator", name="Дукатор")))


def cases(source: str) -> list[Path]:
    """The recorded cases of a source."""
    return sorted(path.parent for path in (RECORDED / source).glob("*/target.yaml"))


def recorded_target(case: Path, folder: Path) -> Any:
    """The target of a case, named like its folder; `folder` is a place to copy it to."""
    (folder / "targets").mkdir()
    path = folder / "targets" / f"{case.name}.yaml"
    path.write_bytes((case / "target.yaml").read_bytes())
    target = read_target(path)
    assert not isinstance(target, BrokenTarget), str(target.error)
    return target


def own_target(name: str) -> str:
    """Text of a target's file as an operator would write it for a place that no preset knows."""
    return (RECORDED / "targets" / f"{name}.yaml").read_text(encoding="utf-8")


def outcomes(raws: Iterable[dict[str, Any]], target: Target) -> list[dict[str, Any]]:
    """Each raw item as a post, or the reason why it is none."""
    mapper = Mapper(target, BRANDS)
    found: list[dict[str, Any]] = []
    for raw in raws:
        try:
            found.append(post_to_json(mapper.post(Item(raw=raw), COLLECTED)))
        except Rejected as reason:
            found.append({"rejected": str(reason)})
    return found


def selector(path: Path) -> Selector:
    """A recorded page."""
    return Selector(decode(path.read_bytes()), type="html")


def posts_of(page: Selector, target: Any, url: str) -> list[dict[str, Any]]:
    """The outcomes of a topic's page."""
    return outcomes(read_posts(page, target, url, Topic(topic_id(url, target), url), opening=True), target)


def compare(case: Path, found: Any) -> None:
    """What was found is what the case expects."""
    path = case / "expected.json"
    if not path.exists():
        path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{path.name} of {case.name} was missing and has been written: read it, then run again")
    assert found == json.loads(path.read_text(encoding="utf-8"))
