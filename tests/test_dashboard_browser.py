"""The dashboard as its readers use it: a real browser, the real pages, an index of made-up posts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from dashboard_site import COPIES, browser, dashboard, fill, settled, write_brands
from playwright.sync_api import FloatRect, Locator, Page, expect

from advocacy import measures
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
    basis = measures.basis(index, View(brand="ours", period="90").query(datetime.now(UTC), MOSCOW))
    expect(page.get_by_text(re.compile(rf"Роль известна у .+ авторов: {basis.roles.known} из {basis.authors}$"))).to_be_visible()
    expect(page.locator(".st-key-left_out_unread")).to_contain_text(f"не прочитаны\n{basis.left_out.unread}", use_inner_text=True)
    expect(page.get_by_text("Рядом с конкурентами")).to_be_visible()
    assert page.locator(".js-plotly-plot").count() >= 4
    assert outside == [], "a page asks for something outside this machine"


def test_the_overview_is_found_by_its_name_too(address: str, page: Page) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.add_init_script(
        "new MutationObserver(() => document.body?.innerText.includes('Page not found') && console.log('lost'))"
        ".observe(document, {subtree: true, childList: true, characterData: true})"
    )
    page.goto(f"{address}/overview?period=90")
    page.wait_for_selector(".st-key-nps")  # it has a page drawn before, for a moment
    expect(page.locator(".st-key-nps")).to_be_visible()
    assert "lost" not in told
    expect(page.get_by_role("link", name="Обзор")).to_have_count(1)
    page.wait_for_url(re.compile(r"\d/\?"))
    assert highlighted(page) == ["Обзор"]


def test_what_the_name_of_the_overview_comes_with_is_kept(address: str, page: Page) -> None:
    asked = "lang=en&brand=rival&period=90&product=rapp&roles=client&roles=none"
    page.goto(f"{address}/overview?{asked}&period=yesterday&colour=red")
    page.wait_for_selector(".st-key-nps")
    page.wait_for_url(re.compile(r"\d/\?"))
    expect(page.get_by_text("left out: period=yesterday, colour")).to_be_visible()
    assert (highlighted(page), parameters(settled(page))) == (["Overview"], parse_qs(asked))


def test_a_number_leads_to_the_posts_behind_it(address: str, filled: Path, page: Page) -> None:
    settled(page.goto(f"{address}/?period=90&lang=ru") and page)
    page.locator(".st-key-detractors").get_by_role("link", name="Сообщения", exact=True).click()
    page.wait_for_url("**/posts?**")
    index = open_index(str(filled / "index"))
    people = online_nps(index, View(brand="ours", period="90").query(datetime.now(UTC), MOSCOW)).detractors
    expect(page.get_by_text(f"Найдено: {people}")).to_be_visible()
    assert "stances=detractor" in page.url
    expect(page.locator("mark").first).to_have_text("Нашброкер")
    expect(page.get_by_text("<b>никогда</b>").first).to_be_visible()
    assert page.locator('a[href^="https://reviews.test/"]').count() > 0
    page.get_by_role("button", name="Почему?").first.click()
    expect(page.get_by_text("на этом держится ответ")).to_be_visible(timeout=60_000)  # the model is loaded first
    carriers = page.locator(".post-text strong", has_text=re.compile("не выводит деньги|никогда"))  # either may carry the blame
    expect(carriers.first).to_be_visible()
    # A copy leads to its original and all its copies, and these back to all posts.
    settled(page.goto(f"{address}/posts?lang=ru&counted=copies") and page)
    page.get_by_role("link", name="копия сообщения с").first.click()
    page.wait_for_url("**group=**")
    expect(page.get_by_text(f"Найдено: {COPIES + 1}", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=f"копий: {COPIES}")).to_have_count(1)
    page.get_by_role("button", name="Все сообщения").click()
    page.wait_for_url(lambda url: "group=" not in url)


@pytest.mark.parametrize("card", ["reach_detractor", "roles_known", "unnamed", "left_out_employees", "left_out_undated"])
def test_every_other_number_leads_to_its_posts_too(address: str, filled: Path, page: Page, card: str) -> None:
    settled(page.goto(f"{address}/?period=90&product=app") and page)
    index = open_index(str(filled / "index"))
    query = View(brand="ours", product="app", period="90").query(datetime.now(UTC), MOSCOW)
    basis = measures.basis(index, query)
    expected = {
        "reach_detractor": measures.reach_by_stance(index, query)["detractor"].posts,
        "roles_known": basis.roles.known,
        "unnamed": basis.unnamed,
        "left_out_employees": basis.left_out.employees,
        "left_out_undated": basis.left_out.undated,
    }
    page.locator(f".st-key-{card}").get_by_role("link").click()
    page.wait_for_url("**/posts?**")
    expect(page.get_by_text(f"Найдено: {expected[card]}", exact=True)).to_be_visible()
    if card == "roles_known":
        expect(page.get_by_text(f"{expected[card]} из {basis.authors} (без учёта фильтра по роли)")).to_be_visible()


def test_a_competitor_leads_to_what_was_compared(address: str, filled: Path, page: Page) -> None:
    settled(page.goto(f"{address}/?period=90&product=app") and page)
    page.locator(".st-key-links_competitors").get_by_role("link", name="Соперник").click()
    page.wait_for_url("**/posts?**")
    index = open_index(str(filled / "index"))
    theirs = View(brand="rival", product="rapp", period="90").query(datetime.now(UTC), MOSCOW)
    expect(page.get_by_text(f"Найдено: {online_nps(index, theirs).authors}", exact=True)).to_be_visible()


def boxes(found: Locator) -> list[FloatRect]:
    """Where each of them stands on the screen."""
    return [box for at in range(found.count()) if (box := found.nth(at).bounding_box())]


def test_a_bar_of_the_trend_leads_to_its_posts(address: str, filled: Path, page: Page) -> None:
    settled(page.goto(f"{address}/?period=90") and page)
    page.wait_for_timeout(1500)
    chart = page.locator(".st-key-trend_chart")
    chart.locator(".bars").first.scroll_into_view_if_needed()
    tallest = max(boxes(chart.locator(".bars").first.locator(".point path")), key=lambda box: box["height"])
    at = tallest["x"] + tallest["width"] / 2
    line = min(boxes(chart.locator(".scatterlayer .point")), key=lambda box: abs(box["x"] + box["width"] / 2 - at))
    heights = (tallest["y"] + tallest["height"] * share for share in (0.2, 0.8))
    page.mouse.click(at, max(heights, key=lambda height: abs(height - line["y"])))  # the point of the line may lie on the bar
    page.wait_for_url("**/posts?**stances=detractor**")
    index = open_index(str(filled / "index"))
    weeks = measures.nps_trend(index, View(brand="ours", period="90").query(datetime.now(UTC), MOSCOW), "week", MOSCOW)
    expect(page.get_by_text(f"Найдено: {max(week.nps.detractors for week in weeks)}", exact=True)).to_be_visible()


def test_a_change_of_language_keeps_the_view(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/?lang=ru&brand=rival&period=90&product=rapp&roles=client&roles=none") and page)
    chosen = parameters(page)
    for language in ("EN", "RU", "EN"):
        choose_language(page, language)
        assert parameters(page) == {**chosen, "lang": [language.lower()]}
    for choice, value in (("Company", "Rival"), ("Period", "90 days"), ("Product", "Their app")):
        expect(page.get_by_role("combobox", name=choice)).to_have_value(value)
    page.locator('[data-testid="stSidebarNav"]').get_by_text("Posts").click()
    page.wait_for_url("**/posts?**")
    assert parameters(settled(page)) == {**chosen, "lang": ["en"]}


def test_after_a_change_of_language_one_more_choice_is_added_to_the_others(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/posts?lang=ru&stances=promoter&genres=opinion&period=90&counted=counted&text=нашброкер") and page)
    chosen = parameters(page)
    choose_language(page, "EN")
    page.get_by_role("combobox", name="Stance").click()
    page.get_by_role("option", name="detractor").click()
    page.wait_for_url("**stances=detractor**")
    assert parameters(settled(page)) == {**chosen, "lang": ["en"], "stances": ["promoter", "detractor"]}
    choose_language(page, "RU")
    assert parameters(page) == {**chosen, "stances": ["promoter", "detractor"]}


def test_the_page_of_targets_has_no_choice_that_does_nothing_there_and_the_others_live_on(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/?lang=ru&brand=rival&period=90&product=rapp&roles=client") and page)
    chosen = parameters(page)
    page.locator('[data-testid="stSidebarNav"]').get_by_text("Цели сбора").click()
    page.wait_for_url("**/targets?lang=ru")
    sidebar = settled(page).get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("EN", exact=True)).to_be_visible()
    expect(sidebar.get_by_role("combobox")).to_have_count(0)
    choose_language(page, "EN")
    assert parameters(page) == {"lang": ["en"]}
    page.locator('[data-testid="stSidebarNav"]').get_by_text("Overview").click()
    page.wait_for_url("**period=90**")
    assert parameters(settled(page)) == {**chosen, "lang": ["en"]}


def test_dates_live_through_a_change_of_language(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/?lang=ru&period=dates&start=1999-01-02&end=2030-02-01") and page)
    choose_language(page, "EN")
    assert (parameters(page)["start"], parameters(page)["end"]) == (["1999-01-02"], ["2030-02-01"])


def test_a_site_that_nobody_wrote_on_is_kept_and_finds_nothing(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/posts?period=90&sites=gone.test&languages=xx") and page)
    expect(page.get_by_text("Найдено: 0")).to_be_visible()
    expect(page.locator('[data-testid="stSidebar"]')).to_contain_text("gone.test")
    assert parameters(page)["sites"] == ["gone.test"]
    assert parameters(page)["languages"] == ["xx"]


def test_pages_turn_both_ways_and_begin_at_their_top(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/posts?lang=en&period=all") and page)
    first = page.locator(".post-text").first.inner_text()
    seen = [first]
    for button in ("Next", "Next", "Back", "Back"):
        page.get_by_role("button", name=button).click()
        expect(page.locator(".post-text").first).not_to_have_text(seen[-1])
        settled(page)
        seen.append(page.locator(".post-text").first.inner_text())
        assert page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollTop") == 0
    assert seen[0] == seen[4] and seen[1] == seen[3] and len(set(seen)) == 3
    expect(page.get_by_role("button", name="Back")).to_have_count(0)


def test_a_search_without_a_word_says_so_and_a_word_is_marked(address: str, page: Page) -> None:
    settled(page.goto(f"{address}/posts?period=90&text=*") and page)
    expect(page.get_by_text("нет ни одной буквы или цифры")).to_be_visible()
    settled(page.goto(f"{address}/posts?period=90&text=комиссия") and page)
    expect(page.locator(".post-text b").first).to_have_text("комиссии")


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
        settled(page.goto(f"{address}/posts?period=90&stances=detractor") and page)
        page.get_by_role("button", name="Why?").first.click()
        expect(page.get_by_text("carries the answer")).to_be_visible(timeout=60_000)
        page.get_by_label("Why it is read so").click()
        page.get_by_role("option", name="Switch: nothing said").click()
        expect(page.get_by_text("No sentence carries this answer")).to_be_visible()
        expect(page.get_by_text("carries the answer")).to_have_count(0)


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
        settled(page.goto(f"{address}/?lang=en") and page)
        expect(page.get_by_text("The brands file can't be read")).to_be_visible()


def parameters(page: Page) -> dict[str, list[str]]:
    """What the address says."""
    return parse_qs(urlsplit(page.url).query)


def highlighted(page: Page) -> list[str]:
    """Entries of the navigation that are shown as the page that is open."""
    entries: list[str] = page.get_by_test_id("stSidebarNavLink").evaluate_all(
        "links => links.filter(link => getComputedStyle(link).backgroundColor !== 'rgba(0, 0, 0, 0)').map(link => link.innerText)"
    )
    return entries


def choose_language(page: Page, language: str) -> None:
    page.locator('[data-testid="stSidebar"]').get_by_text(language, exact=True).click()
    page.wait_for_url(f"**lang={language.lower()}**")
    settled(page)
