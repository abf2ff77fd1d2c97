"""robots.txt that is not there, fails or can't be reached, by the real spider at a site on loopback."""

from __future__ import annotations

import gzip
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scrapy.exceptions import CannotResolveHostError

from crawlers.health import Health, State, health
from crawlers.middlewares import NoRobots
from crawlers.run import RunFailed
from crawlers.settings import DOWNLOAD_MAXSIZE
from crawlers.target import Target
from crawlers.trouble import trouble
from crawlers.unreadable import ABSENT, LULL, RED, note, readable, unreadable
from tests.site import Answer, Place, Request, Site, site

ENTRY = "<item><title>Запись</title><link>{url}/post/1</link><description>Вестарна подняла комиссию.</description></item>"

ARTICLE = "<html><body><article><h1>Запись</h1><p>Вестарна подняла комиссию.</p></article></body></html>"


@pytest.fixture
def blog() -> Iterator[Site]:
    with site() as running:
        running.pages["/feed.xml"] = feed(running.url)
        yield running


def feed(url: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Блог</title>{ENTRY.format(url=url)}</channel></rss>'


def target_of(place: Place, blog: Site, more: str = "") -> Target:
    return place.target("blog", f"kind: feed\nurl: {blog.url}/feed.xml\nlanguage: ru\ndelay: 0\nallow_private: true\n{more}")


def test_a_host_whose_robots_txt_fails_is_asked_for_nothing_until_the_next_run(blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = Answer("User-agent: *\nAllow: /\n", 503)
    target = target_of(place, blog)
    with pytest.raises(RunFailed, match=r"robots\.txt of 127\.0\.0\.1 answered 503, so nothing there is asked for; the next run tries it"):
        place.collect(target)
    assert blog.paths(robots=True) == ["/robots.txt"] * 4, "asked again as every page that fails, and no page besides"
    blog.pages["/robots.txt"] = "User-agent: *\nAllow: /\n"
    assert place.collect(target).outcomes["kept"] == 1


def test_a_robots_txt_that_fails_once_is_obeyed_when_it_comes(blog: Site, place: Place) -> None:
    def answer(request: Request) -> Answer:
        return Answer("later", 500) if len(blog.asked) == 1 else Answer("User-agent: *\nDisallow: /feed\n")

    blog.pages["/robots.txt"] = answer
    with pytest.raises(RunFailed, match=r"robots\.txt of 127\.0\.0\.1 forbids it"):
        place.collect(target_of(place, blog))
    assert blog.paths(robots=True) == ["/robots.txt"] * 2


def test_a_robots_txt_that_breaks_off_is_not_known(blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = Answer("User-agent: *\n", headers={"Content-Length": "1000", "Connection": "close"})
    with pytest.raises(RunFailed, match=r"robots\.txt of 127\.0\.0\.1 could not be had \(.+\), so nothing there is asked for"):
        place.collect(target_of(place, blog))
    assert blog.paths() == []


def test_a_robots_txt_too_large_unpacked_is_not_known(blog: Site, place: Place) -> None:
    rules = gzip.compress(b"User-agent: *\nDisallow: /\n" + b"#" * (DOWNLOAD_MAXSIZE + 1))
    blog.pages["/robots.txt"] = Answer(rules, headers={"Content-Encoding": "gzip"})
    with pytest.raises(RunFailed, match=r"robots\.txt of 127\.0\.0\.1 could not be had \(the answer is larger than a page may be\)"):
        place.collect(target_of(place, blog))
    assert blog.paths() == []


def test_a_robots_txt_that_asks_for_a_pause_gets_it(blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = Answer("later", 503, {"Retry-After": "3600"})
    with pytest.raises(RunFailed, match="asked to be left alone until"):
        place.collect(target_of(place, blog))
    assert blog.paths(robots=True) == ["/robots.txt"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer("User-agent: *\nDisallow: /\n", 404),
        Answer("User-agent: *\nDisallow: /\n", 403),
        Answer(status=302, headers={"Location": "/robots.txt"}),
    ],
    ids=["not there", "not shown", "redirects in a circle"],
)
def test_a_robots_txt_that_is_not_there_forbids_nothing(answer: Answer, blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = answer
    assert place.collect(target_of(place, blog)).outcomes["kept"] == 1


def test_another_host_that_fails_keeps_only_its_own_articles_waiting(blog: Site, place: Place) -> None:
    with site() as other:
        other.pages |= {"/robots.txt": Answer("", 502), "/post/1": ARTICLE}
        blog.pages["/feed.xml"] = feed(other.url)
        run = place.collect(target_of(place, blog, "article: true\n"))
        assert (run.outcomes["kept"], run.outcomes["deferred"], other.paths()) == (0, 1, [])
        other.pages["/robots.txt"] = ""
        assert place.collect(target_of(place, blog, "article: true\n")).outcomes["kept"] == 1


@pytest.mark.parametrize("pause", ["0", "3600"])
def test_an_article_that_its_host_lets_nobody_ask_for_waits_and_is_not_given_up(pause: str, blog: Site, place: Place) -> None:
    with site() as other:
        other.pages |= {"/robots.txt": Answer("", 503, {"Retry-After": pause}), "/post/1": ARTICLE}
        blog.pages["/feed.xml"] = feed(other.url)
        target = target_of(place, blog, "article: true\nattempts: 1\n")
        run = place.collect(target)
        assert (run.outcomes["rejected"], run.outcomes["deferred"], other.paths()) == (0, 1, [])
        other.pages["/robots.txt"] = ""
        shutil.rmtree(place.data / "gate")  # the hour is over
        assert place.collect(target).outcomes["kept"] == 1


@pytest.mark.usefixtures("at_once")
def test_an_article_that_closes_its_host_each_time_is_given_up(blog: Site, place: Place) -> None:
    with site() as other:
        other.pages["/post/1"] = Answer("", 503, {"Retry-After": "3600"})
        blog.pages["/feed.xml"] = feed(other.url)
        run = place.collect(target_of(place, blog, "article: true\nattempts: 1\n"))
        assert (run.outcomes["kept"], run.outcomes["deferred"]) == (1, 0) and "without article 1" in str(run)


def test_entries_of_a_host_that_stays_silent_keep_no_others_from_being_taken(blog: Site, place: Place) -> None:
    with site() as other:
        other.pages["/robots.txt"] = Answer("", 503, {"Retry-After": "0"})
        blog.pages["/feed.xml"] = feed(other.url)
        target = target_of(place, blog, "article: true\nlimits: {items: 1}\n")
        assert place.collect(target).outcomes["deferred"] == 1
        blog.pages |= {"/feed.xml": feed(blog.url), "/post/1": ARTICLE}
        assert place.collect(target).outcomes["kept"] == 1


def test_a_host_that_is_not_there_is_no_matter_of_robots_txt(place: Place) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/feed.xml"
        target = place.target("away", f"kind: feed\nurl: {address}\nlanguage: ru\ndelay: 0\nallow_private: true\n")
        with pytest.raises(RunFailed, match=r"refused.* \(asked for robots\.txt first\)"):
            place.collect(target)
    assert str(trouble(no_robots(CannotResolveHostError("nothing")), "http://molva.invalid/feed.xml")) == (
        "http://molva.invalid/feed.xml: no address is known for the name molva.invalid (asked for robots.txt first)"
    )


def no_robots(cause: Exception) -> NoRobots:
    error = NoRobots("could not be had")
    error.__cause__ = cause
    return error


AT_ONCE = {"Retry-After": "0"}
"""What spares a test the waits between tries."""


def asked_for(place: Place, host: str, span: timedelta) -> None:
    """Let the host's robots.txt have been asked for in vain twice a day, for as long, until an hour ago."""
    readable(place.data, host)
    ended = datetime.now(UTC) - timedelta(hours=1)
    for half_days in range(span // timedelta(hours=12), -1, -1):
        note(place.data, host, "503", ended - half_days * timedelta(hours=12), "blog")


def how(place: Place) -> Health:
    [one] = health(place.config, place.data, datetime.now(UTC))
    return one


def test_since_when_a_robots_txt_is_unreadable_outlives_processes_and_ends_with_an_answer(blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = Answer("", 503, AT_ONCE)
    target = target_of(place, blog)
    for _ in range(2):
        with pytest.raises(RunFailed):
            place.collect(target)
    [known] = unreadable(place.data)
    assert (known.host, known.answer, known.targets.keys()) == (f"127.0.0.1:{blog.port}", "503", {"blog"})
    assert known.since < known.at, "the second run went on with what the first one began"
    assert how(place).robots == (known,) and "unreadable" not in "".join(how(place).why), "a passing trouble is no reason of its own"
    blog.pages["/robots.txt"] = Answer("", 404)
    place.collect(target)
    assert unreadable(place.data) == [] and how(place).robots == ()


def test_a_robots_txt_that_stays_unreadable_for_a_day_makes_a_target_red_whose_runs_end_well(blog: Site, place: Place) -> None:
    with site() as other:
        host = f"127.0.0.1:{other.port}"
        other.pages |= {"/robots.txt": Answer("", 502, AT_ONCE), "/post/1": ARTICLE}
        blog.pages["/feed.xml"] = feed(other.url)
        target = target_of(place, blog, "article: true\n")
        place.collect(target)
        assert how(place).state is State.OK
        asked_for(place, host, RED)
        place.collect(target)
        red = how(place)
        assert red.state is State.UNUSUAL and red.state.red
        [why] = red.why
        assert why.startswith(f"robots.txt of {host} has been unreadable since ") and "(answer: 502), so nothing there is asked for" in why
        [told] = red.to_json()["robots"]
        assert (told["host"], told["answer"], told["counts_as_absent"]) == (host, "502", False)
        blog.pages["/feed.xml"] = feed(blog.url)
        other.pages["/robots.txt"] = ""
        place.collect(target)
        assert how(place).state is State.OK


@pytest.mark.parametrize(
    "answer", [Answer("", 503, AT_ONCE), Answer("User-agent: *\n", headers={"Content-Length": "99", "Connection": "close"})]
)
def test_a_robots_txt_that_stays_unreadable_for_thirty_days_counts_as_not_there(answer: Answer, blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = answer
    target = target_of(place, blog)
    asked_for(place, f"127.0.0.1:{blog.port}", ABSENT - timedelta(days=1))
    with pytest.raises(RunFailed, match="so nothing there is asked for"):
        place.collect(target)
    asked_for(place, f"127.0.0.1:{blog.port}", ABSENT)
    shutil.rmtree(place.data / "gate")  # it is left alone no more
    assert place.collect(target).outcomes["kept"] == 1
    assert how(place).state is State.OK and how(place).to_json()["robots"][0]["counts_as_absent"]


@pytest.mark.usefixtures("at_once")
def test_an_article_of_a_host_that_is_no_more_is_given_up_some_day(blog: Site, place: Place) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        blog.pages["/feed.xml"] = feed(f"http://{host}")
        target = target_of(place, blog, "article: true\nattempts: 1\n")
        assert place.collect(target).outcomes["deferred"] == 1
        assert "refused" in unreadable(place.data)[0].answer
        asked_for(place, host, ABSENT)
        shutil.rmtree(place.data / "gate")  # it is left alone no more
        assert "kept 1" in (told := str(place.collect(target))) and "without article 1" in told


def test_a_target_that_runs_weekly_and_never_quite_on_time_comes_to_red_and_to_thirty_days(tmp_path: Path) -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    late = timedelta(minutes=10)  # others run before it
    asked = [begin + week * (timedelta(weeks=1) + late) for week in range(6)]
    first, second, *_, last = [note(tmp_path, "a.example", "503", at, "weekly") for at in asked]
    assert (first.is_red, second.is_red) == (False, True)
    assert last.since == begin and last.is_absent


def test_what_nobody_asked_for_longer_than_the_lull_begins_anew(tmp_path: Path) -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    note(tmp_path, "a.example", "503", begin, "blog")
    assert note(tmp_path, "a.example", "500", begin + LULL).since == begin
    assert note(tmp_path, "a.example", "503", begin + LULL - timedelta(seconds=1)).since == begin, "another process was faster"
    later = begin + 2 * LULL + timedelta(seconds=1)
    anew = note(tmp_path, "a.example", "no answer in time", later)
    assert (anew.since, anew.answer, anew.targets) == (later, "no answer in time", {})
    assert note(tmp_path, "a.example", "503", begin).since == begin, "the clock was set back"


def test_a_damaged_file_of_a_host_begins_anew(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    note(tmp_path, "a.example", "503", now)
    [path] = (tmp_path / "robots").iterdir()
    for content in (path.read_bytes()[:20], b"[1]", b'{"host": "a.example", "targets": 5}', b""):
        path.write_bytes(content)
        assert unreadable(tmp_path) == []
        assert note(tmp_path, "a.example", "503", now + timedelta(hours=1)).since == now + timedelta(hours=1)
