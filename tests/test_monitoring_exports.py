"""Exports of monitoring systems: the presets of `files`, workbooks, and a folder that is used like a mailbox.

No recording here is real: the workbook of Brand Analytics is made in the layout measured in a real one, those of Medialogia and
YouScan after the names that stand in documentation and in public programs (`tests/test_files.py` replays them whole). The mentions of
YouScan's documents are their examples.
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
from crawlers.post import Post, post_id
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
    assert preset_names("files") == sorted(
        re.findall(r"^\| \[`(\w+)`\]\(../../dags/targets/example-[\w-]+.yaml\) \| [A-Z]", page, re.MULTILINE)
    )


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


YOUSCAN = "kind: files\npreset: youscan\npath: in/*.jsonl\nsettled: null\n"


def youscan(document: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Schemas of one of YouScan's documents, and the mentions that it gives as examples."""
    whole = yaml.safe_load(real(f"api/monitoring_exports/youscan-{document}-api-openapi.yml"))
    paths = {
        "mentions": ("/topics/{topicId}/mentions", "get", "responses", "200", "content", "application/json", "example", "mentions"),
        "webhook": ("/your-webhook-endpoint", "post", "requestBody", "content", "application/json", "example"),
        "data-import": ("/topics/{topicId}/imports", "post", "requestBody", "content", "application/json", "example", "mentions"),
    }
    found = whole["paths"]
    for key in paths[document]:
        found = found[key]
    return whole["components"]["schemas"], found if isinstance(found, list) else [found]


def mentions_taken(tmp_path: Path, mentions: list[dict[str, Any]]) -> list[Post]:
    """The posts of mentions that stand in a file, one to a line."""
    put(tmp_path, "".join(json.dumps(each) + "\n" for each in mentions).encode(), "mentions.jsonl")
    taken(tmp_path, YOUSCAN)
    return [found for batch in Archive(tmp_path / "data").batches() for found in batch.posts()]


def documented_paths(schemas: dict[str, Any], name: str) -> set[str]:
    """Names of a schema's fields, those within others with the way there."""
    found = set()
    for field, said in schemas[name]["properties"].items():
        found.add(field)
        inner = [each["$ref"] for each in [said, *said.get("oneOf", ())] if "$ref" in each]
        for reference in inner:
            within = reference.rpartition("/")[2]
            if "properties" in schemas[within]:
                found |= {f"{field}.{each}" for each in documented_paths(schemas, within)}
    return found


@needs_real
def test_the_preset_names_the_documented_fields_of_youscan() -> None:
    said = preset("files", "youscan")
    fields = [
        documented_paths(youscan("mentions")[0], "Mention"),
        documented_paths(youscan("webhook")[0], "WebhookMention"),
        documented_paths(youscan("data-import")[0], "ImportMention"),
    ]
    ways = {column: {title for title in titles if re.fullmatch("[a-z][A-Za-z.]+", title)} for column, titles in said["titles"].items()}
    columns = set(said["columns"].values()) | set(said["skip"])
    assert columns - {column for column in ways if ways[column]} == {"Time"}, "a time of its own stands in tables alone"
    assert set().union(*ways.values()) <= set().union(*fields)
    for documented in fields:
        assert [column for column in columns if not ways[column] & documented] == ["Time"]


@needs_real
def test_a_documented_mention_of_youscans_interface(tmp_path: Path) -> None:
    [found] = mentions_taken(tmp_path, youscan("mentions")[1])
    assert found.id == found.thread_id == post_id("youscan.io", "blog-post-123")
    assert (found.in_reply_to, found.language, found.place, found.author_name) == (None, "en", "YouScan Blog", "Zhanna Isaieva")
    assert (found.likes, found.replies, found.shares, found.views) == (15, 3, 2, None)


@needs_real
def test_a_documented_mention_that_youscans_webhook_sends(tmp_path: Path) -> None:
    [mention] = youscan("webhook")[1]
    fields = {"postId": "c-1", "parentPostId": mention["postId"], "views": 900, "reposts": 4, "reactions": {"total": 7, "angry": 7}}
    profiles = {"author": mention["author"] | {"subscribers": 150}, "channel": {"name": "YouScan", "subscribers": 12_000}}
    whole, answer = mentions_taken(
        tmp_path, [mention, mention | fields | profiles | {"url": "https://youscan.io/blog/#c1", "postType": "comment"}]
    )
    assert whole.text.startswith("The second year in a row, YouScan is named the Best") and "<b>" not in (whole.title or "<b>")
    assert whole.published == datetime(2021, 8, 9, 14, 13, 3, tzinfo=UTC) and (whole.site, whole.language) == ("youscan.io", "en")
    assert whole.id == whole.thread_id == answer.thread_id == answer.in_reply_to != answer.id
    assert (answer.views, answer.shares, answer.followers, answer.members) == (900, 4, 150, 12_000)
    assert answer.likes == 12, "reactions are of anger too, and no likes"


@needs_real
def test_a_documented_mention_that_youscan_imports(tmp_path: Path) -> None:
    [mention] = youscan("data-import")[1]
    kinds = {"Repost": "2", "Comment": "3"}
    others = [mention | {"postType": kind, "postId": number, "url": f"https://example.com/{number}"} for kind, number in kinds.items()]
    first, comment = mentions_taken(tmp_path, [mention, *others])
    assert first.id == post_id("example.com", "post-123") and comment.id == post_id("example.com", "3"), "the repost is left out"
    assert first.in_reply_to == post_id("example.com", "thread-456") and first.thread_id == post_id("example.com", "discussion-789")
    assert (first.followers, first.members, first.views, first.rating, first.language) == (1_500, 50_000, 1_250, 4.5, "en")
    assert (first.likes, first.shares, first.replies, first.place) == (42, 3, 5, "Product Reviews")


def test_made_mentions_of_youscan_are_the_posts_that_our_own_sources_bring(tmp_path: Path) -> None:
    common = {"published": "2026-08-01T10:00:00Z", "text": "Плохо", "discussionId": "d1", "postType": "extendedRepost"}
    on_vk = {"source": "vk.com", "url": "https://vk.com/wall-1_10?reply=11", "postId": "yet-another", "language": "rus"}
    elsewhere = {"source": "ok.ru", "url": "https://ok.ru/topic/5", "postId": "5", "language": "Русский"}
    of_vk, of_ok = mentions_taken(tmp_path, [common | on_vk, common | elsewhere])
    assert (of_vk.id, of_vk.thread_id, of_vk.language) == (post_id("vk.com", "-1_11"), post_id("vk.com", "-1_10"), "ru")
    assert (of_ok.id, of_ok.thread_id, of_ok.language) == (post_id("ok.ru", "5"), post_id("ok.ru", "d1"), None)
