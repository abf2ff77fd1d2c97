"""Forums: presets against recorded and real pages, what is remembered of boards and topics, and whole runs against a forum on loopback."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from crawlers.board import REMEMBERED, State, Topic, read_board, read_posts, topic_id
from crawlers.interval import Descent
from crawlers.link import without_session
from crawlers.post import iso, post_id
from crawlers.preset import preset_names
from crawlers.run import Outcome
from crawlers.selection import next_page
from crawlers.spiders.discourse import post as post_of_json
from crawlers.spiders.forum import post
from crawlers.target import read_target, target_from_json, target_to_json
from tests.phpbb_site import Phpbb
from tests.recorded_walk import Walk, silent, walk
from tests.recording import COLLECTED, RECORDED, cases, compare, own_target, posts_of, recorded_target, selector
from tests.site import Answer, Place, site

__all__ = ["walk"]

DOCS = Path(__file__).resolve().parents[1] / "docs" / "sources"
REAL = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "pages"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="requires: ../shared/fixtures/pages")


def topics_of(page: Selector, target: Any, url: str) -> list[dict[str, Any]]:
    """The lines of a board, without their marks."""
    lines = read_board(page, target, url, COLLECTED)
    found = [asdict(line.topic) | {"active": iso(line.active), "pinned": line.pinned} for line in lines]
    return [{name: value for name, value in line.items() if name not in ("mark", "tries") and value is not None} for line in found]


@pytest.mark.parametrize("case", cases("forum"), ids=lambda case: case.name)
def test_made_pages(case: Path, tmp_path: Path) -> None:
    target, found = recorded_target(case, tmp_path), {}
    topics = list(target.topics)
    if (case / "board.html").exists():
        page, url = selector(case / "board.html"), target.url[0]
        found["board"] = {"topics": topics_of(page, target, url), "next": next_page(page, target.board.next, url)}
        topics += [line["address"] for line in found["board"]["topics"] if line.get("replies")]
    if (case / "topic.html").exists():
        page = selector(case / "topic.html")
        found["topic"] = {"posts": posts_of(page, target, topics[-1]), "next": next_page(page, target.topic.next, topics[-1])}
    compare(case, found)


ONEPLUS = "https://forums.oneplus.net/threads/marsh-cm13.405700"
PAGES = yaml.safe_load((RECORDED / "forum" / "real_pages.yaml").read_text(encoding="utf-8"))


@needs_real
@pytest.mark.parametrize("case", PAGES, ids=lambda case: Path(case["page"]).stem)
def test_recorded_pages_of_topics(case: dict[str, Any], tmp_path: Path) -> None:
    lines = ["kind: forum", f"preset: {case['preset']}", "url: https://forum.example/board", case.get("own", "")]
    target = Place(tmp_path).target("board", "\n".join(lines))
    found = posts_of(selector(REAL / case["page"]), target, case["url"])
    posts = [post for post in found if "rejected" not in post]
    assert {post["rejected"] for post in found if "rejected" in post} <= {"no text"}  # pictures only
    assert (len(posts), [posts[0]["author_name"], posts[-1]["author_name"]]) == (case["posts"], case["authors"])
    assert posts[0].get("published", "")[:16] == case["first"]
    assert len({post["id"] for post in posts}) == len(posts)
    assert sum("quoted" in post for post in posts) == case["quotes"]
    assert sum("in_reply_to" in post for post in posts) == case["replies"]
    assert [post.get("likes") for post in posts] == case.get("likes", [None] * len(posts))
    assert not any(case["absent"] in post["text"] for post in posts)
    assert all("author_id" in post for post in posts) or case["preset"] == "ipboard3"  # whose page has no links to profiles


@needs_real
def test_a_recorded_forum_without_a_preset_and_one_whose_page_has_a_base_address(tmp_path: Path) -> None:
    place = Place(tmp_path)
    target, url = place.target("own", own_target("godville")), "https://godville.net/forums/show_topic/3638"
    page = selector(REAL / "other_ru" / "topic_godville_forum_ru.htm")
    posts = posts_of(page, target, url)
    assert len(posts) == 25
    assert (posts[2]["author_name"], posts[2]["published"]) == ("Coyolxauhqui", "2018-07-23T18:14:01.000Z")
    assert next_page(page, target.topic.next, url) == f"{url}?page=113"

    oneplus = place.target("oneplus", "kind: forum\npreset: xenforo1\nurl: https://forums.oneplus.net/forums/roms.9/\n")
    page = selector(REAL / "xenforo" / "topic_xf1_oneplus_p1_en.html")
    assert next_page(page, oneplus.topic.next, ONEPLUS + "/") == ONEPLUS + "/page-2"
    assert posts_of(page, oneplus, ONEPLUS + "/")[1]["url"] == ONEPLUS + "/#post-14001052"


@needs_real
@pytest.mark.parametrize(
    ("path", "preset", "url", "topics", "pinned", "first", "following"),
    [
        ("phpbb/forum_bikeradar_en.html", "phpbb", "http://bikeradar.com/forums/viewforum.php?f=4", 2, 1, ("12970739", 0, 8008), None),
        (
            "vbulletin/forum_facepunch_en.html",
            "vbulletin4",
            "https://facepunch.com/f?f=4",
            83,
            3,
            ("1452353", 578, 75394),
            "&page=2&order=desc",
        ),
        (
            "smf/bitcointalk_board_74_en.html",
            "smf1",
            "https://bitcointalk.org/index.php?board=74.0",
            40,
            1,
            ("96118", 95, 29972),
            "board=74.40",
        ),
        (
            "smf/forum_pcbheaven_en.html",
            "smf2",
            "http://pcbheaven.com/forum/index.php?board=18.0",
            20,
            0,
            ("1879", 11, 1227),
            "board=18.20",
        ),
        ("invision/topic_ipb_grasscity_en.html", "ipboard3", "http://forum.grasscity.com/a.html", 5, 0, ("1174835", 13, 1508), None),
    ],
)
def test_recorded_pages_of_boards(
    path: str, preset: str, url: str, topics: int, pinned: int, first: tuple[str, int, int], following: str | None, tmp_path: Path
) -> None:
    target = Place(tmp_path).target("board", f"kind: forum\npreset: {preset}\nurl: {url}\n")
    page = selector(REAL / path)
    lines = list(read_board(page, target, url, COLLECTED))
    assert (len(lines), sum(line.pinned for line in lines)) == (topics, pinned)
    assert (lines[0].topic.id, lines[0].topic.replies, lines[0].topic.views) == first
    assert all(line.topic.mark and line.topic.title for line in lines)
    assert (next_page(page, target.board.next, url) or "").endswith(following or "")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/t.php?sid=0123456789abcdef0123456789abcdef&f=7&t=5#p9", "/t.php?f=7&t=5#p9"),
        ("/t.php?f=7&sid=0123456789abcdef0123456789abcdef#p9", "/t.php?f=7#p9"),
        ("/index.php?PHPSESSID=0123456789abcdef01234567&topic=77.15", "/index.php?topic=77.15"),
        ("/t.php?s=0123456789abcdef0123456789abcdef", "/t.php"),
        ("/search?s=vestarna&sid=7", "/search?s=vestarna&sid=7"),
    ],
)
def test_the_number_of_a_visit_is_taken_out_of_an_address(address: str, expected: str) -> None:
    assert without_session(f"https://forum.example{address}") == f"https://forum.example{expected}"


def test_a_made_topic_that_was_moved_has_the_id_of_where_it_stands_now(tmp_path: Path) -> None:
    target = Place(tmp_path).target("x", "kind: forum\npreset: phpbb\nurl: https://forum.example/board\n")
    page, line = Selector(topic(1)), Topic("5", "https://forum.example/viewtopic.php?t=5", title="Перенесена")
    [moved] = read_posts(page, target, "https://forum.example/viewtopic.php?f=2&t=99", line, opening=True)
    [seo] = read_posts(page, target, "https://forum.example/welcome", line, opening=False)
    assert (moved["topic"], moved["opening"]) == ({"id": "99", "title": "Перенесена"}, True)
    assert (seo["topic"]["id"], "opening" in seo) == ("5", False)


# What is remembered.


def test_a_topic_is_read_again_where_what_its_board_says_has_changed_and_from_the_page_read_last() -> None:
    state, topic = State({}), Topic("5", "https://f.example/t5", mark="a", replies=3)
    assert not state.passed(topic)
    state.wait(topic)
    assert state.passed(topic)
    assert [each.replies for each in state.waiting()] == [3]
    state.reached(topic, "https://f.example/t5?page=2")
    state.settle(topic)
    again = State(state.cursor())
    moved = Topic("5", "https://f.example/t5", mark="b")
    assert again.passed(topic) and not again.passed(moved) and again.page(moved) == "https://f.example/t5?page=2"
    again.settle(moved)
    assert again.passed(topic) and again.passed(moved) and again.waiting() == []
    assert not again.passed(Topic("6", "https://f.example/t6"))


def test_of_many_topics_those_deep_in_a_board_are_forgotten_first() -> None:
    state = State({})
    for number in range(REMEMBERED):
        state.settle(Topic(f"top{number}", "https://f.example", mark="m"))
    state.settle(Topic("deep", "https://f.example", mark="m"), deep=True)
    assert not state.passed(Topic("deep", "", mark="m")) and state.passed(Topic("top0", "", mark="m"))
    state.settle(Topic("new", "https://f.example", mark="m"))
    assert not state.passed(Topic("top0", "", mark="m")) and len(state.cursor()["topics"]) == REMEMBERED


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_cut_short_and_written_between_no_new_post_is_missed(seed: int) -> None:
    """A board of topics that go up when somebody writes; runs read some pages of it, and later enough of them."""
    chance = random.Random(seed)
    per_page, cursor = chance.randint(2, 8), {}
    board = [(f"t{number}", 0) for number in range(chance.randint(1, 60))]
    read: dict[str, int] = {}

    def run(pages: int) -> int:
        nonlocal cursor
        descent, asked = Descent(cursor, "0", moving=True), 0
        while descent.address is not None and asked < pages:
            asked, first = asked + 1, int(descent.address)
            shown = dict(board[first : first + per_page])
            known = {f"{topic} {count}": read.get(topic) == count for topic, count in shown.items()}
            read.update(shown)
            if shown:
                descent.took(known, str(first + per_page) if first + per_page < len(board) else None)
            else:
                descent.nothing()
            cursor = descent.cursor()
        return asked

    for _ in range(chance.randint(1, 10)):
        run(chance.randint(1, 6))
        for _ in range(chance.randint(0, 12)):
            topic, count = board.pop(chance.randrange(len(board))) if chance.random() < 0.7 else (f"n{len(board)}", 0)
            board.insert(0, (topic, count + 1))
    for _ in range(3):
        run(10_000)
    assert read == dict(board)
    assert run(10_000) == 1, "a board without anything new is asked for once"


def test_a_busy_board_is_not_walked_to_its_end_where_all_that_was_known_on_top_has_gone_up() -> None:
    pages = [{f"t{page * 5 + line}": True for line in range(5)} for page in range(100)]
    cursor = {"top": [f"t{number}" for number in range(10)], "open": []}
    busy = [dict.fromkeys(pages[0], False), dict.fromkeys(pages[1], False), *pages[2:]]
    descent = Descent(cursor, "0", moving=True)
    for number, page in enumerate(busy):
        if descent.took(page, str(number + 1)) is None:
            break
    assert number == 2


# Whole runs of the real spider.

TARGET = """
kind: forum
preset: phpbb
url: {url}/viewforum.php?f=7
allow_private: true
delay: 0
language: ru
site: forum.example
timezone: Europe/Moscow
"""


@pytest.fixture
def forum() -> Iterator[Phpbb]:
    with site() as running:
        yield Phpbb(running)


def test_runs_read_what_was_written_in_a_made_forum_since_and_go_on_where_they_were_cut_short(forum: Phpbb, tmp_path: Path) -> None:
    place = Place(tmp_path)
    target = place.target("banks", TARGET.format(url=forum.site.url))
    forum.write(9, 4)
    forum.site.pages["/viewtopic.php?f=7&t=9&start=3"] = Answer("down", 503, {"Retry-After": "0"})
    forum.site.pages["/viewtopic.php?f=7&t=5"] = Answer("gone", 404)
    counts = place.collect(target).counts.outcomes
    assert (counts[Outcome.KEPT], counts[Outcome.DEFERRED]) == (11, 2)
    assert forum.asked()[:4] == ["board", "t1", "t9", "t9&start=3"]
    posts = {post.url: post for post in place.posts(target)}
    opening = posts[f"{forum.site.url}/viewtopic.php?p=1000#p1000"]
    assert (opening.title, opening.place, opening.views, opening.replies, opening.author_id) == (
        "Тема 10",
        "Банки",
        1000,
        0,
        "forum.example:1",
    )
    second = posts[f"{forum.site.url}/viewtopic.php?p=901#p901"]
    assert (second.title, second.views) == (None, None)
    assert second.thread_id == posts[f"{forum.site.url}/viewtopic.php?p=900#p900"].thread_id != opening.thread_id

    del forum.site.pages["/viewtopic.php?f=7&t=9&start=3"]
    forum.write(3)
    counts = place.collect(target).counts.outcomes
    assert forum.asked() == ["board", "t3", "board&start=4", "t9&start=3", "t5", "t9&start=3"], "whether the forum shows it still"
    assert (counts[Outcome.KEPT], counts[Outcome.CHANGED]) == (3, 1), "the topic's first post counts one more reply"
    assert {post.id for post in place.posts(target)} == {post.id for post in place.posts(target)}
    assert len({post.id for post in place.posts(target)}) == 14


def test_comments_of_pikabu_as_documented_come_as_one_list_below_the_story_and_are_known_again(walk: Walk) -> None:
    made = RECORDED / "forum" / "pikabu_documented"
    for path, name in (("/community", "board.html"), ("/story/made_k", "topic.html"), ("/generate", "comments.xml")):
        walk.pages[path] = Answer((made / name).read_bytes(), headers={"Content-Type": "text/html"})
    quiet = (made / "topic.html").read_text(encoding="utf-8").partition("<section")[0]
    for said, instead in (("13000002", "13000001"), ('data-comments="3"', 'data-comments="0"'), ("списала", "вернула")):
        quiet = quiet.replace(said, instead)
    walk.pages["/story/made_v"] = quiet
    walk.pages["/community/vestarna/new?page=2"] = '<div class="stories-feed"><div class="stories-feed__container"></div></div>'
    target = walk.target("kind: forum\npreset: pikabu\nurl: https://pikabu.ru/community/vestarna/new\n")
    counts = walk.collect(target).counts.outcomes
    assert (counts[Outcome.KEPT], counts[Outcome.CHANGED], counts[Outcome.REPEATED], counts[Outcome.REJECTED]) == (5, 0, 2, 0)
    posts = {post.url: post for post in walk.posts().values()}
    story = posts["https://pikabu.ru/story/made_komissiya_13000002"]
    answers = [posts[f"https://pikabu.ru/story/_13000002?cid=28000000{n}#comment_28000000{n}"] for n in (1, 2, 3)]
    assert (story.views, story.likes, story.replies, story.place, story.author_id) == (12_400, 125, 3, "Вестарна", "pikabu.ru:made_rita")
    assert {post.thread_id for post in answers} == {story.thread_id}
    assert [post.in_reply_to for post in answers] == [None, answers[0].id, answers[1].id]
    assert [(post.author_id, post.likes) for post in answers] == [
        ("pikabu.ru:made_oleg", 41),
        ("pikabu.ru:made_ivan", None),
        (story.author_id, 5),
    ]
    assert answers[2].text == "Мелким шрифтом.\nВот скрин."


def test_posts_of_discourse_as_documented_are_those_that_its_json_tells(walk: Walk) -> None:
    made, home = RECORDED / "forum" / "discourse_documented", "https://forum.example"
    board_page, last_page = ((made / f"{name}.html").read_text(encoding="utf-8") for name in ("board", "topic_2"))
    walk.pages |= {"/c/support/6": board_page, "/c/support/6?page=1": '<table class="topic-list"><tbody></tbody></table>'}
    walk.pages |= {"/t/made-rules/40": "<html/>", "/t/made-vestarna/57": (made / "topic.html").read_text(encoding="utf-8")}
    walk.pages["/t/made-vestarna/57?page=2"] = last_page
    target = walk.target(f"kind: forum\npreset: discourse\nurl: {home}/c/support/6\n")
    assert walk.kept(target) == 5
    pages = ["c/support/6", "t/made-rules/40", "t/made-vestarna/57", "t/made-vestarna/57?page=2", "c/support/6?page=1"]
    assert walk.asked == pages
    posts = {post.id: post for post in walk.posts().values()}
    told = {str(n): post_id("forum.example", f"57/{n}") for n in (1, 2, 4, 5, 6)}
    assert set(posts) == set(told.values())
    answered = {n: posts[told[n]].in_reply_to for n in told}
    assert answered == {"1": None, "2": told["1"], "4": None, "5": told["4"], "6": None}, "the first that is quoted, on a page before too"
    assert posts[told["6"]].url == f"{home}/t/-/57/6"
    first, second = posts[told["1"]], posts[told["2"]]
    assert (first.views, first.replies, bool(first.edited), second.edited) == (310, 5, True, None)

    json_of = walk.target(f"kind: discourse\nurl: {home}\n")
    raws = json.loads((RECORDED / "discourse" / "topic_57.json").read_bytes())["post_stream"]["posts"]
    same = {post_of_json(raw, json_of, COLLECTED).id for raw in raws if str(raw["post_number"]) in told}
    assert same and same <= set(posts)

    walk.pages["/c/support/6"] = board_page.replace(">5<", ">6<")
    walk.pages["/t/made-vestarna/57?page=2"] = last_page.replace(">6<", ">7<")
    target = walk.target(f"kind: forum\npreset: discourse\nurl: {home}/c/support/6\n")
    assert (walk.kept(target), walk.asked[:2]) == (1, ["c/support/6", "t/made-vestarna/57?page=2"]), "from the page that was read last"


@pytest.mark.parametrize("name", ["topic_old", "topic_2020"])
def test_older_pages_of_discourse_as_documented(name: str, tmp_path: Path) -> None:
    made = RECORDED / "forum" / "discourse_documented"
    target = Place(tmp_path).target("old", "kind: forum\npreset: discourse\nurl: https://forum.example/c/banks\n")
    [line] = topics_of(selector(made / "board_old.html"), target, target.url[0])
    assert (line["id"], line["title"], line["board"], line["replies"]) == ("41", "Fees of Vestarna", "Banks", 23)
    page = selector(made / f"{name}.html")
    first, second = posts_of(page, target, line["address"])
    assert (first["author_id"], first["author_url"]) == ("forum.example:made_ann", "https://forum.example/u/made_ann")
    assert (first["published"], first["likes"], second["likes"]) == ("2018-03-01T08:38:08.000Z", 3, 0)
    assert (second["text"], second["quoted"], second["in_reply_to"]) == ("For me they stayed.", "raised its fees", first["id"])
    assert second["url"] == "https://forum.example/t/-/41/3" and "edited" not in second
    assert next_page(page, target.topic.next, line["address"]) == "https://forum.example/t/made-fees/41?page=2"


@pytest.mark.parametrize("address", ["/t/made-fees/41", "/t/made-fees/41/3", "/t/41", "/t/41/3", "/t/-/41?page=2", "/t/2-fees/41#post_3"])
def test_the_number_of_a_topic_of_discourse_as_documented(address: str, tmp_path: Path) -> None:
    target = Place(tmp_path).target("x", "kind: forum\npreset: discourse\nurl: https://forum.example/latest\n")
    assert topic_id(f"https://forum.example{address}", target) == "41"


@pytest.mark.parametrize("forbidden", ["403", "robots.txt"])
def test_where_the_documented_list_of_comments_is_forbidden_those_of_the_storys_page_are_had_at_every_visit(
    forbidden: str, walk: Walk
) -> None:
    made = (RECORDED / "forum" / "pikabu_documented" / "topic.html").read_text(encoding="utf-8")
    walk.pages["/generate"] = Answer("", 403)
    if forbidden == "robots.txt":
        walk.pages["/robots.txt"] = "User-agent: *\nDisallow: /generate_xml_comm.php\n"
    walk.pages["/story/made"] = made
    target = walk.target("kind: forum\npreset: pikabu\ntopics: https://pikabu.ru/story/made_komissiya_13000002\n")
    first = walk.collect(target)
    assert (first.error, first.counts.outcomes[Outcome.KEPT] > 1) == (None, True)
    walk.pages["/story/made"] = made.replace("280000001", "280000009")
    second = walk.collect(target)
    assert (second.error, second.counts.outcomes[Outcome.KEPT]) == (None, 1), "the comment written since"
    assert walk.collect(target).error is None


BOARD, PAGE = "https://forum.example/board", "kind: forum\npreset: phpbb\nurl: https://forum.example/board\nattempts: 2\n"


def board(*topics: tuple[int, str]) -> str:
    """A board's page: numbers of topics and the dates of their last posts."""
    title, last = '<a class="topictitle" href="/t={0}">{0}</a>', '<dd class="lastpost"><span>{1}</span></dd>'
    line = f'<li class="row">{title}<dd class="posts">{{0}}</dd>{last}</li>'
    return f'<ul class="topiclist topics">{"".join(line.format(*topic) for topic in topics)}</ul>'


