"""Telegram's exports: the `result.json` that Telegram Desktop makes of a chat, or of a whole account.

The rule to know: only what everybody may read is taken, and never a talk of two; service messages, and those without words, are
passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from crawlers.exports import check_files, walk_files
from crawlers.jsonlist import Row
from crawlers.kinds import TelegramExportTarget
from crawlers.moment import Moment, parse_moment
from crawlers.post import Post
from crawlers.source import CollectError, Cursor, Page
from crawlers.table import read_rows
from crawlers.telegram import SITE, account, liked, message_id

PUBLIC = {"public_channel", "public_supergroup"}
OF_MEMBERS = {"private_channel", "private_supergroup", "private_group"}
READING = {"chats", "names", "private", "timezone"}
"""What in a target's file changes how a message is read."""


def walk(target: TelegramExportTarget, cursor: Cursor, *, since: datetime | None, data: Path) -> Iterator[Page]:
    """Pages of new messages. Raises CollectError after the good files, with all that is wrong with the others."""
    return walk_files(target, cursor, partial(_messages, target), READING)


def check(target: TelegramExportTarget) -> None:
    """Whether every file is an export that has a message to take. Raises CollectError with all that is wrong."""
    check_files(target, partial(_messages, target))


def _messages(target: TelegramExportTarget, path: Path) -> Iterator[Row]:
    """The messages of a file that are wanted. Raises CollectError where there is none."""
    others: set[str] = set()
    found = False
    for row in read_rows(path, "json", lists=("messages", "chat")):
        chat = row.values["chat"]
        if not _wanted(chat, target):
            others.add(f"{chat.get('name')!r} ({chat.get('type')})")
        elif row.error is not None or (row.values.get("type") == "message" and words(row.values.get("text"))):
            found = True
            yield row
    if not found:
        passed = f"; passed over: {', '.join(sorted(others)[:10])}" if others else ""
        raise CollectError(
            f"{path.name}: has no message of a public chat that is wanted{passed}: mend `chats`, or state `private: true` for groups "
            "and channels that aren't public"
        )


def _wanted(chat: dict[str, Any], target: TelegramExportTarget) -> bool:
    kinds = PUBLIC | OF_MEMBERS if target.private else PUBLIC
    return chat.get("type") in kinds and (not target.chats or chat.get("name") in target.chats)


def words(text: Any) -> str:
    """The words of a message: a text, or a list of texts and of marked parts of it."""
    parts = text if isinstance(text, list) else [text]
    return "".join(str(part.get("text") or "") if isinstance(part, dict) else str(part or "") for part in parts).strip()


def post(raw: dict[str, Any], target: TelegramExportTarget, collected: datetime) -> Post:
    """The post of a message. Raises Rejected or ValueError with the reason."""
    chat = raw["chat"]
    public = target.names.get(chat.get("name"), "").removeprefix("@")
    channel = public or str(chat["id"])
    author_id, author_name = _account(raw, "from_id", chat, public), raw.get("author") or raw.get("from")
    if raw.get("forwarded_from"):
        author_id, author_name = _account(raw, "forwarded_from_id", chat, public), raw["forwarded_from"]
    published = _moment(raw, "date", target)
    edited = _moment(raw, "edited", target).at if raw.get("edited") else None
    if edited and published.at and edited < published.at:
        edited = None  # exports of the old form have the beginning of 1970 where a message was never edited
    answered = raw.get("reply_to_message_id")
    reactions = ((str(each.get("emoji", "")), each["count"]) for each in raw.get("reactions", ()) if each.get("type") != "paid")
    return Post(
        id=message_id(channel, raw["id"]),
        site=SITE,
        place=public.casefold() or chat.get("name"),
        source=target.kind,
        url=f"https://{SITE}/{public}/{raw['id']}" if public else None,
        text=words(raw["text"]),
        author_id=author_id,
        author_name=author_name,
        published=published.at,
        published_precision=published.precision,
        edited=edited,
        collected=collected,
        thread_id=None if answered else message_id(channel, raw["id"]),
        in_reply_to=message_id(channel, answered) if answered else None,
        likes=liked(reactions),
    )


def _account(raw: dict[str, Any], field: str, chat: dict[str, Any], public: str) -> str | None:
    """Identity of an author: `user5` or `channel7`; old exports write the number alone, and the channel's own as the chat's."""
    said = str(raw.get(field) or "")
    if public and said in (f"channel{chat['id']}", str(chat["id"])):
        return account(public)
    if said.isdigit():
        said = f"channel{said}" if said == str(chat["id"]) else f"user{said}"
    return account(said) if said else None


def _moment(raw: dict[str, Any], field: str, target: TelegramExportTarget) -> Moment:
    """A time: newer exports have seconds since 1970, old ones the wall clock of the computer that made them."""
    exact = raw.get(f"{field}_unixtime")
    return parse_moment(int(exact) if exact else raw[field], target.zone)
