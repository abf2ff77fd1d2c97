"""Exports of monitoring systems: the presets of `files`, workbooks, and a folder that is used like a mailbox.

No recording here is real: the workbook of Brand Analytics is made in the layout measured in a real one, those of Medialogia and
YouScan after the names that stand in documentation and in public programs (`tests/test_files.py` replays them whole).
"""

from __future__ import annotations

import json
import os
import re
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from crawlers.archive import Archive
from crawlers.collect import collect
from crawlers.collectors import files
from crawlers.header import Wanted
from crawlers.kinds import FilesTarget
from crawlers.platforms import VkTarget
from crawlers.post import Post
from crawlers.preset import preset, preset_names
from crawlers.run import Run, RunFailed
from crawlers.sink import find_target
from crawlers.source import CollectError
from crawlers.spiders import vk
from crawlers.table import read_rows
from crawlers.telegram import message_id
from tests.recorded_walk import REAL, needs_real, real
from tests.target_folder import write_config

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / "tests" / "recorded" / "files" / "brand_analytics_made" / "export.xlsx"
BRAND_ANALYTICS = "kind: files\npreset: brand_analytics\npath: in/*.xlsx\nlimits: {rejected: 1}\n"


def target(tmp_path: Path, text: str = BRAND_ANALYTICS + "settled: null\n") -> FilesTarget:
    found = find_target("export", write_config(tmp_path / "config", export=text))
    assert isinstance(found, FilesTarget)
    return found


def taken(tmp_path: Path, text: str = BRAND_ANALYTICS + "settled: null\n") -> Run:
    return collect(target(tmp_path, text), data=tmp_path / "data", config=tmp_path / "config")