def test_a_made_board_whose_pages_are_numbered_and_say_how_many_are_members(walk: Walk) -> None:
    head, dates = '<p class="people">Участников: 1 840</p>', "01.09.2026 10:00"
    walk.pages |= {
        "/board": head + board((2, dates)),
        "/board?page=2": head + board((3, dates)),
        "/board?page=3": "<p class=none>Пусто</p>",
    }
    walk.pages |= {"/t=2": topic(1, 4), "/t=3": topic(2)}
    own = "board: {numbered: page, members: .people}\nempty: .none\ntopic: {id: '/t=(\\d+)', permalink: '/go?t={topic}&p={id}'}\n"
    target = walk.target(PAGE + own)
    assert walk.kept(target) == 3
    assert walk.asked == ["board", "t=2", "board?page=2", "t=3", "board?page=3"]
    assert {post.members for post in walk.posts().values()} == {1840}
    assert {post.url for post in walk.posts().values()} == {f"https://forum.example/{at}" for at in ("t=2", "t=3", "go?t=2&p=4")}


def test_a_made_numbered_board_of_one_page_ends_where_its_site_shows_it_for_any_number(walk: Walk) -> None:
    walk.pages |= {"/board": board((2, "01.09.2026 10:00")), "/t=2": topic(1)}
    assert walk.kept(walk.target(PAGE + "board: {numbered: page}\ntopic: {id: '/t=(\\d+)'}\n")) == 1
    assert walk.asked == ["board", "t=2", "board?page=2"]


