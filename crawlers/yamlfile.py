"""YAML files that people edit, checked by a schema: every error of a file is named with its line and field.

The rule to know: nothing is guessed. An unknown key, a key given twice or a value of a wrong type is an error, and all
errors of a file are listed at once. `${NAME}` and `${NAME:-default}` in a value stand for an environment variable, as text.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from crawlers.link import SHORTEST_KEY

Where = tuple[str | int, ...]
"""Place in a file: keys and positions from its root."""

DEEPEST = 20
"""Levels of one value within another; our files have six."""
TOO_DEEP = f"has values more than {DEEPEST} levels deep"
QUOTED = " (put a value that begins with `*` or `&` in quotes)"
HINTS = {"alias": QUOTED, "anchor": QUOTED, r"'\t'": " (a tab: indent with spaces)"}
"""What YAML complains of -> how to mend it."""
MOST = 500_000
"""Values of a file, with those that its aliases (`*name`) stand for."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


T = TypeVar("T")


def _not_empty(values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise ValueError("must not be empty")
    return values


Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A list of the file."""
NotEmpty = AfterValidator(_not_empty)
"""At least one; asked only where each of them is right."""


class Strict(BaseModel):
    """A part of a file that people write: unknown keys and other types are errors, values never change after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class ConfigError(Exception):
    """One error in a file that people edit, and in `all` every other error found in the same reading.

    `str()` is a line an error, `dags/targets/x.yaml:12: schedule: must be …`; line and field are left out where unknown.
    """

    def __init__(self, path: Path | str, line: int | None, field: str, message: str) -> None:
        super().__init__(message)
        self.path = Path(path)
        self.line = line
        self.field = field
        self.message = message
        self.all: tuple[ConfigError, ...] = (self,)

    @classmethod
    def of(cls, errors: list[ConfigError]) -> ConfigError:
        """The first error, in order of lines, that carries all of them."""
        ordered = sorted(errors, key=lambda error: (str(error.path), error.line or 0, error.field))
        first = cls(ordered[0].path, ordered[0].line, ordered[0].field, ordered[0].message)
        first.all = tuple(ordered)
        return first

    def one_line(self) -> str:
        """This error alone."""
        place = shown(self.path) if self.line is None else f"{shown(self.path)}:{self.line}"
        return printable(f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}")

    def __str__(self) -> str:
        return "\n".join(error.one_line() for error in self.all)


class YamlFile:
    """One file read: its plain data and the line of every key, for whoever checks it further."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Where, int] = {}
        self.substituted: dict[str, str] = {}
        """Variables of the environment that stand in values, with what they hold."""
        self.unset: list[tuple[str, str]] = []
        """Fields whose value names a variable of the environment that isn't set, each with the variable."""
        self.errors: list[ConfigError] = []
        root = self._compose()
        self.data: Any = self._value(root, ()) if root is not None else None
        if self.data is None and not self.errors:
            self.errors.append(self.error((), "the file is empty"))

    def error(self, where: Where, message: str) -> ConfigError:
        """An error of this file at a place in it, or at the nearest place above that the file has."""
        above = where
        while above and above not in self.lines:
            above = above[:-1]
        return ConfigError(self.path, self.lines.get(above, 1), dotted(where), self._secretive(message))

    def _at(self, node: Node, where: Where, message: str) -> ConfigError:
        """An error at a part of the file that has no place among its values."""
        return ConfigError(self.path, node.start_mark.line + 1, dotted(where), message)

    def _secretive(self, message: str) -> str:
        """The message with the names of variables in the place of what they hold, which may be a secret."""
        for name, value in sorted(self.substituted.items(), key=lambda each: -len(each[1])):
            if len(value) >= SHORTEST_KEY:
                for way in (value, repr(value)[1:-1]):
                    message = message.replace(way, f"${{{name}}}")
        return message

    def _compose(self) -> Node | None:
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
            node = YAML(typ="safe", pure=True).compose(text)
            return node if isinstance(node, Node) else None
        except OSError as error:
            raise ConfigError(self.path, None, "", f"can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError(self.path, line, "", "isn't UTF-8: save the file with this encoding") from error
        except YAMLError as error:
            raise self._not_yaml(error) from error
        except RecursionError:
            raise ConfigError(self.path, _first_too_deep(text), "", TOO_DEEP) from None

    def _not_yaml(self, error: YAMLError) -> ConfigError:
        if not isinstance(error, MarkedYAMLError):
            return ConfigError(self.path, None, "", f"isn't YAML: {str(error).splitlines()[0]}")
        problem = error.problem or str(error).splitlines()[0]
        mark, hint = error.problem_mark, next((hint for word, hint in HINTS.items() if word in problem), "")
        if "end of stream" in problem and "quoted scalar" in (error.context or ""):
            mark, hint = error.context_mark, " (the quote that begins here has no end)"
        return ConfigError(self.path, mark.line + 1 if mark else None, "", f"isn't YAML: {problem}{hint}")

    def _value(self, node: Node, where: Where) -> Any:
        self.lines.setdefault(where, node.start_mark.line + 1)
        if len(where) > DEEPEST:
            raise self._at(node, where[:1], f"{TOO_DEEP} (does an alias `*name` stand within what it names?)")
        if len(self.lines) > MOST:
            raise self._at(node, where[:1], f"brings the file to more than {MOST} values")
        if isinstance(node, MappingNode):
            return self._mapping(node, where)
        if isinstance(node, SequenceNode):
            return [self._value(part, (*where, number)) for number, part in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, where)

    def _mapping(self, node: MappingNode, where: Where) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.errors.append(self._at(key_node, where, "a key must be plain text"))
                continue
            key = key_node.value
            here = (*where, key)
            if key in found:
                self.errors.append(self._at(key_node, here, f"is given twice, first in line {self.lines[here]}"))
                continue
            self.lines[here] = key_node.start_mark.line + 1
            found[key] = self._value(value_node, here)
        return found

    def _scalar(self, node: ScalarNode, where: Where) -> Any:
        kind = str(node.tag).rpartition(":")[2]
        if kind == "str":
            return self._substituted(node.value, where)
        if kind == "bool":
            return node.value.lower() == "true"
        if kind == "null":
            return None
        with suppress(ValueError):
            if kind == "int":
                return int(node.value.replace("_", ""), 0)
            if kind == "float":
                return float(node.value.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        return node.value

    def _substituted(self, text: str, where: Where) -> str:
        def value(match: re.Match[str]) -> str:
            name, default = match.groups()
            found = os.environ.get(name, default)
            if name in os.environ:
                self.substituted[name] = os.environ[name]
            if found is None:
                self.unset.append((dotted(where), name))
                self.errors.append(self.error(where, f"the environment variable {name} isn't set"))
                return ""
            return str(found)

        return _VARIABLE.sub(value, text)


M = TypeVar("M", bound=BaseModel)


def read_yaml(path: Path, model: type[M]) -> M:
    """The file as `model`. Raises ConfigError with all that is wrong in it."""
    file = YamlFile(path)
    return check_yaml(file, file.data, model)


def check_yaml(file: YamlFile, data: Any, model: type[M]) -> M:
    """`data` of a file as `model`, for files whose schema depends on what they say. Raises ConfigError with all errors."""
    if data is not None and not isinstance(data, Mapping):
        raise ConfigError(file.path, 1, "", "must be keys and values (`key: value`)")
    errors = list(file.errors)
    if data is not None:
        try:
            checked = model.model_validate(data)
        except ValidationError as error:
            # Of a value that is not there nothing more is said, such as that it is empty.
            told = {(each.line, each.field) for each in errors}
            found = [_config_error(file, details, model) for details in error.errors(include_url=False)]
            errors += [each for each in found if (each.line, each.field) not in told]
        else:
            if not errors:
                return checked
    raise ConfigError.of(_once(errors))


def dotted(where: Where) -> str:
    """`columns.text`, `brands[2].slug`: how a place is written for people."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def shown(path: Path) -> str:
    """A path as people would type it: relative to where they stand, if it is below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def printable(text: str) -> str:
    """The text with `\\udcff` for what no encoding can write, as a file's name or a key in quotes may have it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _first_too_deep(text: str) -> int | None:
    """The line where values begin to be too deep."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            return int(event.start_mark.line) + 1
    return None


def _once(errors: list[ConfigError]) -> list[ConfigError]:
    return list({error.one_line(): error for error in errors}.values())


def _config_error(file: YamlFile, details: ErrorDetails, model: type[BaseModel]) -> ConfigError:
    """pydantic's error in our words. Its `loc` also names branches of unions, which the file doesn't have: left out."""
    where: Where = ()
    present: Any = file.data
    for number, part in enumerate(details["loc"]):
        last = number == len(details["loc"]) - 1
        if _has(present, part):
            present = present[part]
        elif not (last and details["type"] == "missing"):
            continue
        where = (*where, part)
    return file.error(where, _message(details, where, model))


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


_MEANT = {
    "string_type": "text", "bool_type": "true or false", "int_type": "a whole number", "float_type": "a number",
    "finite_number": "a finite number", "tuple_type": "a list", "dict_type": "keys and values", "model_type": "keys and values",
}  # fmt: skip
"""What pydantic's types are called in these files."""


FEW = 10
"""Keys that a message lists where none is near to the one that is wrong."""


def _message(details: ErrorDetails, where: Where, model: type[BaseModel]) -> str:
    kind, given = details["type"], details["input"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        keys = _keys(model, where)
        near = difflib.get_close_matches(str(where[-1]), keys, n=1, cutoff=0.75)
        listed = f" (there are: {', '.join(keys)})" if len(keys) <= FEW else ""
        return "unknown key" + (f" (did you mean `{near[0]}`?)" if near else listed)
    if kind in ("value_error", "assertion_error"):
        return str(details.get("ctx", {}).get("error", details["msg"]))
    if kind == "string_too_short":
        return "must not be empty"
    meant = _MEANT.get(kind)
    text = f"must be {meant}" if meant else details["msg"].replace("Input should be", "must be")
    if given is None or isinstance(given, bool):
        return f"{text}, not {'nothing' if given is None else str(given).lower()}"
    return f"{text}, not {given!r}" if isinstance(given, str | int | float) else text


def _keys(model: type[BaseModel], where: Where) -> list[str]:
    """The keys that the schema knows where one stands that it doesn't know, to suggest the one that was meant."""
    models = [model]
    for step in where[:-1]:
        named = [field for each in models for name, field in each.model_fields.items() if step in (name, field.alias)]
        models = [part for field in named for part in _models_in(field.annotation)] or models  # numbers of a list are no keys
    return list(dict.fromkeys(field.alias or name for each in models for name, field in each.model_fields.items()))


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _models_in(part)]
