"""The DAGs, read and run by the real Airflow."""

from __future__ import annotations

import os
import runpy
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from many_targets import ENTRIES, UNSET, WAYS, feeds, stand_in, write_targets

from crawlers.collect import collect

GOOD = """\
kind: files
path: reviews.csv
site: reviews.example
schedule: {schedule}
timezone: Europe/Moscow
columns: {{id: id, text: text}}
"""
BROKEN = "kind: files\npath: reviews.csv\nsite: reviews.example\ncolumns: {id: id, text: text}\nschedul: '@daily'\n"
BRANDS = "brands:\n  - {slug: vestarna, name: Вестарна, ours: true}\n"

Parse = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Airflow reads its settings once, when it is imported."""
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW_CONFIG", str(ROOT / "airflow.cfg"))
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(ROOT / "dags"))
        yield home


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "targets").mkdir()
    (tmp_path / "brands.yaml").write_text(BRANDS)
    return tmp_path


@pytest.fixture
def parse(config: Path, monkeypatch: pytest.MonkeyPatch) -> Parse:
    """Read dags/collect.py as Airflow does: for all DAGs, or for a task of one; the DAGs by id."""

    def read(only: str | None = None) -> dict[str, Any]:
        from airflow.sdk import DAG

        monkeypatch.setenv("MOLVA_CONFIG", str(config))
        monkeypatch.delenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", raising=False)
        if only:
            monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", only)
        module = runpy.run_path(str(ROOT / "dags" / "collect.py"))
        return {value.dag_id: value for value in module.values() if isinstance(value, DAG)}

    return read


def write(config: Path, name: str, text: str = "", **more: str) -> None:
    lines = "".join(f"{key}: {value}\n" for key, value in more.items() if key != "schedule")
    (config / "targets" / f"{name}.yaml").write_text((text or GOOD.format(schedule=more.get("schedule", "every 5 minutes"))) + lines)


def test_target_becomes_a_dag_with_its_schedule_and_without_overlap(config: Path, parse: Parse) -> None:
    write(config, "often")
    write(config, "nightly", schedule='"30 4 * * *"')
    dags = parse()
    assert set(dags) == {"often", "nightly"}
    assert dags["often"].timetable.delta.total_seconds() == 300
    assert dags["nightly"].timetable.expression == "30 4 * * *"
    assert dags["nightly"].timetable.timezone == "Europe/Moscow"
    dag = dags["often"]
    assert (dag.max_active_runs, dag.catchup, dag.is_paused_upon_creation) == (1, False, False)
    assert {"collect", "files"} <= dag.tags
    task = dag.get_task("collect")
    assert task.retries >= 1
    assert task.retry_exponential_backoff
    assert task.execution_timeout is not None
    assert [asset.name for asset in task.outlets] == ["posts"]


def test_broken_file_is_a_dag_that_says_what_is_wrong_and_harms_no_other(config: Path, parse: Parse) -> None:
    write(config, "good")
    write(config, "broken", BROKEN)
    write(config, "not-yaml", "kind: [files\n")
    dags = parse()
    assert set(dags) == {"good", "broken.broken", "not-yaml.broken"}
    assert "broken" not in dags["good"].tags
    broken = dags["broken.broken"]
    assert "broken" in broken.tags
    assert "broken" in broken.dag_display_name
    for place in (broken.doc_md, broken.description, broken.tasks[0].op_args[0]):
        assert "broken.yaml:5" in place
        assert "schedul" in place
    assert "not-yaml.yaml" in dags["not-yaml.broken"].doc_md


WRONG_NAMES = ("a b", "a+b", "(a)", "[a]", "отзывы о нас", "x" * 240)
"""Of target files; Airflow refuses most of them as ids."""


def test_a_wrong_name_of_a_file_is_told_and_harms_no_other(config: Path, parse: Parse) -> None:
    for name in ("a_b", *WRONG_NAMES):
        write(config, name)
    write(config, "good")
    (config / "targets" / "good.yml").write_text(GOOD.format(schedule="every 5 minutes"))
    dags = parse()
    assert len(dags) == len(WRONG_NAMES) + 3
    assert {name for name, dag in dags.items() if "broken" not in dag.tags} == {"a_b", "good"}
    assert sum("rename it to good.yaml" in (dag.doc_md or "") for dag in dags.values()) == 1
    for name, dag in dags.items():
        assert len(name) <= 250
        assert parse(name)[name].doc_md == dag.doc_md


@pytest.mark.parametrize(
    "line",
    [
        "kind: [feed]",
        "kind: {feed: true}",
        "item: div:visible",
        "url: &a [*a]",
        "schedule: every 9999999999 days",
        "schedule: every 200000000 days",
        'schedule: "0 0 30 2 *"',
    ],
)
def test_a_wrong_line_leaves_every_dag_visible(config: Path, parse: Parse, line: str) -> None:
    write(config, "good")
    key = line.partition(":")[0]
    feed = {"kind": "kind: reviews", "url": "url: https://blog.example/", "item": "item: p", "take": "take: {text: p}"}
    write(config, "wrong", "\n".join((feed | {key: line}).values()) + "\n")
    dags = parse()
    assert "broken" not in dags["good"].tags
    assert f": {key}: " in dags["wrong.broken"].doc_md


def test_what_airflow_refuses_of_one_dag_leaves_the_others(config: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    import airflow.sdk

    def refuses(*given: Any) -> None:
        raise OverflowError("too long")

    monkeypatch.setattr(airflow.sdk, "DeltaTriggerTimetable", refuses)
    write(config, "good", schedule='"@daily"')
    write(config, "odd")
    dags = parse()
    assert "broken" not in dags["good"].tags
    assert "odd: too long" in dags["odd.broken"].doc_md
    assert parse("odd.broken").keys() == {"odd.broken"}


def test_a_target_takes_no_name_that_its_task_needs(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    for name in ("log", "posts", "collect"):
        write(config, name)
    module = runpy.run_path(str(ROOT / "dags" / "collect.py"))
    assert module["log"].name == "molva.collect"
    assert module["posts"].name == "posts"


def test_edit_takes_effect_at_the_next_reading(config: Path, parse: Parse) -> None:
    write(config, "edited", BROKEN)
    assert "broken" in parse()["edited.broken"].tags
    write(config, "edited", schedule="every 2 hours")
    assert parse().keys() == {"edited"}, "which has not run as a broken one, and so runs at once"
    assert parse()["edited"].timetable.delta.total_seconds() == 7200
    (config / "targets" / "edited.yaml").unlink()
    assert parse() == {}


def test_schedule_of_nonsense_and_broken_brands_leave_every_dag_visible(config: Path, parse: Parse) -> None:
    write(config, "good")
    write(config, "never", schedule='"61 * * * *"')
    (config / "brands.yaml").write_text("brands: 1\n")
    dags = parse()
    assert "broken" in dags["never.broken"].tags
    assert "schedule" in dags["never.broken"].doc_md
    assert "good" in dags


def test_targets_of_a_group_share_a_dag_with_a_task_each_unless_their_schedules_differ(config: Path, parse: Parse) -> None:
    write(config, "a", group="forums")
    write(config, "b", group="forums")
    write(config, "odd", group="forums", schedule='"@daily"')
    dags = parse()
    assert set(dags) == {"forums.group", "odd"}
    assert {"collect.a", "collect.b"} < set(dags["forums.group"].task_ids)
    assert parse("forums.group")["forums.group"].task_ids == dags["forums.group"].task_ids


def test_of_a_thousand_targets_the_good_run_and_each_broken_one_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_CONFIG", str(tmp_path / "config"))
    with feeds() as address:
        wrong = write_targets(tmp_path / "config", address, good=700, broken=300)
        monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "good-0000")
        module = runpy.run_path(str(ROOT / "dags" / "collect.py"))
        dags = {dag.dag_id: dag for dag in module["dags"]().values()}
        assert len(dags) == 1000
        for tag, waits in (("broken", False), ("waiting", True)):
            tagged = {name for name, dag in dags.items() if tag in dag.tags}
            assert tagged == {f"{name}.{tag}" for name, way in wrong.items() if (way == UNSET) is waits}
        for name, way in wrong.items():
            assert f"{name}.yaml" in dags[stand_in(name, way)].doc_md
            assert WAYS[way][1] in dags[stand_in(name, way)].doc_md, way
        for number in range(0, 700, 35):
            (target,) = module["wanted"](f"good-{number:04}")
            run = collect(target, data=tmp_path / "data", config=tmp_path / "config")
            assert run.counts.outcomes["kept"] == ENTRIES


def test_groups_whose_names_airflow_refuses_have_dags_of_their_own(config: Path, parse: Parse) -> None:
    for name, group in {"a": "о нас", "b": "о+нас", "c": "о_нас"}.items():
        write(config, name, group=group)
    dags = parse()
    assert [dag.task_ids[0] for dag in dags.values()] == ["collect"] * 3
    assert "о_нас.group" in dags


def test_target_named_like_a_group_and_a_broken_one_keep_dags_of_their_own(config: Path, parse: Parse) -> None:
    write(config, "a", group="demo")
    write(config, "demo")
    assert set(parse()) == {"demo.group", "demo"}
    assert set(parse("demo")) == {"demo"}
    write(config, "demo", BROKEN)
    dags = parse()
    assert set(dags) == {"demo.group", "demo.broken"}
    assert "broken" in dags["demo.broken"].tags
    assert "broken" not in dags["demo.group"].tags
    write(config, "demo.group")
    write(config, "demo.broken")
    assert set(parse()) == {"demo.group", "demo.broken", "demo.group.target", "demo.broken.target"}
    assert set(parse("demo.broken.target")) == {"demo.broken.target"} and "broken" in parse("demo.broken")["demo.broken"].tags


def test_disabled_target_has_no_dag_and_one_without_schedule_runs_by_hand(config: Path, parse: Parse) -> None:
    write(config, "off", enabled="false")
    write(config, "by-hand", GOOD.format(schedule="null"))
    dags = parse()
    assert set(dags) == {"by-hand"}
    assert not dags["by-hand"].timetable.can_be_scheduled


def test_target_named_like_a_dag_of_ours_does_not_take_its_place(config: Path, parse: Parse) -> None:
    write(config, "enrich")
    write(config, "health")
    write(config, "recheck")
    assert set(parse()) == {"enrich.target", "health.target", "recheck.target"}
    assert set(parse("enrich.target")) == {"enrich.target"}


def test_task_reads_the_file_of_its_own_target_only(config: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    from crawlers import target

    for number in range(20):
        write(config, f"target-{number}")
    read: list[str] = []
    real = target.read_target
    monkeypatch.setattr(target, "read_target", lambda path: read.append(path.stem) or real(path))
    assert set(parse("target-7")) == {"target-7"}
    assert read == ["target-7"]
    assert set(parse()) == {f"target-{number}" for number in range(20)}


def enrich() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "dags" / "enrich.py"))


def test_enrich_follows_the_asset_one_run_at_a_time_before_all_others(airflow_home: Path) -> None:
    from airflow.sdk import DAG

    (dag,) = (value for value in enrich().values() if isinstance(value, DAG))
    assert [asset.name for asset in dag.timetable.asset_condition.objects] == ["posts"]
    assert (dag.max_active_runs, dag.catchup, dag.is_paused_upon_creation) == (1, False, False)
    assert {task.pool for task in dag.tasks} == {"enrich"}
    assert all(task.retries >= 1 and task.priority_weight >= 1000 for task in dag.tasks)
    assert dag.get_task("tag").is_mapped
    assert dag.get_task("load").upstream_task_ids == {"tag"}


def test_a_target_without_its_key_waits_and_fails_nothing(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(config / "data"))
    monkeypatch.delenv("MOLVA_TEST_VK", raising=False)
    (config / "targets" / "wall.yaml").write_text("kind: vk\nwalls: [vestarna]\ntoken_env: MOLVA_TEST_VK\n", encoding="utf-8")
    collect = runpy.run_path(str(ROOT / "dags" / "collect.py"))["collect"]
    with pytest.raises(AirflowSkipException, match="wall waits for a key: the environment variable MOLVA_TEST_VK isn't set"):
        collect.function("wall")
    waiting = config / "targets" / "forum.yaml"
    waiting.write_text("kind: reddit\nsubreddits: [banks]\nclient_id_env: MOLVA_TEST_ID\nclient_secret_env: MOLVA_TEST_SECRET\n", "utf-8")
    with pytest.raises(AirflowSkipException, match="forum waits for keys: the environment variables MOLVA_TEST_ID and MOLVA_TEST_SECRET"):
        collect.function("forum")
    waiting.write_text("kind: feed\nurl: https://blog.example/feed?key=${MOLVA_TEST_ID}&of=${MOLVA_TEST_SECRET}\n", encoding="utf-8")
    module = runpy.run_path(str(ROOT / "dags" / "collect.py"))
    assert module["dags"]().keys() == {"wall", "forum.waiting"} and module["dags"]("forum.waiting").keys() == {"forum.waiting"}
    told = module["dags"]("forum.waiting")["forum.waiting"]
    with pytest.raises(AirflowSkipException, match=r"forum\.yaml:2: url: the environment variable MOLVA_TEST_ID isn't set"):
        told.tasks[0].python_callable(*told.tasks[0].op_args, **told.tasks[0].op_kwargs)
    monkeypatch.setenv("MOLVA_TEST_ID", "k")
    monkeypatch.setenv("MOLVA_TEST_SECRET", "s")
    assert module["dags"]().keys() == {"wall", "forum"}
    waiting.unlink()
    dag = runpy.run_path(str(ROOT / "dags" / "health.py"))["dag"]
    (shown,) = dag.get_task("unwell").python_callable()
    why = "waiting for a key: the environment variable MOLVA_TEST_VK isn't set"
    assert shown == {"name": "wall", "state": "waiting", "why": why}
    with pytest.raises(AirflowSkipException, match=f"wall is {why}"):
        dag.get_task("target").python_callable(**shown)
    assert runpy.run_path(str(ROOT / "dags" / "recheck.py"))["dag"].get_task("watched").python_callable() == []


def test_health_has_a_red_task_for_each_target_that_is_not_well(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(config / "data"))
    write(config, "good")
    write(config, "wrong", BROKEN)
    dag = runpy.run_path(str(ROOT / "dags" / "health.py"))["dag"]
    (red,) = dag.get_task("unwell").python_callable()
    assert red["name"] == "wrong" and "wrong.yaml:5: schedul: unknown key" in red["why"]
    assert dag.get_task("target").is_mapped and dag.get_task("target").upstream_task_ids == {"unwell"}
    with pytest.raises(AirflowFailException, match=r"wrong is broken: .*wrong\.yaml:5"):
        dag.get_task("target").python_callable(**red)


def test_recheck_has_a_task_for_each_target_that_can_tell_what_is_gone(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(config / "data"))
    write(config, "files")
    write(config, "wrong", BROKEN)
    for name, more in (("blog", ""), ("off", "recheck: false\n"), ("out", "enabled: false\n")):
        write(config, name, f"kind: feed\nurl: https://blog.example/feed\n{more}")
    dag = runpy.run_path(str(ROOT / "dags" / "recheck.py"))["dag"]
    assert dag.get_task("watched").python_callable() == ["blog"]
    looking = dag.get_task("recheck")
    assert looking.is_mapped and looking.upstream_task_ids == {"watched"}
    with pytest.raises(AirflowSkipException, match="nothing is gone"):
        looking.python_callable("blog")


@given(sizes=st.lists(st.integers(0, 3000), max_size=40), most=st.integers(1, 8))
def test_chunks_hold_every_batch_once_and_are_balanced(sizes: list[int], most: int) -> None:
    balanced = _balanced()
    batches = [(f"t/{number:06}", size) for number, size in enumerate(sizes)]
    chunks = balanced(batches, most)
    assert sorted(key for chunk in chunks for key in chunk) == [key for key, _ in batches]
    assert len(chunks) <= most
    assert all(chunks)
    if chunks:
        posts = [sum(dict(batches)[key] for key in chunk) for chunk in chunks]
        assert max(posts) <= sum(sizes) / len(chunks) + max(sizes)


def _balanced(found: dict[str, Any] = {}) -> Callable[[list[tuple[str, int]], int], list[list[str]]]:  # noqa: B006 - read once for all examples
    if not found:
        found.update(enrich())
    balanced: Callable[[list[tuple[str, int]], int], list[list[str]]] = found["balanced"]
    return balanced


def test_old_logs_go_and_new_ones_stay(tmp_path: Path, airflow_home: Path) -> None:
    remove = runpy.run_path(str(ROOT / "dags" / "maintenance.py"))["remove_old_files"]
    old, new = tmp_path / "dag_id=a" / "old.log", tmp_path / "dag_id=b" / "new.log"
    for path in (old, new):
        path.parent.mkdir()
        path.write_text("x")
    os.utime(old, (time.time() - 8 * 86400,) * 2)
    assert remove(tmp_path, time.time() - 7 * 86400) == 1
    assert not old.parent.exists()
    assert new.exists()


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Airflow's own command on a data folder and a configuration of its own, its database ready."""
    home = tmp_path_factory.mktemp("molva")
    (home / "config" / "targets").mkdir(parents=True)
    (home / "config" / "brands.yaml").write_text(BRANDS)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environ |= {"MOLVA_DATA": str(home / "data"), "MOLVA_CONFIG": str(home / "config"), "PYTHONWARNINGS": "ignore"}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "run.py", "airflow", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environ, text=True, capture_output=True, timeout=240, check=False)

    call.home = home  # type: ignore[attr-defined]
    done = call("db", "migrate")
    assert done.returncode == 0, done.stderr
    return call


