"""Topics that are refused: behind a login or a wall against robots, each by itself or the whole forum."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from scrapy.exceptions import IgnoreRequest

from crawlers.archive import Archive
from crawlers.doubt import missed
from crawlers.preview import Preview, Shown
from crawlers.run import Outcome
from crawlers.sink import sink_of
from crawlers.trouble import trouble
from tests.recorded_walk import Page, Walk, silent, spider_of, walk
from tests.site import Answer
from tests.test_forum import BOARD, PAGE, board, following, topic

__all__ = ["walk"]
pytestmark = pytest.mark.usefixtures("at_once")
DATE = "01.09.2026 10:00"
LOGIN = "<form>Войдите, чтобы читать</form>"
WALLS = pytest.mark.parametrize("wall", [Answer("", 403), Answer("", 404), LOGIN], ids=["403", "404", "a login with 200"])


def lines(*numbers: int) -> str:
    """A board's page with these topics."""
    return board(*((number, DATE) for number in numbers))


def changed(number: int, *others: int) -> str:
    """The same, where the first of them has one reply more."""
    return lines(number, *others).replace(f'<dd class="posts">{number}<', f'<dd class="posts">{number + 1}<')


@WALLS
def test_a_topic_behind_a_wall_waits_and_is_read_when_that_is_gone(wall: Page, walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages |= {"/board": lines(1, 2), "/t=1": wall, "/t=2": topic(21)}
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (None, 1, 1)
    walk.pages["/t=1"] = topic(11)
    assert walk.kept(target) == 1, "its board says nothing new of it"
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])


@WALLS
def test_a_topic_that_is_refused_while_others_are_shown_is_given_up_until_it_changes(wall: Page, walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages |= {"/t=1": wall, "/t=": topic(5)}
    walk.pages = {part: walk.pages[part] for part in ("/t=", "/t=1")}
    outcomes = []
    for number in (20, 21, 22):
        walk.pages["/board"] = lines(number, 1)
        outcomes.append(walk.collect(target).counts.outcomes)
    assert [(each[Outcome.DEFERRED], each[Outcome.REJECTED]) for each in outcomes] == [(1, 0), (0, 1), (0, 0)]
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])
    walk.pages |= {"/board": changed(1), "/t=1": topic(11)}
    assert walk.kept(target) == 1


@WALLS
def test_a_wall_before_all_of_a_forum_fails_each_run_and_nothing_behind_it_is_given_up(wall: Page, walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages |= {"/board": lines(1), "/t=": topic(5)}
    assert walk.kept(target) == 1
    walk.pages |= {"/board": lines(2, 3, 4, 5, 6, 1), "/t=": wall}
    errors = [walk.collect(target).error or "" for _ in range(8)]
    told = ("refuses to show it", "has no such page", "wants a login")
    assert all("t=" in error and any(each in error for each in told) for error in errors), errors
    del walk.pages["/t="]
    walk.pages |= {f"/t={number}": topic(number * 10) for number in range(1, 7)}
    walk.collect(target)
    walk.collect(target)
    assert {post.url.rpartition("/")[2] for post in walk.posts().values() if post.url} >= {f"t={number}" for number in range(2, 7)}


def test_a_wall_that_rises_after_some_pages_of_each_run_is_not_laid_to_the_topics_behind_it(walk: Walk) -> None:
    target, shown = walk.target(PAGE), 0

    def few(number: int) -> Page:
        nonlocal shown
        shown += 1
        return topic(number * 10 + 1) if shown <= 2 else Answer("", 403)

    numbers = range(1, 6)
    walk.pages = {f"/t={number}": lambda number=number: few(number) for number in numbers} | {"/board": lines(*numbers)}
    for _ in range(6):
        shown = 0
        walk.collect(target)
    assert len(walk.posts()) == 5


def test_private_topics_on_top_of_a_board_keep_nothing_below_from_being_read(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/t=": Answer("", 403), "/t=7": topic(71), "/t=8": topic(81), "/board": lines(1, 2, 3, 4, 7, 8)}
    runs = [walk.collect(target) for _ in range(5)]
    assert [run.counts.outcomes[Outcome.KEPT] for run in runs] == [2, 0, 0, 0, 0]
    assert [run.error for run in runs] == [None] * 5
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])