@pytest.mark.parametrize("members", ["0", "9" * 17, "9" * 400], ids=["none", "more than are counted", "hundreds of digits"])
def test_what_is_no_number_of_members_on_a_made_board_rejects_no_post(members: str, walk: Walk) -> None:
    walk.pages |= {"/board": f"<p class=people>{members}</p>" + board((2, "01.09.2026 10:00")), "/t=2": topic(1)}
    assert walk.kept(walk.target(PAGE + "board: {members: .people}\n")) == 1
    assert {post.members for post in walk.posts().values()} == {None}


def test_a_made_board_without_end_is_walked_some_pages_in_each_run(walk: Walk) -> None:
    for page in range(1, 13):  # to its end walks who knows no bound: that fails here, and does not hang
        address = f"/board?{page}" if page > 1 else "/board"
        walk.pages[address] = board((page, "01.09.2026 10:00")) + (following(f"/board?{page + 1}") if page < 12 else "")
        walk.pages[f"/t={page}"] = topic(page)
    target = walk.target(PAGE + "pages: 3\n")
    assert walk.kept(target) == 3
    assert walk.asked == ["board", "t=1", "board?2", "t=2", "board?3", "t=3"]
    assert walk.kept(target) == 2
    assert walk.asked == ["board", "board?3", "board?4", "t=4", "board?5", "t=5"], "where the run before ended"