def rows_of(home: Path, query: str) -> list[tuple[Any, ...]]:
    """What Airflow noted in its database."""
    with closing(sqlite3.connect(home / "data" / "airflow" / "airflow.db")) as database:
        return list(database.execute(query))


def asset_events(home: Path) -> int:
    return int(rows_of(home, "select count(*) from asset_event")[0][0])


def test_airflow_lists_no_import_errors_even_with_a_broken_target(airflow: Any) -> None:
    write(airflow.home / "config", "broken", BROKEN)
    write(airflow.home / "config", "good")
    write(airflow.home / "config", "rarely", schedule="every 366 days")
    for name in WRONG_NAMES:
        write(airflow.home / "config", name)
    done = airflow("dags", "list-import-errors", "--local")
    assert done.stdout.strip() == "No data found", done.stdout
    listed = airflow("dags", "list", "--local", "--columns", "dag_id", "--output", "plain").stdout.split()
    assert {"broken.broken", "good", "enrich", "maintenance"} <= set(listed)


def test_airflow_collects_what_is_new_and_wakes_enrich_only_then(airflow: Any) -> None:
    from crawlers.archive import Archive

    home: Path = airflow.home
    (home / "config" / "reviews.csv").write_text("id,text\n1,Вестарна помогла с переводом\n2,Рекомендую Вестарну друзьям\n3,\n")
    write(home / "config", "run", limits="{rejected: 1}")
    first = airflow("dags", "test", "run")
    said = first.stdout + first.stderr
    assert first.returncode == 0, said
    assert "kept 2" in said
    assert "rejected 1" in said
    assert [len(list(batch.posts())) for batch in Archive(home / "data").batches("run")] == [2]
    assert asset_events(home) == 1

    second = airflow("dags", "test", "run")
    said = second.stdout + second.stderr
    assert second.returncode == 0, said
    assert "nothing new" in said
    assert asset_events(home) == 1
    assert len(Archive(home / "data").batches("run")) == 1


