"""SIGKILL at random moments of loading and of rebuilding: the next run ends where an undisturbed one would have."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tagged_batches import Place, everything, many_posts

from advocacy.load import Loaded, load
from index.embedded import EmbeddedIndex

BATCHES = 90
KILLS = 7


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path, monkeypatch)
    sightings = many_posts(BATCHES * 12, 11)
    for number in range(BATCHES):
        made.tagged(f"target{number % 3}", number, sightings[number * 12 : number * 12 + 12])
    return made


def killed(place: Place, command: str, after: int, wait: float) -> int:
    """Run the command, let it tell of so many batches, wait a moment and kill it; how it ended."""
    with subprocess.Popen(place.command(command), cwd=Path(__file__).parents[1], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for _ in range(after):
            assert "batches" in process.stderr.readline()
        time.sleep(wait)
        process.kill()
        return process.wait()


def test_a_load_killed_seven_times_ends_like_an_undisturbed_one(place: Place) -> None:
    undisturbed = EmbeddedIndex(place.data / "undisturbed")
    load(undisturbed, data=place.data, config=place.config)
    chance = random.Random(7)
    loaded = [0]
    for _ in range(KILLS):
        assert killed(place, "load", chance.randrange(2, 8), chance.uniform(0, 0.05)) == -signal.SIGKILL
        loaded.append(len(EmbeddedIndex(place.data / "index").loaded()))
    assert loaded == sorted(loaded)
    assert 0 < loaded[-1] < BATCHES, "the kills must fall into the middle of the work"
    index = EmbeddedIndex(place.data / "index")
    last = load(index, data=place.data, config=place.config)
    assert last.batches == BATCHES - loaded[-1]
    assert everything(index) == everything(undisturbed)
    assert load(index, data=place.data, config=place.config) == Loaded()


def test_a_rebuild_that_is_killed_leaves_the_index_as_it_was(place: Place) -> None:
    index = EmbeddedIndex(place.data / "index")
    load(index, data=place.data, config=place.config)
    before = everything(index)
    for after in (2, 9):
        assert killed(place, "rebuild", after, 0.01) == -signal.SIGKILL
        assert everything(index) == before
    finished = subprocess.run(place.command("rebuild"), cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    assert f"rebuilt from {BATCHES} batches" in finished.stdout
    assert everything(index) == before
