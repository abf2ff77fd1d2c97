"""SIGKILL at random moments of tagging: the next run ends where an undisturbed one would have."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from raw_batches import Place, plain_command

ROOT = Path(__file__).parents[1]
BATCHES = 24
KILLS = 5
TEXTS = (
    "Сбер отличный банк",
    "В ВТБ хамство, приложение ужас",
    "Я ушёл из Сбера в ВТБ",
    "просто день",
    "Альфа-Банк: карта супер, а приложение плохо",
)


def tag(place: Place) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        plain_command("tag"), cwd=ROOT, env=os.environ | place.environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def finished(place: Place) -> int:
    """How many outputs stand whole."""
    return sum(name.endswith(".jsonl.gz") for name in place.outputs())


def test_tagging_killed_again_and_again_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for number in range(BATCHES):
        rows = [{"id": f"{number}-{at}", "text": f"{TEXTS[at % len(TEXTS)]} {number} {at}"} for at in range(40)]
        place.collect(f"forum{number % 2}", rows)
    assert tag(place).wait(120) == 0
    expected = place.outputs()
    assert len(expected) == BATCHES
    for folder in ("tagged", "judgements"):
        for path in sorted((place.data / folder).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    chance = random.Random(11)
    stood = [0]
    for _ in range(KILLS):
        tagger = tag(place)
        wanted = stood[-1] + chance.randrange(1, 4)
        end = time.monotonic() + 60
        while finished(place) < wanted and tagger.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.02))
        tagger.kill()
        assert tagger.wait(10) == -signal.SIGKILL
        stood.append(finished(place))
    assert stood == sorted(stood)
    assert 0 < stood[-1] < BATCHES, "the kills must fall into the middle of the work"

    assert tag(place).wait(120) == 0
    assert place.outputs() == expected
