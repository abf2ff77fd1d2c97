"""Every hour: look again at the recent posts of each target that are due, and mark those that are gone at their source.

The rule to know: how often, how many and how old is said by the target (`recheck:`); this only wakes it. What was marked leaves the
index with the next load, which this wakes.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import DAG, Asset, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from crawlers.place import config_folder, data_folder

log = logging.getLogger("molva.recheck")


@task(retries=1)
def watched() -> list[str]:
    """The targets whose posts are looked at again; none that waits for its key."""
    from crawlers.recheck import can_tell
    from crawlers.target import BrokenTarget, read_targets

    found = [target for target in read_targets(config_folder()) if not isinstance(target, BrokenTarget)]
    return [one.name for one in found if one.enabled and not one.unset and one.recheck is not None and can_tell(one)]


@task(outlets=[Asset("posts")], retries=0, map_index_template="{{ task.op_kwargs['name'] }}")
def recheck(name: str) -> dict[str, int]:
    """Look again at one target's posts. Red where too many seem gone or say the same, or their site does not answer;
    the next hour tries again.
    """
    from crawlers.recheck import recheck as run
    from crawlers.sink import find_target

    done = run(find_target(name, config_folder()), data=data_folder(), config=config_folder())
    log.info("%s: %s", name, done)
    if wrong := done.held or done.alike or done.error:
        raise AirflowFailException(f"{name}: {wrong}")
    if not (done.gone or done.edited):
        raise AirflowSkipException(f"{name}: nothing is gone or edited")
    return {"looked": done.looked, "gone": done.gone, "edited": done.edited}


with DAG(
    "recheck",
    description="Look again at recent posts: what is gone at its source leaves the index",
    schedule=CronTriggerTimetable("41 * * * *", timezone="UTC", run_immediately=timedelta(0)),  # never at the first start
    tags={"recheck"},
    catchup=False,
    max_active_runs=1,
    max_active_tasks=4,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(hours=6),
    default_args={"execution_timeout": timedelta(hours=3)},
) as dag:
    recheck.expand(name=watched())
