"""Check a configuration folder without any network: files, names, paths and environment variables.

The rule to know: everything wrong is listed at once, each with its file, line and field; a remark is what would not stop a run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crawlers.brand import Brands, read_brands
from crawlers.collectors import files
from crawlers.kinds import AboutItem, FilesTarget, PathTarget
from crawlers.mapping import company, source
from crawlers.source import CollectError, Rejected
from crawlers.target import BrokenTarget, Target, read_targets, unread
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
            errors += target.error.all
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
    errors = [] if brands is None else _unknown_brands(target, brands, file)
    if target.enabled:
        errors += [file.error((key,), f"the environment variable {variable} isn't set") for key, variable in target.unset.items()]
    if isinstance(target, PathTarget):
        wrong = _wrong_files(target, brands, file, remarks)
        if target.enabled:
            errors += wrong
        else:
            remarks += [f"{error.one_line()} (the target is switched off)" for error in wrong]
    return errors


def _unknown_brands(target: Target, brands: Brands, file: YamlFile) -> list[ConfigError]:
    if target.brand is not None and brands.by_name(target.brand) is None:
        return [file.error(("about",), f"{target.brand!r} isn't in brands.yaml")]
    if not isinstance(target.about, AboutItem):
        return []
    return [
        file.error(("about", "mapping", said), f"{brand!r} isn't in brands.yaml")
        for said, brand in target.about.mapping.items()
        if brands.by_name(brand) is None
    ]


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
