"""Files of other systems: every format, every kind of bad row, and files that grow or are replaced."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers import jsonlist
from crawlers.archive import Archive
from crawlers.collect import collect
from crawlers.collectors import files
from crawlers.encoded import as_text
from crawlers.post import Post, post_to_json
from crawlers.run import Run, RunFailed
from crawlers.sink import find_target
from crawlers.source import CollectError, Rejected
from crawlers.table import read_rows
from tests.target_folder import COLUMNS, TARGET, at, files_target, row, write_config

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "recorded" / "files"


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS.split(","), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_bytes(form: str, rows: list[dict[str, Any]]) -> bytes:
    if form == "csv":
        return as_csv(rows).encode()
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=1).encode()
    if form == "jsonl":
        return "".join(json.dumps(values, ensure_ascii=False) + "\n" for values in rows).encode()
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def put(tmp_path: Path, content: bytes | str, name: str = "export.csv") -> Path:
    path = tmp_path / "config" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def taken(tmp_path: Path, name: str = "export.csv", more: str = "", **options: Any) -> Run:
    config = tmp_path / "config"
    return collect(files_target(config, path=name, more=more), data=tmp_path / "data", config=config, **options)


def posts(tmp_path: Path) -> list[Post]:
    return [post for batch in Archive(tmp_path / "data").batches() for post in batch.posts()]


def rejects(tmp_path: Path) -> list[tuple[int | None, str]]:
    return [(reject.line, reject.reason) for batch in Archive(tmp_path / "data").batches() for reject in batch.rejects()]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
def test_every_format_gives_the_same_posts(tmp_path: Path, form: str, packed: bool) -> None:
    rows = [row(1), row(2, text='Две\nстроки, "кавычки"; и запятая', stars="1"), row(3, date="2024-05-01T10:30:00", likes="12")]
    content = as_bytes(form, rows)
    name = f"export.{form}" + (".gz" if packed else "")
    put(tmp_path, gzip.compress(content) if packed else content, name)
    assert taken(tmp_path, name).outcomes["kept"] == 3
    found = posts(tmp_path)
    assert [post.text for post in found] == ["Отзыв номер 1", 'Две\nстроки, "кавычки"; и запятая', "Отзыв номер 3"]
    assert [(post.rating, post.likes) for post in found] == [(5, 0), (1, 0), (5, 12)]
    assert found[2].published == at("2024-05-01T07:30:00")
    assert {post.author_id for post in found} == {"reviews.example:a"}


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [("utf-8-sig", "utf-8"), ("cp1251", "windows-1251"), ("koi8-r", "koi8-r"), ("utf-16", "utf-16"), ("utf-16", "utf-8")],
)
def test_encodings(tmp_path: Path, encoding: str, stated: str) -> None:
    put(tmp_path, as_csv([row(number) for number in range(50)]).encode(encoding))
    assert taken(tmp_path, more=f"encoding: {stated}\n").outcomes["kept"] == 50
    assert posts(tmp_path)[49].text == "Отзыв номер 49"


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [("utf-8", "windows-1251"), ("utf-8", "koi8-r"), ("windows-1251", "koi8-r"), ("koi8-r", "windows-1251"), ("ibm866", "iso-8859-1")],
)
def test_another_encoding_than_stated_is_never_kept_as_garbage(tmp_path: Path, encoding: str, stated: str) -> None:
    put(tmp_path, as_csv([row(number) for number in range(30)]).encode(encoding) + b"31,\xd0,a,2024-05-01,5,0\n")
    with pytest.raises(CollectError, match=f"export.csv: it is in {encoding}, not in .*, which the target states: mend its `encoding`"):
        taken(tmp_path, more=f"encoding: {stated}\n")
    assert not Archive(tmp_path / "data").batches()


@pytest.mark.parametrize(("text", "stated"), [("ВСЁ ПЛОХО, НЕ СОВЕТУЮ НИКОМУ", "koi8-r"), ("Très déçu, même à l'été", "iso-8859-1")])
def test_an_unusual_text_in_the_encoding_stated_is_kept(tmp_path: Path, text: str, stated: str) -> None:
    put(tmp_path, as_csv([row(number, text=text) for number in range(30)]).encode(stated))
    assert taken(tmp_path, more=f"encoding: {stated}\n").outcomes["kept"] == 30
    assert posts(tmp_path)[0].text == text


def test_unnamed_columns_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "".join(line + ",,\n" for line in as_csv([row(1), row(2)]).splitlines()))
    assert taken(tmp_path).outcomes["kept"] == 2


def test_a_bad_row_stays_with_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = as_csv([row(number) for number in range(60)]).encode().splitlines(keepends=True)
    lines[3] = b"9,too few columns\r\n"
    lines[5] = "5,Отзыв,a,2024-05-01,5,0\r\n".encode("cp1251")
    lines[7] = '7,"кавычка без пары,a,2024-05-01,5,0\r\n'.encode()
    lines[9] = '9,"много" лишнего,a,2024-05-01,5,0\r\n'.encode()
    lines[11] = b"11,,a,2024-05-01,5,0\r\n"
    lines[13] = b"13,text,a,40.05.2024,5,many\r\n"
    lines[15] = b"15,text,a,2024-05-01,5,-3\r\n"
    put(tmp_path, b"".join(lines))
    run = taken(tmp_path)
    assert rejects(tmp_path) == [
        (4, "2 columns, the header has 6"), (6, "not utf-8"), (8, "a quote is opened and not closed"), (10, "quotes that don't fit"),
        (12, "no text"), (14, "impossible date"), (16, "likes isn't a number of people or reactions"),
    ]  # fmt: skip
    assert run.outcomes["kept"] == 53 and run.outcomes["rejected"] == 7


def test_impossible_dates_and_numbers_reject_their_row_alone(tmp_path: Path) -> None:
    rows = [row(number) for number in range(60)]
    rows[1] |= {"date": "0001-01-01 00:00:00"}
    rows[2] |= {"date": "9999-12-31T23:59:59-05:00"}
    rows[3] |= {"likes": "inf"}
    rows[4] |= {"likes": "1e400"}
    rows[5] |= {"likes": "1e30"}
    rows[6] |= {"likes": "nan"}
    rows[7] |= {"author": "a" * 1001}
    put(tmp_path, as_csv(rows))
    run = taken(tmp_path)
    number = "likes isn't a number of people or reactions"
    expected = ["impossible date"] * 2 + [number] * 4 + ["author_id longer than 1000 characters"]
    assert rejects(tmp_path) == list(enumerate(expected, 3))
    assert run.outcomes["kept"] == 53 and max(post.likes or 0 for post in posts(tmp_path)) == 0


def test_an_authors_page_that_is_no_link_is_left_out(tmp_path: Path) -> None:
    links = ["https://reviews.example/u/1", "javascript:alert(1)", "http://[", "u/1"]
    put(tmp_path, as_csv([row(number, author=link) for number, link in enumerate(links)]))
    more = "unique_logins: true\n"
    config = tmp_path / "config"
    text = TARGET.format(path="export.csv").replace("author_id: author", "author_url: author") + more
    write_config(config, export=text)
    collect(find_target("export", config), data=tmp_path / "data", config=config)
    found = [(post.author_url, post.author_id) for post in posts(tmp_path)]
    assert found == [(links[0], f"reviews.example:{links[0]}"), (None, None), (None, None), (None, None)]


def test_bad_lines_of_json_lines(tmp_path: Path) -> None:
    good = [json.dumps(row(number), ensure_ascii=False).encode() for number in range(20)]
    good[2], good[4], good[6] = b'{"id": 1, "text": "torn', b"[1, 2]", json.dumps(row(6), ensure_ascii=False).encode("cp1251")
    put(tmp_path, b"\n".join(good), "export.jsonl")
    run = taken(tmp_path, "export.jsonl")
    assert rejects(tmp_path) == [(3, "broken JSON"), (5, "not a record but a single value or a list"), (7, "not utf-8")]
    assert run.outcomes["kept"] == 17


@pytest.mark.parametrize(("form", "line"), [("csv", 4), ("json", 18), ("jsonl", 3)])
def test_a_row_of_no_reasonable_length_is_said_to_be_too_long_and_the_rest_goes_on(tmp_path: Path, form: str, line: int) -> None:
    rows = [row(number) for number in range(8)]
    rows[2] |= {"text": 'много "слов", {и} скобок] \\\\ ' * 500_000}
    put(tmp_path, as_bytes(form, rows), f"export.{form}")
    assert taken(tmp_path, f"export.{form}").outcomes["kept"] == 7
    assert rejects(tmp_path) == [(line, "longer than 16 MB")]
    assert taken(tmp_path, f"export.{form}").items == 0


STRINGS = st.text('аб"\\{}[],: \n\0', max_size=8)
VALUES = st.recursive(
    STRINGS | st.integers(-999, 999) | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(STRINGS, VALUES, max_size=3), min_size=1, max_size=5), st.sampled_from([1, 2, 5, 40]), st.booleans())
def test_a_list_is_read_alike_in_pieces_of_any_size(records: list[dict[str, Any]], piece: int, spaced: bool) -> None:
    content = json.dumps(records, ensure_ascii=not spaced, indent=1 if spaced else None).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonlist, "CHUNK", piece)
        assert [found.values for found in jsonlist.read_list(as_text(io.BytesIO(content), "utf-8"))] == records
        patch.setattr(jsonlist, "LONGEST", 15)
        found = list(jsonlist.read_list(as_text(io.BytesIO(content), "utf-8")))
    assert len(found) == len(records)
    assert {each.error for each in found} <= {None, "longer than 16 MB"}


@settings(max_examples=150, deadline=None)
@given(st.text('a1"\\{}[],: \n', max_size=40), st.sampled_from([1, 3, 40]), st.sampled_from([9, 1_000]))
def test_whatever_a_list_holds_its_reading_ends(text: str, piece: int, longest: int) -> None:
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(CollectError):
        patch.setattr(jsonlist, "CHUNK", piece)
        patch.setattr(jsonlist, "LONGEST", longest)
        assert len(list(jsonlist.read_list(as_text(io.BytesIO(f"[{text}]".encode()), "utf-8")))) <= len(text)


def test_a_broken_element_of_a_list_stays_with_its_line(tmp_path: Path) -> None:
    good = [json.dumps(row(number)) for number in range(6)]
    good[1], good[3], good[4] = '{"id": , "text": "}{"}', "tru", '{"id": ' + "9" * 5_000 + "}"
    put(tmp_path, "[" + ",\n".join(good) + "]", "export.json")
    assert taken(tmp_path, "export.json", "limits: {rejected: 1}\n").outcomes["kept"] == 3
    assert rejects(tmp_path) == [(2, "broken JSON"), (4, "broken JSON"), (5, "broken JSON")]


def test_what_is_null_or_absent_in_a_record_of_json_is_unknown(tmp_path: Path) -> None:
    put(tmp_path, '{"id":"1","text":"привет","date":null,"author":null,"stars":null,"likes":null}\n', "export.jsonl")
    assert str(taken(tmp_path, "export.jsonl")) == "kept 1, changed 0, repeated 0, rejected 0, deferred 0, undated 1"
    put(tmp_path, '{"id":"2","text":null}\n{"id":"3","text":"привет"}\n', "export.jsonl")
    run = taken(tmp_path, "export.jsonl")
    assert rejects(tmp_path) == [(1, "no text")] and run.outcomes["kept"] == 1
    assert str(run).endswith(
        "undated 1, without column 'author' 1, without column 'date' 1, without column 'stars' 1, without column 'likes' 1"
    )
    assert Archive(tmp_path / "data").runs("export")[-1].counts == run.counts


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_column_that_no_record_has_fails_the_run(tmp_path: Path, form: str) -> None:
    config = tmp_path / "config"
    text = TARGET.format(path=f"export.{form}").replace("rating: stars", "rating: starz, author: by.name")
    write_config(config, export=text)
    rows = [row(number, by=None if number < 19 else {"nick": "b"}) for number in range(20)]
    put(tmp_path, as_bytes(form, rows[:19]), f"export.{form}")
    target = find_target("export", config)
    assert str(collect(target, data=tmp_path / "data", config=config)).endswith("without column 'starz' 19")
    cursor = Archive(tmp_path / "data").cursor("export")
    put(tmp_path, as_bytes(form, [values | {"by": {"nick": "b"}} for values in rows]), f"export.{form}")
    with pytest.raises(CollectError, match=r"no record has 'by.name', 'starz' \(20 looked at\); they have id, text, .*, by: mend"):
        collect(target, data=tmp_path / "data", config=config)
    assert Archive(tmp_path / "data").cursor("export") == cursor


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_is_no_text_and_no_number_rejects_its_record(tmp_path: Path, form: str) -> None:
    put(tmp_path, as_bytes(form, [row(1, text=["a", "b"], author={"name": "a"}, stars=[5], likes=True)]), f"export.{form}")
    (only,) = read_rows(tmp_path / "config" / f"export.{form}", "jsonl" if form == "jsonl" else "parquet")
    target = files_target(tmp_path / "config")
    wrong = {
        "text": "a text but a list",
        "author": "a text but an object",
        "stars": "a rating but a list",
        "likes": "a number but a boolean",
    }
    for column, reason in wrong.items():
        with pytest.raises(Rejected, match=f"{column} isn't {reason}"):
            files.post(row(1) | {column: only.values[column]}, target, at("2024-06-01"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("export.csv", b"", "export.csv: the file is empty"),
        ("export.csv", COLUMNS.encode() + b"\n", "export.csv: has no rows"),
        ("export.csv", b"id,review\n1,a\n", "export.csv: has no column 'text', 'author'"),
        ("export.csv", as_csv([row(1)], ";").encode(), "or is the delimiter ';'?: mend the target's `columns`"),
        ("export.csv", b"id,text,text\n1,a,b\n", "export.csv: line 1: columns given twice: text"),
        ("export.csv", as_csv([row(n) for n in range(9)]).encode("cp1251"), "perhaps `encoding: windows-1251`"),
        ("export.csv", b"id,text,author,date,stars,,\n1,a,b,,5,,\n", "its columns are id, text, author, date, stars: mend"),
        ("export.csv.gz", gzip.compress(as_csv([row(n) for n in range(9)]).encode(), mtime=0)[:60], "packed file is damaged or cut off"),
        ("export.json", b"[]", "export.json: has no rows"),
        ("export.json", b'{"id": 1}', "is a single record, not a list of records; if each line is a record, state `format: jsonl`"),
        ("export.json", b'[{"id": "1", "text": "a", "date": ""}, {"id": ', "export.json: line 1: broken JSON"),
        ("export.json", b'[{"id": "1", "text": "a", "date": "2024-05-01"}', "line 1: the list isn't closed: the file is cut off"),
        ("export.json", b"<html>", "export.json: isn't JSON: it must begin with `[`"),
        ("export.jsonl", b'{"id": "1", "review": "a", "date": ""}\n', "no record has 'text', 'author', 'stars', 'likes' (1 looked at);"),
        ("export.parquet", b"PAR1 and nothing else", "export.parquet: isn't Parquet, or is damaged"),
        ("export.xlsx", b"PK and the rest to come", "export.xlsx: isn't a workbook of Excel, is damaged or not all there yet"),
        ("export.xls", b"PK", "export.xls: its extension doesn't tell what it is: state `format`"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_as_a_whole_fails_and_the_cursor_stays(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    put(tmp_path, content, name)
    with pytest.raises(CollectError) as caught:
        taken(tmp_path, name)
    assert message in str(caught.value)
    assert Archive(tmp_path / "data").cursor("export") == {}


def test_a_file_cut_short_loses_and_doubles_nothing(tmp_path: Path) -> None:
    whole = gzip.compress(as_csv([row(number, text=os.urandom(200).hex()) for number in range(1_300)]).encode())
    for part in (whole[: len(whole) * 2 // 3], whole[: len(whole) * 4 // 5]):
        put(tmp_path, part, "export.csv.gz")
        with pytest.raises(RunFailed, match="the packed file is damaged or cut off"):
            taken(tmp_path, "export.csv.gz")
    before = len(posts(tmp_path))
    put(tmp_path, whole, "export.csv.gz")
    run = taken(tmp_path, "export.csv.gz")
    assert 0 < before < 1_300 and (run.items, len({post.id for post in posts(tmp_path)})) == (1_300 - before, 1_300)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"no file matches 'export.csv' in .*: put it there, or mend the target's `path`"):
        taken(tmp_path)


def test_a_bad_file_leaves_the_good_ones_alone(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(1)]), "in/a.csv")
    put(tmp_path, b"", "in/b.csv")
    put(tmp_path, as_csv([row(2)]), "in/c.csv")
    with pytest.raises(RunFailed) as caught:
        taken(tmp_path, "in/*.csv")
    assert caught.value.run.outcomes["kept"] == 2 and "b.csv: the file is empty" in str(caught.value)
    put(tmp_path, as_csv([row(3)]), "in/b.csv")
    assert taken(tmp_path, "in/*.csv").items == 1


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
def test_a_file_that_grew_is_read_on_and_a_replaced_one_anew(tmp_path: Path, form: str) -> None:
    name = f"export.{form}"
    rows = [row(number) for number in range(5)]
    put(tmp_path, as_bytes(form, rows), name)
    assert taken(tmp_path, name).outcomes["kept"] == 5
    assert taken(tmp_path, name).items == 0
    rows += [row(5), row(6)]
    put(tmp_path, as_bytes(form, rows), name)
    run = taken(tmp_path, name)
    assert (run.items, run.outcomes["kept"]) == (2, 2)
    put(tmp_path, as_bytes(form, [row(7), *rows[:3]]), name)
    run = taken(tmp_path, name)
    assert (run.outcomes["kept"], run.outcomes["repeated"]) == (1, 3)


def test_a_file_that_was_only_touched_brings_nothing(tmp_path: Path) -> None:
    path = put(tmp_path, as_csv([row(1)]))
    taken(tmp_path)
    os.utime(path, ns=(1, 1))
    assert taken(tmp_path).items == 0


def test_a_target_that_reads_otherwise_reads_anew(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(1, text="", author="Хороший банк")] + [row(number) for number in range(2, 9)]))
    assert taken(tmp_path).outcomes["rejected"] == 1
    run = taken(tmp_path, more="ratings_without_text: true\n")
    assert (run.outcomes["kept"], run.outcomes["repeated"]) == (1, 7)


def test_a_run_may_be_limited_and_the_next_goes_on(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(number) for number in range(1_200)]))
    counts = [taken(tmp_path, more="limits: {items: 500}\n").outcomes["kept"] for _ in range(4)]
    assert counts == [500, 500, 200, 0]


def test_a_limit_is_kept_to_the_item_over_files_and_repeated_rows(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(number) for number in range(15)]), "a.csv")
    put(tmp_path, as_csv([row(number) for number in range(5, 30)]), "b.csv")
    counts = [taken(tmp_path, "?.csv", "limits: {items: 10}\n") for _ in range(5)]
    assert [run.items for run in counts] == [10, 10, 10, 10, 0]
    assert [run.outcomes["kept"] for run in counts] == [10, 5, 5, 10, 0]


def test_since_collects_again_and_leaves_the_cursor(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(1), row(2, date="2024-07-01")]))
    taken(tmp_path)
    cursor = Archive(tmp_path / "data").cursor("export")
    run = taken(tmp_path, since=at("2024-06-01"))
    assert (run.outcomes["older"], run.outcomes["repeated"]) == (1, 1)
    assert Archive(tmp_path / "data").cursor("export") == cursor


def test_the_target_bounds_its_first_run(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(1), row(2, date="2024-07-01")]))
    run = taken(tmp_path, more="since: 2024-06-01\n")
    assert (run.outcomes["older"], run.outcomes["kept"]) == (1, 1)


ABOUT = "about: {column: author, mapping: {Весты: Вестарна}}\n"


def test_whom_a_row_is_about_is_said_by_a_column(tmp_path: Path) -> None:
    said = ["ВЕСТАРНА", "Весты", "Дукатор", "", "Неведомый банк", "Неведомый банк", "Другой"]
    put(tmp_path, as_csv([row(number, author=name) for number, name in enumerate(said)]))
    run = taken(tmp_path, more=ABOUT)
    assert [post.about for post in posts(tmp_path)] == [("vestarna",), ("vestarna",), ("dukator",), ()]
    assert run.reasons == {"company not in brands.yaml: Неведомый банк": 2, "company not in brands.yaml: Другой": 1}
    assert files.companies(files_target(tmp_path / "config", more=ABOUT))["Неведомый банк"] == 2


def test_a_company_that_is_watched_later_has_its_rows_read_then(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(number, author=name) for number, name in enumerate(["Вестарна"] * 8 + ["Новый банк"])]))
    assert taken(tmp_path, more=ABOUT).reasons == {"company not in brands.yaml: Новый банк": 1}
    assert taken(tmp_path, more=ABOUT).items == 0
    target, brands = find_target("export", tmp_path / "config"), tmp_path / "config" / "brands.yaml"
    told = brands.read_text(encoding="utf-8")
    brands.write_text(told + "    products:\n      - {slug: loan, name: Кредит, kind: loan}\n", encoding="utf-8")
    assert collect(target, data=tmp_path / "data", config=tmp_path / "config").items == 0, "products name no company"
    brands.write_text(told + "  - {slug: new, name: Новый банк}\n", encoding="utf-8")
    run = collect(target, data=tmp_path / "data", config=tmp_path / "config")
    assert (run.outcomes["kept"], run.outcomes["repeated"], run.outcomes["rejected"]) == (1, 8, 0)
    assert posts(tmp_path)[-1].about == ("new",)
    assert collect(target, data=tmp_path / "data", config=tmp_path / "config").items == 0


def test_what_brands_mean_nothing_to_is_not_read_again_for_them(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(1)]))
    assert taken(tmp_path).outcomes["kept"] == 1
    brands = tmp_path / "config" / "brands.yaml"
    brands.write_text(brands.read_text(encoding="utf-8") + "  - {slug: new, name: Новый банк}\n", encoding="utf-8")
    assert collect(find_target("export", tmp_path / "config"), data=tmp_path / "data", config=tmp_path / "config").items == 0


def test_a_target_about_an_unknown_company_fails_before_it_begins(tmp_path: Path) -> None:
    put(tmp_path, as_csv([row(1)]))
    with pytest.raises(CollectError, match=r"about: 'Нет такой' isn't in brands.yaml"):
        taken(tmp_path, more="about: Нет такой\n")


def test_rows_that_the_target_skips_are_counted_and_never_make_it_fail(tmp_path: Path) -> None:
    rows = [row(number, author=("реклама" if number < 30 else "Анна")) for number in range(36)]
    rows[35] |= {"text": ""}
    put(tmp_path, as_csv(rows))
    more = "skip: {author: [Реклама, Новости]}\n"
    run = taken(tmp_path, more=more)
    assert (run.error, run.outcomes["kept"]) == (None, 5)
    assert run.reasons == {"skipped: author is реклама": 30, "no text": 1}
    assert taken(tmp_path, more=more).items == 0
    put(tmp_path, as_csv([row(number, text="") if number % 2 else row(number, author="реклама") for number in range(100, 140)]))
    with pytest.raises(RunFailed, match=r"20 of 20 new items were rejected, more than 20% \(no text: 20; first line 3: no text\)"):
        taken(tmp_path, more=more)
    with pytest.raises(CollectError, match="has no column 'kind'"):
        taken(tmp_path, more="skip: {kind: [repost]}\n")


def test_identity_without_ids(tmp_path: Path) -> None:
    target = files_target(tmp_path / "config")

    def identity(**values: Any) -> str:
        return files.post(row(1, id=None) | values, target, at("2024-06-01")).id

    assert identity() == identity(stars="1", likes="9")
    assert len({identity(), identity(text="другой"), identity(date="2024-05-02"), identity(date="3 мая"), identity(date="4 мая")}) == 5
    with pytest.raises(Rejected, match="no text"):
        identity(text="", author="", date="")


def test_dotted_paths_several_texts_and_the_thread(tmp_path: Path) -> None:
    target = files_target(tmp_path / "config").model_copy(update={"site": None, "sites": {"vk": "vk.com"}})
    columns = type(target.columns).model_validate(
        {"id": "id", "text": ["plus", "minus"], "author": "by.name", "thread": "topic", "reply_to": "parent", "site": "from", "url": "url"}
    )
    target = target.model_copy(update={"columns": columns})
    raw = {"id": 7.0, "plus": "быстро", "minus": "дорого", "by": {"name": "Анна"}, "topic": 1, "parent": 7, "from": "vk"}
    post = files.post(raw, target, at("2024-06-01"))
    assert (post.text, post.author_name, post.author_id, post.site) == ("быстро\n\nдорого", "Анна", None, "vk.com")
    assert post.in_reply_to == post.id and post.thread_id not in (None, post.id)
    with pytest.raises(Rejected, match="no site"):
        files.post(raw | {"from": None}, target, at("2024-06-01"))


def test_memory_does_not_grow_with_a_list(tmp_path: Path) -> None:
    path = put(tmp_path, b"[" + b",\n".join(json.dumps(row(n), ensure_ascii=False).encode() for n in range(30_000)) + b"]", "a.json")
    found = [(first.line, first.values["id"]) for first in read_rows(path, "json")]
    assert len(found) == 30_000 and found[-1] == (30_000, "29999")


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_recorded_made_and_documented_exports(tmp_path: Path, case: str) -> None:
    """An export as other systems write it, its target, and the posts expected of it."""
    folder = CASES / case
    config = tmp_path / "config"
    write_config(config, export=(folder / "target.yaml").read_text(encoding="utf-8"))
    for path in folder.glob("export.*"):
        (config / path.name).write_bytes(path.read_bytes())
    collect(find_target("export", config), data=tmp_path / "data", config=config)
    given = [{**post_to_json(post), "collected": "-"} for post in posts(tmp_path)]
    expected = folder / "posts.json"
    if not expected.exists():
        expected.write_text(json.dumps(given, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{case} had no posts.json: it is written now; read it, then keep it")
    assert given == json.loads(expected.read_text(encoding="utf-8"))
