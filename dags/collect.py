"""One DAG per target, made from its file in MOLVA_CONFIG/targets; targets of one `group` share a DAG.

The rule to know: Airflow drops every DAG of a file that raises, so nothing here may raise because of one target. A target
whose file cannot be read becomes a DAG of its own, tagged `broken`, that says what is wrong and fails with it.
"""

from __future__ import annotations

import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Asset, CronTriggerTimetable, DeltaTriggerTimetable, get_parsing_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from croniter import croniter  # type: ignore[import-untyped]

from crawlers.target import BrokenTarget, Target, read_target, read_targets, target_paths

posts = Asset("posts")
"""New posts were kept: what `enrich` waits for."""

OWN_NAMES = frozenset({"enrich", "maintenance"})
"""DAGs that are not collections; a target of that name gets another id."""
BROKEN_AGAIN = "*/15 * * * *"
"""How often a broken target fails, so that it turns red by itself soon after the edit."""

log = logging.getLogger("molva.collect")


def config() -> Path:
    """The folder of targets and brands: MOLVA_CONFIG, else the folder of this file."""
    return Path(os.environ.get("MOLVA_CONFIG") or Path(__file__).parent)


def data() -> Path:
    """The folder of everything collected: MOLVA_DATA, else `data` in the current one."""
    return Path(os.environ.get("MOLVA_DATA") or "data")


def name_of(name: str) -> str:
    """The DAG's id for a target or a group: the name itself wherever Airflow can take it."""
    name = re.sub(r"[^\w.-]", "_", name)[:240]
    return f"{name}.target" if name in OWN_NAMES else name


def timetable(schedule: str | None, timezone: str) -> CronTriggerTimetable | DeltaTriggerTimetable | None:
    """When a target runs: a cron expression or preset in its time zone, or a plain interval; None: by hand only.

    A new target runs at once, and a restarted Airflow makes up for the last run it missed. Raises ValueError where it is neither.
    """
    if schedule is None:
        return None
    if found := re.fullmatch(r"every (\d+) (minute|hour|day)s?", schedule):
        return DeltaTriggerTimetable(timedelta(**{f"{found[2]}s": int(found[1])}))
    croniter(schedule)  # Airflow checks it too late: after this file, and then it drops every DAG of it
    return CronTriggerTimetable(schedule, timezone=timezone, run_immediately=True)


@task(outlets=[posts], retries=3, retry_delay=timedelta(seconds=30), retry_exponential_backoff=True, max_retry_delay=timedelta(minutes=15))
def collect(name: str) -> dict[str, int]:
    """Collect what is new at the target; the counts of the run. Without anything new it is skipped and `enrich` is not woken."""
    from crawlers.collect import collect as run
    from crawlers.yamlfile import ConfigError

    try:
        done = run(named(name), data=data(), config=config())
    except ConfigError as error:
        raise AirflowFailException(str(error)) from None
    log.info("%s: %s", name, done)
    for example in done.counts.examples:
        log.info("%s: rejected %s", name, example)
    if not done.outcomes["kept"] and not done.outcomes["changed"]:
        raise AirflowSkipException(f"{name}: nothing new")
    return done.outcomes


@task(retries=0)
def explain(message: str) -> None:
    """Fail with what is wrong in the target's file."""
    raise AirflowFailException(message)


def named(name: str) -> Target:
    """The target as its file stands now. Raises ConfigError where it was broken since the DAG was made."""
    for target in read_targets(config()):
        if target.name == name:
            if isinstance(target, BrokenTarget):
                raise target.error
            return target
    raise AirflowFailException(f"target {name}: its file is gone")


def collection(dag_id: str, targets: Sequence[Target]) -> DAG:
    """The DAG of one target, or of the targets of one group: a task each, red where one failed, and only those are retried."""
    first = targets[0]
    with DAG(
        dag_id,
        schedule=timetable(first.schedule, first.timezone),
        description=f"Collect {', '.join(target.name for target in targets)}"[:200],
        tags={"collect", *(target.kind for target in targets)},
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        dagrun_timeout=timedelta(hours=12),
        default_args={"execution_timeout": timedelta(hours=3)},
    ) as dag:
        for target in targets:
            collect.override(task_id="collect" if dag_id == name_of(target.name) else target.name)(target.name)
    return dag


def broken(dag_id: str, message: str) -> DAG:
    """The DAG that stands for a target which cannot be collected: its page says why, and so does its failing task."""
    with DAG(
        dag_id,
        dag_display_name=f"{dag_id} (broken)",
        schedule=CronTriggerTimetable(BROKEN_AGAIN, timezone="UTC", run_immediately=True),
        description=message.replace("\n", " ")[:500],
        doc_md=f"This target is not collected until its file is mended:\n\n```\n{message}\n```\n",
        tags={"collect", "broken"},
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
    ) as dag:
        explain(message)
    return dag


def sorted_into_dags(targets: Iterable[Target]) -> dict[str, list[Target]]:
    """Which targets run together. One whose schedule differs from its group's first runs on its own."""
    dags: defaultdict[str, list[Target]] = defaultdict(list)
    for target in targets:
        mates = dags[name_of(target.group or target.name)]
        if mates and (mates[0].schedule, mates[0].timezone) != (target.schedule, target.timezone):
            mates = dags[name_of(target.name)]
        mates.append(target)
    return dags


def wanted(only: str | None) -> list[Target | BrokenTarget]:
    """All targets, or, for a task that parses this file again, the one whose DAG it belongs to: one file read instead of all."""
    paths = target_paths(config())
    if only is not None:
        own = [path for path in paths if name_of(path.stem) == only]
        targets = [read_target(path) for path in own]
        if targets and all(isinstance(target, BrokenTarget) or not target.group for target in targets):
            return targets
    return read_targets(config())


def dags(only: str | None = None) -> dict[str, DAG]:
    """Every DAG of the folder by its id, or just the one asked for."""
    made: dict[str, DAG] = {}
    good: list[Target] = []
    for target in wanted(only):
        if isinstance(target, BrokenTarget):
            made[name_of(target.name)] = broken(name_of(target.name), str(target.error))
        elif target.enabled:
            good.append(target)
    for dag_id, members in sorted_into_dags(good).items():
        if only is not None and dag_id != only:
            continue
        try:
            made[dag_id] = collection(dag_id, members)
        except (ValueError, AirflowException) as error:
            made[dag_id] = broken(dag_id, f"{', '.join(target.name for target in members)}: {error}")
    return {dag_id: dag for dag_id, dag in made.items() if only in (None, dag_id)}


globals().update(dags(get_parsing_context().dag_id))
