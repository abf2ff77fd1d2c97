"""Telegram: real pages of channels, and a channel of our own on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from parsel import Selector

from crawlers.platforms import TelegramTarget
from crawlers.post import post_id
from crawlers.run import Outcome, RunFailed
from crawlers.spiders.telegram import TelegramSpider
from tests.recorded_walk import REAL, Walk, read, silent
from tests.site import Answer, Place, site

PAGES = REAL / "pages" / "telegram"
needs_pages = pytest.mark.skipif(not PAGES.is_dir(), reason="requires: ../shared/fixtures/pages")
TARGET = TelegramTarget(name="channels", kind="telegram", channels=("@Vestarna_News",))
WORDLESS = {"message_media_round_video", "message_poll", "message_sticker"}


@needs_pages
def test_a_recorded_page_of_a_channel() -> None:
    page = Selector((PAGES / "tme_s_channel_full.html").read_text(encoding="utf-8"))
    listing, posts = read(TelegramSpider, TARGET, page, "https://t.me/s/topwar_official")
    assert listing.following == "https://t.me/s/topwar_official?before=70989"
    assert len(posts) == 12 and posts[0].published and posts[-1].published and posts[0].published > posts[-1].published
    assert {(post.place, post.members) for post in posts} == {("topwar_official", 109_000)}
    assert all(post.text and post.views and post.author_id for post in posts)
    assert posts[-1].text.startswith("В Санкт-Петербурге") and posts[-1].views == 37_200


@needs_pages
@pytest.mark.parametrize("path", sorted(PAGES.glob("message_*.html")), ids=lambda path: path.stem)
def test_a_recorded_message(path: Path) -> None:
    _, posts = read(TelegramSpider, TARGET, Selector(path.read_text(encoding="utf-8")), "https://t.me/s/a")
    assert len(posts) == (path.stem not in WORDLESS)
    for post in posts:
        assert post.text and post.views and post.published and post.author_name
    if path.stem == "message_media_forwarded_from":
        assert (posts[0].author_id, posts[0].author_name, posts[0].place) == ("t.me:dimsmirnov175", "Пул N3", "oper_goblin")
    if path.stem == "message_voice":
        assert (posts[0].author_id, posts[0].author_name) == (None, "Спортивный Екб"), "whom it is from hides the account"
    if path.stem == "message_with_from_author":
        assert (posts[0].author_id, posts[0].author_name, posts[0].views) == ("t.me:channel", "🅰️rkadiy Ivanov", 1)


def page(*numbers: int, before: int | None = None, more: str = "") -> str:
    """A page of a channel in the form of the real ones."""
    messages = "".join(
        f'<div class="tgme_widget_message" data-post="Vestarna_News/{number}"><div class="tgme_widget_message_bubble">{more}'
        f'<div class="tgme_widget_message_text js-message_text">Вестарна<br/>новость {number}</div>'
        f'<span class="tgme_widget_message_views">1.2K</span><span class="tgme_widget_message_meta">edited <a class='
        f'"tgme_widget_message_date"><time datetime="2026-09-01T10:{number:02}:00+00:00">10:00</time></a></span></div></div>'
        for number in numbers
    )
    return (
        f'<html><head><link rel="prev" href="/s/Vestarna_News?before={before or ""}"></head><div class="tgme_channel_info">'
        '<div class="tgme_channel_info_header_title">Вестарна</div><div class="tgme_channel_info_counter"><span class="counter_value">2.5M'
        '</span> <span class="counter_type">subscribers</span></div></div><section class="tgme_channel_history">'
        '<div class="tgme_widget_message service_message" data-post="Vestarna_News/1"><div class="js-message_text">Channel created'
        "</div></div>"
        f"{messages}</section></html>"
    )


def test_made_answers_and_reactions_and_a_name_that_has_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = (
        '<a class="tgme_widget_message_reply" href="https://t.me/vestarna_news/7"><div class="js-message_reply_text">Старое</div></a>'
        '<span class="tgme_reaction"><i class="emoji"><b>👍</b></i>1.5K</span><span class="tgme_reaction"><tg-emoji></tg-emoji>20</span>'
        '<span class="tgme_reaction"><i class="emoji"><b>👎</b></i>90</span><span class="tgme_reaction tgme_reaction_paid"><i></i>5</span>'
    )
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target('kind: telegram\nchannels: ["@Vestarna_News"]\n')
    walk.pages = {"/s/Vestarna_News": page(8, more=parts)}
    assert walk.kept(target) == 1
    [post] = walk.posts().values()
    assert (post.text, post.likes, post.views, post.members) == ("Вестарна\nновость 8", 1_520, 1_200, 2_500_000)
    assert (post.in_reply_to, post.thread_id) == (post_id("t.me", "vestarna_news/7"), None)
    assert (post.author_id, post.author_name, post.edited) == ("t.me:vestarna_news", "Вестарна", None)
    assert post.published == datetime(2026, 9, 1, 10, 8, tzinfo=UTC)
    assert walk.asked == ["s/Vestarna_News"]
    walk.pages = {"/s/Vestarna_News": "<html><body>If you have Telegram, you can contact @Vestarna_News</body></html>"}
    assert "shows no channel: check its name" in (walk.collect(target).error or "")


def channel(numbers: range) -> dict[str, str]:
    """The pages of a channel of these messages, two on each: the newest, and those before each number."""
    pages = {}
    for above in (*numbers, numbers.stop):
        shown = [number for number in numbers if number < above][-2:]
        before = shown[0] if shown and shown[0] > numbers.start else None
        pages["/s/Vestarna_News" if above == numbers.stop else f"before={above}"] = page(*shown, before=before)
    return {"/s/Vestarna_News": pages.pop("/s/Vestarna_News"), **pages}


def test_made_channel_goes_on_where_a_run_ended_and_then_asks_for_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: telegram\nchannels: [Vestarna_News]\nlimits: {items: 2}\n")
    walk.pages = channel(range(4, 10))
    assert walk.kept(target) == 2
    assert walk.asked == ["s/Vestarna_News"], "a run takes no more than its limit"

    walk.pages = channel(range(4, 11))
    assert walk.kept(target) == 2, "the new message, and then on where the run before was cut off"
    assert walk.asked[0] == "s/Vestarna_News"
    while walk.kept(target):
        pass
    assert sorted(walk.posts()) == sorted(f"Вестарна\nновость {number}" for number in range(4, 11))
    assert "s/Vestarna_News?before=4" not in walk.asked, "there is nothing before the first message"

    assert (walk.kept(target), walk.asked) == (0, ["s/Vestarna_News"]), "nothing is new"
    walk.pages = channel(range(4, 12))
    assert walk.kept(target) == 1
    assert walk.asked == ["s/Vestarna_News", "s/Vestarna_News?before=10"], "down to a page that is known as a whole"


def test_made_channel_whose_walk_fails_in_its_middle_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(tmp_path, monkeypatch)
    target = walk.target("kind: telegram\nchannels: [Vestarna_News]\n")
    walk.pages = {"/s/Vestarna_News": page(8, 9, before=8), "before=8": silent, "before=6": page(4, 5)}
    assert walk.collect(target).counts.outcomes[Outcome.KEPT] == 2
    assert walk.asked == ["s/Vestarna_News", "s/Vestarna_News?before=8"]
    walk.pages["before=8"] = page(6, 7, before=6)
    assert walk.kept(target) == 4
    assert sorted(walk.posts()) == sorted(f"Вестарна\nновость {number}" for number in range(4, 10))


def test_made_pages_are_walked_as_robots_txt_allows(tmp_path: Path) -> None:
    with site() as running:
        place = Place(tmp_path)
        target = place.target("news", f"kind: telegram\nurl: {running.url}\nchannels: [Vestarna_News, closed]\nallow_private: true\n")
        running.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /s/closed\n")
        running.pages |= {"/s/Vestarna_News": page(8, 9, before=8), "/s/Vestarna_News?before=8": page(6, 7)}
        with pytest.raises(RunFailed, match=r"robots\.txt of 127\.0\.0\.1 forbids it") as failed:
            place.collect(target)
        assert failed.value.run.counts.outcomes[Outcome.KEPT] == 4
        assert running.paths(robots=True) == ["/robots.txt", "/s/Vestarna_News", "/s/Vestarna_News?before=8"]
        assert [(post.url or "")[-1] for post in place.posts(target)] == ["9", "8", "7", "6"]