def test_private_topics_that_are_written_in_all_the_time_keep_nothing_below_from_being_read(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/t=": Answer("", 403), "/t=7": topic(71), "/t=8": topic(81)}
    for replies in range(4):
        walk.pages["/board"] = lines(1, 2, 3, 7, 8).replace('posts">', f'posts">{replies}', 3)
        walk.collect(target)
    assert len(walk.posts()) == 2


@WALLS
def test_what_stands_on_later_pages_of_a_board_is_read_after_a_wall(wall: Page, walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/t=": wall, "/board": lines(1, 2, 3, 4, 5) + following("/board?2"), "/board?2": lines(8, 9)}
    for _ in range(6):
        assert walk.collect(target).error
    walk.pages |= {f"/t={number}": topic(number * 10) for number in (1, 2, 3, 4, 5, 8, 9)}
    walk.collect(target)
    walk.collect(target)
    assert len(walk.posts()) == 7


@pytest.mark.parametrize("wrong", [503, 403])
def test_a_board_page_whose_topics_all_wait_is_not_the_end_of_its_board(wrong: int, walk: Walk) -> None:
    target = walk.target(PAGE.replace("attempts: 2", "attempts: 9"))
    walk.pages = {"/t=": Answer("", wrong), "/t=7": topic(7), "/board": lines(7, 1, 2, 3) + following("/board?2"), "/board?2": lines(8, 9)}
    walk.pages |= {"/t=8": topic(81), "/t=9": topic(91)}
    for _ in range(3):
        walk.collect(target)
    assert len(walk.posts()) == 3


def test_a_run_that_is_full_at_the_end_of_a_board_page_goes_on_with_the_next(walk: Walk) -> None:
    target = walk.target(PAGE + "limits: {items: 2}\n")
    walk.pages = {"/t=1": topic(1), "/t=2": topic(2), "/t=8": topic(8), "/board": lines(1, 2) + following("/board?2"), "/board?2": lines(8)}
    for _ in range(3):
        walk.collect(target)
    assert len(walk.posts()) == 3


def test_private_topics_of_a_forum_without_news_are_asked_for_some_times_and_no_more(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/t=": Answer("", 403), "/t=7": topic(71), "/board": lines(7)}
    assert walk.kept(target) == 1
    walk.pages["/board"] = lines(1, 2, 3, 7)
    assert [walk.collect(target).error for _ in range(4)] == [None] * 4
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])


def test_a_wall_before_a_forum_whose_topics_were_refused_before_fails_its_runs(walk: Walk) -> None:
    target = walk.target(PAGE.replace("attempts: 2", "attempts: 9"))
    walk.pages = {"/t=1": topic(1), "/t=2": Answer("", 403), "/t=3": Answer("", 403), "/board": lines(1, 2, 3)}
    assert walk.kept(target) == 1
    walk.pages |= {"/t=1": Answer("", 403), "/board": changed(1, 2, 3)}
    assert all("refuses to show it" in (walk.collect(target).error or "") for _ in range(3))


def test_a_preview_shows_what_stands_below_private_topics(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/t=": Answer("", 403), "/t=7": topic(71), "/board": lines(1, 2, 3, 7)}
    spider, sink = spider_of(target), sink_of(target, data=walk.data, config=walk.config, preview=5)
    assert isinstance(sink, Preview)
    spider.begin(sink)
    spider.answered = walk.answered  # type: ignore[method-assign]

    async def walked() -> None:
        async for page in spider.start():
            sink.take(replace(page, deferred=tuple(spider.failures_told.get(address, address) for address in page.deferred)))

    asyncio.run(walked())
    assert len(sink.samples) == 1
    [said] = missed(Shown(samples=sink.samples, counts=sink.close().counts))
    assert re.fullmatch(r"3 pages could not be had; a run puts them off \(\S+ refuses to show it \(403\): 3; the first is \S+/t=1\)", said)


def test_later_pages_that_nobody_sees_without_a_login_fail_no_run(walk: Walk) -> None:
    target, numbers = walk.target(PAGE), range(10, 40)
    walk.pages = {f"/t={number}": topic(number, more=f"/t={number}&p=2") for number in numbers} | {"&p=2": Answer("", 403)}
    walk.pages["/board"] = lines(*numbers)
    runs = [walk.collect(target) for _ in range(6)]
    assert {(run.error, run.counts.outcomes[Outcome.REJECTED]) for run in runs} == {(None, 0)}
    assert sum(run.counts.outcomes[Outcome.KEPT] for run in runs) == 30
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])


