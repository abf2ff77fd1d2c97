"""Second looks at posts of a forum: what was removed is told from what only stands elsewhere now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from scrapy import Request
from scrapy.http import Response

from crawlers.archive import Archive, post_of_line
from crawlers.look import Fate, Known, Look
from crawlers.mapping import as_its_source_says
from crawlers.post import Post, iso
from crawlers.target import target_from_json
from tests.recorded_walk import COLLECTED, Page, Walk, spider_of
from tests.recording import RECORDED
from tests.site import Answer

HERE, GONE, UNTOLD = Fate.HERE, Fate.GONE, Fate.UNTOLD
TARGET = "kind: forum\npreset: phpbb\ntopics: https://forum.example/t=1000\n"
FIRST, SECOND, THIRD = "/t=1000", "/t=1000&start=3", "/t=1000&start=6"
LATER = {FIRST: SECOND, SECOND: THIRD}


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def page(*numbers: int, after: str | None = None, text: str = "Запись", link: str = "/p={0}#p{0}", day: str = "1{0}.09.2026 10:00") -> str:
    """A page of a topic; a post's number is the day on which it was published."""
    post = (
        f'<div class="post" id="p{{0}}"><p class="author"><a href="{link}">#</a><strong>Рита</strong> » {day}</p>'
        f'<div class="content">{text} {{0}}</div></div>'
    )
    more = f'<p class="pagination"><a rel="next" href="{after}">след.</a></p>' if after else ""
    return f'<h2 class="topic-title">Тема</h2>{"".join(post.format(number) for number in numbers)}{more}'


def taken(walk: Walk, text: str = TARGET, **how: str) -> tuple[Any, dict[int, Known]]:
    """Seven posts on three pages, collected: the target, and what is known of each post by its number."""
    target = walk.target(text)
    for at, numbers in ((FIRST, (1, 2, 3)), (SECOND, (4, 5, 6)), (THIRD, (7,))):
        walk.pages[at] = page(*numbers, after=LATER.get(at), **how)
    assert walk.kept(target) == 7
    walk.requests.clear()
    return target, {int(post.text.split()[1]): known for post, known in archived(walk)}


def archived(walk: Walk) -> Iterator[tuple[Post, Known]]:
    """Each post that was collected, and what is known of it."""
    for batch in Archive(walk.data).batches("walked"):
        for line in batch.lines():
            post = post_of_line(line, target_from_json(batch.manifest["snapshot"]))
            assert post is not None
            yield post, Known(id=post.id, url=post.url, content=line["content"], raw=line["raw"], published=iso(post.published))


def looked(walk: Walk, target: Any, known: dict[int, Known], pages: dict[str, Page]) -> dict[int, Look]:
    """What is seen of each post, once the pages have changed."""
    walk.pages = {"forum.example": Answer("nothing of this name", 404), **pages}
    spider = spider_of(target)

    async def answered(request: Request) -> Response:
        response = await walk.answered(request)
        if to := response.headers.get("Location"):
            return await walk.answered(Request(urljoin(request.url, to.decode())))
        return response

    spider.answered = answered  # type: ignore[method-assign]

    async def look() -> dict[str, Look]:
        return {each.id: each async for each in spider.second_looks(list(known.values()))}

    looks = asyncio.run(look())
    return {number: looks[one.id] for number, one in known.items() if one.id in looks}


def fates(looks: dict[int, Look], *, but: Iterable[int] = ()) -> set[Fate]:
    return {look.fate for number, look in looks.items() if number not in but}


def test_a_page_tells_of_all_its_posts_and_of_edits(walk: Walk) -> None:
    target, known = taken(walk)
    edited = page(1, 2, 3, after=SECOND, text="Иначе")
    looks = looked(walk, target, known, {FIRST: edited, SECOND: page(4, 5, 6, after=THIRD), THIRD: page(7)})
    assert fates(looks) == {HERE} and len(walk.asked) == 3
    again = [as_its_source_says(looks[number].raw or {}, target, COLLECTED) for number in (1, 4)]
    assert [(post.text, post.title) for post in again] == [("Иначе 1", "Тема"), ("Запись 4", None)]


