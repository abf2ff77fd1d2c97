"""LiveJournal: its walk over answers of our own making, and what it makes of real comments printed as XML."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.archive import Archive
from crawlers.disk import append_line
from crawlers.listing import Listing
from crawlers.look import Fate, Known, Look
from crawlers.post import Post, post_id
from crawlers.spiders.livejournal import LivejournalSpider, post
from tests.recorded_walk import REAL, Page, Walk, needs_real, recorded, response, spider_of
from tests.site import Answer

TARGET = "kind: livejournal\nurl: https://dva-vklada.livejournal.com/\ntimezone: Europe/Moscow\n"
CALL = "dva-vklada/__rpc_get_thread?journal=dva_vklada&itemid=2300&expand_all=1"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def test_made_entries_of_the_feed_and_all_branches_of_their_comments(walk: Walk) -> None:
    target = walk.target(TARGET)
    walk.pages = {
        "/data/rss": recorded("livejournal", "rss.xml"), "__rpc_get_thread": recorded("livejournal", "comments_1.json"),
        "&page=2": recorded("livejournal", "comments_2.json"), "&thread=700": recorded("livejournal", "branch.json"),
    }  # fmt: skip
    walk.pages["fdata.bml"] = recorded("livejournal", "friends.txt")
    assert walk.kept(target) == 6
    assert walk.asked == ["data/rss", "misc/fdata.bml?user=dva_vklada", CALL, f"{CALL}&page=2", f"{CALL}&thread=700"]
    assert {post.members for post in walk.posts().values()} == {3}, "those who read the journal"
    made = walk.posts()
    entry, other = made["Комиссия выросла втрое.\nБольше ни ногой."], made["Погода хорошая."]
    first, answer, last = made["И я ушёл.\nГод назад."], made["Куда?"], made["В Дукатор."]
    assert (entry.title, entry.replies, entry.thread_id) == ("Ушёл из Вестарны", 4, entry.id)
    assert entry.id == post_id("dva-vklada.livejournal.com", url="https://dva-vklada.livejournal.com/2300.html"), "as a feed tells it"
    assert (entry.author_id, answer.author_id, other.author_id) == ("livejournal.com:dva_vklada",) * 2 + ("livejournal.com:gost_1",)
    assert [each.in_reply_to for each in (first, answer, last)] == [entry.id, first.id, answer.id]
    assert {each.thread_id for each in (first, answer, last)} == {entry.id}
    assert first.published == datetime(2026, 9, 1, 11, tzinfo=UTC)
    assert [each.followers for each in (entry, answer, other, first)] == [3, 3, None, None], "those who read the journal follow its owner"
    anonymous = made["А я доволен."]
    assert (anonymous.author_id, anonymous.author_name, anonymous.edited) == (None, None, datetime(2026, 9, 1, 12, tzinfo=UTC))
    assert walk.kept(target) == 0
    assert walk.asked == ["data/rss"]


def test_made_page_without_an_entry_closes_its_comments(walk: Walk) -> None:
    walk.pages = {"/data/rss": recorded("livejournal", "rss.xml"), "__rpc_get_thread": Answer("<html>No such entry</html>", 404)}
    walk.pages["fdata.bml"] = recorded("livejournal", "friends.txt")
    run = walk.collect(walk.target(TARGET))
    assert (run.error, run.counts.outcomes["deferred"]) == (None, 0)


def test_an_account_reads_made_pages_printed_as_xml(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LJ_COOKIE", "ljsession=s3cret")
    target = walk.target(TARGET + "cookie_env: LJ_COOKIE\npages: 1\n")
    walk.pages = {"/data/rss": recorded("livejournal", "rss.xml"), "/2300.html?style=mine": recorded("livejournal", "printed.xml")}
    walk.pages["fdata.bml"] = "! invalid user"
    walk.pages["&comm=1"] = "# Note: dva_vklada is a community account\nP> gost_1\nP< gost_1\nP< gost_2\n"
    assert walk.kept(target) == 3
    friends = [request for request in walk.requests if "fdata" in request.url]
    assert {request.headers.get("Cookie") for request in walk.requests if request not in friends} == {b"ljsession=s3cret"}
    assert len(friends) == 2 and not any("Cookie" in request.headers for request in friends), "another host than the journal's"
    assert {post.members for post in walk.posts().values()} == {2}
    assert [each for each in walk.asked if "fdata" not in each] == ["data/rss", "2300.html?style=mine"]
    assert walk.posts()["И я ушёл."].published == datetime(2026, 9, 1, 11, 0, 5, tzinfo=UTC)
    walk.pages |= {"page=2": "<entrypage><comments/></entrypage>", "thread=700": "<entrypage><comments/></entrypage>"}
    assert (walk.kept(target), walk.kept(target)) == (0, 0)
    assert [each for each in walk.asked if "html" in each] == ["2300.html?style=mine&page=2", "2300.html?style=mine&thread=700"]


@pytest.mark.parametrize("host", ["users.livejournal.com", "community.livejournal.com"])
def test_made_journals_of_a_host_of_many_are_told_by_the_path(walk: Walk, host: str) -> None:
    walk.pages = {"fdata.bml": recorded("livejournal", "friends.txt")}
    walk.pages["/data/rss"] = recorded("livejournal", "rss.xml").replace("dva-vklada.livejournal.com/", f"{host}/_vklad/")
    walk.pages["__rpc_get_thread"] = recorded("livejournal", "comments_2.json")
    target = walk.target(f"kind: livejournal\nurl: https://{host}/_vklad/\npages: 1\n")
    walk.kept(target)
    assert walk.asked == [
        "_vklad/data/rss", "misc/fdata.bml?user=_vklad", "_vklad/__rpc_get_thread?journal=_vklad&itemid=2300&expand_all=1",
    ]  # fmt: skip
    made = walk.posts()
    assert set(Archive(walk.data).cursor("walked")["lists"]) == {"entries of a path"}
    entry = made["Комиссия выросла втрое.\nБольше ни ногой."]
    assert (entry.author_id, entry.author_url) == ("livejournal.com:_vklad", "https://users.livejournal.com/_vklad/")
    comments = [post for post in made.values() if post.in_reply_to]
    assert comments and {post.thread_id for post in comments} == {entry.id}
    other = walk.target(f"kind: livejournal\nurl: https://{host}/drugoj\n")
    raw = {"dtalkid": 600, "parent": 500, "article": "Да", "ctime_ts": 1788260400, "thread": "2300"}
    ours, theirs = (post(raw, each, datetime(2026, 11, 28, tzinfo=UTC)) for each in (target, other))
    assert ours.id != theirs.id and ours.in_reply_to != theirs.in_reply_to, "each journal has numbers of its own"


def test_made_comments_of_a_host_of_many_that_a_cursor_of_before_takes_for_read_are_asked_for_once(walk: Walk) -> None:
    walk.pages = {"fdata.bml": recorded("livejournal", "friends.txt"), "__rpc_get_thread": recorded("livejournal", "comments_2.json")}
    walk.pages["/data/rss"] = recorded("livejournal", "rss.xml").replace("dva-vklada.livejournal.com/", "users.livejournal.com/_vklad/")
    target = walk.target("kind: livejournal\nurl: https://users.livejournal.com/_vklad/\npages: 1\n")
    journal = walk.data / "raw" / "walked" / "cursor.jsonl"
    journal.parent.mkdir(parents=True)
    append_line(
        journal, {"batch": 0, "at": "2026-11-01T00:00:00.000Z", "cursor": {"lists": {"entries": {"top": ["a"]}}, "threads": {"2300": 4}}}
    )
    call, asked = "_vklad/__rpc_get_thread?journal=_vklad&itemid=2300&expand_all=1", []
    for _ in range(3):
        walk.kept(target)
        asked += walk.asked
    assert asked.count(call) == 1


@pytest.mark.parametrize(("host", "asked"), [
    ("dva-vklada.livejournal.com", True), ("livejournal.com", True), ("evillivejournal.com", False), ("livejournal.com.example", False),
])  # fmt: skip
def test_made_readers_are_asked_for_of_journals_at_livejournal_alone(walk: Walk, host: str, asked: bool) -> None:
    target = walk.target(TARGET.replace("dva-vklada.livejournal.com", host) + "comments: false\n")
    walk.pages = {"/data/rss": recorded("livejournal", "rss.xml"), "fdata.bml": recorded("livejournal", "friends.txt")}
    walk.kept(target)
    assert any("fdata" in each for each in walk.asked) is asked


@needs_real
@pytest.mark.parametrize(("name", "comments", "folded", "following"), [
    ("testpage_247911", 43, 40, True), ("testpage_247911_91512679", 3, 0, False), ("testpage_247911_91556711", 1, 0, False),
])  # fmt: skip
def test_recorded_comments_in_the_xml_of_somebodys_own_style(name: str, comments: int, folded: int, following: bool, walk: Walk) -> None:
    target = walk.target(TARGET.replace("dva-vklada", "galkovsky"))
    spider: Any = object.__new__(LivejournalSpider)
    spider.target = target
    body = (REAL / "pages" / "livejournal" / f"{name}.xml").read_text(encoding="utf-8")
    asked = f"https://galkovsky.livejournal.com/247911.html?style=mine{name.removeprefix('testpage_247911').replace('_', '&thread=')}"
    listing: Listing = LivejournalSpider.read(spider, None, response(asked, body))
    made: list[Post] = [post(raw | {"thread": "247911"}, target, datetime(2026, 11, 28, tzinfo=UTC)) for raw in listing.raws]
    assert (len(made), len(listing.more), listing.following is not None) == (comments, folded, following)
    assert all(each.text and each.author_name and each.url and each.published and each.published.year == 2015 for each in made)
    names = {each.author_name: each.author_id for each in made}
    if name == "testpage_247911":
        assert (names["Андрей Русин"], names["user_cruser"]) == (None, "livejournal.com:user_cruser"), "an account of another site, and one"
        assert made[1].in_reply_to == made[0].id


RPC = "__rpc_get_thread"


def looks(walk: Walk, text: str, *numbers: int) -> dict[int, Look]:
    """What is seen of comments of one entry."""
    page = "https://dva-vklada.livejournal.com/2300.html"
    raw = {"thread": "2300", "members": 7}
    known = [Known(id=str(n), url=f"{page}?thread={n}#t{n}", content="", raw=raw | {"dtalkid": n}) for n in numbers]
    spider = spider_of(walk.target(text))
    spider.answered = walk.answered  # type: ignore[method-assign]

    async def look() -> dict[int, Look]:
        return {int(each.id): each async for each in spider.second_looks(known)}

    return asyncio.run(look())


def without(answer: str, number: int) -> dict[str, Any]:
    """An answer that does not name a comment and does not count it either."""
    told = json.loads(answer)
    told["comments"] = [raw for raw in told["comments"] if raw["dtalkid"] != number]
    return told | {"replycount": told["replycount"] - 1}


def test_made_comment_is_gone_by_the_calls_own_word(walk: Walk) -> None:
    first, second, branch = (recorded("livejournal", name) for name in ("comments_1.json", "comments_2.json", "branch.json"))
    walk.pages = {"2300.html": "the page", RPC: first, "&page=2": second, "&thread=700": branch}
    found = looks(walk, TARGET, 600, 700, 900)
    assert {number: (look.fate, look.sign) for number, look in found.items()} == {
        600: (Fate.HERE, ""), 700: (Fate.HERE, ""), 900: (Fate.GONE, "deleted"),
    }  # fmt: skip
    assert walk.asked == [CALL, f"{CALL}&page=2", f"{CALL}&thread=700"]
    assert (found[700].raw or {})["members"] == 7, "an edit reaches as many as the comment did"
    again = post(found[700].raw or {}, walk.target(TARGET), datetime(2026, 11, 28, tzinfo=UTC))
    assert again.text == "Куда?" and again.thread_id == post_id(
        "dva-vklada.livejournal.com", url="https://dva-vklada.livejournal.com/2300.html"
    )


@pytest.mark.parametrize("counted", [3, 9], ids=["all that are counted are named", "others are counted"])
def test_made_comment_that_is_not_named_may_be_hidden_and_is_gone_only_by_its_own_page(walk: Walk, counted: int) -> None:
    first, second = (without(recorded("livejournal", name), 600) for name in ("comments_1.json", "comments_2.json"))
    counts = {"replycount": counted}
    walk.pages = {"2300.html": "the page", RPC: first | counts, "&page=2": second | counts}
    assert looks(walk, TARGET, 600)[600].fate is Fate.UNTOLD
    walk.pages["2300.html"] = Answer("no such entry", 404)
    assert looks(walk, TARGET, 600)[600] == Look("600", Fate.GONE, "404")


@pytest.mark.parametrize(
    "answer", ['{"error": "no"}', "<html>", Answer("no", 403), {"comments": [{"dtalkid": 600, "deleted": 0}], "replycount": 1}]
)
def test_made_answer_that_tells_nothing_is_no_sign_but_the_comments_own_page_may_be(walk: Walk, answer: Page) -> None:
    walk.pages = {RPC: answer, "2300.html": "the page"}
    assert looks(walk, TARGET, 600).get(600, Look("", Fate.UNTOLD)).fate is Fate.UNTOLD
    if not isinstance(answer, dict):
        walk.pages["2300.html"] = Answer("no such entry", 410)
        assert (looks(walk, TARGET, 600)[600].fate, looks(walk, TARGET, 600)[600].sign) == (Fate.GONE, "410")


def test_made_comments_printed_as_xml_are_looked_at_there(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LJ_COOKIE", "ljsession=s3cret")
    walk.pages = {"2300.html?style=mine": recorded("livejournal", "printed.xml"), "2300.html?thread": "the page"}
    found = looks(walk, TARGET + "cookie_env: LJ_COOKIE\npages: 1\n", 600, 601)
    assert (found[600].fate, found[601].fate) == (Fate.HERE, Fate.UNTOLD)
