"""Whatever a forum refuses for a while, and whatever is written meanwhile: in the end every post that it shows is there."""

from __future__ import annotations

import random

import pytest

from crawlers.archive import Archive
from tests.recorded_walk import Page, Walk, walk
from tests.site import Answer
from tests.test_forum import PAGE, board, following, topic

__all__ = ["walk"]
DATE = "01.09.2026 10:00"
LIMITS = ("", "pages: 2\n", "limits: {items: 3}\n", "pages: 3\nlimits: {items: 7}\n")


class Weather:
    """A forum whose topics go up when somebody writes, and what it refuses in a run."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.topics = list(range(100, 100 + chance.randint(3, 14)))
        """Numbers, the one written in last on top."""
        self.posts = {number: chance.randint(1, 7) for number in self.topics}
        self.replies = dict.fromkeys(self.topics, 1)
        self.lines = chance.choice([2, 3, 5])
        """Of a board's page; a topic's page has two posts."""
        self.fair()

    def fair(self) -> None:
        """All is shown."""
        self.asked, self.wall, self.behind = 0, 10_000, Answer("", 403)
        self.private: set[int] = set()
        self.closed: set[int] = set()
        """Pages of topics, by their number, that are refused."""
        self.down: set[int] = set()

    def foul(self) -> None:
        """A wall after some pages, private topics, refused later pages, failures."""
        self.fair()
        if self.chance.random() < 0.35:
            self.wall, self.behind = self.chance.choice([0, 0, 1, 2, 4, 8]), self.chance.choice([Answer("", 403), Answer("<p>login</p>")])
        if self.chance.random() < 0.5:
            self.private = set(self.some(5))
        if self.chance.random() < 0.3:
            self.closed = {self.chance.randint(2, 4)}
        if self.chance.random() < 0.3:
            self.down = set(self.some(4))

    def some(self, most: int) -> list[int]:
        return self.chance.sample(self.topics, min(len(self.topics), self.chance.randint(1, most)))

    def write(self) -> None:
        """Some answers, and perhaps a new topic."""
        for number in [self.chance.choice(self.topics) for _ in range(self.chance.randint(0, 3))]:
            self.posts[number] += 1
            self.replies[number] += 1
            self.topics.insert(0, self.topics.pop(self.topics.index(number)))
        if self.chance.random() < 0.4:
            new = max(self.topics) + 1
            self.topics.insert(0, new)
            self.posts[new], self.replies[new] = self.chance.randint(1, 5), 1

    def board(self, page: int) -> Page:
        shown = self.topics[page * self.lines : (page + 1) * self.lines]
        html = board(*((number, DATE) for number in shown))
        for number in shown:
            html = html.replace(f'<dd class="posts">{number}<', f'<dd class="posts">{self.replies[number]}<')
        more = (page + 1) * self.lines < len(self.topics)
        return html + (following(f"/board?{page + 1}") if more else "") if shown else Answer("", 404)

    def topic(self, number: int, page: int) -> Page:
        self.asked += 1
        if self.asked > self.wall:
            return self.behind
        if number in self.private or page in self.closed:
            return Answer("", 403)
        if number in self.down:
            return Answer("", 503)
        shown = range(2 * page - 2, min(2 * page, self.posts[number]))
        more = 2 * page < self.posts[number]
        return topic(*(number * 100 + post for post in shown), more=f"/t={number}&p={page + 1}" if more else "")

    def pages(self) -> dict[str, Page]:
        """What stands at each address of a topic or a board."""
        boards = {f"/board?{page}" if page else "/board": lambda page=page: self.board(page) for page in range(15)}
        each = [(number, page) for number in self.topics for page in range(1, 12)]
        return boards | {f"/t={n}&p={p}" if p > 1 else f"/t={n}": lambda n=n, p=p: self.topic(n, p) for n, p in each}


@pytest.mark.parametrize("seed", range(30))
def test_in_the_end_all_is_there_and_a_run_asks_for_its_board_alone(seed: int, walk: Walk) -> None:
    chance = random.Random(seed)
    weather = Weather(chance)
    target = walk.target(PAGE.replace("attempts: 2", "attempts: 900") + chance.choice(LIMITS))
    for _ in range(chance.randint(3, 10)):
        weather.foul()
        walk.pages = weather.pages()
        walk.collect(target)
        weather.write()
    weather.fair()
    walk.pages = weather.pages()
    for _ in range(60):
        walk.requests.clear()
        run = walk.collect(target)
        if walk.asked == ["board"]:
            break
    else:
        pytest.fail("it does not come to an end")
    assert run.error is None
    assert set(walk.posts()) >= {f"Запись {number * 100 + post}" for number in weather.topics for post in range(weather.posts[number])}
    stored = [post.text for batch in Archive(walk.data).batches("walked") for post in batch.posts() if post.replies is None]
    assert len(stored) == len(set(stored)), "none is taken twice"
