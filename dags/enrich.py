"""What follows a collection: judge the new posts and load them into the index, one run at a time.

The rule to know: the work list is always "every batch without a tagged batch of the present fingerprint", never what woke
the run, so that whatever a failed run left is taken by the next.
"""

from __future__ import annotations

import heapq
import logging
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, TriggerRule, conf, task
from airflow.sdk.exceptions import AirflowFailException

from crawlers.place import config_folder, data_folder

POOL = "enrich"
"""Made by run.py: slots that no collection can take."""
SMALLEST = 200
"""Posts that are worth a process of their own: loading the model takes as long as judging about so many."""
AGAIN = "*/30 * * * *"
"""Without new posts: what an earlier run could not do is tried again on the half hour."""

log = logging.getLogger("molva.enrich")


def balanced(sizes: Sequence[tuple[str, int]], most: int) -> list[list[str]]:
    """Batches (key, posts) dealt into at most `most` chunks of about equal posts; fewer where there is little to do."""
    chunks = max(1, min(most, len(sizes), sum(posts for _, posts in sizes) // SMALLEST))
    heap: list[tuple[int, int, list[str]]] = [(0, number, []) for number in range(chunks)]
    for key, posts in sorted(sizes, key=lambda size: (-size[1], size[0])):
        total, number, keys = heapq.heappop(heap)
        heapq.heappush(heap, (total + posts, number, [*keys, key]))
    return [sorted(keys) for _, _, keys in sorted(heap, key=lambda chunk: chunk[1]) if keys]


@task
def untagged() -> list[list[str]]:
    """Keys of the batches that no model has read yet, in chunks of about equal posts."""
    from nlp.tag import untagged as waiting

    sizes = [(batch.key, int(batch.manifest["items"])) for batch in waiting(data_folder(), config_folder())]
    chunks = balanced(sizes, most=min(conf.getint("core", "parallelism"), os.cpu_count() or 1))
    log.info("%d batches with %d posts wait, in %d chunks", len(sizes), sum(posts for _, posts in sizes), len(chunks))
    return chunks


@task
def tag(keys: list[str]) -> int:
    """Judge the posts of these batches; the number of mentions."""
    from nlp.tag import tag as read
    from nlp.tag import untagged as waiting

    batches = [batch for batch in waiting(data_folder(), config_folder()) if batch.key in set(keys)]
    done = read(batches, data=data_folder(), config=config_folder())
    log.info("%s", done)
    return done.mentions


@task(trigger_rule=TriggerRule.ALL_DONE)
def load(**context: Any) -> None:
    """Load every tagged batch that the index lacks; then fail if something could not be tagged, so that the run is not green."""
    from advocacy.load import load as fill
    from index import open_index

    index = open_index()
    try:
        log.info("%s", fill(index, data=data_folder(), config=config_folder()))
    finally:
        index.close()
    run = context["run_id"]
    states = context["ti"].get_task_states(dag_id="enrich", task_ids=["untagged", "tag"], run_ids=[run])[run]
    failed = sorted(name for name, state in states.items() if state in ("failed", "upstream_failed"))
    if failed:
        raise AirflowFailException(f"what was tagged is loaded, but {', '.join(failed)} failed: see there; the next run tries again")


with DAG(
    "enrich",
    description="Judge new posts and load them into the index",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(AGAIN, timezone="UTC", run_immediately=True), assets=[Asset("posts")]),
    tags={"enrich"},
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(hours=12),
    default_args={
        "pool": POOL,
        "priority_weight": 1000,
        "weight_rule": "absolute",
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(hours=6),
    },
) as dag:
    chunks = untagged()
    chunks >> (judged := tag.expand(keys=chunks))
    judged >> load()
