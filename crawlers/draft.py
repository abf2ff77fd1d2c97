"""The file of a new target: its name, its text, and where it is written.

The rule to know: the text is read back as a target before it is written, and no file is ever written over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crawlers.found import Found
from crawlers.scratch import scratch
from crawlers.source import CollectError
from crawlers.target import BrokenTarget, Target, read_target
from crawlers.yamlfile import printable

LONGEST = 60
"""Characters of a name that is derived."""
ZONED = ("forum", "reviews", "site")
"""Kinds whose pages mostly give times without a zone."""
_DULL = re.compile(r"(?:^|(?<=/))(?:index|default|viewforum|viewtopic|showthread|forumdisplay)?\.?(?:php|html?|aspx?)?(?=$|[/?])")


def name_of(found: Found, url: str) -> str:
    """A name for the target: kind and what it names (`telegram-vestarna`), else host and path."""
    lists = [value[0] for value in found.says.values() if isinstance(value, list) and not str(value[0]).startswith("http")]
    if lists and found.preset is None:
        return _slug(f"{found.kind}-{lists[0]}")
    if found.says.get("place"):
        return _slug(f"{found.preset or found.kind}-{found.says['place']}")
    parts = urlsplit(url)
    path = _DULL.sub("", unquote(parts.path))
    return _slug(f"{(parts.hostname or '').removeprefix('www.').replace('.', '-')}-{path}-{unquote(parts.query)}")


def _slug(text: str) -> str:
    return re.sub(r"[^\w.]+", "-", text).strip("-._")[:LONGEST].strip("-._")


def text_of(found: Found, *, about: str | None = None, allow_private: bool = False, missing: tuple[str, ...] = ()) -> str:
    """The file. `missing`: variables of the environment that it names and that aren't set; it is switched off then."""
    says: dict[str, Any] = {"kind": found.kind} | ({"preset": found.preset} if found.preset else {}) | found.says
    comments = dict(found.comments)
    if about:
        says["about"] = about
    if allow_private:
        says["allow_private"] = True
    if missing:
        says["enabled"] = False
        comments["enabled"] = f"until {' and '.join(missing)} is set: remove this line then"
    lines = [f"# {_one_line(f'{found.what}, recognised by {found.by[0]}')}.", *(f"# {_one_line(note)}." for note in found.notes)]
    for key, value in says.items():
        lines += _lines(key, value, comments)
    if found.kind in ZONED and "timezone" not in says:
        lines.append("# timezone: Europe/Moscow   # zone of times that its pages give without one; UTC unless stated")
    if not about:
        lines.append("# about: NAME   # only where every post is about one company of brands.yaml")
    return "\n".join(lines) + "\n"


def _lines(key: str, value: Any, comments: dict[str, str]) -> Iterator[str]:
    if isinstance(value, list) and any(each in comments for each in value):
        yield f"{key}:"
        yield from (f"  - {_scalar(each)}{_behind(comments.get(each))}" for each in value)
    elif isinstance(value, list):
        yield f"{key}: [{', '.join(map(_scalar, value))}]{_behind(comments.get(key))}"
    else:
        yield f"{key}: {_scalar(value)}{_behind(comments.get(key))}"


def _behind(comment: str | None) -> str:
    return f"   # {_one_line(comment)}" if comment else ""


def _one_line(text: str) -> str:
    return printable(" ".join(text.split())).rstrip(".")


def _scalar(value: Any) -> str:
    """A value as YAML: plain where it reads back as it is, else in quotes. `${` would name a variable."""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    text = "".join(value.replace("${", "%24{").splitlines())
    try:
        plain = YAML(typ="safe", pure=True).load(f"[{text}]") == [text]
    except YAMLError:
        plain = False
    return text if plain else "'" + text.replace("'", "''") + "'"


def drafted(name: str, text: str, config: Path) -> Target:
    """The target that the text makes. Raises CollectError where it makes none, with what is wrong."""
    with scratch() as folder:
        path = folder / "targets" / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        target = read_target(path)
    if isinstance(target, BrokenTarget):
        wrong = "; ".join(f"{error.field}: {error.message}" for error in target.error.all)
        raise CollectError(f"what was recognised makes no target ({wrong}):\n{text}")
    return target.model_copy(update={"folder": config})


def write(path: Path, text: str) -> None:
    """Write a new file. Raises FileExistsError."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def watching(target: Target, others: list[Target | BrokenTarget]) -> list[str]:
    """Names of targets that watch the same already."""
    watched = _watched(target)
    return [each.name for each in others if not isinstance(each, BrokenTarget) and each.kind == target.kind and watched <= _watched(each)]


_HOW = {"name", "folder", "secrets", "schedule", "enabled", "about", "allow_private", "preset", "comments", "pages"}


def _watched(target: Target) -> set[tuple[str, str]]:
    """Keys and values that say what is watched."""
    found = set()
    for key in type(target).model_fields.keys() - _HOW:
        value = getattr(target, key)
        if key in target.model_fields_set and isinstance(value, str | tuple):
            found |= {(key, str(each).rstrip("/")) for each in ([value] if isinstance(value, str) else value)}
    return found