def put(tmp_path: Path, content: bytes, name: str = "export.xlsx") -> Path:
    path = tmp_path / "config" / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def book(tmp_path: Path, *sheets: list[list[Any]], name: str = "export.xlsx") -> Path:
    """A workbook with these rows."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for rows in sheets:
        sheet = workbook.create_sheet()
        for row in rows:
            sheet.append(row)
    path = put(tmp_path, b"", name)
    workbook.save(path)
    return path


def post(raw: dict[str, Any], tmp_path: Path) -> Post:
    needed = {"Дата": "14.04.2023 15:53", "Текст": "Плохо", "Источник": "vk.com", "Url": None}
    return files.post(needed | raw, target(tmp_path), datetime(2023, 5, 1, tzinfo=UTC))


def test_presets_and_their_page() -> None:
    page = (ROOT / "docs" / "sources" / "files.md").read_text(encoding="utf-8")
    assert preset_names("files") == sorted(re.findall(r"^\| `(\w+)` \| [A-Z]", page, re.MULTILINE))


@pytest.mark.parametrize("name", ["brand_analytics", "medialogia", "youscan"])
def test_a_preset_is_kept_in_full_in_the_snapshot_and_the_file_goes_before_it(name: str, tmp_path: Path) -> None:
    found = target(tmp_path, f"kind: files\npreset: {name}\npath: x\ncolumns: {{members: null, product: Продукт}}\n")
    assert found.columns.product == "Продукт" and found.columns.members is None and found.columns.author
    assert "preset" not in found.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(("name", "header"), [
    ("brand_analytics", ["Date", "Text", "Source", "URL", "Author URL", "Audience"]),
    ("brand_analytics", ["дата", "время", "Hash сообщения", "текст", "источник", "url", "Просмотры"]),
    ("medialogia", ["Время публикации", "Текст сообщения", "Кто пишет", "Где пишет", "Ссылка", "Аудитория блога"]),
    ("medialogia", ["Date", "Message", "Link", "Author"]),
    ("youscan", ["Дата", "Время", "Заголовок", "Текст", "Источник", "Ссылка", "Автор", "Подписчики"]),
    ("youscan", ["Fecha", "Texto", "Sentimiento", "Autor", "Fuente", "Me gusta", "Visualizaciones"]),
])  # fmt: skip
def test_made_titles_of_other_versions_and_languages(name: str, header: list[str], tmp_path: Path) -> None:
    found = target(tmp_path, f"kind: files\npreset: {name}\npath: x\n")
    wanted = Wanted(tuple(filter(None, found.columns.model_dump(exclude={"text"}).values())), found.needed, found.titles)
    assert wanted.lacking(wanted.named(header)) == []
    assert len(set(wanted.named(header))) == len(header)


def test_the_own_tone_of_a_made_export_and_its_number_of_a_post_are_no_part_of_ours(tmp_path: Path) -> None:
    put(tmp_path, MADE.read_bytes())
    assert taken(tmp_path).outcomes["kept"] == 4
    (batch,) = Archive(tmp_path / "data").batches()
    assert next(line["raw"]["Тональность"] for line in batch.lines()) == "негатив"
    assert not any("негатив" in repr(found) or "1001" in repr(found) for found in batch.posts())


def test_a_post_of_a_made_export_is_the_one_that_our_own_source_brings(tmp_path: Path) -> None:
    raw = {"owner_id": -1, "id": 11, "post_id": 10, "from_id": 7, "text": "Плохо", "date": 1681476780}
    walls = find_target("v", write_config(tmp_path / "v", v="kind: vk\ntoken_env: TOKEN\nwalls: [club1]\n"))
    assert isinstance(walls, VkTarget)
    own = vk.post(raw, walls, datetime.now(UTC))
    of_export = post({"Url": "https://vk.com/wall-1_10?reply=11&thread=10", "Url автора": "https://vk.com/id7"}, tmp_path)
    assert (of_export.id, of_export.thread_id, of_export.author_id) == (own.id, own.thread_id, own.author_id)
    assert of_export.published == own.published
    below_video = vk.post(raw | {"video_id": 5, "post_id": None}, walls, datetime.now(UTC))
    of_video = post({"Url": "https://vk.com/video-1_5?reply=11"}, tmp_path)
    assert (of_video.id, of_video.thread_id) == (below_video.id, below_video.thread_id)
    of_clip = post({"Url": "https://vk.com/clip-1_5?reply=11"}, tmp_path)
    assert (of_clip.id, of_clip.thread_id) == (below_video.id, below_video.thread_id)
    club = post({"Url": "https://vk.com/wall-1_10", "Url автора": "https://vk.com/club1"}, tmp_path)
    assert (club.id, club.author_id) == (own.thread_id, "vk.com:-1")
    of_telegram = post({"Источник": "telegram.org", "Url": "https://t.me/Vestarna/5", "Url автора": "https://t.me/Ann"}, tmp_path)
    assert (of_telegram.id, of_telegram.author_id) == (message_id("vestarna", 5), "t.me:ann")
    comment = post({"Источник": "telegram.org", "Url": "https://t.me/vestarna/5?comment=9"}, tmp_path)
    assert comment.id not in (of_telegram.id, message_id("vestarna", 9))


def test_made_dates_with_a_time_of_their_own_and_in_russian(tmp_path: Path) -> None:
    def published(**raw: Any) -> str:
        return str(post(raw, tmp_path).published)[:16]

    assert published(Дата="14.04.2023", Время="15:53") == published(Дата="2023-04-14", Время="15:53:00") == "2023-04-14 12:53"
    assert published(Дата="14 апреля 2023", Время="15:53") == published(Дата="14 апр. 2023 г., 15:53") == "2023-04-14 12:53"
    assert published(Дата="14.04.2023 15:53", Время="16:00") == "2023-04-14 12:53"
    assert published(Дата="14.04.2023", Время=None) == "2023-04-14 11:00"


def test_columns_that_are_not_needed_of_a_made_export_are_counted(tmp_path: Path) -> None:
    book(tmp_path, [["Дата", "Текст", "Источник", "Url"], ["14.04.2023", "Плохо", "a.example", "https://a.example/1"]])
    run = taken(tmp_path)
    assert run.outcomes["kept"] == 1 and "without column 'Автор' 1" in str(run)


@pytest.mark.parametrize(("preset", "header", "repost", "added"), [
    ("brand_analytics", ["Дата", "Текст", "Источник", "Url", "Тип сообщения", "Автор"], "Репост", "Репост с дополнением"),
    ("brand_analytics", ["Date", "Text", "Source", "URL", "Message type", "Author"], "Repost", "Repost with addition"),
    ("medialogia", ["Дата", "Сообщение", "Площадка", "Ссылка", "Тип", "Автор"], "Репост", "Репост с дополнением"),
])  # fmt: skip
def test_plain_reposts_of_made_exports_are_left_out_and_counted_and_one_with_words_of_its_own_stays(
    preset: str, header: list[str], repost: str, added: str, tmp_path: Path
) -> None:
    def row(number: int, kind: str, text: str = "Вестарна сняла комиссию дважды") -> list[Any]:
        return ["14.04.2023 15:53", text, "vk.com", f"https://vk.com/wall{number}_1", kind, f"Автор {number}"]

    reposts = [row(number, repost) for number in range(2, 42)]
    book(tmp_path, [header, row(1, "Пост"), *reposts, row(50, added, "И у меня! Вестарна сняла комиссию дважды")])
    text = f"kind: files\npreset: {preset}\npath: in/*.xlsx\nsettled: null\n"
    run = taken(tmp_path, text)  # forty of forty-two, and the run does not fail: the export is as the preset says
    column = {"brand_analytics": "Тип сообщения", "medialogia": "Тип"}[preset]
    assert (run.outcomes["kept"], run.outcomes["rejected"], run.reasons) == (2, 40, {f"skipped: {column} is {repost}": 40})
    kept = [found for batch in Archive(tmp_path / "data").batches() for found in batch.posts()]
    assert [found.author_name for found in kept] == ["Автор 1", "Автор 50"] and kept[1].text.startswith("И у меня!")
    assert taken(tmp_path, f"{text}skip: {{{column}: []}}\n").outcomes["kept"] == 40, "the target's file goes before the preset"


def test_all_sheets_of_a_made_workbook_with_the_columns_are_read_and_a_summary_is_passed_over(tmp_path: Path) -> None:
    header = [None, "Дата", "Текст", "Источник", "Url", None, "Лайков"]
    rows = [[None, "14.04.2023", f"Плохо {n}", "a.example", f"https://a.example/{n}", "x", n] for n in range(3)]
    book(
        tmp_path, [["Итог", 5], ["Дата", "14.04.2023"]], [[], ["Тема", "Банк"], header, rows[0], [None] * 7, rows[1]], [header, rows[2]], []
    )
    assert taken(tmp_path).outcomes["kept"] == 3
    lines = [line for batch in Archive(tmp_path / "data").batches() for line in batch.lines()]
    assert [line["line"] for line in lines] == [4, 6, 2]
    book(tmp_path, [["Итог", 5], ["Дата", "Текст"]], name="summary.xlsx")
    with pytest.raises(RunFailed, match=r"summary.xlsx: has no column 'Источник', 'Url'; its columns are Дата, Текст: mend"):
        taken(tmp_path)


def test_values_of_cells(tmp_path: Path) -> None:
    when = datetime(2023, 4, 14, 15, 53)  # noqa: DTZ001  cells have no zone
    cells = [when, '=HYPERLINK("https://a.example/""1""";"тут")', "a_x000D_\nb", True, 4.0, "#N/A"]
    path = book(tmp_path, [["date", "link", "text", "yes", "number", "error"], cells])
    (row,) = read_rows(path, "xlsx", wanted=Wanted(("date",)))
    assert list(row.values.values()) == ["2023-04-14T15:53:00", 'https://a.example/"1"', "a\r\nb", True, 4.0, None]


