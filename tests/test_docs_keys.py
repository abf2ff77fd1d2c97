"""The pages of sources name the keys that a target's file may have: all of them, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from crawlers.every_target import TargetModel
from crawlers.taken import RatingModel, TakeModel
from crawlers.target import KINDS

DOCS = Path(__file__).resolve().parents[1] / "docs"
UNSAID = {"name", "folder", "secrets"}
"""What no file says: it comes of the file's own place."""
ROW = re.compile(r"^\| ((?:`[\w.]+`(?:, )?)+) \| (.+) \|$", re.MULTILINE)


def rows(page: str) -> dict[str, str]:
    """Key -> what its row says of it, of every table of keys of a page."""
    tables = re.findall(r"^\| key \| meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {key: meaning for keys, meaning in ROW.findall("".join(tables)) for key in re.findall(r"[\w.]+", keys)}


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a value may be, but for selectors, which are the same everywhere."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not issubclass(annotation, TakeModel):
            yield annotation
        return
    for part in get_args(annotation):
        yield from models(part)


def keys(model: type[BaseModel], below: str = "") -> Iterator[str]:
    """The keys of a model, each with those below it."""
    for name, field in model.model_fields.items():
        yield (path := f"{below}{field.alias or name}")
        for inner in models(field.annotation):
            yield from keys(inner, f"{path}.")


def unnamed(wanted: set[str], said: dict[str, str]) -> list[str]:
    """Keys that have no row, and are not named in the row of the key that they stand below."""

    def named(key: str) -> bool:
        above, _, name = key.rpartition(".")
        return key in said or f"`{name}`" in said.get(above, "") or any(each.startswith(f"{key}.") for each in said)

    return sorted(key for key in wanted if not named(key))


COMMON = {key for key in keys(TargetModel) if key not in UNSAID}


def test_the_page_of_targets_names_what_all_share() -> None:
    said = rows("target.md")
    of_fields = set(RatingModel.model_fields)
    assert unnamed(COMMON | of_fields, said) == []
    assert set(said) - COMMON - of_fields == set()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_of_a_source_names_its_keys_and_no_other(kind: str) -> None:
    accepted, said = set(keys(KINDS[kind])), rows(f"sources/{kind}.md")
    assert unnamed(accepted - COMMON - UNSAID, said) == []
    assert set(said) - accepted == set(), "these the target does not take"
