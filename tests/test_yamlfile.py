"""Errors in files that people edit are named with file, line and field, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from crawlers import yamlfile
from crawlers.yamlfile import ConfigError, Many, NotEmpty, Strict, read_yaml


class Part(Strict):
    slug: str
    size: int = Field(default=1, gt=0)


class Whole(Strict):
    name: str
    parts: Annotated[Many[Part], NotEmpty] = ()
    note: str = ""
    share: float = 0
    whole: bool = False


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
        ("- a\n- b\n", ":1: must be keys and values (`key: value`)"),
        ("name: a\n  b: [\n", ":2: isn't YAML: mapping values are not allowed"),
        ("name: a\nnote: кот\n".encode("cp1251"), ":2: isn't UTF-8: save the file with this encoding"),
        ("name: *.csv\n", ":1: isn't YAML: found undefined alias '.csv' (put a value that begins with `*` or `&` in quotes)"),
        ("name: a\nparts:\n\t- b\n", ":3: isn't YAML: found character '\\t' that cannot start any token (a tab: indent with spaces)"),
        ('name: a\nnote: "кот\nshare: 1\n\n', ":2: isn't YAML: found unexpected end of stream (the quote that begins here has no end)"),
        ("name: 5\n", ":1: name: must be text, not 5"),
        ("name:\n", ":1: name: must be text, not nothing"),
        ("name: a\nparts: Альфа\n", ":2: parts: must be a list, not 'Альфа'"),
        ("name: a\nparts: []\n", ":2: parts: must not be empty"),
        ("name: a\nparts: [b]\n", ":2: parts[0]: must be keys and values, not 'b'"),
        ("name: a\nparts: [{slug: 1}]\n", ":2: parts[0].slug: must be text, not 1"),
        ('name: a\nparts: [{slug: b, size: "10"}]\n', ":2: parts[0].size: must be a whole number, not '10'"),
        ("name: a\nparts: [{slug: b, size: 1.5}]\n", ":2: parts[0].size: must be a whole number, not 1.5"),
        ("name: a\nshare: true\n", ":2: share: must be a number, not true"),
        ("name: a\nshare: .inf\n", ":2: share: must be a finite number, not inf"),
        ("name: a\nwhole: no\n", ":2: whole: must be true or false, not 'no'"),
        ("name: a\nwhole: 1\n", ":2: whole: must be true or false, not 1"),
        ("name: a\n? &a [*a]\n: b\n", ":2: a key must be plain text"),
        ("name: a\nnote: &a [*a]\n", ":2: note: has values more than 20 levels deep (does an alias"),
        ("name: a\nnote: &a\n  b: {c: *a}\n", ":2: note: has values more than 20 levels deep (does an alias"),
        ("name: a\nnote: " + 50 * "[" + 50 * "]", ":2: note: has values more than 20 levels deep"),
        ("name: a\nnote: " + 5000 * "[", ":2: has values more than 20 levels deep"),
        ("".join(" " * depth + "a:\n" for depth in range(1000)), ":21: has values more than 20 levels deep"),
        ("name: ${MOLVA_NOT_SET_ANYWHERE}\n", ":1: name: the environment variable MOLVA_NOT_SET_ANYWHERE isn't set"),
        ("name: a\nparts: ${MOLVA_NOT_SET_ANYWHERE}\n", ":2: parts: the environment variable MOLVA_NOT_SET_ANYWHERE isn't set"),
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
    assert errors_of(tmp_path, "name: 5\n") == ["x.yaml:1: name: must be text, not 5"]


def test_a_whole_number_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("name: a\nshare: 1\nwhole: true\n", encoding="utf-8")
    assert read_yaml(path, Whole) == Whole(name="a", share=1.0, whole=True)


def test_aliases_of_aliases_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamlfile, "MOST", 5000)
    lines = ["a0: &a0 [b, b, b, b, b, b, b, b, b, b]", *(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9))]
    assert errors_of(tmp_path, "\n".join(lines))[0].endswith(": a3: brings the file to more than 5000 values")


def test_an_error_can_be_written_whatever_it_names() -> None:
    assert str(ConfigError("\udcff.yaml", 1, "\ud800", "unknown key")) == r"\udcff.yaml:1: \ud800: unknown key"


@pytest.mark.parametrize("held", ["very-secret", "it's\\secret"])
def test_what_a_variable_holds_stands_in_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str) -> None:
    monkeypatch.setenv("MOLVA_TEST_KEY", held)
    (found,) = errors_of(tmp_path, "name: n\nshare: https://h/${MOLVA_TEST_KEY}\n")
    assert "secret" not in found
    assert found.startswith(":2: share: must be a number") and "https://h/${MOLVA_TEST_KEY}" in found