def test_a_page_that_is_no_html_is_read_as_it_was_when_its_posts_were_taken(walk: Walk) -> None:
    made = RECORDED / "forum" / "pikabu_documented"
    story, comments = ((made / name).read_text(encoding="utf-8") for name in ("topic.html", "comments.xml"))
    walk.pages = {"/story/": story, "/generate": comments}
    target = walk.target("kind: forum\npreset: pikabu\ntopics: https://pikabu.ru/story/made_13000002\n")
    assert walk.kept(target) == 4
    known = {post.likes or 0: one for post, one in archived(walk) if "/generate" in one.raw["page"]}
    looks = looked(walk, target, known, {"/generate": comments.replace("Мелким", "Крупным")})
    assert {likes: look.fate for likes, look in looks.items()} == {5: HERE}
    assert as_its_source_says(looks[5].raw or {}, target, COLLECTED).text == "Крупным шрифтом.\nВот скрин."


def test_those_behind_a_removed_post_have_moved_up_and_are_not_gone(walk: Walk) -> None:
    target, known = taken(walk)
    first, second = page(1, 3, 4, after=SECOND), page(5, 6, 7)
    looks = looked(walk, target, known, {FIRST: first, SECOND: second, THIRD: Answer("", 404), "p=4": first, "p=7": second})
    assert (looks[2].fate, looks[2].sign) == (GONE, "404")
    assert fates(looks, but=[2]) == {HERE}


def test_a_forum_that_shows_the_place_of_a_removed_post_instead_of_404(walk: Walk) -> None:
    target, known = taken(walk)
    first, second = page(1, 3, 4, after=SECOND), page(5, 6)
    pages = {FIRST: first, SECOND: second, THIRD: Answer("", 404), "p=2": first, "p=4": first, "p=7": second}
    looks = looked(walk, target, known, pages)
    assert {number: look.sign for number, look in looks.items() if look.fate is GONE} == {2: "not in its topic", 7: "not in its topic"}
    assert fates(looks, but=[2, 7]) == {HERE}
    looks = looked(walk, target, known, {FIRST: page(2, 3, after=SECOND), SECOND: page(4, 5, 6), "p=1": page(2, 3, after=SECOND)})
    assert (looks[1].fate, looks[1].sign) == (GONE, "not in its topic"), "the topic begins on this page"


def test_how_far_down_posts_stand_is_told_of_those_that_are_there_and_of_those_behind_the_last_one(walk: Walk) -> None:
    target, known = taken(walk)
    first_only = looked(walk, target, known, {"t=1000": page(1), "p=": page(1)})
    assert [(look.fate, look.depth) for look in first_only.values()] == [(HERE, 0), *[(GONE, 1)] * 6]
    one = page(1, 3, 4, after=SECOND)
    looks = looked(walk, target, known, {FIRST: one, SECOND: page(5, 6), "p=2": one, "p=4": one, "p=7": page(5, 6)})
    assert [looks[n].depth for n in (3, 5, 7)] == [1, 0, 2]
    assert (looks[2].fate, looks[2].depth) == (GONE, None), "newer posts tell that it is missing"


@pytest.mark.parametrize(
    ("why", "there"),
    [
        ("whose number its address leaves out of account", page(1, 3, 4, after=SECOND)),
        ("at whose address there is a login", "<form><input name=login></form>"),
        ("whose address may not be asked for", Answer("", 403)),
        ("whose address leads elsewhere", Answer("", 302, {"Location": "/"})),
        ("whose address fails", Answer("", 503)),
    ],
)
def test_a_post_that_may_stand_elsewhere_is_not_gone(walk: Walk, why: str, there: Page) -> None:
    target, known = taken(walk)
    shorter = {FIRST: page(1, 3, 4, after=SECOND), SECOND: page(6, 7), "p=4": page(1, 3, 4, after=SECOND), "p=7": page(6, 7)}
    looks = looked(walk, target, known, shorter | {"p=2": page(1, 3), "p=5": there})
    assert looks[5].fate is UNTOLD, f"a post {why}"


