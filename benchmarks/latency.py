"""Time from publication to the index that the dashboard reads: 200 feeds on loopback, 10,000 posts an hour in all.

    python benchmarks/latency.py --data FOLDER [--minutes 10] [--targets 200] [--posts-an-hour 10000] [--every 5]

The rule to know: everything runs as `make run` runs it (run.py: Airflow, the model, the dashboard, on the embedded index), and a
post that never arrives counts as the longest wait. The clock of a post starts when the feed first shows it and ends when a look at
the index, every ten seconds, first finds its mention; the dashboard shows what the index holds. It ends with 1 where the 95th percentile
is beyond ten minutes.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import re
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from xml.sax.saxutils import escape

import typer
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.demand import Demand, judged
from benchmarks.started import ROOT, started
from demo.content import read_content
from index import open_index
from index.query import Query
from tests.site import Answer, Request, Site, serving

LOOK = 10.0
"""Seconds between two looks at the index."""
SHOWN = 60
"""Posts that a feed shows."""
LATE = 600.0
"""Seconds within which 95 of 100 posts have to arrive."""
PATIENCE = 1800.0
"""Seconds after the last counted post within which it has to arrive."""
NAMES = ("Вестарна", "Квотум")
"""Names that mean their company wherever they stand; a ducat may be a coin, and a post that names nobody never reaches the index."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """Feeds that publish at a steady rate, each at moments of its own."""

    started: float
    """Seconds since 1970."""
    targets: int
    gap: float
    """Seconds between two posts of one feed."""
    sentences: tuple[str, ...]

    def published(self, feed: int, number: int) -> float:
        """When the feed published its post of that number."""
        return self.started + (number + feed / self.targets) * self.gap

    def newest(self, feed: int, now: float) -> int:
        """Number of the feed's newest post; below zero before the first."""
        return math.floor((now - self.started) / self.gap - feed / self.targets)

    def text(self, feed: int, number: int) -> str:
        """Words that no other post has, so that no judgement is taken from another."""
        dice = random.Random(f"{feed}/{number}")
        return " ".join([f"{dice.choice(NAMES)}.", *dice.sample(self.sentences, dice.randint(2, 6))])

    def feed(self, feed: int, now: float) -> bytes:
        """The feed as Atom."""
        newest = self.newest(feed, now)
        entries = "".join(self._entry(feed, number) for number in range(newest, max(-1, newest - SHOWN), -1))
        head = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed {feed}</title><id>feed:{feed}</id>'
        return f"{head}{entries}</feed>".encode()

    def _entry(self, feed: int, number: int) -> str:
        moment = datetime.fromtimestamp(self.published(feed, number), UTC).isoformat(timespec="milliseconds")
        return (
            f"<entry><id>post:{feed}/{number}</id><title>Запись {number}</title><author><name>автор {feed}</name></author>"
            f"<published>{moment}</published><updated>{moment}</updated><content>{escape(self.text(feed, number))}</content></entry>"
        )


