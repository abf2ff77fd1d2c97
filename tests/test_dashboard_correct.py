"""Correcting a mention on the page of posts, in a real browser: the card, the overview and the desk show it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dashboard_site import browser, dashboard, settled
from playwright.sync_api import Page, expect
from tagged_batches import Place, fresh_index, mention, post

from advocacy.desk import open_desk
from advocacy.load import load


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A company with one happy author, loaded as a run loads it."""
    monkeypatch.delenv("MOLVA_DESK", raising=False)
    made = Place(tmp_path, monkeypatch)
    seen = post(1, text="Банк отличный, ждал карту всего месяц", published=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    made.tagged("forum", 1, [(seen, [mention(seen, confidence={"stance": 0.61}, roles=None)])])
    with fresh_index("embedded", made.data / "index") as index:
        load(index, data=made.data, config=made.config)
    return made


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with browser(chromium) as page:
        yield page


def choose(page: Page, label: str, option: str) -> None:
    """An option of a select box of the open form."""
    page.get_by_test_id("stForm").get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_a_reader_corrects_a_mention_and_the_overview_counts_it(place: Place, page: Page) -> None:
    with dashboard(place.data, place.config) as address:
        settled(page.goto(f"{address}/posts?period=all") and page)
        expect(page.locator(".chip.promoter")).to_be_visible()
        page.get_by_role("button", name="Исправить").click()
        form = page.get_by_test_id("stForm")
        choose(page, "Позиция", "критик")
        choose(page, "Роль автора", "клиент")
        page.keyboard.press("Escape")
        form.get_by_role("button", name="Сохранить").click()
        expect(page.get_by_text("Назовите себя")).to_be_visible()
        form.get_by_label("Ваше имя").fill("Анна")
        form.get_by_label("Заметка").fill("сарказм")
        form.get_by_role("button", name="Сохранить").click()
        expect(page.locator(".chip.detractor")).to_be_visible()
        expect(page.get_by_text("✎ исправлено: позиция, роль автора")).to_be_visible()
        expect(page.get_by_text("Ответы противоречат друг другу")).to_contain_text("позиция: критик · отношение автора: нейтральное")
        expect(page.get_by_text("уверенность")).to_have_count(0)
        page.get_by_role("button", name="Почему?").click()
        expect(page.get_by_text("Так ответил человек.")).to_be_visible()
        settled(page.goto(f"{address}/?period=all") and page)
        expect(page.locator(".st-key-nps")).to_contain_text("\u2212100")
    with closing(open_desk(place.data)) as desk:
        assert [(each.head, each.value, each.author, each.note) for each in desk.in_force()] == [
            ("stance", "detractor", "Анна", "сарказм"),
            ("roles", ("client",), "Анна", "сарказм"),
        ]


def test_in_english_a_wrong_company_goes_and_the_right_one_comes(place: Place, chromium: str) -> None:
    with dashboard(place.data, place.config) as address, browser(chromium, locale="en-GB") as page:
        settled(page.goto(f"{address}/posts?period=all&lang=en") and page)
        page.get_by_role("button", name="Correct").click()
        choose(page, "Mention", "another company")
        choose(page, "A mention is missing", "Соперник")
        page.get_by_label("Your name").fill("Ann")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Nothing about the company in this period")).to_be_visible()
        settled(page.goto(f"{address}/posts?period=all&lang=en&brand=rival") and page)
        expect(page.get_by_text("✎ corrected: mention")).to_be_visible()


def test_a_desk_that_cannot_be_written_is_said_in_one_sentence(place: Place, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_DESK", "postgresql://nobody@127.0.0.1:9/desk")
    with dashboard(place.data, place.config) as address:
        settled(page.goto(f"{address}/posts?period=all") and page)
        page.get_by_role("button", name="Исправить").click()
        choose(page, "Жанр", "новость")
        page.get_by_label("Ваше имя").fill("Анна")
        page.get_by_role("button", name="Сохранить").click()
        expect(page.get_by_text("Исправление не сохранено: The desk at")).to_be_visible()
        expect(page.locator(".chip.promoter")).to_be_visible()