def topic(*posts: int, more: str = "") -> str:
    head = '<p class="author"><strong>Рита</strong> » 01.09.2026 10:00</p>'
    post = f'<div class="post" id="p{{0}}">{head}<div class="content">Запись {{0}}</div></div>'
    return "".join(map(post.format, posts)) + (following(more) if more else "")


def following(address: str) -> str:
    return f'<p class="pagination"><a rel="next" href="{address}">след.</a></p>'


def test_a_made_forum_that_is_not_what_the_file_says_fails_the_run(walk: Walk) -> None:
    walk.pages["/board"] = "<ul><li>Рита</li></ul>"
    error = walk.collect(walk.target(PAGE)).error or ""
    assert "board has no topics for selector 'ul.topiclist.topics > li.row': the layout has changed, or it is no board" in error
    walk.pages["/t=2"] = topic(1)
    only = walk.target("kind: forum\npreset: phpbb\ntopics: https://forum.example/t=2\ntopic: {post: .card}\n")
    assert "t=2 has no posts for selector '.card': the layout has changed, or it wants a login" in (walk.collect(only).error or "")
    walk.pages["/t=2"] = topic(*range(5)).replace("content", "words")
    error = walk.collect(walk.target(PAGE.replace("url: https://forum.example/board", "topics: https://forum.example/t=2"))).error or ""
    assert "the selector of `text` ('div.content') finds nothing in any of 5 items" in error and "`topic.take`" in error


