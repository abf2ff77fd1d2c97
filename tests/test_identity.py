"""Posts whose ids or addresses are found no more: a layout that has changed, and what honestly has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crawlers.archive import Archive
from crawlers.collect import collect
from crawlers.identity import Identity
from crawlers.rejection import FEW
from crawlers.run import Outcome, RunFailed
from tests.recorded_walk import Walk, walk
from tests.review_board import CARDS, TARGET, kept, paged
from tests.site import Answer, Place, Request, Site, site
from tests.test_forum import PAGE, topic
from tests.test_forum_walls import changed, lines

__all__ = ["walk"]

ANY = PAGE + "topic: {post: .post}\n"
"""A forum whose posts are found whether they have ids or not."""
MENDED = PAGE + "topic: {post: .post, take: {id: {select: ./@data-n, regex: '\\d+'}}}\n"
WITHOUT = PAGE + "topic: {post: .post, take: {id: null}}\n"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
LOST = r"posts the selector of `id` \('\./@id'\) finds nothing, while those kept before had it: .*`topic\.take`.*`id: null`"


def bare(*posts: int, more: str = "") -> str:
    """A page of a topic after the layout was changed."""
    return topic(*posts, more=more).replace(' id="p', ' data-n="p')


def had_ids(walk: Walk) -> None:
    """Two topics of a forum were collected, four posts each."""
    walk.pages |= {"/board": lines(1, 2), "/t=1": topic(11, 12, 13, 14), "/t=2": topic(21, 22, 23, 24)}
    assert walk.kept(walk.target(ANY)) == 8
    walk.requests.clear()


def lost_ids(walk: Walk) -> None:
    """And the same forum later, with another topic and another layout."""
    had_ids(walk)
    walk.pages |= {"/board": lines(3, 1, 2), "/t=1": bare(11, 12, 13, 14), "/t=2": bare(21, 22, 23, 24)}
    walk.pages["/t=3"] = bare(31, 32, 33, 34, 35, 36)


@pytest.mark.parametrize("since", [None, SINCE], ids=["goes on", "since"])
def test_a_forum_whose_ids_are_found_no_more_fails_each_run_and_keeps_nothing_until_it_is_mended(
    since: datetime | None, walk: Walk
) -> None:
    lost_ids(walk)
    for _ in range(2):
        run = walk.collect(walk.target(ANY), f"{since:%Y-%m-%d}" if since else "")
        assert re.match(r"https://forum\.example/t=3: in 6 of 6 " + LOST, run.error or "")
        assert (run.counts.outcomes[Outcome.KEPT], len(walk.posts())) == (0, 8)
        assert walk.asked == ["board", "t=3", "t=2", "t=1"], "other pages may show that they have ids still"
    run = walk.collect(walk.target(MENDED), f"{since:%Y-%m-%d}" if since else "")
    assert (run.error, run.counts.outcomes[Outcome.KEPT], len(walk.posts())) == (None, 6, 14)
    assert run.counts.outcomes[Outcome.CHANGED] == 0


def test_a_forum_that_has_no_ids_any_more_is_told_so_in_its_file(walk: Walk) -> None:
    lost_ids(walk)
    assert walk.kept(walk.target(WITHOUT)) == 6
    walk.pages |= {"/board": lines(4, 3, 1, 2), "/t=4": bare(41, 42, 43, 44, 45)}
    assert walk.kept(walk.target(WITHOUT)) == 5


def test_a_forum_that_never_had_ids_is_collected_as_ever(walk: Walk) -> None:
    target = walk.target(ANY)
    for number in (1, 2, 3):
        walk.pages |= {"/board": lines(*range(number, 0, -1)), f"/t={number}": bare(*range(number * 10, number * 10 + 7))}
        walk.requests.clear()
        assert (walk.kept(target), walk.asked) == (7, ["board", f"t={number}"])


def test_another_forum_under_the_name_of_one_that_had_ids_and_another_kind_are_not_judged_by_it(walk: Walk) -> None:
    had_ids(walk)
    walk.pages = {"/board": lines(3), "/t=3": bare(31, 32, 33, 34, 35, 36)}
    assert walk.kept(walk.target(ANY.replace("forum.example", "other.example"))) == 6
    assert len(Identity(walk.target(ANY), lambda id: False).before) == 8
    assert Identity(walk.target(CARDS + "site: forum.example\n"), lambda id: False).before == []


def test_a_page_that_honestly_lacks_ids_is_kept_where_another_page_shows_that_there_are_some(walk: Walk) -> None:
    had_ids(walk)
    walk.pages |= {"/board": lines(3, 1, 2), "/t=3": bare(*range(300, 320))}
    assert (walk.kept(walk.target(ANY)), walk.asked) == (20, ["board", "t=3", "t=2"])
    walk.pages |= {"/board": changed(3, 1, 2), "/t=3": bare(*range(300, 321))}
    assert walk.kept(walk.target(ANY)) == 1, "the known ones say nothing"
    walk.requests.clear()
    assert (walk.kept(walk.target(ANY)), walk.asked) == (0, ["board"])


def test_other_pages_are_asked_for_with_their_keys_and_one_that_is_gone_says_nothing(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARD_KEY", "s3cret")
    file = ANY.replace("/board", "/board?key=${BOARD_KEY}")

    def shown(*numbers: int) -> str:
        return re.sub(r'href="/t=(\d)"', r'href="/t=\1?key=s3cret"', lines(*numbers))

    walk.pages |= {"/board": shown(1, 2), "/t=1": topic(11, 12, 13, 14), "/t=2": topic(21, 22, 23, 24)}
    assert walk.kept(walk.target(file)) == 8
    walk.pages |= {"/board": shown(3, 1, 2), "/t=3": bare(31, 32, 33, 34, 35, 36), "/t=2": Answer("", 404)}
    walk.requests.clear()
    assert (walk.kept(walk.target(file)), walk.asked) == (6, ["board?key=s3cret", *(f"t={number}?key=s3cret" for number in (3, 2, 1))])


def test_a_few_posts_without_ids_among_others_are_kept_and_nothing_else_is_asked_for(walk: Walk) -> None:
    had_ids(walk)
    walk.pages |= {"/board": lines(3, 1, 2), "/t=3": bare(31, 32) + topic(33, 34, 35)}
    assert (walk.kept(walk.target(ANY)), walk.asked) == (5, ["board", "t=3"])
    walk.pages |= {"/board": lines(4, 3, 1, 2), "/t=4": bare(41)}
    assert (walk.kept(walk.target(ANY)), walk.asked) == (1, ["board", "t=4"])


def test_ids_that_are_lost_in_runs_of_one_post_each_are_missed_soon(walk: Walk) -> None:
    lost_ids(walk)
    errors = []
    for number in range(3, 9):
        walk.pages |= {"/board": lines(*range(number, 0, -1)), f"/t={number}": bare(number)}
        errors.append(walk.collect(walk.target(ANY)).error)
    assert len(walk.posts()) - 8 < FEW
    assert errors[0] is None and re.search("in 1 of 1 " + LOST, errors[-1] or "")


def test_ids_that_are_lost_in_the_middle_of_a_run_are_missed_soon_and_what_came_before_stays(walk: Walk) -> None:
    had_ids(walk)
    numbers = range(3, 43)
    walk.pages |= {"/board": lines(*numbers)} | {f"/t={n}": (topic if n < 33 else bare)(*range(n * 10, n * 10 + 10)) for n in numbers}
    walk.pages |= {"/t=1": bare(11, 12, 13, 14), "/t=2": bare(21, 22, 23, 24)}
    run = walk.collect(walk.target(ANY))
    assert re.search("in 10 of 10 " + LOST, run.error or "")
    assert 300 <= run.counts.outcomes[Outcome.KEPT] < 330


def test_a_style_of_phpbb_without_the_ids_of_its_posts_shows_none(walk: Walk) -> None:
    had_ids(walk)
    walk.pages |= {"/board": lines(3), "/t=3": bare(31, 32, 33, 34, 35, 36)}
    run = walk.collect(walk.target(PAGE))
    assert (run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (0, 1)


# Reviews, by the real spider.


@pytest.fixture
def board() -> Iterator[Site]:
    with site() as running:
        yield running


LINKS = TARGET.replace("url: a::attr(href)", "url: a")


def unlinked(board: Site, *, pages: int) -> None:
    """On the first pages of the list no review has a link; elsewhere the links have no words."""
    listed = board.pages["/vestarna"]
    assert callable(listed)

    def answer(request: Request) -> Answer:
        page = int(request.path.partition("page=")[2] or 1)
        body = str(listed(request).body).replace(">#</a>", "></a>")
        return Answer(body.replace('<a href="/r/', '<a data-was="/r/') if page <= pages else body)

    board.pages["/vestarna"] = answer


@pytest.mark.parametrize("since", [None, SINCE], ids=["goes on", "since"])
def test_reviews_whose_addresses_are_found_no_more_fail_the_run_until_it_is_mended(
    since: datetime | None, board: Site, place: Place
) -> None:
    target = place.target("vestarna", LINKS.format(url=board.url))
    paged(board, list(range(20, 0, -1)))
    unlinked(board, pages=0)
    assert place.collect(target).outcomes["kept"] == 20
    cursor = Archive(place.data).cursor("vestarna")
    paged(board, list(range(27, 0, -1)))
    unlinked(board, pages=9)
    said = r"vestarna: in 5 of 5 posts the selector of `url` \('a'\) finds nothing, while those kept before had it: .*`take`.*`url: null`"
    with pytest.raises(RunFailed, match=said):
        collect(target, data=place.data, config=place.config, since=since)
    assert (len(place.posts(target)), Archive(place.data).cursor("vestarna")) == (20, cursor)
    mended = place.target("vestarna", LINKS.format(url=board.url).replace("url: a", "url: a::attr(data-was)"))
    assert collect(mended, data=place.data, config=place.config, since=since).outcomes["kept"] == 7
    assert kept(place, target) == list(range(1, 28))


def test_a_page_of_reviews_that_honestly_lack_addresses_is_kept_where_the_next_page_has_them(board: Site, place: Place) -> None:
    target = place.target("vestarna", LINKS.format(url=board.url))
    paged(board, list(range(20, 0, -1)))
    unlinked(board, pages=0)
    assert place.collect(target).outcomes["kept"] == 20
    paged(board, list(range(25, 0, -1)))
    unlinked(board, pages=1)
    for number in (5, 0):
        assert place.collect(target).outcomes["kept"] == number
