"""Reviews whose list shows the beginning of a text: each one's own page is fetched once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parsel import Selector

from crawlers.archive import Archive
from crawlers.collect import collect, preview
from crawlers.own_page import as_read, goes_on, with_kept
from crawlers.recheck import recheck
from crawlers.run import RunFailed
from crawlers.seen import content_hash
from crawlers.spiders.reviews import post, read_page, wanted
from crawlers.target import BrokenTarget, read_target
from tests.recording import COLLECTED
from tests.review_board import CARDS, LOOKED_AT, TARGET, kept, paged, review
from tests.site import Answer, Place, Site, site


@pytest.fixture
def board() -> Iterator[Site]:
    with site() as running:
        yield running


OWN = (
    TARGET
    + """own_page:
  text: {{select: .whole, cut: .ad}}
  rating: {{select: .own-stars, min: 2, max: 10}}
  likes: .votes
  date: .exact
limits: {{items: {items}}}
"""
)


def own_page(number: int) -> str:
    text = f"Отзыв номер {number}: деньги вернули через {number} дней. И ещё рассказываю целиком, как было."
    return (
        f'<div class="whole">{text}<p class="ad">Реклама</p><blockquote>Чужое</blockquote></div><b class="votes">{number}</b>'
        f'<i class="exact">0{number % 9 + 1}.09.2026 12:30</i><i class="own-stars">{number % 5 * 2 + 2} из 10</i>'
    )


def with_own_pages(board: Site, numbers: list[int]) -> None:
    paged(board, numbers)
    board.pages |= {f"/r/{number}": own_page(number) for number in numbers}


def own_pages(board: Site) -> list[int]:
    """Whose own pages were asked for, in order of their numbers."""
    return sorted(int(path.rpartition("/")[2]) for path in board.paths() if path.startswith("/r/"))


def test_the_own_page_of_a_new_review_is_fetched_once_for_its_whole_text(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(12, 0, -1)))
    listed = Place(place.data.parent / "listed")
    before = listed.target("vestarna", TARGET.format(url=board.url))
    assert listed.collect(before).outcomes["kept"] == 12
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    assert place.collect(target).outcomes["kept"] == 12
    assert own_pages(board) == list(range(1, 13))
    posts = {post.id: post for post in place.posts(target)}
    assert set(posts) == {post.id for post in listed.posts(before)}, "told by what the list shows, as before"
    for each in posts.values():
        number = int((each.url or "").rpartition("/")[2])
        assert each.text.endswith("как было.") and (each.quoted, each.likes) == ("Чужое", number)
        assert each.published == datetime(2026, 9, number % 9 + 1, 12, 30, tzinfo=UTC) and each.rating == number % 5 + 1

    board.asked.clear()
    with_own_pages(board, list(range(14, 0, -1)))
    counts = place.collect(target).outcomes
    assert (counts["kept"], counts["changed"], own_pages(board)) == (2, 0, [13, 14])
    board.asked.clear()
    counts = place.collect(target).outcomes
    assert (counts["kept"], counts["repeated"], board.paths()) == (0, 5, ["/vestarna"])


def test_a_review_whose_own_page_fails_waits_for_it_and_is_then_kept_as_the_list_shows_it(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(9, 0, -1)))
    board.pages["/r/7"] = Answer("down", 500)
    board.pages["/r/6"] = "<html><body>Введите символы с картинки</body></html>"
    board.pages["/r/5"] = Answer("gone", 404)
    board.pages["/r/4"] = Answer("", 302, {"Location": "/r/9"})
    target = place.target("vestarna", OWN.format(url=board.url, items=100) + "attempts: 3\n")
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["deferred"], run.outcomes["rejected"]) == (6, 3, 0)
    assert "without own page 1" in str(run) and kept(place, target) == [1, 2, 3, 5, 8, 9]
    assert set(Archive(place.data).cursor("vestarna")) == {"top", "open", "shown", "deferred"}

    board.asked.clear()
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["deferred"], set(own_pages(board))) == (0, 3, {4, 6, 7, 9})
    assert run.outcomes["repeated"] == 5 - 2, "of the five that the list shows first 6 and 7 wait"
    assert "/vestarna?page=2" not in board.paths(), "what waits is known"
    board.pages["/r/7"] = own_page(7)
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["deferred"]) == (3, 0) and "without own page 2" in str(run)
    texts = {int((post.url or "").rpartition("/")[2]): post.text for post in place.posts(target)}
    assert {number for number, text in texts.items() if not text.endswith("как было.")} == {4, 5, 6}, "the beginning is kept"
    board.asked.clear()
    assert place.collect(target).outcomes["repeated"] == 5 and board.paths() == ["/vestarna"]


def test_a_review_whose_own_page_is_refused_for_now_waits_for_it(board: Site, place: Place) -> None:
    with_own_pages(board, [3, 2, 1])
    board.pages |= {"/r/3": Answer("no robots", 403), "/r/2": Answer("log in", 401), "/r/1": Answer("withheld", 451)}
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["deferred"]) == (1, 2) and "without own page 1" in str(run)
    board.pages |= {"/r/3": own_page(3), "/r/2": own_page(2)}
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["deferred"], "without" in str(run)) == (2, 0, False)


def test_what_was_collected_as_beginnings_is_made_whole_by_collecting_again(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(5, 0, -1)))
    place.collect(place.target("vestarna", TARGET.format(url=board.url)))
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    assert place.collect(target).outcomes["repeated"] == 5 and own_pages(board) == []
    board.pages["/r/2"] = Answer("gone", 404)
    run = collect(target, data=place.data, config=place.config, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert (run.outcomes["kept"], run.outcomes["changed"], own_pages(board)) == (0, 4, [1, 2, 3, 4, 5])
    board.pages["/r/3"] = Answer("gone", 404)
    run = collect(target, data=place.data, config=place.config, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert run.outcomes["changed"] == 0, "a beginning does not replace a text that is known"


def test_a_second_look_at_an_own_page_sees_another_text_and_other_figures(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(5, 0, -1)))
    board.pages["/r/5"] = Answer("gone", 404)
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    assert "without own page 1" in str(place.collect(target))
    board.pages["/r/5"] = own_page(5)
    board.pages["/r/4"] = own_page(4).replace("И ещё рассказываю целиком", "Дописываю: деньги вернули, и рассказываю целиком")
    board.pages["/r/3"] = own_page(3).replace('"votes">3', '"votes">30')
    board.pages["/r/2"] = "<html><body>Введите символы с картинки</body></html>"
    seen = recheck(target, data=place.data, config=place.config, now=datetime(2026, 9, 8, tzinfo=UTC))
    assert (seen.here, seen.edited, seen.counted, seen.untold) == (4, 2, 1, 1), "a captcha tells nothing"
    posts = {int((post.url or "").rpartition("/")[2]): post for post in place.posts(target)}
    assert "Дописываю" in posts[4].text and posts[3].likes == 30 and posts[5].text.endswith("как было.") and posts[2].likes == 2
    assert place.collect(target).outcomes["repeated"] == 5


def test_a_login_that_is_shorter_than_the_beginning_in_the_list_makes_no_edit_of_a_review(board: Site, place: Place) -> None:
    with_own_pages(board, [2, 1])
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    assert place.collect(target).outcomes["kept"] == 2
    board.pages["/r/1"] = '<div class="whole">Войдите, чтобы прочитать</div>'
    seen = recheck(target, data=place.data, config=place.config, now=datetime(2026, 9, 8, tzinfo=UTC))
    assert (seen.here, seen.untold, seen.edited, len(place.posts(target))) == (1, 1, 0, 2), "nor is it cut down to its beginning"


@pytest.mark.parametrize("date", ["Сегодня, 14:05", "вчера", "2 часа назад"])
def test_a_date_of_the_list_is_counted_back_from_when_that_was_read(date: str, tmp_path: Path) -> None:
    file = CARDS.replace("date: time", "date: time, edited: time, url: a") + "own_page: {text: p, date: em}\n"
    target = Place(tmp_path).target("told", file)
    card = f'<div class="review"><b>Рита</b><time>{date}</time><p>Карту везли две недели.</p></div>'
    (raw,) = read_page(Selector(card), target, target.url)
    shown = as_read(raw, LOOKED_AT[12])
    first, later = (post(shown | {"own": {"text": "Карту везли две недели. И две."}}, target, LOOKED_AT[day]) for day in (12, 20))
    assert first.published and first.published == post(raw, target, LOOKED_AT[12]).published
    assert (later.published, later.id, content_hash(later)) == (first.published, first.id, content_hash(first))
    own = post(shown | {"own": {"text": "Карту везли две недели. И две.", "date": date}}, target, LOOKED_AT[20])
    assert (own.published, own.edited) == (post(raw, target, LOOKED_AT[20]).published, first.edited), "of its own page it is true now"


def test_a_review_that_waited_and_was_looked_at_again_keeps_the_date_of_its_list(board: Site, place: Place) -> None:
    board.pages["/vestarna"] = f"<html><body>{review(1).replace('02.09.2026 10:00', '2 часа назад')}</body></html>"
    board.pages["/r/1"] = Answer("down", 500)
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    listed = place.collect(target)
    assert listed.outcomes["deferred"] == 1
    board.pages["/r/1"] = own_page(1).replace("exact", "gone")
    assert place.collect(target).outcomes["kept"] == 1
    board.pages["/r/1"] = own_page(1).replace("exact", "gone").replace("целиком", "подробно")
    assert recheck(target, data=place.data, config=place.config).edited == 1
    before, after = place.posts(target)
    assert before.published is not None and before.published <= listed.ended - timedelta(hours=2)
    assert after.published == before.published and "подробно" in after.text


def test_a_review_that_waits_and_has_become_known_is_not_asked_for_without_end(board: Site, place: Place) -> None:
    with_own_pages(board, [2, 1])
    board.pages["/r/2"] = Answer("down", 500)
    target = place.target("vestarna", OWN.format(url=board.url, items=100) + "attempts: 2\n")
    assert place.collect(target).outcomes["deferred"] == 1
    board.pages["/r/2"] = own_page(2)
    run = collect(target, data=place.data, config=place.config, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert (run.outcomes["kept"], run.outcomes["repeated"]) == (1, 1)
    board.pages["/r/2"] = Answer("gone", 404)
    counts = place.collect(target).outcomes
    assert (counts["deferred"], counts["changed"], counts["repeated"]) == (0, 0, 2), "the list shows both, and what waited is known"
    board.asked.clear()
    assert place.collect(target).outcomes["repeated"] == 2 and own_pages(board) == []
    assert "deferred" not in Archive(place.data).cursor("vestarna")


def test_the_own_page_of_a_rejected_review_is_not_asked_for_again(board: Site, place: Place) -> None:
    with_own_pages(board, [4, 3, 2, 1])
    page = "".join(map(review, (4, 3, 2, 1)))
    for number in (1, 2, 3, 4):
        page = page.replace(f"номер {number}:", f"<em>{'Дукатор' if number != 3 else 'Иная'}</em> номер {number}:")
    board.pages["/vestarna"] = f"<html><body>{page}</body></html>"
    board.pages["/r/2"] = own_page(2).replace("целиком", "целиком" * 100)
    text = (
        OWN.format(url=board.url, items=100)
        .replace("about: Вестарна", "about: {selector: em}")
        .replace("limits: {", "limits: {text: 500, ")
    )
    target = place.target("vestarna", text)
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["rejected"], own_pages(board)) == (2, 2, [1, 2, 4]), "of 3 the list says enough"
    board.asked.clear()
    board.pages["/r/2"] = own_page(2).replace("целиком", "целиком" * 100).replace('"votes">2', '"votes">3')
    counts = place.collect(target).outcomes
    assert (counts["rejected"], counts["repeated"], own_pages(board)) == (0, 4, [])
    board.asked.clear()
    run = collect(target, data=place.data, config=place.config, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert (run.outcomes["rejected"], run.outcomes["repeated"], own_pages(board)) == (0, 4, [1, 2, 4])


def test_where_an_own_page_shows_no_date_or_stars_that_can_be_read_those_of_the_list_hold(board: Site, place: Place) -> None:
    with_own_pages(board, [3, 2, 1])
    board.pages["/r/3"] = own_page(3).replace("12:30", "в обед").replace("8 из 10", "80 из 100")
    board.pages["/r/2"] = own_page(2).replace("03.09.2026 12:30", "год назад").replace("6 из 10", "хорошо")
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    assert place.collect(target).outcomes["kept"] == 3
    first, *others = sorted(place.posts(target), key=lambda post: post.url or "")
    assert first.published == datetime(2026, 9, 2, 12, 30, tzinfo=UTC)
    for number, each in enumerate(others, 2):
        assert (each.published, each.rating) == (datetime(2026, 9, number + 1, 10, tzinfo=UTC), number + 1)
        assert each.text.endswith("как было.")
    undated = place.target("vestarna", OWN.format(url=board.url, items=100).replace("  date: time\n", ""))
    (raw, *_) = read_page(Selector(review(3)), undated, undated.url)
    with pytest.raises(ValueError, match="no date"):
        post(raw | {"own": {"text": "Целиком", "date": "в обед"}}, undated, COLLECTED)


def test_an_own_page_that_has_moved_on_its_host_is_read_and_none_of_another_review(board: Site, place: Place) -> None:
    with_own_pages(board, [4, 3, 2, 1])
    board.pages |= {"/r/4-slug": own_page(4), "/r/4": Answer("", 301, {"Location": "/r/4-slug"})}
    board.pages["/r/3"] = Answer("", 302, {"Location": "/r/2"})
    board.pages["/r/2"] = Answer("", 302, {"Location": board.url.replace("127.0.0.1", "localhost") + "/moved/2"})
    board.pages["/moved/2"] = own_page(2)
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    run = place.collect(target)
    assert (run.outcomes["kept"], run.outcomes["deferred"], kept(place, target)) == (2, 2, [1, 4])
    assert all(each.text.endswith("как было.") for each in place.posts(target))


@pytest.mark.parametrize(
    ("beginning", "text", "same"),
    [
        ("Деньги вернули, но не сра…", "Плюсы: быстро\n\nДеньги вернули, но не сразу", True),
        ("Деньги вернули, но не сразу", "Деньги не вернули, но сразу", False),
        ("Всё хорошо", "Всё хорошо, и даже очень", False),
        ("", "Всё хорошо", False),
    ],
)
def test_a_text_goes_on_where_its_beginning_stands_in_it(beginning: str, text: str, same: bool) -> None:
    assert goes_on(beginning, text) is same


def test_own_pages_that_all_lead_elsewhere_fail_the_run_and_a_preview_shows_the_beginnings(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(30, 0, -1)))
    board.pages |= {f"/r/{number}": Answer("", 302, {"Location": "/captcha"}) for number in range(1, 31)}
    board.pages["/captcha"] = "<html><body>Введите символы с картинки</body></html>"
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    with pytest.raises(RunFailed, match=r"the selector of `text` \('\.whole'\) finds nothing in any of 5 items: .*`own_page`"):
        place.collect(target)
    assert Archive(place.data).cursor("vestarna") == {}
    board.asked.clear()
    samples = preview(target, data=place.data, config=place.config, limit=3).samples
    assert [sample.post.text.endswith("дней.") for sample in samples if sample.post] == [True] * 3
    assert own_pages(board) == [28, 29, 30]


def test_reviews_that_wait_in_vain_are_given_up_and_the_list_is_asked_for_all_the_while(board: Site, place: Place) -> None:
    target = place.target("vestarna", OWN.format(url=board.url, items=100) + "attempts: 3\n")
    for run in range(1, 4):
        with_own_pages(board, list(range(4 * run, 0, -1)))
        board.pages |= {f"/r/{number}": Answer("", 302, {"Location": "/vestarna"}) for number in range(1, 4 * run) if number % 4}
        board.asked.clear()
        place.collect(target)
        assert "/vestarna" in board.paths()
    assert kept(place, target) == [1, 2, 3, 4, 8, 12], "after `attempts` the beginnings are taken"


def test_what_an_own_page_says_of_days_holds_from_when_it_was_read(place: Place) -> None:
    target = place.target(
        "vestarna", OWN.format(url="http://board.test", items=100).replace("date: .exact", "date: .exact\n  edited: .edited")
    )
    piece, read = (
        as_read({"html": review(4), "page": "http://board.test/vestarna"}, datetime(2026, 9, 12, 12, tzinfo=UTC)),
        "2026-09-12T12:00:00Z",
    )
    own = {"text": "Отзыв целиком", "date": "Сегодня, 14:05", "edited": "вчера", "rating": "10", "likes": "1"}
    first = piece | {"own": own, "own_read": read}
    later = with_kept(piece | {"shown": "2026-09-20T12:00:00Z"}, first, wanted(target))
    assert later["own"] == own, "the list shows no other stars than before"
    made = [post(raw, target, datetime(2026, 9, day, 13, tzinfo=UTC)) for raw, day in ((first, 12), (later, 20))]
    assert made[0].published == made[1].published == datetime(2026, 9, 12, 14, 5, tzinfo=UTC)
    assert (made[0].id, content_hash(made[0])) == (made[1].id, content_hash(made[1]))
    other = with_kept(piece | {"html": review(4).replace("<i></i>", "", 1)}, first, wanted(target))
    assert "rating" not in other["own"] and other["own"]["likes"] == "1"


def test_while_many_reviews_wait_the_list_is_not_followed_and_none_is_missed(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(75, 0, -1)))
    board.pages |= {f"/r/{number}": Answer("", 429, {"Retry-After": "0"}) for number in range(1, 76)}
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    run = place.collect(target)
    assert 50 <= run.outcomes["deferred"] < 60 and len(Archive(place.data).cursor("vestarna")["deferred"]) < 60
    board.pages |= {f"/r/{number}": own_page(number) for number in range(1, 76)}
    place.collect(target)
    assert kept(place, target) == list(range(1, 76))


def test_a_review_that_waits_and_can_be_no_post_any_more_is_rejected(board: Site, place: Place) -> None:
    with_own_pages(board, [4])
    board.pages["/r/4"] = Answer("down", 500)
    text = OWN.format(url=board.url, items=100)
    assert place.collect(place.target("vestarna", text)).outcomes["deferred"] == 1
    board.pages["/vestarna"] = f"<html><body>{review(1)}</body></html>"
    run = place.collect(place.target("vestarna", text.replace("{select: i, count: true}", "{select: i, count: true, max: 4}")))
    assert (run.outcomes["rejected"], run.outcomes["deferred"]) == (1, 0)
    assert "deferred" not in Archive(place.data).cursor("vestarna")


def test_other_stars_and_figures_in_the_list_are_taken_with_the_text_that_is_kept(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(5, 0, -1)))
    text = re.sub(r"  rating: \{select: .own.*\n  likes.*\n  date.*\n", "", OWN.format(url=board.url, items=100))
    target = place.target("vestarna", text.replace("next: a.next", "  likes: u\nnext: a.next"))
    assert place.collect(target).outcomes["kept"] == 5
    page = "".join(map(review, range(5, 0, -1)))
    stars, votes = page.replace("</a>" + "<i></i>" * 4 + "<p>", "</a><i></i><p>"), page.replace("номер 2:", "номер 2<u>7</u>:")
    assert page not in (stars, votes)
    for shown, changed in ((stars, 1), (stars, 0), (votes, 2), (votes, 0)):
        board.asked.clear()
        board.pages["/vestarna"] = f"<html><body>{shown}</body></html>"
        counts = place.collect(target).outcomes
        assert (counts["changed"], counts["repeated"], own_pages(board)) == (changed, 5 - changed, [])
    changed = place.posts(target)[5:]
    assert [(each.rating, each.likes) for each in changed] == [(1, None), (4, None), (3, 7)]
    assert all(each.text.endswith("как было.") and each.quoted == "Чужое" for each in changed)
    assert recheck(target, data=place.data, config=place.config, now=datetime(2026, 9, 8, tzinfo=UTC)).edited == 0


def test_own_pages_that_lack_what_they_should_have_fail_the_run_and_the_cursor_stays(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(9, 0, -1)))
    board.pages |= {f"/r/{number}": "<html><body>Введите символы с картинки</body></html>" for number in range(1, 10)}
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    with pytest.raises(RunFailed, match=r"the selector of `text` \('\.whole'\) finds nothing in any of 5 items: .*`own_page`"):
        place.collect(target)
    assert place.posts(target) == [] and Archive(place.data).cursor("vestarna") == {}


def test_a_limit_of_items_holds_for_own_pages_and_the_next_run_goes_on(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(12, 0, -1)))
    target = place.target("vestarna", OWN.format(url=board.url, items=3))
    for asked in ([10, 11, 12], [7, 8, 9], [4, 5, 6], [1, 2, 3]):
        board.asked.clear()
        assert place.collect(target).outcomes["kept"] == 3 and own_pages(board) == asked
    assert kept(place, target) == list(range(1, 13))


def test_a_preview_asks_for_the_own_pages_of_what_it_shows(board: Site, place: Place) -> None:
    with_own_pages(board, list(range(12, 0, -1)))
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    samples = preview(target, data=place.data, config=place.config, limit=3).samples
    assert [sample.post.text.endswith("как было.") for sample in samples if sample.post] == [True] * 3
    assert own_pages(board) == [10, 11, 12]


def test_own_pages_are_asked_for_on_the_host_of_the_list_alone_and_by_robots(board: Site, place: Place) -> None:
    with_own_pages(board, [4, 3, 2, 1])
    page = "".join(map(review, (4, 3, 2, 1))).replace('href="/r/4"', 'href="http://other.invalid/r/4"')
    board.pages["/vestarna"] = f"<html><body>{page}</body></html>"
    board.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /r/3\n", headers={"Content-Type": "text/plain"})
    target = place.target("vestarna", OWN.format(url=board.url, items=100))
    run = place.collect(target)
    assert (run.outcomes["kept"], own_pages(board)) == (4, [1, 2]) and "without own page 2" in str(run)


def test_own_pages_need_the_address_of_a_review(place: Place) -> None:
    text = OWN.format(url="https://reviews.example", items=100).replace("  url: a::attr(href)\n", "")
    (place.config / "targets" / "broken.yaml").write_text(text, encoding="utf-8")
    broken = read_target(place.config / "targets" / "broken.yaml")
    assert isinstance(broken, BrokenTarget) and "`own_page` needs `take.url`" in str(broken.error)
