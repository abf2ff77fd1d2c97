"""Author documents as JSON, the same in both engines.

The rule to know: times are ISO text in UTC with milliseconds; what is None or empty is left out.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from crawlers.post import iso
from index.query import Author, Flip

_TIMES = ("stance_since", "roles_since", "first", "last")


def author_to_json(author: Author) -> dict[str, Any]:
    """The author document as a JSON object."""
    record: dict[str, Any] = {}
    for field in dataclasses.fields(author):
        value = getattr(author, field.name)
        if field.name == "flips":
            value = [{"at": iso(flip.at), "before": flip.before, "after": flip.after, "mention": flip.mention} for flip in value]
        elif isinstance(value, datetime):
            value = iso(value)
        elif isinstance(value, tuple):
            value = list(value)
        if value is not None and value != []:
            record[field.name] = value
    return record


def author_from_json(record: dict[str, Any]) -> Author:
    """The inverse of `author_to_json`. Raises TypeError on an unknown field."""
    values = dict(record)
    for name in _TIMES:
        if values.get(name) is not None:
            values[name] = datetime.fromisoformat(values[name])
    values["roles"] = tuple(values.get("roles", ()))
    values["flips"] = tuple(
        Flip(at=datetime.fromisoformat(flip["at"]), before=flip["before"], after=flip["after"], mention=flip["mention"])
        for flip in values.get("flips", ())
    )
    return Author(**values)
