"""One DAG per target, made from its file in MOLVA_CONFIG/targets; targets of one `group` share a DAG.

The rule to know: Airflow drops every DAG of a file that raises, so nothing here may raise because of one target. A target
whose file cannot be read becomes a DAG `NAME.broken`, tagged `broken`, that says what is wrong and fails with it; where only
a key that the file names isn't set, `NAME.waiting`. Their ids are their own, so that a mended target runs at once like a new one.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, CronTriggerTimetable, DeltaTriggerTimetable, TriggerRule, get_parsing_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from crawlers.field import interval
from crawlers.place import config_folder, data_folder
from crawlers.post import iso
from crawlers.target import TARGET_FILE, BrokenTarget, Target, read_target, read_targets, target_paths
from crawlers.yamlfile import ConfigError

posts = Asset("posts")
"""New posts were kept: what `enrich` waits for."""

BROKEN, WAITING = ".broken", ".waiting"
"""Behind the id of a DAG that can't be: the id of the one that says why."""
OWN_NAMES = re.compile(r"enrich|health|maintenance|recheck|.*\.(?:group|target|broken|waiting)")
"""Ids that are not free for a target."""
BROKEN_AGAIN = "*/15 * * * *"
"""How often a broken target fails, so that it turns red by itself soon after the edit, and a waiting one says so."""

log = logging.getLogger("molva.collect")


def id_of(file: str) -> str:
    """The id of the DAG of a target's file: the target's name, unless it can't be one or a DAG of ours or of a group could have it."""
    if not TARGET_FILE.fullmatch(file):
        return marked(file)
    name = file.removesuffix(".yaml")
    return f"{name}.target" if OWN_NAMES.fullmatch(name) else name


def id_of_group(group: str) -> str:
    """The id of the DAG that a group's targets share; no target's DAG can have it."""
    return (group if re.fullmatch(r"[\w.-]{1,200}", group) else marked(group)) + ".group"


def marked(text: str) -> str:
    """Any text as an id that Airflow takes: what it refuses is replaced, and a hash tells apart what then looks alike."""
    return re.sub(r"[^\w.-]", "_", text)[:200] + "." + hashlib.sha256(os.fsencode(text)).hexdigest()[:8]


def timetable(schedule: str | None, timezone: str) -> CronTriggerTimetable | DeltaTriggerTimetable | None:
    """When a target runs: a cron expression or preset in its time zone, or a plain interval; None: by hand only.

    A new target runs at once, and a restarted Airflow makes up for the last run it missed.
    """
    if schedule is None:
        return None
    if every := interval(schedule):
        return DeltaTriggerTimetable(every)
    return CronTriggerTimetable(schedule, timezone=timezone, run_immediately=True)


def kept_since(name: str, moment: datetime) -> bool:
    """Whether the target brought a post since then, in whatever try and however that ended."""
    from crawlers.archive import Archive

    for batch in reversed(Archive(data_folder()).batches(name)):
        if batch.manifest["closed"] < (iso(moment) or ""):
            return False
        if batch.manifest["outcomes"]["kept"] or batch.manifest["outcomes"]["changed"]:
            return True
    return False


@task(outlets=[posts], retries=3, retry_delay=timedelta(seconds=30), retry_exponential_backoff=True, max_retry_delay=timedelta(minutes=15))
def collect(name: str, **context: Any) -> dict[str, int]:
    """Collect what is new at the target; the counts of the run. Without anything new it is skipped and `enrich` is not woken.

    A target whose key is not set is skipped as well: the DAG `health` and the dashboard show that it waits.
    """
    from crawlers.collect import collect as run
    from crawlers.run import TooManyRejected
    from crawlers.sink import find_target

    try:
        target = find_target(name, config_folder())
        if target.waits is not None:
            raise AirflowSkipException(target.waits)
        done = run(target, data=data_folder(), config=config_folder())
    except (ConfigError, TooManyRejected) as error:  # another try would not mend it, or hide it: what was rejected is known by then
        raise AirflowFailException(str(error)) from None
    log.info("%s: %s", name, done)
    for example in done.counts.examples:
        log.info("%s: rejected %s", name, example)
    if not kept_since(name, context["dag_run"].start_date):
        raise AirflowSkipException(f"{name}: nothing new")
    return done.outcomes


