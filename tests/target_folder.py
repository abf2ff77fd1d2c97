"""A configuration folder and a data folder for tests of collecting."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawlers.archive import Archive
from crawlers.kinds import FilesTarget
from crawlers.post import post_to_json
from crawlers.target import BrokenTarget, read_target

BRANDS = """\
brands:
  - slug: vestarna
    name: {ru: Вестарна, en: Vestarna}
    ours: true
    aliases: ["ООО «Вестарна»", vestarna.example]
    accounts: ["reviews.example:official"]
    products:
      - {slug: card, name: Карта, kind: debit_card, aliases: [карта]}
  - slug: dukator
    name: Дукатор
"""
TARGET = """\
kind: files
path: {path}
site: reviews.example
language: ru
timezone: Europe/Moscow
columns: {{id: id, text: text, author_id: author, date: date, rating: stars, likes: likes}}
"""
COLUMNS = "id,text,author,date,stars,likes"


def write_config(folder: Path, **targets: str) -> Path:
    """A configuration folder with the brands and these targets."""
    (folder / "targets").mkdir(parents=True, exist_ok=True)
    (folder / "brands.yaml").write_text(BRANDS, encoding="utf-8")
    for name, text in targets.items():
        (folder / "targets" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def files_target(config: Path, name: str = "export", path: str = "export.csv", more: str = "", zone: str = "Europe/Moscow") -> FilesTarget:
    """The target of a file beside the folder of targets."""
    write_config(config, **{name: TARGET.format(path=path).replace("Europe/Moscow", zone) + more})
    target = read_target(config / "targets" / f"{name}.yaml")
    assert not isinstance(target, BrokenTarget), target.error
    assert isinstance(target, FilesTarget)
    return target


def row(number: int, **values: Any) -> dict[str, Any]:
    """A record as the target's columns expect it."""
    return {"id": str(number), "text": f"Отзыв номер {number}", "author": "a", "date": "2024-05-01", "stars": "5", "likes": "0"} | values


def kept_state(data: Path, target: str) -> dict[str, Any]:
    """What a target's batches hold, without the times and the boundaries of batches, which no two runs share."""
    archive = Archive(data)
    lines: Counter[str] = Counter()
    posts: list[dict[str, Any]] = []
    for batch in archive.batches(target):
        lines.update(
            f"{line['outcome']} {line.get('id')} {line.get('reason')} {line.get('address')} {line.get('line')} {line['raw']}"
            for line in batch.lines()
        )
        posts += [post_to_json(post) | {"collected": None} for post in batch.posts()]
    return {"lines": lines, "posts": sorted(posts, key=lambda post: str(post)), "cursor": archive.cursor(target)}


def at(text: str) -> datetime:
    """An aware moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
