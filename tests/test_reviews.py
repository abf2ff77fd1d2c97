"""Review sites: recorded pages read by selectors, the cursor of open intervals, and whole runs against a site on loopback."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsel import Selector

from crawlers.archive import Archive
from crawlers.interval import PATIENCE, Descent
from crawlers.kinds import ReviewsTarget
from crawlers.own_page import read_own_page
from crawlers.page import Text, decode, plain
from crawlers.post import Post, post_id
from crawlers.preset import preset_names
from crawlers.run import RunFailed
from crawlers.selection import next_page, numbered
from crawlers.source import CollectError, Cursor
from crawlers.spiders.reviews import post, read_page, tally
from crawlers.unfolded import parsed_page, unfold
from tests.recording import COLLECTED, RECORDED, cases, compare, outcomes, recorded_target
from tests.review_board import CARDS, LOOKED_AT, TARGET, kept, paged, review
from tests.site import Answer, Place, Request, Site, site

REAL = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "pages"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="requires: ../shared/fixtures/pages")


@pytest.fixture
def board() -> Iterator[Site]:
    with site() as running:
        yield running


@pytest.mark.parametrize("case", [case for case in cases("reviews") if list(case.glob("page.*"))], ids=lambda case: case.name)
def test_made_page(case: Path, tmp_path: Path) -> None:
    """Pages of our own making; `documented`: after what is publicly written of the site, of which no page was at hand."""
    target = recorded_target(case, tmp_path)
    page = parsed_page(decode(next(case.glob("page.*")).read_bytes()))
    found = outcomes(read_page(page, target, target.url), target)
    compare(case, {"next": next_page(page, target.next, target.url) or numbered(target.numbered, target.url), "posts": found})


@pytest.mark.parametrize("case", [case for case in cases("reviews") if list(case.glob("own_page.*"))], ids=lambda case: case.name)
def test_made_own_page(case: Path, tmp_path: Path) -> None:
    """A review's own page, of our own making as the list is: its text is whole, and no other review's."""
    target = recorded_target(case, tmp_path)
    (raw, *_) = read_page(parsed_page(decode((case / "page.html").read_bytes())), target, target.url)
    own = read_own_page(parsed_page(decode((case / "own_page.html").read_bytes())), target)
    listed, whole = (post(each, target, COLLECTED) for each in (raw, raw | {"own": own}))
    assert whole.text == (case / "own_page.txt").read_text(encoding="utf-8").rstrip("\n") != listed.text
    assert (whole.id, whole.title, whole.rating, whole.published) == (listed.id, listed.title, listed.rating, listed.published)


@needs_real
def test_the_recorded_page_of_banki_ru(tmp_path: Path) -> None:
    target = recorded_target(RECORDED / "reviews" / "banki_ru", tmp_path)
    page = Selector(decode((REAL / "banki_ru_moodify" / "banki" / "debug.html").read_bytes()), type="html")
    posts = outcomes(read_page(page, target, target.url), target)
    assert len(posts) == 25
    assert [post for post in posts if "rejected" in post] == []
    assert posts[0]["title"] == "Обеспечение безопасности"
    assert posts[0]["rating"] == 5
    assert posts[0]["published"] == "2025-09-18T14:52:00.000Z"
    assert posts[0]["url"] == "https://www.banki.ru/services/responses/bank/response/12560234/"
    assert posts[0]["text"].startswith("Мне начали поступать СМС о том")
    assert posts[0]["text"].endswith("Возможно, кто-то ошибочно вводил мой номер телефона."), "the whole text stands in the page's data"
    assert posts[0]["product"] == "Газпромбанк"
    assert (posts[0]["author_id"], posts[1]["author_id"], posts[0]["replies"]) == ("banki.ru:user_1024", "banki.ru:user_1024", 1)
    assert len({post["author_id"] for post in posts}) == 24 and sum("replies" in post for post in posts) == 10
    assert all(1 <= post["rating"] <= 5 for post in posts if "rating" in post)
    assert len({post["id"] for post in posts}) == len(posts)
    assert numbered(target.numbered, target.url) == "https://www.banki.ru/services/responses/list/?page=2"
    assert "/services/responses/list/?page=2" in page.css("a::attr(href)").getall(), "all banks, although the page is that of one"


@needs_real
def test_the_recorded_page_of_trustpilot(tmp_path: Path) -> None:
    target = recorded_target(RECORDED / "reviews" / "trustpilot", tmp_path)
    page = Selector(decode((REAL / "trafilatura" / "tests" / "eval" / "uk.trustpilot.com.reviews.html").read_bytes()), type="html")
    (post,) = outcomes(read_page(page, target, target.url), target)
    assert post["author_name"] == "Mrs H Pyke"
    assert post["author_id"] == "trustpilot.com:5654deef0000ff0001ed7871"
    assert post["published"] == "2016-11-04T20:37:27.000Z"
    assert (post["rating"], post["title"], post["product"]) == (5, "Gousto has changed my life....", "gousto.co.uk")
    assert post["text"].startswith("I cannot thank Gousto enough.") and post["text"].endswith("thanks so much!")


BESIDE = """
kind: reviews
url: https://reviews.example/vestarna
timezone: Europe/Moscow
data: script
item: .review
beside: .list > div
take: {text: .words, author: .who, date: time, id: ./@id}
"""


@pytest.mark.parametrize(
    ("script", "authors", "texts"),
    [
        ('{"list": [{"who": "Рита"}, {"who": "Олег", "words": "Строка\\nи <b>ещё</b>"}]}', ["Рита", "Олег"], ["Первый", "Строка\nи ещё"]),
        ('{"list": [{"who": "Рита"}]}', [None, None], ["Первый", "Второй"]),
        ('{"list": [{"who": "Рита"}, ', [None, None], ["Первый", "Второй"]),
        ('{"a":' * 5000 + "1" + "}" * 5000, [None, None], ["Первый", "Второй"]),
        ('{"list": [{"who": null}, {"who": true}]}', [None, "true"], ["Первый", "Второй"]),
    ],
    ids=["one each", "fewer", "cut short", "too deep", "no text"],
)
def test_what_stands_beside_the_made_items_is_theirs_where_there_is_one_each(
    script: str, authors: list[str | None], texts: list[str], tmp_path: Path
) -> None:
    target = Place(tmp_path).target("vestarna", BESIDE)
    words = ("Первый", "Второй")
    cards = "".join(
        f'<div class="review" id="{n}"><p class="words">{text}</p><time>0{n}.09.2026</time></div>' for n, text in enumerate(words, 1)
    )
    page = parsed_page(f"<html><body>{cards}<script>{script}</script></body></html>")
    posts = outcomes(read_page(page, target, target.url), target)
    assert [post.get("author_name") for post in posts] == authors
    assert [post["text"] for post in posts] == texts


def told(tmp_path: Path, file: str, card: str) -> Callable[[str, int], Post]:
    """The post of the only review on a page, by the date written there and the day in May when it was looked at."""
    target = Place(tmp_path).target("told", file)

    def at(date: str, day: int) -> Post:
        page = parsed_page(f"<html><body>{card.format(date)}</body></html>")
        (raw,) = read_page(page, target, target.url)
        return post(raw, target, LOOKED_AT[day])

    return at


def test_a_made_review_without_id_and_address_is_one_however_its_date_is_written(tmp_path: Path) -> None:
    at = told(tmp_path, CARDS, '<div class="review"><b>Рита</b><time>{}</time><p>Карту везли две недели.</p></div>')
    same = [at("Сегодня, 14:05", 12), at("Вчера в 14:05", 13), at("12.05.2026 14:05", 20), at("12 мая 2026, 14:05", 20)]
    assert len({each.id for each in same}) == 1
    # Twice the same words, on two days, are two reviews.
    assert at("13.05.2026 14:05", 20).id != same[0].id
    # What is counted back from now is another moment with each look.
    counted = [
        at("2 часа назад", 12),
        at("3 часа назад", 12),
        at("вчера", 13),
        at("день назад", 13),
        at("8 дней назад", 20),
        at("месяц назад", 20),
    ]
    assert len({each.id for each in counted}) == 2, "«вчера» is a date, all others have none that stays"
    assert all(each.published for each in counted[:5]), "they are dated all the same"


def test_a_made_review_without_id_and_address_is_one_whatever_zone_its_target_has(tmp_path: Path) -> None:
    card = '<div class="review"><b>Рита</b><time>{}</time><p>Карту везли две недели.</p></div>'
    assert "timezone: Europe/Moscow" in CARDS
    mended = told(tmp_path / "b", CARDS.replace("Europe/Moscow", "Asia/Yekaterinburg"), card)
    before, after = told(tmp_path / "a", CARDS, card)("12.05.2026 14:05", 20), mended("12.05.2026 14:05", 20)
    assert after.id == before.id == mended("Сегодня, 14:05", 12).id and after.published != before.published


@pytest.mark.parametrize("date", ["2 часа назад", "год назад", ""])
def test_made_reviews_without_a_date_that_stays_are_told_by_stars_and_title_too(tmp_path: Path, date: str) -> None:
    file = CARDS.replace("date: time", "date: time, rating: i, title: h3") + "ratings_without_text: true\n"

    def id(author: str, text: str, rating: str, title: str = "", day: int = 12) -> str:
        card = f'<div class="review"><b>{author}</b><time>{{}}</time><i>{rating}</i><h3>{title}</h3><p>{text}</p></div>'
        return told(tmp_path / f"{len(list(tmp_path.iterdir()))}", file, card)(date, day).id

    assert id("Гость", "Отлично", "5") != id("Гость", "Отлично", "1")
    assert id("Гость", "Отлично", "5", "Карта") != id("Гость", "Отлично", "5", "Вклад")
    assert id("Рита", "", "5") != id("Рита", "", "1")
    assert id("Гость", "Отлично", "5", "Карта", 20) == id("Гость", "Отлично", "5,0", "Карта")
    assert id("", "", "5") != id("", "", "1"), "a rating alone is kept"


@pytest.mark.parametrize("take", ["id: ./@id", "url: a"])
def test_a_made_review_with_an_id_or_an_address_is_told_by_it_as_ever(tmp_path: Path, take: str) -> None:
    card = '<div class="review" id="7"><b>Рита</b><time>{}</time><p>Да.</p><a href="/r/7">¶</a></div>'
    at = told(tmp_path, CARDS.replace("take: {", f"take: {{{take}, "), card)
    known = post_id("reviews.example", "7") if "id" in take else post_id("reviews.example", url="https://reviews.example/r/7")
    assert {at("2 часа назад", 12).id, at("12.05.2026 14:05", 20).id} == {known}


def test_documented_reviews_of_vbr_have_a_date_in_every_form_and_one_id_with_it(tmp_path: Path) -> None:
    card = """<div class="reviews-card"><div class="avatar-title">Рита<span class="avatar-title-date">{}</span></div>
        <div class="reviews-text">Карту везли две недели.</div></div>"""
    at = told(tmp_path, "kind: reviews\npreset: vbr\nurl: https://www.vbr.ru/banki/otzivy/\n", card)
    forms = [("Сегодня, 14:05", 12), ("вчера в 14:05", 13), ("12 мая, 14:05", 20), ("12 мая 2026 г. в 14:05", 20), ("12.05.2026 14:05", 20)]
    found = [at(date, day) for date, day in forms]
    assert {each.published for each in found} == {datetime(2026, 5, 12, 11, 5, tzinfo=UTC)}
    assert len({each.id for each in found}) == 1
    assert at("12.05.26", 20).published == at("12 мая 2026", 20).published == datetime(2026, 5, 12, 11, tzinfo=UTC)
    assert at("12 мая 2026 года в 14:05", 20).published == at("12 мая 2026 года, в 14:05", 20).published == found[0].published
    assert at("2 часа назад", 12).published == datetime(2026, 5, 12, 15, 30, tzinfo=UTC)
    assert at("1 час 20 минут назад", 12).published == datetime(2026, 5, 12, 16, 10, tzinfo=UTC)
    assert at("1 день, 1 час и 20 минут назад", 13).published == datetime(2026, 5, 12, 16, 10, tzinfo=UTC)
    assert at("полчаса назад", 12).published == datetime(2026, 5, 12, 17, tzinfo=UTC)
    assert at("Полтора часа назад", 12).published == datetime(2026, 5, 12, 16, tzinfo=UTC)
    assert at("Опубликовано 2 часа назад", 12).published == datetime(2026, 5, 12, 15, 30, tzinfo=UTC)
    undated = [at(date, 20).published for date in ("давно", "век назад", "полгода назад", "2 года 3 недели назад")]
    assert undated == [None] * 4, "kept, without a date"


def test_what_stands_around_a_made_script_stays_where_its_json_is_unfolded() -> None:
    page = parsed_page('<p>до <script>{"a": {"b c": [1.5, null, false, "x\\u0000y"]}}</script> после</p><script>var a;</script>')
    unfold(page, "script")
    assert " ".join(page.css("p *::text, p::text").getall()).split() == ["до", "1.5", "false", "xy", "после"]
    assert page.css("script::text").getall() == ["var a;"] and page.css(".json > .a > .b.c > div::text").get() == "1.5"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<html>", "<html>"),
        ("<html></html>", "<html></html>"),
        ("<html><frameset>", "<html><frameset>"),
        ("первая\nвторая <rita@mail.ru> пишите\nтретья", "первая\nвторая <rita@mail.ru> пишите\nтретья"),
        ("первая\nвторая <rita@mail.ru> <b>пишите</b>\nтретья &amp; всё", "первая\nвторая <rita@mail.ru> пишите\nтретья & всё"),
        ("до</body></html>после", "до</body></html>после"),
        ("<p>до</p>\n<!-- more --><p>a < b<script>c</p>", "до\n\na < b<script>c"),
        ("до <!-- <i>после</i>", "до <!-- после"),
        ("раз<br>\nдва", "раз\nдва"),
    ],
)
def test_a_made_text_in_json_loses_no_words_whatever_stands_in_angle_brackets(written: str, text: str) -> None:
    page = parsed_page(json.dumps({"list": [{"words": written}, {"words": "другой"}]}))
    assert [plain(each).own for each in page.css(".json > .list > div > .words").getall()] == [text, "другой"]


def test_what_a_made_text_in_json_quotes_is_kept_apart() -> None:
    page = parsed_page(json.dumps({"words": "<blockquote>Дорого<br>и долго</blockquote><p>Нет</p>"}))
    assert plain(page.css(".words").get() or "") == Text("Нет", "Дорого\nи долго")


FORGED = (
    '<article class="review" data-reviewmid="6" data-review-user-id="victim"><div class="text">Чужое</div></article>'
    '<div class="review"><div>1</div></div><h3><a href="/services/responses/bank/response/666/">Чужой</a></h3>'
    '<span>01.01.2026 10:00</span><a name="x" id="y">конец</a>'
)


@pytest.mark.parametrize(("name", "key"), [("banki_ru_made", "description"), ("trustpilot_documented", "text")])
def test_nobody_writes_a_post_of_another_into_a_text_in_json_made_or_documented(name: str, key: str, tmp_path: Path) -> None:
    target = recorded_target(RECORDED / "reviews" / name, tmp_path)
    made = (RECORDED / "reviews" / name / "page.html").read_text(encoding="utf-8")
    honest = outcomes(read_page(parsed_page(made), target, target.url), target)
    forged = made.replace(f'"{key}": "', f'"{key}": {json.dumps(FORGED, ensure_ascii=False)[:-1]}', 1)
    assert forged != made
    posts = outcomes(read_page(parsed_page(forged), target, target.url), target)
    assert posts[1:] == honest[1:] and "Чужое" in posts[0]["text"] and "конец" in posts[0]["text"]
    assert [post | {"text": ""} for post in posts[:1]] == [post | {"text": ""} for post in honest[:1]]


def test_many_made_openings_of_cdata_that_are_not_closed_are_read_in_time() -> None:
    began = time.process_time()
    page = parsed_page("<?xml version='1.0'?><a><![CDATA[<b>один]]]]><![CDATA[></b>]]>" + "<![CDATA[" * 50_000)
    assert page.css("b::text").get() == "один]]>"
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("url", "following"),
    [
        ("/list/#all", "/list/?page=2"),
        ("/list?page=3#all", "/list?page=4"),
        ("/list", "/list?page=2"),
        ("/list?a=1", "/list?a=1&page=2"),
        ("/list?page=9&a=1", "/list?page=10&a=1"),
        ("/?mypage=4", "/?mypage=4&page=2"),
    ],
)
def test_pages_with_numbers_and_no_link_between_them(url: str, following: str) -> None:
    assert numbered("page", f"https://reviews.example{url}") == f"https://reviews.example{following}"


def test_presets_and_their_page() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "sources" / "reviews.md").read_text(encoding="utf-8")
    table = page.partition("| preset | site |")[2]
    assert preset_names("reviews") == re.findall(r"^\| \[`(\w+)`\]\(../../dags/targets/example-[\w-]+.yaml\) \|", table, re.MULTILINE)


# The cursor of open intervals, against a list that grows while runs are cut short.


class Board:
    """A list of posts, newest first, ten to a page; its address is the number of the page."""

    def __init__(self, size: int, per_page: int = 10) -> None:
        self.posts = [f"p{number}" for number in range(size)][::-1]
        self.per_page = per_page
        self.kept: set[str] = set()

    def publish(self, count: int) -> None:
        first = len(self.posts)
        self.posts = [f"p{number}" for number in range(first, first + count)][::-1] + self.posts

    def run(self, cursor: Cursor, pages: int) -> tuple[Cursor, list[int]]:
        """Walk at most so many pages, as the spider does; the cursor after the last one and the pages asked for."""
        descent, asked = Descent(cursor, "1"), []
        while descent.address is not None and len(asked) < pages:
            number = int(descent.address)
            asked.append(number)
            shown = self.posts[(number - 1) * self.per_page : number * self.per_page]
            if shown:
                following = str(number + 1) if number * self.per_page < len(self.posts) else None
                descent.took({post: post in self.kept for post in shown}, following)
                self.kept.update(shown)
            else:
                descent.nothing()
            cursor = descent.cursor()
        return cursor, asked


def test_a_walk_ends_at_a_page_that_is_known() -> None:
    board = Board(100)
    cursor, asked = board.run({}, 99)
    assert asked == list(range(1, 11))
    assert cursor["open"] == []
    board.publish(3)
    cursor, asked = board.run(cursor, 99)
    assert asked == [1, 2]
    assert board.kept == set(board.posts)
    assert board.run(cursor, 99)[1] == [1]


def test_a_walk_cut_short_leaves_an_interval_that_the_next_run_closes() -> None:
    board = Board(100)
    cursor, _ = board.run({}, 4)
    board.publish(25)
    cursor, _ = board.run(cursor, 99)
    assert board.kept == set(board.posts)
    assert cursor["open"] == []
    board.publish(1)
    assert board.run(cursor, 99)[1] == [1, 2]


def test_a_post_that_stands_on_top_of_every_page_does_not_end_the_walk() -> None:
    descent = Descent({"top": ["pinned", "old1", "old2"], "open": []}, "1")
    assert descent.took({"pinned": True, "new": False}, "2") == "2"
    assert descent.took({"pinned": True, "newer": False}, "3") == "3"
    assert descent.took({"pinned": True, "old1": True}, "4") is None


def test_a_list_without_an_end_that_is_said_counts_as_ended_after_some_runs() -> None:
    cursor: Cursor = {}
    for run in range(PATIENCE + 1):
        descent = Descent(cursor, "1")
        descent.took({"a": run > 0}, "2")
        while descent.address:
            if descent.address == "1":
                descent.took({"a": True}, "2")
            else:
                descent.nothing()
        cursor = descent.cursor()
    assert cursor["open"] == []


@settings(max_examples=200, deadline=None)
@given(
    size=st.integers(1, 120),
    per_page=st.integers(2, 12),
    runs=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=12),
)
def test_whatever_is_cut_short_and_published_between_nothing_is_missed(size: int, per_page: int, runs: list[tuple[int, int]]) -> None:
    board, cursor = Board(size, per_page), {}
    for published, pages in runs:
        cursor, _ = board.run(cursor, pages)
        board.publish(published)
    for _ in range(3):
        cursor, _ = board.run(cursor, 10_000)
    assert board.kept == set(board.posts)
    assert cursor["open"] == []


# Whole runs of the real spider.


def test_a_run_cut_short_by_a_failing_made_page_is_completed_by_the_next(board: Site, place: Place) -> None:
    target = place.target("vestarna", TARGET.format(url=board.url))
    paged(board, list(range(20, 0, -1)))
    board.pages["/vestarna?page=3"] = Answer("down", 503, {"Retry-After": "0"})
    with pytest.raises(RunFailed, match=r"page=3: 127\.0\.0\.1 fails \(503\).*kept 10"):
        place.collect(target)
    assert kept(place, target) == list(range(11, 21))

    del board.pages["/vestarna?page=3"]
    paged(board, list(range(27, 0, -1)))
    assert place.collect(target).outcomes["kept"] == 17
    assert kept(place, target) == list(range(1, 28))

    board.asked.clear()
    last = place.collect(target)
    assert (last.outcomes["kept"], last.outcomes["changed"], last.outcomes["repeated"]) == (0, 0, 5)
    assert board.paths() == ["/vestarna"]
    assert all(post.about == ("vestarna",) and post.rating for post in place.posts(target))


def test_made_numbered_answers_in_json_are_walked_to_their_honest_end(board: Site, place: Place) -> None:
    text = f"kind: reviews\nurl: {board.url}/api?PageIndex=0&of=vestarna\nallow_private: true\ndelay: 0\nsite: reviews.example\n"
    text += "numbered: PageIndex\nitem: .json > .items > div\nempty: '.items:not(:has(*))'\ntake: {id: .id, text: .text, date: .date}\n"
    items = [{"id": n, "text": f"Отзыв {n}", "date": f"2026-08-{n:02}T10:00:00Z"} for n in range(25, 0, -1)]

    def answer(request: Request) -> Answer:
        page = int(request.path.partition("PageIndex=")[2].partition("&")[0])
        return Answer(json.dumps({"items": items[page * 10 : page * 10 + 10], "total": 25}), headers={"Content-Type": "application/json"})

    board.pages["/api"] = answer
    target = place.target("vestarna", text)
    assert place.collect(target).outcomes["kept"] == 25
    assert [path.partition("=")[2].partition("&")[0] for path in board.paths()] == ["0", "1", "2", "3"]
    assert Archive(place.data).cursor("vestarna")["open"] == [], "the empty page is the end, and no gap"
    board.asked.clear()
    assert place.collect(target).outcomes["repeated"] == 10 and len(board.paths()) == 1


def test_a_changed_layout_and_a_way_on_that_leads_nowhere_of_made_pages_fail_the_run(board: Site, place: Place) -> None:
    target = place.target("vestarna", TARGET.format(url=board.url))
    paged(board, list(range(10, 0, -1)))
    board.pages["/vestarna"] = "<html><body><div class=card>Новый дизайн</div></body></html>"
    with pytest.raises(RunFailed, match=r"page http://127\.0\.0\.1:\d+/vestarna has no items for selector '\.review'"):
        place.collect(target)
    board.pages |= {"/vestarna": Answer("", 302, {"Location": "/check"}), "/check": "<title>Вы не робот?</title><body><img src=/captcha>"}
    leads = r"page http://127\.0\.0\.1:\d+/vestarna, which leads to http://127\.0\.0\.1:\d+/check, has .*; its title is «Вы не робот\?»"
    with pytest.raises(RunFailed, match=leads):
        place.collect(target)
    board.pages["/vestarna"] = f'<html><body>{review(1)}{review(2)}<a class="next" href="/vestarna?page=2">дальше</a></body></html>'
    with pytest.raises(RunFailed, match="shows the same items as the page before"):
        place.collect(target)
    assert kept(place, target) == [1, 2]


def test_a_made_list_of_one_page_ends_where_its_site_shows_the_last_page_for_any_number(board: Site, place: Place) -> None:
    board.pages["/vestarna"] = f"<html><body>{''.join(map(review, (3, 2, 1)))}</body></html>"
    target = place.target("vestarna", TARGET.format(url=board.url) + "numbered: page\n")
    counts = place.collect(target).outcomes
    assert (counts["kept"], counts["repeated"], board.paths()) == (3, 3, ["/vestarna", "/vestarna?page=2"])
    assert Archive(place.data).cursor("vestarna")["open"] == []


@pytest.mark.parametrize(
    ("field", "wrong", "count"),
    [("text: p", "text: .gone", 8), ("date: time", "date: ./em", 30), ("b}", ".who}", 12), ("i, c", ".s, c", 12)],
)
def test_a_selector_that_finds_nothing_in_made_pages_fails_the_run_and_the_cursor_stays(
    board: Site, place: Place, field: str, wrong: str, count: int
) -> None:
    text = TARGET.format(url=board.url)
    assert field in text
    target = place.target("vestarna", text.replace(field, wrong))
    paged(board, list(range(count, 0, -1)), per_page=count)
    selector = wrong.partition(": ")[2] or wrong.partition("}")[0].partition(",")[0]
    with pytest.raises(RunFailed, match=rf"the selector of `\w+` \('{selector}'\) finds nothing in any of {count} items: .*`take`"):
        place.collect(target)
    assert place.posts(target) == [] and Archive(place.data).cursor("vestarna") == {}


def test_a_made_page_may_lack_what_another_page_of_the_run_has(tmp_path: Path) -> None:
    target = Place(tmp_path).target("vestarna", TARGET.format(url="https://reviews.example"))
    assert isinstance(target, ReviewsTarget)
    bare = '<div class="review"><time>01.09.2026</time><p>Отзыв</p></div>'
    pages = [list(read_page(Selector(text), target, target.url)) for text in (bare * 8, bare * 4 + review(1), bare * 4)]
    run = tally(target)
    for raws in pages[:2]:
        run.add(raws)
        run.check(ended=False)
    run.check(ended=True)
    few, undated = tally(target), tally(target.model_copy(update={"ratings_without_text": True}))
    few.add(pages[2])
    few.check(ended=True)
    undated.add(list(read_page(Selector(review(1).replace("time>", "em>").replace("p>", "em>") * 5), target, target.url)))
    with pytest.raises(CollectError, match=r"the selector of `date` \('time'\) finds"):
        undated.check(ended=False)
    with pytest.raises(CollectError, match=r"the selector of `text` \('p'\) and `date` \('time'\) finds"):
        undated.check(ended=True)


def test_the_limit_of_made_pages_is_kept_and_the_next_run_goes_on(board: Site, place: Place) -> None:
    target = place.target("vestarna", TARGET.format(url=board.url) + "pages: 3\n")
    paged(board, list(range(25, 0, -1)))
    place.collect(target)
    assert board.paths() == ["/vestarna", "/vestarna?page=2", "/vestarna?page=3"]
    board.asked.clear()
    place.collect(target)
    assert len(board.paths()) == 3
    place.collect(target)
    assert kept(place, target) == list(range(1, 26))
    assert Archive(place.data).cursor("vestarna")["open"] == []


def test_a_key_from_the_environment_is_never_written_with_made_pages(place: Place, board: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "s3cret/key+1"
    monkeypatch.setenv("BOARD_KEY", secret)
    text = f"kind: reviews\nurl: {board.url}/list?key=${{BOARD_KEY}}&page=1\nallow_private: true\nsite: board.example\ndelay: 0\n"
    text += "item: .r\ntake: {text: p, url: a, date: time}\nnext: .next\nlimits: {rejected: 1}\n"
    pages = 'class="next" href="/list?key=s3cret%2Fkey%2B1&amp;page='
    review = '<div class="r"><a href="/r/{0}?key=s3cret%2Fkey%2B1">#</a><p>Отзыв {0}</p><time>{1}</time></div>'

    def shown(request: Request) -> Answer:
        assert "key=s3cret" in request.path
        page = int(request.path[-1])
        return Answer(review.format(page, "2024-05-01") + review.format(page * 10, "31 июня") + f'<a {pages}{page + 1}">')

    board.pages["/list"] = shown
    for pages_of_run in (1, 3):
        target = place.target("board", f"{text}pages: {pages_of_run}\n")
        run = place.collect(target)
        assert (run.outcomes["kept"], run.outcomes["rejected"]) == (1, 1), run
    with pytest.raises(RunFailed, match=r"list\?key=\$\{BOARD_KEY\}&page=") as caught:
        board.pages["/list"] = Answer("gone", 403)
        place.collect(target)
    assert [post.url for post in place.posts(target)] == [f"{board.url}/r/{page}?key=${{BOARD_KEY}}" for page in (1, 2)]
    files = [path for path in place.data.rglob("*") if path.is_file()]
    contents = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
    assert len(files) > 6 and any(b"BOARD_KEY" in content for content in contents)
    assert not [path for path, content in zip(files, contents, strict=True) if b"s3cret" in content]
    assert "s3cret" not in str(caught.value)
