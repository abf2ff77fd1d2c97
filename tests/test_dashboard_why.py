"""The popover «Почему?» without a browser: what is said where the model is missing, and that nothing is read before it is opened."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import why
from nlp.classifier import ModelError


def card() -> None:
    """A script of one card's popover."""
    from datetime import UTC, datetime
    from pathlib import Path
    from typing import Any, cast

    from crawlers.post import Post
    from dashboard import why
    from index.query import Hit, Standing
    from nlp.mention import Mention
    from nlp.stream import read_brands_of

    post = Post(id="1", site="test", source="files", text="Сбер ужасен.", collected=datetime(2026, 1, 1, tzinfo=UTC))
    answers: dict[str, Any] = {"genre": "opinion", "sentiment": "negative", "tone": -1, "stance": "detractor", "recommendation": "none"}
    mention = Mention(post="1", brand="sber", found="text", roles=("client",), switch="none", corrected=("roles",), **answers)
    hit = Hit(mention=mention, post=post, standing=Standing())
    why.popover(hit, cast(Any, None), read_brands_of(Path("tests/recorded/brands/brands.yaml")), "ru")


def test_a_model_that_does_not_load_is_said_once_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def gone() -> None:
        asked.append("load")
        raise ModelError("the model is missing")

    monkeypatch.setattr(why, "the_classifier", gone)
    page = AppTest.from_function(card, default_timeout=120).run()
    assert (asked, len(page.selectbox)) == ([], 0)
    page.session_state["why_1/sber/general_ru"] = True
    page.run()
    assert [each.value for each in page.info] == ["Объяснить ответ сейчас нельзя: модель не загрузилась. the model is missing"]
    assert page.selectbox[0].options[0] == "Позиция: критик"
    page.selectbox[0].select("roles").run()
    assert ([each.value for each in page.markdown], len(page.info), len(asked)) == (["Так ответил человек."], 0, 1)
    assert not page.exception