def test_a_made_workbook_with_broken_styles_and_one_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(MADE) as made, zipfile.ZipFile(broken, "w") as copy:
        for name in made.namelist():
            copy.writestr(name, b"<styleSheet><fills>" if name == "xl/styles.xml" else made.read(name))
    wanted = Wanted(("Текст", "Url"))
    assert [row.values for row in read_rows(broken, "xlsx", wanted=wanted)] == [
        row.values for row in read_rows(MADE, "xlsx", wanted=wanted)
    ]
    monkeypatch.setattr("crawlers.workbook.LARGEST", 100)
    with pytest.raises(CollectError, match=r"export.xlsx: is larger than any export, once it is unpacked"):
        list(read_rows(MADE, "xlsx", wanted=wanted))


def test_a_folder_of_made_exports_like_a_mailbox(tmp_path: Path) -> None:
    """Each file is taken once; what is still being written waits, Excel's lock is no file, a copy brings nothing new."""
    path = put(tmp_path, MADE.read_bytes()[:3_000], "a.xlsx")
    put(tmp_path, b"lock", "~$a.xlsx")
    assert taken(tmp_path, BRAND_ANALYTICS).items == 0
    path.write_bytes(MADE.read_bytes())
    assert taken(tmp_path, BRAND_ANALYTICS).items == 0, "it was changed less than a minute ago"
    os.utime(path, (time.time() - 61,) * 2)
    assert taken(tmp_path, BRAND_ANALYTICS).outcomes["kept"] == 4
    assert taken(tmp_path, BRAND_ANALYTICS).items == 0
    os.utime(put(tmp_path, MADE.read_bytes(), "b.xlsx"), (1, 1))
    assert taken(tmp_path, BRAND_ANALYTICS).outcomes["repeated"] == 4
    os.utime(put(tmp_path, MADE.read_bytes()[:3_000], "c.xlsx"), (1, 1))
    with pytest.raises(RunFailed, match=r"c.xlsx: isn't a workbook of Excel, is damaged or not all there yet"):
        taken(tmp_path, BRAND_ANALYTICS)


@needs_real
def test_the_preset_reads_the_columns_measured_in_a_recorded_workbook_of_brand_analytics() -> None:
    measured = json.loads(real("api/monitoring_exports/brand_analytics_columns.json"))["columns"]
    columns = preset("files", "brand_analytics")["columns"]
    assert set(columns.values()) - {"Время"} <= set(measured), "a time of its own stands in csv alone"


@needs_real
def test_another_workbook_made_in_the_layout_of_brand_analytics(tmp_path: Path) -> None:
    put(tmp_path, (REAL / "api" / "monitoring_exports" / "brand_analytics_made.xlsx").read_bytes())
    assert taken(tmp_path).outcomes["kept"] == 6


@needs_real
def test_the_preset_names_the_documented_fields_of_youscan() -> None:
    schemas = yaml.safe_load(real("api/monitoring_exports/youscan-mentions-api-openapi.yml"))["components"]["schemas"]
    documented = {name.lower() for each in ("Mention", "MentionProfile", "MentionEngagement") for name in schemas[each]["properties"]}
    columns = {column.replace(" ", "").lower() for column in preset("files", "youscan")["columns"].values()}
    assert columns - documented == {"date", "time", "authorurl"}, "the API has `published`, and the author's address in the author"