def test_failed_run_is_red_without_another_try_and_what_it_kept_wakes_enrich(airflow: Any) -> None:
    home: Path = airflow.home
    rows = [f"{number},{'' if number % 2 else f'отзыв {number} о Вестарне'}" for number in range(30)]
    (home / "config" / "half.csv").write_text("\n".join(["id,text", *rows]) + "\n")
    write(home / "config", "half", GOOD.format(schedule="null").replace("reviews.csv", "half.csv"))
    before = asset_events(home)
    done = airflow("dags", "test", "half")
    said = done.stdout + done.stderr
    assert "kept 15" in said
    assert "rejected 15" in said
    states = dict(rows_of(home, "select task_id, state from task_instance where dag_id = 'half'"))
    assert states == {"collect": "failed", "kept_by_failed": "success", "collected": "upstream_failed"}
    assert rows_of(home, "select state from dag_run where dag_id = 'half'") == [("failed",)]
    assert rows_of(home, "select try_number from task_instance where dag_id = 'half' and task_id = 'collect'") == [(1,)]
    assert asset_events(home) == before + 1


def test_airflow_fails_a_broken_target_with_the_line_to_mend(airflow: Any) -> None:
    write(airflow.home / "config", "wrong", BROKEN)
    done = airflow("dags", "test", "wrong.broken")
    assert "wrong.yaml:5: schedul: unknown key" in done.stdout + done.stderr
    assert "state=failed" in done.stdout + done.stderr or done.returncode != 0
