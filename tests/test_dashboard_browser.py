"""The dashboard as its readers use it: a real browser, the real pages, an index of made-up posts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dashboard_site import browser, dashboard, fill, settled, write_brands
from playwright.sync_api import Page, expect

from advocacy.measures import online_nps
from dashboard.view import View
from dashboard.words import number
from index import open_index

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("filled")
    write_brands(data / "config")
    fill(data, datetime.now(UTC))
    return data


@pytest.fixture(scope="module")
def address(filled: Path) -> Iterator[str]:
    with dashboard(filled, filled / "config") as found:
        yield found


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with browser(chromium) as page:
        yield page


def test_the_overview_shows_the_measures_of_the_index(address: str, filled: Path, page: Page) -> None:
    outside: list[str] = []
    page.on(
        "request",
        lambda request: outside.append(request.url) if not re.match(r"(https?|wss?)://127\.0\.0\.1|data:|blob:", request.url) else None,
    )
    settled(page.goto(f"{address}/?period=90") and page)
    index = open_index(str(filled / "index"))
    nps = online_nps(index, View(brand="ours", period="90").query(datetime.now(UTC), MOSCOW))
    assert nps.value is not None
    expect(page.locator(".st-key-nps")).to_contain_text(number("ru", nps.value, sign=True))
    expect(page.locator(".st-key-nps")).to_contain_text(f"авторов: {nps.authors}")
    expect(page.locator(".st-key-detractors")).to_contain_text(str(nps.detractors))
    expect(page.locator(".st-key-promoters")).to_contain_text(str(nps.promoters))
    expect(page.get_by_text("Рядом с конкурентами")).to_be_visible()
    assert page.locator(".js-plotly-plot").count() >= 4
    assert outside == [], "a page asks for something outside this machine"


def test_a_number_leads_to_the_posts_behind_it(address: str, filled: Path, page: Page) -> None:
    settled(page.goto(f"{address}/?period=90&lang=ru") and page)
    page.locator(".st-key-detractors a").click()
    page.wait_for_url("**/posts?**")
    index = open_index(str(filled / "index"))
    people = online_nps(index, View(brand="ours", period="90").query(datetime.now(UTC), MOSCOW)).detractors
    expect(page.get_by_text(f"Найдено: {people}")).to_be_visible()
    assert "stances=detractor" in page.url
    expect(page.locator("mark").first).to_have_text("Нашброкер")
    expect(page.get_by_text("<b>никогда</b>").first).to_be_visible()
    assert page.locator('a[href^="https://reviews.test/"]').count() > 0


def test_a_view_can_be_sent_to_a_colleague(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/posts?period=90") and page)
    page.get_by_label("Поиск").fill('"не связывайтесь"')
    page.get_by_label("Поиск").press("Enter")
    page.wait_for_url("**text=**")
    settled(page)
    found = page.get_by_text(re.compile(r"Найдено: \d+")).inner_text()
    assert page.context.browser is not None
    colleague = page.context.browser.new_context(locale="en-GB", timezone_id="Europe/Moscow").new_page()
    settled(colleague.goto(page.url) and colleague)
    expect(colleague.get_by_text(found)).to_be_visible()
    expect(colleague.get_by_label("Поиск")).to_have_value('"не связывайтесь"')


def test_the_interface_speaks_english(address: str, chromium: str) -> None:
    with browser(chromium, locale="en-GB", color_scheme="dark") as page:
        settled(page.goto(address) and page)
        expect(page.get_by_text("Online NPS").first).to_be_visible()
        assert "lang=en" in page.url
        colour = page.evaluate("getComputedStyle(document.querySelector('[data-testid=\"stApp\"]')).backgroundColor")
        assert sum(int(part) for part in re.findall(r"\d+", colour)[:3]) < 200, f"not dark: {colour}"


def test_a_wrong_address_is_said_and_harms_nothing(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/?period=yesterday&brand=nobody") and page)
    expect(page.get_by_text("period=yesterday")).to_be_visible()
    expect(page.locator(".st-key-nps")).to_be_visible()


def test_a_search_without_a_hit_says_what_to_do(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/posts?text=зюзюка") and page)
    expect(page.get_by_text("По этим условиям ничего нет")).to_be_visible()


def test_an_empty_index_says_what_to_do(tmp_path: Path, page: Page) -> None:
    with dashboard(tmp_path, write_brands(tmp_path / "config")) as address:
        settled(page.goto(address) and page)
        expect(page.get_by_text("python -m crawlers check")).to_be_visible()


def test_a_broken_brands_file_is_named_with_its_line(tmp_path: Path, page: Page) -> None:
    config = write_brands(tmp_path / "config")
    (config / "brands.yaml").write_text("brands:\n  - slug: ours\n    nmae: Наш\n", encoding="utf-8")
    with dashboard(tmp_path, config) as address:
        settled(page.goto(address) and page)
        expect(page.get_by_text("brands.yaml:3")).to_be_visible()
