"""App Store: its walk over answers of our own making, and what it makes of real ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.listing import Listing
from crawlers.post import Post
from crawlers.run import Outcome
from crawlers.spiders.appstore import AppstoreSpider, post
from tests.recorded_walk import Walk, needs_real, real, recorded, response
from tests.site import Answer

TARGET = "kind: appstore\napps: [77]\n"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


def test_made_answers_of_two_countries_and_an_empty_page_that_is_no_end(walk: Walk) -> None:
    target = walk.target(TARGET + "countries: [ru, kz]\n")
    walk.pages = {
        "/ru/rss/customerreviews/page=1/": recorded("appstore", "ru_1.json"),
        "/ru/rss/customerreviews/page=2/": recorded("appstore", "ru_2_empty.json"),
        "/kz/rss/customerreviews/page=1/": recorded("appstore", "kz_1.json"),
    }
    run = walk.collect(target)
    assert run.counts.outcomes[Outcome.KEPT] == 2
    assert "page=2/id=77/sortby=mostrecent/json: the store shows nothing where there are reviews" in (run.error or "")
    assert [each.split("/")[0] for each in walk.asked] == ["ru", "ru", "kz"]

    walk.pages["/ru/rss/customerreviews/page=2/"] = recorded("appstore", "ru_2.json")
    assert walk.kept(target) == 1, "the single review of the second page"
    made = walk.posts()
    bad, last = made["После обновления Вестарна не открывается."], made["Комиссия выросла."]
    assert (bad.rating, bad.title, bad.likes, bad.author_id) == (1, "Не работает", 3, "apps.apple.com:90100")
    assert bad.published == datetime(2026, 9, 4, 9, 11, 9, tzinfo=UTC)
    assert (last.place, last.url) == ("ru/id77", "https://apps.apple.com/ru/app/id77?see-all=reviews")
    assert walk.kept(target) == 0


def read(name: str, where: str, walk: Walk) -> tuple[Listing, list[Post]]:
    """What stands in a real answer, under the address that it was asked for."""
    target = walk.target(TARGET)
    spider: Any = object.__new__(AppstoreSpider)
    spider.target = target
    country, page, app = where.split()
    answer: Any = json.loads(real(f"api/appstore/{name}.json"))
    url = f"https://itunes.apple.com/{country}/rss/customerreviews/page={page}/id={app}/sortby=mostrecent/json"
    listing = AppstoreSpider.read(spider, answer, response(url))
    return listing, [post(raw, target, datetime(2026, 11, 28, tzinfo=UTC)) for raw in listing.raws]


@needs_real
@pytest.mark.parametrize(("name", "where", "reviews", "more", "dated"), [
    ("rss_497799835_fr_1", "fr 1 497799835", 50, True, False), ("rss_1510826067_gb_1", "gb 1 1510826067", 4, False, False),
    ("rss_1510826067_gb_2", "gb 2 1510826067", 0, False, False), ("rss_100000000_gb_1", "gb 1 100000000", 0, False, False),
    ("rss_empty_page", "cn 1 555731861", 0, False, False), ("rss_us_389801252", "us 1 389801252", 50, True, True),
    ("rss_us_595068606", "us 1 595068606", 50, True, True), ("rss_us_1", "us 1 1", 0, False, False),
])  # fmt: skip
def test_recorded_answers(name: str, where: str, reviews: int, more: bool, dated: bool, walk: Walk) -> None:
    listing, made = read(name, where, walk)
    assert (len(made), listing.following is not None) == (reviews, more)
    assert len({each.id for each in made}) == reviews
    assert all(each.text and each.title and each.author_id and each.author_name and 1 <= (each.rating or 0) <= 5 for each in made)
    assert all((each.published is not None) is dated for each in made)


@needs_real
def test_the_recorded_answer_to_an_eleventh_page_in_plain_text(walk: Walk) -> None:
    walk.pages["page=1/"] = Answer(real("api/appstore/rss_page_limit_error.txt"), 400)
    assert walk.kept(walk.target(TARGET)) == 0
