"""Properties of every parser of the sources: no crash, no walk without end, and one counted outcome for each item of an answer.

`python -m tests.fuzz` does the same for as long as one likes; what it found has a test here.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsel import Selector

from crawlers.look import Fate, Look
from crawlers.moment import parse_moment
from crawlers.page import decode
from crawlers.pipelines import LookPipeline, brief
from crawlers.post import clean
from crawlers.run import Counts, Outcome
from crawlers.selection import next_page
from crawlers.source import CollectError
from crawlers.taken import TakeModel
from crawlers.trouble import Trouble
from tests.fuzz import ROBOTS, Tally, attempt
from tests.mutation import mutated
from tests.parsers import NO_ANSWERS, SHARED, parsers
from tests.parsing import Parser, robots
from tests.reading import files, opened
from tests.recording import RECORDED
from tests.tapes import body, exchanges

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="requires: ../shared/fixtures")
PARSERS = parsers()
NOTHING_KEPT = {
    # Answers that hold no posts: accounts, the number of a filter, what is searched for further down.
    "bluesky profiles", "stackexchange filter", "youtube search",
    # No recording of that form, or none of a board.
    "files googleplay xlsx", "forum xenforo1 board",
}  # fmt: skip
"""Parsers that none of their recordings brings a post."""
NO_POST = {
    # Lists without an entry, and entries without words.
    "appstore/kz_1.json": "", "appstore/ru_2_empty.json": "", "discourse/posts_5706.json": "", "discourse/search_nothing.json": "",
    "hackernews/search_last.json": "",
    # What is asked for beside posts: how many the members are, a filter, a key, comments by their ids.
    "discourse/about.json": "gives no list of topics", "livejournal/friends.txt": "", "stackexchange/info.json": "",
    "habr/hub.json": "gives neither articles nor comments",
    "stackexchange/filter.json": "lacks 'question_id'", "reddit/broker/token.json": "gives an answer of another form",
    "reddit/broker/morechildren.json": "gives an answer of another form", "forum/pikabu_documented/comments.xml": "",
    # Refusals.
    "discourse/too_often.json": "Слишком много запросов", "stackexchange/throttled.json": "throttle_violation",
    "wordpress/forbidden.json": "rest_forbidden", "wordpress/invalid_page.json": "rest_post_invalid_page_number",
    "wordpress/no_route.json": "rest_no_route", "habr/not_found.json": "404: Resource not found",
}  # fmt: skip
"""Recordings of our own that bring no post by themselves -> what is said of them, nothing where they are not refused."""
OURS = ("target.yaml", "expected.json", "own_page.txt", "posts.json")
OWN = [
    str(path.relative_to(RECORDED))
    for path in sorted(RECORDED.glob("*/**/*"))
    if path.is_file() and path.name not in OURS and path.suffix != ".yaml"
]
"""Every recording of our own, without what is expected of it and the files of targets."""
BY_NAME = {parser.name: parser for parser in PARSERS}
FEW = settings(max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
MORE = settings(FEW, max_examples=40)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as found:
        yield Path(found)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """What the parsers set in the environment is taken back."""
    monkeypatch.setenv("MOLVA_DATA", str(folder))  # where an answer may have a pause of its host written
    for name in ("MOLVA_REDDIT_ID", "MOLVA_REDDIT_SECRET", "MOLVA_KEY"):
        monkeypatch.setenv(name, "x")


def outcome_of(name: str, content: bytes, folder: Path) -> Counts:
    """What becomes of an answer; it must not be refused as a whole."""
    return BY_NAME[name].outcomes(content, folder)


def test_every_kind_of_source_and_every_preset_is_tried() -> None:
    from crawlers.preset import preset_names
    from crawlers.target import KINDS

    assert {parser.target.split("kind: ")[1].split("\n")[0] for parser in PARSERS} == set(KINDS)
    tried = {parser.target.split("preset: ")[1].split("\n")[0] for parser in PARSERS if "preset: " in parser.target}
    assert tried == {preset for kind in KINDS for preset in preset_names(kind)}
    assert all(parser.seeds for parser in PARSERS), "also without ../shared"


@needs_shared
def test_every_shared_recording_is_a_seed_or_is_said_to_be_none() -> None:
    with opened() as found:
        parsers()
    said = [str(path.relative_to(SHARED)) for pattern in NO_ANSWERS for path in SHARED.glob(pattern)]
    assert sorted({*files()} - found) == sorted(said), "give it to a parser, or say why none reads it"
    assert all(SHARED.glob(pattern) and reason for pattern, reason in NO_ANSWERS.items())


@needs_shared
@pytest.mark.parametrize(
    ("name", "path", "refused"),
    [
        # An interface that Habr has closed since: its articles come by feeds.
        ("feed habr", "api/habr/old_api_post.json", "is not a feed: it begins with '{"),
        # Numbers of items without words: what is new is found by a search.
        ("hackernews", "api/hackernews/firebase/maxitem.json", "gives an answer of another form"),
        ("hackernews", "api/hackernews/firebase/newstories.json", "gives an answer of another form"),
        ("hackernews", "api/hackernews/firebase/updates.json", ""),
        # Accounts that a search finds: an account is asked for by its name.
        ("mastodon", "api/mastodon/rtoot/search_accounts_default.yml", "lacks 'account'"),
        # Words of a page without its tags.
        ("files reviews csv", "api/reviews_ru/banki_ru_domrf_page_text.txt", "has no column 'Review Text'"),
        # Somebody's own feed of news: friends who were added, and posts without words of their own.
        ("vk", "api/vk/vknet/newsfeed.get.json", ""),
    ],
    ids=lambda value: Path(value).stem if "/" in value else "",
)
def test_recorded_and_trimmed_answers_that_no_source_asks_for_bring_nothing(name: str, path: str, refused: str, folder: Path) -> None:
    [answer] = map(body, exchanges(SHARED / path)) if exchanges(SHARED / path) else [(SHARED / path).read_bytes()]
    try:
        counts = outcome_of(name, answer, folder)
    except CollectError as error:
        assert refused and refused in str(error)
    else:
        assert counts.outcomes[Outcome.KEPT] == 0 and list(counts.reasons) == [refused] * bool(refused)


@needs_shared
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_recording_as_it_is_is_refused_or_each_of_its_items_is_counted(parser: Parser, folder: Path) -> None:
    outcomes: Counter[str] = Counter()
    for seed in parser.seeds:
        with suppress(CollectError, Trouble):
            outcomes += parser.outcomes(seed, folder).outcomes
    assert bool(outcomes[Outcome.KEPT]) is (parser.name not in NOTHING_KEPT)


@pytest.mark.parametrize("name", OWN)
def test_a_made_answer_of_our_own_brings_a_post_or_is_named(name: str, folder: Path) -> None:
    content = (RECORDED / name).read_bytes()
    told = [parser.told(content, folder) for parser in PARSERS if content in parser.seeds]
    assert any(counts.outcomes[Outcome.KEPT] for counts, _ in told) is (name not in NO_POST), told
    said = [*(str(refused) for _, refused in told), *(reason for counts, _ in told for reason in counts.reasons)]
    assert NO_POST.get(name, "") in "\n".join(said)


def test_what_is_named_as_bringing_no_post_is_there() -> None:
    assert NO_POST.keys() <= set(OWN)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_wrong_answer_is_refused_or_each_of_its_items_is_counted(parser: Parser, folder: Path) -> None:
    @FEW
    @given(st.integers(0, 2**32))
    def tried(seed: int) -> None:
        chance = Random(seed)
        small = sorted(parser.seeds, key=len)[:6]
        content = mutated(chance.choice(small)[:60_000], parser.seeds[:6], chance)[:80_000]
        with suppress(CollectError, Trouble):
            parser.outcomes(content, folder)

    tried()


@MORE
@given(st.integers(0, 2**32))
def test_a_wrong_robots_txt_is_read(seed: int) -> None:
    assert attempt(None, mutated(ROBOTS, (), Random(seed)), Path(), Tally()) is None


@MORE
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_and_any_text_is_cleaned_for_good(body: bytes) -> None:
    text = clean(decode(body))
    assert clean(text) == text
    robots(body)


@settings(MORE, max_examples=300)
@given(st.text("0123456789.:/-, ТZzянвмартpmgoчасназад²٣\xa0", max_size=30) | st.floats() | st.integers())
def test_a_date_is_one_or_ValueError(written: str | float) -> None:
    from zoneinfo import ZoneInfo

    with suppress(ValueError):
        at = parse_moment(written, ZoneInfo("Europe/Moscow")).at
        assert at is None or at.tzinfo is not None


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(st.integers(), max_size=2)
ROWS = st.lists(
    st.fixed_dictionaries({"text": VALUES}, optional=dict.fromkeys(("id", "author", "date", "stars", "likes", "url"), VALUES)),
    min_size=1, max_size=8,
)  # fmt: skip


@MORE
@given(rows=ROWS)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_each_record_has_one_outcome(form: str, rows: list[dict[str, Any]], folder: Path) -> None:
    lines = [json.dumps({"id": None} | row) for row in rows]
    content = f"[{','.join(lines)}]" if form == "json" else "\n".join(lines)
    counts = outcome_of(f"files {form}", content.encode("utf-8", "replace"), folder)
    assert sum(counts.outcomes.values()) == len(rows)
    assert counts.undated <= counts.outcomes[Outcome.KEPT] + counts.outcomes[Outcome.CHANGED]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@MORE
@given(rows=st.lists(st.lists(CELLS, min_size=7, max_size=7), min_size=1, max_size=8))
def test_each_row_of_a_table_has_one_outcome(rows: list[list[str]], folder: Path) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([["id", "text", "author", "date", "stars", "likes", "url"], *rows])
    assert sum(outcome_of("files csv", out.getvalue().encode(), folder).outcomes.values()) == len(rows)


PLAIN = st.none() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1, max_size=12)


@settings(MORE, max_examples=15)
@given(rows=st.lists(st.lists(PLAIN, min_size=4, max_size=4), min_size=1, max_size=6))
def test_each_row_of_a_workbook_has_one_outcome(rows: list[list[Any]], folder: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in [["Дата", "Текст", "Источник", "Url"], *rows]:
        workbook.active.append(row)
    out = io.BytesIO()
    workbook.save(out)
    full = [row for row in rows if any(cell is not None for cell in row)]
    if full:
        assert sum(outcome_of("files brand_analytics xlsx", out.getvalue(), folder).outcomes.values()) == len(full)


@MORE
@given(entries=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8, unique=True))
def test_each_entry_of_a_feed_has_one_outcome(entries: list[tuple[str, str, str]], folder: Path) -> None:
    def plain(text: str) -> str:
        return escape("".join(character for character in text if character.isprintable()))

    items = "".join(
        f"<item><guid>{number}</guid><title>{plain(title)}</title><description>{plain(text)}</description><pubDate>{plain(date)}</pubDate></item>"
        for number, (title, text, date) in enumerate(entries)
    )
    content = f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'
    counts = outcome_of("feed", content.encode(), folder)
    assert sum(counts.outcomes.values()) == len(entries), counts


@MORE
@given(items=st.lists(st.dictionaries(st.sampled_from(["id", "text", "date", "likes", "from_id"]), VALUES), max_size=6))
def test_each_post_of_vk_has_one_outcome(items: list[dict[str, Any]], folder: Path) -> None:
    posts = [{"id": number, "owner_id": -1, "from_id": 2, "date": 1_700_000_000, "text": "x"} | item for number, item in enumerate(items)]
    with suppress(CollectError):  # a text that is no text makes the whole another form
        counts = outcome_of("vk", json.dumps({"response": {"count": 1, "items": posts}}).encode(), folder)
        # Both the wall and the search are answered with them.
        assert sum(counts.outcomes.values()) == 2 * sum(bool(str(post["text"] or "").strip()) for post in posts)


POST = {"id": 1, "owner_id": -1, "from_id": 2, "date": 1_700_000_000, "text": "x"}
BOARD = (
    '<base href="http://["><ul class="topiclist topics"><li class="row"><a class="topictitle" href="/t1">x</a>'
    '<dd class="posts">{}</dd></li></ul>'
)
LIKED = POST | {"id": 2, "likes": {"count": "5"}}
HIT = {"objectID": "1", "comment_text": "x", "created_at_i": 1_700_000_000, "author": 5}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bluesky profiles", json.dumps({"posts": [{"uri": "at://a", "author": {"did": "a"}, "record": {"text": "x"}}]}), "'profiles'"),
        ("stackexchange", '{"items": [], "backoff": "soon"}', "'>' not supported"),
        ("stackexchange", '{"items": [], "error_message": null}', "expected string"),
        ("youtube", '{"error": {"errors": [5]}}', "'int' object has no attribute 'get'"),
        ("reddit", '{"data": {"children": [5]}}', "Reddit gives an answer of another form"),
        ("reddit", '"x"', "Reddit gives an answer of another form"),
        ("feed", '<html><link type="application/rss+xml" href="http://["></html>', "is a page, not a feed"),
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_refused_and_crashes_nothing(name: str, content: str, reason: str, folder: Path) -> None:
    with pytest.raises(CollectError) as caught:
        outcome_of(name, content.encode(), folder)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "kept", "reason"),
    [
        ("vk", json.dumps({"response": {"count": 2, "items": [POST, LIKED]}}), 1, "likes isn't a whole number"),
        ("hackernews", json.dumps({"hits": [HIT]}), 0, "author_name isn't a text"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_item_rejects_it_alone(name: str, content: str, kept: int, reason: str, folder: Path) -> None:
    counts = outcome_of(name, content.encode(), folder)
    assert counts.outcomes[Outcome.KEPT] == kept and reason in counts.reasons


@pytest.mark.parametrize("author", ["а\ud83d", "\ud83d"])
def test_half_a_character_is_left_out_so_that_the_post_is_the_same_when_it_is_mapped_again(author: str, folder: Path) -> None:
    record = {"id": "1", "text": "пло\ud83dхо", "author": author, "date": None, "stars": None, "likes": None, "url": None}
    assert outcome_of("files jsonl", json.dumps(record).encode(), folder).outcomes[Outcome.KEPT] == 1
    hit = HIT | {"author": author}
    assert outcome_of("hackernews", json.dumps({"hits": [hit]}).encode(), folder).outcomes[Outcome.KEPT] == 1


def test_half_a_character_in_an_id_leaves_its_thread_alone(folder: Path) -> None:
    story = {"objectID": "\ud800", "title": "x", "created_at_i": 1_700_000_000, "author": "a", "num_comments": 3}
    counts = outcome_of("hackernews", json.dumps({"hits": [story, HIT | {"author": "a"}]}).encode(), folder)
    assert (counts.outcomes[Outcome.KEPT], list(counts.reasons)) == (1, ["lacks 'id'"])


def test_half_a_character_in_a_post_that_was_looked_at_again_is_handed_on(tmp_path: Path) -> None:
    signals, settings = SimpleNamespace(connect=lambda *args, **kwargs: None), {"MOLVA_RESULT": str(tmp_path / "looks.jsonl")}
    pipeline = LookPipeline(SimpleNamespace(signals=signals, settings=settings))  # type: ignore[arg-type]
    logging.getLogger("scrapy.core.engine").removeFilter(brief)
    pipeline.process_item(Look("1", Fate.HERE, raw={"text": "пло\ud83dхо"}))
    pipeline.closed()
    look, _ = map(json.loads, (tmp_path / "looks.jsonl").read_text(encoding="utf-8").splitlines())
    assert look["raw"] == {"text": "пло?хо"}


def test_a_number_of_replies_that_is_none_has_no_thread(folder: Path) -> None:
    post = {"uri": "at://a/b/1", "author": {"did": "a", "handle": "a"}, "record": {"text": "x", "createdAt": "2024-05-01T10:00:00Z"}}
    video = {"id": "1", "snippet": {"textDisplay": "x", "publishedAt": "2024-05-01T10:00:00Z", "updatedAt": "2024-05-01T10:00:00Z"}}
    thread = {"id": "1", "snippet": {"topLevelComment": video, "totalReplyCount": "many"}}
    assert outcome_of("bluesky", json.dumps({"posts": [post | {"replyCount": 5}]}).encode(), folder).outcomes[Outcome.KEPT] == 1
    with suppress(CollectError):
        outcome_of("youtube", json.dumps({"items": [thread]}).encode(), folder)


@pytest.mark.parametrize("replies", ["9" * 40, "5"])
def test_a_board_whose_base_is_no_address_and_whose_figures_are_none_is_read(replies: str, folder: Path) -> None:
    with pytest.raises(CollectError, match="the only topic asked for shows no post"):
        replace(BY_NAME["forum phpbb board"], elsewhere=b"<html/>").outcomes(BOARD.format(replies).encode(), folder)


def test_a_link_to_the_next_page_that_is_no_address() -> None:
    page = Selector('<a class="next" href="http://[">2</a>', type="html")
    with pytest.raises(CollectError, match=r"https://a.example: the link to its next page is no address: 'http://\['"):
        next_page(page, TakeModel(select="a.next"), "https://a.example")


def test_a_sitemap_with_a_port_that_is_none(folder: Path) -> None:
    entries = "".join(f"<url><loc>https://s.example{port}/news/1</loc></url>" for port in (":99999", ":00:00+03:00", ""))
    counts = outcome_of("sitemap", f"<urlset>{entries}</urlset>".encode(), folder)
    assert counts.outcomes[Outcome.KEPT] == 1


def test_a_sitemap_whose_namespace_is_damaged(folder: Path) -> None:
    entry = "<url><loc>https://s.example/news/1</loc></url>"
    assert outcome_of("sitemap", f'<urlset xmlns="http://a.o}}g/0.9">{entry}</urlset>'.encode(), folder).outcomes[Outcome.KEPT] == 1