class Publisher(Site):
    """The feeds as a site, with ETags."""

    def __init__(self, feeds: Feeds) -> None:
        super().__init__()
        self.feeds = feeds

    def answer(self, request: Request) -> Answer:
        known = re.fullmatch(r"/feed/(\d+)\.xml", request.path)
        if known is None:
            return Answer("not here", 404)
        body = self.feeds.feed(int(known[1]), time.time())
        headers = {"Content-Type": "application/atom+xml", "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Answer(status=304, headers=headers)
        return Answer(body, headers=headers)


def configured(folder: Path, port: int, targets: int, every: float) -> Path:
    """A configuration folder with a target for each feed."""
    shutil.copytree(ROOT / "demo" / "config", folder, ignore=shutil.ignore_patterns("targets"))
    (folder / "targets").mkdir()
    for number in range(targets):
        text = (
            f"kind: feed\nurl: http://127.0.0.1:{port}/feed/{number}.xml\nsite: feed{number}.example\nlanguage: ru\n"
            f"schedule: every {every:g} minutes\nallow_private: true\n"
        )
        (folder / "targets" / f"feed-{number:03}.yaml").write_text(text, encoding="utf-8")
    return folder


def arrived(seen: dict[tuple[str, str | None], float], since: datetime) -> None:
    """Note for each post, by site and title, when its mention was first found in the index."""
    index = open_index()
    try:
        if index.missing() is None:
            now = time.time()
            for hit in index.export(Query(since=since)):
                seen.setdefault((hit.post.site, hit.post.title), now)
    finally:
        index.close()


def posts_between(feeds: Feeds, first: float, last: float) -> dict[tuple[str, str], float]:
    """Site and title of each post published within these seconds after the start -> when."""
    return {
        (f"feed{feed}.example", f"Запись {number}"): moment
        for feed in range(feeds.targets)
        for number in range(int(last / feeds.gap) + 1)
        if first <= (moment := feeds.published(feed, number)) - feeds.started < last
    }


def watched(feeds: Feeds, wanted: dict[tuple[str, str], float], say: Console) -> dict[tuple[str, str | None], float]:
    """Run everything until all wanted posts have arrived, or patience ends; when each post was first found."""
    first, last = min(wanted.values()), max(wanted.values())
    seen: dict[tuple[str, str | None], float] = {}
    with started({}) as run:
        while time.time() < last + PATIENCE and run.poll() is None and not wanted.keys() <= seen.keys():
            time.sleep(LOOK)
            arrived(seen, datetime.fromtimestamp(first - 1, UTC))  # dates are kept in whole milliseconds, rounded down
            say.print(f"{time.time() - feeds.started:.0f} s: {len(wanted.keys() & seen.keys())} of {len(wanted)}", highlight=False)
    return seen


def main(
    data: Annotated[Path, typer.Option(help="A folder for what the run makes; it must not exist yet.")],
    minutes: Annotated[float, typer.Option(help="Minutes whose posts are counted.")] = 10,
    targets: Annotated[int, typer.Option(help="Feeds.")] = 200,
    posts_an_hour: Annotated[int, typer.Option(help="Posts of all feeds together.")] = 10_000,
    every: Annotated[float, typer.Option(help="Minutes between two collections of a feed.")] = 5,
    warm: Annotated[float, typer.Option(help="Minutes before the first counted post.")] = 8,
) -> None:
    """Run the hour, print the waits."""
    say = Console(stderr=True)
    data = data.resolve()
    data.mkdir(parents=True)
    said = (story.text for story in read_content().archive)
    sentences = {each.strip() for text in said for each in re.split(r"(?<=[.!?])\s+", text) if 20 < len(each) < 300}
    feeds = Feeds(time.time(), targets, targets * 3600 / posts_an_hour, tuple(sorted(sentences)))
    with serving(Publisher(feeds)) as site:
        config = configured(data / "config", site.port, targets, every)
        os.environ |= {"MOLVA_DATA": str(data / "data"), "MOLVA_CONFIG": str(config)}
        wanted = posts_between(feeds, warm * 60, (warm + minutes) * 60)
        seen = watched(feeds, wanted, say)
    waits = sorted(seen[post] - moment if post in seen else PATIENCE for post, moment in wanted.items())
    figures = {
        "posts": len(wanted),
        "not arrived": len(wanted.keys() - seen.keys()),
        "targets": targets,
        "posts an hour": posts_an_hour,
        "median, s": round(statistics.median(waits)),
        "95th percentile, s": round(late := waits[math.ceil(0.95 * len(waits)) - 1]),
        "longest, s": round(waits[-1]),
    }
    print(json.dumps(figures))
    load = f"{targets} targets, {posts_an_hour} posts an hour"
    raise typer.Exit(judged(Demand(f"s to the index, 95th percentile of {len(waits)} posts ({load})", late, "at most", LATE)))


if __name__ == "__main__":
    typer.run(main)
