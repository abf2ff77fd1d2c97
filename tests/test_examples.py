"""The example targets: each preset has one that the page of its source leads to, right as it stands and switched off."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

from crawlers.check import check
from crawlers.kinds import ForumTarget
from crawlers.known import placed
from crawlers.preset import known_by, preset_names
from crawlers.target import BrokenTarget, read_target, read_targets

KINDS = ("files", "forum", "reviews")
"""Sources whose pages list presets."""
EXAMPLES = sorted((ROOT / "dags" / "targets").glob("example-*.yaml"))


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in preset_names(kind)])
def test_the_page_of_a_source_leads_from_each_preset_to_an_example_of_it(kind: str, name: str) -> None:
    page = (ROOT / "docs" / "sources" / f"{kind}.md").read_text(encoding="utf-8")
    [example] = re.findall(rf"^\| \[`{name}`\]\(\.\./\.\./(dags/targets/example-[\w-]+\.yaml)\) \|", page, re.MULTILINE)
    target = read_target(ROOT / example)
    assert not isinstance(target, BrokenTarget), target.error
    assert target.kind == kind and f"preset: {name}" in (ROOT / example).read_text(encoding="utf-8")
    assert not target.enabled and target.schedule


@pytest.mark.parametrize("name", preset_names("forum"))
def test_the_address_of_an_example_has_the_form_of_its_engine(name: str) -> None:
    [target] = [
        target
        for target in (read_target(path) for path in EXAMPLES if f"\npreset: {name}\n" in path.read_text(encoding="utf-8"))
        if isinstance(target, ForumTarget)
    ]
    known = known_by("forum", name)
    assert known is not None
    for board in target.url:
        assert (known.boards and re.search(known.boards, board)) or placed(known.addresses, board), board
    for topic in target.topics:
        assert re.search(target.topic.id, topic)


def test_every_example_is_read_and_found_right_by_check() -> None:
    checked = check(ROOT / "dags", [path.stem for path in EXAMPLES])
    assert [wrong.one_line() for wrong in checked.errors] == []
    assert {path.stem for path in EXAMPLES} <= {target.name for target in read_targets(ROOT / "dags")}