def test_a_made_login_in_the_place_of_boards_is_told_once_with_where_they_lead(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = '<html><head><title>Вход\n на форум</title></head><form><input type="password"></form></html>'

    async def led_away(request: Request) -> Response:
        return Response("https://forum.example/login", body=page.encode())

    monkeypatch.setattr(walk, "answered", led_away)
    boards = ", ".join(f"https://forum.example/board{number}" for number in "123")
    assert walk.collect(walk.target(PAGE.replace(BOARD, f"[{boards}]"))).error == (
        "page https://forum.example/board1, which leads to https://forum.example/login, has no topics for selector "
        "'ul.topiclist.topics > li.row': the layout has changed, or it is no board; it asks for a login; its title is «Вход на форум»; "
        "the same at https://forum.example/board2, https://forum.example/board3"
    )


def test_a_made_board_that_is_none_keeps_no_other_from_being_walked_and_is_told(walk: Walk) -> None:
    walk.pages |= {"/board": "<ul></ul>", "/other": board((2, "01.09.2026 10:00")), "/t=2": topic(1)}
    run = walk.collect(walk.target(PAGE.replace(BOARD, f"[{BOARD}, https://forum.example/other]")))
    assert run.counts.outcomes[Outcome.KEPT] == 1
    assert run.error and run.error.startswith("page https://forum.example/board has no topics")


@pytest.mark.parametrize("field", ["content", "author"], ids=["told at once", "told in the end"])
def test_a_made_board_that_is_none_is_told_beside_a_selector_that_finds_nothing(field: str, walk: Walk) -> None:
    walk.pages |= {"/board": "<ul></ul>", "/other": board((2, "01.09.2026 10:00")), "/t=2": topic(*range(5)).replace(field, "words")}
    told = walk.collect(walk.target(PAGE.replace(BOARD, f"[{BOARD}, https://forum.example/other]"))).error or ""
    assert told.startswith("page https://forum.example/board has no topics") and "finds nothing in any of 5 items" in told


def test_what_was_written_in_a_made_forum_before_the_wanted_date_is_not_asked_for(walk: Walk) -> None:
    target = walk.target(PAGE + "since: 2026-09-01\n")
    walk.pages["/board"] = board((3, "02.09.2026 10:00"), (2, "30.08.2026 10:00")) + following("/board?2")
    walk.pages["/board?2"] = board((1, "29.08.2026 10:00")) + following("/board?3")
    walk.pages["/t=3"] = topic(31, 32)
    assert walk.kept(target) == 2
    assert walk.asked == ["board", "t=3", "board?2"]


@pytest.mark.usefixtures("at_once")
def test_a_made_topic_that_fails_is_given_up_after_some_runs_and_one_whose_last_page_is_gone_is_read_anew(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages["/board"] = board((5, "02.09.2026 10:00"), (4, "01.09.2026 10:00"))
    walk.pages["/t=4"], walk.pages["/t=5"] = Answer("", 503), topic(51, more="/t=5&p=2")
    walk.pages["/t=5&p=2"] = topic(52)
    assert walk.kept(target) == 2
    run = walk.collect(target)
    assert run.counts.places["its topic failed in 2 runs: forum.example fails (503)"] == "https://forum.example/t=4"
    walk.pages["/board"] = board((6, "03.09.2026 10:00")).replace('href="/t=6"', 'href="/t=5"')
    walk.pages["/t=5&p=2"], walk.pages["/t=5"] = Answer("", 404), topic(51, 53)
    walk.requests.clear()
    assert walk.kept(target) == 1
    assert walk.asked == ["board", "t=5&p=2", "t=5"]


def test_a_made_topic_that_shrank_and_grew_between_runs_is_read_from_its_first_page(walk: Walk) -> None:
    target = walk.target(PAGE + "pages: 3\n")
    walk.pages |= {"/board": board((4, "01.09.2026 10:00")), "/t=4": topic(1, 2, 3, more="/t=4&p=2")}
    walk.pages |= {"/t=4&p=2": topic(4, 5, 6, more="/t=4&p=3"), "/t=4&p=3": topic(7, 8)}
    assert walk.kept(target) == 8
    walk.pages["/board"] = board((5, "02.09.2026 10:00")).replace('href="/t=5"', 'href="/t=4"')
    walk.pages |= {"/t=4": topic(1, 5, 6, more="/t=4&p=2"), "/t=4&p=2": topic(7, 8, 9, more="/t=4&p=3"), "/t=4&p=3": topic(10)}
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (2, ["board", "t=4&p=3", "t=4", "t=4&p=2", "t=4&p=3"])

    walk.pages["/board"] = board((6, "03.09.2026 10:00")).replace('href="/t=6"', 'href="/t=4"')
    walk.pages["/t=4&p=3"] = topic(10, 11)
    assert (walk.kept(target), walk.asked) == (1, ["board", "t=4&p=3"]), "where it shows what is known, nothing above it is asked for"


def test_a_made_topic_whose_last_page_shows_nothing_that_could_be_kept_is_not_read_anew(walk: Walk) -> None:
    target, picture = walk.target(PAGE + "pages: 3\nlimits: {rejected: 1}\n"), topic(5).replace("Запись 5", "<img src=cat.png>")
    walk.pages |= {"/board": board((4, "01.09.2026 10:00")), "/t=4": topic(1, 2, more="/t=4&p=2")}
    walk.pages |= {"/t=4&p=2": topic(3, 4, more="/t=4&p=3"), "/t=4&p=3": picture}
    assert walk.kept(target) == 4
    walk.pages["/board"] = board((5, "02.09.2026 10:00")).replace('href="/t=5"', 'href="/t=4"')
    walk.pages["/t=4&p=3"] = picture + topic(6)
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (1, ["board", "t=4&p=3"])

    walk.pages["/board"] = board((6, "03.09.2026 10:00")).replace('href="/t=6"', 'href="/t=4"')
    walk.pages |= {"/t=4&p=2": topic(3, 7, more="/t=4&p=3"), "/t=4&p=3": topic(8)}
    assert (walk.kept(target), walk.asked) == (2, ["board", "t=4&p=3", "t=4", "t=4&p=2", "t=4&p=3"]), "now it lacks what was taken"


def test_pages_of_a_cursor_of_before_that_were_not_read_yet_show_nothing_known() -> None:
    read, cut = Topic("1", "https://f.example/t1"), Topic("2", "https://f.example/t2")
    waiting = {"2": {"address": cut.address, "mark": "m"}}
    state = State({"topics": {each.id: [f"{each.address}&p=2"] for each in (read, cut)}, "waiting": waiting})
    assert [state.met(each) for each in (read, cut)] == [True, False]
    assert [State(state.cursor()).met(each) for each in (read, cut)] == [True, False]


def test_a_made_topic_cut_short_goes_on_with_the_page_that_was_not_read(walk: Walk) -> None:
    target = walk.target(PAGE + "pages: 1\n")
    walk.pages |= {"/board": board((4, "01.09.2026 10:00")), "/t=4": topic(1, more="/t=4&p=2"), "/t=4&p=2": topic(2, more="/t=4&p=3")}
    walk.pages["/t=4&p=3"] = topic(3)
    assert ([walk.kept(target) for _ in range(3)], [path for path in walk.asked if path != "board"]) == (
        [1, 1, 1],
        ["t=4", "t=4&p=2", "t=4&p=3"],
    )
    walk.pages["/board"] = board((5, "02.09.2026 10:00")).replace('href="/t=5"', 'href="/t=4"')
    walk.pages |= {"/t=4": topic(1, more="/t=4&p=2"), "/t=4&p=2": topic(4, more="/t=4&p=3"), "/t=4&p=3": topic(5)}
    assert [walk.kept(target) for _ in range(3)] == [0, 1, 1], "a page in each run is enough"


def test_a_made_topic_whose_later_page_is_refused_is_gone_on_with_from_the_page_before_it(walk: Walk) -> None:
    target = walk.target(PAGE)
    walk.pages |= {"/board": board((4, "01.09.2026 10:00")), "/t=4": topic(1, more="/t=4&p=2"), "/t=4&p=3": Answer("", 403)}
    walk.pages["/t=4&p=2"] = topic(2, more="/t=4&p=3")
    assert walk.kept(target) == 2
    walk.pages["/board"] = board((5, "02.09.2026 10:00")).replace('href="/t=5"', 'href="/t=4"')
    walk.pages["/t=4&p=2"] = topic(2, 3, more="/t=4&p=3")
    walk.requests.clear()
    assert (walk.kept(target), walk.asked) == (1, ["board", "t=4&p=2", "t=4&p=3"])


def test_a_made_topic_of_a_host_that_lets_nothing_be_asked_for_is_not_given_up(walk: Walk) -> None:
    target = walk.target(PAGE.replace("attempts: 2", "attempts: 1"))
    walk.pages = {"/board": board((4, "01.09.2026 10:00")), "/t=4": silent}
    assert [walk.collect(target).counts.outcomes[Outcome.DEFERRED] for _ in range(3)] == [1, 1, 1]
    walk.pages["/t=4"] = topic(41)
    assert walk.kept(target) == 1


def test_a_made_topic_whose_next_page_is_always_the_same_ends_there(walk: Walk) -> None:
    walk.pages["/board"] = board((2, "01.09.2026 10:00"), (4, "01.09.2026 09:00"))
    walk.pages["/t=2"] = lambda: topic(1, 2, more=f"/t=2&page={len(walk.requests)}")
    walk.pages["/t=4"] = topic(5)
    run = walk.collect(walk.target(PAGE))
    counts = run.counts.outcomes
    assert (run.error, counts[Outcome.KEPT], counts[Outcome.REPEATED]) == (None, 3, 2)
    assert [path.partition("&")[0] for path in walk.asked] == ["board", "t=2", "t=2", "t=4"]
    assert (walk.kept(walk.target(PAGE)), walk.asked) == (0, ["board"])


def test_a_host_that_fails_made_topic_after_topic_is_left_alone(walk: Walk) -> None:
    walk.pages["/board"], walk.pages["/t="] = board(*((number, "02.09.2026 10:00") for number in range(9))), Answer("", 503)
    assert walk.collect(walk.target(PAGE)).error == "https://forum.example/t=2: forum.example fails (503)"
    assert walk.asked == ["board", "t=0", "t=1", "t=2"]


def test_a_made_post_without_id_and_address_is_told_by_its_moment_however_its_date_is_written(tmp_path: Path) -> None:
    own = "board: {topic: li, take: {link: a, replies: b}}\ntopic: {post: p, id: '\\d+', take: {text: b, author: i, date: u}}\n"
    target = Place(tmp_path).target("own", "kind: forum\ntopics: https://f.example/t=2\ntimezone: Europe/Moscow\n" + own)

    def made(date: str, days: int, topic: str = "2") -> str:
        page, address = Selector(f"<p><i>Рита</i> <u>{date}</u> <b>Вестарна не платит</b></p>"), f"https://f.example/t={topic}"
        [raw] = read_posts(page, target, address, Topic(topic, address), opening=True)
        return post(raw, target, datetime(2026, 5, 12, 15, tzinfo=UTC) + timedelta(days=days)).id

    assert len({made("Сегодня, 14:05", 0), made("Вчера, 14:05", 1), made("12.05.2026 14:05", 9)}) == 1
    assert made("12.05.2026 14:06", 9) != made("12.05.2026 14:05", 9)
    assert len({made("2 часа назад", 0), made("3 часа назад", 0), made("только что", 0), made("2 дня назад", 2)}) == 1
    assert made("2 часа назад", 0, "3") != made("2 часа назад", 0), "the same words in another topic"
    assert made("12.05.2026 14:05", 9, "3") == made("12.05.2026 14:05", 9), "a moment tells a post in every topic that it is shown in"


@pytest.mark.parametrize("name", preset_names("forum"))
def test_a_preset_is_kept_in_full_in_the_snapshot_and_the_file_goes_before_it(name: str, tmp_path: Path) -> None:
    target = Place(tmp_path).target("x", f"kind: forum\npreset: {name}\ntopics: https://f.example/t\ntopic: {{take: {{text: .own}}}}\n")
    assert (target.topic.take.text.select, target.topic.take.text.cut) == (".own", None)
    assert target.topic.take.author is not None
    assert f"| [`{name}`](../../dags/targets/example-" in (DOCS / "forum.md").read_text(encoding="utf-8")
    kept = target_to_json(target)
    assert "preset" not in kept
    assert (target_from_json(kept).board, target_from_json(kept).topic) == (target.board, target.topic)


def test_an_unknown_preset_and_a_board_without_a_sign_of_new_posts(tmp_path: Path) -> None:
    path = tmp_path / "targets" / "x.yaml"
    path.parent.mkdir()
    path.write_text("kind: forum\npreset: phpbb3\nurl: https://f.example\n")
    assert "x.yaml:2: preset: must be one of discourse, discuz, invision4," in str(read_target(path).error)
    assert str(read_target(path).error).endswith("not 'phpbb3' (did you mean `phpbb`?)")
    path.write_text(
        "kind: forum\ntopics: https://f.example\nboard: {topic: li, take: {link: a}}\ntopic: {post: p, id: t, take: {text: b}}\n"
    )
    assert "board.take: must say what shows that a topic has new posts: `replies`, `last` or `date`" in str(read_target(path).error)
