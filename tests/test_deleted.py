"""Second looks at posts, by the real spider at a site on loopback: what is gone, what only looks so, and what a kill leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.core.engine import ExecutionEngine
from typer.testing import CliRunner

from crawlers.__main__ import app
from crawlers.archive import Archive
from crawlers.health import State, health_of
from crawlers.look import Fate, Look
from crawlers.looked import EDITS, Held, Looks, Memory, gone_posts, latest, looks_path
from crawlers.post import Post
from crawlers.recheck import recheck
from crawlers.source import CollectError, Item
from crawlers.target import BrokenTarget, Target, read_target
from crawlers.verdict import Change, Rules, Verdict, judged
from tests.site import Answer, Place, Request, Site, site

ROOT = Path(__file__).parents[1]
HOUR = timedelta(hours=1)
NOW = datetime.now(UTC).replace(microsecond=0)
POSTS = 12
RULES = Rules(age=14 * 24 * HOUR, every=24 * HOUR, confirm=12 * HOUR, most=500, share=0.34)


@pytest.fixture
def blog() -> Iterator[Site]:
    with site() as running:
        publish(running, range(POSTS))
        yield running


def publish(blog: Site, numbers: Any, age: timedelta = HOUR) -> None:
    """A feed of posts, each with a page of its own."""
    date = (NOW - age).strftime("%a, %d %b %Y %H:%M:%S +0000")
    items = "".join(
        f"<item><guid>{n}</guid><link>{blog.url}/post/{n}</link><title>Вестарна {n}</title>"
        f"<description>Отзыв номер {n} о брокере</description><pubDate>{date}</pubDate></item>"
        for n in numbers
    )
    blog.pages["/feed"] = f"<?xml version='1.0'?><rss version='2.0'><channel><title>Блог</title>{items}</channel></rss>"
    blog.pages |= {f"/post/{n}": "<p>Отзыв</p>" for n in numbers}


def collected(place: Place, blog: Site, more: str = "") -> Target:
    target = place.target("blog", f"kind: feed\nurl: {blog.url}/feed\nallow_private: true\ndelay: 0\nschedule: every 1 hour\n{more}")
    assert place.collect(target).error is None
    blog.asked.clear()
    return target


def look(place: Place, target: Target, hours: float, **more: Any) -> Any:
    return recheck(target, data=place.data, config=place.config, now=NOW + hours * HOUR, **more)


def marked(place: Place) -> list[dict[str, Any]]:
    path = place.data / "raw" / "blog" / "gone.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_post_is_gone_when_it_seemed_so_twice_and_is_asked_for_no_more(place: Place, blog: Site) -> None:
    target = collected(place, blog)
    blog.pages["/post/3"], blog.pages["/post/4"] = Answer("deleted", 410), Answer("not here", 404)
    first = look(place, target, 0)
    assert (first.looked, first.here, first.suspected, first.gone, first.held, first.error) == (12, 10, 2, 0, None, None)
    assert "/robots.txt" in blog.paths(robots=True) and len(blog.paths()) == POSTS and not marked(place)
    blog.asked.clear()
    assert look(place, target, 6).looked == 0 and not blog.asked, "neither due nor to be confirmed yet"
    blog.pages["/post/4"] = "<p>It was a mistake</p>"
    again = look(place, target, 13)
    assert (again.looked, again.here, again.gone, again.held) == (2, 1, 1, None), "the day's other looks keep this from being a mass"
    [mark] = marked(place)
    posts = {post.url: post.id for post in place.posts(target)}
    assert (mark["post"], mark["sign"]) == (posts[f"{blog.url}/post/3"], "410")
    assert mark["seen"] < mark["at"]
    blog.asked.clear()
    day = look(place, target, 40)
    assert (day.looked, day.here) == (11, 11) and "/post/3" not in blog.paths()
    health = health_of(target, Archive(place.data), NOW + 41 * HOUR)
    assert (health.looked, health.gone, health.held) == (25, 1, None)


def test_a_spider_ends_when_its_last_item_is_kept(place: Place, blog: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    target = collected(place, blog)
    monkeypatch.setattr(ExecutionEngine, "_SLOT_HEARTBEAT_INTERVAL", 120.0)  # seconds until Scrapy would see for itself
    started = time.monotonic()
    assert look(place, target, 0).here == POSTS
    assert time.monotonic() - started < 100


def test_what_is_no_deletion(place: Place, blog: Site) -> None:
    target = collected(place, blog)
    blog.pages |= {
        "/post/0": Answer("no", 403), "/post/1": Answer("", 301, {"Location": f"{blog.url}/login"}), "/login": Answer("not here", 404),
        "/post/2": Answer("log in", 401), "/post/3": "<html>another layout</html>", "/post/4": Answer("", 302, {"Location": "/"}),
        "/post/5": Answer("", 204), "/robots.txt": "User-agent: *\nDisallow: /post/6\n", "/post/6": Answer("no", 410),
        "/": "Front page",
    }  # fmt: skip
    run = look(place, target, 0)
    assert (run.suspected, run.gone, run.untold, run.here) == (0, 0, 5, 7)
    again = look(place, target, 25)
    assert (again.suspected, again.gone, again.untold) == (0, 0, 5) and not marked(place)


def test_failures_and_a_site_that_asks_for_a_pause_end_the_run_and_say_nothing(place: Place, blog: Site) -> None:
    target = collected(place, blog)
    for n in range(POSTS):
        blog.pages[f"/post/{n}"] = Answer("too often", 429, {"Retry-After": "3600"})
    run = look(place, target, 0)
    assert (run.looked, run.suspected) == (0, 0) and "asked to be left alone" in run.error
    assert len(blog.paths()) == 1, "one answer closes the gate"
    assert look(place, target, 30).looked == 0 and not marked(place)


def test_unplugged(place: Place) -> None:
    with site() as blog:
        publish(blog, range(3))
        target = collected(place, blog)
        blog.pages["/post/1"] = Answer("gone", 404)
        assert look(place, target, 0).suspected == 1
    run = look(place, target, 26)
    assert (run.looked, run.gone) == (0, 0) and "refused" in run.error
    assert not marked(place)
    assert Looks(looks_path(place.data, "blog")).all()[place.posts(target)[1].id].since is not None, "still waits for its second look"


def test_where_too_many_vanish_at_once_none_is_marked_and_the_target_is_red(place: Place, blog: Site) -> None:
    target = collected(place, blog)
    assert look(place, target, 0).here == POSTS
    for n in range(5):
        del blog.pages[f"/post/{n}"]
    for hours in (25, 38, 51):
        run = look(place, target, hours)
        assert run.held == Held(5, 12, 0.34) if run.looked else hours == 38
    assert not marked(place)
    health = health_of(target, Archive(place.data), NOW + 51 * HOUR + HOUR)
    assert health.state in (State.LATE, State.UNUSUAL) and health.state.red and str(health.held) in health.why
    assert str(health.held).startswith("5 of 12 posts looked at again seem gone, more than 34%")
    target = collected(place, blog, "recheck: {share: 0.5}\n")
    assert look(place, target, 80).suspected == 5
    assert look(place, target, 93).gone == 5
    assert health_of(target, Archive(place.data), NOW + 94 * HOUR).held is None


def test_what_seemed_gone_is_looked_at_at_once_where_a_person_asks(place: Place, blog: Site) -> None:
    collected(place, blog)
    for n in range(5):
        del blog.pages[f"/post/{n}"]
    where = ["--config", str(place.config), "--data", str(place.data)]
    assert "5 of 12 posts looked at again seem gone" in CliRunner().invoke(app, ["recheck", "blog", *where]).output
    named = CliRunner().invoke(app, ["recheck", "blog", "--dry-run", *where])
    assert named.exit_code == 1 and named.output.count("seems gone (404)") == 5, named.output
    collected(place, blog, "recheck: {share: 0.5}\n")
    assert "blog: nothing to look at: no post is due" in CliRunner().invoke(app, ["recheck", "--all", *where]).output
    assert "looked at 5: here 0, gone 0, seem gone 5" in CliRunner().invoke(app, ["recheck", "blog", *where]).output
    target = collected(place, blog, "recheck: {share: 0.5}\n")
    assert look(place, target, 11, at_once=True).suspected == 5
    assert look(place, target, 12.5).gone == 5, "seen so twice, twelve hours apart, whatever a person looked at in between"


def test_a_run_that_only_confirms_is_no_mass_and_a_post_of_few_is_none() -> None:
    rules = RULES
    first = judged([Look(str(n), Fate.GONE if n < 12 else Fate.HERE) for n in range(60)], {}, rules, NOW)
    assert first.held is None and not first.gone
    before = {one.id: one for one in first.memory}
    second = judged([Look(str(n), Fate.GONE, "404") for n in range(12)], before, rules, NOW + 13 * HOUR)
    assert second.held is None and len(second.gone) == 12
    assert judged([Look(str(n), Fate.GONE if n else Fate.HERE) for n in range(9)], {}, rules, NOW).held is None
    assert judged([Look("0", Fate.GONE)], {}, rules, NOW).held is None, "one post alone is no mass"
    assert judged([Look(str(n), Fate.GONE) for n in range(10)], {}, rules, NOW).held is not None


def test_a_small_place_of_which_all_seems_gone_has_moved_rather_until_a_person_says_otherwise(place: Place) -> None:
    with site() as blog:
        publish(blog, range(7))
        target = collected(place, blog)
        assert look(place, target, 0).here == 7
        for n in range(7):
            del blog.pages[f"/post/{n}"]
        assert [look(place, target, hours).held for hours in (25, 50)] == [Held(7, 7, 0.34)] * 2
        assert not marked(place) and health_of(target, Archive(place.data), NOW + 51 * HOUR).state.red
        target = collected(place, blog, "recheck: {share: 1}\n")
        assert look(place, target, 75).suspected == 7
        assert look(place, target, 88).gone == 7


def test_of_a_small_place_only_what_was_there_since_posts_seem_gone_speaks_for_it() -> None:
    looks: dict[str, Memory] = {}

    def seen(hours: float, id: str, fate: Fate) -> Verdict:
        verdict = judged([Look(id, fate, "404")], looks, RULES, NOW + hours * HOUR)
        looks.update((one.id, one) for one in verdict.memory)
        return verdict

    for hours in range(7):
        seen(3 * hours, str(hours), Fate.HERE)
    for hours in range(3):
        assert seen(24 + 3 * hours, str(hours), Fate.GONE).held is None, "others were there hours ago"
    again = seen(37, "0", Fate.GONE)
    assert (again.held, again.gone) == (Held(3, 3, 0.34), []), "but none since"
    seen(38, "5", Fate.HERE)
    assert seen(39, "1", Fate.GONE).gone == [("1", "404")], "one is, so that the others are gone"


def forum_looks(pages: Iterable[Sequence[Fate]]) -> list[Look]:
    """Looks at posts of topics, of each the fates in order; what seems gone lacks at the end."""
    return [
        Look(f"{topic}.{at}", fate, depth=at if fate is Fate.HERE else list(fates).count(Fate.HERE))
        for topic, fates in enumerate(pages)
        for at, fate in enumerate(fates)
    ]


def test_a_forum_that_shows_only_the_beginning_of_its_topics_has_no_reply_marked() -> None:
    here, gone = Fate.HERE, Fate.GONE
    alone = [[here]] * 50
    first_only = judged(forum_looks([*alone, *[[here, gone, gone]] * 6]), {}, RULES, NOW)
    assert first_only.held == Held(12, 12, 0.34, deep=True)
    assert str(first_only.held).startswith(
        "12 of 12 posts that stand as far down their topics seem gone, more than 34%: rather does the forum"
    )
    broken_off = judged(forum_looks([*alone, *[[here] * 6] * 4, *[[here] * 6 + [gone]] * 3]), {}, RULES, NOW)
    assert broken_off.held == Held(3, 3, 0.34, deep=True), "all that stands behind a sixth"
    one_of_many = judged(forum_looks([*alone, *[[here, here]] * 11, [here, gone]]), {}, RULES, NOW)
    assert one_of_many.held is None
    before = {one.id: one for one in one_of_many.memory}
    [removed] = [Look(each.id, gone, "not in its topic", depth=1) for each in one_of_many.looks if each.fate is gone]
    assert judged([removed], before, RULES, NOW + 13 * HOUR).gone == [(removed.id, "not in its topic")]
    own = [Look("own", gone, "404"), *broken_off.looks]
    memory = {one.id: one for one in judged(own, {}, RULES, NOW).memory}
    later = judged(own, memory, RULES, NOW + 13 * HOUR)
    assert later.held is not None and later.gone == [("own", "404")], "an address of its own tells of its post whatever topics show"
    between = [Look(f"between {n}", gone, "not in its topic") for n in range(3)]
    assert judged([*forum_looks(alone), *between], {}, RULES, NOW).held is None, "what stands before and behind is shown"


def test_the_newest_are_looked_at_first_within_what_a_day_allows(place: Place, blog: Site) -> None:
    publish(blog, range(3), age=50 * HOUR)
    collected(place, blog)
    publish(blog, range(10, 13))
    collected(place, blog)
    publish(blog, range(20, 23), age=20 * 24 * HOUR)
    target = collected(place, blog, "recheck: {most: 4, every: 2 days}\n")
    assert look(place, target, 0).looked == 4
    asked = blog.paths()
    assert sorted(asked[:3]) == ["/post/10", "/post/11", "/post/12"] and asked[3] in ("/post/0", "/post/1", "/post/2")
    assert look(place, target, 1).looked == 0, "the two days allow no more"
    assert look(place, target, 49).looked == 4
    assert not any(path.startswith("/post/2") and len(path) > 7 for path in blog.paths()), "older than two weeks"


def test_a_page_of_several_posts_tells_of_none_but_a_topic_does_of_all(place: Place, blog: Site) -> None:
    reviews = "".join(f"<div class=r><p>Отзыв {n}</p><time>{NOW:%d.%m.%Y}</time></div>" for n in range(3))
    blog.pages["/list"] = reviews
    text = f"kind: reviews\nurl: {blog.url}/list\nallow_private: true\ndelay: 0\nitem: .r\ntake: {{text: p, date: time}}\n"
    target = place.target("blog", text)
    place.collect(target)
    blog.pages["/list"] = Answer("moved", 404)
    assert look(place, target, 0).looked == 0


def test_what_can_not_be_told_is_left_alone_and_false_switches_off(place: Place, tmp_path: Path) -> None:
    (place.config / "a.jsonl").write_text('{"id": "1", "text": "Отзыв", "url": "http://127.0.0.1:9/1"}\n')
    text = "kind: files\npath: a.jsonl\nsite: s.example\ncolumns: {id: id, text: text, url: url}\n"
    target = place.target("blog", text)
    place.collect(target)
    assert look(place, target, 0).looked == 0 and not (place.data / "raw" / "blog" / "rechecks.jsonl").exists()
    off = place.target("off", text + "recheck: false\n")
    assert off.recheck is None
    with pytest.raises(CollectError, match="not looked at again"):
        look(place, off, 0)
    assert place.target("on", text + "recheck: true\n").recheck == place.target("b", text).recheck
    path = place.config / "targets" / "wrong.yaml"
    path.write_text(text + "recheck: {every: often}\n")
    broken = read_target(path)
    assert isinstance(broken, BrokenTarget) and "every: must be a time such as `6 hours`" in broken.error.one_line()


def test_what_was_collected_while_the_target_was_of_another_kind_is_not_asked_for_by_this_one(place: Place, blog: Site) -> None:
    collected(place, blog)
    blog.pages |= {"/robots.txt": "", "/kek/v2/articles": Answer('{"code": 404, "message": "Resource not found"}', 404)}
    text = f"kind: habr\nurl: {blog.url}\nallow_private: true\ndelay: 0\nschedule: every 1 hour\n"
    run = look(place, place.target("blog", text), 0)
    assert (run.looked, run.error, blog.paths()) == (0, None, [])
    assert look(place, collected(place, blog), 0).looked == POSTS, "those of its own kind are"


def test_a_dry_run_by_command_writes_nothing(place: Place, blog: Site) -> None:
    collected(place, blog)
    blog.pages["/post/7"] = Answer("gone", 410)
    before = sorted(path.name for path in place.data.rglob("*.jsonl*"))
    where = ["--config", str(place.config), "--data", str(place.data)]
    done = CliRunner().invoke(app, ["recheck", "blog", "--dry-run", *where])
    assert done.exit_code == 0, done.output
    assert f"seems gone (410): {blog.url}/post/7" in done.output and "looked at 12: here 11, gone 0, seem gone 1, untold 0" in done.output
    assert sorted(path.name for path in place.data.rglob("*.jsonl*")) == before and not looks_path(place.data, "blog").exists()
    assert CliRunner().invoke(app, ["recheck", *where]).exit_code == 2
    done = CliRunner().invoke(app, ["recheck", "--all", *where])
    assert done.exit_code == 0 and looks_path(place.data, "blog").exists()
    told = CliRunner().invoke(app, ["health", "blog", *where])
    assert "12, gone 0" in told.output


@pytest.mark.timeout(300)
def test_killed_at_any_moment_it_leaves_nothing_half_done(place: Place, blog: Site) -> None:
    target = collected(place, blog)
    blog.pages["/post/5"] = Answer("gone", 404)
    assert look(place, target, -25).suspected == 1

    def slow(request: Request) -> Answer:
        time.sleep(0.1)
        return Answer("gone", 404) if request.path == "/post/5" else Answer("<p>Отзыв</p>")

    blog.pages |= {f"/post/{n}": slow for n in range(POSTS)}
    command = [sys.executable, "-m", "crawlers", "recheck", "blog", "--config", str(place.config), "--data", str(place.data)]
    for after in (1, 6):
        blog.asked.clear()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(blog.paths()) < after:
            time.sleep(0.005)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert not marked(place)
    time.sleep(0.5)  # the child dies with its parent
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "looked at 12: here 11, gone 1" in done.stdout
    assert [mark["sign"] for mark in marked(place)] == ["404"] and len(gone_posts(Archive(place.data), "blog")) == 1


def test_killed_between_the_marks_and_the_memory_it_goes_on(place: Place, blog: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    target = collected(place, blog)
    blog.pages["/post/5"] = Answer("gone", 404)
    look(place, target, 0)

    class CutOff(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise CutOff

    with monkeypatch.context() as patch:
        patch.setattr(Looks, "note", cut)
        with pytest.raises(CutOff):
            look(place, target, 13)
    assert len(marked(place)) == 1
    assert look(place, target, 25).looked == 11 and len(marked(place)) == 1


def test_an_edit_and_new_figures_are_collected_as_what_they_are(place: Place) -> None:
    with site() as server:
        status = {
            "id": "1", "content": "<p>Вестарна хороша</p>", "account": {"acct": "anna"}, "created_at": (NOW - HOUR).isoformat(),
            "edited_at": None, "favourites_count": 1, "url": f"{server.url}/@anna/1",
        }  # fmt: skip
        said = {"Content-Type": "application/json"}
        server.pages["/api/v1/timelines/tag/vestarna"] = Answer(json.dumps([status | {"id": str(n)} for n in (1, 2, 3, 4)]), headers=said)
        target = place.target("blog", f"kind: mastodon\nurl: {server.url}\nhashtags: [vestarna]\nallow_private: true\ndelay: 0\n")
        place.collect(target)
        edited = status | {"content": "<p>Вестарна плоха</p>", "edited_at": NOW.isoformat()}
        server.pages["/api/v1/statuses/1"] = Answer(json.dumps(edited), headers=said)
        server.pages["/api/v1/statuses/2"] = Answer(json.dumps(status | {"id": "2", "favourites_count": 9}), headers=said)
        followed = status | {"id": "3", "account": {"acct": "anna", "followers_count": 7}}
        server.pages["/api/v1/statuses/3"] = Answer(json.dumps(followed), headers=said)
        untold = {name: value for name, value in status.items() if name != "favourites_count"} | {"id": "4"}
        server.pages["/api/v1/statuses/4"] = Answer(json.dumps(untold), headers=said)
        runs = len(Archive(place.data).runs("blog"))
        first = look(place, target, 0)
        assert (first.edited, first.counted, str(first).partition("untold 0")[2]) == (1, 1, ", edited 1, new figures 1")
        again = look(place, target, 25)
        assert (again.here, again.edited, again.counted) == (4, 0, 0)
        seen = [(post.text, post.likes) for post in place.posts(target)]
        assert seen == [("Вестарна хороша", 1)] * 4 + [("Вестарна плоха", 1), ("Вестарна хороша", 9)]
        assert len(Archive(place.data).runs("blog")) == runs, "no run of collecting"
        assert (place.data / "raw" / "blog" / EDITS).exists()
        assert place.collect(target).outcomes["kept"] == 0
        server.pages["/api/v1/statuses/1"] = Answer('{"error": "Record not found"}', 404, said)
        server.pages["/api/v1/statuses/2"] = Answer("<h1>404 of another server</h1>", 404)
        run = look(place, target, 50)
        assert (run.suspected, run.untold) == (1, 1)


POST = Post(id="s.example:0", site="s.example", source="forum", text="Отзыв", collected=NOW)
WALL = "Чтобы увидеть сообщение, войдите. Запрос {0}"


def statuses(server: Site, texts: Sequence[str]) -> None:
    """Posts of Mastodon, each of another author."""
    said = {"Content-Type": "application/json"}
    made = [
        {"id": str(n), "content": f"<p>{text}</p>", "account": {"acct": f"a{n}"}, "created_at": (NOW - HOUR).isoformat(), "edited_at": None}
        for n, text in enumerate(texts)
    ]
    server.pages["/api/v1/timelines/tag/vestarna"] = Answer(json.dumps(made), headers=said)
    server.pages |= {f"/api/v1/statuses/{n}": Answer(json.dumps(one), headers=said) for n, one in enumerate(made)}


def test_a_text_that_stands_in_the_place_of_several_authors_posts_is_no_edit(place: Place) -> None:
    words = [f"Вестарна {word}" for word in ("хороша", "плоха", "медленна", "дорога")]
    with site() as server:
        statuses(server, words)
        target = place.target("blog", f"kind: mastodon\nurl: {server.url}\nhashtags: [vestarna]\nallow_private: true\ndelay: 0\n")
        place.collect(target)
        statuses(server, [*(WALL.format(n) for n in range(3)), "Вестарна недорога"])
        walled = look(place, target, 0)
        assert walled.alike is not None and walled.alike.text.startswith("Чтобы увидеть сообщение, войдите.")
        assert (walled.edited, walled.untold, walled.here, walled.alike.posts) == (1, 3, 1, 3)
        assert [one.alike for one in latest(Archive(place.data), "blog", NOW, 24 * HOUR)] == [walled.alike]
        health = health_of(target, Archive(place.data), NOW + HOUR)
        assert health.state.red and str(walled.alike) in health.why and str(walled).endswith(str(walled.alike))
        assert [post.text for post in place.posts(target)] == [*words, "Вестарна недорога"]
        statuses(server, ["удалено", "удалено", *words[2:]])
        lifted = look(place, target, 25)
        assert (lifted.edited, lifted.untold, lifted.alike) == (3, 0, None), "two of them may say the same"
        assert health_of(target, Archive(place.data), NOW + 26 * HOUR).alike is None


def change(known: Post, text: str) -> dict[str, Change]:
    return {known.id: Change(Item(raw={}), replace(known, text=text), known, edited=True)}


def test_the_same_text_is_told_also_where_posts_are_looked_at_one_by_one() -> None:
    looks: dict[str, Memory] = {}

    def seen(hours: float, n: int, text: str, author: int) -> Verdict:
        known = replace(POST, id=f"s.example:{n}", text=f"Отзыв {n}", author_id=f"s.example:{author}")
        verdict = judged([Look(known.id, Fate.HERE)], looks, RULES, NOW + hours * HOUR, change(known, text))
        looks.update((one.id, one) for one in verdict.memory)
        return verdict

    assert [len(seen(n, n, WALL.format(n), author=n).overwritten) for n in range(4)] == [0, 0, 1, 1]
    assert seen(4, 5, "Банк лучше", author=5).alike is None
    assert seen(50, 6, WALL, author=6).alike is None, "days ago is another matter"
    assert [seen(60 + n, n, "удалено", author=1).alike for n in range(5)] == [None] * 5, "an author may take back all that they said"
    numbers = [seen(70 + n, n, f"Отзыв {n + 100}", author=n).alike for n in range(5)]
    assert numbers == [None] * 5, "another number alone makes no new text"
