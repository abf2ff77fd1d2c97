"""The real dashboard on loopback, and a real browser to look at it."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from advocacy import ledger
from advocacy.copies import store
from crawlers.post import Post, Precision, post_id, whole_milliseconds
from index import open_index
from nlp.mention import Mention

ROOT = Path(__file__).parents[1]
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
COPIES = 3
REPEATED = (
    "Перевожу счёт из Нашброкер: заявку на вывод отменили без объяснений, в поддержке отвечает робот, приложение выкинуло из "
    "личного кабинета, а деньги так и висят между счетами вторую неделю подряд."
)
BRANDS = """brands:
  - slug: ours
    name: {ru: Наш, en: Ours}
    ours: true
    aliases: [Нашброкер]
    products:
      - {slug: app, name: {ru: Приложение, en: App}, kind: app_online, aliases: [приложение]}
  - slug: rival
    name: {ru: Соперник, en: Rival}
    aliases: [Соперникбанк]
    products:
      - {slug: rapp, name: {ru: Их приложение, en: Their app}, kind: app_online, aliases: [приложуха]}
"""


@contextlib.contextmanager
def browser(chromium: str, **context: Any) -> Iterator[Page]:
    """A browser that reads Russian in Moscow unless told otherwise; nothing outside loopback is asked for."""
    with sync_playwright() as playwright:
        flags = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ]
        running = playwright.chromium.launch(executable_path=chromium, args=flags)
        options = {"locale": "ru-RU", "timezone_id": "Europe/Moscow", "viewport": {"width": 1400, "height": 1000}, **context}
        page = running.new_context(**options).new_page()
        page.set_default_timeout(60_000)
        yield page
        running.close()


def settled(page: Page) -> Page:
    """The page once Streamlit has drawn it."""
    page.wait_for_selector(READY)
    page.wait_for_timeout(400)
    page.wait_for_selector(READY)
    return page


@contextlib.contextmanager
def dashboard(data: Path, config: Path) -> Iterator[str]:
    """The address of a dashboard over this data and configuration."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "MOLVA_DATA": str(data), "MOLVA_CONFIG": str(config)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (data / "streamlit.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            for _ in range(240):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        break
                time.sleep(0.25)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def write_brands(config: Path) -> Path:
    """A configuration of two brands and no target."""
    (config / "targets").mkdir(parents=True, exist_ok=True)
    (config / "brands.yaml").write_text(BRANDS, encoding="utf-8")
    return config


def fill(data: Path, now: datetime, posts: int = 300) -> None:
    """An index of made-up posts about `ours` and `rival` over the last ninety days, the same for the same `now`.

    Some posts are undated, some the company's own, some in a language that is not read; the last ones, day by day, are REPEATED
    and its copies.
    """
    dice = random.Random(7)
    texts = {
        "promoter": "Перешёл в Нашброкер и не жалею: приложение быстрое.",
        "detractor": "Третий день Нашброкер не выводит деньги! Не связывайтесь <b>никогда</b>.",
        "passive": "Нашброкер как все, комиссии могли бы быть ниже.",
    }
    found: list[Post] = []
    mentions: list[Mention] = []
    for number in range(posts + COPIES + 1):
        repeated = number >= posts
        stance = dice.choices(list(texts), [5, 3, 2])[0]
        text = REPEATED if repeated else f"{texts[stance]} Сообщение {number}."
        post = Post(
            id=post_id("reviews.test", str(number)),
            site=dice.choice(["reviews.test", "blog.test"]),
            source="reviews",
            url=f"https://reviews.test/{number}",
            text=text,
            language="ru" if number % 40 != 2 else "uz",
            author_id=f"reviews.test:{dice.randrange(posts // 2)}" if dice.random() < 0.7 else None,
            author_name="Мария К.",
            published=whole_milliseconds(now - timedelta(days=posts + 9 - number if repeated else dice.random() * 89))
            if number % 40
            else None,
            published_precision=Precision.MINUTE,
            official=number % 40 == 1,
            collected=whole_milliseconds(now),
            views=dice.choice([None, 120, 2500]),
            followers=dice.choice([None, 300]),
        )
        found.append(post)
        brand, app = dice.choice([("ours", "app"), ("rival", "rapp")][: 1 if repeated else 2])
        roles = dice.choice([("client",), ("ex_client",), ("none",), None, ("employee",)])
        start = text.find("Нашброкер")
        for product, kind in (("general", "general"), (app, "app_online")):
            mentions.append(
                Mention(
                    post=post.id, brand=brand, product=product, product_kind=kind, found="text",
                    genre=dice.choices(["opinion", "news", "ad"], [8, 1, 1])[0] if post.language == "ru" else "other",  # type: ignore[arg-type]
                    sentiment="neutral", tone=0, stance=stance, recommendation="none", roles=roles, switch="none",  # type: ignore[arg-type]
                    confidence={"stance": 0.87}, names=((start, start + 9),), evidence=((0, text.index(".") + 1),),
                )
            )  # fmt: skip
    index = open_index(str(data / "index"))
    store(index, found, mentions)
    ledger.refresh(index, {post.author_key for post in found})
    index.close()
