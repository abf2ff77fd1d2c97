"""Reddit through praw, against a site on loopback that answers with recordings: small ones of our own making, and real ones."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import praw
import pytest
from praw.models import Comment, Submission

from crawlers.archive import Archive
from crawlers.collectors.reddit import client, gone, post, read, walk
from crawlers.kinds import RedditTarget
from crawlers.page import without_quotes
from crawlers.post import Post, post_id
from crawlers.run import RunFailed
from crawlers.source import CollectError, Cursor, Page, Rejected
from tests.certificate import speak_tls
from tests.recording import RECORDED
from tests.site import Answer, Place, Request, Site, site
from tests.tapes import body, exchanges

OWN = RECORDED / "reddit" / "broker"
REAL = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "reddit" / "tests" / "integration" / "cassettes"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="requires: ../shared/fixtures/reddit")
JSON = {"Content-Type": "application/json"}
NOTHING = b'{"kind": "Listing", "data": {"children": [], "after": null, "before": null}}'


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_REDDIT_ID", "id")
    monkeypatch.setenv("MOLVA_REDDIT_SECRET", "secret")


@pytest.fixture
def reddit() -> Iterator[Site]:
    with site() as running:
        pages = {
            "/api/v1/access_token": "token",
            "/r/brokers/new": "new",
            "/r/brokers/comments/": "comments",
            "/r/brokers/search/": "search",
            "/comments/sub1/": "thread",
            "/api/morechildren/": "morechildren",
        }
        for path, name in pages.items():
            running.pages[path] = Answer((OWN / f"{name}.json").read_bytes(), headers=JSON)
        yield running


def target_of(reddit: Site, **more: Any) -> RedditTarget:
    where = {"reddit_url": reddit.url, "oauth_url": reddit.url, "short_url": reddit.url}
    return RedditTarget(**{"name": "brokers", "kind": "reddit", "allow_private": True, "delay": 0, **where, **more})


def walked(target: RedditTarget, data: Path, cursor: Cursor | None = None, since: datetime | None = None) -> tuple[list[Page], list[Post]]:
    pages = list(walk(target, cursor or {}, since=since, data=data))
    return pages, [post(item.raw, target, datetime.now(UTC)) for page in pages for item in page.items]


def test_documented_posts_and_comments_oldest_first_without_what_was_deleted(reddit: Site, tmp_path: Path) -> None:
    pages, posts = walked(target_of(reddit, subreddits=["r/brokers"]), tmp_path)
    natives = ["t3_sub1", "t3_sub2", "t3_sub4", "t1_com1", "t1_com3", "t1_com4"]
    assert [each.id for each in posts] == [post_id("reddit.com", native) for native in natives]
    first, headline, edited, comment, nameless, _ = posts
    assert (first.title, first.quoted) == ("Vestarna or Dukator?", "fees are low")
    assert first.text == "Which one would you recommend?\n\nSays their site."
    assert (first.author_id, first.likes, first.replies, first.members) == ("reddit.com:user1", 10, 4, 48200)
    assert first.thread_id == first.id and first.in_reply_to is None
    assert first.url == "https://www.reddit.com/r/brokers/comments/sub1/title/"
    assert (headline.title, headline.text) == (None, "Vestarna is down again")
    assert edited.edited == datetime(2026, 8, 29, 15, 40, tzinfo=UTC) and edited.likes == -3
    assert comment.thread_id == comment.in_reply_to == first.id
    assert (comment.text, comment.quoted, comment.members) == ("Dukator, by far.\n\nNot any more.", "fees are low", 48200)
    assert (nameless.author_id, nameless.author_name) == (None, None)
    assert nameless.in_reply_to == post_id("reddit.com", "t1_com2")

    reddit.asked.clear()
    again, _ = walked(target_of(reddit, subreddits=["brokers"]), tmp_path, pages[-1].cursor)
    assert again == []
    assert [path.partition("?")[0] for path in reddit.paths()] == ["/api/v1/access_token", "/r/brokers/new", "/r/brokers/comments/"]


def test_of_documented_answers_only_what_came_since_the_last_run_or_since_a_date(reddit: Site, tmp_path: Path) -> None:
    target = target_of(reddit, subreddits=["brokers"], comments=False)
    known = {"listings": {"r/brokers": {"names": ["t3_sub2", "t3_sub1"], "at": 1788007200.0}}}
    assert [each.likes for each in walked(target, tmp_path, known)[1]] == [-3]
    # All names known were removed from the listing: time tells.
    removed = {"listings": {"r/brokers": {"names": ["t3_gone"], "at": 1788014400.0 + 3600}}}
    assert [each.likes for each in walked(target, tmp_path, removed)[1]] == [-3]
    since = datetime.fromtimestamp(1788007200.0, UTC)
    assert [each.likes for each in walked(target, tmp_path, since=since)[1]] == [20, -3]


def test_a_post_approved_late_is_taken_as_documented_though_newer_ones_are_known(reddit: Site, tmp_path: Path) -> None:
    target = target_of(reddit, subreddits=["brokers"], comments=False)
    whole = json.loads((OWN / "new.json").read_bytes())
    for minutes, each in enumerate(whole["data"]["children"]):  # the newest stands first
        each["data"]["created_utc"] = 1788014400.0 - minutes * 600
    held = copy.deepcopy(whole)
    held["data"]["children"] = [each for each in whole["data"]["children"] if each["data"]["name"] != "t3_sub2"]
    reddit.pages["/r/brokers/new"] = Answer(json.dumps(held), headers=JSON)
    pages, first = walked(target, tmp_path)
    reddit.pages["/r/brokers/new"] = Answer(json.dumps(whole), headers=JSON)
    again, approved = walked(target, tmp_path, pages[-1].cursor)
    assert len(first) == 2 and [each.id for each in approved] == [post_id("reddit.com", "t3_sub2")]
    assert walked(target, tmp_path, again[-1].cursor)[0] == [], "all that the hour shows is known"


def test_a_documented_thread_longer_than_a_list_is_read_whole_and_noted_when_it_is(reddit: Site, tmp_path: Path) -> None:
    place = Place(tmp_path)
    urls = f"reddit_url: {reddit.url}\noauth_url: {reddit.url}\nshort_url: {reddit.url}\n"
    own = f"kind: reddit\nthreads: [sub1]\nallow_private: true\ndelay: 0\n{urls}limit: 1\n"
    target = place.target("brokers", f"{own}limits: {{items: 2}}\n")
    assert [place.collect(target).outcomes["kept"] for _ in range(3)] == [2, 2, 0]
    assert len(walked(target_of(reddit, threads=["sub1"], limit=1), tmp_path)[1]) == 4


def test_a_documented_thread_with_the_comments_behind_more(reddit: Site, tmp_path: Path) -> None:
    target = target_of(reddit, threads=["sub1"])
    pages, posts = walked(target, tmp_path)
    assert [each.id for each in posts] == [post_id("reddit.com", name) for name in ("t3_sub1", "t1_com1", "t1_com4", "t1_com3")]
    assert {each.thread_id for each in posts} == {post_id("reddit.com", "t3_sub1")}
    reddit.asked.clear()
    _, unchanged = walked(target, tmp_path, pages[-1].cursor)
    assert [each.id for each in unchanged] == [post_id("reddit.com", "t3_sub1")]
    assert "/api/morechildren/" not in " ".join(reddit.paths())


def test_a_documented_search_within_subreddits(reddit: Site, tmp_path: Path) -> None:
    _, posts = walked(target_of(reddit, subreddits=["brokers"], search=["Vestarna"]), tmp_path)
    assert len(posts) == 2
    (asked,) = [path for path in reddit.paths() if "search" in path]
    assert "q=Vestarna" in asked and "restrict_sr=True" in asked and "sort=new" in asked


def test_documented_answers_are_collected_into_batches_and_a_second_run_brings_nothing(reddit: Site, tmp_path: Path) -> None:
    place = Place(tmp_path)
    urls = f"reddit_url: {reddit.url}\noauth_url: {reddit.url}\nshort_url: {reddit.url}\n"
    target = place.target("brokers", f"kind: reddit\nsubreddits: [brokers]\nlanguage: en\nallow_private: true\ndelay: 0\n{urls}")
    assert place.collect(target).outcomes["kept"] == 6
    assert sum(place.collect(target).outcomes.values()) == 0
    assert [each.language for each in place.posts(target)] == ["en"] * 6
    reddit.pages["/r/brokers/comments/"] = Answer("{}", 403, JSON)
    before = Archive(place.data).cursor("brokers")
    with pytest.raises(RunFailed, match=r"r/brokers comments: Reddit does not show it"):
        place.collect(target)
    assert Archive(place.data).cursor("brokers") == before


def test_a_place_that_is_gone_as_documented_does_not_keep_the_others_from_being_collected(reddit: Site, tmp_path: Path) -> None:
    walking = walk(target_of(reddit, subreddits=["nowhere", "brokers"], comments=False), {}, since=None, data=tmp_path)
    assert len(next(walking).items) == 3
    with pytest.raises(CollectError, match="r/nowhere: Reddit has no such place: check its name"):
        next(walking)


def test_a_missing_key_is_named(reddit: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOLVA_REDDIT_SECRET")
    with pytest.raises(CollectError, match="set the environment variable MOLVA_REDDIT_SECRET to the key"):
        walked(target_of(reddit, subreddits=["brokers"]), tmp_path)
    assert reddit.asked == []


def test_a_key_refused_as_documented_is_named_and_never_shown(reddit: Site, tmp_path: Path) -> None:
    reddit.pages["/api/v1/access_token"] = Answer('{"message": "Unauthorized", "error": 401}', 401, JSON)
    with pytest.raises(CollectError, match="Reddit refuses the key in MOLVA_REDDIT_ID and MOLVA_REDDIT_SECRET") as error:
        walked(target_of(reddit, subreddits=["brokers"]), tmp_path)
    assert "secret" not in str(error.value).replace("MOLVA_REDDIT_SECRET", "")


def test_reddit_behind_a_private_address_is_refused_before_a_byte_is_sent(reddit: Site, tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"127\.0\.0\.1 is at the private address 127\.0\.0\.1"):
        walked(target_of(reddit, subreddits=["brokers"], allow_private=False), tmp_path)
    assert reddit.asked == []


def test_a_proxy_of_the_environment_is_not_asked_for_reddit_as_it_would_reach_behind_our_wall(
    reddit: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "")
    with site() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with pytest.raises(CollectError, match=r"127\.0\.0\.1 is at the private address 127\.0\.0\.1"):
            walked(target_of(reddit, subreddits=["brokers"], allow_private=False), tmp_path)
        assert proxy.asked == reddit.asked == []


@pytest.mark.parametrize("allow_private", [False, True])
def test_reddit_with_a_certificate_that_nobody_vouches_for_is_refused(
    allow_private: bool, reddit: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.polite.is_public", lambda address: True)  # the site stands for one of the internet
    monkeypatch.setattr("crawlers.polite.GATE_BACK_OFF", 0.0)
    monkeypatch.setattr("prawcore.sessions.FiniteRetryStrategy.sleep", lambda strategy: None)
    reddit.url = speak_tls(reddit, tmp_path)
    with pytest.raises(CollectError, match="certificate verify failed"):
        walked(target_of(reddit, subreddits=["brokers"], allow_private=allow_private), tmp_path)
    assert reddit.asked == [], "no key is sent to whoever answers"


def test_the_gate_is_kept_and_a_pause_that_reddit_asks_for_as_documented(reddit: Site, tmp_path: Path) -> None:
    walked(target_of(reddit, subreddits=["brokers"], delay=0.3), tmp_path)
    moments = [request.at for request in reddit.asked]
    assert min(later - earlier for earlier, later in pairwise(moments)) > 0.2
    reddit.pages["/r/brokers/new"] = Answer("{}", 429, JSON | {"Retry-After": "1800"})
    target = target_of(reddit, subreddits=["brokers"])
    with pytest.raises(CollectError, match="asks to be asked less often"):
        walked(target, tmp_path)
    reddit.asked.clear()
    with pytest.raises(CollectError, match="asked to be left alone until"):
        walked(target, tmp_path)
    assert reddit.asked == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(gzip.compress(bytes(40_000_000)), headers=JSON | {"Content-Encoding": "gzip"}), "larger than a page may be"),
        (Answer("<html><body>Сайт на обслуживании</body></html>"), "no JSON"),
        (Answer(gzip.compress(NOTHING)[:-20], headers=JSON | {"Content-Encoding": "gzip"}), "no JSON"),
        (Answer(NOTHING, headers=JSON, pause=0.2), "no answer in time"),
    ],
    ids=["gzip bomb", "a page instead of JSON", "gzip cut short", "a byte now and then"],
)
def test_a_made_answer_that_is_none_is_told(
    answer: Answer, told: str, reddit: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.polite.DOWNLOAD_TIMEOUT", 1)
    reddit.pages["/r/brokers/new"] = answer
    with pytest.raises(CollectError, match=told):
        walked(target_of(reddit, subreddits=["brokers"]), tmp_path)


def test_what_was_removed_later_is_no_post_as_documented(reddit: Site) -> None:
    raw = {"name": "t1_x", "body": "[removed]", "created_utc": 1.0}
    with pytest.raises(Rejected, match="deleted or removed"):
        post(raw, target_of(reddit, threads=["x"]), datetime.now(UTC))


def test_quotes_and_links_of_markdown() -> None:
    assert without_quotes(">!spoiler!< is mine\n> theirs\n>>theirs too\n[mine](https://a.example/x)") == (
        ">!spoiler!< is mine\nmine",
        "theirs\n>theirs too",
    )


def test_nothing_but_a_quote_is_the_authors_own() -> None:
    assert without_quotes("> chuckles") == ("chuckles", None)


def cassette(reddit: Site, *names: str) -> None:
    """The site answers as recorded, each answer once; then listings are empty."""
    recorded: dict[str, list[Answer]] = {}
    for name in names:
        for each in exchanges(REAL / name):
            said = Answer(body(each), each["response"]["status"]["code"], JSON)
            recorded.setdefault(urlsplit(each["request"]["uri"]).path, []).append(said)

    def answer(request: Request) -> Answer:
        left = recorded.get(urlsplit(request.path).path)
        return left.pop(0) if left else Answer(NOTHING, headers=JSON)

    reddit.pages.clear()
    reddit.answer = answer  # type: ignore[method-assign]


@needs_real
def test_recorded_answers_listings(reddit: Site, tmp_path: Path) -> None:
    cassette(reddit, "TestSubredditStreams.test_submissions.json", "TestSubredditStreams.test_comments.json")
    _, posts = walked(target_of(reddit, subreddits=["all"], limit=100), tmp_path)
    assert len(posts) == 200
    assert len({each.id for each in posts}) == 200
    assert all(each.text and each.published and each.author_id and each.place and each.thread_id for each in posts)
    assert sum(each.in_reply_to is not None for each in posts) == 100


@needs_real
def test_recorded_answers_a_whole_thread(reddit: Site, tmp_path: Path) -> None:
    cassette(reddit, "TestCommentForest.test_replace__all.json")
    _, posts = walked(target_of(reddit, threads=["3hahrw"]), tmp_path)
    root = posts[0]
    assert root.title is None and root.text == "Ba Dum Tsss" and root.replies == 543
    assert len(posts) == 536
    assert {each.thread_id for each in posts} == {root.id}
    known = {each.id for each in posts}
    assert sum(each.in_reply_to in known for each in posts[1:]) > 500


@needs_real
def test_recorded_answers_a_search(reddit: Site, tmp_path: Path) -> None:
    cassette(reddit, "TestSubreddit.test_search.json")
    _, posts = walked(target_of(reddit, search=["praw oauth search"]), tmp_path)
    assert len(posts) == 6
    assert all(each.url and "?" not in each.url for each in posts)


def praws(reddit: praw.Reddit, answer: Any) -> Iterator[Submission | Comment]:
    """Every post and comment of an answer, as praw gives it."""
    if isinstance(answer, dict) and answer.get("kind") in ("t1", "t3"):
        yield reddit._objector.objectify(data=copy.deepcopy(answer))
    for part in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from praws(reddit, part)


@needs_real
@pytest.mark.parametrize("path", sorted(REAL.glob("*.json")), ids=lambda path: path.stem)
def test_recorded_answers_each_post_and_comment(path: Path, reddit: Site, tmp_path: Path) -> None:
    target = target_of(reddit, subreddits=["all"])
    found = {}
    for exchange in exchanges(path):
        with suppress(ValueError):  # a page that refuses
            for each in praws(client(target, tmp_path), json.loads(body(exchange))):
                raw = read(each)
                found[raw["name"]] = None if gone(raw) else post(raw, target, datetime.now(UTC))
    posts = [each for each in found.values() if each]
    assert all(each.url and each.published and each.place and each.thread_id and each.likes is not None for each in posts)
    assert sum(not each.text for each in posts) <= 1, "of one nothing is left but spaces"
    assert bool(posts) is ("TestRedditors" not in path.stem and "TestSubreddits." not in path.stem), "those list people and places"