def test_a_long_topic_whose_page_to_go_on_from_is_refused_is_not_read_round_and_round(walk: Walk) -> None:
    target = walk.target(PAGE + "pages: 2\n")
    walk.pages = {"/board": lines(4), "/t=4": topic(1, more="/t=4&p=2"), "/t=4&p=5": Answer("", 403)}
    walk.pages |= {f"/t=4&p={page}": topic(page, more=f"/t=4&p={page + 1}") for page in (2, 3, 4)}
    for _ in range(9):
        assert walk.collect(target).error is None
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])
    assert len(walk.posts()) == 4


def test_a_topic_that_a_board_shows_and_the_file_names_is_asked_for_once(walk: Walk) -> None:
    target = walk.target(PAGE + "topics: https://forum.example/t=1\n")
    walk.pages = {"/board": lines(1, 1, 2), "/t=1": Answer("", 403), "/t=2": topic(2)}
    assert "t=1: forum.example refuses to show it (403)" in (walk.collect(target).error or "")
    assert walk.asked.count("t=1") == 1


def test_a_later_page_behind_a_wall_waits_and_those_before_it_are_kept(walk: Walk) -> None:
    target = walk.target(PAGE + "pages: 3\n")
    walk.pages = {"/board": lines(4), "/t=4": topic(1, more="/t=4&p=2"), "/t=4&p=2": topic(2, more="/t=4&p=3"), "/t=4&p=3": Answer("", 403)}
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (None, 2, 1)
    walk.pages["/t=4&p=3"] = topic(3)
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (1, ["board", "t=4&p=2", "t=4&p=3"])


def test_where_the_page_to_go_on_from_is_refused_what_stands_above_it_is_read_and_it_waits(walk: Walk) -> None:
    target = walk.target(PAGE + "pages: 3\n")
    walk.pages = {"/board": lines(4), "/t=4": topic(1, more="/t=4&p=2"), "/t=4&p=2": topic(2, more="/t=4&p=3"), "/t=4&p=3": topic(3)}
    assert walk.kept(target) == 3
    walk.pages |= {"/board": changed(4), "/t=4": topic(1, 9, more="/t=4&p=2"), "/t=4&p=3": Answer("", 403)}
    walk.requests.clear()
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (None, 1, 1)
    assert walk.asked == ["board", "t=4&p=3", "t=4", "t=4&p=2"]
    walk.pages["/t=4&p=3"] = topic(3, 10)
    assert walk.kept(target) == 1


def test_a_topic_that_two_boards_show_is_asked_for_once_where_it_is_refused(walk: Walk) -> None:
    target = walk.target(PAGE.replace(BOARD, f"[{BOARD}, https://forum.example/other]"))
    walk.pages = {"/board": lines(1, 2), "/other": changed(1), "/t=1": Answer("", 403), "/t=2": topic(2)}
    walk.collect(target)
    assert walk.asked == ["board", "t=1", "t=2", "other"]


