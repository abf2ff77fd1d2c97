"""Raw batches of a `files` target, collected by the real collector: the input of the tests of tagging."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from crawlers.collect import collect
from crawlers.target import BrokenTarget, read_target
from nlp import classifier

TARGET = """\
kind: files
path: {name}.jsonl
site: forum.test
ratings_without_text: true
columns: {{id: id, text: text, title: title, rating: rating, reply_to: reply_to, product: product, author_id: author}}
"""

EMPTY = dict.fromkeys(("title", "rating", "reply_to", "product", "author"))
"""Columns of the target that a row may leave out: a file without any of them would be refused."""

PLAIN = (
    "import sys; from pathlib import Path; sys.path.insert(0, {tests!r}); from nlp import classifier; import plain_judge; "
    "classifier.Classifier = plain_judge.PlainJudge; classifier.read_config = lambda folder: {{'fingerprint': 'plain-1'}}; "
    "from nlp.__main__ import app; app(prog_name='python -m nlp')"
)
"""`python -m nlp` with the judge of a few words in the place of the network."""


class Place:
    """A data folder and a configuration folder with the brands of the tests, read by the judge of a few words."""

    def __init__(self, folder: Path) -> None:
        self.data, self.config = folder / "data", folder / "config"
        (self.config / "targets").mkdir(parents=True)
        brands = Path(__file__).parent / "recorded" / "brands" / "brands.yaml"
        (self.config / "brands.yaml").write_bytes(brands.read_bytes())

    def collect(self, name: str, rows: Iterable[Mapping[str, Any]], about: str | None = None) -> None:
        """Add rows to the target's file and collect them: one more batch."""
        target = self.config / "targets" / f"{name}.yaml"
        target.write_text(TARGET.format(name=name) + (f"about: {about}\n" if about else ""), encoding="utf-8")
        with (self.config / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({**EMPTY, **row}, ensure_ascii=False) + "\n" for row in rows)
        read = read_target(target)
        assert not isinstance(read, BrokenTarget), str(read)
        collect(read, data=self.data, config=self.config)

    def outputs(self) -> dict[str, bytes]:
        """Every tagged file and its bytes; half-written ones too."""
        folder = self.data / "tagged"
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    def environ(self) -> dict[str, str]:
        """What a process of this place is told."""
        return {"MOLVA_DATA": str(self.data), "MOLVA_CONFIG": str(self.config), "PYTHONIOENCODING": "utf-8"}


def plain_command(*arguments: str) -> list[str]:
    """`python -m nlp …` with the judge of a few words."""
    return [sys.executable, "-c", PLAIN.format(tests=str(Path(__file__).parent)), *arguments]


def with_plain_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this process reads with the judge of a few words."""
    from plain_judge import PlainJudge

    monkeypatch.setattr(classifier, "Classifier", PlainJudge)
    monkeypatch.setattr(classifier, "read_config", lambda folder: {"fingerprint": "plain-1"})
