"""Places with an interface for programs: the way through lists and threads, shown with Mastodon on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.archive import Archive
from crawlers.look import Fate, Known
from crawlers.platforms import PlatformTarget
from crawlers.post import post_id
from crawlers.run import Outcome, RunFailed
from crawlers.spiders.mastodon import MastodonSpider, post
from crawlers.target import BrokenTarget, read_target
from tests.recorded_walk import Walk, silent
from tests.site import Answer, Place, Request, Site, site
from tests.tapes import body, exchanges

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "fixtures" / "api"
TARGET = "kind: mastodon\nurl: {url}\nhashtags: [вестарна]\nallow_private: true\ndelay: 0\n"
TAG = "/api/v1/timelines/tag/%D0%B2%D0%B5%D1%81%D1%82%D0%B0%D1%80%D0%BD%D0%B0"


def status(number: int, *, replies: int = 0, to: int | None = None, **more: Any) -> dict[str, Any]:
    author = {"acct": f"anna{number}", "display_name": "Анна", "url": f"https://m.example/@anna{number}", "followers_count": 12}
    return {
        "id": str(number), "created_at": f"2026-09-01T10:{number % 60:02}:00.000Z", "content": f"<p>Вестарна, отзыв номер {number}</p>",
        "account": author, "replies_count": replies, "in_reply_to_id": None if to is None else str(to), "reblog": None, "language": "ru",
        "url": f"https://m.example/@anna{number}/{number}", "favourites_count": 3, "reblogs_count": 1, "spoiler_text": "",
    } | more  # fmt: skip


class Server:
    """A Mastodon server: pages of two statuses, newest first, and the threads below them."""

    def __init__(self, running: Site) -> None:
        self.site, self.statuses, self.replies = running, [status(number) for number in range(5, 0, -1)], {}
        running.pages[TAG] = self.timeline

    def timeline(self, request: Request) -> Answer:
        below = int(request.path.partition("max_id=")[2] or 999)
        page = [each for each in self.statuses if int(each["id"]) < below][:2]
        more = {"Link": f'<{self.site.url}{TAG}?max_id={page[-1]["id"]}>; rel="next"'} if page else {}
        return Answer(json.dumps(page), headers={"Content-Type": "application/json"} | more)

    def reply(self, to: int, number: int) -> None:
        self.replies.setdefault(to, []).append(status(number, to=to))
        self.site.pages[f"/api/v1/statuses/{to}/context"] = json.dumps({"ancestors": [], "descendants": self.replies[to]})
        [of] = [each for each in self.statuses if each["id"] == str(to)]
        of["replies_count"] = len(self.replies[to])


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


@pytest.fixture
def server() -> Iterator[Server]:
    with site() as running:
        yield Server(running)


def asked(server: Server) -> list[str]:
    paths = [path.replace(TAG, "tag") for path in server.site.paths(robots=True)]
    server.site.asked.clear()
    return paths


def test_a_documented_list_is_walked_down_to_what_is_known_and_threads_where_their_number_changed(place: Place, server: Server) -> None:
    target = place.target("social", TARGET.format(url=server.site.url))
    server.reply(4, 41)
    assert place.collect(target).counts.outcomes[Outcome.KEPT] == 6
    assert asked(server) == ["/robots.txt", "tag?limit=40", "/api/v1/statuses/4/context", "tag?max_id=4", "tag?max_id=2", "tag?max_id=1"]
    posts = {(post.url or "").rpartition("/")[2]: post for post in place.posts(target)}
    assert posts["41"].in_reply_to == posts["41"].thread_id == posts["4"].id == posts["4"].thread_id
    assert (posts["5"].text, posts["5"].likes, posts["5"].followers, posts["5"].replies) == ("Вестарна, отзыв номер 5", 3, 12, 0)

    server.statuses.insert(0, status(6))
    server.reply(6, 61)
    counts = place.collect(target).counts.outcomes
    assert (counts[Outcome.KEPT], counts[Outcome.CHANGED]) == (2, 0)
    assert asked(server) == ["/robots.txt", "tag?limit=40", "/api/v1/statuses/6/context", "tag?max_id=5"]


ROBOTS = "User-agent: *\nDisallow: /media_proxy/\nDisallow: /interact/\n\nUser-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n"
"""What Mastodon itself comes with, of fewer robots."""


def test_a_documented_robots_txt_of_a_server_is_obeyed_and_forbids_no_posts_where_it_is_mastodons_own(place: Place, server: Server) -> None:
    target = place.target("social", TARGET.format(url=server.site.url))
    server.site.pages["/robots.txt"] = ROBOTS + "\nUser-agent: *\nDisallow: /\n"
    with pytest.raises(RunFailed, match=r"robots\.txt of 127\.0\.0\.1 forbids it"):
        place.collect(target)
    assert asked(server) == ["/robots.txt"]
    server.site.pages["/robots.txt"] = ROBOTS
    assert place.collect(target).counts.outcomes[Outcome.KEPT] == 5


def test_a_documented_crawl_delay_of_a_server_is_kept(place: Place, server: Server) -> None:
    server.site.pages["/robots.txt"] = "User-agent: *\nCrawl-delay: 1.5\n"
    place.collect(place.target("social", TARGET.format(url=server.site.url) + "pages: 2\n"))
    _, first, second = server.site.asked
    assert second.at - first.at >= 1.2  # as in tests/test_downloader.py


def test_documented_limits_of_a_server_are_its_pace(walk: Walk) -> None:
    walk.pages = {"timelines": linked([status(9, replies=1)], "tag?max_id=9"), "max_id=9": [status(8)]}
    walk.pages["/context"] = {"descendants": []}
    paces = {}
    for delay in ("", "delay: 0\n", "delay: 0.2\n", "delay: 2\n", "delay: 5\n"):
        target = walk.target(f"kind: mastodon\nurl: https://m.example\nhashtags: [x{len(paces)}]\n{delay}")
        walk.collect(target)
        paces[target.delay] = {round(request.meta["delay"], 9) for request in walk.requests if "delay" in request.meta}
        assert all(("delay" in request.meta) is (target.delay > 0 and "max_id" in request.url) for request in walk.requests)
        walk.requests.clear()
    assert 300 * 1.0 >= 5 * 60 and 300 * 3.0 >= 15 * 60
    assert paces == {1.0: {3.0}, 0.0: set(), 0.2: {0.6}, 2.0: {3.0}, 5.0: {5.0}}


def test_documented_authors_who_ask_not_to_be_indexed_are_left_out(walk: Walk) -> None:
    def shy(number: int, **more: Any) -> dict[str, Any]:
        return status(number, **more) | {"account": status(number)["account"] | {"noindex": True}}

    willing = status(7) | {"account": status(7)["account"] | {"noindex": False}}
    walk.pages = {"timelines": [shy(9, replies=1), status(8, replies=2), willing]}
    walk.pages["/statuses/8/context"] = {"descendants": [shy(81, to=8), status(82, to=81)]}
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x]\n")
    run = walk.collect(target)
    assert (run.error, run.counts.outcomes[Outcome.REJECTED]) == (None, 0)
    assert sorted(text[-2:].strip() for text in walk.posts()) == ["7", "8", "82"], "in no batch, as what others boost"
    assert not any("statuses/9/" in path for path in walk.asked)

    known = Known(id="a", url=None, content="", raw=status(8))
    for answer, raw in ((status(8), status(8)), (shy(8), None)):
        [look] = MastodonSpider.fates(object.__new__(MastodonSpider), answer, [known])
        assert (look.fate, look.raw) == (Fate.HERE, raw), "no edit of an author is taken who asks so by now"


def test_one_documented_list_that_fails_keeps_none_from_being_read_and_the_key_is_sent_but_not_kept(
    place: Place, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIAL_KEY", "s3cret")
    more = "accounts: [nobody]\nsearch: [вестарна]\ntoken_env: SOCIAL_KEY\n"
    target = place.target("social", TARGET.format(url=server.site.url) + more)
    server.site.pages["/api/v1/accounts/lookup"] = json.dumps({"id": "7"})
    server.site.pages["/api/v1/accounts/7/statuses"] = Answer(json.dumps({"error": "Record not found"}), 404)
    server.site.pages["/api/v2/search"] = Answer(json.dumps({"accounts": [], "statuses": [status(90)], "hashtags": []}))
    with pytest.raises(RunFailed, match="Record not found") as failed:
        place.collect(target)
    assert failed.value.run.counts.outcomes[Outcome.KEPT] == 6
    assert {request.headers["Authorization"] for request in server.site.asked if request.path != "/robots.txt"} == {"Bearer s3cret"}
    kept = [path.read_bytes() for path in place.data.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"s3cret" in each for each in kept)

    server.site.pages[TAG] = "<html>Please log in</html>"
    with pytest.raises(RunFailed, match="gives a page that is no JSON: it begins with '<html>Please log in</html>'"):
        place.collect(target)


def test_a_documented_thread_that_could_not_be_read_stays_open_wherever_its_post_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x]\npages: 1\n")
    first = {"descendants": [status(41, to=4)]}
    walk.pages = {"timelines": [status(4, replies=2)], "/statuses/4/context": Answer("", 503)}
    counts = walk.collect(target).counts.outcomes
    assert (counts[Outcome.KEPT], counts[Outcome.DEFERRED]) == (1, 1)

    # Its post has moved down the list, and the thread has a second page: a run reads one page of it, the next run goes on.
    more = Answer(json.dumps(first), headers={"Link": '<https://m.example/statuses/4/more>; rel="next"'})
    walk.pages = {"timelines": [status(5)], "/statuses/4/context": more, "/statuses/4/more": {"descendants": [status(42, to=4)]}}
    assert (walk.kept(target), walk.kept(target), walk.kept(target)) == (2, 1, 0)
    assert [each.partition("statuses/")[2] for each in walk.asked if "statuses" in each] == ["4/context", "4/context", "4/more"]
    assert {post.thread_id for text, post in walk.posts().items() if text[-2:] in ("41", "42")} == {post_id("m.example", "4")}

    walk.pages |= {"timelines": [status(6, replies=1)], "/statuses/6/context": "<html>Log in</html>"}
    runs = [walk.collect(target).counts.outcomes[Outcome.DEFERRED] for _ in range(6)]
    assert runs == [1] * 6, "five runs within minutes are one outage"
    monkeypatch.setattr("crawlers.patience.OUTAGE", timedelta(0))
    assert [walk.collect(target).counts.outcomes[Outcome.DEFERRED] for _ in range(2)] == [0, 0]

    walk.pages |= {"timelines": [status(6, replies=2)]}
    runs = [walk.collect(target).counts.outcomes[Outcome.DEFERRED] for _ in range(6)]
    assert runs == [1, 1, 1, 1, 0, 0], "given up after five runs; it keeps nothing else from being read"

    walk.pages |= {"timelines": [status(7, replies=1)], "/statuses/7/context": silent}
    assert [walk.collect(target).counts.outcomes[Outcome.DEFERRED] for _ in range(6)] == [1] * 6, "it was never asked for"


@pytest.mark.parametrize(("answer", "fails"), [
    (Answer("<html>Are you a robot?</html>", 403), True), (Answer('{"error": "The access token is invalid"}', 401), True),
    (Answer("<html>Not found</html>", 404), True), (Answer("<html>gone</html>", 410), True), (Answer("", 451), True),
    (Answer('{"error": "Record not found"}', 404), False), (Answer('{"error": "Gone"}', 410), False), (Answer("{}", 451), False),
    (Answer('{"error": "This action is not allowed"}', 403), False),
])  # fmt: skip
def test_a_documented_thread_is_closed_by_a_status_of_its_interface_or_in_words_and_any_other_refusal_fails_the_run(
    answer: Answer, fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x]\n")
    walk.pages = {"timelines": [status(4, replies=1)], "/statuses/4/context": answer}
    monkeypatch.setattr("crawlers.patience.OUTAGE", timedelta(0))
    runs = [walk.collect(target) for _ in range(6)]
    assert [run.error is not None for run in runs] == [fails] * 5 + [False], "given up after five runs"
    assert [run.counts.outcomes[Outcome.DEFERRED] for run in runs] == [int(fails)] * 4 + [0, 0]


def test_a_documented_thread_that_shows_the_same_replies_for_ever_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x]\n")
    link = '<https://m.example/statuses/4/context?page={}>; rel="next"'
    same = json.dumps({"descendants": [status(41, to=4)]})
    walk.pages = {
        "timelines": [status(4, replies=1)],
        "/statuses/4/context": lambda: Answer(same, headers={"Link": link.format(len(walk.requests))}),
    }
    assert (walk.kept(target), len(walk.asked)) == (2, 3)
    assert (walk.kept(target), len(walk.asked)) == (0, 1)


def linked(statuses: list[dict[str, Any]], following: str) -> Answer:
    return Answer(json.dumps(statuses), headers={"Link": f'<https://m.example/{following}>; rel="next"'})


def test_a_documented_page_of_boosts_is_no_end_and_where_its_mark_has_lapsed_the_gap_is_walked_from_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x]\npages: 3\n")
    walk.pages = {"timelines": linked([status(9)], "two"), "/two": linked([status(8, reblog={"id": "1"})], "three")}
    walk.pages |= {"/three": linked([status(7)], "four"), "/four": [status(6)]}
    assert (walk.kept(target), len(walk.asked)) == (2, 3)
    walk.pages |= {"/three": Answer('{"error": "Record not found"}', 404), "timelines": linked([status(10)], "nine")}
    walk.pages["/nine"] = linked([status(9), status(7)], "four")
    assert [walk.kept(target) for _ in range(3)] == [1, 0, 1]
    assert "Вестарна, отзыв номер 6" in walk.posts()


def test_documented_lists_and_accounts_that_are_none_keep_no_other_from_being_read_and_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x, y]\naccounts: [nobody, odd, anna]\n")
    walk.pages = {"tag/x": "<html>Are you a robot?</html>", "tag/y": [status(1)], "/accounts/7/statuses": [status(2)]}
    walk.pages |= {"acct=nobody": Answer('{"error": "Record not found"}', 404), "acct=odd": {}, "acct=anna": {"id": "7"}}
    run = walk.collect(target)
    assert run.counts.outcomes[Outcome.KEPT] == 2
    for told in ("Record not found", "acct=odd gives an answer of another form", "Are you a robot?"):
        assert told in (run.error or "")


def test_documented_lists_whose_beginning_can_not_be_told_go_on_where_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.progress.LISTS", 1)
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: mastodon\nurl: https://m.example\naccounts: [anna, ivan, rita]\n")
    walk.pages = {"lookup": {"id": "7"}, "/accounts/7/statuses": [status(1)]}
    assert walk.kept(target) == 1
    before = Archive(walk.data).cursor("walked")["lists"]
    walk.pages["lookup"] = Answer("", 503)
    for more in ("", "hashtags: [x]\n"):
        walk.pages["tag/x"] = [status(2)]
        assert walk.collect(walk.target(f"kind: mastodon\nurl: https://m.example\naccounts: [anna, ivan, rita]\n{more}")).error
    after = Archive(walk.data).cursor("walked")["lists"]
    assert list(after) == ["anna", "ivan", "rita", "#x"] and before.items() <= after.items()

    walk.pages["lookup"] = {"id": "7"}
    walk.kept(walk.target("kind: mastodon\nurl: https://m.example\naccounts: [rita]\n"))
    assert len(Archive(walk.data).cursor("walked")["lists"]) == 2, "the target has the others no longer"


def test_a_documented_list_that_fails_is_told_where_the_run_is_full_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: mastodon\nurl: https://m.example\nhashtags: [x, y]\nlimits: {items: 1}\n")
    walk.pages = {"tag/x": Answer('{"error": "Record not found"}', 404), "tag/y": [status(1)]}
    run = walk.collect(target)
    assert run.counts.outcomes[Outcome.KEPT] == 1
    assert run.error and "Record not found" in run.error


PAGES = [page for page in sorted((ROOT / "docs" / "sources").glob("*.md")) if "| key | meaning |" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_of_a_source_has_its_keys_and_there_is_an_example(page: Path) -> None:
    example = read_target(ROOT / "dags" / "targets" / f"example-{page.stem}.yaml")
    assert not isinstance(example, BrokenTarget), example.error
    assert example.kind == page.stem and not example.enabled
    own = {key for key in set(type(example).model_fields) - set(PlatformTarget.model_fields) if not key.endswith("url")}
    assert [key for key in sorted(own) if f"`{key}`" not in page.read_text(encoding="utf-8")] == []


def indexed_by_nobody(answer: Any) -> int:
    """Statuses of an answer, but for boosts, whose authors ask not to be indexed."""
    statuses = answer.get("statuses", answer.get("descendants")) if isinstance(answer, dict) else answer
    return sum(each["account"].get("noindex") is True for each in statuses if not each["reblog"])


@pytest.mark.skipif(not REAL.is_dir(), reason="requires: ../shared/fixtures/api")
@pytest.mark.parametrize(("name", "posts", "shy", "following"), [
    ("rtoot/get_timeline_hashtag_default.yml", 5, 0, True), ("rtoot/get_timeline_public_instance_local.yml", 4, 6, True),
    ("rtoot/get_context_default.yml", 59, 0, False), ("mastodonpy/test_entity_searchv2.yaml", 2, 0, False),
    ("mastodonpy/test_entity_context.yaml", 0, 1, False), ("mastodonpy/test_hashtag_tl.yaml", 1, 0, True),
    ("rtoot/get_timeline_hashtag_instance.yml", 5, 0, True), ("rtoot/get_context_with_ancesters.yml", 0, 0, False),
    ("rtoot/get_account_statuses_default.yml", 20, 0, True), ("mastodonpy/test_search.yaml", 0, 0, False),
])  # fmt: skip
def test_recorded_answers_of_mastodon(name: str, posts: int, shy: int, following: bool, place: Place) -> None:
    target = place.target("social", TARGET.format(url="https://mastodon.social"))
    found, asking_not_to = [], 0
    for exchange in exchanges(REAL / "mastodon" / name):
        if not re.search("/timelines/|/context|/v2/search|/statuses[?]", exchange["request"]["uri"]):
            continue
        said = exchange["response"]
        headers = {key.title(): value if isinstance(value, str) else value[0] for key, value in said["headers"].items()}
        response = Response("https://mastodon.social/api", headers={"Link": headers["Link"]} if "Link" in headers else {})
        found.append(MastodonSpider.read(SimpleNamespace(target=target), json.loads(body(exchange)), response))  # type: ignore[arg-type]
        asking_not_to += indexed_by_nobody(json.loads(body(exchange)))
    made = [post(raw, target, datetime(2026, 9, 5, tzinfo=UTC)) for listing in found for raw in listing.raws]
    assert (len(made), asking_not_to) == (posts, shy), "nothing else is left out"
    assert any(listing.following for listing in found) is following
    assert all(each.text and each.published and each.author_name and each.author_id for each in made)


@pytest.mark.skipif(not REAL.is_dir(), reason="requires: ../shared/fixtures/api")
def test_recorded_answers_of_mastodon_about_one_status(place: Place) -> None:
    def said(name: str) -> Any:
        [exchange] = exchanges(REAL / "mastodon" / name)
        return json.loads(body(exchange))

    target, spider = place.target("social", TARGET.format(url="https://mastodon.social")), object.__new__(MastodonSpider)
    status = said("rtoot/get_status_default.yml")
    known = Known(id="a", url=None, content="", raw={"id": status["id"], "thread": "1"})
    [look] = MastodonSpider.fates(spider, status, [known])
    assert look.fate is Fate.HERE and look.raw
    made = post(look.raw, target, datetime(2026, 9, 5, tzinfo=UTC))
    assert made.text and made.author_id and made.likes is not None and made.thread_id == post_id("mastodon.social", "1")
    assert MastodonSpider.missing(spider, said("mastodonpy/test_status_missing.yaml"))
    assert not MastodonSpider.missing(spider, status)