@task(outlets=[posts], trigger_rule=TriggerRule.ONE_FAILED, retries=1)
def kept_by_failed(names: list[str], **context: Any) -> None:
    """What a failed collection kept is read all the same: it wakes `enrich` in its place."""
    if not any(kept_since(name, context["dag_run"].start_date) for name in names):
        raise AirflowSkipException("nothing new")


@task(retries=0)
def explain(message: str, *, fails: bool = True) -> None:
    """Fail with what is wrong in the target's file; be skipped where the target only waits for its key."""
    raise (AirflowFailException if fails else AirflowSkipException)(message)


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
        names = [target.name for target in targets]
        tasks = [collect.override(task_id="collect" if len(names) == 1 else f"collect.{name}")(name) for name in names]
        tasks >> kept_by_failed(names)
        tasks >> EmptyOperator(task_id="collected")  # Airflow judges a run by its last tasks, and the one above ends well
    return dag


def stand_in(dag_id: str, message: str, *, waits: bool = False) -> DAG:
    """The DAG for one of this id that can't be: its page says why, and so does its task, which fails unless a key is only waited for."""
    behind, state, until = (WAITING, "waiting for a key", "its key is set") if waits else (BROKEN, "broken", "its file is mended")
    with DAG(
        dag_id + behind,
        dag_display_name=f"{dag_id} ({state})",
        schedule=CronTriggerTimetable(BROKEN_AGAIN, timezone="UTC", run_immediately=True),
        description=message.replace("\n", " ")[:500],
        doc_md=f"This target is not collected until {until}:\n\n```\n{message}\n```\n",
        tags={"collect", behind[1:]},
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
    ) as dag:
        explain(message, fails=not waits)
    return dag


def meant(dag_id: str) -> str:
    """The id of the DAG that one stands in for, or its own."""
    return dag_id.removesuffix(BROKEN).removesuffix(WAITING)


def sorted_into_dags(targets: Iterable[Target]) -> dict[str, list[Target]]:
    """Which targets run together. One whose schedule differs from its group's first runs on its own."""
    dags: defaultdict[str, list[Target]] = defaultdict(list)
    for target in targets:
        own = id_of(f"{target.name}.yaml")
        mates = dags[id_of_group(target.group) if target.group else own]
        if mates and (mates[0].schedule, mates[0].timezone) != (target.schedule, target.timezone):
            mates = dags[own]
        mates.append(target)
    return dags


def wanted(only: str | None) -> list[Target | BrokenTarget]:
    """All targets, or, for a task that parses this file again, the one whose DAG it belongs to: one file read instead of all."""
    paths = target_paths(config_folder())
    own = [] if only is None else [read_target(path) for path in paths if id_of(path.name) == meant(only)]
    if own and all(isinstance(target, BrokenTarget) or not target.group for target in own):
        return own
    return read_targets(config_folder())


def dags(only: str | None = None) -> dict[str, DAG]:
    """Every DAG of the folder by its id, or just the one asked for."""
    made: list[DAG] = []
    good: list[Target] = []
    for target in wanted(only):
        if not target.enabled:
            continue
        if isinstance(target, BrokenTarget):
            made.append(stand_in(id_of(target.path.name), str(target.error), waits=target.waits is not None))
        else:
            good.append(target)
    for dag_id, members in sorted_into_dags(good).items():
        if only is not None and dag_id != meant(only):
            continue
        try:
            made.append(collection(dag_id, members))
        except Exception as error:  # Airflow comes in here: what it refuses of one DAG must not take the others away
            made.append(stand_in(dag_id, f"{', '.join(target.name for target in members)}: {error}"))
    return {dag.dag_id: dag for dag in made if only in (None, dag.dag_id)}


globals().update({f"DAG {dag_id}": dag for dag_id, dag in dags(get_parsing_context().dag_id).items()})  # no name of ours is taken: `log`
