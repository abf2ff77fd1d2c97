"""The health of targets, told from archives that the Writer made on days of its own."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from crawlers import alive, disk, history
from crawlers.__main__ import app
from crawlers.archive import RUNS, Archive
from crawlers.brand import read_brands
from crawlers.brought import Brought
from crawlers.disk import append_line
from crawlers.every_target import Expect
from crawlers.health import Health, Lag, State, health
from crawlers.looked import EDITS
from crawlers.moment import parse_moment
from crawlers.post import Post
from crawlers.printed import HEALTH_COLUMNS
from crawlers.reason import REASONS
from crawlers.run import Counts, Outcome, Run, run_to_json
from crawlers.source import Page
from crawlers.target import BrokenTarget, read_target
from crawlers.unended import CUT_OFF, NOTE
from crawlers.writer import Writer
from tests.diary import Diary
from tests.target_folder import BRANDS, TARGET, at, write_config

DAY = timedelta(days=1)
FIRST = at("2026-03-01T12:00")
"""The first run, at 15:00 where the target is."""


@pytest.fixture(name="month", scope="module")
def _month(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Health]:
    """Ten posts a day, six hours before the run that brings them, and on the first day a backlog. The seventh day has no run, the
    tenth fails and is made up for. From the 31st day on nothing is published."""
    with pytest.MonkeyPatch.context() as patch:
        diary = Diary(tmp_path_factory.mktemp("month"), patch)
        told: dict[str, Health] = {}
        for day in range(34):
            now = FIRST + day * DAY
            morning = [now - timedelta(hours=6)] * 10
            if day == 0:
                diary.run(now, *(now - back * DAY for back in range(50, 150)), *morning)
            elif day == 9:
                diary.run(now, error="the site is gone")
                told["failing"] = diary.health(now + timedelta(hours=1))
            elif day == 10:
                diary.run(now, *morning, *[now - timedelta(hours=30)] * 10)
            elif day < 30 and day != 6:
                diary.run(now, *morning)
            elif day >= 30:
                diary.run(now)
            if day in (14, 29):
                told[f"day {day}"] = diary.health(now + timedelta(hours=1))
        now = FIRST + 33 * DAY + timedelta(hours=1)
        told |= {"silent": diary.health(now), "untaught": diary.health(now, Expect(learned=False))}
        told["late"] = diary.health(now + 2 * DAY)
        told["stated"] = diary.health(now, Expect(posts=8, authors=0, newest="200 hours"))
        now = FIRST + 34 * DAY
        diary.run(now, *[now] * 25, author="")
        told["nameless"] = diary.health(now)
        diary.die(now + timedelta(hours=1), now + timedelta(minutes=30))
        told["killed"] = diary.health(now + timedelta(hours=1))
        diary.run(now + timedelta(hours=2), now + timedelta(minutes=10))
        told["after"] = diary.health(now + timedelta(hours=2))
    return told


def test_a_target_that_does_as_ever_is_ok_and_is_known_by_its_last_four_weeks(month: dict[str, Health]) -> None:
    ok = month["day 29"]
    assert (ok.state, ok.why, ok.last_success) == (State.OK, [], FIRST + 29 * DAY)
    assert {subject: (bound.value, bound.learned) for subject, bound in ok.expected.items()} == {
        "posts": (5, True), "authors": (0.75, True), "newest": (2 * 30 * 3600, True),
    }  # fmt: skip
    assert (ok.week.outcomes["kept"], ok.newest) == (70, FIRST + 29 * DAY - timedelta(hours=6))


@pytest.mark.parametrize(("written", "lags"), [("2 часа назад", []), ("2 минуты назад", [120]), ("05.09.2026 14:00", [3_600])])
def test_no_lag_is_counted_from_what_is_known_to_the_hour(written: str, lags: list[int]) -> None:
    collected = datetime(2026, 9, 5, 12, tzinfo=UTC)
    moment = parse_moment(written, ZoneInfo("Europe/Moscow"), now=collected)
    post = Post(
        id="a:1", site="a", source="reviews", text="т", published=moment.at, published_precision=moment.precision, collected=collected
    )
    brought = Brought()
    brought.note(post, ZoneInfo("UTC"), collected - timedelta(days=1))
    assert brought.lags == lags


def test_only_what_was_published_while_it_was_watched_has_a_lag(month: dict[str, Health]) -> None:
    hour = 3600
    assert month["day 29"].lag == Lag(6 * hour, 6 * hour, 200)
    assert month["day 14"].lag == Lag(6 * hour, 30 * hour, 130)


def test_nothing_is_learned_before_two_weeks(month: dict[str, Health]) -> None:
    assert (month["day 14"].state, month["day 14"].expected, month["day 14"].gaps) == (State.OK, {}, ())


def test_a_source_that_falls_silent_turns_red_and_its_days_are_gaps(month: dict[str, Health]) -> None:
    silent = month["silent"]
    assert silent.state is State.SILENT and silent.state.red and silent.failures == 0
    assert silent.why[0] == "the newest post is 4 days old, at most 60 hours are expected (learned)"
    missing = [(gap.day, gap.collected) for gap in silent.gaps]
    assert missing == [(date(2026, 3, 7), False), *((date(2026, 3, 31) + back * DAY, True) for back in range(4))]
    assert [gap.day for gap in month["day 29"].gaps] == [date(2026, 3, 7)], "the day that was made up for is none"


def test_what_the_file_says_wins_and_the_posts_of_the_week_are_held_against_it(month: dict[str, Health]) -> None:
    stated = month["stated"]
    assert stated.state is State.UNUSUAL
    assert stated.why == ["5.7 new posts a day, at least 8.0 are expected (stated)"]
    assert (month["untaught"].state, month["untaught"].expected) == (State.OK, {})


def test_failed_and_missing_runs_are_states_of_their_own(month: dict[str, Health]) -> None:
    failing, late = month["failing"], month["late"]
    assert (failing.state, failing.why) == (State.FAILING, ["the last run failed: the site is gone"])
    assert failing.last_success == FIRST + 8 * DAY
    assert late.state is State.LATE and late.why[0] == "no run since the one that was due at 2026-04-05T12:00:00.000Z"
    assert [gap.collected for gap in late.gaps][-2:] == [False, False]


def test_posts_without_authors_are_unusual(month: dict[str, Health]) -> None:
    nameless = month["nameless"]
    assert (nameless.state, nameless.why[1:]) == (State.UNUSUAL, ["55% of new posts name an author, at least 75% are expected (learned)"])


def test_what_a_killed_run_kept_is_known_though_the_run_log_does_not_name_it(month: dict[str, Health]) -> None:
    newest = FIRST + 34 * DAY + timedelta(minutes=30)
    assert (month["killed"].newest, month["after"].newest) == (newest, newest)


@pytest.fixture(name="diary")
def _diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diary:
    return Diary(tmp_path, monkeypatch)


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Every file of a folder, with when it was changed."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_a_run_that_was_killed_is_told_at_once_and_by_looking_alone(diary: Diary) -> None:
    diary.run(FIRST, FIRST - timedelta(hours=1))
    diary.die_for_good(FIRST + DAY, FIRST + timedelta(hours=23))
    before = contents(diary.data)
    told = diary.health(FIRST + DAY)
    assert contents(diary.data) == before
    why = f"the last run failed: the one that began at 2026-03-02T12:00:00.000Z was {CUT_OFF}"
    assert (told.state, told.why, told.last_success) == (State.FAILING, [why], FIRST)
    assert (told.week.outcomes["kept"], told.newest) == (2, FIRST + timedelta(hours=23))
    diary.run(FIRST + DAY, error="the site is gone")
    assert diary.health(FIRST + DAY).why == ["the last 2 runs failed: the site is gone"]
    diary.run(FIRST + DAY)
    told = diary.health(FIRST + DAY)
    assert (told.state, told.week.outcomes["kept"]) == (State.OK, 2)
    assert [run.error for run in Archive(diary.data).runs("export")] == [None, CUT_OFF, "the site is gone", None]


def test_a_first_run_that_was_killed_makes_no_new_target(diary: Diary) -> None:
    diary.die_for_good(FIRST, FIRST)
    assert (diary.health(FIRST).state, diary.health(FIRST).last_success) == (State.FAILING, None)


@pytest.mark.parametrize(
    "noted",
    [
        {"process": 1},
        {"process": None},
        {"process": "1"},
        {"numbering": "of another machine"},
        {"numbering": None},
        {"log": EDITS},
        {"started": "2026-02-28T12:00:00.000Z"},
    ],
    ids=str,
)
def test_a_run_that_may_go_on_or_is_none_of_the_last_of_the_log_is_not_told_as_killed(noted: dict[str, object], diary: Diary) -> None:
    diary.run(FIRST, FIRST - DAY)
    diary.die_for_good(FIRST + DAY, FIRST)
    assert diary.health(FIRST + DAY).state is State.FAILING
    note = Archive(diary.data).folder("export") / NOTE
    note.write_text(json.dumps(json.loads(note.read_bytes()) | noted))
    told = diary.health(FIRST + DAY)
    assert (told.state, told.newest) == (State.OK, FIRST)


def test_a_run_that_goes_on_is_not_told_as_killed(diary: Diary) -> None:
    diary.run(FIRST)
    with Writer(diary.target, read_brands(diary.target.folder), data=diary.data):
        assert (Archive(diary.data).folder("export") / NOTE).exists()
        assert diary.health(FIRST + DAY).state is State.OK


def test_a_process_is_over_where_that_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    here = alive.numbering()
    assert here is not None and not alive.is_over(os.getpid(), here)
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert alive.is_over(child, here), "dead, and nobody has taken note of it"
    os.waitpid(child, 0)
    assert alive.is_over(child, here)
    assert not alive.is_over(child, f"{here}.") and not alive.is_over(child, None)
    with monkeypatch.context() as patch:
        patch.setattr(alive, "_BOOT", Path("absent"))
        assert not alive.is_over(child, here) and not alive.is_over(child, alive.numbering())

    def of_another_user(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", of_another_user)
    assert not alive.is_over(child, here)


def test_what_waits_is_that_of_the_last_run_and_not_of_all_runs_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diary = Diary(tmp_path, monkeypatch)
    for hour in range(5):
        diary.run(FIRST + timedelta(hours=hour), FIRST, deferred=("https://a.example/1: a.example fails (503)",) * (5 - hour))
    diary.run(FIRST + timedelta(hours=5), error="the feed can't be had")
    with Writer(diary.target, read_brands(tmp_path / "config"), data=diary.data, since=FIRST, again=True) as writer:
        writer.take(Page(items=(), cursor={}, deferred=("https://a.example/2: slow",) * 9))
    told = diary.health(FIRST + timedelta(hours=6)).to_json()
    assert (told["week"]["kept"], told["week"]["deferred"]) == (5, 1)
    assert told["week"]["waiting"] == {"a.example fails (503)": 1}
    assert told["week"]["places"] == {"a.example fails (503)": "https://a.example/1"}


def test_what_waits_is_not_less_where_a_run_failed_early_and_tells_of_a_wall_that_fails_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits() -> dict[str, int]:
        week = diary.health(FIRST + DAY).to_json()["week"]
        assert week["deferred"] == sum(week["waiting"].values())
        waiting: dict[str, int] = week["waiting"]
        return waiting

    diary = Diary(tmp_path, monkeypatch)
    down, refused = "https://a.example/1: a.example fails (503)", "https://a.example/1: a.example refuses to show it (403)"
    diary.run(FIRST, FIRST, deferred=(down,) * 4)
    diary.run(FIRST + timedelta(hours=1), FIRST, error="the second list fails", deferred=(down,))
    assert waits() == {"a.example fails (503)": 4}
    for hour in (2, 3):
        diary.run(FIRST + timedelta(hours=hour), error="a wall", deferred=(refused,) * 9)
    assert waits() == {"a.example refuses to show it (403)": 9}
    diary.run(FIRST + timedelta(hours=4), FIRST, deferred=(down,))
    assert waits() == {"a.example fails (503)": 1}


def test_the_reasons_of_a_week_are_as_few_as_those_of_a_run_each_with_its_last_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary = Diary(tmp_path, monkeypatch)
    diary.run(FIRST, FIRST, deferred=("https://a.example/1: a.example fails (503)",))
    for day in range(4):
        counts, now = Counts(outcomes=Counter({Outcome.REJECTED: 22, Outcome.DEFERRED: 1})), FIRST + day * DAY
        for number in range(20):
            counts.reject(f"{day}.{number} is no date", f"line {number}")
        for _ in range(2):
            counts.reject("no text", f"line {day}")
        counts.defer(f"https://a.example/{day}: slow")
        run = Run(id=str(day), target="export", started=now, ended=now, counts=counts)
        append_line(Archive(diary.data).folder("export") / RUNS, run_to_json(run))
    week = diary.health(FIRST + 3 * DAY).to_json()["week"]
    assert week["rejected"] == 88 == sum(week["reasons"].values()) and len(week["reasons"]) == REASONS + 1
    assert (week["reasons"]["no text"], week["waiting"]) == (8, {"slow": 1})
    assert (week["places"]["no text"], week["places"]["slow"]) == ("line 3", "https://a.example/3")
    assert week["places"].keys() <= week["reasons"].keys() | week["waiting"].keys()


def test_a_target_that_never_brought_anything_is_silent_after_a_day_and_some_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diary = Diary(tmp_path, monkeypatch)
    diary.run(FIRST)
    diary.run(FIRST + DAY)
    assert diary.health(FIRST + DAY + timedelta(hours=1)).state is State.OK, "a weekly run that finds nothing twice is no silence"
    diary.run(FIRST + 2 * DAY)
    now = FIRST + 2 * DAY + timedelta(hours=1)
    silent = diary.health(now)
    assert (silent.state, silent.why) == (State.SILENT, ["nothing was collected in more than 24 hours"])
    assert (silent.expected, silent.gaps) == ({}, ())
    assert diary.health(now, Expect(newest="30 days")).state is State.OK, "what the file says wins"
    assert diary.health(now, Expect(learned=False)).state is State.OK
    assert diary.health(now, Expect(newest="2 days")).why == ["nothing was collected in more than 48 hours"]
    diary.run(FIRST + 3 * DAY, FIRST)
    assert diary.health(FIRST + 3 * DAY).state is State.OK


def test_of_a_log_that_is_read_in_part_nothing_is_said_of_what_was_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_RUNS", 5)
    diary = Diary(tmp_path, monkeypatch)
    diary.run(FIRST, FIRST)
    for day in range(1, 8):
        diary.run(FIRST + day * DAY)
    now = FIRST + 7 * DAY
    assert diary.health(now).why == ["nothing was collected in more than 24 hours"]
    assert diary.health(now, Expect(learned=False)).state is State.OK


def test_what_an_old_log_without_dates_counts_as_kept_was_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diary = Diary(tmp_path, monkeypatch)
    for day in range(4):
        diary.run(FIRST + day * DAY, FIRST + day * DAY)
    log = Archive(diary.data).folder("export") / RUNS
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    log.write_text("".join(json.dumps({name: said for name, said in record.items() if name != "brought"}) + "\n" for record in records))
    now = FIRST + 3 * DAY + timedelta(hours=1)
    for expect in (None, Expect(newest="2 hours")):
        one = diary.health(now, expect)
        assert (one.state, one.why, one.newest) == (State.OK, [], None)
    [old] = diary.health(now, Expect(newest="59 minutes")).why
    assert old == "the newest post is 60 minutes old, at most 59 minutes are expected (stated)"


def test_a_new_target_is_not_silent_on_its_first_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diary = Diary(tmp_path, monkeypatch, "schedule: every 1 hours\n")
    for hour in range(24):
        diary.run(FIRST + timedelta(hours=hour))
    assert diary.health(FIRST + DAY).state is State.OK


def test_posts_without_a_date_are_no_newest_post_and_have_no_lag_but_break_the_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary = Diary(tmp_path, monkeypatch)
    for day in range(30):
        diary.run(FIRST + day * DAY, FIRST, date="")
    ok, expect = diary.health(FIRST + 29 * DAY), Expect(newest="36 hours")
    assert (ok.state, ok.newest, ok.lag, ok.gaps, ok.to_json()["newest"]) == (State.OK, None, None, (), None)
    assert diary.health(FIRST + 30 * DAY, expect).state is State.OK
    diary.run(FIRST + 30 * DAY)
    diary.run(FIRST + 31 * DAY)
    diary.run(FIRST + 32 * DAY)
    for silent in (diary.health(FIRST + 32 * DAY), diary.health(FIRST + 32 * DAY, expect)):
        assert silent.state is State.SILENT and silent.why[0].startswith("the newest post is 3 days old, at most ")
    diary.run(FIRST + 33 * DAY, FIRST + 10 * DAY)
    assert diary.health(FIRST + 33 * DAY).newest == FIRST + 10 * DAY


@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_a_journal_is_read_from_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(disk, "BLOCK", block)
    journal = tmp_path / "runs.jsonl"
    assert list(disk.lines_backwards(journal)) == []
    journal.write_text('{"a": "раз"}\n{"a": \n\n{"a": 3}\n{"a": 4}\n{"to')
    assert [line["a"] for line in disk.lines_backwards(journal)] == [4, 3, "раз"]
    assert disk.last_line(journal) == {"a": 4}


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["health", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_tells_scripts_and_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_config(
        tmp_path / "config",
        broken="kind: feed\nurl: x\n",
        export=TARGET.format(path="export.csv"),
        forum="kind: reddit\nsubreddits: [banks]\nclient_secret_env: HOME\n",
        off=TARGET.format(path="export.csv") + "enabled: false\n",
    )
    rows = "1,Хорошо,a,2024-05-01,5,0\n2,,b,2024-05-01,5,0\n"
    (config / "export.csv").write_text("id,text,author,date,stars,likes\n" + rows, encoding="utf-8")
    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("MOLVA_REDDIT_ID", raising=False)
    CliRunner().invoke(app, ["collect", "export"])
    code, out, err = run()
    header, *told = [line.split("\t") for line in out.splitlines()]
    assert header == list(HEALTH_COLUMNS)
    assert (code, err) == (1, "")
    assert [cells[:2] for cells in told] == [
        ["broken", "broken"],
        ["export", "ok"],
        ["forum", "waiting for a key"],
        ["off", "switched off"],
    ]
    week = "kept 1, changed 0, repeated 0, rejected 1 (no text: 1), deferred 0"
    assert told[1][3:] == ["2024-05-01T11:00:00.000Z", "-", week, "-", "-", "-"]
    assert "broken.yaml:2: url: must be an address" in told[0][-1]
    assert told[2][-1] == "the environment variable MOLVA_REDDIT_ID isn't set"
    code, out, _ = run("export", "--json")
    one = json.loads(out)
    assert (code, one["state"], one["week"]["reasons"], one["gaps"]) == (0, "ok", {"no text": 1}, [])
    code, out, _ = run("export", "forum", "--json")
    waiting = json.loads(out.splitlines()[1])
    assert (code, waiting["state"], waiting["why"]) == (0, "waiting", ["the environment variable MOLVA_REDDIT_ID isn't set"])
    assert run("nope") == (2, "", "there is no target 'nope'; there are: broken, export, forum, off\n")


def test_a_target_whose_file_lacks_nothing_but_a_key_in_its_address_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = "kind: feed\nurl: https://blog.example/feed?k=${MOLVA_TEST_KEY}&l=${MOLVA_TEST_LOGIN}\nschedule: every 1 hour\n"
    config = write_config(
        tmp_path / "config",
        off=feed + "enabled: false\n",
        waits=feed,
        whole="kind: feed\nurl: ${MOLVA_TEST_KEY}\n",
        wrong=feed + "schedul: every 1 hour\n",
    )
    for name in ("MOLVA_TEST_KEY", "MOLVA_TEST_LOGIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path / "data"))
    told = {one.target: one for one in health(config, tmp_path / "data", FIRST)}
    assert {name: one.state for name, one in told.items()} == {
        "off": State.SWITCHED_OFF, "waits": State.WAITING, "whole": State.WAITING, "wrong": State.BROKEN,
    }  # fmt: skip
    assert told["waits"].why == [f"the environment variable MOLVA_TEST_{name} isn't set" for name in ("KEY", "LOGIN")]
    assert len(told["wrong"].why) == 3 and "schedul: unknown key" in told["wrong"].why[-1]
    (config / "targets" / "wrong.yaml").unlink()
    collected = CliRunner().invoke(app, ["collect", "--all"])
    assert (collected.exit_code, collected.stderr.splitlines()) == (0, [
        "waits waits for keys: the environment variables MOLVA_TEST_KEY and MOLVA_TEST_LOGIN aren't set",
        "whole waits for a key: the environment variable MOLVA_TEST_KEY isn't set",
    ])  # fmt: skip
    checked = CliRunner().invoke(app, ["check"])
    assert checked.exit_code == 2 and "waits.yaml:2: url: the environment variable MOLVA_TEST_KEY isn't set" in checked.stderr
    monkeypatch.setenv("MOLVA_TEST_KEY", "https://k.example/")
    assert [one.state for one in health(config, tmp_path / "data", FIRST, ["whole"])] == [State.NEW]


def test_a_wrong_expectation_is_named_with_its_line(tmp_path: Path) -> None:
    write_config(tmp_path, export=TARGET.format(path="export.csv") + "expect:\n  newest: 14\n  authors: 90\n  age: 2 days\n")
    broken = read_target(tmp_path / "targets" / "export.yaml")
    assert isinstance(broken, BrokenTarget)
    assert [error.one_line().partition("export.yaml:")[2] for error in broken.error.all] == [
        "8: expect.newest: must be a time such as `6 hours` or `2 days`, not 14",
        "9: expect.authors: must be less than or equal to 1, not 90",
        "10: expect.age: unknown key (there are: posts, authors, newest, learned)",
    ]


def test_a_target_about_nobody_that_is_watched_is_broken_with_what_check_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = "about:\n  column: id\n  mapping: {ВБ: Вестарна, НБ: Нетакогобанк}\n"
    config = write_config(
        tmp_path / "config",
        right=TARGET.format(path="export.csv") + "about: вестарна\n",
        wrong=TARGET.format(path="export.csv") + "about: Нетакогобанка\n",
        mapped=TARGET.format(path="export.csv") + mapping,
        off=TARGET.format(path="export.csv") + "about: Нетакогобанка\nenabled: false\n",
    )
    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path / "data"))
    told = {one.target: one for one in health(config, tmp_path / "data", FIRST)}
    assert {name: one.state for name, one in told.items()} == {
        "right": State.NEW, "wrong": State.BROKEN, "mapped": State.BROKEN, "off": State.SWITCHED_OFF,
    }  # fmt: skip
    said = [line for line in CliRunner().invoke(app, ["check", "wrong", "mapped"]).stderr.splitlines() if "isn't in brands.yaml" in line]
    assert [told[name].why for name in ("mapped", "wrong")] == [[said[0]], [said[1]]]
    assert said[1].endswith("wrong.yaml:7: about: 'Нетакогобанка' isn't in brands.yaml")
    (config / "brands.yaml").write_text(BRANDS + "  - {slug: new, name: Нетакогобанка}\n", encoding="utf-8")
    assert [one.state for one in health(config, tmp_path / "data", FIRST, ["wrong"])] == [State.NEW], "an edit is seen at once"
    (config / "brands.yaml").write_text("brands: 1\n", encoding="utf-8")
    told = {one.target: one for one in health(config, tmp_path / "data", FIRST)}
    assert told["wrong"].state is State.NEW, "whom a broken brands.yaml has, nobody knows"
