"""How the targets do, every quarter of an hour: a red task for each one that somebody has to look at, named by it, and a skipped one for
each that waits for its key.

The rule to know: health is a state. What fails here says so and nothing else: collections go on, and other targets stay green.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from crawlers.place import config_folder, data_folder

log = logging.getLogger("molva.health")


@task(retries=1, priority_weight=1000, weight_rule="absolute")  # it also looks where collections wait for each other
def unwell() -> list[dict[str, str]]:
    """The targets that are late, silent, unusual, failing or broken, or wait for a key, and why."""
    from crawlers.health import State, health

    found = health(config_folder(), data_folder(), datetime.now(UTC))
    for one in found:
        log.info("%s: %s %s", one.target, one.state.words, "; ".join(one.why))
    shown = [one for one in found if one.state.red or one.state is State.WAITING]
    return [{"name": one.target, "state": str(one.state), "why": f"{one.state.words}: {'; '.join(one.why)}"} for one in shown]


@task(retries=0, map_index_template="{{ task.op_kwargs['name'] }}")
def target(name: str, state: str, why: str) -> None:
    """Red, with what is not right; skipped where the target only waits for its key."""
    from crawlers.health import State

    raise AirflowFailException(f"{name} is {why}") if State(state).red else AirflowSkipException(f"{name} is {why}")


with DAG(
    "health",
    description="Which targets are late, silent, unusual, failing or broken",
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC", run_immediately=timedelta(0)),  # never at the first start
    tags={"health"},
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"execution_timeout": timedelta(minutes=15)},
) as dag:
    target.expand_kwargs(unwell())
