"""Collecting killed again and again ends where an undisturbed collection ends."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawlers.archive import Archive
from crawlers.collect import collect
from crawlers.sink import find_target
from tests.site import Answer, Place, Request, site
from tests.target_folder import TARGET, kept_state, row, write_config

ROOT = Path(__file__).parents[1]
FILES, ROWS, KILLS = 30, 400, 7
PAGES, REVIEWS = 12, 200


def write_exports(config: Path, chance: random.Random) -> None:
    """Many small files with repeated, changed and bad rows among the good ones."""
    for number in range(FILES):
        lines = []
        for place in range(ROWS):
            values = row(number * ROWS + place)
            fate = chance.random()
            if fate < 0.05:
                values["text"] = ""
            elif fate < 0.15:
                values = row(chance.randrange(number * ROWS + 1), likes=str(chance.randrange(9)))
            lines.append(json.dumps(values, ensure_ascii=False))
        (config / f"{number:03}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def killed_in_the_middle(command: list[str], folder: Path, chance: random.Random) -> bool:
    """Run it and kill it a moment after it closed some more batches; False where it ended before."""
    aim = len(list(folder.glob("0*.json"))) + chance.randrange(3)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and (not (folder / "lock").exists() or len(list(folder.glob("0*.json"))) < aim):
        time.sleep(0.002)
    time.sleep(chance.random() * 0.2)
    process.kill()
    return process.wait() == -signal.SIGKILL


@pytest.mark.timeout(900)
def test_killed_at_random_moments_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    chance = random.Random(20)
    config = write_config(tmp_path / "config", export=TARGET.format(path='"*.jsonl"'))
    write_exports(config, chance)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    collect(find_target("export", config), data=whole, config=config)
    command = [sys.executable, "-m", "crawlers", "collect", "export", "--config", str(config), "--data", str(killed)]
    kills = sum(killed_in_the_middle(command, killed / "raw" / "export", chance) for _ in range(KILLS))
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert kills >= 5
    expected, found = kept_state(whole, "export"), kept_state(killed, "export")
    assert found["lines"] == expected["lines"]
    assert found["posts"] == expected["posts"]
    assert found["cursor"].keys() == expected["cursor"].keys() and found["cursor"] == expected["cursor"]
    again = collect(find_target("export", config), data=killed, config=config)
    assert again.items == 0 and Archive(killed).runs("export")[-1].error is None


def page_of(request: Request) -> Answer:
    """A page of reviews, one of them broken; five pages fill a batch."""
    time.sleep(0.03)
    page = int(request.path.rpartition("=")[2])
    reviews = [
        f'<div class="r"><a href="/r/{page}-{number}"></a><p>Отзыв {page}-{number}</p><time>{30 + (number == 3)}.06.2024</time></div>'
        for number in range(REVIEWS)
    ]
    return Answer("".join(reviews) + (f'<a class="next" href="/list?page={page + 1}"></a>' if page < PAGES else ""))


@pytest.mark.timeout(900)
def test_a_spider_killed_at_random_moments_ends_as_if_undisturbed(tmp_path: Path) -> None:
    chance = random.Random(12)
    with site() as board:
        board.pages["/list"] = page_of
        place = Place(tmp_path)
        text = f"kind: reviews\nurl: {board.url}/list?page=1\nallow_private: true\nsite: board.example\ndelay: 0.05\n"
        target = place.target("board", text + "item: .r\ntake: {text: p, url: a, date: time}\nnext: .next\nlimits: {rejected: 1}\n")
        whole, killed = tmp_path / "whole", tmp_path / "killed"
        collect(target, data=whole, config=place.config)
        command = [sys.executable, "-m", "crawlers", "collect", "board", "--config", str(place.config), "--data", str(killed)]
        kills = 0
        for _ in range(3):
            before = len(board.asked)
            aim = before + chance.randrange(1, PAGES)
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and len(board.asked) < aim:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.1)
            process.kill()
            kills += process.wait() == -signal.SIGKILL
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    expected, found = kept_state(whole, "board"), kept_state(killed, "board")
    assert kills >= 2 and len(expected["posts"]) == (REVIEWS - 1) * PAGES
    assert found["lines"] == expected["lines"] and found["posts"] == expected["posts"]
    assert found["cursor"] == expected["cursor"]
