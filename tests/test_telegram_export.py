"""Exports of Telegram Desktop: all of them made, after the forms that its program writes; those of our own stand beside the tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers import jsonlist
from crawlers.collectors import telegram_export
from crawlers.kinds import TelegramExportTarget
from crawlers.post import Post, post_id
from crawlers.source import CollectError, Cursor
from tests.recording import RECORDED

MADE = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "api" / "telegram"
OURS = RECORDED / "telegram_export"
needs_exports = pytest.mark.skipif(not MADE.is_dir(), reason="requires: ../shared/fixtures/api")


def taken(folder: Path, cursor: Cursor | None = None, **more: Any) -> tuple[list[Post], Cursor]:
    target = TelegramExportTarget(**{"name": "e", "kind": "telegram_export", "folder": folder, "path": "*.json", **more})
    pages = list(telegram_export.walk(target, cursor or {}, since=None, data=folder))
    now = datetime(2026, 9, 5, tzinfo=UTC)
    return [telegram_export.post(item.raw, target, now) for page in pages for item in page.items], pages[-1].cursor if pages else {}


@needs_exports
def test_a_made_export_of_a_public_channel() -> None:
    posts, _ = taken(MADE, path="export_public_channel_made.json", names={"Тестовый банк": "Testbank"})
    assert [post.url for post in posts] == [f"https://t.me/Testbank/{number}" for number in (2, 3, 5, 8)]
    first, edited, forwarded, answer = posts
    assert (first.author_id, first.author_name, first.place) == ("t.me:testbank", "Тестовый банк", "testbank")
    assert first.id == first.thread_id == post_id("t.me", "testbank/2") and first.published == datetime(2023, 4, 4, 9, tzinfo=UTC)
    assert edited.text == "Новый тариф: https://example.com/tarif, подробнее здесь #тариф"
    assert (edited.likes, edited.edited) == (12, datetime(2023, 4, 4, 12, 40, tzinfo=UTC))
    assert (forwarded.author_id, forwarded.author_name) == (None, "Другой канал")
    assert (answer.author_name, answer.in_reply_to, answer.thread_id) == ("Редактор", post_id("t.me", "testbank/3"), None)


@needs_exports
def test_a_made_export_of_the_old_form_and_a_talk_of_two() -> None:
    posts, _ = taken(MADE, path="export_public_channel_old_form_made.json", timezone="Europe/Moscow")
    assert [post.published for post in posts] == [datetime(2021, 1, 31, 18, minute, s, tzinfo=UTC) for minute, s in ((2, 29), (10, 0))]
    assert (posts[1].text, posts[1].author_id) == ("Текст жирный и @example", "t.me:channel10083966286")
    assert (posts[1].id, posts[1].url, posts[1].place) == (post_id("t.me", "10083966286/2"), None, "Старый формат")
    with pytest.raises(CollectError, match=r"passed over: 'Test User' \(personal_chat\)"):
        taken(MADE, path="export_personal_chat_tgparser_made.json", private=True)


def test_a_made_channel_of_our_own() -> None:
    """What people see of each message: what is no message, or has no words, is passed over."""
    posts, _ = taken(OURS, path="channel.json", names={"Вестарна новости": "@Vestarna"})
    assert [post.url for post in posts] == [f"https://t.me/Vestarna/{number}" for number in (2, 4, 5, 6, 8)]
    tariff, closed, corrected, forwarded, works = posts
    assert tariff.text == "С сентября переводы без комиссии, условия — на сайте\n#переводы"
    assert (tariff.published, tariff.edited) == (datetime(2026, 8, 20, 7, 15, 30, tzinfo=UTC), datetime(2026, 8, 20, 7, 20, tzinfo=UTC))
    assert tariff.likes == 51, "without those who dislike, and without stars that were paid"
    assert not works.likes and (works.edited, closed.edited, closed.likes) == (None, None, None), "dislike is no like"
    assert (tariff.author_id, tariff.author_name, closed.author_name) == ("t.me:vestarna", "Вестарна новости", "Ольга, пресс-служба")
    assert tariff.id == tariff.thread_id == post_id("t.me", "vestarna/2") and tariff.in_reply_to is None and tariff.place == "vestarna"
    assert (corrected.in_reply_to, corrected.thread_id) == (closed.id, None)
    assert (forwarded.author_id, forwarded.author_name) == ("t.me:user501", "Анна К.")


def test_a_made_group_of_our_own_in_the_form_of_before_2021() -> None:
    posts, _ = taken(OURS, path="old_form.json", timezone="Europe/Moscow")
    raised, answer, rules = posts
    assert [post.published for post in posts] == [
        datetime(2020, 11, 5, 20, 40, 10, tzinfo=UTC),
        datetime(2020, 11, 5, 20, 55, tzinfo=UTC),
        datetime(2020, 11, 6, 5, tzinfo=UTC),
    ]
    assert raised.edited is None, "the old form says 1970 of what was never edited"
    assert (answer.edited, answer.in_reply_to) == (datetime(2020, 11, 5, 21, 5, tzinfo=UTC), raised.id)
    assert answer.text == "А у меня нет, спросите @vestarna_help"
    assert [post.author_id for post in posts] == ["t.me:user501", "t.me:user502", "t.me:channel9200000007"]
    assert (rules.id, rules.url, rules.place, rules.likes) == (post_id("t.me", "9200000007/12"), None, "Вкладчики", None)


def test_a_made_account_of_our_own_gives_its_public_chats_alone() -> None:
    asked, answer, unnamed = taken(OURS, path="account.json")[0]
    assert (asked.text, asked.thread_id, asked.likes) == ("Кто открыл вклад в Вестарне?", asked.id, None)
    assert (answer.in_reply_to, answer.thread_id, answer.likes, answer.author_name) == (asked.id, None, 3, "Пётр")
    assert (unnamed.author_id, unnamed.author_name) == ("t.me:user504", None), "somebody whose account is deleted has no name"
    assert unnamed.edited == datetime(2026, 8, 21, 7, 6, tzinfo=UTC)
    everything = taken(OURS, path="account.json", private=True)[0]
    assert [post.place for post in everything] == ["Вкладчики"] * 3 + ["Соседи"], "talks of two, notes and bots never"
    with pytest.raises(CollectError, match=r"passed over: 'Вкладчики' \(public_supergroup\), .*'Пётр' \(personal_chat\)"):
        taken(OURS, path="account.json", chats=["Пётр"])


def message(number: int, **more: Any) -> dict[str, Any]:
    said = {"from": "Анна", "from_id": "user5", "text": f"Отзыв {number} «[{{,» \\"}
    return {"id": number, "type": "message", "date": "2026-09-01T10:00:00", "date_unixtime": "1788246000"} | said | more


def account(club: int = 2) -> dict[str, Any]:
    """An export of a whole account."""
    chats = [
        {"name": "Анна", "type": "personal_chat", "id": 1, "messages": [message(1)]},
        {"name": "Клуб", "type": "public_supergroup", "id": 2, "messages": [message(number) for number in range(1, club + 1)]},
        {"name": "Свои", "type": "private_supergroup", "id": 3, "messages": [message(1), message(2, text="")]},
        {"name": "Архив", "type": "public_channel", "id": 4, "messages": [message(1, from_id="channel4")]},
    ]
    return {"about": "…", "contacts": {"list": [{"phone_number": "+7", "date": 1.5, "ok": True, "none": None}]}, "chats": {"list": chats}}


@pytest.mark.parametrize("chunk", [1_000_000, 7])
def test_a_made_export_of_an_account_without_its_private_talks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(jsonlist, "CHUNK", chunk)
    (tmp_path / "result.json").write_text(json.dumps(account(), ensure_ascii=False, indent=1), encoding="utf-8")
    places = {more: [f"{post.place} {post.text[6]}" for post in taken(tmp_path, private=more)[0]] for more in (False, True)}
    assert places == {False: ["Клуб 1", "Клуб 2", "Архив 1"], True: ["Клуб 1", "Клуб 2", "Свои 1", "Архив 1"]}
    posts, cursor = taken(tmp_path, chats=["Клуб"])
    assert (posts[1].text, posts[1].author_id, posts[1].place) == ("Отзыв 2 «[{,» \\", "t.me:user5", "Клуб")
    assert taken(tmp_path, cursor, chats=["Клуб"])[0] == []
    (tmp_path / "result.json").write_text(json.dumps(account(club=4)), encoding="utf-8")
    assert [post.text[6] for post in taken(tmp_path, cursor, chats=["Клуб"])[0]] == ["1", "2", "3", "4"], "another writing is read anew"
    whole = json.dumps(account(club=9))
    (tmp_path / "result.json").write_text(whole[: whole.index("Отзыв 7".encode("unicode_escape").decode())], encoding="utf-8")
    with pytest.raises(CollectError, match=r"result\.json: line 1: "):
        taken(tmp_path)
