"""SIGKILL at random moments of loading and of rebuilding: the next run ends where an undisturbed one would have."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch_node import elasticsearch_url
from tagged_batches import ENGINES, Place, everything, fresh_index, many_posts

from advocacy.load import Loaded, load
from index.embedded import EmbeddedIndex
from index.query import Index

BATCHES = 90
POSTS = 8
"""Posts of a batch; two batches are written together."""
KILLS = {"embedded": 5, "elastic": 3}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path, monkeypatch)
    sightings = many_posts(BATCHES * POSTS, 11)
    for number in range(BATCHES):
        made.tagged(f"target{number % 3}", number, sightings[number * POSTS : (number + 1) * POSTS])
    return made


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index that `python -m advocacy` opens."""
    if request.param == "elastic":
        monkeypatch.setenv("MOLVA_INDEX", elasticsearch_url())
    with fresh_index(request.param, place.data / "index", prefix="molva") as opened:
        yield opened


def killed(place: Place, command: str, after: int, wait: float) -> int:
    """Run the command, let it tell of so many batches, wait a moment and kill it; how it ended."""
    with subprocess.Popen(
        place.command(command, posts_at_once=2 * POSTS), cwd=Path(__file__).parents[1], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for _ in range(after):
            assert "batches" in process.stderr.readline()
        time.sleep(wait)
        process.kill()
        return process.wait()


def test_a_load_killed_again_and_again_ends_like_an_undisturbed_one(place: Place, index: Index, request: pytest.FixtureRequest) -> None:
    with fresh_index("embedded", place.data / "undisturbed") as undisturbed:
        load(undisturbed, data=place.data, config=place.config)
        expected = everything(undisturbed)
    chance = random.Random(7)
    loaded = [0]
    for _ in range(KILLS[request.node.callspec.params["index"]]):
        assert killed(place, "load", chance.randrange(1, 5), chance.uniform(0, 0.05)) == -signal.SIGKILL
        loaded.append(len(index.loaded()))
    assert loaded == sorted(loaded)
    assert 0 < loaded[-1] < BATCHES, "the kills must fall into the middle of the work"
    last = load(index, data=place.data, config=place.config)
    assert last.batches == BATCHES - loaded[-1]
    assert everything(index) == expected
    assert load(index, data=place.data, config=place.config) == Loaded()


def test_a_rebuild_that_is_killed_leaves_the_index_as_it_was(place: Place, index: Index) -> None:
    load(index, data=place.data, config=place.config)
    before = everything(index)
    for after in (2, 9) if isinstance(index, EmbeddedIndex) else (4,):
        assert killed(place, "rebuild", after, 0.01) == -signal.SIGKILL
        assert everything(index) == before
    finished = subprocess.run(
        place.command("rebuild", posts_at_once=2 * POSTS), cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert f"rebuilt from {BATCHES} batches" in finished.stdout
    assert everything(index) == before
