"""The whole way in one look: Airflow collects the demo company, the model reads it, a browser shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from conftest import Molva
from dashboard_site import browser, settled
from playwright.sync_api import Page, expect

from advocacy.measures import online_nps
from crawlers.post import Post
from dashboard.view import View
from index import open_index
from index.query import Index, Query

pytestmark = pytest.mark.timeout(900)
WHOLE = View(brand="vestarna", period="90")


@pytest.fixture(scope="module")
def index(running_molva: Molva) -> Index:
    """The index that Airflow fills, once the ninety days of the demo are in it."""
    found = open_index(str(running_molva.data / "index"))
    running_molva.wait_for(lambda: sum(found.count(Query()).values()) >= 380, 420, "the demo's archive is in the index")
    return found


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with browser(chromium, timezone_id="UTC") as page:
        yield page


def authors(index: Index) -> int:
    return online_nps(index, WHOLE.query(datetime.now(UTC), ZoneInfo("UTC"))).authors


def test_the_overview_shows_the_numbers_of_the_demo(running_molva: Molva, index: Index, page: Page) -> None:
    before = authors(index)
    settled(page.goto(f"{running_molva.dashboard}/?lang=ru&period=90") and page)
    expect(page.locator(".st-key-nps")).to_contain_text("авторов:")
    shown = re.search(r"авторов:\s*(\d+)", page.locator(".st-key-nps").inner_text())
    assert shown
    assert before > 50
    assert before <= int(shown[1]) <= authors(index)  # the demo goes on publishing meanwhile
    expect(page.get_by_role("heading", name="Вестарна")).to_be_visible()
    assert page.locator(".js-plotly-plot").count() >= 4


def test_a_freshly_published_post_is_in_the_list(running_molva: Molva, index: Index, page: Page) -> None:
    started = datetime.now(UTC)

    def fresh() -> Post | None:
        hits = index.search(Query(since=started), size=1).hits
        return hits[0].post if hits else None

    post = running_molva.wait_for(fresh, 300, "a post published after the test began is in the index")
    brand = index.search(Query(posts=(post.id,)), size=1).hits[0].mention.brand
    settled(page.goto(f"{running_molva.dashboard}/posts?lang=ru&period=7&brand={brand}") and page)
    expect(page.get_by_text(post.text[:60]).first).to_be_visible()