def test_of_many_that_wait_what_failed_goes_first_and_some_of_what_was_refused_in_turn(walk: Walk) -> None:
    target, private = walk.target(PAGE.replace("attempts: 2", "attempts: 9")), range(100, 120)
    walk.pages = {"/t=": Answer("", 403), "/t=2": topic(2), "/t=3": Answer("", 503), "/board": lines(*private, 2, 3)}
    walk.collect(target)
    walk.requests.clear()
    walk.pages["/t=3"] = topic(3)
    asked = []
    for _ in range(2):
        walk.collect(target)
        asked.append([path for path in walk.asked if path.startswith(("t=1", "t=3"))])
    assert asked[0][0] == "t=3"
    assert [len([path for path in each if path.startswith("t=1")]) for each in asked] == [10, 10]
    assert {path for each in asked for path in each} == {"t=3", *(f"t={number}" for number in private)}


def test_a_topic_that_failed_before_its_later_page_is_refused_is_read_from_its_first_page_too(walk: Walk) -> None:
    target = walk.target(PAGE.replace("attempts: 2", "attempts: 3"))
    walk.pages = {"/board": lines(4, 7), "/t=7": topic(71), "/t=4": topic(1, more="/t=4&p=2"), "/t=4&p=2": topic(2)}
    assert walk.kept(target) == 3
    walk.pages |= {"/board": changed(4, 7), "/t=4": topic(1, 9, more="/t=4&p=2"), "/t=4&p=2": Answer("", 503)}
    walk.collect(target)
    walk.pages["/t=4&p=2"] = Answer("", 403)
    assert walk.kept(target) == 1


def test_a_named_topic_that_a_board_shows_too_and_whose_later_page_is_refused_fails_no_run(walk: Walk) -> None:
    target = walk.target(PAGE + "topics: https://forum.example/t=1\n")
    walk.pages = {"/board": lines(1, 2), "/t=1": topic(1, more="/t=1&p=2"), "/t=1&p=2": Answer("", 403), "/t=2": topic(2)}
    assert [walk.kept(target) for _ in range(3)] == [2, 0, 0]


