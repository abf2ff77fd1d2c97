"""A query as options of a command: the same conditions for `search` and `export`.

The rule to know: an option may be given several times, its values are alternatives; different options hold at once. A value
that the field can't have is a wrong command, not an empty answer.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from index.query import UNKNOWN, Query
from nlp.mention import GENRES, PRODUCT_KINDS, RECOMMENDATIONS, ROLES, SENTIMENTS, STANCES, SWITCHES, TONES


@dataclass(frozen=True, slots=True)
class _Condition:
    """One option that may be repeated: the field of `Query` it fills, its explanation, the values it can have."""

    field: str
    help: str
    values: tuple[Any, ...] = ()


_CONDITIONS: dict[str, _Condition] = {
    "brand": _Condition("brands", "Slug of a brand."),
    "product": _Condition("products", "Slug of a product."),
    "kind": _Condition("kinds", "What the product is, as in credit_card.", PRODUCT_KINDS),
    "stance": _Condition("stances", "Would the author recommend it?", STANCES),
    "sentiment": _Condition("sentiments", "The author's attitude.", SENTIMENTS),
    "tone": _Condition("tones", "The fact as told: -1, 0, 1.", TONES),
    "genre": _Condition("genres", "What the post is.", GENRES),
    "role": _Condition("roles", "The author's relation to the brand.", (*ROLES, "none", UNKNOWN)),
    "recommendation": _Condition("recommendations", "Recommends or warns in so many words.", RECOMMENDATIONS),
    "switch": _Condition("switches", "Left, threatens to, joined.", SWITCHES),
    "site": _Condition("sites", "Host of the post."),
    "place": _Condition("places", "Channel, board or community."),
    "source": _Condition("sources", "How it was fetched, as in feed."),
    "target": _Condition("targets", "Name of a crawl target."),
    "language": _Condition("languages", "Of the post, as in ru."),
    "author": _Condition("authors", "Key of an author."),
    "post": _Condition("posts", "Id of a post."),
    "group": _Condition("groups", "Id of an original: it and its copies."),
}
_FLAGS = {
    "counting": ("--counting/--left-out", "Only what enters the measures, or only what doesn't."),
    "named": ("--named/--unnamed", "Only authors with an account, or only bare names."),
    "dated": ("--dated/--undated", "Only posts whose time is known, or only the others."),
    "read": ("--read/--unread", "Only posts in a language that the model reads, or only the others."),
    "official": ("--official/--not-official", "Only posts by the companies themselves, or only the others."),
    "copies": ("--copies/--no-copies", "Only copies of earlier posts, or only the others."),
}
_MOMENT = "A day or a moment, as in 2026-03-01 or 2026-03-01T12:30, in the zone of --zone."


def _parameter(name: str, annotation: Any, option: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[annotation, option])


def _parameters() -> list[inspect.Parameter]:
    level = typer.Option("--level", help="The company as a whole, or its products.")
    found = [_parameter("level", Literal["brand", "product"], level, "brand")]
    for name, condition in _CONDITIONS.items():
        values = f" One of {', '.join(map(str, condition.values))}." if condition.values and name != "tone" else ""
        option = typer.Option(f"--{name}", help=condition.help + values, metavar="VALUE")
        found.append(_parameter(name, list[str], option, []))
    found += [_parameter(name, bool | None, typer.Option(names, help=text), None) for name, (names, text) in _FLAGS.items()]
    found += [
        _parameter("last_word", bool, typer.Option("--last-word", help="Only each author's last stance in the period."), False),
        _parameter("since", str | None, typer.Option("--since", help=f"Published at or after. {_MOMENT}", metavar="TIME"), None),
        _parameter("until", str | None, typer.Option("--until", help=f"Published before. {_MOMENT}", metavar="TIME"), None),
        _parameter("zone", str, typer.Option("--zone", help="Time zone, as in Europe/Moscow."), "UTC"),
    ]
    return found


def _moment(value: str | None, zone: ZoneInfo, option: str) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise typer.BadParameter(f"“{value}” is no time; write it as in 2026-03-01 or 2026-03-01T12:30", param_hint=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def query_of(options: dict[str, Any], text: str) -> Query:
    """The query of the options. Raises typer.BadParameter for a value that can't be."""
    fields: dict[str, Any] = {"text": text, "level": options["level"], "last_word": options["last_word"]}
    fields |= {name: options[name] for name in _FLAGS}
    for name, condition in _CONDITIONS.items():
        known = {str(value): value for value in condition.values}
        if wrong := [value for value in options[name] if known and value not in known]:
            raise typer.BadParameter(f"“{wrong[0]}” is none of {', '.join(known)}", param_hint=f"--{name}")
        fields[condition.field] = tuple(known.get(value, value) for value in options[name])
    try:
        zone = ZoneInfo(options["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise typer.BadParameter(f"“{options['zone']}” is no time zone; write it as in Europe/Moscow", param_hint="--zone") from None
    for name in ("since", "until"):
        fields[name] = _moment(options[name], zone, f"--{name}")
    if fields["since"] and fields["until"] and fields["since"] >= fields["until"]:
        raise typer.BadParameter("must be before --until", param_hint="--since")
    return Query(**fields)


def conditions(command: Callable[..., None]) -> Callable[..., None]:
    """A command with all the options of a query; it is called with `query` in their place, made with its `text`."""
    own = [one for one in inspect.signature(command, eval_str=True).parameters.values() if one.name != "query"]
    added = _parameters()

    @functools.wraps(command)
    def called(**given: Any) -> None:
        options = {one.name: given.pop(one.name) for one in added}
        command(query=query_of(options, given.pop("text") or ""), **given)

    if all(one.name != "text" for one in own):
        raise TypeError("the command needs a parameter `text`")
    signature = inspect.Signature([*own, *added])
    called.__signature__ = signature  # type: ignore[attr-defined]
    return called
