"""Presets: what targets of one engine or site share (selectors, columns), as data in `crawlers/presets/KIND/`.

The rule to know: what the target's file says goes before the preset, single selectors included. What was taken from a preset
stands in full in the snapshot of the target, so that a preset may change without harm to what was collected.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawlers.known import KnownBy
from crawlers.yamlfile import YamlFile, check_yaml

PRESETS = Path(__file__).with_name("presets")
KNOWN_BY = "known_by"
"""The key of a preset's file that is no part of a target."""


def preset_names(kind: str) -> list[str]:
    """The presets that a kind of target may name."""
    return sorted(path.stem for path in (PRESETS / kind).glob("*.yaml"))


def with_preset(file: YamlFile, kind: str) -> list[dict[str, Any]]:
    """What a target's file says, on top of the preset that it names: one thing.

    Where there is none of this name, which is an error of the file, on top of each that it may have meant.
    """
    data: dict[str, Any] = file.data
    name, known = data.get("preset"), preset_names(kind)
    if name is None or not known:
        return [data]
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        meant = f" (did you mean `{near[0]}`?)" if near else ""
        file.errors.append(file.error(("preset",), f"must be one of {', '.join(known)}, not {name!r}{meant}"))
    return [dict(_over(preset(kind, each), data)) for each in (known if name not in known else [name])]


def preset(kind: str, name: str) -> dict[str, Any]:
    """What a preset says of a target."""
    return {key: value for key, value in YamlFile(PRESETS / kind / f"{name}.yaml").data.items() if key != KNOWN_BY}


def known_by(kind: str, name: str) -> KnownBy | None:
    """By what pages are known that a preset reads. Raises ConfigError where its file is wrong."""
    file = YamlFile(PRESETS / kind / f"{name}.yaml")
    said = file.data.get(KNOWN_BY)
    return None if said is None else check_yaml(file, said, KnownBy)


def _over(below: Any, above: Any) -> Any:
    """Keys of both, those of `above` first; a single selector is taken as a whole."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping) or "select" in below or "select" in above:
        return above
    return dict(below) | {key: _over(below.get(key), value) for key, value in above.items()}
