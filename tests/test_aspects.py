"""Posts about several products as records to learn from: asked about as the reader asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawlers.yamlfile import ConfigError
from nlp.aspects import read_aspects
from nlp.records import RecordError

BRANDS = """
brands:
  - slug: north
    name: {ru: Север Банк, en: North Bank}
    aliases: [Север Банк]
    products:
      - {slug: north-app, kind: app_online, name: {ru: Приложение Севера, en: North app}, aliases: [приложение]}
      - {slug: north-support, kind: branch_support, name: {ru: Поддержка Севера, en: North support}, aliases: [поддержка]}
"""
POST = {
    "id": "a1",
    "lang": "ru",
    "text": "Я в Север Банке пять лет. Приложение отличное. Зато поддержка не отвечает вовсе.",
    "expected": [
        {"brand": "north", "product": "general", "stance": "passive", "sentiment": "neutral"},
        {"brand": "north", "product": "north-app", "stance": "promoter", "sentiment": "positive"},
        {"brand": "north", "product": "north-support", "stance": "detractor"},
        {"brand": "north", "product": "north-card", "stance": "none"},
    ],
}


def written(folder: Path, *posts: object, brands: str | None = BRANDS) -> Path:
    path = folder / "aspects.jsonl"
    path.write_text("".join(json.dumps(post, ensure_ascii=False) + "\n" for post in posts), encoding="utf-8")
    if brands:
        path.with_suffix(".yaml").write_text(brands, encoding="utf-8")
    return path


def test_each_subject_is_asked_about_by_the_sentences_that_speak_of_it(tmp_path: Path) -> None:
    general, app, support = read_aspects(written(tmp_path, POST))
    assert general.pair().text == POST["text"] and general.pair().product is None
    assert {each.text for each in (general, app, support)} == {POST["text"]}, "what is measured is kept apart by whole posts"
    assert app.pair().text == "Приложение отличное." and app.pair().product == "Приложение Севера"
    assert app.answers == {"stance": "promoter", "sentiment": "positive"}
    assert support.pair().text == "Зато поддержка не отвечает вовсе." and support.answers == {"stance": "detractor"}
    assert support.pair().spans == ((5, 14),)
    assert support.pair(rating=True) == support.pair()


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    wrong = POST | {"expected": [{"brand": "north", "product": "general", "stance": "passive", "sentiment": "glad"}]}
    with pytest.raises(RecordError, match=r"aspects\.jsonl:2: expected"):
        read_aspects(written(tmp_path, POST, wrong))
    for twice in (POST, POST | {"id": None}):
        with pytest.raises(RecordError, match=r"aspects\.jsonl:2: id"):
            read_aspects(written(tmp_path, POST, twice))
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ConfigError, match=r"aspects\.yaml"):
        read_aspects(written(other, POST, brands=None))
