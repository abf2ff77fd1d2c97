"""Errors in files that people edit are named with file, line and field, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from crawlers.yamlfile import ConfigError, Strict, read_yaml


class Part(Strict):
    slug: str
    size: int = Field(default=1, gt=0)


class Whole(Strict):
    name: str
    parts: tuple[Part, ...] = ()
    note: str = ""


def errors_of(tmp_path: Path, content: str | bytes) -> list[str]:
    path = tmp_path / "x.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        read_yaml(path, Whole)
    return [line.removeprefix(f"{path}") for line in str(caught.value).splitlines()]


def test_a_right_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("name: a\nparts:\n  - {slug: b, size: 2}\n", encoding="utf-8")
    assert read_yaml(path, Whole) == Whole(name="a", parts=(Part(slug="b", size=2),))


def test_every_error_is_listed_with_its_line_and_field(tmp_path: Path) -> None:
    found = errors_of(tmp_path, "nam: a\nparts:\n  - {slug: b, size: 0}\n  - size: many\n    slugg: c\n  - slug: d\n    slug: e\n")
    assert found == [
        ":1: nam: unknown key (did you mean `name`?)",
        ":1: name: is missing",
        ":3: parts[0].size: must be greater than 0, not 0",
        ":4: parts[1].size: must be a whole number, not 'many'",
        ":4: parts[1].slug: is missing",
        ":5: parts[1].slugg: unknown key (did you mean `slug`?)",
        ":7: parts[2].slug: is given twice, first in line 6",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ":1: the file is empty"),
        ("# only a comment\n", ":1: the file is empty"),
        ("- a\n- b\n", ":1: must be a list of keys and values (`key: value`)"),
        ("name: a\n  b: [\n", ":2: isn't YAML: mapping values are not allowed"),
        ("name: a\nnote: кот\n".encode("cp1251"), ":2: isn't UTF-8: save the file with this encoding"),
        ("name: *.csv\n", ":1: isn't YAML: found undefined alias '.csv' (put a value that begins with `*` or `&` in quotes)"),
        ("name: 5\n", ":1: name: must be a valid string, not 5"),
        ("name: ${MOLVA_NOT_SET_ANYWHERE}\n", ":1: name: the environment variable MOLVA_NOT_SET_ANYWHERE isn't set"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole(tmp_path: Path, content: str | bytes, expected: str) -> None:
    found = errors_of(tmp_path, content)
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing.yaml: can't be read: No such file"):
        read_yaml(tmp_path / "nothing.yaml", Whole)


def test_the_environment_stands_in_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_TEST_PORT", "81")
    path = tmp_path / "x.yaml"
    path.write_text("name: http://h:${MOLVA_TEST_PORT:-80}/\nnote: ${MOLVA_TEST_OTHER:-none}\n", encoding="utf-8")
    assert read_yaml(path, Whole) == Whole(name="http://h:81/", note="none")


def test_an_error_is_shown_relative_to_where_people_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert errors_of(tmp_path, "name: 5\n") == ["x.yaml:1: name: must be a valid string, not 5"]
