"""What is known of a post that was brought before: a change of it is new, and so is the context that one sighting has and another not."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

from crawlers.archive import Archive
from crawlers.post import Post
from crawlers.run import Outcome
from crawlers.seen import content_hash, figures_hash, to_know
from tests.recorded_walk import Walk, walk
from tests.target_folder import at

__all__ = ["walk"]
KEPT, CHANGED, REPEATED = Outcome.KEPT, Outcome.CHANGED, Outcome.REPEATED
POST = Post(id="s.example:1", site="s.example", source="mastodon", text="Вестарна хороша", collected=at("2024-06-01"), likes=1)


def test_a_reply_that_a_list_showed_is_known_of_its_thread_once_that_is_read_as_documented(walk: Walk) -> None:
    root = {
        "id": "1", "content": "<p>Кто пробовал?</p>", "account": {"acct": "anna"}, "created_at": "2024-05-01T10:00:00Z",
        "url": "https://m.example/@anna/1", "replies_count": 0,
    }  # fmt: skip
    reply = root | {"id": "2", "content": "<p>Вестарна хороша</p>", "in_reply_to_id": "1", "url": "https://m.example/@olga/2"}
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x]\n")
    walk.pages = {"timelines/tag/x": [reply]}
    assert walk.kept(target) == 1 and walk.posts()["Вестарна хороша"].thread_id is None
    walk.pages = {"timelines/tag/x": [reply, root | {"replies_count": 1}], "statuses/1/context": {"ancestors": [], "descendants": [reply]}}
    found = walk.collect(target).counts.outcomes
    assert (found[KEPT], found[CHANGED], found[REPEATED]) == (1, 1, 1), "the thread says what the list did not"
    known = walk.posts()
    assert known["Вестарна хороша"].thread_id == known["Кто пробовал?"].id
    assert walk.collect(target).counts.outcomes[CHANGED] == 0
    (walk.data / "seen" / f"{target.name}.sqlite").unlink()
    assert walk.collect(target).counts.outcomes[CHANGED] == 0, "the batches say the same"


def test_the_context_is_new_when_it_becomes_known_and_never_when_it_is_missing() -> None:
    inside = replace(POST, thread_id="s.example:0", in_reply_to="s.example:0")
    first = to_know(POST, None)
    assert to_know(POST, first) == first
    known = to_know(inside, first)
    assert known != first and known[0] == first[0], "nothing to judge again"
    assert to_know(inside, known) == to_know(POST, known) == known
    liked = to_know(replace(POST, likes=2), known)
    assert liked != known and to_know(replace(inside, likes=2), liked) == liked


def test_what_was_remembered_before_the_context_counted_is_compared_as_it_was_made() -> None:
    inside = replace(POST, thread_id="s.example:0")
    before = content_hash(inside), figures_hash(inside)
    assert to_know(inside, before) == to_know(POST, before) == before
    liked = to_know(replace(inside, likes=2), before)
    assert liked != before and to_know(replace(inside, likes=2, in_reply_to="s.example:0"), liked) != liked


def test_batches_of_before_are_not_collected_again(walk: Walk) -> None:
    status = {"id": "1", "content": "<p>a</p>", "account": {"acct": "anna"}, "created_at": "2024-05-01T10:00:00Z", "url": None}
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x]\n")
    walk.pages = {"timelines/tag/x": [status]}
    assert walk.kept(target) == 1
    [batch] = Archive(walk.data).batches()
    [line] = batch.lines()
    [post] = batch.posts()
    as_before = json.dumps(line | {"figures": figures_hash(post)})
    assert as_before != json.dumps(line)
    batch.path.write_bytes(gzip.compress(as_before.encode() + b"\n"))
    (walk.data / "seen" / f"{target.name}.sqlite").unlink()
    walk.pages = {"timelines/tag/x": [status, status | {"id": "2"}]}
    found = walk.collect(target).counts.outcomes
    assert (found[KEPT], found[CHANGED], found[REPEATED]) == (1, 0, 1)