def test_pages_that_were_shown_and_are_removed_are_no_wall_where_another_one_is_shown(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/t=": Answer("", 403), "/t=6": topic(61), "/t=7": topic(71), "/board": lines(6, 7)}
    assert walk.kept(target) == 2
    walk.pages |= {"/t=7": Answer("", 404), "/board": lines(1)}
    runs = [walk.collect(target) for _ in range(2)]
    assert [(run.error, run.counts.outcomes[Outcome.REJECTED]) for run in runs] == [(None, 0), (None, 1)]
    walk.pages |= {"/t=6": Answer("", 404), "/board": lines(2)}
    assert [bool(walk.collect(target).error) for _ in range(3)] == [True] * 3, "none is shown of what was"
    monkeypatch.setattr("crawlers.last_shown.BELIEVED", timedelta())
    runs = [walk.collect(target) for _ in range(3)]
    assert [run.error for run in runs] == [None] * 3, "they were removed, as is said for a week"
    assert sum(run.counts.outcomes[Outcome.REJECTED] for run in runs) == 1 and runs[-1].counts.outcomes.total() == 0


def test_topics_that_the_forum_says_it_has_not_for_an_hour_are_read_when_it_shows_them(walk: Walk) -> None:
    target, wall = walk.target(PAGE), Answer("", 404)
    walk.pages |= {"/board": lines(1), "/t=": topic(5)}
    walk.collect(target)
    walk.pages |= {"/board": lines(*range(2, 20), 1), "/t=": wall}
    assert "has no such page (404)" in (walk.collect(target).error or "")
    del walk.pages["/t="]
    walk.pages |= {f"/t={number}": topic(number * 10) for number in range(1, 20)}
    walk.collect(target)
    assert {str(post.url).rpartition("=")[2] for post in walk.posts().values()} >= {str(number) for number in range(2, 20)}


def test_topics_that_robots_txt_forbids_for_an_hour_are_read_when_it_allows_them(walk: Walk) -> None:
    def forbidden() -> Page:
        raise trouble(IgnoreRequest("Forbidden by robots.txt"), "https://forum.example/t=1")

    target = walk.target(PAGE)
    walk.pages |= {"/board": lines(1, 2, 3), "/t=": forbidden}
    assert "robots.txt of forum.example forbids it" in (walk.collect(target).error or "")
    walk.pages |= {f"/t={number}": topic(number * 10) for number in (1, 2, 3)}
    assert walk.kept(target) == 3


def test_a_wall_that_rises_within_a_run_is_told(walk: Walk) -> None:
    target, answers = walk.target(PAGE), iter([topic(1)])
    walk.pages = {"/board": lines(1, 2), "/t=": Answer("", 403), "/t=1": lambda: next(answers, Answer("", 403))}
    assert (
        walk.collect(target).error
        == "the only topic asked for shows no post: https://forum.example/t=2: forum.example refuses to show it (403)"
    )


def test_a_topic_that_is_gone_ends_no_board_after_others_have_failed(walk: Walk) -> None:
    target = walk.target(PAGE.replace(BOARD, f"[{BOARD}, https://forum.example/other]"))
    walk.pages = {"/board": lines(1, 2, 3), "/other": lines(4, 5), "/t=": Answer("", 503), "/t=4": Answer("", 404), "/t=5": topic(5)}
    assert walk.collect(target).counts.outcomes[Outcome.KEPT] == 1


def test_nothing_is_given_up_by_a_run_in_which_nothing_of_the_host_may_be_asked_for(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/board": lines(1), "/t=": Answer("", 503)}
    walk.collect(target)
    walk.pages["/t="] = silent
    assert [walk.collect(target).counts.outcomes[Outcome.REJECTED] for _ in range(3)] == [0, 0, 0]


def test_refused_later_pages_of_ever_more_topics_do_not_pile_up(walk: Walk) -> None:
    target, waiting = walk.target(PAGE), []
    for first in range(1000, 1600, 10):
        numbers = range(first, first + 10)
        walk.pages = {"/t=": topic(5), "/board": lines(*numbers)}
        walk.pages |= {f"/t={number}": topic(number, more=f"/t={number}&p=2") for number in numbers} | {"&p=2": Answer("", 403)}
        walk.collect(target)
        waiting.append(len(Archive(walk.data).cursor("walked").get("waiting", {})))
    assert max(waiting[30:]) <= max(waiting[:30]) + 20 < 200


def titled(number: int) -> str:
    """A topic's page without posts."""
    return f"<h2>{number}</h2><p>В этой теме нет сообщений</p>"


def test_a_topic_without_posts_is_taken_as_it_is_where_others_are_shown(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/board": lines(101, 2), "/t=101": titled(101), "/t=2": topic(2, more="/t=2&p=2"), "/t=2&p=2": titled(2)}
    run = walk.collect(target)
    assert (run.error, +run.counts.outcomes) == (None, {Outcome.KEPT: 1})
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])


def test_a_login_headed_by_the_topics_title_is_no_topic_without_posts(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/board": lines(101, 2), "/t=101": titled(101) + "<input type=password>", "/t=2": topic(2)}
    assert walk.collect(target).counts.outcomes[Outcome.DEFERRED] == 1
    walk.pages["/t=101"] = topic(1)
    assert walk.kept(target) == 1


def test_topics_whose_posts_are_not_found_any_more_since_the_layout_changed_are_read_when_the_file_is_mended(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/board": lines(1), "/t=1": topic(1)}
    assert walk.kept(target) == 1
    others = {f"/t={number}": titled(number) + topic(number).replace('class="post"', 'class="card"') for number in (101, 102, 103)}
    walk.pages |= {"/board": lines(101, 102, 103, 1), "/t=1": titled(1)} | others
    for _ in range(3):
        assert "has no posts for selector 'div.post[id^=p]': the layout has changed" in (walk.collect(target).error or "")
    mended = walk.target(PAGE + "topic: {post: '.card'}\n")
    walk.collect(mended)
    assert len(walk.posts()) == 4


def test_topics_that_were_removed_are_given_up(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/board": lines(1, 2), "/t=1": Answer("", 404), "/t=2": topic(2)}
    runs = [walk.collect(target) for _ in range(2)]
    assert [(run.error, run.counts.outcomes[Outcome.DEFERRED]) for run in runs] == [(None, 1), (None, 0)]
    assert "its topic was refused in 2 runs: forum.example has no such page (404)" in runs[1].counts.reasons
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])


MASKED = '<div class="content">Войдите, чтобы читать</div>'


def masked(*posts: int, author: str = "") -> str:
    """A topic's page where one text stands in the place of each post's."""
    return re.sub('<div class="content">.*?</div>', MASKED, topic(*posts)).replace("Рита", author or f"Автор {posts[0]}")


def test_a_text_that_stands_in_the_place_of_every_post_fails_the_run_and_is_replaced_when_the_posts_are_shown(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/board": lines(1, 2), "/t=1": masked(11, 12), "/t=2": masked(21)}
    assert walk.kept(target) == 3, "two topics may be alike"
    walk.pages |= {"/board": lines(3, 4, 1, 2), "/t=3": masked(31), "/t=4": masked(41)}
    for _ in range(3):
        assert "all posts of some topics have the same text, «Войдите, чтобы читать»" in (walk.collect(target).error or "")
    walk.pages |= {"/t=1": topic(11, 12), "/t=2": topic(21), "/t=3": topic(31), "/t=4": topic(41)}
    outcomes = walk.collect(target).counts.outcomes
    assert (outcomes[Outcome.KEPT], outcomes[Outcome.CHANGED]) == (2, 3)
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (0, ["board"])


def test_made_topics_of_one_author_with_one_text_are_no_mask(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {"/board": lines(1, 2, 3, 4)} | {f"/t={number}": masked(number, author="Спамер") for number in (1, 2, 3, 4)}
    assert [walk.kept(target) for _ in range(2)] == [4, 0]


@pytest.mark.parametrize("own", ["topic: {take: {author: null}}\n", ""])
def test_made_topics_whose_authors_are_hidden_or_share_the_last_one_may_be_a_mask(own: str, walk: Walk) -> None:
    target = walk.target(PAGE + own)
    pages = {f"/t={n}": masked(n) + ("" if own else masked(n + 50, author="Поддержка")) for n in (1, 2, 3)}
    walk.pages = {"/board": lines(1, 2, 3), **pages}
    assert "have the same text" in (walk.collect(target).error or "")


def test_made_pages_of_one_topic_with_one_text_are_no_mask(walk: Walk) -> None:
    target = walk.target(PAGE)
    pages = {f"/t=1{more}": masked(number) + following(f"/t=1&p={number + 1}") for number, more in ((1, ""), (2, "&p=2"), (3, "&p=3"))}
    walk.pages = {"/board": lines(1), **pages, "/t=1&p=4": masked(4)}
    assert walk.kept(target) == 4


def test_topics_with_one_text_among_others_are_no_mask(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages = {
        "/board": lines(1, 2, 3, 4, 5),
        "/t=1": masked(1),
        "/t=2": masked(2),
        "/t=3": topic(3),
        "/t=4": masked(4),
        "/t=5": masked(5),
    }
    assert walk.kept(target) == 5


def test_a_topic_whose_pages_fail_in_turn_is_not_given_up_while_it_is_read_on(walk: Walk) -> None:
    target, more = walk.target(PAGE), following
    walk.pages = {"/board": lines(4), "/t=4": topic(1) + more("/t=4&p=2"), "/t=4&p=2": Answer("", 503)}
    assert walk.kept(target) == 1
    walk.pages |= {"/t=4&p=2": topic(2) + more("/t=4&p=3"), "/t=4&p=3": topic(3) + more("/t=4&p=4"), "/t=4&p=4": Answer("", 503)}
    assert walk.kept(target) == 2
    walk.pages["/t=4&p=4"] = topic(4)
    assert walk.kept(target) == 1
