"""Which clauses of a sentence judge products each for itself, and which judge them together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.brand import read_brands
from crawlers.post import Post
from nlp.brands import Finder

FINDER = Finder(read_brands(Path(__file__).parent / "recorded" / "brands"))


def said_of(product: str, text: str) -> str:
    """What the text says of the product, with a bar between passages."""
    post = Post(id="p", site="test", source="files", text=text, about=("sber",), collected=datetime(2026, 11, 1, tzinfo=UTC))
    (spans,) = [subject.sentences for subject in FINDER.find(post) if (subject.brand, subject.product) == ("sber", product)]
    return "|".join(text[start:end] for start, end in spans)


@pytest.mark.parametrize(
    ("text", "card", "app"),
    [
        ("Карта бесплатная, приложение глючит.", "Карта бесплатная,", "приложение глючит."),
        ("Обожаю карту, ненавижу их приложение.", "Обожаю карту,", "ненавижу их приложение."),
        ("Если карта просто песня, то приложение — позор.", "Если карта просто песня,", "то приложение — позор."),
        ("С картой приятно жить, с приложением невозможно работать.", "С картой приятно жить,", "с приложением невозможно работать."),
        ("The card is superb, the app is junk.", "The card is superb,", "the app is junk."),
        ("While the card was a gem, their app keeps crashing.", "While the card was a gem,", "their app keeps crashing."),
        ("I love the card, I hate the app.", "I love the card,", "I hate the app."),
        ("Сбер ужасный: карта дорогая, приложение тормозит.", "Сбер ужасный: карта дорогая,", "Сбер ужасный:|приложение тормозит."),
    ],
)
def test_clauses_side_by_side_are_parted(text: str, card: str, app: str) -> None:
    assert (said_of("card", text), said_of("app", text)) == (card, app)


@pytest.mark.parametrize(
    "text",
    [
        "Карта, приложение и вклад ужасны.",
        "Не нравятся ни карта, ни приложение.",
        "Получил карту, поставил приложение, всё быстро, спасибо!",
        "Пришёл за картой, приложение поставили за минуту, спасибо!",
        "В приложении написали, что карта заблокирована, и пропали.",
        "Карта пришла, приложение в тот же день прислал мне по ссылке менеджер Иван из отделения на Ленина дом пять, молодцы!",
        "Ordered the card, the app was set up in a minute, thank you!",
        "Great card, great app, the best bank.",
        "I hate the card, the app and the rest.",
        "Карта не работает (виновато приложение, карта сменена), отвратительно.",
    ],
)
def test_lists_and_stories_are_judged_whole(text: str) -> None:
    assert said_of("card", text) == said_of("app", text) == text