def test_a_post_in_another_topic_is_there(walk: Walk) -> None:
    target, known = taken(walk)
    looks = looked(walk, target, known, {FIRST: page(1, 3, after=SECOND), SECOND: page(4, 5, 6), "p=2": page(2, 9)})
    assert looks[2].fate is HERE


def test_a_post_that_was_moved_to_a_topic_of_which_another_page_is_shown_is_not_gone(walk: Walk) -> None:
    target, known = taken(walk)
    moved = {"p=5": Answer("", 302, {"Location": "/viewtopic.php?t=9"}), "t=9": page(1, 9)}
    looks = looked(walk, target, known, {FIRST: page(1, 2, 3, after=SECOND), SECOND: page(4, 6, 7), "p=7": page(4, 6, 7), **moved})
    assert looks[5].fate is UNTOLD
    first, elsewhere = page(1, 2, 3, after=SECOND), {SECOND: moved["p=5"], "t=9": page(1, 9)}
    assert looked(walk, target, known, {FIRST: first, "p=": first, **elsewhere})[5].fate is UNTOLD, "its page is one of another topic now"


def test_what_stands_there_in_a_form_that_the_selectors_do_not_know_is_not_gone(walk: Walk) -> None:
    target, known = taken(walk)
    folded = page(1, 3, after=SECOND) + '<div id="p2">Сообщение скрыто: низкий рейтинг</div>'
    looks = looked(walk, target, known, {FIRST: folded, SECOND: page(4, 5, 6), "p=2": folded})
    assert looks[2].fate is UNTOLD


@pytest.mark.parametrize("more", ["", ", identity: '{topic}/{id}'"], ids=["ids of the site", "ids of the topic"])
def test_the_forums_own_word_that_a_post_was_removed(more: str, walk: Walk) -> None:
    target, known = taken(walk, TARGET + f"topic: {{removed: .gone{more}}}\n")
    stone = page(1, 3, after=SECOND) + '<div class="gone" id="p2">Сообщение удалено</div>'
    looks = looked(walk, target, known, {FIRST: stone, SECOND: page(4, 5, 6, after=THIRD), THIRD: page(7)})
    assert (looks[2].fate, looks[2].sign) == (GONE, "removed") and fates(looks, but=[2]) == {HERE}
    assert len(walk.asked) == 3, "nothing else is asked for"


@pytest.mark.parametrize("how", [{"link": "#p{0}"}, {"day": "10.09.2026 10:00"}], ids=["no address of its own", "no order of time"])
def test_a_post_of_which_neither_address_nor_order_tells_is_not_gone(walk: Walk, how: dict[str, str]) -> None:
    target, known = taken(walk, **how)
    shorter = page(1, 3, after=SECOND, **how)
    looks = looked(walk, target, known, {FIRST: shorter, SECOND: page(4, 5, 6, after=THIRD, **how), THIRD: page(7, **how), "p=2": shorter})
    assert looks[2].fate is UNTOLD and fates(looks, but=[2]) == {HERE}


def test_a_topic_that_is_gone_takes_its_posts_along_and_nothing_less_does(walk: Walk) -> None:
    target, known = taken(walk)
    looks = looked(walk, target, known, {})
    assert {(look.fate, look.sign) for look in looks.values()} == {(GONE, "404")}
    assert fates(looked(walk, target, known, {"t=1000": Answer("", 403)})) == {UNTOLD}
    assert fates(looked(walk, target, known, {"t=1000": "<p>Форум на обслуживании</p>"})) == {UNTOLD}
    unknown = {number: Known(id=one.id, url=None, content="", raw={k: v for k, v in one.raw.items() if k != "first"})
               for number, one in known.items()}  # fmt: skip
    assert fates(looked(walk, target, unknown, {})) == {UNTOLD}, "where its topic begins is not known"
