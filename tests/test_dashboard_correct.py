"""Correcting a mention on the page of posts, in a real browser: the card, the overview and the desk show it; the form by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dashboard_site import browser, dashboard, settled
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from tagged_batches import Place, fresh_index, mention, post

from advocacy.correct import NotShown
from advocacy.desk import open_desk
from advocacy.load import load
from crawlers.yamlfile import ConfigError
from dashboard import correct
from index.query import IndexUnavailable
from nlp.mention import Mention


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


# The form by itself

KEY = "correct_1/bank/general_ru"


def form() -> None:
    """A script of one mention's form, of which `answers` of the session say more."""
    from pathlib import Path
    from typing import Any, cast

    import streamlit as st

    from dashboard import correct
    from nlp.mention import Mention
    from nlp.stream import read_brands_of

    answers: dict[str, Any] = {"genre": "opinion", "sentiment": "neutral", "tone": 0, "stance": "detractor", "recommendation": "none"}
    answers |= {"roles": ("client",), "switch": "none"} | st.session_state.get("answers", {})
    correct.told()
    brands = read_brands_of(Path("tests/recorded/brands/brands.yaml"))
    correct.popover(Mention(post="1", brand="bank", found="text", **answers), cast(Any, None), brands, "ru")


class Form:
    """The form, open, and what it would have kept."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception | None = None,
        mentions: Callable[..., list[Mention]] = lambda *_: [],
        **answers: Any,
    ) -> None:
        self.kept: list[tuple[str, Any]] = []

        def keep(_: object, said: dict[str, Any], **__: object) -> bool:
            self.kept += said.items()
            if error is not None:
                raise error
            return True

        monkeypatch.setattr(correct, "correct", keep)
        monkeypatch.setattr(correct, "mentions_of", mentions)
        self.page = AppTest.from_function(form, default_timeout=120)
        self.page.session_state[KEY] = True
        self.page.session_state["answers"] = answers
        self.page.run()

    def choose(self, label: str, value: str) -> None:
        next(each for each in self.page.selectbox if each.label == label).select(value)

    def save(self, name: str = "Анна") -> None:
        self.page.text_input[0].set_value(name)
        self.page.button[0].click().run()
        assert not self.page.exception


def test_what_a_colleague_answered_meanwhile_is_not_turned_back(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Form(monkeypatch)
    mine.choose("Жанр", "news")
    mine.save(name="")
    assert (mine.kept, mine.page.error[0].value) == ([], "Назовите себя: исправление хранится с именем.")
    mine.page.session_state["answers"] = {"stance": "promoter", "corrected": ("stance",)}
    mine.page.run()
    mine.save()
    assert mine.kept == [("1/bank/general", {"genre": "news"})]


def test_a_role_takes_the_place_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Form(monkeypatch, roles=("none",))
    mine.page.multiselect[0].select("client")
    mine.save()
    assert mine.kept == [("1/bank/general", {"roles": ("client",)})]


def test_roles_that_cannot_stand_together_are_named_in_the_readers_words(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Form(monkeypatch)
    mine.page.multiselect[0].select("none")
    mine.save()
    assert mine.page.error[0].value == "Так исправить нельзя: роль «связи не видно» выбирают без других."
    assert mine.kept == []


def test_what_is_kept_and_can_not_be_shown_yet_is_said_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Form(monkeypatch, NotShown("a batch is damaged"))
    mine.choose("Жанр", "news")
    mine.save()
    assert [each.value for each in mine.page.toast] == [
        "Сохранено. В показателях появится при следующей загрузке, сейчас не вышло: a batch is damaged"
    ]


def test_what_is_kept_is_said_to_be_kept_though_the_index_fails_then(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> list[Mention]:
        raise IndexUnavailable("no node answers")

    mine = Form(monkeypatch, mentions=gone)
    mine.choose("Жанр", "news")
    mine.choose("Не хватает упоминания", "vtb/general")
    mine.save()
    assert mine.kept == [("1/vtb/general", {"exists": "yes"}), ("1/bank/general", {"genre": "news"})]
    assert [each.value for each in mine.page.toast] == ["Исправлено, показатели пересчитаны."]
    mine.page.session_state[KEY] = True
    mine.page.run()
    assert [each.value for each in mine.page.error] == []


def test_a_brands_file_that_is_broken_meanwhile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ConfigError("brands.yaml", 1, "brands", "must be a list")
    mine = Form(monkeypatch, error)
    mine.choose("Жанр", "news")
    mine.save()
    assert mine.page.error[0].value == f"Файл компаний не читается: {error}"
