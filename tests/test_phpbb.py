"""Forums of phpBB: real pages, each post compared with what another program read there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.recording import posts_of, selector
from tests.site import Place

REAL = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "pages" / "phpbb" / "phpbbparser"
OWN = {3: "topic: {take: {date: .nowhere}}", 4: "topic: {take: {date: './@data-date'}}"}
"""What two of these forums need beside the preset: one writes its dates in Italian, the other elsewhere."""


@pytest.mark.skipif(not REAL.is_dir(), reason="requires: ../shared/fixtures/pages")
@pytest.mark.parametrize(("number", "posts"), [(1, 2), (2, 2), (3, 6), (4, 9)])
def test_recorded_pages_of_phpbb_as_another_program_reads_them(number: int, posts: int, tmp_path: Path) -> None:
    told = json.loads((REAL / f"page-{number}.expected.json").read_text(encoding="utf-8"))["posts"]
    target = Place(tmp_path).target("board", f"kind: forum\npreset: phpbb\nurl: https://forum.example/board\n{OWN.get(number, '')}\n")
    found = posts_of(selector(REAL / f"page-{number}.html"), target, "https://forum.example/t")
    assert len(found) == len(told) == posts
    for ours, theirs in zip(found, told, strict=True):
        author, words = theirs["author"], theirs["content"]
        assert (ours["author_name"], ours["author_id"]) == (author["username"], f"forum.example:{author['id']}")
        lines = [" ".join(line.split()) for line in ours["text"].splitlines()]
        assert [line for line in lines if line not in words] == [], "they have the quotes too, each line of ours stands in theirs"
        if "quoted" not in ours:
            assert lines[-1].split()[-1] == words.split()[-1], "to its end"
