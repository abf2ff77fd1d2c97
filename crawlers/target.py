"""A target: one place to watch, one file in `targets/` of the configuration folder.

The rule to know: a broken file never raises out of `read_targets`. It becomes a BrokenTarget that carries what is wrong,
so that a mistake in one file is visible and harms no other.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from crawlers.every_target import waits_for
from crawlers.kinds import FeedTarget, FilesTarget, ForumTarget, RedditTarget, ReviewsTarget, SiteTarget, TelegramExportTarget
from crawlers.link import hidden, within
from crawlers.platforms import (
    AppstoreTarget,
    BlueskyTarget,
    DiscourseTarget,
    HabrTarget,
    HackernewsTarget,
    LivejournalTarget,
    MastodonTarget,
    StackexchangeTarget,
    TelegramTarget,
    VkTarget,
    WordpressTarget,
    YoutubeTarget,
)
from crawlers.preset import with_preset
from crawlers.yamlfile import ConfigError, YamlFile, check_yaml, printable, shown

ENDINGS = (".yaml", ".yml")
"""What the names of YAML files end with, in small letters."""
TARGET_FILE = re.compile(r"\w[\w.-]{0,99}\.yaml")
"""Name of a target's file."""


Target = (
    FeedTarget | ReviewsTarget | RedditTarget | FilesTarget | ForumTarget | SiteTarget | MastodonTarget
    | HackernewsTarget | StackexchangeTarget | DiscourseTarget | WordpressTarget | AppstoreTarget | LivejournalTarget
    | VkTarget | TelegramTarget | TelegramExportTarget | BlueskyTarget | YoutubeTarget | HabrTarget
)  # fmt: skip

KINDS: dict[str, type[Target]] = {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(Target)}

_ANY_TARGET: TypeAdapter[Target] = TypeAdapter(Annotated[Target, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenTarget:
    """A target whose file is wrong: shown with what to mend, never collected."""

    name: str
    path: Path
    error: ConfigError
    file: YamlFile | None = field(default=None, repr=False)
    """What it says; None where that can't be read."""

    @property
    def unset(self) -> tuple[str, ...]:
        """Variables of the environment that its values name (`?key=${NAME}`) and that aren't set, where nothing else is wrong: it waits."""
        named = self.file.unset if self.file else []
        alone = {error.field for error in self.error.all} <= {field for field, _ in named}
        return tuple(dict.fromkeys(variable for _, variable in named)) if alone else ()

    @property
    def waits(self) -> str | None:
        """That it waits for these, in one sentence; None where it is truly broken."""
        return waits_for(self.name, self.unset)

    @property
    def enabled(self) -> bool:
        """Whether it is shown: one that is wrong is, one that would only wait may be switched off."""
        said = self.file.data.get("enabled") if self.unset and self.file else True
        return said is not False


def target_paths(config: Path) -> list[Path]:
    """The target files of a configuration folder, in order of name; those whose ending isn't spelled `.yaml` are broken ones."""
    files = (path for path in (config / "targets").glob("*") if path.suffix.lower() in ENDINGS)
    return sorted(path for path in files if not path.name.startswith("."))


def paths_below(config: Path) -> list[Path]:
    """Files as those of targets in folders below theirs, where nothing is read."""
    folder = config / "targets"
    files = (path for path in folder.glob("*/**/*") if path.suffix.lower() in ENDINGS and path.is_file())
    return sorted(path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def unread(config: Path) -> str | None:
    """That there are such files, in one sentence; None where there are none."""
    if not (found := paths_below(config)):
        return None
    named = ", ".join(shown(path) for path in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return printable(
        f"{named}: not read, as a target's file stands in {shown(config / 'targets')} itself; `enabled: false` switches one off"
    )


def read_target(path: Path, *wrong: ConfigError) -> Target | BrokenTarget:
    """The target of one file; nothing in the file makes this raise. `wrong`: what is known to be wrong with its name."""
    errors, file = [*wrong, *_misnamed(path)], None
    try:
        file = YamlFile(path)
        target = _read(file)
    except ConfigError as error:
        errors += error.all
    except Exception as error:  # people's files come in here: what nobody foresaw breaks this one alone
        errors.append(ConfigError(path, None, "", f"can't be read ({type(error).__name__}: {error})"))
    else:
        if not errors:
            return target
    return BrokenTarget(name=printable(path.stem), path=path, error=ConfigError.of(errors), file=file)


def read_targets(config: Path) -> list[Target | BrokenTarget]:
    """Every target of a configuration folder, in order of name; broken ones among them."""
    found: list[Target | BrokenTarget] = []
    first: dict[str, str] = {}
    for path in target_paths(config):
        same = first.setdefault(path.name.casefold(), path.name) if path.suffix == ".yaml" else path.name
        if same == path.name:
            found.append(read_target(path))
        else:
            found.append(read_target(path, ConfigError(path, None, "", f"differs from {same} only by case: rename it")))
    return found


def target_to_json(target: Target) -> dict[str, Any]:
    """What stands in a batch's manifest, so that its raw items can be mapped again as they were."""
    record = target.model_dump(mode="json", exclude_defaults=True) | {"kind": target.kind, "name": target.name}
    return dict(within(record, hidden, target.secrets))


def target_from_json(record: dict[str, Any]) -> Target:
    """The inverse of `target_to_json`; keys that a later release dropped are passed over."""
    return _ANY_TARGET.validate_python(record, extra="ignore")


def _misnamed(path: Path) -> list[ConfigError]:
    """What is wrong with the name of a target's file."""
    told = []
    if path.suffix != ".yaml":
        told.append(f"isn't read under this name: rename it to {path.stem}.yaml")
    if not TARGET_FILE.fullmatch(f"{path.stem}.yaml"):
        told.append("the file's name is the target's: at most 100 letters, digits, `-`, `_` and `.`")
    return [ConfigError(path, None, "", message) for message in told]


def _read(file: YamlFile) -> Target:
    data = file.data
    if not isinstance(data, dict):
        return check_yaml(file, data, FeedTarget)
    for key in ("name", "folder", "secrets"):
        if key in data:
            file.errors.append(file.error((key,), "unknown key" + (" (a target is named by its file)" if key == "name" else "")))
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ConfigError.of([*file.errors, file.error(("kind",), _wrong_kind(kind, given="kind" in data))])
    own = {"name": printable(file.path.stem), "folder": file.path.parent.parent, "secrets": file.substituted}
    return _checked(file, [way | own for way in with_preset(file, kind)], KINDS[kind])


def _checked(file: YamlFile, ways: list[dict[str, Any]], model: type[Target]) -> Target:
    """The target that a file means. Where it may mean several, none of them is right: raises ConfigError with what is wrong in each."""
    wrong: list[ConfigError] = []
    for way in ways:
        try:
            return check_yaml(file, way, model)
        except ConfigError as error:
            wrong.append(error)
    told = set.intersection(*({each.one_line() for each in error.all} for error in wrong))
    raise ConfigError.of([each for each in wrong[0].all if each.one_line() in told])


def _wrong_kind(kind: object, *, given: bool) -> str:
    kinds = f"one of {', '.join(KINDS)}"
    if not given:
        return f"is missing: {kinds}"
    if not isinstance(kind, str):
        return f"must be {kinds}"
    near = difflib.get_close_matches(kind, KINDS, n=1)
    return f"must be {kinds}, not {kind!r}" + (f" (did you mean `{near[0]}`?)" if near else "")
