"""Check a configuration folder without any network: files, names, paths and environment variables.

The rule to know: everything wrong is listed at once, each with its file, line and field; a remark is what would not stop a run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawlers.brand import Brands, read_brands, unknown_brands
from crawlers.collectors import files
from crawlers.exports import matching
from crawlers.kinds import FilesTarget, PathTarget
from crawlers.mapping import company, source
from crawlers.source import CollectError, Rejected
from crawlers.target import KINDS, BrokenTarget, Target, read_targets, unread
from crawlers.yamlfile import ConfigError, YamlFile, shown

CONTACT = "MOLVA_CONTACT"
"""Variable of the environment with the operator's address or page (`crawlers/settings.py`)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at and what was found."""

    targets: int
    brands: int
    errors: tuple[ConfigError, ...]
    remarks: tuple[str, ...]


def check(config: Path, only: Iterable[str] = ()) -> Checked:
    """Everything wrong in the brands file and in the targets, of all of them or of some."""
    errors: list[ConfigError] = []
    remarks: list[str] = []
    brands: Brands | None = None
    try:
        brands = read_brands(config)
    except ConfigError as error:
        errors += error.all
    names = set(only)
    targets = [target for target in read_targets(config) if not names or target.name in names]
    for name in sorted(names - {target.name for target in targets}):
        errors.append(ConfigError(config / "targets" / f"{name}.yaml", None, "", "there is no such target"))
    if not targets and not names:
        remarks.append(f"{shown(config / 'targets')}: there are no targets yet (one file NAME.yaml each)")
    if lost := unread(config):
        remarks.append(lost)
    for target in targets:
        if isinstance(target, BrokenTarget):
            errors += _wrong_in_broken(target, brands)
        else:
            errors += _wrong(target, config, brands, remarks)
    if asking := [target.name for target in targets if _asks_the_web(target)]:
        remarks += _nameless(asking)
    return Checked(len(targets), len(brands.brands) if brands else 0, tuple(errors), tuple(remarks))


def _asks_the_web(target: Target | BrokenTarget) -> bool:
    """Whether other people's sites are asked: the own network (`allow_private`) knows whom to call."""
    return not isinstance(target, BrokenTarget | PathTarget) and target.enabled and not target.allow_private


def _nameless(asking: list[str]) -> list[str]:
    """That the crawlers name nobody whom the owners of sites could write to."""
    if os.environ.get(CONTACT, "").strip():
        return []
    examples = ", ".join(asking[:3]) + (f" and {len(asking) - 3} more" if len(asking) > 3 else "")
    return [
        f"{CONTACT} isn't set in the environment: the sites that {examples} ask can't reach you; set it to your address or page "
        "(mailto:crawl@bank.example, https://bank.example/bot), which then stands in the user agent"
    ]


def _wrong(target: Target, config: Path, brands: Brands | None, remarks: list[str]) -> list[ConfigError]:
    """What the schema of a target's file can't see."""
    file = YamlFile(config / "targets" / f"{target.name}.yaml")
    errors = unknown_brands(file, brands)
    if target.enabled:
        errors += _unset(target, file)
    if isinstance(target, PathTarget):
        wrong = _wrong_files(target, brands, file, remarks)
        if target.enabled:
            errors += wrong
        else:
            remarks += [f"{error.one_line()} (the target is switched off)" for error in wrong]
    return errors


def _wrong_in_broken(target: BrokenTarget, brands: Brands | None) -> list[ConfigError]:
    """What is wrong in a broken target's file: what its schema can't see too, as far as the keys that tell it are right.

    What its exports hold is left for later: how they are to be read may be what is wrong.
    """
    errors, file = list(target.error.all), target.file
    if file is None or not isinstance(file.data, dict):
        return errors
    told = {error.field for error in errors}
    found = unknown_brands(file, brands)
    kind = file.data.get("kind")
    likeness = _likeness(KINDS[kind], target, file.data, told) if isinstance(kind, str) and kind in KINDS else None
    if likeness is not None and likeness.enabled:
        found += _unset(likeness, file)
        if isinstance(likeness, PathTarget) and likeness.path:
            found += _no_files(likeness, file)
    errors += [error for error in found if not any(f"{error.field}.".startswith(f"{field}.") for field in told if field)]
    return list(ConfigError.of(errors).all)


def _likeness(model: type[Target], broken: BrokenTarget, data: dict[str, Any], wrong: set[str]) -> Target:
    """A target to look at and never to run: where a key has one value it says what the file does, or None where that is wrong."""
    keys = model.model_fields.keys()
    right = {key: value.strip() if isinstance(value, str) else value for key, value in data.items() if key in keys}
    return model.model_construct(**right | dict.fromkeys(wrong & keys) | {"folder": broken.path.parent.parent})


def _unset(target: Target, file: YamlFile) -> list[ConfigError]:
    return [file.error((key,), f"the environment variable {variable} isn't set") for key, variable in target.unset.items()]


def _no_files(target: PathTarget, file: YamlFile) -> list[ConfigError]:
    try:
        matching(target)
    except CollectError as error:
        return [file.error(("path",), str(error).removeprefix("path: "))]
    return []


def _wrong_files(target: Target, brands: Brands | None, file: YamlFile, remarks: list[str]) -> list[ConfigError]:
    try:
        source(target.kind).check(target)
        named = files.companies(target) if isinstance(target, FilesTarget) else Counter[str]()
    except CollectError as error:
        return [file.error(("path",), str(error).removeprefix("path: "))]
    unknown = []
    for name, rows in named.most_common():
        try:
            if brands is not None:
                company(name, target, brands)
        except Rejected:
            unknown.append(f"{name} ({rows})")
    if unknown:
        remarks.append(
            f"{shown(file.path)}: rows about companies that aren't in brands.yaml will be rejected: {', '.join(unknown)}; add the "
            "companies to brands.yaml, or other names of them to `about.mapping`"
        )
    return []
