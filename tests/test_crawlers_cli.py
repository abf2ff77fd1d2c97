"""python -m crawlers: what people and scripts see of it."""

from __future__ import annotations

import json
import re
import socket
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crawlers import __main__ as commands
from crawlers.__main__ import app
from crawlers.brand import read_brands
from crawlers.place import config_folder, data_folder
from crawlers.sink import find_target
from crawlers.writer import Writer
from tests.target_folder import TARGET, write_config

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "benchmarks" / "corpus" / "config"
LABELS = ROOT.parent / "shared" / "labels"
ROWS = "id,text,author,date,stars,likes\n1,Хорошо,a,2024-05-01,5,0\n2,,Другой,2024-05-01,5,0\n3,Плохо,Вестарна,3 мая,1,4\n"


@pytest.fixture(name="config")
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = write_config(tmp_path / "config", export=TARGET.format(path="export.csv"))
    (config / "export.csv").write_text(ROWS, encoding="utf-8")
    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path / "data"))
    return config


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", ["new", "list", "check", "preview", "collect", "health"])
def test_help_is_worth_reading(command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0 and "python -m crawlers" in out and "MOLVA_CONFIG" in out


@pytest.mark.parametrize("package", ["crawlers", "nlp", "index", "advocacy"])
def test_every_command_has_short_help(package: str) -> None:
    result = CliRunner().invoke(import_module(f"{package}.__main__").app, ["-h"])
    assert result.exit_code == 0 and "-h" in result.stdout and "Usage" in result.stdout


def test_a_row_of_the_list_is_one_line_whatever_failed(config: Path) -> None:
    for name in ("a", "b"):
        (config / f"{name}.csv").touch()
    write_config(config, export=TARGET.format(path='"[ab].csv"'))
    assert run("collect", "export")[0] == 1
    header, line = run("list")[1].splitlines()
    assert header == "target\tkind\tschedule\tabout\tlast run"
    assert line.endswith("failed: a.csv: the file is empty; b.csv: the file is empty") and line.count("\t") == 4


@pytest.mark.parametrize("arguments", [["list"], ["collect", "--all"]])
def test_a_configuration_without_targets_is_a_mistake(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "empty" / "targets").mkdir(parents=True)
    for folder in (tmp_path / "empty", tmp_path / "absent"):
        code, out, err = run(*arguments, "--config", str(folder))
        assert (code, out) == (2, "") and err.startswith(f"There are no targets in {folder}/targets: add a file NAME.yaml there")


def test_targets_that_are_all_switched_off_are_said(config: Path) -> None:
    write_config(config, export=TARGET.format(path="export.csv") + "enabled: false\n")
    assert run("collect", "--all") == (0, "", f"Every target in {config}/targets is switched off (`enabled: false`).\n")


def test_files_in_folders_below_that_of_the_targets_are_not_read_and_that_is_said(config: Path) -> None:
    for name in ("sub/x.yaml", "sub/deeper/y.yml", ".off/z.yaml", "sub/..data/z.yaml", "sub/notes.txt"):
        (config / "targets" / name).parent.mkdir(parents=True, exist_ok=True)
        (config / "targets" / name).write_text("kind: nothing\n", encoding="utf-8")
    folder = config / "targets"
    lost = f"{folder}/sub/deeper/y.yml, {folder}/sub/x.yaml: not read, as a target's file stands in {folder} itself"
    code, out, err = run("check")
    assert (code, err) == (0, "") and lost in out and "z.yaml" not in out and "1 targets and 2 brands are right." in out
    code, out, err = run("collect", "--all")
    assert code == 0 and out.startswith("export: kept 2") and err.startswith(lost)
    assert run("list")[2].startswith(lost)
    code, out, err = run("collect", "x")
    assert (code, out) == (2, "") and f"there is no target 'x'; there are: export; {lost}" in err


def test_preview_shows_what_it_has_and_then_the_error(config: Path) -> None:
    (config / "a.csv").write_text(ROWS, encoding="utf-8")
    (config / "b.csv").touch()
    write_config(config, export=TARGET.format(path='"[ab].csv"'))
    code, out, err = run("preview", "export")
    doubt = "look: 1 of 2 posts has no date: what is undated enters no period and no trend\n"
    assert (code, out.count("\nkept"), err) == (1, 1, f"{doubt}export: b.csv: the file is empty\n")
    write_config(config, export=TARGET.format(path="b.csv"))
    assert run("preview", "export") == (1, "", "export: b.csv: the file is empty\n")


def test_collect_says_what_became_of_every_item(config: Path) -> None:
    assert run("collect", "export") == (
        0,
        "export: kept 2, changed 0, repeated 0, rejected 1 (no text: 1), deferred 0, undated 1\n  rejected: line 3: no text\n",
        "",
    )
    assert run("collect", "--all")[1] == "export: kept 0, changed 0, repeated 0, rejected 0, deferred 0\n"
    code, out, _ = run("list")
    name, kind, schedule, about, last = out.strip().splitlines()[1].split("\t")
    assert (code, name, kind, schedule, about) == (0, "export", "files", "by hand", "-")
    assert last.endswith("Z kept 0, changed 0, repeated 0, rejected 0, deferred 0")


def test_a_log_is_told_how_far_it_is(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("collect", "export")[2] == ""
    monkeypatch.setattr(commands, "SECONDS_OF_SILENCE", 0.0)
    assert run("collect", "export", "--since", "2024-01-01")[2] == "export: 3 items\n" * 2


def test_what_a_spider_failed_at_is_said_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/feed.xml"
        write_config(config, blog=f"kind: feed\nurl: {url}\nlanguage: ru\ndelay: 0\nallow_private: true\n")
        monkeypatch.setattr(commands, "SECONDS_OF_SILENCE", 0.0)  # every line that the spider writes is shown
        code, out, err = run("collect", "blog")
    assert (code, out) == (1, "")
    [line] = err.splitlines()
    assert line.startswith(f"blog: {url}: Connection was refused") and line.endswith("(asked for robots.txt first)")


def test_one_failure_does_not_stop_the_others(config: Path, tmp_path: Path) -> None:
    write_config(config, absent=TARGET.format(path="absent.csv"), off=TARGET.format(path="absent.csv") + "enabled: false\n")
    code, out, err = run("collect", "--all")
    assert code == 1 and out.startswith("export: kept 2")
    assert err.startswith("absent: path: no file matches 'absent.csv'")
    write_config(config, broken="kind: nothing\n")
    code, out, err = run("collect", "broken", "export")
    assert code == 2 and "broken.yaml:1: kind: must be one of" in err
    assert out.startswith("export: kept 0")


def test_a_target_that_waits_for_its_key_fails_no_other(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOLVA_TEST_VK", raising=False)
    write_config(config, wall="kind: vk\nwalls: [vestarna]\ntoken_env: MOLVA_TEST_VK\n")
    waits = "wall waits for a key: the environment variable MOLVA_TEST_VK isn't set\n"
    code, out, err = run("collect", "--all")
    assert (code, out.partition(" ")[0], err) == (0, "export:", waits)
    code, out, err = run("recheck", "--all")
    assert (code, out.partition(" ")[0], err) == (0, "export:", waits)
    assert run("collect", "wall")[0] == 1, "it was asked for by name"


def test_a_target_that_waits_for_two_keys_names_both(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("MOLVA_REDDIT_ID", "MOLVA_REDDIT_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    write_config(config, forum="kind: reddit\nsubreddits: [banks]\n")
    waits = "forum waits for keys: the environment variables MOLVA_REDDIT_ID and MOLVA_REDDIT_SECRET aren't set\n"
    assert run("collect", "--all")[2] == waits
    monkeypatch.setenv("MOLVA_REDDIT_ID", "x")
    assert run("collect", "--all")[2] == "forum waits for a key: the environment variable MOLVA_REDDIT_SECRET isn't set\n"


def test_missing_brands_are_said_with_what_to_begin_with(config: Path) -> None:
    (config / "brands.yaml").unlink()
    code, _, err = run("collect", "export")
    assert code == 2 and "brands.yaml: is missing: it says whom to look for; begin with a copy of dags/brands.yaml" in err


def test_a_target_that_is_being_collected_is_refused(config: Path, tmp_path: Path) -> None:
    with Writer(find_target("export", config), read_brands(config), data=tmp_path / "data"):
        code, out, err = run("collect", "export")
    assert (code, out) == (1, "") and err.startswith("export is being collected already, by process ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["collect"], "name the targets to collect, or give --all"),
        (["collect", "export", "--all"], "name the targets to collect, or give --all"),
        (["collect", "nope"], "there is no target 'nope'; there are: export"),
        (["preview", "nope"], "there is no target 'nope'"),
        (["collect", "export", "--since", "yesterday"], "yesterday"),
        (["fetch"], "No such command"),
    ],
)
def test_wrong_use_ends_with_2(config: Path, arguments: list[str], message: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2 and message in err


def test_preview_shows_posts_and_reasons(config: Path, tmp_path: Path) -> None:
    code, out, _ = run("preview", "export", "--limit", "2")
    assert code == 0
    shown, rejected, fields = out.split("\n\n")
    assert (shown.splitlines()[0], rejected) == ("kept  line 2", "rejected  line 3: no text")
    values = dict(line.split(maxsplit=1) for line in shown.splitlines()[1:])
    assert values.pop("id").startswith("reviews.example:")
    assert values == {
        "site": "reviews.example", "text": "Хорошо", "language": "ru", "author_id": "reviews.example:a", "published": "2024-05-01",
        "rating": "5.0", "likes": "0",
    }  # fmt: skip
    assert {"text\t1 of 1\tХорошо", "rating\t1 of 1\t5.0", "url\t0 of 1\t"} <= set(fields.splitlines())
    code, out, _ = run("preview", "export", "--json")
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["kept", "rejected", "kept"]
    assert not (tmp_path / "data").exists()


def test_preview_fits_a_terminal_and_cuts_what_is_long(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    words = "слово " * 100 + "конец"
    (config / "export.csv").write_text(f"id,text,author,date,stars,likes\n1,{words},a,2024-05-01,5,0\n", encoding="utf-8")
    lines = run("preview", "export")[1].partition("\n\n")[0].splitlines()
    assert max(map(len, lines)) <= 80
    [start] = [number for number, line in enumerate(lines) if line.startswith("  text")]
    assert lines[start + 1].startswith(" " * 16 + "слово") and "(605 characters)" in " ".join(lines)


def test_preview_as_a_table_has_a_row_for_each_item(config: Path) -> None:
    code, out, _ = run("preview", "export", "--table")
    columns, *rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0 and [row[0] for row in rows] == ["kept", "rejected", "kept"]
    texts = [dict(zip(columns, row, strict=True))["text"] for row in rows]
    assert texts == ["Хорошо", "", "Плохо"]
    assert dict(zip(columns, rows[1], strict=True))["reason"] == "no text" and "quoted" not in columns


def test_a_preview_of_which_nothing_would_be_kept_fails(config: Path) -> None:
    (config / "export.csv").write_text("id,text,author,date,stars,likes\n1,,a,2024-05-01,5,0\n", encoding="utf-8")
    assert run("preview", "export") == (1, "rejected  line 2: no text\n", "none of the 1 items would become a post\n")


def test_a_broken_target_named_to_recheck_stops_no_other(config: Path) -> None:
    write_config(config, broken="kind: nothing\n")
    code, out, err = run("recheck", "broken", "export", "--dry-run")
    assert code == 2 and "broken.yaml:1: kind: must be one of" in err
    assert out.startswith("export: nothing to look at: ") and out.count("\n") == 1
    assert run("recheck", "export", "nope")[0] == 2


def test_preview_says_what_looks_wrong(config: Path) -> None:
    rows = "".join(f'{number},"Отзыв {number}\nЦитировать ответить",,2024-05-01,5,0\n' for number in range(5))
    (config / "export.csv").write_text("id,text,author,date,stars,likes\n" + rows, encoding="utf-8")
    code, _, err = run("preview", "export")
    assert code == 0
    assert err.splitlines() == [
        "look: 5 of 5 posts have no author: nobody's opinion can be followed over time",
        "look: all dates are 2024-05-01T11:00:00.000Z: is it the page's date, or that of its making?",
        "look: 5 of 5 texts have the line 'Цитировать ответить': a menu, a signature, a quote?",
    ]


def test_since_collects_again(config: Path) -> None:
    run("collect", "export")
    assert run("collect", "export", "--since", "2024-06-01")[1] == (
        "export: kept 0, changed 0, repeated 2, rejected 0, deferred 0, older 1\n"
    )


def test_since_is_midnight_where_the_target_is(config: Path) -> None:
    rows = "1,Вчера,a,2024-05-01 23:30,5,0\n2,Сегодня,a,2024-05-02 00:30,5,0\n"  # in Moscow
    (config / "export.csv").write_text("id,text,author,date,stars,likes\n" + rows, encoding="utf-8")
    assert run("preview", "export", "--since", "2024-05-02")[1].count("older") == 1
    assert "kept 1, changed 0, repeated 0, rejected 0, deferred 0, older 1" in run("collect", "export", "--since", "2024-05-02")[1]


def test_check_lists_everything_that_is_wrong(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("check") == (0, "1 targets and 2 brands are right.\n", "")
    monkeypatch.delenv("MOLVA_REDDIT_ID", raising=False)
    monkeypatch.setenv("MOLVA_REDDIT_SECRET", "x")
    monkeypatch.chdir(config)
    write_config(
        config,
        absent=TARGET.format(path="absent.csv"),
        broken="kind: feed\nurl: x\n",
        forum="kind: reddit\nsubreddits: [banks]\nabout: Никто\n",
        mapped=TARGET.format(path="export.csv") + "about: {column: author, mapping: {a: Вестарна, б: Никто}}\n",
        off=TARGET.format(path="absent.csv") + "enabled: false\n",
    )
    code, out, err = run("check")
    assert code == 2
    assert [line.split(" in ")[0] for line in err.splitlines()] == [
        "targets/absent.yaml:2: path: no file matches 'absent.csv'",
        "targets/broken.yaml:2: url: must be an address that begins with https:// or http://, not 'x'",
        "targets/forum.yaml:3: about: 'Никто' isn't",
        "targets/forum.yaml:1: client_id_env: the environment variable MOLVA_REDDIT_ID isn't set",
        "targets/mapped.yaml:7: about.mapping.б: 'Никто' isn't",
    ]
    assert "targets/mapped.yaml: rows about companies that aren't in brands.yaml will be rejected: Другой (1)" in out
    assert "targets/off.yaml:2: path: no file matches" in out and "(the target is switched off)" in out
    (config / "brands.yaml").write_text("brands: 5\n", encoding="utf-8")
    assert "brands.yaml:1: brands: " in run("check", "export")[2]


REDDIT = "kind: reddit\nsubreddits: [banks]\n"
OFTEN, NOBODY = "schedule: must be `every 5 minutes`", "'Никто' isn't in brands.yaml"
UNSET = "the environment variable MOLVA_TEST_NOWHERE isn't set"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (REDDIT + "schedule: often\nabout: Никто\nclient_id_env: MOLVA_TEST_NOWHERE\nclient_secret_env: HOME\n",
         [f"3: {OFTEN}", f"4: about: {NOBODY}", f"5: client_id_env: {UNSET}"]),
        ("kind: vk\nschedule: often\n", ["1: token_env: is missing", f"2: {OFTEN}"]),
        ("kind: vk\nwall: [a]\ntoken_env: MOLVA_TEST_NOWHERE\nabout: Никто\nenabled: no\n",
         ["2: wall: unknown key", f"4: about: {NOBODY}", "5: enabled: must be true or false, not 'no'"]),
        (TARGET.format(path="absent.csv") + "schedule: often\nabout: {mapping: {а: Вестарна, б: Никто, в: 5}}\n",
         ["2: path: no file matches 'absent.csv'", f"7: {OFTEN}", "8: about.column: is missing", f"8: about.mapping.б: {NOBODY}",
          "8: about.mapping.в: must be text, not 5"]),
        (TARGET.format(path="absent.csv") + "schedule: often\nenabled: false\n", [f"7: {OFTEN}"]),
        (TARGET.format(path="' export.csv '") + "schedule: often\n", [f"7: {OFTEN}"]),
        (TARGET.format(path="[a]") + "path: b.csv\nsettled: soon\n",
         ["2: path: must be text", "7: path: is given twice", "8: settled: must be a time"]),
        ("kind: feed\nurl: x\nabout: {mapping: {а: Никто}}\n", ["2: url: must be an address", "3: about: must be the name or slug"]),
        ("kind: fead\nabout: Никто\ncls: 1\n", ["1: kind: must be one of", f"2: about: {NOBODY}"]),
        ("kind: feed\nabout: ${MOLVA_TEST_NOWHERE}\ncls: 1\n", ["1: url: is missing", f"2: about: {UNSET}", "3: cls: unknown key"]),
        ("- kind: feed\n", ["1: must be keys and values"]),
    ],
)  # fmt: skip
def test_check_finds_all_that_is_wrong_in_a_file_at_once(text: str, told: list[str], config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config)
    write_config(config, x=text)
    code, _, err = run("check", "x")
    found = [line.removeprefix("targets/x.yaml:") for line in err.splitlines()]
    assert code == 2 and [line[: len(begins)] for line, begins in zip(found, told, strict=True)] == told


@pytest.mark.parametrize(("name", "wrong"), [
    ("a b.yaml", ["the file's name is the target's"]),
    ("x.yml", ["isn't read under this name: rename it to x.yaml"]),
    ("a b.yml", ["isn't read under this name: rename it to a b.yaml", "the file's name is the target's"]),
    ("x.yaml", ["differs from X.yaml only by case"]),
])  # fmt: skip
def test_check_finds_what_a_file_of_a_wrong_name_says_wrong(
    name: str, wrong: list[str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config)
    write_config(config, X=TARGET.format(path="export.csv"))
    mistaken = TARGET.format(path="absent.csv") + "about: Никто\nschedule: often\n"
    for text, told in ((mistaken, ["path: no file", f"about: {NOBODY}", OFTEN]), ("kind: [", ["isn't YAML"]), ("a", ["must be keys and"])):
        (config / "targets" / name).write_text(text, encoding="utf-8")
        code, _, err = run("check")
        found = [re.fullmatch(r"targets/[^:]+:(?:\d+:)? (.+)", line) for line in err.splitlines()]
        assert code == 2 and all(each[1].startswith(begins) for each, begins in zip(found, [*wrong, *told], strict=True))  # type: ignore[index]


def test_check_misses_the_operators_address_once_where_sites_are_asked(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOLVA_CONTACT", raising=False)
    feed = "kind: feed\nurl: https://a.example/feed\n"
    write_config(config, own=feed + "allow_private: true\n", off=feed + "enabled: false\n")
    assert run("check") == (0, "3 targets and 2 brands are right.\n", "")
    write_config(config, **dict.fromkeys(("a", "b", "c", "d"), feed))
    code, out, err = run("check")
    remark, right = out.splitlines()
    assert (code, err, right) == (0, "", "7 targets and 2 brands are right.")
    assert remark.startswith("MOLVA_CONTACT isn't set in the environment: the sites that a, b, c and 1 more ask can't reach you; set it")
    assert "export" not in remark
    for set_to, said in ((" ", True), ("mailto:crawl@bank.example", False)):
        monkeypatch.setenv("MOLVA_CONTACT", set_to)
        assert ("MOLVA_CONTACT" in run("check")[1]) is said


@pytest.mark.skipif(not LABELS.is_dir(), reason="requires: ../shared/labels")
def test_the_corpus_has_an_outcome_for_every_row(tmp_path: Path) -> None:
    code, out, err = run("check", "--config", str(CORPUS))
    assert (code, err) == (0, "") and "rejected" not in out
    code, out, _ = run("collect", "reviews", "--config", str(CORPUS), "--data", str(tmp_path))
    assert (code, out) == (0, "reviews: kept 15067, changed 0, repeated 0, rejected 0, deferred 0, undated 440\n")


def test_the_environment_names_the_folders(monkeypatch: pytest.MonkeyPatch, config: Path, tmp_path: Path) -> None:
    assert (config_folder(), data_folder()) == (config, tmp_path / "data")
    for empty in (None, ""):
        for name in ("MOLVA_CONFIG", "MOLVA_DATA"):
            monkeypatch.delenv(name, raising=False) if empty is None else monkeypatch.setenv(name, empty)
        assert (config_folder(), data_folder()) == (Path("dags"), Path("data"))
    monkeypatch.chdir(config.parent)
    assert "there are no targets in dags/targets" in run("list")[2].lower()
